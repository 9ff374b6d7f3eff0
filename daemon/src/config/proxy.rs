//! `[proxy]`: the HTTP proxy by which suppliers and carriers are reached.

use std::env;
use std::path::PathBuf;

use rackhand_adapters::tcp::proxy::Proxy;
use rackhand_core::secret::Secret;
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::source::{ConfigError, Source};

/// The word for the proxy that the daemon's environment names.
const ENVIRONMENT: &str = "environment";

/// The HTTP proxy on the way to the internet: suppliers and carriers under https are reached by it, TLS end to end
/// (CONNECT). NetBox, MAAS, controllers, mail servers and whatever is plain http never are.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Proxy")]
pub(super) struct RawProxy {
    /// The proxy, as `http://proxy.example.com:3128`, with the user before it where it wants one:
    /// `http://rackhand@proxy.example.com:3128`. `environment` takes HTTPS_PROXY (or ALL_PROXY) and NO_PROXY as the daemon
    /// was started with them; without them there is none.
    #[schemars(with = "String")]
    url: Spanned<String>,
    /// The file with that user's password. `credential:NAME` is what systemd hands over.
    #[schemars(with = "Option<String>")]
    pub password_file: Option<Spanned<PathBuf>>,
    /// Who is reached without it: a domain with all that is under it, an address, a network such as `10.0.0.0/8`; with
    /// `:443` behind it for that port only.
    #[serde(default)]
    no_proxy: Vec<String>,
}

impl RawProxy {
    /// What can be checked without another file.
    pub fn check(&self, source: &Source<'_>) -> Result<(), ConfigError> {
        let stand_in = Secret::new("x");
        self.made(source, self.password_file.as_ref().map(|_| &stand_in)).map(drop)
    }

    /// The proxy; `None` where the environment names none.
    pub fn read(&self, source: &Source<'_>) -> Result<Option<Proxy>, ConfigError> {
        let password = self.password_file.as_ref().map(|path| source.secret(path)).transpose()?;
        self.made(source, password.as_ref())
    }

    fn made(&self, source: &Source<'_>, password: Option<&Secret>) -> Result<Option<Proxy>, ConfigError> {
        let given = self.url.get_ref();
        if given != ENVIRONMENT {
            if given.rsplit_once('@').is_some_and(|(user, _)| user.trim_start_matches("http://").contains(':')) {
                return Err(source.at(&self.url, "a password has no place in the URL: give it by password_file"));
            }
            let without = self.no_proxy.iter().map(String::as_str);
            return Proxy::new(given, password, without).map(Some).map_err(|what| source.at(&self.url, what));
        }
        let named =
            |names: [&str; 2]| names.iter().find_map(|name| env::var(name).ok()).filter(|v| !v.trim().is_empty());
        let Some(url) = named(["HTTPS_PROXY", "https_proxy"]).or_else(|| named(["ALL_PROXY", "all_proxy"])) else {
            return Ok(None);
        };
        // curl takes `proxy:3128` for http.
        let url = if url.contains("://") { url } else { format!("http://{url}") };
        let theirs = named(["NO_PROXY", "no_proxy"]).unwrap_or_default();
        let without = self.no_proxy.iter().map(String::as_str).chain(theirs.split(','));
        let made = Proxy::new(&url, password, without);
        made.map(Some).map_err(|what| source.at(&self.url, format!("HTTPS_PROXY of the environment: {what}")))
    }
}
