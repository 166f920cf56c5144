//! Pretend clouds, a folder with a configuration, and the binary run in it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use people_sim::{Sim, SimOptions, generate_key_pem};
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) const ANA: &str = "ana.silva@example.com";

pub(crate) struct World {
    pub(crate) sim: Sim,
    pub(crate) folder: TempDir,
}

pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {} {}", self.out, self.err))
    }

    #[track_caller]
    pub(crate) fn ends(self, code: i32, says: &str) -> Self {
        assert_eq!(self.code, code, "{}\n{}", self.out, self.err);
        assert!(self.err.contains(says), "{:?} is not in {:?}", says, self.err);
        if code != 0 && code != 2 && !says.is_empty() {
            assert!(self.err.starts_with("people: ") && self.err.lines().count() == 1, "{}", self.err);
        }
        self
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(SimOptions::default()).await
    }

    pub(crate) async fn with(options: SimOptions) -> Self {
        static PEM: OnceLock<String> = OnceLock::new();
        let pem = PEM.get_or_init(|| generate_key_pem().unwrap()).clone();
        let sim = Sim::start(SimOptions { key_pem: Some(pem), ..options }).await.unwrap();
        let world = Self { sim, folder: tempfile::tempdir().unwrap() };
        world.write("key.json", &world.sim.key_json());
        world.write("people.toml", &world.config());
        world
    }

    pub(crate) fn config(&self) -> String {
        format!(
            r#"
[cloudm]
domain = "example.com"
base_url = "{}"

[google]
credentials = "key.json"

[server]
listen = "127.0.0.1:0"

[policy]
protected = ["ceo@example.com"]

[policy.retry]
base = "10ms"
cap = "20ms"

[[source]]
name = "hr"
kind = "generic"
secrets = [{{ file = "hr.secret" }}]
signature = {{ algorithm = "hmac-sha256", header = "X-Signature" }}
timezone = "Europe/Berlin"
"#,
            self.sim.urls().cloudm
        )
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        #[cfg(unix)]
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        path
    }

    pub(crate) fn swap(&self, from: &str, to: &str) {
        self.write("people.toml", &self.config().replace(from, to));
    }

    pub(crate) fn command(&self, line: &str) -> Command {
        command(self.folder.path(), line)
    }

    pub(crate) fn run(&self, line: &str) -> Ran {
        self.feed(line, "")
    }

    pub(crate) fn run_with(&self, line: &str, env: &[(&str, &str)]) -> Ran {
        let mut command = self.command(line);
        command.envs(env.iter().copied());
        Self::ran(command, "")
    }

    pub(crate) fn feed(&self, line: &str, input: &str) -> Ran {
        Self::ran(self.command(line), input)
    }

    fn ran(mut command: Command, input: &str) -> Ran {
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        Ran {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub(crate) fn seed(&self, profile: Value) {
        self.sim.seed_user(profile).unwrap();
    }

    pub(crate) fn ana(&self) {
        self.seed(json!({"id": ANA, "givenName": "Ana", "familyName": "Silva", "title": "Clerk"}));
    }

    pub(crate) fn ops(&self) -> Vec<String> {
        self.sim
            .calls(0)
            .into_iter()
            .filter(|call| call.api == "cloudm")
            .map(|call| call.op.to_string())
            .collect()
    }
}

pub(crate) fn command(folder: &Path, line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_people"));
    command.current_dir(folder).args(line.split_whitespace()).env_clear();
    command
}

/// A test in a world of its own.
macro_rules! test {
    ($name:ident, $world:ident, $body:block) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let $world = $crate::world::World::new().await;
            $body
        }
    };
}

pub(crate) use test;
