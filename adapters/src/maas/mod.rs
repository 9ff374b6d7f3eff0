//! Canonical MAAS, API 2.0: the leases its DHCP servers gave. MAAS does not page; what it sends is bounded instead.

mod wire;

use std::sync::Arc;
use std::time::Duration;

use hyper::StatusCode;
use hyper::header::{ACCEPT, AUTHORIZATION, HeaderValue};
use rackhand_core::discovery::lease::LeaseEvent;
use rackhand_core::fault::{Fault, Kind, System};
use rackhand_core::secret::Secret;

use crate::http::{Call, Client, Limits};
use crate::port::clock::Clock;
use crate::port::dial::{Dial, Target};

/// A list has some 2 KiB for each address: this is 16,000 of them.
const LIMITS: Limits = Limits { answer: Duration::from_secs(60), body: 32 << 20, depth: 32, ..Limits::STANDARD };

/// Where MAAS is and how we log in.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Host, port and trust.
    pub target: Target,
    /// What stands before `/api/2.0`; usually `/MAAS`.
    pub base: String,
    /// Our key.
    pub key: Key,
}

/// An administrator's API key, as MAAS shows it: `consumer:token:secret`.
#[derive(Clone, Debug)]
pub struct Key {
    consumer: String,
    token: String,
    secret: Secret,
}

impl Key {
    /// Takes a key apart; `None` where it is none. Its parts are letters and digits, which need no escape.
    pub fn parse(key: &Secret) -> Option<Self> {
        let parts: Vec<&str> = key.reveal().split(':').collect();
        let good = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric());
        match parts[..] {
            [consumer, token, secret] if parts.iter().all(good) => {
                Some(Self { consumer: consumer.to_owned(), token: token.to_owned(), secret: Secret::new(secret) })
            }
            _ => None,
        }
    }

    /// OAuth 1.0 (RFC 5849, 3.4.4) by plain text: no consumer secret, an ampersand, the token's secret.
    fn header(&self, nonce: &str, secs: i64) -> Option<HeaderValue> {
        let (consumer, token, secret) = (&self.consumer, &self.token, self.secret.reveal());
        let mut header = HeaderValue::from_str(&format!(
            "OAuth oauth_version=\"1.0\", oauth_signature_method=\"PLAINTEXT\", oauth_consumer_key=\"{consumer}\", \
             oauth_token=\"{token}\", oauth_signature=\"%26{secret}\", oauth_nonce=\"{nonce}\", \
             oauth_timestamp=\"{secs}\""
        ))
        .ok()?;
        header.set_sensitive(true);
        Some(header)
    }
}

/// MAAS.
#[derive(Clone)]
pub struct Maas {
    client: Client,
    settings: Settings,
}

impl Maas {
    /// MAAS at the place the settings name. Nothing is sent yet.
    pub fn new(dial: Arc<dyn Dial>, clock: Clock, settings: Settings) -> Self {
        Self { client: Client { dial, clock, limits: LIMITS, system: System::Maas }, settings }
    }

    /// All addresses its DHCP servers have given, with the MACs that have them. `nonce` must be fresh: letters and
    /// digits. MAAS refuses a request whose time is minutes off its own.
    ///
    /// # Errors
    /// [`Kind::Unauthorised`] for a key MAAS does not take or that is no administrator's, and for a clock that is off;
    /// [`Kind::Rejected`] for a redirection, which would lose the signature; otherwise as the connection fails.
    pub async fn leases(&self, nonce: &str) -> Result<Vec<LeaseEvent>, Fault> {
        let path = format!("{}/api/2.0/ipaddresses/?all=true", self.settings.base);
        let secs = self.client.clock.now().as_micros().div_euclid(1_000_000);
        let header = self.settings.key.header(nonce, secs);
        let header = header.ok_or_else(|| self.client.fault(Kind::Rejected, "the nonce is no word"))?;
        let mut connection = self.client.connect(&self.settings.target).await?;
        let call = Call::get(&path).header(AUTHORIZATION, header);
        let call = call.header(ACCEPT, HeaderValue::from_static("application/json"));
        let answer = connection.send(call).await?;
        let fault = |kind, what: String| self.client.fault(kind, what);
        match answer.status {
            StatusCode::OK => {}
            status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
                let advice = "use an administrator's API key, and hold the clocks of both hosts to the same time";
                let what = format!("{}: {}", status.as_u16(), answer.excerpt());
                return Err(fault(Kind::Unauthorised, what).advise(advice));
            }
            status if status.is_redirection() => {
                let to = answer.headers.get("location").and_then(|l| l.to_str().ok()).unwrap_or("elsewhere");
                let what = format!("{} to {to}: a signature does not outlast that", status.as_u16());
                return Err(fault(Kind::Rejected, what).advise("give the address it leads to under [maas] url"));
            }
            status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
                return Err(fault(Kind::Transient, format!("{}: {}", status.as_u16(), answer.excerpt())));
            }
            status => return Err(fault(Kind::Rejected, format!("{}: {}", status.as_u16(), answer.excerpt()))),
        }
        let list = answer.json(LIMITS.depth).map_err(|what| fault(Kind::Malformed, what.to_string()))?;
        wire::leases(&list).map_err(|what| fault(Kind::Malformed, what.to_owned()))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_three_parts_and_is_signed_with_the_last() {
        let key = Key::parse(&Secret::new("cons:tok:sec")).unwrap();
        let header = key.header("abc", 1_795_000_000).unwrap();
        assert!(header.is_sensitive());
        assert_eq!(
            header.to_str().unwrap(),
            "OAuth oauth_version=\"1.0\", oauth_signature_method=\"PLAINTEXT\", oauth_consumer_key=\"cons\", \
             oauth_token=\"tok\", oauth_signature=\"%26sec\", oauth_nonce=\"abc\", oauth_timestamp=\"1795000000\""
        );
        assert!(!format!("{key:?}").contains("sec\""), "{key:?}");
        for bad in ["", "a:b", "a:b:c:d", "a::c", "a:b:c\"", "a:b:c d"] {
            assert!(Key::parse(&Secret::new(bad)).is_none(), "{bad}");
        }
    }
}
