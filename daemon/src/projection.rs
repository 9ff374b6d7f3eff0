//! Our own copy of NetBox, for when NetBox is away, and to hold against the journal. Read whole at the start and each
//! night, kept by what changed in between; the racks are read again where what changed does not tell how they are. It
//! may be thrown away: nothing with an effect rests on it.

mod file;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rackhand_adapters::netbox::NetBox;
use rackhand_adapters::port::clock::Clock;
use rackhand_core::fault::{Fault, Kind};
use rackhand_core::id::SiteId;
use rackhand_core::inventory::listed::{Changes, Delta, Inventory};
use rackhand_core::inventory::rack::Elevations;
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::engine::{Gates, told};

/// After a failure it is tried again no sooner.
const AGAIN: Duration = Duration::from_secs(60);
/// What a unit waits for goes first: after a start, the whole read begins this much later.
const FIRST: Duration = Duration::from_secs(5);

/// How the copy is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The file it is kept in over a restart; `None` is in memory only.
    pub file: Option<PathBuf>,
    /// Between two looks at what changed.
    pub changes: Duration,
    /// Between two whole reads, where the change log says nothing of it.
    pub whole: Duration,
}

impl Settings {
    /// Changes every five minutes, everything each day, in this directory.
    pub fn standard(data_dir: &std::path::Path) -> Self {
        Self {
            file: Some(data_dir.join("netbox-copy")),
            changes: Duration::from_mins(5),
            whole: Duration::from_hours(24),
        }
    }
}

/// The copy, and how old it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// The devices.
    pub inventory: Inventory,
    /// When NetBox last said that this is all, by our clock.
    pub read_at: Timestamp,
    /// When all of it was last read.
    pub whole_at: Timestamp,
    /// The racks, and when NetBox last said that this is how they are; `None` where they could not be read.
    #[serde(default)]
    pub elevations: Option<(Elevations, Timestamp)>,
}

/// What one look found.
struct Look {
    held: Held,
    /// Whether the copy is another than before.
    is_new: bool,
    /// Why the racks could not be read; the devices could.
    racks: Option<Fault>,
}

/// The copy, shared. Clones see the same.
#[derive(Clone)]
pub struct Projection {
    settings: Settings,
    state: watch::Sender<State>,
}

/// What is held, and what was wrong the last time.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// The copy; `None` until it was read once.
    pub held: Option<Arc<Held>>,
    /// Why the last look failed; `None` where it did not.
    pub trouble: Option<Text>,
}

impl Projection {
    /// The copy a file holds, where it is a good one of this site; else none yet.
    pub fn open(settings: Settings, site: &SiteId) -> Self {
        let kept = settings.file.as_ref().and_then(|file| file::load(file)).filter(|h| h.inventory.site == *site);
        let state = State { held: kept.map(Arc::new), trouble: None };
        Self { settings, state: watch::Sender::new(state) }
    }

    /// What is held now.
    pub fn state(&self) -> State {
        self.state.borrow().clone()
    }

    /// Told of each look.
    pub fn states(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    /// Keeps the copy until `stop` is told. Of the sites that are run besides only the racks are kept, and read at each
    /// look, since nothing tells what changes there.
    pub async fn keep(
        self,
        netbox: NetBox,
        gates: Arc<Gates>,
        clock: Clock,
        (site, also): (SiteId, BTreeSet<SiteId>),
        stop: watch::Receiver<bool>,
    ) {
        let mut stop = stop;
        let mut pause = FIRST;
        loop {
            tokio::select! {
                biased;
                () = told(&mut stop) => return,
                () = clock.sleep(pause) => {}
            }
            let look = async {
                // One place at the gate, so that the units' own calls are never all kept waiting by it.
                let _place = gates.netbox.enter(&clock).await;
                let read = self.look(&netbox, &site, &also, clock.now()).await;
                report(&gates, read.as_ref().map(|_| ()), clock.now());
                read
            };
            let read = tokio::select! {
                biased;
                () = told(&mut stop) => return,
                read = look => read,
            };
            pause = match read {
                Ok(Look { held, is_new, racks }) => {
                    let held = Arc::new(held);
                    if let Some(fault) = &racks {
                        tracing::warn!(%fault, "the copy of NetBox's racks is not kept up");
                    }
                    if is_new && let Some(file) = self.settings.file.clone() {
                        let body = held.clone();
                        let saved = tokio::task::spawn_blocking(move || file::save(&file, &body)).await;
                        if let Ok(Err(error)) = saved {
                            tracing::warn!(%error, "the copy of NetBox was not kept on disk; the next start reads it anew");
                        }
                    }
                    let trouble = racks.map(|fault| fault.to_string().into());
                    self.state.send_replace(State { held: Some(held), trouble });
                    self.settings.changes
                }
                Err(fault) => {
                    tracing::warn!(%fault, "the copy of NetBox is not kept up");
                    self.state.send_modify(|state| state.trouble = Some(fault.to_string().into()));
                    AGAIN
                }
            };
        }
    }

    /// One look: what changed, or everything where that is due; then the racks where they may be others.
    async fn look(
        &self,
        netbox: &NetBox,
        site: &SiteId,
        also: &BTreeSet<SiteId>,
        now: Timestamp,
    ) -> Result<Look, Fault> {
        let (mut held, mut is_new, delta) = self.devices(netbox, site, now).await?;
        let known = held.elevations.take();
        let followed = known.as_ref().zip(delta.as_ref()).and_then(|((racks, _), delta)| racks.follow(site, delta));
        if let Some(elevations) = followed.filter(|_| also.is_empty()) {
            held.elevations = Some((elevations, now));
            return Ok(Look { held, is_new, racks: None });
        }
        let mut all = Elevations::default();
        for site in std::iter::once(site).chain(also) {
            match netbox.elevations(site).await {
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
    async fn devices(
        &self,
        netbox: &NetBox,
        site: &SiteId,
        now: Timestamp,
    ) -> Result<(Held, bool, Option<Delta>), Fault> {
        let before = self.state.borrow().held.clone();
        let elevations = before.as_ref().and_then(|held| held.elevations.clone());
        let fresh = before.filter(|held| now.since(held.whole_at) < self.settings.whole);
        if let Some(held) = fresh {
            match netbox.changed_since(&held.inventory).await {
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
        let inventory = netbox.read_all(site).await?;
        Ok((Held { inventory, read_at: now, whole_at: now, elevations }, true, None))
    }
}

/// Tells the gate what says something of NetBox. An answer to a long read that we do not understand does not.
fn report(gates: &Gates, read: Result<(), &Fault>, now: Timestamp) {
    if read.is_ok() || read.is_err_and(|fault| fault.kind == Kind::Transient) {
        gates.netbox.report(read, now);
    }
}
