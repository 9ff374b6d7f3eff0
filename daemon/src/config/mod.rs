//! The configuration file: TOML, read once at the start, with no key it does not know. Secrets are never in it; it
//! names the files they are in. A file for each section.

mod api;
mod bmc;
mod boot;
mod carriers;
mod http;
mod intake;
mod lab;
mod maas;
mod netbox;
mod outline;
mod proxy;
mod purchase;
mod roles;
mod schema;
mod source;
#[cfg(test)]
mod tests;
mod trade;
mod vendors;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rackhand_adapters::netbox::Settings;
use rackhand_adapters::port::clock::Clock;
use rackhand_adapters::tcp::Tcp;
use rackhand_adapters::tcp::proxy::Proxy;
use rackhand_core::id::{SellerId, SiteId};
use rackhand_core::policy::Policy;
use rackhand_core::time::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

pub use carriers::Carriers;
pub use outline::{NamedFile, Outline};
pub use purchase::Purchase;
pub use schema::schema;
pub use source::ConfigError;
pub use trade::sellers;
pub use vendors::{Channel, Vendor};

use crate::http::Offers;
use crate::keys::Keys;
use crate::poll::lease_file::LeaseFile;
use crate::rpc::Roles;
use api::RawApi;
use bmc::{RawBmc, RawCredential};
use boot::RawBoot;
use carriers::RawCarriers;
use http::RawHttp;
use intake::RawIntake;
use lab::Lab;
use maas::RawMaas;
use netbox::RawNetbox;
use proxy::RawProxy;
use purchase::RawPurchase;
use roles::{Given, OwnRole};
use source::Source;
use vendors::{RawVendor, RawVendors};

/// A configuration in which every key is explained.
pub const EXAMPLE: &str = include_str!("../../rackhandd.example.toml");

/// Keys at the top that SIGHUP has read anew; all others wait for a restart.
pub const RELOADED: [&str; 3] = ["credentials", "roles", "own_role"];

/// The configuration's keys at the top as they stand in the file, to be held against those of another reading.
///
/// # Errors
/// Where the file cannot be read.
pub fn settings(file: &Path) -> Result<toml::Table, ConfigError> {
    let text = text(file)?;
    toml::from_str(&text).map_err(|e| Source::new(file, &text).misread(&e))
}

/// What a daemon runs with.
pub struct Config {
    /// The directory of the journal.
    pub data_dir: PathBuf,
    /// The consoles' socket.
    pub socket: PathBuf,
    /// The Unix group whose members may connect to it.
    pub socket_group: Option<u32>,
    /// Where the HTTP side listens.
    pub listen: SocketAddr,
    /// Where machines reach it.
    pub base: String,
    /// What the HTTP side offers beside scripts and reports.
    pub offers: Offers,
    /// The business's rules.
    pub policy: Policy,
    /// Streams to the outside.
    pub dial: Tcp,
    /// The proxy by which suppliers and carriers are reached.
    pub proxy: Option<Proxy>,
    /// NetBox.
    pub netbox: Settings,
    /// The port BMCs answer at.
    pub bmc_port: u16,
    /// BMC passwords.
    pub keys: Keys,
    /// Who is who.
    pub roles: Roles,
    /// Captures that are replayed at the start.
    pub pcap: Vec<PathBuf>,
    /// Interfaces that are listened on for DHCP.
    pub interfaces: Vec<String>,
    /// Whether these let in what is for other hosts' addresses, as mirror ports must.
    pub promiscuous: bool,
    /// The DHCP servers whose leases are taken; all, where there are none.
    pub servers: Vec<Ipv4Addr>,
    /// Lease files that are followed.
    pub lease_files: Vec<LeaseFile>,
    /// MAAS, and how often it is asked.
    pub maas: Option<(rackhand_adapters::maas::Settings, Duration)>,
    /// The carriers' tracking.
    pub carriers: Option<Carriers>,
    /// Who sells us servers.
    pub vendors: BTreeMap<SellerId, Vendor>,
    /// The rules for buying; nothing is bought without them.
    pub purchase: Option<Purchase>,
    lab: Option<Lab>,
}

/// The configuration of rackhandd, the daemon of one site.
///
/// Relative paths start at this file's directory.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "rackhandd")]
struct Raw {
    /// The site's slug in NetBox. It is written into the journal; a journal of another site is refused.
    #[schemars(with = "String", regex(pattern = "^[a-z0-9-]{1,32}$"))]
    site: Spanned<String>,
    /// Where the journal is: a directory of mode 0700, made if it is missing.
    data_dir: PathBuf,
    /// The socket consoles connect to, of mode 0600. Its directory is made with mode 0700 if it is missing.
    #[serde(default = "system_socket")]
    socket: PathBuf,
    /// The Unix group whose members may connect: the socket is of mode 0660 then.
    #[schemars(with = "Option<String>")]
    socket_group: Option<Spanned<String>>,
    /// The role of the Unix user the daemon runs as, so that a fresh installation can be used.
    #[serde(default)]
    #[schemars(default)]
    own_role: OwnRole,
    /// Which Unix user has which role, by name or by number. Who is not listed gets nothing.
    #[serde(default)]
    roles: BTreeMap<String, Given>,
    http: RawHttp,
    #[serde(default)]
    boot: RawBoot,
    netbox: RawNetbox,
    bmc: RawBmc,
    /// The accounts of BMCs.
    #[serde(default)]
    credentials: Vec<RawCredential>,
    #[serde(default)]
    intake: RawIntake,
    maas: Option<RawMaas>,
    carriers: Option<RawCarriers>,
    proxy: Option<RawProxy>,
    #[serde(default)]
    api: RawApi,
    /// Who sells us servers, each under a short name: at most 12 lower-case letters, digits and dashes.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, RawVendor>")]
    vendors: RawVendors,
    purchase: Option<RawPurchase>,
    #[schemars(with = "Option<Lab>")]
    lab: Option<Spanned<Lab>>,
}

fn system_socket() -> PathBuf {
    "/run/rackhand/rackhandd.sock".into()
}

impl Raw {
    /// Reads the text, and checks all that can be checked without another file.
    fn parse(source: &Source<'_>) -> Result<Self, ConfigError> {
        let raw: Self = toml::from_str(source.text).map_err(|e| source.misread(&e))?;
        raw.site(source)?;
        raw.http.base(source)?;
        let networks = raw.bmc.networks(source)?;
        raw.netbox.target(source, &networks)?;
        bmc::check(source, &raw.credentials)?;
        raw.intake.interfaces(source)?;
        raw.intake.servers(source)?;
        if let Some(maas) = &raw.maas {
            maas.target(source, &networks, raw.netbox.ca_file.is_some())?;
        }
        if let Some(carriers) = &raw.carriers {
            carriers.check(source, &networks)?;
        }
        vendors::check(source, &raw.vendors, &networks, raw.netbox.ca_file.is_some())?;
        if let Some(purchase) = &raw.purchase {
            purchase.read(source)?;
        }
        if let Some(proxy) = &raw.proxy {
            proxy.check(source)?;
        }
        raw.api.check(source)?;
        if let Some(lab) = &raw.lab {
            lab::check(source, lab)?;
        }
        Ok(raw)
    }

    fn site(&self, source: &Source<'_>) -> Result<SiteId, ConfigError> {
        let site = SiteId::new(self.site.get_ref());
        if site.as_str() != self.site.get_ref() || site.as_str().is_empty() {
            let what = "not a site: give its NetBox slug, at most 32 of a-z, 0-9 and -";
            return Err(source.at(&self.site, what));
        }
        Ok(site)
    }

    fn group(&self, source: &Source<'_>) -> Result<Option<u32>, ConfigError> {
        let Some(name) = &self.socket_group else { return Ok(None) };
        crate::rpc::group_number(name.get_ref()).map(Some).ok_or_else(|| {
            source.at(name, "no such group on this machine; make it (`groupadd --system NAME`), or give its number")
        })
    }

    fn roles(self) -> Roles {
        Roles { users: self.roles.into_iter().map(|(user, role)| (user, role.0)).collect(), own: self.own_role.0 }
    }
}

fn text(file: &Path) -> Result<String, ConfigError> {
    let unreadable = |what: String| ConfigError { file: file.to_owned(), at: None, what };
    let content = source::read(file)
        .map_err(|e| unreadable(format!("cannot be read: {e}; name the configuration with --config")))?;
    String::from_utf8(content).map_err(|e| {
        let before = &e.as_bytes()[..e.utf8_error().valid_up_to()];
        let line = before.split(|b| *b == b'\n').count();
        unreadable(format!("is not text in UTF-8, first in line {line}"))
    })
}

/// Checks a configuration's text, without looking at any file it names.
///
/// # Errors
/// As [`Config::read`].
pub fn check_text(text: &str) -> Result<(), ConfigError> {
    let source = Source { file: Path::new("rackhandd.toml"), text, credentials: None };
    Raw::parse(&source).map(drop)
}

impl Config {
    /// Reads the file and the files it names.
    ///
    /// # Errors
    /// One sentence with the place in the file, what is wrong there, and what to do.
    pub fn read(file: &Path) -> Result<Self, ConfigError> {
        Self::parse(&Source::new(file, &text(file)?))
    }

    fn parse(source: &Source<'_>) -> Result<Self, ConfigError> {
        let raw = Raw::parse(source)?;
        let site = raw.site(source)?;
        let networks = raw.bmc.networks(source)?;
        let authority = raw.netbox.ca_file.is_some();
        let proxy = raw.proxy.as_ref().map(|proxy| proxy.read(source)).transpose()?.flatten();
        let dial = raw.netbox.dialler(source, networks.clone())?;
        let vendors = vendors::read(source, &raw.vendors, (&networks, authority), (&dial, proxy.as_ref()))?;
        let purchase = raw.purchase.as_ref().map(|purchase| purchase.read(source)).transpose()?;
        let mut policy = raw.netbox.policy(source, site)?;
        policy.quota = raw.api.quota();
        policy.purchase = trade::purchasing(purchase.as_ref(), &vendors);
        Ok(Self {
            data_dir: source.beside(&raw.data_dir),
            socket: source.beside(&raw.socket),
            socket_group: raw.group(source)?,
            listen: raw.http.listen,
            base: raw.http.base(source)?,
            offers: Offers {
                files: raw.boot.files.as_ref().map(|dir| source.beside(dir)),
                kernel: raw.boot.options(source)?,
                event_token: raw.intake.event_token(source)?,
                tenants: raw.api.tenants(source, policy.site.clone())?,
            },
            policy,
            netbox: raw.netbox.settings(source, &networks)?,
            maas: raw.maas.as_ref().map(|maas| maas.settings(source, &networks, authority)).transpose()?,
            carriers: raw
                .carriers
                .as_ref()
                .map(|carriers| carriers.read(source, &networks, proxy.clone()))
                .transpose()?,
            vendors,
            purchase,
            dial,
            proxy,
            bmc_port: raw.bmc.port,
            keys: bmc::keys(source, &raw.credentials)?,
            pcap: raw.intake.pcap.iter().map(|p| source.beside(p)).collect(),
            interfaces: raw.intake.interfaces(source)?,
            promiscuous: raw.intake.promiscuous,
            servers: raw.intake.servers(source)?,
            lease_files: raw.intake.lease_files(source),
            lab: raw.lab.as_ref().map(|lab| *lab.get_ref()),
            roles: raw.roles(),
        })
    }

    /// The clock: the machine's, or the lab's. The lab's agrees with the machine's at `since` and runs on through
    /// restarts. Must be called inside a tokio runtime.
    pub fn clock(&self) -> Clock {
        match self.lab {
            None => Clock::wall(),
            Some(Lab { speed, since }) => {
                let since = Timestamp::from_secs(since);
                Clock::scaled(since + Clock::wall().now().since(since).mul_f64(speed), speed)
            }
        }
    }

    /// How much faster than time the clock runs; `None` on a real site.
    pub fn speed(&self) -> Option<f64> {
        self.lab.map(|lab| lab.speed)
    }
}
