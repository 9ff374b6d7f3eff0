//! Row `boot`: two hundred machines fetch kernel and image at once, beside nginx with the same files and machines.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use crate::board::{Goal, Line, ms, number};
use crate::gauge::{Failure, Measured, Place, installed, median, millis};

const MACHINES: usize = 200;
const ROUNDS: usize = 3;
/// Kernel and image in bytes, where no built ones are named by `RACKHAND_IMAGE`.
const SIZES: [(&str, usize); 2] = [("vmlinuz", 12 << 20), ("image", 18 << 20)];
const PATIENCE: Duration = Duration::from_secs(120);

pub fn run(place: &Place) -> Measured<Vec<Line>> {
    let files = files(place)?;
    let bytes: u64 =
        SIZES.iter().map(|(name, _)| fs::metadata(files.join(name)).map(|m| m.len())).sum::<Result<_, _>>()?;
    let ours = Server::rackhandd(place, &files)?;
    let before = peak(ours.child.id());
    let (mut mine, mut peers) = (Vec::new(), Vec::new());
    if !installed("nginx") && !Path::new("/usr/sbin/nginx").exists() {
        return Err("the peer cannot run: nginx is not installed".into());
    }
    let nginx = Server::nginx(place, &files)?;
    // In turn: what else the machine does falls on both.
    for _ in 0..ROUNDS {
        mine.push(fetched("/boot/", ours.at, bytes)?);
        peers.push(fetched("/", nginx.at, bytes)?);
    }
    let after = peak(ours.child.id());
    let (mine, peer) = (median(&mine), median(&peers));
    let rate = |secs: f64| number(bytes as f64 * MACHINES as f64 / 1e6 / secs) + " MB/s";
    let all = Line::told(format!("{MACHINES} machines fetch {} MB each at once", bytes / 1_000_000), rate(mine))
        .beside(format!("nginx {}", rate(peer)))
        .ratio(peer / mine, Goal::Least(0.5));
    let grown = after.zip(before).map(|(a, b)| a - b);
    Ok(vec![
        all,
        Line::told("  until the last one has it", ms(mine * 1e3)).beside(format!("nginx {}", ms(peer * 1e3))),
        Line::told(
            "  what the daemon's memory grew by, at its peak",
            grown.map_or("unknown".into(), |g| number(g) + " MiB"),
        ),
    ])
}

/// The built ones, or such as large.
fn files(place: &Place) -> Measured<PathBuf> {
    if let Some(built) = std::env::var_os("RACKHAND_IMAGE") {
        return Ok(built.into());
    }
    let dir = place.at("files");
    fs::create_dir(&dir)?;
    for (name, size) in SIZES {
        fs::write(dir.join(name), (0..size).map(|n| (n * n / 7) as u8).collect::<Vec<u8>>())?;
    }
    Ok(dir)
}

/// Seconds until all machines have all bytes.
fn fetched(below: &'static str, at: SocketAddr, bytes: u64) -> Measured<f64> {
    let start = Arc::new(Barrier::new(MACHINES + 1));
    let machines: Vec<_> = (0..MACHINES)
        .map(|_| {
            let start = Arc::clone(&start);
            let fetch = move || {
                start.wait();
                let mut got = 0;
                for (name, _) in SIZES {
                    got += fetch(at, &format!("{below}{name}"))?;
                }
                Measured::Ok(got)
            };
            thread::Builder::new().stack_size(256 << 10).spawn(fetch)
        })
        .collect::<Result<_, _>>()?;
    start.wait();
    let begun = Instant::now();
    for machine in machines {
        let got = machine.join().map_err(|_| "a machine broke off")??;
        if got != bytes {
            return Err(format!("a machine got {got} of {bytes} bytes").into());
        }
    }
    Ok(millis(begun.elapsed()) / 1e3)
}

/// Bytes of one file, as a loader gets it: a connection for each.
fn fetch(at: SocketAddr, path: &str) -> Measured<u64> {
    let mut stream = TcpStream::connect_timeout(&at, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")?;
    let mut stream = BufReader::with_capacity(128 << 10, stream);
    let mut line = String::new();
    stream.read_line(&mut line)?;
    if !line.starts_with("HTTP/1.1 200") {
        return Err(line.into());
    }
    while line != "\r\n" {
        line.clear();
        stream.read_line(&mut line)?;
    }
    let mut got = 0;
    loop {
        match stream.fill_buf()?.len() {
            0 => return Ok(got),
            n => {
                got += n as u64;
                stream.consume(n);
            }
        }
    }
}

/// A process that serves; ended when dropped.
struct Server {
    child: Child,
    at: SocketAddr,
}

impl Server {
    /// The daemon itself: this program with the daemon's arguments (`main.rs`).
    fn rackhandd(place: &Place, files: &Path) -> Measured<Self> {
        let at = free()?;
        let (token, file) = (place.at("token"), place.at("rackhandd.toml"));
        fs::write(&token, "0".repeat(40))?;
        fs::set_permissions(&token, fs::Permissions::from_mode(0o600))?;
        let mut text = String::from("site = \"bench\"\ndata_dir = \"data\"\nsocket = \"run/rackhandd.sock\"\n");
        write!(text, "[http]\nlisten = \"{at}\"\nbase = \"http://{at}\"\n[boot]\nfiles = \"{}\"\n", files.display())?;
        text += "[netbox]\nurl = \"http://127.0.0.1:9\"\ntoken_file = \"token\"\n[bmc]\nnetworks = [\"127.0.0.0/8\"]\n";
        fs::write(&file, text)?;
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("--config").arg(file).stdout(Stdio::piped()).stderr(Stdio::null());
        Self::until_it_answers(command, at)
    }

    /// nginx with what Debian's own configuration sets.
    fn nginx(place: &Place, files: &Path) -> Measured<Self> {
        let at = free()?;
        let file = place.at("nginx.conf");
        let dir = place.path().display();
        let text = format!(
            "daemon off;\nuser root;\nworker_processes auto;\npid {dir}/nginx.pid;\nerror_log {dir}/nginx.log;\n\
             events {{ worker_connections 768; }}\nhttp {{ sendfile on; tcp_nopush on; access_log off;\n\
             server {{ listen {at}; root {}; }} }}\n",
            files.display()
        );
        fs::write(&file, text)?;
        let mut command = Command::new("nginx");
        command
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .arg("-c")
            .arg(file)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        Self::until_it_answers(command, at)
    }

    fn until_it_answers(mut command: Command, at: SocketAddr) -> Measured<Self> {
        let server = Self { child: command.stdin(Stdio::null()).spawn()?, at };
        let until = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(at).is_err() {
            if Instant::now() > until {
                return Err(format!("nobody listens on {at}").into());
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // nginx's workers end with their master only where it is asked to.
        if let Some(id) = rustix::process::Pid::from_raw(self.child.id().cast_signed()) {
            let _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
        }
        let _ = self.child.wait();
    }
}

fn free() -> Measured<SocketAddr> {
    TcpListener::bind("127.0.0.1:0")?.local_addr().map_err(Failure::from)
}

/// The most memory a process ever held, in MiB.
fn peak(pid: u32) -> Option<f64> {
    let mut status = String::new();
    fs::File::open(format!("/proc/{pid}/status")).ok()?.read_to_string(&mut status).ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok().map(|kib| kib / 1_024.0)
}
