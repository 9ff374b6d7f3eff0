//! The configuration file: TOML, read once at the start, with no key it does not know. Secrets are never in it; it
//! names the files they are in.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use rackhand_adapters::dhcp::lease_file::Format;
use rackhand_adapters::port::clock::Clock;
use rackhand_adapters::port::dial::{Target, Trust};
use rackhand_adapters::redfish::Credentials;
use rackhand_adapters::tcp::Tcp;
use rackhand_adapters::tcp::network::{Cidr, Networks};
use rackhand_adapters::{maas, netbox};
use rackhand_core::bmc::Vendor;
use rackhand_core::id::{Role, SiteId};
use rackhand_core::policy::Policy;
use rackhand_core::time::Timestamp;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use crate::http::Offers;
use crate::intake::follow::LeaseFile;
use crate::keys::Keys;
use crate::rpc::Roles;
use crate::secret_file;

/// A configuration that cannot be used: where, what, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    file: PathBuf,
    /// Line and column, both from 1; `None` where the whole file is meant.
    at: Option<(usize, usize)>,
    what: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some((line, column)) = self.at {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.what)
    }
}

impl std::error::Error for ConfigError {}

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
    /// NetBox.
    pub netbox: netbox::Settings,
    /// The port BMCs answer at.
    pub bmc_port: u16,
    /// BMC passwords.
    pub keys: Keys,
    /// Who is who.
    pub roles: Roles,
    /// Captures that are replayed at the start.
    pub pcap: Vec<PathBuf>,
    /// Lease files that are followed.
    pub lease_files: Vec<LeaseFile>,
    /// MAAS, and how often it is asked.
    pub maas: Option<(maas::Settings, Duration)>,
    lab: Option<Lab>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    site: Spanned<String>,
    data_dir: PathBuf,
    #[serde(default = "system_socket")]
    socket: PathBuf,
    socket_group: Option<Spanned<String>>,
    #[serde(default)]
    own_role: OwnRole,
    #[serde(default)]
    roles: BTreeMap<String, Parsed<Role>>,
    http: RawHttp,
    #[serde(default)]
    boot: RawBoot,
    netbox: RawNetbox,
    bmc: RawBmc,
    #[serde(default)]
    credentials: Vec<RawCredential>,
    #[serde(default)]
    intake: RawIntake,
    maas: Option<RawMaas>,
    lab: Option<Spanned<Lab>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawHttp {
    listen: SocketAddr,
    base: Spanned<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBoot {
    files: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawNetbox {
    url: Spanned<String>,
    token_file: Spanned<PathBuf>,
    ca_file: Option<Spanned<PathBuf>>,
    #[serde(default)]
    stock_statuses: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBmc {
    #[serde(default = "https")]
    port: u16,
    networks: Spanned<Vec<Parsed<Cidr>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCredential {
    vendor: Option<Vendor>,
    serial: Option<String>,
    user: Spanned<String>,
    password_file: Spanned<PathBuf>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawIntake {
    #[serde(default)]
    pcap: Vec<PathBuf>,
    event_token_file: Option<Spanned<PathBuf>>,
    #[serde(default)]
    lease_files: Vec<RawLeaseFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLeaseFile {
    path: PathBuf,
    format: Parsed<Format>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMaas {
    url: Spanned<String>,
    key_file: Spanned<PathBuf>,
    #[serde(default = "each_minute")]
    poll: Spanned<u64>,
}

/// MAAS lists all addresses each time, so it is not asked more often than this, in seconds.
const MAAS_POLL: u64 = 10;

fn each_minute() -> Spanned<u64> {
    Spanned::new(0..0, 60)
}

/// A clock that runs faster than time. Only for labs.
#[derive(Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lab {
    speed: f64,
    /// When its time and the machine's agree, in Unix seconds. Fixed, so that a restart does not set it back.
    since: i64,
}

/// A value read by its own parser, so that its error stands at its place.
struct Parsed<T>(T);

impl<'de, T: FromStr<Err: fmt::Display>> Deserialize<'de> for Parsed<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map(Self).map_err(|e| D::Error::custom(format!("`{text}`: {e}")))
    }
}

/// The role of the user the daemon runs as; `none` is a role only here.
struct OwnRole(Option<Role>);

impl Default for OwnRole {
    fn default() -> Self {
        Self(Some(Role::Admin))
    }
}

impl<'de> Deserialize<'de> for OwnRole {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        if text == "none" {
            return Ok(Self(None));
        }
        text.parse().map(|role| Self(Some(role))).map_err(|e| D::Error::custom(format!("`{text}`: {e}, or none")))
    }
}

fn system_socket() -> PathBuf {
    "/run/rackhand/rackhandd.sock".into()
}

const fn https() -> u16 {
    443
}

/// A file being read: turns places in it into lines and columns, and relative paths into those beside it.
struct Source<'a> {
    file: &'a Path,
    text: &'a str,
}

impl Source<'_> {
    fn error(&self, span: Option<Range<usize>>, what: impl Into<String>) -> ConfigError {
        let at = span.map(|span| {
            let before = self.text.get(..span.start).unwrap_or_default();
            let line_start = before.rfind('\n').map_or(0, |n| n + 1);
            (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
        });
        ConfigError { file: self.file.to_owned(), at, what: what.into() }
    }

    fn at<T>(&self, place: &Spanned<T>, what: impl Into<String>) -> ConfigError {
        self.error(Some(place.span()), what)
    }

    fn beside(&self, path: &Path) -> PathBuf {
        self.file.parent().unwrap_or(Path::new("")).join(path)
    }

    fn secret(&self, path: &Spanned<PathBuf>) -> Result<rackhand_core::secret::Secret, ConfigError> {
        secret_file::read(&self.beside(path.get_ref())).map_err(|e| self.at(path, e.to_string()))
    }
}

impl Config {
    /// Reads the file and the files it names.
    ///
    /// # Errors
    /// One sentence with the place in the file, what is wrong there, and what to do.
    pub fn read(file: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(file).map_err(|e| ConfigError {
            file: file.to_owned(),
            at: None,
            what: format!("cannot be read: {e}; name the configuration with --config"),
        })?;
        Self::parse(&Source { file, text: &text })
    }

    fn parse(source: &Source<'_>) -> Result<Self, ConfigError> {
        let raw: Raw = toml::from_str(source.text).map_err(|e| source.error(e.span(), one_line(e.message())))?;
        let site = SiteId::new(raw.site.get_ref());
        if site.as_str() != raw.site.get_ref() || site.as_str().is_empty() {
            let what = "not a site: give its NetBox slug, at most 32 of a-z, 0-9 and -";
            return Err(source.at(&raw.site, what));
        }
        let base = raw.http.base.get_ref().trim_end_matches('/').to_owned();
        if !base.starts_with("http://") && !base.starts_with("https://") || base.contains(char::is_whitespace) {
            let what = "not a base URL: give where machines reach this daemon, such as http://10.0.0.5:8080";
            return Err(source.at(&raw.http.base, what));
        }
        let networks: Vec<Cidr> = raw.bmc.networks.get_ref().iter().map(|n| n.0).collect();
        if networks.is_empty() {
            let what = "no network: list those BMCs are in, such as [\"10.0.4.0/22\"]";
            return Err(source.at(&raw.bmc.networks, what));
        }
        let netbox = netbox_settings(source, &raw.netbox, &networks)?;
        let maas = raw.maas.as_ref().map(|maas| maas_settings(source, maas, &raw.netbox, &networks)).transpose()?;
        let dial = dialler(source, raw.netbox.ca_file.as_ref(), networks)?;
        let keys = keys(source, &raw.credentials)?;
        if let Some(lab) = &raw.lab
            && !(lab.get_ref().speed.is_finite() && (1.0..=100_000.0).contains(&lab.get_ref().speed))
        {
            return Err(source.at(lab, "speed must be from 1 to 100000"));
        }
        let policy = if raw.netbox.stock_statuses { Policy::stock(site) } else { Policy::standard(site) };
        let socket_group = match &raw.socket_group {
            None => None,
            Some(name) => Some(crate::rpc::group_number(name.get_ref()).ok_or_else(|| {
                source.at(name, "no such group on this machine; make it (`groupadd --system NAME`), or give its number")
            })?),
        };
        Ok(Self {
            data_dir: source.beside(&raw.data_dir),
            socket: source.beside(&raw.socket),
            socket_group,
            listen: raw.http.listen,
            base,
            offers: Offers {
                files: raw.boot.files.as_ref().map(|dir| source.beside(dir)),
                event_token: raw.intake.event_token_file.as_ref().map(|file| event_token(source, file)).transpose()?,
            },
            policy,
            dial,
            netbox,
            bmc_port: raw.bmc.port,
            keys,
            roles: Roles {
                users: raw.roles.into_iter().map(|(user, role)| (user, role.0)).collect(),
                own: raw.own_role.0,
            },
            pcap: raw.intake.pcap.iter().map(|p| source.beside(p)).collect(),
            lease_files: raw
                .intake
                .lease_files
                .iter()
                .map(|file| LeaseFile { path: source.beside(&file.path), format: file.format.0 })
                .collect(),
            maas,
            lab: raw.lab.map(Spanned::into_inner),
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

/// The token that DHCP servers show. It is all that stands between a stranger and a lease, so it is no word.
fn event_token(source: &Source<'_>, file: &Spanned<PathBuf>) -> Result<rackhand_core::secret::Secret, ConfigError> {
    let token = source.secret(file)?;
    if token.reveal().len() < 32 {
        return Err(source.at(file, "the token has less than 32 characters: make one by `openssl rand -hex 32`"));
    }
    Ok(token)
}

fn netbox_settings(source: &Source<'_>, raw: &RawNetbox, networks: &[Cidr]) -> Result<netbox::Settings, ConfigError> {
    let (target, base) = guarded_url(source, &raw.url, networks)?;
    if target.trust == Trust::Authorities && raw.ca_file.is_none() {
        let what = "https needs ca_file: a PEM file with the certificate of the authority that signed NetBox's";
        return Err(source.at(&raw.url, what));
    }
    let secret = source.secret(&raw.token_file)?;
    let token = if secret.reveal().starts_with("nbt_") { netbox::Token::V2(secret) } else { netbox::Token::V1(secret) };
    Ok(netbox::Settings { target, base, token })
}

/// A URL, and that what we log in with does not cross the network in the clear.
fn guarded_url(source: &Source<'_>, url: &Spanned<String>, networks: &[Cidr]) -> Result<(Target, String), ConfigError> {
    let (target, base) = parse_url(url.get_ref()).map_err(|e| source.at(url, e))?;
    if target.trust == Trust::Plain
        && let Ok(address) = target.host.parse::<IpAddr>()
        && Networks(networks.to_vec()).check_plain(address).is_err()
    {
        let what = "http is only for this host and the management networks: the token would cross the network in the clear; use https";
        return Err(source.at(url, what));
    }
    Ok((target, base))
}

fn maas_settings(
    source: &Source<'_>,
    raw: &RawMaas,
    netbox: &RawNetbox,
    networks: &[Cidr],
) -> Result<(maas::Settings, Duration), ConfigError> {
    let (target, base) = guarded_url(source, &raw.url, networks)?;
    if target.trust == Trust::Authorities && netbox.ca_file.is_none() {
        let what = "https needs [netbox] ca_file: a PEM file with the authority that signed MAAS's certificate too";
        return Err(source.at(&raw.url, what));
    }
    let key = maas::Key::parse(&source.secret(&raw.key_file)?)
        .ok_or_else(|| source.at(&raw.key_file, "not an API key of MAAS: three words with colons between them"))?;
    if *raw.poll.get_ref() < MAAS_POLL {
        return Err(source.at(&raw.poll, format!("poll is in seconds, and at least {MAAS_POLL}")));
    }
    Ok((maas::Settings { target, base, key }, Duration::from_secs(*raw.poll.get_ref())))
}

fn dialler(source: &Source<'_>, ca_file: Option<&Spanned<PathBuf>>, networks: Vec<Cidr>) -> Result<Tcp, ConfigError> {
    let Some(path) = ca_file else {
        return Tcp::new(None, networks).map_err(|e| source.error(None, e.to_string()));
    };
    let file = source.beside(path.get_ref());
    let pem = std::fs::read(&file)
        .map_err(|e| source.at(path, format!("{} cannot be read: {e}; give a PEM file", file.display())))?;
    Tcp::new(Some(&pem), networks).map_err(|e| source.at(path, e.to_string()))
}

fn keys(source: &Source<'_>, raw: &[RawCredential]) -> Result<Keys, ConfigError> {
    let mut keys = Keys::default();
    for entry in raw {
        let account =
            Credentials { user: entry.user.get_ref().as_str().into(), password: source.secret(&entry.password_file)? };
        let twice = match (entry.vendor, &entry.serial) {
            (Some(vendor), None) => keys.by_vendor.insert(vendor, account).is_some(),
            (None, Some(serial)) => keys.by_serial.insert(serial.to_uppercase(), account).is_some(),
            _ => {
                return Err(source.at(&entry.user, "a credential is for one vendor or one serial; give one of the two"));
            }
        };
        if twice {
            return Err(source.at(&entry.user, "a second credential for the same vendor or serial; keep one"));
        }
    }
    Ok(keys)
}

/// `https://netbox.example.com/base` as a target and what stands before `/api`.
fn parse_url(url: &str) -> Result<(Target, String), String> {
    let bad = || "not a URL: give NetBox's address, such as https://netbox.example.com".to_owned();
    let uri: hyper::Uri = url.parse().map_err(|_| bad())?;
    let (trust, default) = match uri.scheme_str() {
        Some("https") => (Trust::Authorities, 443),
        Some("http") => (Trust::Plain, 80),
        _ => return Err(bad()),
    };
    let host = uri.host().filter(|h| !h.is_empty()).ok_or_else(bad)?;
    if uri.query().is_some() || uri.authority().is_some_and(|a| a.as_str().contains('@')) {
        return Err("a URL without user, password and query: the token is in token_file".to_owned());
    }
    let host = host.trim_start_matches('[').trim_end_matches(']').into();
    let path = uri.path().trim_end_matches('/');
    Ok((Target { host, port: uri.port_u16().unwrap_or(default), trust }, path.to_owned()))
}

fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}
