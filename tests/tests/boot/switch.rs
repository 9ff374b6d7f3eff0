//! A switch: a namespace with a bridge in it, its ports named as a switch names them, and a real lldpd.

use std::process::{Child, Command, Stdio};

use crate::namespace::{run, search_path};
use crate::segment::{INTERFACE, eventually};

/// A running switch.
pub struct Switch {
    /// Its namespace.
    pub space: &'static str,
    lldpd: Child,
}

impl Switch {
    /// Starts a switch that calls itself `name`, with its uplink in the segment.
    pub async fn start(space: &'static str, name: &str) -> Self {
        run(&format!("ip netns add {space}"));
        run(&format!("ip link add up-{space} type veth peer name uplink netns {space}"));
        run(&format!("ip link set up-{space} master {INTERFACE} up"));
        run(&format!("ip -n {space} link add fabric type bridge forward_delay 0"));
        run(&format!("ip -n {space} link set lo up"));
        run(&format!("ip -n {space} link set fabric up"));
        run(&format!("ip -n {space} link set uplink master fabric up"));
        std::fs::create_dir_all("/run/lldpd").unwrap();
        let socket = format!("/dev/shm/{space}.lldpd");
        let log = std::fs::File::create(format!("/dev/shm/{space}.log")).unwrap();
        let mut command = Command::new("ip");
        command.args(["netns", "exec", space, "lldpd", "-d", "-u", &socket, "-I", "Ethernet*"]);
        command.env("PATH", search_path()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let lldpd = command.spawn().unwrap();
        let configured = || {
            ["system hostname ".to_owned() + name, "lldp portidsubtype ifname".into(), "lldp tx-interval 5".into()]
                .iter()
                .all(|setting| tell(&socket, setting))
        };
        eventually("with its own name", configured, || {
            std::fs::read_to_string(format!("/dev/shm/{space}.log")).unwrap()
        })
        .await;
        Self { space, lldpd }
    }

    /// Puts the end of a cable, which is in the namespace `from`, into a port.
    pub fn plug(&self, from: &str, cable: &str, port: &str) {
        run(&format!("ip -n {from} link set {cable} down"));
        // At once: the name may be taken where it comes from.
        let there = if from == self.space { String::new() } else { format!("netns {}", self.space) };
        run(&format!("ip -n {from} link set {cable} name {port} {there}"));
        run(&format!("ip -n {} link set {port} master fabric up", self.space));
    }
}

impl Drop for Switch {
    fn drop(&mut self) {
        drop(self.lldpd.kill());
        drop(self.lldpd.wait());
    }
}

/// Sets one thing; `false` while lldpd is not up yet.
fn tell(socket: &str, setting: &str) -> bool {
    let mut command = Command::new("lldpcli");
    command.args(["-u", socket, "configure"]).args(setting.split(' ')).env("PATH", search_path());
    command.output().is_ok_and(|o| o.status.success())
}
