//! Three DHCP servers, each as its makers built it, on the segment.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::namespace::search_path;
use crate::segment::INTERFACE;

/// Which server.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Dnsmasq,
    Kea,
    Isc,
}

impl Kind {
    /// Its program.
    pub const fn program(self) -> &'static str {
        match self {
            Self::Dnsmasq => "dnsmasq",
            Self::Kea => "kea-dhcp4",
            Self::Isc => "dhcpd",
        }
    }

    /// Its configuration: 10.77.0.100 to 10.77.0.200 for ten minutes, and what a test adds in the server's own language
    /// (for Kea: members of `Dhcp4`, each with a comma behind it).
    fn configuration(self, dir: &Path, more: &str) -> String {
        let dir = dir.display();
        match self {
            Self::Dnsmasq => format!(
                "port=0\ninterface={INTERFACE}\nbind-interfaces\nuser=root\nno-ping\nlog-dhcp\nlog-facility=-\n\
                 pid-file={dir}/pid\ndhcp-leasefile={dir}/leases\ndhcp-authoritative\n\
                 dhcp-range=10.77.0.100,10.77.0.200,255.255.255.0,600\n{more}\n"
            ),
            Self::Kea => format!(
                r#"{{"Dhcp4": {{ {more} "authoritative": true, "valid-lifetime": 600,
                "interfaces-config": {{"interfaces": ["{INTERFACE}"]}},
                "lease-database": {{"type": "memfile", "persist": true, "name": "{dir}/leases"}},
                "subnet4": [{{"id": 4, "subnet": "10.77.0.0/24",
                              "pools": [{{"pool": "10.77.0.100 - 10.77.0.200"}}]}}],
                "loggers": [{{"name": "kea-dhcp4", "severity": "INFO", "output_options": [{{"output": "stdout"}}]}}]
                }}}}"#
            ),
            Self::Isc => format!(
                "authoritative;\nddns-update-style none;\nping-check false;\ndefault-lease-time 600;\n\
                 max-lease-time 600;\nsubnet 10.77.0.0 netmask 255.255.255.0 {{ range 10.77.0.100 10.77.0.200; }}\n{more}\n"
            ),
        }
    }
}

/// A running server; killed when it is dropped.
pub struct Server {
    child: Child,
    dir: PathBuf,
}

impl Server {
    /// Starts it in this namespace. Whoever asks before it is ready asks again.
    pub fn start(kind: Kind, more: &str) -> Self {
        let dir = PathBuf::from(format!("/dev/shm/{kind:?}"));
        std::fs::create_dir_all(&dir).unwrap();
        let file = dir.join("configuration");
        std::fs::write(&file, kind.configuration(&dir, more)).unwrap();
        let leases = dir.join("leases");
        let mut command = Command::new(kind.program());
        match kind {
            Kind::Dnsmasq => command.arg("--keep-in-foreground").arg(format!("--conf-file={}", file.display())),
            Kind::Kea => {
                command.env("KEA_PIDFILE_DIR", &dir).env("KEA_LOCKFILE_DIR", &dir);
                command.arg("-c").arg(&file)
            }
            Kind::Isc => {
                std::fs::write(&leases, "").unwrap();
                command.args(["-4", "-f", "-d", "-cf"]).arg(&file);
                command.arg("-lf").arg(&leases).arg("-pf").arg(dir.join("pid")).arg(INTERFACE)
            }
        };
        let log = std::fs::File::create(dir.join("log")).unwrap();
        command.env("PATH", search_path()).stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        Self { child: command.spawn().unwrap(), dir }
    }

    /// What it said, for a failed test.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.dir.join("log")).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.log());
        }
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
