//! Client credentials (OAuth 2.0, RFC 6749, 4.4): a token for a secret, kept while it lasts, fetched once more when it
//! is refused.

use std::time::Duration;

use hyper::header::AUTHORIZATION;
use hyper::{Method, StatusCode};
use rackhand_core::fault::{Fault, Kind};
use rackhand_core::purchase::paper::Carrier;
use rackhand_core::secret::Secret;
use serde_json::Value;

use super::{Account, Carriers, sensitive};
use crate::http::{Answer, Call, basic, percent_encoded};

/// A token is not used in the last minute of its life.
const MARGIN: u64 = 60;
/// No token is kept longer than this, whatever it says, in seconds.
const LONGEST: u64 = 86_400;
/// Octets of a token at most. UPS's and FedEx's are some 1,500.
const MAX_TOKEN: usize = 8_192;

/// How an account's secret is sent: UPS's in a header (its OpenAPI says so), FedEx's in the form.
const fn in_header(carrier: Carrier) -> bool {
    matches!(carrier, Carrier::Ups)
}

impl Account {
    /// RFC 7617.
    fn basic(&self) -> Secret {
        basic(&self.client_id, &self.secret)
    }
}

/// All that an account's secret looks like on the wire.
pub(super) fn faces(account: &Account) -> [String; 3] {
    let secret = account.secret.reveal();
    [secret.to_owned(), account.basic().reveal().to_owned(), percent_encoded(secret)]
}

impl Carriers {
    /// Sends a call with a token. One that is refused is fetched anew, once: carriers end tokens when they like.
    pub(super) async fn authorised(
        &self,
        carrier: Carrier,
        account: &Account,
        call: Call<'_>,
    ) -> Result<Answer, Fault> {
        let kept = self.memory().token(carrier, self.client.clock.now());
        let fresh = kept.is_none();
        let token = match kept {
            Some(token) => token,
            None => self.token(carrier, account).await?,
        };
        let answer = self.send(&account.target, self.bearing(carrier, call.clone(), &token)?).await?;
        if answer.status != StatusCode::UNAUTHORIZED || fresh {
            return Ok(answer);
        }
        let token = self.token(carrier, account).await?;
        self.send(&account.target, self.bearing(carrier, call, &token)?).await
    }

    fn bearing<'a>(&self, carrier: Carrier, call: Call<'a>, token: &Secret) -> Result<Call<'a>, Fault> {
        let value = sensitive(&format!("Bearer {}", token.reveal()));
        let value = value.ok_or_else(|| self.fault(Kind::Malformed, format!("{carrier}: its token is no word")))?;
        Ok(call.header(AUTHORIZATION, value))
    }

    pub(super) async fn token(&self, carrier: Carrier, account: &Account) -> Result<Secret, Fault> {
        let base = &account.base;
        let mut form = "grant_type=client_credentials".to_owned();
        let path = match carrier {
            Carrier::Ups => format!("{base}/security/v1/oauth/token"),
            _ => format!("{base}/oauth/token"),
        };
        if !in_header(carrier) {
            let (id, secret) = (percent_encoded(&account.client_id), percent_encoded(account.secret.reveal()));
            form.push_str(&format!("&client_id={id}&client_secret={secret}"));
        }
        let call = Call::new(Method::POST, &path);
        let mut call = call.body("application/x-www-form-urlencoded", form.into());
        if in_header(carrier)
            && let Some(value) = sensitive(&format!("Basic {}", account.basic().reveal()))
        {
            call = call.header(AUTHORIZATION, value);
        }
        let asked = self.client.clock.now();
        let answer = self.send(&account.target, call).await?;
        let json = self.accepted(carrier, &answer)?;
        let token = json["access_token"].as_str().filter(|t| !t.is_empty() && t.len() <= MAX_TOKEN);
        let token = token.ok_or_else(|| self.fault(Kind::Malformed, format!("{carrier}: no access_token")))?;
        let token = Secret::new(token);
        // UPS writes it as text. Where it is missing the token is good for this question.
        let life = match &json["expires_in"] {
            Value::String(text) => text.parse().unwrap_or(0),
            other => other.as_u64().unwrap_or(0),
        };
        let life = Duration::from_secs(life.min(LONGEST).saturating_sub(MARGIN));
        self.memory().keep(carrier, token.clone(), asked + life);
        Ok(token)
    }
}
