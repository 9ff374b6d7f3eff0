//! Logins: sessions with a cap and a timeout, wrong passwords counted, lockout.

use std::collections::BTreeMap;
use std::time::Duration;

use rackhand_core::time::Timestamp;

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

    /// One attempt. `lockout` wrong ones in a row lock the account for ten minutes, for the right password too.
    pub(super) fn log_in(&mut self, right: bool, cap: usize, lockout: u32, seed: u64, now: Timestamp) -> Login {
        let locked = self.locked_until.is_some_and(|until| now < until);
        if !right || locked {
            self.bad_in_a_row += 1;
            if self.bad_in_a_row >= lockout && !locked {
                self.locked_until = Some(now + LOCKED);
            }
            return Login::Refused;
        }
        if self.open.len() >= cap {
            return Login::Full;
        }
        self.bad_in_a_row = 0;
        self.locked_until = None;
        self.next += 1;
        let id = self.next;
        let token =
            format!("{:016x}{id:08x}", seed.rotate_left((id % 61) as u32) ^ id.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        self.open.insert(id, Open { token: token.clone(), used: now });
        Login::Opened(id, token)
    }

    /// Opens a session nobody closes, as other tools leave them.
    pub(super) fn occupy(&mut self, now: Timestamp) {
        self.next += 1;
        self.open.insert(self.next, Open { token: String::new(), used: now });
    }

    /// Whether the token is of an open session, which then counts as used.
    pub(super) fn admits(&mut self, token: &str, now: Timestamp) -> bool {
        let found = self.open.values_mut().find(|s| !s.token.is_empty() && s.token == token);
        found.map(|s| s.used = now).is_some()
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
