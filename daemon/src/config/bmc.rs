//! `[bmc]` and `[[credentials]]`: where BMCs are, and their accounts.

use std::collections::BTreeSet;
use std::path::PathBuf;

use rackhand_adapters::redfish::Credentials;
use rackhand_adapters::tcp::network::Cidr;
use rackhand_core::bmc::Vendor;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use toml::Spanned;

use super::source::{ConfigError, Source};
use crate::keys::Keys;

/// Where BMCs are.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Bmc")]
pub(super) struct RawBmc {
    /// The port BMCs answer at.
    #[serde(default = "https")]
    pub port: u16,
    /// The networks BMCs are in, such as `10.0.4.0/22`. No other address is ever spoken to as a BMC.
    #[schemars(with = "Vec<String>", length(min = 1))]
    pub networks: Spanned<Vec<Spanned<String>>>,
}

const fn https() -> u16 {
    443
}

impl RawBmc {
    pub fn networks(&self, source: &Source<'_>) -> Result<Vec<Cidr>, ConfigError> {
        let mut networks: Vec<Cidr> = Vec::new();
        for text in self.networks.get_ref() {
            let network = text.get_ref().parse().map_err(|e| source.at(text, format!("`{}`: {e}", text.get_ref())))?;
            if networks.contains(&network) {
                return Err(source.at(text, format!("`{network}` is listed twice; keep one")));
            }
            networks.push(network);
        }
        if networks.is_empty() {
            let what = "no network: list those BMCs are in, such as [\"10.0.4.0/22\"]";
            return Err(source.at(&self.networks, what));
        }
        Ok(networks)
    }
}

/// The account of BMCs: for one serial, or for all of a vendor that have none of their own. A password that is
/// refused is not tried again.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Credential")]
pub(super) struct RawCredential {
    /// All BMCs of this vendor.
    #[serde(default)]
    #[schemars(schema_with = "vendors")]
    vendor: Option<Vendor>,
    /// The BMC of the server with this serial.
    serial: Option<String>,
    /// The account's name.
    #[schemars(with = "String")]
    user: Spanned<String>,
    /// The file with its password. `credential:NAME` is what systemd hands over.
    #[schemars(with = "String")]
    pub password_file: Spanned<PathBuf>,
}

pub(super) fn vendors(_: &mut SchemaGenerator) -> Schema {
    let all = [Vendor::Hpe, Vendor::Dell, Vendor::Other];
    let words: Vec<_> = all.iter().filter_map(|v| serde_json::to_value(v).ok()).collect();
    json_schema!({ "type": "string", "enum": words })
}

/// Whose account it is.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Whose {
    Vendor(Vendor),
    Serial(String),
}

impl RawCredential {
    fn whose(&self, source: &Source<'_>) -> Result<Whose, ConfigError> {
        match (self.vendor, &self.serial) {
            (Some(vendor), None) => Ok(Whose::Vendor(vendor)),
            (None, Some(serial)) => Ok(Whose::Serial(serial.to_uppercase())),
            _ => Err(source.at(&self.user, "a credential is for one vendor or one serial; give one of the two")),
        }
    }
}

/// Whether each account is somebody's, and nobody's twice.
pub(super) fn check(source: &Source<'_>, raw: &[RawCredential]) -> Result<(), ConfigError> {
    let mut seen = BTreeSet::new();
    for entry in raw {
        if !seen.insert(entry.whose(source)?) {
            return Err(source.at(&entry.user, "a second credential for the same vendor or serial; keep one"));
        }
    }
    Ok(())
}

/// The accounts with their passwords; call [`check`] before.
pub(super) fn keys(source: &Source<'_>, raw: &[RawCredential]) -> Result<Keys, ConfigError> {
    let mut keys = Keys::default();
    for entry in raw {
        let account =
            Credentials { user: entry.user.get_ref().as_str().into(), password: source.secret(&entry.password_file)? };
        match entry.whose(source)? {
            Whose::Vendor(vendor) => drop(keys.by_vendor.insert(vendor, account)),
            Whose::Serial(serial) => drop(keys.by_serial.insert(serial, account)),
        }
    }
    Ok(keys)
}
