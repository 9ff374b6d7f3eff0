//! rackhandd with failpoints, for the tests that kill it: `RACKHAND_CRASH_AT` and `RACKHAND_HANG_AT` say where,
//! `before:N` or `after:N`.

use std::env::var;
use std::process::ExitCode;

use rackhand_daemon::journal::Failpoint;

fn main() -> ExitCode {
    for (name, hangs) in [("RACKHAND_CRASH_AT", false), ("RACKHAND_HANG_AT", true)] {
        let Ok(text) = var(name) else { continue };
        let Some(point) = Failpoint::parse(&text, hangs) else {
            complain(name, &text);
            return ExitCode::from(2);
        };
        point.set();
    }
    rackhand_daemon::run::main()
}

/// A failpoint that is misspelt would let a test pass that kills nobody.
#[allow(clippy::print_stderr)] // a program for tests, before any log is open
fn complain(name: &str, text: &str) {
    eprintln!("{name}={text}: must be before:N or after:N");
}
