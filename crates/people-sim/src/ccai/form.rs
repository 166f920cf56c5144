//! `multipart/form-data`, as far as an upload needs it.

use crate::http::Request;

/// The parts of a form: name, file name, content.
pub(super) struct Form<'a>(Vec<(String, Option<String>, &'a [u8])>);

impl<'a> Form<'a> {
    /// The form of a request; `None` where there is none.
    pub(super) fn read(request: &'a Request) -> Option<Self> {
        let kind = request.header(http::header::CONTENT_TYPE)?;
        let boundary = kind.strip_prefix("multipart/form-data")?.split("boundary=").nth(1)?.trim_matches('"');
        let delimiter = format!("--{boundary}");
        let mut parts = Vec::new();
        let mut rest: &[u8] = &request.body;
        let mut at = position(rest, delimiter.as_bytes())?;
        loop {
            rest = rest.get(at + delimiter.len()..)?;
            if rest.starts_with(b"--") {
                return Some(Self(parts));
            }
            at = position(rest, delimiter.as_bytes())?;
            let part = rest.get(..at)?.strip_prefix(b"\r\n")?.strip_suffix(b"\r\n")?;
            let end = position(part, b"\r\n\r\n")?;
            let head = std::str::from_utf8(part.get(..end)?).ok()?;
            let named = |what: &str| Some(head.split(what).nth(1)?.split('"').next()?.to_owned());
            parts.push((named("; name=\"")?, named("; filename=\""), part.get(end + 4..)?));
        }
    }

    /// The field of this name.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let (_, _, content) = self.0.iter().find(|(other, file, _)| other == name && file.is_none())?;
        Some(String::from_utf8_lossy(content).into_owned())
    }

    /// The part `file`: its name and its content.
    pub(super) fn file(&self) -> Option<(&str, &'a [u8])> {
        let (_, name, content) = self.0.iter().find(|(name, _, _)| name == "file")?;
        Some((name.as_deref().unwrap_or("file"), content))
    }
}

fn position(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = *wanted.first()?;
    let mut from = 0;
    while let Some(at) = bytes.get(from..)?.iter().position(|byte| *byte == first) {
        if bytes.get(from + at..)?.starts_with(wanted) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}
