//! Commands at the root of the repository, shown before they run.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

/// A command that will run at the root.
pub(crate) fn command<S: AsRef<OsStr>>(
    program: impl AsRef<OsStr>,
    args: impl IntoIterator<Item = S>,
) -> Command {
    let mut command = Command::new(program);
    command.args(args).current_dir(root());
    command
}

/// `cargo` with these words, separated by blanks.
pub(crate) fn cargo(words: &str) -> Command {
    command("cargo", words.split_whitespace())
}

/// Runs it with our own output streams; a failure is an error.
pub(crate) fn run(mut command: Command) -> Result<(), String> {
    println!("$ {}", line(&command));
    let status = command.status().map_err(|error| not_started(&command, &error))?;
    if status.success() { Ok(()) } else { Err(format!("`{}` ended with {status}", line(&command))) }
}

/// The same, and `each` sees every line of standard output after it was printed.
pub(crate) fn run_and_read(mut command: Command, mut each: impl FnMut(&str)) -> Result<(), String> {
    println!("$ {}", line(&command));
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(|error| not_started(&command, &error))?;
    if let Some(output) = child.stdout.take() {
        let mut output = BufReader::new(output);
        let mut bytes = Vec::new();
        // Bytes, not `lines()`: a test may print what is not UTF-8, and the pipe must be emptied all the same.
        while output.read_until(b'\n', &mut bytes).map_err(|error| error.to_string())? > 0 {
            let text = String::from_utf8_lossy(&bytes);
            print!("{text}");
            each(text.trim_end());
            bytes.clear();
        }
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    if status.success() { Ok(()) } else { Err(format!("`{}` ended with {status}", line(&command))) }
}

/// What a question answers, without showing it.
pub(crate) struct Answer {
    pub(crate) success: bool,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs it in silence. `None` where the program is not installed.
pub(crate) fn ask(mut command: Command) -> Result<Option<Answer>, String> {
    match command.stdin(Stdio::null()).output() {
        Ok(output) => Ok(Some(Answer {
            success: output.status.success(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(not_started(&command, &error)),
    }
}

fn not_started(command: &Command, error: &std::io::Error) -> String {
    format!("`{}` could not be started: {error}", command.get_program().to_string_lossy())
}

/// The command as one would type it, with the variables that we set.
fn line(command: &Command) -> String {
    let variables = command
        .get_envs()
        .filter_map(|(name, value)| Some(format!("{}={}", name.to_string_lossy(), value?.to_string_lossy())));
    let words = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy().into_owned());
    variables.chain(words).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_holds_the_workspace() {
        assert!(root().join("deny.toml").is_file());
    }

    #[test]
    fn a_command_is_shown_as_typed() {
        let mut shown = cargo("doc --no-deps");
        shown.env("RUSTDOCFLAGS", "-Dwarnings");
        assert_eq!(line(&shown), "RUSTDOCFLAGS=-Dwarnings cargo doc --no-deps");
    }

    #[test]
    fn a_missing_program_is_no_error_to_ask_for_and_one_to_run() {
        assert!(ask(Command::new("surely-not-installed")).is_ok_and(|answer| answer.is_none()));
        assert!(
            run(Command::new("surely-not-installed")).is_err_and(|why| why.contains("could not be started"))
        );
    }

    #[test]
    fn a_failure_names_the_command() {
        assert!(
            run(command("false", ["--now"]))
                .is_err_and(|why| why.starts_with("`false --now` ended with exit status: 1"))
        );
    }

    #[test]
    fn lines_are_read_as_they_pass() {
        let mut seen = Vec::new();
        let passed = run_and_read(cargo("--version"), |text| seen.push(text.to_owned()));
        assert!(passed.is_ok() && seen.len() == 1 && seen[0].starts_with("cargo 1."), "{seen:?}");
    }
}
