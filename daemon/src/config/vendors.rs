//! `[vendors.NAME]`: who sells us servers, and how each is spoken to.

use std::collections::BTreeMap;
use std::path::PathBuf;

use rackhand_adapters::port::dial::{Target, Trust};
use rackhand_adapters::tcp::Tcp;
use rackhand_adapters::tcp::network::Cidr;
use rackhand_adapters::vendor::partner;
use rackhand_core::procurement::paper::SellerId;
use rackhand_core::text::Text;
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::netbox::guarded_url;
use super::source::{ConfigError, Source};

/// Letters of a vendor's title at most: it heads a column.
const TITLE: usize = 40;

/// A vendor, spoken to by its partner API.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Vendor")]
pub(super) struct RawVendor {
    /// How it is spoken to: `hpe` or `dell`, by that partner API.
    #[schemars(with = "Kind")]
    kind: Spanned<Kind>,
    /// What people call it. Default: its name here.
    #[schemars(with = "Option<String>", length(max = 40))]
    title: Option<Spanned<String>>,
    /// What stands before the API's paths. http is taken only for this host and for management networks.
    #[schemars(with = "Option<String>", regex(pattern = "^https?://"))]
    url: Option<Spanned<String>>,
    /// Where tokens come from, where that is not under `url`.
    #[schemars(with = "Option<String>", regex(pattern = "^https?://"))]
    token_url: Option<Spanned<String>>,
    /// Our name with the API.
    #[schemars(with = "Option<String>")]
    client: Option<Spanned<String>>,
    /// The file with our secret. `credential:NAME` is what systemd hands over.
    #[schemars(with = "Option<String>")]
    pub secret_file: Option<Spanned<PathBuf>>,
    /// The authorities that sign this vendor's certificate, in PEM. Default: that of `[netbox] ca_file`.
    #[schemars(with = "Option<String>")]
    pub ca_file: Option<Spanned<PathBuf>>,
}

/// How a vendor is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Kind {
    /// HPE's partner API.
    Hpe,
    /// Dell's partner API.
    Dell,
}

/// A vendor with all it takes to speak to it.
#[derive(Debug)]
pub struct Vendor {
    /// What people call it.
    pub title: Text,
    /// How it is spoken to.
    pub channel: Channel,
    /// Streams by this vendor's own authorities; `None` is by those of all.
    pub dial: Option<Tcp>,
}

/// How a vendor is spoken to, with the settings for it.
#[derive(Clone, Debug)]
pub enum Channel {
    /// A partner API.
    Partner(partner::Settings),
}

impl RawVendor {
    fn title(&self, source: &Source<'_>, id: SellerId) -> Result<Text, ConfigError> {
        let Some(title) = &self.title else { return Ok(Text::new(id.as_str())) };
        if title.get_ref().trim().is_empty() || title.get_ref().chars().count() > TITLE {
            return Err(source.at(title, format!("not a title: give 1 to {TITLE} letters")));
        }
        Ok(Text::new(title.get_ref()))
    }

    /// The API's place and our name there, without any file.
    fn partner(
        &self,
        source: &Source<'_>,
        networks: &[Cidr],
        authority: bool,
    ) -> Result<(Target, String, Option<(Target, String)>, String), ConfigError> {
        let url = |url: &Spanned<String>| {
            let (target, base) = guarded_url(source, url, networks)?;
            if target.trust == Trust::Authorities && !authority && self.ca_file.is_none() {
                let what = "https needs ca_file: a PEM file with the authorities that sign this vendor's certificate";
                return Err(source.at(url, what));
            }
            Ok((target, base))
        };
        let (Some(base), Some(client)) = (&self.url, &self.client) else {
            return Err(self.incomplete(source));
        };
        if self.secret_file.is_none() {
            return Err(self.incomplete(source));
        }
        if client.get_ref().is_empty() {
            return Err(source.at(client, "no name: give the client id the vendor gave us"));
        }
        let (target, base) = url(base)?;
        Ok((target, base, self.token_url.as_ref().map(url).transpose()?, client.get_ref().clone()))
    }

    fn incomplete(&self, source: &Source<'_>) -> ConfigError {
        source.at(&self.kind, "a partner API needs url, client and secret_file")
    }

    fn read(
        &self,
        source: &Source<'_>,
        id: SellerId,
        networks: &[Cidr],
        authority: bool,
    ) -> Result<Vendor, ConfigError> {
        let (target, base, token, client) = self.partner(source, networks, authority)?;
        let Some(secret) = &self.secret_file else { return Err(self.incomplete(source)) };
        let dialect = match self.kind.get_ref() {
            Kind::Hpe => partner::Dialect::Hpe,
            Kind::Dell => partner::Dialect::Dell,
        };
        let settings = partner::Settings { target, base, token, client, secret: source.secret(secret)?, dialect };
        let dial = self.ca_file.as_ref().map(|path| {
            let pem = source.content(path)?;
            Tcp::new(Some(&pem), networks.to_vec()).map_err(|e| source.at(path, e.to_string()))
        });
        let (title, dial) = (self.title(source, id)?, dial.transpose()?);
        Ok(Vendor { title, channel: Channel::Partner(settings), dial })
    }
}

/// All vendors by their names.
pub(super) type RawVendors = BTreeMap<Spanned<String>, RawVendor>;

fn id(source: &Source<'_>, name: &Spanned<String>) -> Result<SellerId, ConfigError> {
    name.get_ref().parse().map_err(|e: &str| source.at(name, e))
}

/// Whether all vendors are well described, without looking at any file.
pub(super) fn check(
    source: &Source<'_>,
    raw: &RawVendors,
    networks: &[Cidr],
    authority: bool,
) -> Result<(), ConfigError> {
    for (name, vendor) in raw {
        vendor.title(source, id(source, name)?)?;
        vendor.partner(source, networks, authority)?;
    }
    Ok(())
}

/// All vendors with their secrets; call [`check`] before.
pub(super) fn read(
    source: &Source<'_>,
    raw: &RawVendors,
    networks: &[Cidr],
    authority: bool,
) -> Result<BTreeMap<SellerId, Vendor>, ConfigError> {
    let each = raw.iter().map(|(name, vendor)| {
        let id = id(source, name)?;
        Ok((id, vendor.read(source, id, networks, authority)?))
    });
    each.collect()
}
