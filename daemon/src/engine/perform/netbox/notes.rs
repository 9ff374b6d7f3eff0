//! Notes in NetBox's journal: one for each event owed, looked for by the event's own id.

use rackhand_adapters::netbox::{Note as Entry, NoteKind};
use rackhand_core::fault::Fault;
use rackhand_core::flow::step::Observation;
use rackhand_core::id::Subject;
use rackhand_core::inventory::ObjectId;
use rackhand_core::lifecycle::unit::{Note, Notes};
use rackhand_core::text::Text;
use rackhand_core::world::World;

use super::{Job, missing};

/// Notes written in one request at the most.
const BATCH: usize = 50;

/// What the event is called outside. A note of another epoch with the same sequence number is another note.
fn key(job: &Job<'_>, note: &Note) -> Text {
    format!("[rackhand {}]", job.world.stream.event_name(&job.ports.policy.site, note.seq)).into()
}

fn owed(world: &World, subject: Subject) -> Result<(ObjectId, &[Note]), Fault> {
    let notes: Option<&Notes> = match subject {
        Subject::Unit(id) => world.unit(id).map(|u| &u.notes),
        Subject::Bmc(mac) => world.sightings.get(&mac).map(|s| &s.notes),
        Subject::Order(_) | Subject::Deal(_) | Subject::Plan(_) | Subject::Journal => None,
    };
    let notes = notes.ok_or_else(|| missing("its notes"))?;
    let device = notes.device.ok_or_else(|| missing("its NetBox device"))?;
    Ok((device, &notes.owed[..notes.owed.len().min(BATCH)]))
}

pub async fn look(job: &Job<'_>) -> Result<Option<Observation>, Fault> {
    let (device, notes) = owed(job.world, job.subject)?;
    let keys: Vec<Text> = notes.iter().map(|n| key(job, n)).collect();
    let there = job.netbox.notes_present(device, &keys).await?;
    // Only an unbroken run from the oldest counts as seen.
    let seen = notes.iter().zip(&keys).take_while(|(_, k)| there.contains(*k)).last();
    let all = keys.iter().all(|k| there.contains(k));
    Ok(seen.filter(|_| all).map(|(n, _)| Observation::Notes(n.seq)))
}

pub async fn act(job: &Job<'_>) -> Result<Text, Fault> {
    let (device, notes) = owed(job.world, job.subject)?;
    let entries: Vec<Entry> = notes
        .iter()
        .map(|note| Entry {
            key: key(job, note),
            kind: if note.warning { NoteKind::Warning } else { NoteKind::Info },
            text: note.text.clone(),
        })
        .collect();
    job.netbox.add_notes(device, &entries).await?;
    Ok(format!("{} notes written", entries.len()).into())
}
