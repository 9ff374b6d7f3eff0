//! `[intake]`: where leases are taken from.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::PathBuf;

use rackhand_adapters::dhcp::lease_file::Format;
use rackhand_core::secret::Secret;
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use super::source::{ConfigError, Source};
use crate::poll::lease_file::LeaseFile;

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
    /// The file with a token of at least 32 characters. With it, DHCP servers on other hosts may POST leases to
    /// `/api/v1/dhcp/event`.
    #[schemars(with = "Option<String>")]
    pub event_token_file: Option<Spanned<PathBuf>>,
    /// Lease files on this host that are followed as they grow, each with its `path` and its `format`: `isc`
    /// (dhcpd.leases), `kea` (memfile) or `dnsmasq`.
    #[serde(default)]
    #[schemars(with = "Vec<BTreeMap<String, String>>")]
    lease_files: Vec<RawLeaseFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLeaseFile {
    path: PathBuf,
    #[serde(deserialize_with = "format")]
    format: Format,
}

fn format<'de, D: Deserializer<'de>>(from: D) -> Result<Format, D::Error> {
    let word = String::deserialize(from)?;
    word.parse().map_err(|e| D::Error::custom(format!("`{word}`: {e}")))
}

impl RawIntake {
    /// The token that DHCP servers show. It is all that stands between a stranger and a lease, so it is no word.
    pub fn event_token(&self, source: &Source<'_>) -> Result<Option<Secret>, ConfigError> {
        let Some(file) = &self.event_token_file else { return Ok(None) };
        let token = source.secret(file)?;
        if token.reveal().len() < 32 {
            return Err(source.at(file, "the token has less than 32 characters: make one by `openssl rand -hex 32`"));
        }
        Ok(Some(token))
    }

    pub fn lease_files(&self, source: &Source<'_>) -> Vec<LeaseFile> {
        let file = |raw: &RawLeaseFile| LeaseFile { path: source.beside(&raw.path), format: raw.format };
        self.lease_files.iter().map(file).collect()
    }

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
