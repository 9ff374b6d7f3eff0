//! rackhandd: the daemon of one site.

fn main() -> std::process::ExitCode {
    rackhand_daemon::run::main()
}
