//! The peer of the lease row: the stand-in in `tests/peers`, on the same wire.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde::Deserialize;

use crate::gauge::{Measured, installed};
use crate::wire;

/// What its hook needs besides Python.
const NEEDS: [&str; 5] = ["python3", "bash", "curl", "jq", "date"];

/// A running tap.
pub struct Tap {
    child: Child,
    out: BufReader<ChildStdout>,
}

/// What a tap says at its end.
#[derive(Deserialize)]
pub struct Account {
    /// ACKs seen.
    pub acks: usize,
    /// CPU time of it and all its hooks, in milliseconds.
    pub cpu_ms: f64,
}

/// Why the stand-in cannot be run here; `None` where it can.
pub fn missing() -> Option<String> {
    let missing: Vec<&str> = NEEDS.into_iter().filter(|p| !installed(p)).collect();
    (!missing.is_empty()).then(|| format!("not installed: {}", missing.join(", ")))
}

impl Tap {
    /// Starts a tap that asks the stub at `port`, and waits until it listens.
    pub fn start(port: u16) -> Measured<Self> {
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("peers/tap.py");
        let mut child = Command::new("python3")
            .arg(script)
            .args(["--netbox", &format!("http://127.0.0.1:{port}"), "--interface", wire::HERE])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut out = BufReader::new(child.stdout.take().ok_or("the tap has no output")?);
        let mut ready = String::new();
        out.read_line(&mut ready)?;
        if ready.trim() == "listening" { Ok(Self { child, out }) } else { Err("the tap does not listen".into()) }
    }

    /// Tells it to end, and waits until it has done everything that had come.
    pub fn end(self) -> Measured<Account> {
        let Self { mut child, mut out } = self;
        drop(child.stdin.take());
        let mut said = String::new();
        out.read_to_string(&mut said)?;
        child.wait()?;
        Ok(serde_json::from_str(&said)?)
    }
}
