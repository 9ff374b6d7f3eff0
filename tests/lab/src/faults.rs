//! Fault rules, set and cleared while the lab runs.

use std::sync::Mutex;
use std::time::Duration;

use bytes::Bytes;
use hyper::{Method, StatusCode};

use crate::host::{Fate, Host, Reply, Request};
use rackhand_core::time::Timestamp;

/// What a rule does to a request it matches.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Answers this instead; the system never sees the request.
    Refuse(StatusCode, Bytes),
    /// The system acts, and its answer takes this much longer.
    Delay(Duration),
    /// The system acts, and its answer meets this fate.
    Answer(Fate),
    /// The connection is cut before the system sees the request.
    Drop,
    /// The system acts, and ends the connection behind its answer.
    HangUp,
}

/// One rule: the first that matches is applied, `times` times, then it is gone.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Method; `None` is any.
    pub method: Option<Method>,
    /// The path contains this.
    pub path: String,
    /// What happens.
    pub effect: Effect,
    /// How often; `u32::MAX` is until cleared.
    pub times: u32,
}

/// Rules in front of a system.
#[derive(Default)]
pub struct Faults(Mutex<Vec<Rule>>);

impl Faults {
    /// Adds a rule behind those that are there.
    pub fn add(&self, rule: Rule) {
        lock(&self.0).push(rule);
    }

    /// Takes all rules away.
    pub fn clear(&self) {
        lock(&self.0).clear();
    }

    fn take(&self, request: &Request) -> Option<Effect> {
        let mut rules = lock(&self.0);
        let at = rules
            .iter()
            .position(|r| r.method.as_ref().is_none_or(|m| *m == request.method) && request.path.contains(&r.path))?;
        let rule = &mut rules[at];
        let effect = rule.effect.clone();
        if rule.times != u32::MAX {
            rule.times -= 1;
            if rule.times == 0 {
                rules.remove(at);
            }
        }
        Some(effect)
    }

    /// Lets `host` answer behind the rules.
    pub fn answer(&self, host: &dyn Host, request: &Request, now: Timestamp) -> Reply {
        match self.take(request) {
            None => host.answer(request, now),
            Some(Effect::Refuse(status, body)) => {
                let mut reply = Reply::status(status);
                reply.body = body;
                reply
            }
            Some(Effect::Delay(delay)) => {
                let reply = host.answer(request, now);
                let delay = reply.delay + delay;
                reply.after(delay)
            }
            Some(Effect::Answer(fate)) => Reply { fate, ..host.answer(request, now) },
            Some(Effect::HangUp) => host.answer(request, now).header("connection", "close"),
            Some(Effect::Drop) => Reply { fate: Fate::Lost, ..Reply::status(StatusCode::BAD_GATEWAY) },
        }
    }
}

/// A lock whose holder panicked is still good: states are changed in one go.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
