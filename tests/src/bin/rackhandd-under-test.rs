//! rackhandd with its failpoints, for the tests that kill it.

fn main() -> std::process::ExitCode {
    rackhand_daemon::run::main()
}
