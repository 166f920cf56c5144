//! The body of a request, in the form that its operation sends.

use bytes::Bytes;
use people_model::Call;
use people_model::call::Form;
use serde_json::Value;
use sha2::{Digest, Sha256};
use zeroize::Zeroize;

use crate::host::Host;

/// The content type and the bytes of a call's body. `None`: it cannot be built.
pub(super) fn encode<H: Host>(host: &H, call: &Call) -> Option<(String, Bytes)> {
    let content_type = || call.form.content_type().to_owned();
    let Some(body) = &call.body else { return Some((content_type(), Bytes::new())) };
    match call.form {
        Form::Json => {
            let mut body = body.clone();
            if call.password
                && let Value::Object(members) = &mut body
            {
                members.insert("password".into(), Value::String(password(host)));
            }
            Some((content_type(), Bytes::from(serde_json::to_vec(&body).ok()?)))
        }
        #[cfg(feature = "gapps")]
        Form::Atom if call.password || body.is_object() => {
            Some((content_type(), Bytes::from(entry(host, call, body)?)))
        }
        Form::Atom => Some((content_type(), Bytes::copy_from_slice(body.as_str()?.as_bytes()))),
        Form::File => multipart(body),
    }
}

/// An entry as it is sent: of members by name, or of a document, with a password where there is to be one.
#[cfg(feature = "gapps")]
fn entry<H: Host>(host: &H, call: &Call, body: &Value) -> Option<String> {
    use people_model::gapps::xml::{Limits, parse};
    let mut entry = match body {
        Value::Object(members) => crate::target::gapps::operation(&call.op)?.entry(members).ok()?,
        text => parse(text.as_str()?.as_bytes(), Limits::default()).ok()?,
    };
    if call.password {
        let mut password = password(host);
        let filled = people_model::gapps::shape::set_password(&mut entry, &password);
        password.zeroize();
        if !filled {
            return None;
        }
    }
    entry.document().ok()
}

/// `multipart/form-data` of the members of an object. The member `file` is sent as a file of JSON named by the member `filename`; others
/// are fields. The boundary is made of the content, so that the same call is the same request.
fn multipart(body: &Value) -> Option<(String, Bytes)> {
    let members = body.as_object()?;
    let file = serde_json::to_vec(members.get("file")?).ok()?;
    let filename = members.get("filename").and_then(Value::as_str).unwrap_or("users.json");
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if !filename.chars().all(plain) {
        return None;
    }
    let digest = Sha256::digest(&file);
    let boundary: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let boundary = format!("people-{boundary}");
    let mut out = Vec::with_capacity(file.len() + 512);
    for (name, value) in members.iter().filter(|(name, _)| !matches!(name.as_str(), "file" | "filename")) {
        let value = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let part =
            format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        out.extend_from_slice(part.as_bytes());
    }
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{filename}\"\r\nContent-Type: application/json\r\n\r\n"
    );
    out.extend_from_slice(head.as_bytes());
    out.extend_from_slice(&file);
    out.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    Some((format!("multipart/form-data; boundary={boundary}"), Bytes::from(out)))
}

/// An initial password of 24 characters with every class in it: 22 random ones of 64 (132 bits) and one each of the classes that could
/// be missing. It goes into the request and nowhere else; the person sets their own by CloudM's welcome.
fn password<H: Host>(host: &H) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut random = [0; 22];
    host.entropy(&mut random);
    let text =
        random.iter().map(|byte| char::from(ALPHABET.get(usize::from(byte % 64)).copied().unwrap_or(b'x')));
    let text: String = ['a', 'Z', '7', '!'].into_iter().chain(text).collect();
    random.zeroize();
    text
}
