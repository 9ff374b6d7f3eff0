//! `[netbox]`: where NetBox is, how we and it prove who we are, and its words for our stages.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;

use rackhand_adapters::netbox;
use rackhand_adapters::port::dial::{Target, Trust};
use rackhand_adapters::tcp::Tcp;
use rackhand_adapters::tcp::network::{Cidr, Networks};
use rackhand_core::id::SiteId;
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::policy::Policy;
use rackhand_core::text::Text;
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::source::{ConfigError, Source};

/// Where NetBox is.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Netbox")]
pub(super) struct RawNetbox {
    /// What stands before `/api`. http is taken only for this host and for management networks.
    #[schemars(with = "String", regex(pattern = "^https?://"))]
    pub url: Spanned<String>,
    /// The file with the API token: 40 characters, or `nbt_KEY.SECRET` since NetBox 4.5. `credential:NAME` is what
    /// systemd hands over.
    #[schemars(with = "String")]
    pub token_file: Spanned<PathBuf>,
    /// The authority that signed NetBox's certificate, in PEM. Needed with https; the system's authorities are never
    /// used.
    #[schemars(with = "Option<String>")]
    pub ca_file: Option<Spanned<PathBuf>>,
    /// Whether NetBox has no statuses `discovered` and `ready`; `lifecycle_state` then stands for them.
    #[serde(default)]
    pub stock_statuses: bool,
    /// The status a device is given in a stage, where it is not the usual one.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    pub statuses: BTreeMap<String, Spanned<String>>,
    /// The slug of the tenant that holds servers from `staged` to `ready`.
    #[schemars(with = "Option<String>")]
    pub staging_tenant: Option<Spanned<String>>,
}

impl RawNetbox {
    /// The usual policy for this site, with the statuses and the tenant that are set here.
    pub fn policy(&self, source: &Source<'_>, site: SiteId) -> Result<Policy, ConfigError> {
        let mut policy = if self.stock_statuses { Policy::stock(site) } else { Policy::standard(site) };
        for (word, status) in &self.statuses {
            let stage = Stage::ALL.iter().find(|stage| stage.word() == word).ok_or_else(|| {
                source.at(status, format!("`{word}` is no stage; `rackhand explain lifecycle` lists them"))
            })?;
            policy.statuses.insert(*stage, slug(source, status)?);
        }
        if let Some(tenant) = &self.staging_tenant {
            policy.staging_tenant = slug(source, tenant)?;
        }
        Ok(policy)
    }

    /// Where to, and what stands before `/api`.
    pub fn target(&self, source: &Source<'_>, networks: &[Cidr]) -> Result<(Target, String), ConfigError> {
        let (target, base) = guarded_url(source, &self.url, networks)?;
        if target.trust == Trust::Authorities && self.ca_file.is_none() {
            let what = "https needs ca_file: a PEM file with the certificate of the authority that signed NetBox's";
            return Err(source.at(&self.url, what));
        }
        Ok((target, base))
    }

    /// The same with the token.
    pub fn settings(&self, source: &Source<'_>, networks: &[Cidr]) -> Result<netbox::Settings, ConfigError> {
        let (target, base) = self.target(source, networks)?;
        let secret = source.secret(&self.token_file)?;
        let token =
            if secret.reveal().starts_with("nbt_") { netbox::Token::V2(secret) } else { netbox::Token::V1(secret) };
        Ok(netbox::Settings { target, base, token })
    }

    /// Streams to the outside, by the authorities NetBox's certificate is checked with.
    pub fn dialler(&self, source: &Source<'_>, networks: Vec<Cidr>) -> Result<Tcp, ConfigError> {
        let Some(path) = &self.ca_file else {
            return Tcp::new(None, networks).map_err(|e| source.error(None, e.to_string()));
        };
        let pem = source.content(path)?;
        Tcp::new(Some(&pem), networks).map_err(|e| source.at(path, e.to_string()))
    }
}

/// A value as NetBox writes slugs and statuses.
fn slug(source: &Source<'_>, text: &Spanned<String>) -> Result<Text, ConfigError> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let value = text.get_ref();
    if value.is_empty() || value.len() > 50 || !value.chars().all(fits) {
        let what = "NetBox's value, not its label: letters, digits, - and _, 50 at the most";
        return Err(source.at(text, what));
    }
    Ok(Text::new(value))
}

/// A URL, and that what we log in with does not cross the network in the clear.
pub(super) fn guarded_url(
    source: &Source<'_>,
    url: &Spanned<String>,
    networks: &[Cidr],
) -> Result<(Target, String), ConfigError> {
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
