//! A command that prints the subject token (`credential_source.executable`). Run only where the configuration allows it, and by the host.

use people_model::time::{SignedDuration, Timestamp};
use people_model::{Members, Secret};
use serde_json::Value;

use super::document::Document;
use super::error::CredentialsError;
use super::fault::SubjectFault;
use super::flow::Command;

#[derive(Clone)]
pub(super) struct Executable {
    words: Vec<String>,
    timeout: SignedDuration,
    pub(super) output: Option<String>,
}

impl Executable {
    pub(super) fn parse(inner: &Document) -> Result<Self, CredentialsError> {
        let words = split(inner.need("command")?).ok_or(CredentialsError::Missing("executable.command"))?;
        let millis = if inner.has("timeout_millis") { inner.number("timeout_millis") } else { Some(30_000) };
        // Google's libraries allow 5 to 120 s.
        let timeout = millis.filter(|millis| (5_000..=120_000).contains(millis));
        let timeout = timeout
            .and_then(|millis| i64::try_from(millis).ok())
            .map(SignedDuration::from_millis)
            .ok_or(CredentialsError::Missing("executable.timeout_millis (5000 to 120000)"))?;
        Ok(Self { words, timeout, output: inner.text("output_file").map(str::to_owned) })
    }

    pub(super) fn command(&self, audience: &str, token_type: &str, email: Option<&str>) -> Command {
        let mut env = vec![
            ("GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE", audience.to_owned()),
            ("GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE", token_type.to_owned()),
            ("GOOGLE_EXTERNAL_ACCOUNT_INTERACTIVE", "0".to_owned()),
            ("GOOGLE_EXTERNAL_ACCOUNT_REVOKE", "0".to_owned()),
        ];
        if let Some(email) = email {
            env.push(("GOOGLE_EXTERNAL_ACCOUNT_IMPERSONATED_EMAIL", email.to_owned()));
        }
        if let Some(output) = &self.output {
            env.push(("GOOGLE_EXTERNAL_ACCOUNT_OUTPUT_FILE", output.clone()));
        }
        Command { words: self.words.clone(), env, timeout: self.timeout }
    }
}

/// The subject token in what a command printed or left in its output file. One in a file counts only with an `expiration_time`.
pub(super) fn read(bytes: &[u8], from_file: bool, now: Timestamp) -> Result<Secret<String>, SubjectFault> {
    let mut reply: Members = serde_json::from_slice(bytes).map_err(|_| SubjectFault::NotJson)?;
    let member = match reply.get("token_type").and_then(Value::as_str) {
        Some("urn:ietf:params:oauth:token-type:saml2") => "saml_response",
        _ => "id_token",
    };
    let token = match reply.remove(member) {
        Some(Value::String(token)) => Some(Secret::new(token)),
        _ => None,
    };
    if reply.get("version").and_then(Value::as_u64) != Some(1) {
        return Err(SubjectFault::Version);
    }
    if reply.get("success").and_then(Value::as_bool) != Some(true) {
        return Err(SubjectFault::Unsuccessful);
    }
    match reply.get("expiration_time").map(Value::as_i64) {
        None if from_file => return Err(SubjectFault::Expired),
        Some(at) if at.is_none_or(|at| at < now.as_second()) => return Err(SubjectFault::Expired),
        _ => {}
    }
    token.filter(|token| !token.expose().trim().is_empty()).ok_or(SubjectFault::NoField(member.to_owned()))
}

/// Words at spaces; quotes of both kinds hold words together, and a backslash outside of single quotes takes the next character as it is.
fn split(command: &str) -> Option<Vec<String>> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None::<char>);
    let mut characters = command.chars();
    while let Some(next) = characters.next() {
        match (next, quote) {
            (mark, Some(open)) if mark == open => quote = None,
            ('\\', None | Some('"')) => word.get_or_insert_default().push(characters.next()?),
            (mark @ ('"' | '\''), None) => {
                quote = Some(mark);
                word.get_or_insert_default();
            }
            (space, None) if space.is_whitespace() => words.extend(word.take()),
            (other, _) => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    (quote.is_none() && !words.is_empty()).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_split_as_a_shell_would_and_given_to_none() {
        for (command, words) in [
            ("/bin/get --a=1  b", Some(vec!["/bin/get", "--a=1", "b"])),
            (r#"'/opt/my tools/get' "a \" b" c\ d ''"#, Some(vec!["/opt/my tools/get", "a \" b", "c d", ""])),
            ("get; rm $(x)", Some(vec!["get;", "rm", "$(x)"])),
            ("'open", None),
            ("  ", None),
        ] {
            let words = words.map(|words| words.into_iter().map(str::to_owned).collect::<Vec<_>>());
            assert_eq!(split(command), words, "{command}");
        }
    }

    #[test]
    fn answers_of_commands() {
        let now = Timestamp::from_second(1000).unwrap();
        let good = r#"{"version":1,"success":true,"token_type":"urn:ietf:params:oauth:token-type:jwt","id_token":"T","expiration_time":1001}"#;
        assert_eq!(read(good.as_bytes(), true, now).unwrap().expose(), "T");
        for (from, to, fault) in [
            ("\"version\":1", "\"version\":2", SubjectFault::Version),
            ("true", "false", SubjectFault::Unsuccessful),
            (":1001", ":999", SubjectFault::Expired),
            (",\"expiration_time\":1001", "", SubjectFault::Expired),
            ("id_token", "saml_response", SubjectFault::NoField("id_token".into())),
            ("{", "", SubjectFault::NotJson),
        ] {
            assert_eq!(read(good.replace(from, to).as_bytes(), true, now).unwrap_err(), fault, "{from}");
        }
        assert!(read(good.replace(",\"expiration_time\":1001", "").as_bytes(), false, now).is_ok());
    }
}
