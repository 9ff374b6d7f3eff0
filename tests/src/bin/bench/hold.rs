//! A process that holds a fleet as the daemon does: journal, world, engine and the consoles' socket.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rackhand_adapters::netbox::{Settings, Token};
use rackhand_adapters::port::clock::Clock;
use rackhand_adapters::port::dial::{Target, Trust};
use rackhand_adapters::tcp::Tcp;
use rackhand_core::id::Role;
use rackhand_core::policy::Policy;
use rackhand_core::secret::Secret;
use rackhand_daemon::journal::{Journal, Store};
use rackhand_daemon::keys::Keys;
use rackhand_daemon::random::Random;
use rackhand_daemon::rpc::{Roles, bind};
use rackhand_daemon::site::{Parts, Site, fold};

use crate::fleet::site;
use crate::gauge::Measured;

/// The child process: holds the fleet of the journal in `dir` until its parent closes its standard input.
pub fn serve(dir: &Path) -> Measured<()> {
    let store = Store::open(dir, &site())?;
    let world = fold(&store)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let held = runtime.block_on(async {
        let parts = Parts {
            journal: Journal::thread(store)?,
            world,
            policy: Policy::standard(site()),
            clock: Clock::wall(),
            random: Random::from_system().ok_or("the system gives no randomness")?,
            dial: Arc::new(Tcp::new(None, Vec::new())?),
            netbox: Settings {
                target: Target { host: "127.0.0.1".into(), port: 9, trust: Trust::Plain },
                base: String::new(),
                token: Token::V1(Secret::new("0".repeat(40))),
            },
            bmc_port: 443,
            sellers: rackhand_adapters::supplier::Sellers::default(),
            carriers: None,
            keys: Keys::default().into(),
            base: "http://127.0.0.1".into(),
            roles: Roles { own: Some(Role::Admin), ..Roles::default() },
            demo: false,
            projection: None,
        };
        let site = Site::start(parts);
        let listener = bind(&socket(dir), None).await?;
        tokio::spawn(site.desk.clone().listen(listener, site.stopping()));
        Measured::Ok(site)
    })?;
    let mut out = std::io::stdout();
    writeln!(out, "ready with {} units", held.ledger.world().units.len())?;
    out.flush()?;
    std::io::stdin().read_to_end(&mut Vec::new())?;
    held.crash();
    Ok(())
}

/// Where such a process listens.
pub fn socket(dir: &Path) -> PathBuf {
    dir.join("rackhandd.sock")
}

/// Such a process as its parent has it; ended when dropped.
pub struct Held {
    child: Child,
    /// From its start until it was ready.
    pub ready: Duration,
}

impl Held {
    /// Starts one.
    pub fn start(dir: &Path) -> Measured<Self> {
        let start = Instant::now();
        let mut child = Command::new(std::env::current_exe()?)
            .arg("--hold")
            .arg(dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = child.stdout.take().ok_or("the process has no output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let held = Self { child, ready: start.elapsed() };
        if line.starts_with("ready") { Ok(held) } else { Err(line.into()) }
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
