//! What is read again and again: vendors' answers, parcels, DHCP servers' lists, our copy of NetBox. One loop for all of
//! them; a source says how it is looked at, and when again. What was read before changes nothing, so nothing has to be
//! remembered of it.

pub mod lease_file;
pub mod maas;
pub mod netbox;
pub mod papers;
pub mod parcels;
mod told;

use std::fmt::Display;
use std::time::Duration;

use rackhand_adapters::port::clock::Clock;
use tokio::sync::watch;

use crate::engine::told as stopped;

/// What is looked at again and again.
pub trait Source: Send {
    /// What it is called.
    fn name(&self) -> impl Display + Send;

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
    fn look(&mut self) -> impl Future<Output = Result<(), String>> + Send;
}

/// Looks until `stop` is told. A source that does not work is told of once, and once more when it works again.
pub async fn keep(mut source: impl Source, clock: Clock, mut stop: watch::Receiver<bool>) {
    let (mut pause, mut well) = (source.first(), true);
    loop {
        let looked = tokio::select! {
            biased;
            () = stopped(&mut stop) => return,
            looked = async {
                if pause > Duration::ZERO {
                    clock.sleep(pause).await;
                }
                source.look().await
            } => looked,
        };
        let before = std::mem::replace(&mut well, looked.is_ok());
        match looked {
            Ok(()) if !before => tracing::info!(source = %source.name(), "it can be read again"),
            Err(why) if before => tracing::warn!(source = %source.name(), %why, "it cannot be read; it is tried again"),
            Ok(()) | Err(_) => {}
        }
        pause = source.pause(well);
    }
}
