//! Logins: sessions with a cap and a timeout, wrong passwords counted, lockout.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use rackhand_core::time::Timestamp;
use sha2::{Digest, Sha256};

/// Without a request for this long a session ends.
const IDLE: Duration = Duration::from_mins(30);

/// How long a lockout lasts.
const LOCKED: Duration = Duration::from_mins(10);

/// Sessions by id.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    open: BTreeMap<u64, Open>,
    next: u64,
    bad_in_a_row: u32,
    locked_until: Option<Timestamp>,
}

#[derive(Debug)]
struct Open {
    token: String,
    account: u32,
    used: Timestamp,
}

/// How a login ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Login {
    /// The session's id and token.
    Opened(u64, String),
    /// User or password is wrong, or the account is locked.
    Refused,
    /// No session is free.
    Full,
}

impl Sessions {
    /// Ends the idle ones.
    pub(super) fn expire(&mut self, now: Timestamp) {
        self.open.retain(|_, s| now.since(s.used) < IDLE);
    }

    /// One proof of who asks. `lockout` wrong ones in a row lock all accounts for ten minutes, for the right password
    /// too.
    pub(super) fn proves(&mut self, account: Option<u32>, lockout: u32, now: Timestamp) -> Option<u32> {
        let locked = self.locked_until.is_some_and(|until| now < until);
        if account.is_none() || locked {
            self.bad_in_a_row += 1;
            if self.bad_in_a_row >= lockout && !locked {
                self.locked_until = Some(now + LOCKED);
            }
            return None;
        }
        account
    }

    /// One login.
    pub(super) fn log_in(
        &mut self,
        account: Option<u32>,
        cap: usize,
        lockout: u32,
        seed: u64,
        now: Timestamp,
    ) -> Login {
        let Some(account) = self.proves(account, lockout, now) else { return Login::Refused };
        if self.open.len() >= cap {
            return Login::Full;
        }
        self.bad_in_a_row = 0;
        self.locked_until = None;
        self.next += 1;
        let id = self.next;
        let token = Sha256::digest(format!("{seed} {id}")).iter().take(16).fold(String::new(), |mut token, octet| {
            // Writing to a String does not fail.
            let _ = write!(token, "{octet:02x}");
            token
        });
        self.open.insert(id, Open { token: token.clone(), account, used: now });
        Login::Opened(id, token)
    }

    /// Opens a session nobody closes, as other tools leave them.
    pub(super) fn occupy(&mut self, now: Timestamp) {
        self.next += 1;
        self.open.insert(self.next, Open { token: String::new(), account: 0, used: now });
    }

    /// The account of an open session with this token, which then counts as used.
    pub(super) fn admits(&mut self, token: &str, now: Timestamp) -> Option<u32> {
        let found = self.open.values_mut().find(|s| !s.token.is_empty() && s.token == token)?;
        found.used = now;
        Some(found.account)
    }

    /// The sessions with their accounts.
    pub(super) fn all(&self) -> impl Iterator<Item = (u64, u32)> {
        self.open.iter().map(|(id, open)| (*id, open.account))
    }

    /// Closes a session; `false` where there is none of that id.
    pub(super) fn close(&mut self, id: u64) -> bool {
        self.open.remove(&id).is_some()
    }

    /// How many are open.
    pub(super) fn count(&self) -> usize {
        self.open.len()
    }

    /// Whether the account is locked.
    pub(super) fn locked(&self, now: Timestamp) -> bool {
        self.locked_until.is_some_and(|until| now < until)
    }
}
