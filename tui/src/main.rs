//! rackhand: the console and the command line, on the process's own streams.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use rackhand_tui::cli::{self, Streams};

fn main() -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let _ = writeln!(io::stderr(), "rackhand: the system gives no threads: {error}");
            return ExitCode::from(cli::exit::REFUSED);
        }
    };
    // Not locked: the console draws from other threads.
    let (mut out, mut err, mut answers) = (io::stdout(), io::stderr(), io::BufReader::new(io::stdin()));
    let asked = io::stdin().is_terminal() && io::stderr().is_terminal();
    let width =
        if out.is_terminal() { crossterm::terminal::size().ok().map(|(columns, _)| columns.into()) } else { None };
    let streams =
        Streams { out: &mut out, err: &mut err, answers: if asked { Some(&mut answers) } else { None }, width };
    let code = runtime.block_on(cli::run_with(std::env::args_os(), streams));
    // A thread may still wait in a read of standard input; it must not keep the process.
    runtime.shutdown_timeout(Duration::from_millis(100));
    ExitCode::from(code)
}
