//! A NetBox that knows no MAC, answers at once, and notes when each was first asked for. It runs in a process of its
//! own, so that its cost is nobody's.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use rackhand_core::mac::Mac;

use crate::gauge::{Measured, micros};

/// How long arrivals are waited for at the most.
const PATIENCE: Duration = Duration::from_mins(3);

/// What was asked for first when, by the MAC's twelve digits, in microseconds since the Unix epoch.
type Arrivals = BTreeMap<String, u64>;

#[derive(Default)]
struct Book {
    arrivals: Mutex<Arrivals>,
    told: Condvar,
}

/// The child process: serves until its parent closes its standard input.
pub fn serve() -> Measured<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let mut out = std::io::stdout();
    writeln!(out, "{}", listener.local_addr()?.port())?;
    out.flush()?;
    let book = Arc::new(Book::default());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let book = Arc::clone(&book);
            // A caller that goes away ends its own conversation only.
            std::thread::spawn(move || drop(converse(&stream, &book)));
        }
    });
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

fn converse(stream: &TcpStream, book: &Book) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    let (mut writer, mut line) = (stream, String::new());
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let at = micros();
        let target = line.split(' ').nth(1).unwrap_or_default().to_owned();
        let mut length = 0;
        loop {
            line.clear();
            reader.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        std::io::copy(&mut (&mut reader).take(length), &mut std::io::sink())?;
        let body = answer(&target, at, book);
        let head =
            format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
        writer.write_all((head + &body).as_bytes())?;
    }
}

fn answer(target: &str, at: u64, book: &Book) -> String {
    let lock = || book.arrivals.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, mac)) = target.split_once("mac_address=") {
        let mac = mac.split('&').next().unwrap_or_default().to_uppercase().replace("%3A", "").replace(':', "");
        lock().entry(mac).or_insert(at);
        book.told.notify_all();
        return r#"{"count":0,"next":null,"previous":null,"results":[]}"#.into();
    }
    if let Some(count) = target.strip_prefix("/wait/").and_then(|n| n.parse::<usize>().ok()) {
        let waited = book.told.wait_timeout_while(lock(), PATIENCE, |arrivals| arrivals.len() < count);
        let mut arrivals = waited.unwrap_or_else(PoisonError::into_inner).0;
        return serde_json::to_string(&std::mem::take(&mut *arrivals)).unwrap_or_default();
    }
    "{}".into()
}

/// The stub as its parent has it; ended when dropped.
pub struct Stub {
    child: Child,
    port: u16,
}

impl Stub {
    /// Starts one.
    pub fn start() -> Measured<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("--stub")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = child.stdout.take().ok_or("the stub has no output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        Ok(Self { child, port: line.trim().parse()? })
    }

    /// Its port on this host.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Waits until so many MACs were asked for, and forgets them. What has not come in three minutes is missing.
    pub fn wait(&self, count: usize) -> Measured<Seen> {
        let mut stream = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, self.port)))?;
        write!(stream, "GET /wait/{count} HTTP/1.1\r\n\r\n")?;
        let mut reader = BufReader::new(stream);
        let (mut line, mut length) = (String::new(), 0);
        while reader.read_line(&mut line)? > 2 {
            if let Some(value) = line.strip_prefix("Content-Length:") {
                length = value.trim().parse()?;
            }
            line.clear();
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        Ok(Seen(serde_json::from_slice(&body)?))
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// Which MACs were asked for, and when.
pub struct Seen(Arrivals);

impl Seen {
    /// When this one first was, in microseconds since the Unix epoch.
    pub fn at(&self, mac: Mac) -> Option<u64> {
        self.0.get(&mac.to_string().replace(':', "")).copied()
    }

    /// How many.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// When the last was.
    pub fn last(&self) -> Option<u64> {
        self.0.values().max().copied()
    }
}
