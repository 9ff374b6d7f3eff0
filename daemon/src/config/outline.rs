//! What a configuration says before any file it names is opened: for looking into why it cannot be used.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use rackhand_core::id::{Role, SiteId};

use super::source::{ConfigError, Source};
use super::{Raw, text};
use crate::secret_file::Readers;

/// A file that the configuration names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedFile {
    /// The key that names it, such as `netbox.token_file`.
    pub key: String,
    /// Where it is; or why that cannot be told.
    pub path: Result<PathBuf, String>,
    /// Who may read it; `None` where anyone may.
    pub secret: Option<Readers>,
}

/// A configuration whose own text is sound.
#[derive(Clone, Debug)]
pub struct Outline {
    /// The site.
    pub site: SiteId,
    /// The directory of the journal.
    pub data_dir: PathBuf,
    /// The consoles' socket.
    pub socket: PathBuf,
    /// The Unix group whose members may connect to it.
    pub socket_group: Option<String>,
    /// Where the HTTP side listens.
    pub listen: SocketAddr,
    /// Where machines reach it.
    pub base: String,
    /// Users with a role, by name or number.
    pub users: BTreeMap<String, Role>,
    /// Interfaces that are listened on for DHCP.
    pub interfaces: Vec<String>,
    /// Whether the clock runs faster than time.
    pub lab: bool,
    /// Files that are read at the start.
    pub files: Vec<NamedFile>,
}

impl Outline {
    /// Reads the file, and none that it names.
    ///
    /// # Errors
    /// As [`super::Config::read`], for the file itself.
    pub fn read(file: &Path) -> Result<Self, ConfigError> {
        let text = text(file)?;
        let source = Source::new(file, &text);
        let raw = Raw::parse(&source)?;
        let mut files = Vec::new();
        let mut named = |key: String, path: &toml::Spanned<PathBuf>, secret: bool| {
            let (path, readers) = match source.place(path) {
                Ok((path, readers)) => (Ok(path), readers),
                Err(error) => (Err(error.what), Readers::Systemd),
            };
            files.push(NamedFile { key, path, secret: secret.then_some(readers) });
        };
        named("netbox.token_file".into(), &raw.netbox.token_file, true);
        if let Some(path) = &raw.netbox.ca_file {
            named("netbox.ca_file".into(), path, false);
        }
        if let Some(path) = &raw.intake.event_token_file {
            named("intake.event_token_file".into(), path, true);
        }
        if let Some(maas) = &raw.maas {
            named("maas.key_file".into(), &maas.key_file, true);
        }
        if let Some(path) = raw.proxy.as_ref().and_then(|proxy| proxy.password_file.as_ref()) {
            named("proxy.password_file".into(), path, true);
        }
        for (key, path, secret) in raw.carriers.iter().flat_map(super::carriers::RawCarriers::files) {
            named(key.into(), path, secret);
        }
        for (name, vendor) in &raw.vendors {
            let name = name.get_ref();
            if let Some(path) = &vendor.secret_file {
                named(format!("vendors.{name}.secret_file"), path, true);
            }
            if let Some(path) = &vendor.their_secret_file {
                named(format!("vendors.{name}.their_secret_file"), path, true);
            }
            if let Some(path) = &vendor.ca_file {
                named(format!("vendors.{name}.ca_file"), path, false);
            }
        }
        for (key, path) in raw.api.files() {
            named(key, path, true);
        }
        for (n, entry) in raw.credentials.iter().enumerate() {
            named(format!("credentials[{n}].password_file"), &entry.password_file, true);
        }
        for (n, path) in raw.intake.pcap.iter().enumerate() {
            let key = format!("intake.pcap[{n}]");
            files.push(NamedFile { key, path: Ok(source.beside(path)), secret: None });
        }
        Ok(Self {
            site: raw.site(&source)?,
            data_dir: source.beside(&raw.data_dir),
            socket: source.beside(&raw.socket),
            socket_group: raw.socket_group.as_ref().map(|g| g.get_ref().clone()),
            listen: raw.http.listen,
            base: raw.http.base(&source)?,
            interfaces: raw.intake.interfaces(&source)?,
            lab: raw.lab.is_some(),
            users: raw.roles().users,
            files,
        })
    }
}
