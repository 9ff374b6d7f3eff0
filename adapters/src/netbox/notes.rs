//! Journal entries of a device. NetBox has no idempotency key, so each comment ends with ours and is looked for first.

use std::collections::BTreeSet;

use rackhand_core::fault::{Fault, Kind};
use rackhand_core::inventory::ObjectId;
use rackhand_core::text::Text;
use serde_json::{Value, json};

use super::client::NetBox;
use super::wire::{Id, JournalEntry};

pub(super) const ENTRIES: &str = "extras/journal-entries/";
const DEVICE: &str = "dcim.device";
/// Entries of one device that match our keys.
const MOST: usize = 5_000;

/// One journal entry to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Unique, such as `[rackhand fra1/324/123]`; the comment ends with it.
    pub key: Text,
    /// How it is coloured.
    pub kind: NoteKind,
    /// What it says.
    pub text: Text,
}

/// Kinds of journal entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteKind {
    /// Blue.
    Info,
    /// Green.
    Success,
    /// Yellow.
    Warning,
    /// Red.
    Danger,
}

impl NoteKind {
    const fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Success => "success",
            Self::Warning => "warning",
            Self::Danger => "danger",
        }
    }
}

impl NetBox {
    /// Which of these keys already stand in the device's journal.
    pub async fn notes_present(&self, device: ObjectId, keys: &[Text]) -> Result<BTreeSet<Text>, Fault> {
        if keys.is_empty() {
            return Ok(BTreeSet::new());
        }
        let id = device.to_string();
        let common = common_start(keys);
        let mut query = vec![
            ("assigned_object_type", DEVICE),
            ("assigned_object_id", id.as_str()),
            ("fields", JournalEntry::FIELDS),
        ];
        if !common.is_empty() {
            query.push(("q", common));
        }
        let found: Vec<JournalEntry> = self.list(ENTRIES, &query, MOST).await?;
        if found.iter().any(|e| &*e.assigned_object_type != DEVICE || e.assigned_object_id != device) {
            return Err(Self::fault(Kind::Malformed, format!("{ENTRIES}: the filter by device was ignored")));
        }
        let stands = |key: &&Text| found.iter().any(|e| e.comments.contains(key.as_str()));
        Ok(keys.iter().filter(stands).cloned().collect())
    }

    /// Writes those of the notes that are not in the device's journal yet, in one request.
    pub async fn add_notes(&self, device: ObjectId, notes: &[Note]) -> Result<(), Fault> {
        let keys: Vec<Text> = notes.iter().map(|n| n.key.clone()).collect();
        let mut present = self.notes_present(device, &keys).await?;
        let missing: Vec<Value> = notes
            .iter()
            .filter(|note| present.insert(note.key.clone()))
            .map(|note| {
                json!({
                    "assigned_object_type": DEVICE,
                    "assigned_object_id": device,
                    "kind": note.kind.word(),
                    "comments": format!("{} {}", note.text, note.key),
                })
            })
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        self.at_our_site(device).await?;
        let asked = missing.len();
        let made: Vec<Id> = self.post(ENTRIES, &Value::Array(missing)).await?;
        if made.len() != asked {
            let what = format!("{ENTRIES}: {asked} entries sent, {} made", made.len());
            return Err(Self::fault(Kind::Malformed, what));
        }
        Ok(())
    }
}

/// What all keys begin with: NetBox searches for it, so that only our entries come back.
fn common_start(keys: &[Text]) -> &str {
    let Some((first, rest)) = keys.split_first() else { return "" };
    let mut end = first.len();
    for key in rest {
        let same = first.bytes().zip(key.bytes()).take_while(|(a, b)| a == b).count();
        end = end.min(same);
    }
    while !first.is_char_boundary(end) {
        end -= 1;
    }
    // NetBox trims what it searches for; an end that is a space would not be found in the middle of a comment.
    first[..end].trim()
}
