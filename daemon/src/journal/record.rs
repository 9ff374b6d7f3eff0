//! An event as a row: how its parts become columns, and how they are read back.

use std::collections::HashMap;
use std::fmt::Write as _;

use rackhand_core::event::{Draft, Recorded, Seq};
use rackhand_core::id::{Actor, Subject};
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;
use rusqlite::{Row, params};

use super::chain::{Entry, Hash};
use super::error::JournalError;

/// Bytes of the largest event that is recorded.
const MAX_EVENT: usize = 8 << 20;

/// How many subjects a decoder remembers.
const MAX_SUBJECTS: usize = 1 << 16;

/// The columns [`Decoder::decode`] wants, in its order.
pub(super) const COLUMNS: &str = "seq, at, subject, actor, cause, data";

/// Turns drafts into rows. It keeps its buffers.
#[derive(Default)]
pub(super) struct Encoder {
    subject: String,
    actor: String,
    data: Vec<u8>,
}

impl Encoder {
    /// Inserts one event in its place. Gives its hash.
    pub(super) fn insert(
        &mut self,
        insert: &mut rusqlite::Statement<'_>,
        seq: Seq,
        previous: &Hash,
        draft: &Draft,
    ) -> Result<Hash, JournalError> {
        let refused = |what: String| Err(JournalError::Refused { what });
        if draft.cause.is_some_and(|cause| cause == 0 || cause >= seq) {
            return refused(format!("its cause {} is not before it", draft.cause.unwrap_or(0)));
        }
        self.subject.clear();
        let _ = write!(self.subject, "{}", draft.subject);
        self.actor.clear();
        write_actor(&mut self.actor, &draft.actor);
        self.data.clear();
        if let Err(e) = serde_json::to_writer(&mut self.data, &draft.event) {
            return refused(e.to_string());
        }
        if self.data.len() > MAX_EVENT {
            return refused(format!("it has {} bytes, {MAX_EVENT} are allowed", self.data.len()));
        }
        let Ok(data) = std::str::from_utf8(&self.data) else { return refused("its JSON is not UTF-8".into()) };
        let kind = draft.event.kind();
        let entry = Entry {
            seq,
            at: draft.at.as_micros(),
            subject: self.subject.as_bytes(),
            kind: kind.as_bytes(),
            actor: self.actor.as_bytes(),
            cause: draft.cause,
            data: data.as_bytes(),
        };
        let hash = entry.hash(previous);
        let cause = draft.cause.map(u64::cast_signed);
        insert.execute(params![seq.cast_signed(), entry.at, self.subject, kind, self.actor, cause, hash, data])?;
        Ok(hash)
    }
}

/// `rackhand`, `wire`, `person:ROLE:NAME` or `tenant:NAME`.
fn write_actor(out: &mut String, actor: &Actor) {
    let _ = match actor {
        Actor::Rackhand => out.write_str("rackhand"),
        Actor::Wire => out.write_str("wire"),
        Actor::Person { name, role } => write!(out, "person:{role}:{name}"),
        Actor::Tenant { name } => write!(out, "tenant:{name}"),
    };
}

fn read_actor(text: &str) -> Option<Actor> {
    match text {
        "rackhand" => Some(Actor::Rackhand),
        "wire" => Some(Actor::Wire),
        _ if text.starts_with("tenant:") => Some(Actor::Tenant { name: Text::new(text.strip_prefix("tenant:")?) }),
        _ => {
            let (role, name) = text.strip_prefix("person:")?.split_once(':')?;
            Some(Actor::Person { name: Text::new(name), role: role.parse().ok()? })
        }
    }
}

/// Turns rows into events. It remembers subjects, of which there are few.
#[derive(Default)]
pub(super) struct Decoder {
    subjects: HashMap<Box<str>, Subject>,
}

impl Decoder {
    /// The event of a row of [`COLUMNS`].
    pub(super) fn decode(&mut self, row: &Row<'_>) -> Result<Recorded, JournalError> {
        let seq = row.get::<_, i64>(0)?.cast_unsigned();
        let text = |n| row.get_ref(n).and_then(|v| v.as_str().map_err(Into::into));
        let subject = self.subject(text(2)?).ok_or_else(|| JournalError::broken(seq, "it is about nothing known"))?;
        let actor = text(3)?;
        let actor = read_actor(actor)
            .ok_or_else(|| JournalError::broken(seq, format!("nobody known did it: {}", Text::new(actor))))?;
        let data = row.get_ref(5)?.as_bytes().map_err(rusqlite::Error::from)?;
        let event = serde_json::from_slice(data)
            .map_err(|e| JournalError::broken(seq, format!("this version can't read it: {e}")))?;
        let draft = Draft {
            at: Timestamp::from_micros(row.get(1)?),
            subject,
            actor,
            cause: row.get::<_, Option<i64>>(4)?.map(i64::cast_unsigned),
            event,
        };
        Ok(Recorded { seq, draft })
    }

    fn subject(&mut self, text: &str) -> Option<Subject> {
        if let Some(known) = self.subjects.get(text) {
            return Some(*known);
        }
        let subject = text.parse().ok()?;
        if self.subjects.len() >= MAX_SUBJECTS {
            self.subjects.clear();
        }
        self.subjects.insert(text.into(), subject);
        Some(subject)
    }
}
