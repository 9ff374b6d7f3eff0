//! Two DHCP clients, as a controller would be one.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::namespace::{run, search_path};
use crate::segment::eventually;

/// What a controller calls itself.
pub const NAME: &str = "ILOCZ12345678";
/// What it says it is.
pub const CLASS: &str = "CPQRIB3";

/// A running client; killed when it is dropped.
pub struct Client(Child);

impl Client {
    /// busybox's `udhcpc`, which keeps asking and puts the address it got on its interface.
    pub fn udhcpc(host: &str) -> Self {
        let script = file(
            &format!("udhcpc-{host}"),
            "#!/bin/sh\ncase $1 in bound|renew) ip addr replace $ip/24 dev $interface;; \
             deconfig) ip addr flush dev $interface;; esac\n",
        );
        let mut command = Command::new("ip");
        command.args(["netns", "exec", host, "udhcpc", "-f", "-i", "eth0", "-t", "60", "-T", "1"]);
        command.args(["-V", CLASS, "-x", &format!("hostname:{NAME}"), "-s"]).arg(script);
        Self::start(command)
    }

    /// ISC's `dhclient`, which believes that it has had `before` from a server that it does not know.
    pub fn dhclient(host: &str, before: &str) -> Self {
        let configuration = file(
            &format!("dhclient-{host}"),
            &format!(
                "send vendor-class-identifier \"{CLASS}\";\nsend host-name \"{NAME}\";\ntimeout 60;\nretry 1;\n\
                 initial-interval 1;\nbackoff-cutoff 2;\nreboot 5;\n"
            ),
        );
        let leases = file(
            &format!("dhclient-{host}-leases"),
            &format!(
                "lease {{\n interface \"eth0\";\n fixed-address {before};\n option subnet-mask 255.255.255.0;\n \
                 option dhcp-server-identifier 10.99.0.1;\n renew 4 2097/01/03 00:00:00;\n \
                 rebind 4 2098/01/02 00:00:00;\n expire 4 2099/01/01 00:00:00;\n}}\n"
            ),
        );
        let mut command = Command::new("ip");
        command.args(["netns", "exec", host, "dhclient", "-4", "-d", "-sf", "/bin/true", "-cf"]).arg(configuration);
        command.arg("-lf").arg(leases).arg("-pf").arg(format!("/dev/shm/dhclient-{host}-pid")).arg("eth0");
        Self::start(command)
    }

    fn start(mut command: Command) -> Self {
        command.env("PATH", search_path()).stdin(Stdio::null()).stdout(Stdio::null());
        Self(command.spawn().unwrap())
    }

    /// Tells `udhcpc`, which has an address, to renew it now.
    pub async fn renew(&self, host: &str) {
        let addresses = || run(&format!("ip -n {host} -4 -o addr show dev eth0"));
        eventually("with an address", || addresses().contains("10.77.0."), addresses).await;
        let id = rustix::process::Pid::from_raw(self.0.id().cast_signed()).unwrap();
        rustix::process::kill_process(id, rustix::process::Signal::USR1).unwrap();
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn file(name: &str, text: &str) -> PathBuf {
    let path = PathBuf::from("/dev/shm").join(name);
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}
