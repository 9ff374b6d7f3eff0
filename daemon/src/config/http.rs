//! `[http]`: where machines fetch boot scripts and send reports.

use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::source::{ConfigError, Source};

/// Where machines fetch boot scripts and send their reports.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Http")]
pub(super) struct RawHttp {
    /// Address and port the daemon listens at, such as `0.0.0.0:8080`.
    #[schemars(with = "String")]
    pub listen: SocketAddr,
    /// How machines reach it, such as `http://10.0.0.5:8080`; it goes into the boot scripts.
    #[schemars(with = "String", regex(pattern = "^https?://"))]
    pub base: Spanned<String>,
}

impl RawHttp {
    /// The base without a slash at its end.
    pub fn base(&self, source: &Source<'_>) -> Result<String, ConfigError> {
        let base = self.base.get_ref().trim_end_matches('/');
        let uri = base.parse::<hyper::Uri>().ok();
        let host = uri.as_ref().and_then(|u| u.host()).is_some_and(|h| !h.is_empty());
        let scheme = base.starts_with("http://") || base.starts_with("https://");
        if !scheme || !host || base.contains(['?', '@', '#']) {
            let what = "not a base URL: give where machines reach this daemon, such as http://10.0.0.5:8080";
            return Err(source.at(&self.base, what));
        }
        Ok(base.to_owned())
    }
}
