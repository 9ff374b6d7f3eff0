//! Our own copy of NetBox, for when NetBox is away, and to hold against the journal. Read whole at the start and each
//! night, kept by what changed in between; the racks are read again where what changed does not tell how they are. It
//! may be thrown away: nothing with an effect rests on it.

mod file;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rackhand_core::id::SiteId;
use rackhand_core::inventory::listed::Inventory;
use rackhand_core::inventory::rack::Elevations;
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

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

    /// How it is kept.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What is known from now on: the copy, and what is wrong with it.
    pub fn learn(&self, held: Arc<Held>, trouble: Option<Text>) {
        self.state.send_replace(State { held: Some(held), trouble });
    }

    /// The last look failed; the copy stays.
    pub fn fails(&self, why: Text) {
        self.state.send_modify(|state| state.trouble = Some(why));
    }

    /// Keeps it on disk over a restart, where it is to be.
    ///
    /// # Errors
    /// Why not; the next start reads NetBox anew.
    pub async fn save(&self, held: Arc<Held>) -> std::io::Result<()> {
        let Some(file) = self.settings.file.clone() else { return Ok(()) };
        tokio::task::spawn_blocking(move || file::save(&file, &held)).await.map_err(std::io::Error::other)?
    }
}
