//! Our copy of NetBox, kept up: whole at the start and each night, what changed in between.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use rackhand_adapters::netbox::NetBox;
use rackhand_adapters::port::clock::Clock;
use rackhand_core::fault::{Fault, Kind, System};
use rackhand_core::id::SiteId;
use rackhand_core::inventory::listed::{Changes, Delta};
use rackhand_core::inventory::rack::Elevations;
use rackhand_core::time::Timestamp;

use super::{Heard, Source};
use crate::engine::Gates;
use crate::projection::{Held, Projection};

/// After a failure it is tried again no sooner.
const AGAIN: Duration = Duration::from_secs(60);
/// What a unit waits for goes first: after a start, the whole read begins this much later.
const FIRST: Duration = Duration::from_secs(5);

/// The copy, as a source. Of the sites that are run besides only the racks are kept, and read at each look, since nothing
/// tells what changes there.
pub struct Copy {
    /// What is kept.
    pub projection: Projection,
    /// Of what.
    pub netbox: NetBox,
    /// Its gate.
    pub gates: Arc<Gates>,
    /// Time.
    pub clock: Clock,
    /// Our site.
    pub site: SiteId,
    /// Those that are run besides.
    pub also: BTreeSet<SiteId>,
}

/// What one look found.
struct Look {
    held: Held,
    /// Whether the copy is another than before.
    is_new: bool,
    /// Why the racks could not be read; the devices could.
    racks: Option<Fault>,
}

impl Source for Copy {
    const SYSTEM: System = System::Netbox;

    fn name(&self) -> String {
        "copy of NetBox".to_owned()
    }

    fn first(&self) -> Duration {
        FIRST
    }

    fn pause(&self, well: bool) -> Duration {
        if well { self.projection.settings().changes } else { AGAIN }
    }

    async fn look(&mut self) -> Result<Heard, String> {
        let read = {
            // One place at the gate, so that the units' own calls are never all kept waiting by it.
            let _place = self.gates.netbox.enter(&self.clock).await;
            let read = self.read(self.clock.now()).await;
            report(&self.gates, read.as_ref().map(|_| ()), self.clock.now());
            read
        };
        let Look { held, is_new, racks } = read.map_err(|fault| {
            self.projection.fails(fault.to_string().into());
            fault.to_string()
        })?;
        let held = Arc::new(held);
        if let Some(fault) = &racks {
            tracing::warn!(%fault, "the copy of NetBox's racks is not kept up");
        }
        if is_new && let Err(error) = self.projection.save(held.clone()).await {
            tracing::warn!(%error, "the copy of NetBox was not kept on disk; the next start reads it anew");
        }
        self.projection.learn(held, racks.map(|fault| fault.to_string().into()));
        Ok(Heard::Answer)
    }
}

impl Copy {
    /// One look: what changed, or everything where that is due; then the racks where they may be others.
    async fn read(&self, now: Timestamp) -> Result<Look, Fault> {
        let (site, also) = (&self.site, &self.also);
        let (mut held, mut is_new, delta) = self.devices(now).await?;
        let known = held.elevations.take();
        let followed = known.as_ref().zip(delta.as_ref()).and_then(|((racks, _), delta)| racks.follow(site, delta));
        if let Some(elevations) = followed.filter(|_| also.is_empty()) {
            held.elevations = Some((elevations, now));
            return Ok(Look { held, is_new, racks: None });
        }
        let mut all = Elevations::default();
        for site in std::iter::once(site).chain(also) {
            match self.netbox.elevations(site).await {
                Ok(read) => {
                    all.racks.extend(read.racks);
                    all.mounted.extend(read.mounted);
                }
                // The devices are worth keeping without them; what was known of the racks keeps its own age.
                Err(fault) => {
                    held.elevations = known;
                    return Ok(Look { held, is_new, racks: Some(fault) });
                }
            }
        }
        is_new |= known.is_none_or(|(before, _)| before != all);
        held.elevations = Some((all, now));
        Ok(Look { held, is_new, racks: None })
    }

    /// The devices as they are now with the racks as they were, whether anything of them is new, and what changed since;
    /// `None` where all was read.
    async fn devices(&self, now: Timestamp) -> Result<(Held, bool, Option<Delta>), Fault> {
        let before = self.projection.state().held;
        let elevations = before.as_ref().and_then(|held| held.elevations.clone());
        let fresh = before.filter(|held| now.since(held.whole_at) < self.projection.settings().whole);
        if let Some(held) = fresh {
            match self.netbox.changed_since(&held.inventory).await {
                Ok(Changes::Some(delta)) => {
                    let is_new = !delta.changed.is_empty() || !delta.gone.is_empty();
                    let mut held = Held::clone(&held);
                    held.inventory.apply(delta.clone());
                    held.read_at = now;
                    return Ok((held, is_new, Some(delta)));
                }
                Ok(Changes::Read(why)) => tracing::debug!(%why, "all of NetBox is read again"),
                // It may not be read any more; what it would have told is then read whole.
                Err(fault) if fault.kind == Kind::Forbidden => {}
                Err(fault) => return Err(fault),
            }
        }
        let inventory = self.netbox.read_all(&self.site).await?;
        Ok((Held { inventory, read_at: now, whole_at: now, elevations }, true, None))
    }
}

/// Tells the gate what says something of NetBox. An answer to a long read that we do not understand does not.
fn report(gates: &Gates, read: Result<(), &Fault>, now: Timestamp) {
    if read.is_ok() || read.is_err_and(|fault| fault.kind == Kind::Transient) {
        gates.netbox.report(read, now);
    }
}
