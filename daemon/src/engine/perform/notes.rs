//! Notes in NetBox's journal: one for each event owed, looked for by the event's own id.

use rackhand_adapters::netbox::{NetBox, Note as Entry, NoteKind};
use rackhand_core::fault::Fault;
use rackhand_core::flow::step::Observation;
use rackhand_core::id::Subject;
use rackhand_core::inventory::ObjectId;
use rackhand_core::lifecycle::unit::{Note, Notes};
use rackhand_core::text::Text;
use rackhand_core::world::World;

use super::{Ports, missing};

/// Notes written in one request at the most.
const BATCH: usize = 50;

/// What the event is called outside. A note of another epoch with the same sequence number is another note.
fn key(ports: &Ports, world: &World, note: &Note) -> Text {
    format!("[rackhand {}]", world.stream.event_name(&ports.policy.site, note.seq)).into()
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

pub async fn look(
    ports: &Ports,
    netbox: &NetBox,
    world: &World,
    subject: Subject,
) -> Result<Option<Observation>, Fault> {
    let (device, notes) = owed(world, subject)?;
    let keys: Vec<Text> = notes.iter().map(|n| key(ports, world, n)).collect();
    let there = netbox.notes_present(device, &keys).await?;
    // Only an unbroken run from the oldest counts as seen.
    let seen = notes.iter().zip(&keys).take_while(|(_, k)| there.contains(*k)).last();
    let all = keys.iter().all(|k| there.contains(k));
    Ok(seen.filter(|_| all).map(|(n, _)| Observation::Notes(n.seq)))
}

pub async fn act(ports: &Ports, netbox: &NetBox, world: &World, subject: Subject) -> Result<Text, Fault> {
    let (device, notes) = owed(world, subject)?;
    let entries: Vec<Entry> = notes
        .iter()
        .map(|note| Entry {
            key: key(ports, world, note),
            kind: if note.warning { NoteKind::Warning } else { NoteKind::Info },
            text: note.text.clone(),
        })
        .collect();
    netbox.add_notes(device, &entries).await?;
    Ok(format!("{} notes written", entries.len()).into())
}
