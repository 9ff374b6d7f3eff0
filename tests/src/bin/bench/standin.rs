//! The peer of the lease row: the stand-in in `tests/peers`, fed frames through a pipe.

use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};

use serde::Deserialize;

use crate::gauge::{Measured, installed};

/// What its hook needs besides Python.
const NEEDS: [&str; 5] = ["python3", "bash", "curl", "jq", "date"];

/// A running tap.
pub struct Tap {
    child: Child,
    pipe: ChildStdin,
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
    /// Starts a tap that asks the stub at `port`.
    pub fn start(port: u16) -> Measured<Self> {
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("peers/tap.py");
        let mut child = Command::new("python3")
            .arg(script)
            .args(["--netbox", &format!("http://127.0.0.1:{port}")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let pipe = child.stdin.take().ok_or("the tap has no input")?;
        Ok(Self { child, pipe })
    }

    /// Hands it a frame.
    pub fn frame(&mut self, frame: &[u8]) -> Measured<()> {
        self.pipe.write_all(&(frame.len() as u32).to_be_bytes())?;
        self.pipe.write_all(frame)?;
        Ok(self.pipe.flush()?)
    }

    /// Ends its input and waits until it has done everything.
    pub fn end(self) -> Measured<Account> {
        let Self { mut child, pipe } = self;
        drop(pipe);
        let mut said = String::new();
        if let Some(mut out) = child.stdout.take() {
            out.read_to_string(&mut said)?;
        }
        child.wait()?;
        Ok(serde_json::from_str(&said)?)
    }
}
