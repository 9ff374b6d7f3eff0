//! One daemon: its directory, its configuration, its process.

use std::fmt::Write as _;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

use rackhand_core::event::Recorded;
use rackhand_core::id::Subject;
use rackhand_core::world::World;
use rackhand_daemon::journal::{JournalFilter, Reader};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};

/// The daemon with its failpoints.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_rackhandd-under-test");

/// Where a daemon's HTTP listens: a port for each test process, an address for each daemon. It must be known before
/// the daemon runs, and be the same after a restart.
fn own_address() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let [high, low] = NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    // Below the ports the system gives out by itself.
    let port = 10_000 + std::process::id() % 20_000;
    SocketAddr::new(Ipv4Addr::new(127, 78, high, low).into(), port as u16)
}

/// A directory with all a daemon needs.
pub struct Place {
    dir: TempDir,
    /// Where its HTTP listens.
    pub http: SocketAddr,
    /// What goes into its configuration besides what is its own.
    pub more: String,
    /// Top-level keys.
    pub top: String,
    /// The program and arguments that start it, where something is to be done first; else it is started directly.
    pub launcher: Vec<String>,
    /// Environment variables of its own.
    pub env: Vec<(&'static str, String)>,
}

impl Place {
    /// In memory where the machine has a file system there: a killed process loses nothing either way.
    pub fn new() -> Self {
        let memory = Path::new("/dev/shm");
        let dir = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
        Self {
            dir,
            http: own_address(),
            more: String::new(),
            top: String::new(),
            launcher: Vec::new(),
            env: Vec::new(),
        }
    }

    /// With a NetBox that nobody serves, where none is needed.
    pub fn alone() -> Self {
        let mut place = Self::new();
        place.secret("token", "0123456789abcdef0123456789abcdef01234567");
        place.more = String::from(
            "[netbox]\nurl = \"http://127.0.0.1:9\"\ntoken_file = \"token\"\n[bmc]\nnetworks = [\"127.0.0.0/8\"]\n",
        );
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn data(&self) -> PathBuf {
        self.path("data")
    }

    pub fn socket(&self) -> PathBuf {
        self.path("run/rackhandd.sock")
    }

    /// Writes a file only its owner may read.
    pub fn secret(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// Writes the configuration as it is now.
    pub fn configure(&self) -> PathBuf {
        let mut text = String::from("site = \"fra1\"\ndata_dir = \"data\"\nsocket = \"run/rackhandd.sock\"\n");
        let (top, http, more) = (&self.top, self.http, &self.more);
        writeln!(text, "{top}\n[http]\nlisten = \"{http}\"\nbase = \"http://{http}\"\n{more}").unwrap();
        let file = self.path("rackhandd.toml");
        fs::write(&file, text).unwrap();
        file
    }

    fn command(&self) -> Command {
        let mut command = match self.launcher.split_first() {
            None => Command::new(PROGRAM),
            Some((launcher, arguments)) => {
                let mut command = Command::new(launcher);
                command.args(arguments);
                command
            }
        };
        command.args(self.more.contains("[lab]").then_some("--lab"));
        command.arg("--config").arg(self.configure()).kill_on_drop(true).stdin(Stdio::null());
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Starts the daemon and waits until it is ready, or has ended.
    pub async fn start(&self, crash_at: Option<&str>) -> Daemon {
        let mut command = self.command();
        let log = fs::File::options().create(true).append(true).open(self.path("stderr.log")).unwrap();
        command.stdout(Stdio::piped()).stderr(log);
        if let Some(point) = crash_at {
            command.env("RACKHAND_CRASH_AT", point);
        }
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = lines.next_line().await.unwrap();
        Daemon { child, ready, _out: lines }
    }

    /// Starts the daemon and waits for its end: it was to refuse.
    pub async fn refuse(&self) -> Output {
        self.command().output().await.unwrap()
    }

    /// All events, as another process reads them.
    pub fn events(&self) -> Vec<Recorded> {
        let mut events = Reader::new(&self.data()).page(&JournalFilter::default(), None, 10_000).unwrap();
        events.reverse();
        events
    }

    /// All events but those about the journal itself.
    #[allow(dead_code)] // not each test binary asks
    pub fn told(&self) -> Vec<Recorded> {
        self.events().into_iter().filter(|e| e.draft.subject != Subject::Journal).collect()
    }

    /// What went wrong, for a failed test.
    pub fn log(&self) -> String {
        fs::read_to_string(self.path("stderr.log")).unwrap_or_default()
    }
}

/// A running daemon; killed when it is dropped.
pub struct Daemon {
    pub child: Child,
    /// Its first line; `None` where it ended without one.
    pub ready: Option<String>,
    _out: tokio::io::Lines<BufReader<ChildStdout>>,
}

impl Daemon {
    /// Tells it to end, and waits for it.
    pub async fn terminate(mut self) -> ExitStatus {
        self.signal(rustix::process::Signal::TERM);
        self.child.wait().await.unwrap()
    }

    pub fn signal(&self, signal: rustix::process::Signal) {
        let id = self.child.id().and_then(|id| rustix::process::Pid::from_raw(id.cast_signed()));
        rustix::process::kill_process(id.expect("it runs"), signal).unwrap();
    }
}

/// What events fold to.
pub fn folded(events: &[Recorded]) -> World {
    let mut world = World::default();
    for event in events {
        world.apply(event);
    }
    world
}

/// Runs one of the program's tools.
pub async fn tool(arguments: &[&str]) -> Output {
    Command::new(PROGRAM).args(arguments).stdin(Stdio::null()).kill_on_drop(true).output().await.unwrap()
}
