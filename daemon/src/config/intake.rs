//! `[intake]`: where leases are taken from.

use std::net::Ipv4Addr;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::source::{ConfigError, Source};

/// Octets of an interface's name, without the zero behind it (linux/if.h).
const NAME: usize = 15;

/// Where leases are taken from.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Intake")]
pub(super) struct RawIntake {
    /// Capture files (classic pcap, Ethernet) whose leases are taken in at the start. `--pcap` adds more.
    #[serde(default)]
    pub pcap: Vec<PathBuf>,
    /// Interfaces that are listened on for DHCP: beside the DHCP server, or on a mirror port. It takes `CAP_NET_RAW`.
    #[serde(default)]
    #[schemars(with = "Vec<String>", inner(length(min = 1, max = 15)))]
    interfaces: Vec<Spanned<String>>,
    /// Whether the interfaces let in what is for other hosts' addresses. Mirror ports need it.
    #[serde(default)]
    pub promiscuous: bool,
    /// The DHCP servers whose leases count, by the address they call themselves (option 54). Without this key every
    /// server's leases count.
    #[serde(default)]
    #[schemars(with = "Vec<Ipv4Addr>")]
    servers: Vec<Spanned<String>>,
}

impl RawIntake {
    pub fn interfaces(&self, source: &Source<'_>) -> Result<Vec<String>, ConfigError> {
        let mut interfaces: Vec<String> = Vec::new();
        for entry in &self.interfaces {
            let name = entry.get_ref();
            let bad = |c: char| c.is_whitespace() || c.is_control() || c == '/' || c == ':';
            if name.is_empty() || name.len() > NAME || name.contains(bad) || name == "." || name == ".." {
                let what = "not an interface: give a name as `ip link` shows it, at most 15 characters, such as eno2";
                return Err(source.at(entry, what));
            }
            if interfaces.contains(name) {
                return Err(source.at(entry, format!("`{name}` is listed twice; keep one")));
            }
            interfaces.push(name.clone());
        }
        Ok(interfaces)
    }

    pub fn servers(&self, source: &Source<'_>) -> Result<Vec<Ipv4Addr>, ConfigError> {
        let address = |entry: &Spanned<String>| {
            let what = "not an IPv4 address: give the one the DHCP server calls itself (option 54), such as 10.0.4.2";
            entry.get_ref().parse().map_err(|_| source.at(entry, what))
        };
        self.servers.iter().map(address).collect()
    }
}
