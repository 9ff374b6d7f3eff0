//! The peer of the journal row: a Redis that syncs each command.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running Redis, ended when dropped.
pub struct Redis(Child, PathBuf);

impl Redis {
    /// Starts one with its log in `dir`; `None` where it is not installed or does not start.
    pub fn start(dir: &Path) -> Option<Self> {
        let socket = dir.join("redis.sock");
        let child = Command::new("redis-server")
            .args(["--port", "0", "--appendonly", "yes", "--appendfsync", "always", "--save", ""])
            .arg("--unixsocket")
            .arg(&socket)
            .arg("--dir")
            .arg(dir)
            .stdout(Stdio::null())
            .spawn()
            .ok()?;
        let redis = Self(child, socket);
        let deadline = Instant::now() + Duration::from_secs(5);
        while !redis.1.exists() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(5));
        }
        redis.lpush(1, 10).map(|_| redis)
    }

    /// Pushes of 250 bytes a second, of `clients` clients that each wait for their answer, over `count` pushes.
    pub fn lpush(&self, clients: u32, count: u32) -> Option<f64> {
        let (clients, count) = (clients.to_string(), count.to_string());
        let out = Command::new("redis-benchmark")
            .arg("-s")
            .arg(&self.1)
            .args(["-t", "lpush", "-P", "1", "-d", "250", "--csv", "-c", &clients, "-n", &count])
            .output()
            .ok()?;
        let text = String::from_utf8_lossy(&out.stdout).into_owned();
        text.lines().find(|l| l.contains("LPUSH"))?.split(',').nth(1)?.trim_matches('"').parse().ok()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
