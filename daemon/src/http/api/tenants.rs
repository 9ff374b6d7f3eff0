//! Who the tenants are, by their tokens, and how much each token may ask.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rackhand_core::bmc::Fingerprint;
use rackhand_core::id::SiteId;
use rackhand_core::secret::Secret;
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;

use super::super::{hash, same};

/// Requests that a token may make at once, having been silent for long enough.
const BURST: u32 = 30;
const MICROS: u64 = 1_000_000;

/// All tenants. Tokens are held as hashes only.
#[derive(Clone)]
pub struct Tenants {
    tokens: Arc<Vec<Token>>,
    /// The site of orders that name none.
    pub site: SiteId,
    /// Microseconds for which one request counts.
    each: u64,
}

struct Token {
    hash: Fingerprint,
    tenant: Text,
    /// When its bucket is full again.
    full: Mutex<Timestamp>,
}

impl Default for Tenants {
    fn default() -> Self {
        Self::new(SiteId::new(""), 60, Vec::new())
    }
}

impl fmt::Debug for Tenants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.tokens.iter().map(|t| &t.tenant)).finish()
    }
}

impl Tenants {
    /// These tenants with their tokens, each of which may make so many requests a minute.
    pub fn new(site: SiteId, per_minute: u32, tokens: Vec<(Text, Secret)>) -> Self {
        let token = |(tenant, secret): (Text, Secret)| Token {
            hash: hash(secret.reveal()),
            tenant,
            full: Mutex::new(Timestamp::default()),
        };
        let each = 60 * MICROS / u64::from(per_minute.max(1));
        Self { tokens: Arc::new(tokens.into_iter().map(token).collect()), site, each }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// Whose token has this hash, and its place. All are compared, whichever it is.
    pub(super) fn of(&self, shown: &Fingerprint) -> Option<(usize, Text)> {
        let mut found = None;
        for (place, token) in self.tokens.iter().enumerate() {
            if same(&token.hash.0, &shown.0) {
                found = Some(place);
            }
        }
        found.map(|place| (place, self.tokens[place].tenant.clone()))
    }

    /// Takes one from the token's bucket, or says in how many seconds there is one again.
    pub(super) fn admit(&self, place: usize, now: Timestamp) -> Result<(), u64> {
        let Some(token) = self.tokens.get(place) else { return Err(1) };
        let mut full = token.full.lock().unwrap_or_else(PoisonError::into_inner);
        let each = std::time::Duration::from_micros(self.each);
        let begun = (*full).max(now);
        let owed = (begun + each).since(now);
        let most = each * BURST;
        if owed > most {
            return Err((owed.saturating_sub(most)).as_secs() + 1);
        }
        *full = begun + each;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_token_may_ask_in_a_burst_and_then_at_its_pace() {
        let tokens = vec![("acme".into(), Secret::new("a")), ("beta".into(), Secret::new("b"))];
        let tenants = Tenants::new(SiteId::new("fra1"), 60, tokens);
        let mut now = Timestamp::from_secs(1_795_000_000);
        for n in 0..BURST {
            assert_eq!(tenants.admit(0, now), Ok(()), "{n}");
        }
        assert_eq!(tenants.admit(0, now), Err(2));
        assert_eq!(tenants.admit(1, now), Ok(()), "another's bucket is its own");
        now = now + Duration::from_secs(1);
        assert_eq!((tenants.admit(0, now), tenants.admit(0, now).is_err()), (Ok(()), true));
        now = now + Duration::from_hours(1);
        assert_eq!((0..100).filter(|_| tenants.admit(0, now).is_ok()).count(), BURST as usize);
    }

    #[test]
    fn a_token_is_known_by_its_hash_and_never_shown() {
        let tokens = vec![("acme".into(), Secret::new("calvin")), ("acme".into(), Secret::new("hobbes"))];
        let tenants = Tenants::new(SiteId::new("fra1"), 60, tokens);
        for (token, place) in [("calvin", Some(0)), ("hobbes", Some(1)), ("Calvin", None), ("", None)] {
            assert_eq!(tenants.of(&hash(token)).map(|f| f.0), place, "{token}");
        }
        assert_eq!(format!("{tenants:?}"), "[\"acme\", \"acme\"]");
    }
}
