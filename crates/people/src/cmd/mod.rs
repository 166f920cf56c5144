//! What each command does.

use std::io::{IsTerminal, Read};
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use crate::cli::{Cli, Command, ConfigCommand};
use crate::exit::{Exit, Fail};
use crate::report::{Report, say};

mod bulk;
mod check;
mod client;
mod doctor;
mod events;
mod fitting;
mod gapps;
mod held;
mod invite;
mod plan;
mod profile;
mod publish;
mod reconcile;
mod serve;
mod token;
mod user;

/// The most that is read from a file or from stdin.
const MOST: u64 = 64 << 20;

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    trace(matches!(cli.command, Command::Serve { .. } | Command::Gapps(crate::cli::Gapps::Serve { .. })));
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            say(&format!("the runtime cannot be started: {error}; raise the limit of threads"));
            return Exit::Failed.into();
        }
    };
    match runtime.block_on(run(cli)) {
        Ok(exit) => exit.into(),
        Err(fail) => {
            if !fail.text.is_empty() {
                say(&fail.text);
            }
            fail.exit.into()
        }
    }
}

async fn run(cli: Cli) -> Result<Exit, Fail> {
    let report = Report { format: cli.output };
    let config = &cli.config;
    match cli.command {
        Command::Serve { listen } => serve::serve(config, listen).await,
        Command::Sim { listen, key_out, seed } => serve::sim(listen, key_out.as_deref(), seed).await,
        Command::Demo { keep } => match crate::demo::run(keep).await {
            Ok(true) => Ok(Exit::Ok),
            Ok(false) => Err(Fail::failed("an outcome is not the expected one; see the lines above")),
            Err(error) => Err(Fail::failed(format!("the demo broke off: {error}"))),
        },
        Command::Plan { source, content_type, now, payload } => {
            let payload = read(&payload)?;
            plan::plan(config, &report, &plan::Ask { source, content_type, now, payload })
        }
        Command::Reconcile(ask) => reconcile::reconcile(config, &report, &ask).await,
        Command::User(command) => user::user(config, &report, command).await,
        Command::Workflow(command) => user::workflow(config, &report, command).await,
        Command::Gapps(command) => gapps::gapps(config, &report, command).await,
        Command::Bulk(command) => bulk::bulk(config, &report, command).await,
        Command::Invite(command) => invite::invite(config, &report, command).await,
        Command::Events(command) => events::events(config, &report, command).await,
        Command::Held(command) => held::held(config, &report, command).await,
        Command::Token { show } => token::token(config, &report, show).await,
        Command::Doctor { offline } => doctor::doctor(config, &report, offline).await,
        Command::Config(ConfigCommand::Check(options)) => check::check(config, &report, &options),
        Command::Schema { name } => publish::schema(&report, name.as_deref()),
        Command::ExitCodes => publish::exit_codes(&report),
        Command::Completions { shell } => publish::completions(shell),
        Command::Man { folder } => publish::man(folder.as_deref()),
    }
}

/// Traces to stderr: what `RUST_LOG` says, else the information of a server and the warnings of a command.
fn trace(server: bool) {
    let usual = if server { "info" } else { "warn" };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(usual));
    // Somebody may have set one before, as tests do; theirs will do.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .try_init();
}

/// A file, or stdin where the path is `-`.
fn read(path: &Path) -> Result<Vec<u8>, Fail> {
    let broken = |error: std::io::Error| {
        Fail::input(format!("{}: {error}; name another file, or - for stdin", path.display()))
    };
    let mut bytes = Vec::new();
    let reader: &mut dyn Read = if path == Path::new("-") {
        &mut std::io::stdin().lock()
    } else {
        &mut std::fs::File::open(path).map_err(broken)?
    };
    reader.take(MOST + 1).read_to_end(&mut bytes).map_err(broken)?;
    if bytes.len() as u64 > MOST {
        return Err(Fail::input(format!("{}: larger than 64 MiB; name another file", path.display())));
    }
    Ok(bytes)
}
