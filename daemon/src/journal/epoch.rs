//! Epochs: sequence numbers are unique within one. What leaves the house holds its number, so that no two journals of a
//! site give the same name to two things. A note beside the database says which one was the last.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rackhand_core::event::{Draft, Event, JournalEvent};
use rackhand_core::id::{Actor, Subject};
use rackhand_core::stream::Origin;
use rackhand_core::time::Timestamp;
use rackhand_core::world::World;

use super::error::JournalError;
use super::store::Store;
use super::{backup, chain};

/// The note's name in the journal's directory.
pub(super) const NAME: &str = "epoch";

/// 2026-01-01. A new epoch has at least the number of days since: where nothing is left that tells of the one before,
/// not even its directory, its number comes again only on the very same day.
const DAY_ZERO: Timestamp = Timestamp::from_secs(1_767_225_600);

/// The epoch that the note in `dir` says; `None` where there is none or it can't be read.
fn read(dir: &Path) -> Option<u32> {
    std::fs::read_to_string(dir.join(NAME)).ok()?.trim().parse().ok()
}

fn write(dir: &Path, epoch: u32) -> Result<(), JournalError> {
    let (path, part) = (dir.join(NAME), dir.join("epoch.part"));
    let written = || {
        let mut file = File::options().create(true).truncate(true).write(true).mode(0o600).open(&part)?;
        file.write_all(format!("{epoch}\n").as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&part, &path)?;
        File::open(dir)?.sync_all()
    };
    written().map_err(|e| JournalError::io(&path, &e))
}

fn after(last: u32, now: Timestamp) -> u32 {
    let days = now.since(DAY_ZERO).as_secs() / 86_400;
    last.saturating_add(1).max(u32::try_from(days).unwrap_or(u32::MAX))
}

impl Store {
    /// Begins an epoch where this journal needs one: it has none, or it is a backup that was put in place. `world` is
    /// what its events fold to.
    ///
    /// # Errors
    /// As [`Store::append`], and `Io` if the note can't be written.
    pub fn begin_epoch(&mut self, world: &mut World, now: Timestamp) -> Result<(), JournalError> {
        let dir = self.dir().map(Path::to_owned);
        let noted = dir.as_deref().and_then(read);
        if let Some(origin) = self.needs(world, dir.as_deref())? {
            let epoch = after(noted.unwrap_or(0).max(world.stream.epoch()), now);
            let event = Event::Journal(JournalEvent::EpochBegun { epoch, origin });
            let draft = Draft { at: now, subject: Subject::Journal, actor: Actor::Rackhand, cause: None, event };
            let seq = self.append(std::slice::from_ref(&draft))?;
            world.apply_draft(seq, &draft);
        }
        match dir {
            Some(dir) if noted.is_none_or(|n| n < world.stream.epoch()) => write(&dir, world.stream.epoch()),
            _ => Ok(()),
        }
    }

    fn needs(&self, world: &World, dir: Option<&Path>) -> Result<Option<Origin>, JournalError> {
        // A backup says in itself where it ended.
        let sealed = chain::sealed_head(self.source().conn)?.map(|(seq, _)| seq);
        let restored = match world.stream.epochs.last() {
            Some(last) => sealed.is_some_and(|seq| last.since <= seq),
            None => sealed == Some(self.head()),
        };
        Ok(if restored {
            Some(Origin::Restored)
        } else if !world.stream.epochs.is_empty() {
            None
        } else if self.head() == 0 && dir.is_some_and(|d| d.join(NAME).exists() || backup::has_replaced(d)) {
            Some(Origin::Lost)
        } else {
            Some(Origin::First)
        })
    }
}
