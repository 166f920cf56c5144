//! The `people` binary. Everything is in the library, so that it can be tested.

fn main() -> std::process::ExitCode {
    people::cmd::main()
}
