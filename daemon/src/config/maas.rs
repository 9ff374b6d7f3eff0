//! `[maas]`: a MAAS whose leases are asked for, where it runs the DHCP server.

use std::path::PathBuf;
use std::time::Duration;

use rackhand_adapters::maas::{Key, Settings};
use rackhand_adapters::port::dial::{Target, Trust};
use rackhand_adapters::tcp::network::Cidr;
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::netbox::{RawNetbox, guarded};
use super::source::{ConfigError, Source};

/// MAAS lists all addresses each time, so it is not asked more often than this, in seconds.
const LEAST: u64 = 10;

/// A MAAS whose leases are asked for.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Maas")]
pub(super) struct RawMaas {
    /// What stands before `/api`. http is taken only for this host and for management networks.
    #[schemars(with = "String", regex(pattern = "^https?://"))]
    pub url: Spanned<String>,
    /// The file with the API key: three words with colons between them.
    #[schemars(with = "String")]
    pub key_file: Spanned<PathBuf>,
    /// How often it is asked, in seconds; 60 without this key.
    #[serde(default = "each_minute")]
    #[schemars(with = "Option<u64>", range(min = 10))]
    pub poll: Spanned<u64>,
}

fn each_minute() -> Spanned<u64> {
    Spanned::new(0..0, 60)
}

impl RawMaas {
    /// Where to, what stands before `/api`, and how often.
    pub fn target(
        &self,
        source: &Source<'_>,
        netbox: &RawNetbox,
        networks: &[Cidr],
    ) -> Result<(Target, String, Duration), ConfigError> {
        let (target, base) = guarded(source, &self.url, networks)?;
        if target.trust == Trust::Authorities && netbox.ca_file.is_none() {
            let what = "https needs [netbox] ca_file: a PEM file with the authority that signed MAAS's certificate too";
            return Err(source.at(&self.url, what));
        }
        let poll = *self.poll.get_ref();
        if poll < LEAST {
            return Err(source.at(&self.poll, format!("poll is in seconds, and at least {LEAST}")));
        }
        Ok((target, base, Duration::from_secs(poll)))
    }

    /// The same with the key.
    pub fn settings(
        &self,
        source: &Source<'_>,
        netbox: &RawNetbox,
        networks: &[Cidr],
    ) -> Result<(Settings, Duration), ConfigError> {
        let (target, base, poll) = self.target(source, netbox, networks)?;
        let key = Key::parse(&source.secret(&self.key_file)?)
            .ok_or_else(|| source.at(&self.key_file, "not an API key of MAAS: three words with colons between them"))?;
        Ok((Settings { target, base, key }, poll))
    }
}
