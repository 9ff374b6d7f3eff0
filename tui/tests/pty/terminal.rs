//! A terminal of our own: a pseudo-terminal with the program in it, and an emulator that shows what it draws.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};

/// How long anything may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub struct Terminal {
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    pub child: Box<dyn Child + Send + Sync>,
    chunks: Receiver<(Instant, Vec<u8>)>,
    parser: vt100::Parser,
    /// All bytes so far.
    pub bytes: Vec<u8>,
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}

/// The console, with nothing of this machine in its environment.
pub fn console(home: &Path, args: &[&str]) -> CommandBuilder {
    program(env!("CARGO_BIN_EXE_rackhand"), home, args)
}

pub fn program(path: &str, home: &Path, args: &[&str]) -> CommandBuilder {
    let mut command = CommandBuilder::new(path);
    command.env_clear();
    for (name, value) in [("TERM", "xterm-256color"), ("LANG", "C.UTF-8"), ("PATH", "/usr/bin:/bin")] {
        command.env(name, value);
    }
    command.env("HOME", home);
    command.cwd(home);
    command.args(args);
    command
}

impl Terminal {
    pub fn start(command: CommandBuilder, columns: u16, rows: u16) -> Self {
        let pair = native_pty_system().openpty(size(columns, rows)).unwrap();
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (send, chunks) = channel();
        std::thread::spawn(move || {
            let mut chunk = vec![0; 1 << 16];
            while let Ok(n @ 1..) = reader.read(&mut chunk) {
                if send.send((Instant::now(), chunk[..n].to_vec())).is_err() {
                    return;
                }
            }
        });
        let parser = vt100::Parser::new(rows.try_into().unwrap(), columns.try_into().unwrap(), 0);
        let writer = pair.master.take_writer().unwrap();
        Self { master: pair.master, writer, child, chunks, parser, bytes: Vec::new() }
    }

    pub fn shows(&self) -> String {
        self.parser.screen().contents()
    }

    pub fn screen(&self) -> &vt100::Screen {
        self.parser.screen()
    }

    /// Takes the next bytes; when they came, or `None` where none came in time.
    pub fn next(&mut self, within: Duration) -> Option<Instant> {
        match self.chunks.recv_timeout(within) {
            Ok((at, bytes)) => {
                self.parser.process(&bytes);
                self.bytes.extend_from_slice(&bytes);
                Some(at)
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => None,
        }
    }

    /// Waits until the screen is so.
    #[track_caller]
    pub fn until(&mut self, what: &str, is: impl Fn(&Self) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !is(self) {
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "never {what}:\n{}", self.shows());
            if self.next(left.min(Duration::from_millis(200))).is_none() && self.child.try_wait().unwrap().is_some() {
                while self.next(Duration::from_millis(50)).is_some() {}
                assert!(is(self), "it ended, never {what}:\n{}", self.shows());
            }
        }
    }

    #[track_caller]
    pub fn until_shows(&mut self, text: &str) {
        self.until(&format!("`{text}`"), |t| t.shows().contains(text));
    }

    pub fn write(&mut self, bytes: &str) {
        self.writer.write_all(bytes.as_bytes()).unwrap();
        self.writer.flush().unwrap();
    }

    /// A person's key: alone, as people type.
    pub fn key(&mut self, key: &str) {
        self.write(key);
        // A person lifts the finger; the scanner's gap passes.
        std::thread::sleep(Duration::from_millis(40));
    }

    pub fn typed(&mut self, text: &str) {
        for c in text.chars() {
            self.key(&c.to_string());
        }
    }

    pub fn resize(&mut self, columns: u16, rows: u16) {
        self.master.resize(size(columns, rows)).unwrap();
        self.parser.screen_mut().set_size(rows.max(1).try_into().unwrap(), columns.max(1).try_into().unwrap());
    }

    pub fn pid(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    pub fn signal(&self, name: &str) {
        let done = std::process::Command::new("kill").args([&format!("-{name}"), &self.pid().to_string()]).status();
        assert!(done.unwrap().success());
    }

    /// Waits for the end, and takes what was said until then.
    #[track_caller]
    pub fn ended(&mut self) -> ExitStatus {
        let end = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            self.next(Duration::from_millis(50));
            assert!(Instant::now() < end, "it never ended:\n{}", self.shows());
        };
        while self.next(Duration::from_millis(100)).is_some() {}
        status
    }

    /// Whether the terminal is as a shell wants it: the main screen, with a cursor, pastes unmarked, no mouse.
    pub fn is_given_back(&self) -> bool {
        let screen = self.screen();
        !screen.alternate_screen()
            && !screen.hide_cursor()
            && !screen.bracketed_paste()
            && screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
