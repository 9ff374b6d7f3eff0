//! The way to the daemon: an address by DHCP on a port from which the daemon answers.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::command::Runner;
use crate::nic::{self, Port};
use crate::options::{Options, Url};
use crate::trouble::{About, Tried, Trouble};

/// Where leases are noted, one file for each interface.
const LEASES: &str = "/run/leases";
/// How long a port has for its address.
const DHCP: Duration = Duration::from_secs(25);
/// How long a port has for its link.
const LINK: Duration = Duration::from_secs(20);
/// How long the daemon has to take a connection.
const CONNECT: Duration = Duration::from_secs(5);
/// Between rounds over all ports.
const ROUND: Duration = Duration::from_secs(10);
/// The program's name when it is called for a lease.
pub const LEASE_ROLE: &str = "rackhand-lease";

/// Brings ports up until the daemon can be reached. Waits for as long as that takes: a network that comes late is one
/// that comes.
pub fn connect(options: &Options, say: impl Fn(&str)) -> IpAddr {
    let sys = Path::new("/sys");
    let runner = Runner::default();
    loop {
        let mut ports = nic::ports(sys);
        for port in &ports {
            if let Err(trouble) = ip(&["link", "set", "dev", &port.interface, "up"]) {
                say(&trouble.to_string());
            }
        }
        // The port it booted from first.
        ports.sort_by_key(|p| Some(&p.mac) != options.nic.as_ref());
        let until = Instant::now() + LINK;
        while Instant::now() < until && !ports.first().is_some_and(|p| nic::link(sys, &p.interface)) {
            thread::sleep(Duration::from_millis(200));
        }
        for port in ports.iter().filter(|p| nic::link(sys, &p.interface)) {
            match over(&runner, port, &options.url) {
                Ok(address) => return address,
                Err(trouble) => say(&format!("{}: {trouble}", port.name)),
            }
        }
        say("no port leads to the daemon; trying again");
        thread::sleep(ROUND);
    }
}

/// A lease on this port, and a connection over it. The DHCP client stays, and renews.
fn over(runner: &Runner, port: &Port, url: &Url) -> Tried<IpAddr> {
    let lease = Path::new(LEASES).join(&port.interface);
    // There may be none.
    let _ = fs::remove_file(&lease);
    let mut client = Command::new("busybox");
    let script = format!("/sbin/{LEASE_ROLE}");
    client.args(["udhcpc", "-f", "-i", &port.interface, "-s", &script, "-t", "5", "-T", "3", "-A", "5"]);
    client.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut client = runner.start("udhcpc", &mut client)?;
    let until = Instant::now() + DHCP;
    while Instant::now() < until && !lease.exists() {
        thread::sleep(Duration::from_millis(200));
    }
    let tried = if lease.exists() { reach(url) } else { Err(Trouble::new("no DHCP server answers")) };
    if tried.is_err() {
        // Whatever becomes of these: the next port is tried with a table of its own.
        let _ = client.kill();
        let _ = client.wait();
        let _ = ip(&["addr", "flush", "dev", &port.interface]);
    }
    tried
}

fn reach(url: &Url) -> Tried<IpAddr> {
    let address = resolve(&url.host)?;
    let to = SocketAddr::new(address, url.port);
    TcpStream::connect_timeout(&to, CONNECT).about(to)?;
    Ok(address)
}

/// The host's address. Names are the image's libc's business: the agent's own is static, and cannot load what
/// `/etc/nsswitch.conf` asks for.
fn resolve(host: &str) -> Tried<IpAddr> {
    if let Ok(address) = host.parse() {
        return Ok(address);
    }
    let done = Runner::default().run("getent", "getent", &["ahostsv4", host], CONNECT)?;
    let first = done.out.split_whitespace().next().and_then(|a| a.parse().ok());
    first.ok_or_else(|| Trouble(format!("{host} has no address")))
}

fn ip(arguments: &[&str]) -> Tried<()> {
    let line: Vec<&str> = ["ip"].iter().chain(arguments).copied().collect();
    Runner::default().run("ip", "busybox", &line, CONNECT)?.good("ip").map(drop)
}

/// What busybox's udhcpc calls, with the lease in the environment.
///
/// # Errors
/// The lease holds no address, or the kernel does not take it.
pub fn lease(event: &str) -> Tried<()> {
    let told = |name: &str| std::env::var(name).unwrap_or_default();
    let interface = told("interface");
    if interface.is_empty() || interface.contains('/') {
        return Err(Trouble::new("udhcpc names no interface"));
    }
    match event {
        "deconfig" => {
            ip(&["link", "set", "dev", &interface, "up"])?;
            ip(&["addr", "flush", "dev", &interface])
        }
        "bound" | "renew" => {
            let address: Ipv4Addr = told("ip").parse().about("ip")?;
            let prefix = told("mask").parse::<u8>().ok().filter(|p| *p <= 32).unwrap_or(24);
            let address = format!("{address}/{prefix}");
            // The same address again is no error; a changed one replaces it.
            ip(&["addr", "flush", "dev", &interface])?;
            ip(&["addr", "add", &address, "dev", &interface])?;
            if let Some(router) = told("router").split_whitespace().find_map(|r| r.parse::<Ipv4Addr>().ok()) {
                ip(&["route", "replace", "default", "via", &router.to_string(), "dev", &interface])?;
            }
            let servers = told("dns");
            let servers = servers.split_whitespace().filter_map(|s| s.parse::<Ipv4Addr>().ok());
            let lines: Vec<String> = servers.map(|s| format!("nameserver {s}\n")).collect();
            fs::write("/etc/resolv.conf", lines.concat()).about("/etc/resolv.conf")?;
            fs::create_dir_all(LEASES).about(LEASES)?;
            fs::write(Path::new(LEASES).join(&interface), address).about(LEASES)
        }
        _ => Ok(()),
    }
}
