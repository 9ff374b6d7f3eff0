//! `[maas]`: where MAAS is, and how often it is asked for leases.

use std::path::PathBuf;
use std::time::Duration;

use rackhand_adapters::maas;
use rackhand_adapters::port::dial::{Target, Trust};
use rackhand_adapters::tcp::network::Cidr;
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::netbox::guarded_url;
use super::source::{ConfigError, Source};

/// MAAS lists all addresses each time, so it is not asked more often than this, in seconds.
const LEAST: u64 = 10;

/// MAAS, asked for the leases its DHCP servers gave.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Maas")]
pub(super) struct RawMaas {
    /// What stands before `/api/2.0`, the final address. https by the authority of `[netbox] ca_file`; http only for
    /// this host and for management networks.
    #[schemars(with = "String", regex(pattern = "^https?://"))]
    url: Spanned<String>,
    /// The file with an administrator's API key: `consumer:token:secret`.
    #[schemars(with = "String")]
    pub key_file: Spanned<PathBuf>,
    /// Seconds between two questions, at least 10. Default: 60.
    #[schemars(with = "Option<u64>", range(min = 10))]
    poll: Option<Spanned<u64>>,
}

impl RawMaas {
    /// Where to, what stands before `/api/2.0`, and how often; `authority` is whether there is one to check https by.
    pub fn target(
        &self,
        source: &Source<'_>,
        networks: &[Cidr],
        authority: bool,
    ) -> Result<(Target, String, Duration), ConfigError> {
        let (target, base) = guarded_url(source, &self.url, networks)?;
        if target.trust == Trust::Authorities && !authority {
            let what = "https needs [netbox] ca_file: a PEM file with the authority that signed MAAS's certificate too";
            return Err(source.at(&self.url, what));
        }
        let every = match &self.poll {
            Some(poll) if *poll.get_ref() < LEAST => {
                return Err(source.at(poll, format!("poll is in seconds, and at least {LEAST}")));
            }
            poll => poll.as_ref().map_or(60, |poll| *poll.get_ref()),
        };
        Ok((target, base, Duration::from_secs(every)))
    }

    /// The same with the key.
    pub fn settings(
        &self,
        source: &Source<'_>,
        networks: &[Cidr],
        authority: bool,
    ) -> Result<(maas::Settings, Duration), ConfigError> {
        let (target, base, every) = self.target(source, networks, authority)?;
        let key = maas::Key::parse(&source.secret(&self.key_file)?)
            .ok_or_else(|| source.at(&self.key_file, "not an API key of MAAS: three words with colons between them"))?;
        Ok((maas::Settings { target, base, key }, every))
    }
}
