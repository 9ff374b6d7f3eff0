//! The real program in a real terminal, against a daemon on a real socket.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, dead_code, missing_docs)]

#[cfg(feature = "demo")]
mod demo;
mod dock;
mod ends;
#[path = "../console/fake.rs"]
mod fake;
mod flows;
mod jobs;
#[cfg(feature = "demo")]
mod market;
#[path = "../console/room.rs"]
mod room;
mod terminal;
#[path = "../console/trade.rs"]
mod trade;
#[path = "../unasked.rs"]
mod unasked;
#[path = "../../../tests/untested.rs"]
mod untested;

use std::path::Path;

use fake::Fake;
use tempfile::TempDir;
use terminal::{Terminal, console};

/// A daemon and a home.
pub struct Site {
    pub fake: Fake,
    pub home: TempDir,
    host: String,
    _runtime: tokio::runtime::Runtime,
}

impl Site {
    pub fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let home = tempfile::tempdir().unwrap();
        let socket = home.path().join("d.sock");
        let fake = Fake::seeded();
        {
            let _inside = runtime.enter();
            fake.listen(&socket);
        }
        Self { fake, home, host: format!("unix://{}", socket.display()), _runtime: runtime }
    }

    pub fn home(&self) -> &Path {
        self.home.path()
    }

    pub fn args<'a>(&'a self, more: &[&'a str]) -> Vec<&'a str> {
        ["--host", &self.host].into_iter().chain(more.iter().copied()).collect()
    }

    /// A console that is connected, at the pipeline.
    #[track_caller]
    pub fn console(&self, more: &[&str]) -> Terminal {
        let mut terminal = Terminal::start(console(self.home(), &self.args(more)), 80, 24);
        terminal.until_shows("LIVE");
        terminal.until_shows("CZ231094");
        terminal.key("2");
        terminal.until("at the pipeline", |t| t.shows().contains("Pipeline") && t.shows().contains("── CZ231094"));
        terminal
    }

    /// Runs a command line to its end.
    pub fn run(&self, args: &[&str]) -> String {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_rackhand"))
            .args(self.args(args))
            .env_clear()
            .env("HOME", self.home())
            .env("LANG", "C.UTF-8")
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }
}
