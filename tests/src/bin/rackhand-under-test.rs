//! rackhand, for the tests in which something else starts it: a DHCP server's hook.

use std::io::{stderr, stdout};
use std::process::ExitCode;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    ExitCode::from(rackhand_tui::cli::run(std::env::args_os(), &mut stdout(), &mut stderr()).await)
}
