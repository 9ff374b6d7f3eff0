//! `[carriers]`: the accounts that shipments are tracked with, and how often.

use std::path::PathBuf;
use std::time::Duration;

use rackhand_adapters::carrier::{Account, Key, Settings};
use rackhand_adapters::port::dial::{Target, Trust};
use rackhand_adapters::tcp::Tcp;
use rackhand_adapters::tcp::network::Cidr;
use rackhand_adapters::tcp::proxy::Proxy;
use rackhand_core::secret::Secret;
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::netbox::guarded_url;
use super::source::{ConfigError, Secrets, Source};

/// Carriers scan a parcel a few times a day, and count questions: seconds between two rounds at least.
const LEAST: u64 = 900;
/// Seconds between two rounds, if nothing is said.
const POLL: u64 = 7_200;
/// Questions a day that DHL's accounts begin with.
const DAILY: u32 = 250;

/// The carriers' tracking, as a daemon uses it.
pub struct Carriers {
    /// The accounts.
    pub settings: Settings,
    /// Streams to the carriers, by the authorities their certificates are checked with.
    pub dial: Tcp,
    /// Between two rounds of questions.
    pub every: Duration,
}

/// The accounts that shipments are tracked with. A carrier without one is not asked.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Carriers")]
pub(super) struct RawCarriers {
    /// The authorities that sign the carriers' certificates, in PEM: the public ones, such as a distribution's bundle.
    /// Needed with https; no authority is used that is not named.
    #[schemars(with = "Option<String>")]
    pub ca_file: Option<Spanned<PathBuf>>,
    /// Seconds between two questions for a parcel, at least 900. Default: 7200.
    #[schemars(with = "Option<u64>", range(min = 900))]
    poll: Option<Spanned<u64>>,
    /// UPS: an app on developer.ups.com with the product Tracking. Its API is at `https://onlinetools.ups.com`.
    pub ups: Option<RawAccount>,
    /// FedEx: a project on developer.fedex.com with the Track API. Its API is at `https://apis.fedex.com`.
    pub fedex: Option<RawAccount>,
    /// DHL.
    pub dhl: Option<RawDhl>,
}

/// An account with a carrier: its client ID or API key, and the secret to it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CarrierAccount")]
pub(super) struct RawAccount {
    /// The app's client ID, or the project's API key.
    #[schemars(with = "String", length(min = 1))]
    client_id: Spanned<String>,
    /// The file with the secret to it.
    #[schemars(with = "String")]
    pub secret_file: Spanned<PathBuf>,
    /// Where the API is. Default: the carrier's public one.
    #[schemars(with = "Option<String>", regex(pattern = "^https?://"))]
    base: Option<Spanned<String>>,
}

/// An account with DHL: an app on developer.dhl.com with Shipment Tracking, Unified.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Dhl")]
pub(super) struct RawDhl {
    /// The file with the app's API key.
    #[schemars(with = "String")]
    pub key_file: Spanned<PathBuf>,
    /// Questions in any 24 hours, as DHL allows them. Default: 250, the free first level.
    #[schemars(with = "Option<u32>", range(min = 1))]
    daily: Option<Spanned<u32>>,
    /// Where the API is. Default: `https://api-eu.dhl.com`.
    #[schemars(with = "Option<String>", regex(pattern = "^https?://"))]
    base: Option<Spanned<String>>,
}

impl RawCarriers {
    /// All that can be checked without another file.
    pub fn check(&self, source: &Source<'_>, networks: &[Cidr]) -> Result<(), ConfigError> {
        self.every(source)?;
        self.settings(source, networks, &|_| Ok(Secret::new(""))).map(drop)
    }

    fn every(&self, source: &Source<'_>) -> Result<Duration, ConfigError> {
        match &self.poll {
            Some(poll) if *poll.get_ref() < LEAST => {
                Err(source.at(poll, format!("poll is in seconds, and at least {LEAST}: carriers count questions")))
            }
            poll => Ok(Duration::from_secs(poll.as_ref().map_or(POLL, |poll| *poll.get_ref()))),
        }
    }

    /// Where a carrier is. Without a `base` of its own it is the carrier's public one, and what is wrong with that is
    /// told at its secret.
    fn place(
        &self,
        source: &Source<'_>,
        networks: &[Cidr],
        base: Option<&Spanned<String>>,
        public: &str,
        secret: &Spanned<PathBuf>,
    ) -> Result<(Target, String), ConfigError> {
        let (base, at) = match base {
            Some(base) => (base.clone(), base.span()),
            None => (Spanned::new(secret.span(), public.to_owned()), secret.span()),
        };
        let uri = base.get_ref().parse::<hyper::Uri>().ok();
        if uri.is_none_or(|uri| uri.scheme_str().is_none() || uri.query().is_some()) {
            return Err(source.error(Some(at), format!("not a URL: give the API's address, such as {public}")));
        }
        let (target, path) = guarded_url(source, &base, networks)?;
        if target.trust == Trust::Authorities && self.ca_file.is_none() {
            let what = "https needs [carriers] ca_file: a PEM file with the authorities that sign the carriers' \
                        certificates, such as /etc/ssl/certs/ca-certificates.crt";
            return Err(source.error(Some(at), what));
        }
        Ok((target, path))
    }

    fn settings(&self, source: &Source<'_>, networks: &[Cidr], secrets: &Secrets<'_>) -> Result<Settings, ConfigError> {
        let account = |raw: &RawAccount, public| {
            let client_id = named(source, &raw.client_id)?;
            let (target, base) = self.place(source, networks, raw.base.as_ref(), public, &raw.secret_file)?;
            Ok(Account { target, base, client_id, secret: secrets(&raw.secret_file)? })
        };
        let dhl = self.dhl.as_ref().map(|raw| {
            let daily = raw.daily(source)?;
            let (target, base) = self.place(source, networks, raw.base.as_ref(), DHL, &raw.key_file)?;
            Ok(Key { target, base, key: secrets(&raw.key_file)?, daily })
        });
        let ups = self.ups.as_ref().map(|raw| account(raw, UPS)).transpose()?;
        let fedex = self.fedex.as_ref().map(|raw| account(raw, FEDEX)).transpose()?;
        Ok(Settings { ups, fedex, dhl: dhl.transpose()? })
    }

    /// The accounts with their secrets, and how they are reached.
    pub fn read(&self, source: &Source<'_>, networks: &[Cidr], proxy: Option<Proxy>) -> Result<Carriers, ConfigError> {
        let settings = self.settings(source, networks, &|path| source.secret(path))?;
        let dial = match &self.ca_file {
            None => Tcp::new(None, networks.to_vec()).map_err(|e| source.error(None, e.to_string()))?,
            Some(path) => {
                let pem = source.content(path)?;
                Tcp::new(Some(&pem), networks.to_vec()).map_err(|e| source.at(path, e.to_string()))?
            }
        };
        Ok(Carriers { settings, dial: dial.through(proxy), every: self.every(source)? })
    }

    /// The files it names: key, path, and whether it is a secret.
    pub fn files(&self) -> Vec<(&'static str, &Spanned<PathBuf>, bool)> {
        let ca = self.ca_file.as_ref().map(|path| ("carriers.ca_file", path, false));
        let ups = self.ups.as_ref().map(|ups| ("carriers.ups.secret_file", &ups.secret_file, true));
        let fedex = self.fedex.as_ref().map(|fedex| ("carriers.fedex.secret_file", &fedex.secret_file, true));
        let dhl = self.dhl.as_ref().map(|dhl| ("carriers.dhl.key_file", &dhl.key_file, true));
        [ca, ups, fedex, dhl].into_iter().flatten().collect()
    }
}

const UPS: &str = "https://onlinetools.ups.com";
const FEDEX: &str = "https://apis.fedex.com";
const DHL: &str = "https://api-eu.dhl.com";

impl RawDhl {
    fn daily(&self, source: &Source<'_>) -> Result<u32, ConfigError> {
        match &self.daily {
            Some(daily) if *daily.get_ref() == 0 => {
                Err(source.at(daily, "daily is at least 1; leave [carriers.dhl] out"))
            }
            daily => Ok(daily.as_ref().map_or(DAILY, |daily| *daily.get_ref())),
        }
    }
}

/// A name that fits in a header: no colon (RFC 7617), no blank, nothing that is not ASCII.
fn named(source: &Source<'_>, id: &Spanned<String>) -> Result<String, ConfigError> {
    let good = |b: u8| b.is_ascii_graphic() && b != b':';
    if id.get_ref().is_empty() || !id.get_ref().bytes().all(good) {
        return Err(source.at(id, "not a client ID: give it as the carrier's developer site shows it"));
    }
    Ok(id.get_ref().clone())
}
