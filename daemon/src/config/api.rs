//! `[api]`: the tenants that may order by HTTP.

use std::path::PathBuf;

use rackhand_core::id::SiteId;
use rackhand_core::policy::Quota;
use rackhand_core::text::Text;
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::source::{ConfigError, Source};
use crate::http::Tenants;

/// Requests that a token may make each minute, if nothing is said.
const PACE: u32 = 120;
/// Characters of a token at the least.
const TOKEN: usize = 32;

/// Orders by HTTP, at `/api/v1`. Without tenants none are taken.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Api")]
pub(super) struct RawApi {
    /// Requests that each token may make in a minute. Default: 120.
    #[schemars(with = "Option<u32>", range(min = 1))]
    per_minute: Option<Spanned<u32>>,
    /// Servers in one order of a tenant at the most. Default: 200.
    #[schemars(range(min = 1))]
    most_per_order: Option<u32>,
    /// Servers that a tenant may have on order at the most. Default: 1000.
    #[schemars(range(min = 1))]
    most_on_order: Option<u32>,
    /// Who may order, each for itself only.
    #[serde(default)]
    tenants: Vec<RawTenant>,
}

/// A tenant.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Tenant")]
struct RawTenant {
    /// Its slug in NetBox.
    #[schemars(with = "String", regex(pattern = "^[A-Za-z0-9_-]{1,100}$"))]
    tenant: Spanned<String>,
    /// The files with its tokens, each of at least 32 characters. Two of them make a change without a gap.
    #[schemars(with = "Vec<String>", length(min = 1))]
    token_files: Vec<Spanned<PathBuf>>,
}

impl RawApi {
    /// All that can be checked without another file.
    pub fn check(&self, source: &Source<'_>) -> Result<(), ConfigError> {
        if let Some(pace) = self.per_minute.as_ref().filter(|p| *p.get_ref() == 0) {
            return Err(source.at(pace, "per_minute is at least 1; leave the tenants out where none may order"));
        }
        for (n, entry) in self.tenants.iter().enumerate() {
            let slug = entry.tenant.get_ref();
            let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            if slug.is_empty() || slug.len() > 100 || !slug.chars().all(fits) {
                return Err(source.at(&entry.tenant, "not a tenant: give its NetBox slug"));
            }
            if self.tenants[..n].iter().any(|other| other.tenant.get_ref() == slug) {
                return Err(source.at(&entry.tenant, format!("`{slug}` is there twice; name all its tokens in one")));
            }
            if entry.token_files.is_empty() {
                return Err(source.at(&entry.tenant, "no token: name a file with one under token_files"));
            }
        }
        Ok(())
    }

    /// How much a tenant may order.
    pub fn quota(&self) -> Quota {
        let Quota { order, open } = Quota::default();
        Quota { order: self.most_per_order.unwrap_or(order), open: self.most_on_order.unwrap_or(open) }
    }

    /// The tenants with their tokens; call [`RawApi::check`] before.
    pub fn tenants(&self, source: &Source<'_>, site: SiteId) -> Result<Tenants, ConfigError> {
        let mut tokens: Vec<(Text, rackhand_core::secret::Secret)> = Vec::new();
        for entry in &self.tenants {
            for file in &entry.token_files {
                let token = source.secret(file)?;
                if token.reveal().len() < TOKEN {
                    let what = "the token has less than 32 characters: make one by `openssl rand -hex 32`";
                    return Err(source.at(file, what));
                }
                if tokens.iter().any(|(_, other)| other.reveal() == token.reveal()) {
                    return Err(source.at(file, "the token is there twice; make another by `openssl rand -hex 32`"));
                }
                tokens.push((entry.tenant.get_ref().as_str().into(), token));
            }
        }
        let pace = self.per_minute.as_ref().map_or(PACE, |p| *p.get_ref());
        Ok(Tenants::new(site, pace, tokens))
    }

    /// The files with tokens, each with the key that names it.
    pub fn files(&self) -> impl Iterator<Item = (String, &Spanned<PathBuf>)> {
        self.tenants.iter().enumerate().flat_map(|(n, entry)| {
            let key = move |m: usize| format!("api.tenants[{n}].token_files[{m}]");
            entry.token_files.iter().enumerate().map(move |(m, file)| (key(m), file))
        })
    }
}
