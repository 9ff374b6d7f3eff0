//! What is read again and again: vendors' answers, parcels, DHCP servers' lists, our copy of NetBox. One loop for all of
//! them; a source says how it is looked at, and when again. What was read before changes nothing, so nothing has to be
//! remembered of it.

pub mod lease_file;
pub mod maas;
pub mod netbox;
pub mod papers;
pub mod parcels;
mod told;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rackhand_adapters::port::clock::Clock;
use rackhand_core::fault::System;
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;
use rackhand_core::view::{Doing, SystemHealth};
use tokio::sync::watch;

use crate::engine::told;

/// What is looked at again and again.
pub trait Source: Send {
    /// Which kind of system it is read from.
    const SYSTEM: System;

    /// What it is called.
    fn name(&self) -> String;

    /// Until the first look.
    fn first(&self) -> Duration {
        Duration::ZERO
    }

    /// Until the next look, after one that went well or did not.
    fn pause(&self, well: bool) -> Duration;

    /// Looks, and hands on what is new.
    ///
    /// # Errors
    /// What went wrong, in a sentence. It is tried again.
    fn look(&mut self) -> impl Future<Output = Result<Heard, String>> + Send;
}

/// What a look that went well has heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// An answer.
    Answer,
    /// Nothing: there was nothing to ask. Of how the system does, it says nothing either.
    Nothing,
}

/// How the sources do, for whoever asks. Clones are the same.
#[derive(Clone, Default)]
pub struct Board(Arc<Mutex<BTreeMap<String, SystemHealth>>>);

impl Board {
    /// All sources, by name.
    pub fn all(&self) -> Vec<SystemHealth> {
        self.lock().values().cloned().collect()
    }

    fn enter(&self, system: System, name: &str) {
        let health = SystemHealth { system, name: Text::new(name), doing: Doing::Unknown };
        self.lock().insert(name.to_owned(), health);
    }

    fn heard(&self, name: &str, how: Result<(), &str>, now: Timestamp) {
        if let Some(health) = self.lock().get_mut(name) {
            health.doing = health.doing.heard(how, now);
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, SystemHealth>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Looks until `stop` is told, which ends a look wherever it is: what was read and not handed on is read again. What is
/// wrong with a source is told once, and once more when it can be read again.
pub async fn keep<S: Source>(mut source: S, board: Board, clock: Clock, mut stop: watch::Receiver<bool>) {
    let name = source.name();
    board.enter(S::SYSTEM, &name);
    let mut pause = source.first();
    let mut wrong: Option<String> = None;
    loop {
        let looked = tokio::select! {
            biased;
            () = told(&mut stop) => return,
            looked = async {
                if pause > Duration::ZERO {
                    clock.sleep(pause).await;
                }
                source.look().await
            } => looked,
        };
        match looked {
            Ok(Heard::Nothing) => {}
            Ok(Heard::Answer) => {
                board.heard(&name, Ok(()), clock.now());
                if wrong.take().is_some() {
                    tracing::info!(source = %name, "it can be read again");
                }
            }
            Err(why) => {
                board.heard(&name, Err(&why), clock.now());
                if wrong.as_ref() != Some(&why) {
                    tracing::warn!(source = %name, %why, "it cannot be read; it is tried again");
                }
                wrong = Some(why);
            }
        }
        pause = source.pause(wrong.is_none());
    }
}
