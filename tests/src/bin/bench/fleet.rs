//! Journals to measure on: short made-up events in any number, and whole fleets copied from lives of the lab.

use std::path::Path;

use rackhand_core::event::{DiscoveryEvent, Draft, Event, JournalEvent, Recorded, StepEvent};
use rackhand_core::flow::step::{Observation, Step};
use rackhand_core::id::{Actor, Entropy, SiteId, Subject, UnitId};
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::mac::Mac;
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;
use rackhand_core::world::{FOLD, World};
use rackhand_daemon::journal::Store;

use crate::gauge::Measured;
use crate::walk::{Course, walk};

/// Servers the made-up events are about.
pub const SERVERS: u64 = 500;
/// Events written at once.
const CHUNK: usize = 4_096;
const EPOCH: i64 = 1_795_000_000;

/// The site of all journals here.
pub fn site() -> SiteId {
    SiteId::new("bench")
}

fn unit(n: u64) -> UnitId {
    let mut entropy = [0; 16];
    entropy[6..14].copy_from_slice(&n.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes());
    UnitId::mint(Timestamp::from_secs(EPOCH + n as i64), Entropy(entropy))
}

/// The `n`th server.
pub fn subject(n: u64) -> Subject {
    Subject::Unit(unit(n))
}

/// The `n`th event of a fleet in which each server takes the steps in turn.
pub fn entry(n: u64) -> Draft {
    let server = n % SERVERS;
    let at = Timestamp::from_micros(EPOCH * 1_000_000 + n as i64 * 31_007);
    let step = Step::ALL[(n / SERVERS / 4) as usize % Step::ALL.len()];
    let event = match n / SERVERS % 4 {
        0 => Event::Step(StepEvent::StepIntended {
            step,
            generation: 0,
            attempt: 1,
            rung: None,
            until: Some(at),
            terms: Some(rackhand_core::flow::rules::rule(step).terms()),
        }),
        1 => {
            let receipt = Text::from(format!("/redfish/v1/Tasks/{n}"));
            Event::Step(StepEvent::StepAccepted { step, generation: 0, receipt })
        }
        2 => Event::Step(StepEvent::StepRetried { step, generation: 1 }),
        _ => {
            let port = n % 48;
            let text = format!("port Ethernet1/{port} of leaf-{server} saw serial CZJ{n:08}, not the planned one");
            Event::Discovery(DiscoveryEvent::WarningNoted { key: Text::new("lldp"), device: None, text: text.into() })
        }
    };
    Draft { at, subject: subject(server), actor: Actor::Rackhand, cause: None, event }
}

/// A closed journal with so many made-up events, and its search index.
pub fn fill(dir: &Path, count: u64) -> Measured<()> {
    let mut store = Store::open(dir, &site())?;
    for first in (0..count).step_by(CHUNK) {
        store.append(&(first..count.min(first + CHUNK as u64)).map(entry).collect::<Vec<_>>())?;
    }
    store.index()?;
    Ok(store.close()?)
}

/// One server's events from its lease to `staged`, to be copied.
struct Life {
    lines: Vec<String>,
    unit: String,
    mac: String,
    serial: String,
}

impl Life {
    /// Those of the lab's three kinds of server.
    fn recorded() -> Measured<Vec<Self>> {
        let walked = walk(&Course { servers: 3, ..Course::default() })?;
        let life = |server: &rackhand_lab::outside::Server| {
            let unit = walked.world.by_serial(&server.serial).ok_or("a server of the lab did not become a unit")?;
            let own = [Subject::Unit(unit.id), Subject::Bmc(server.bmc_mac)];
            let drafts = walked.events.iter().map(|e| &e.draft).filter(|d| own.contains(&d.subject));
            Ok(Self {
                lines: drafts.map(serde_json::to_string).collect::<Result<_, _>>()?,
                unit: unit.id.to_string(),
                mac: server.bmc_mac.to_string(),
                serial: server.serial.clone(),
            })
        };
        walked.servers.iter().map(life).collect()
    }

    /// The same life, led by the `n`th server.
    fn copy(&self, n: u64) -> Measured<Vec<Draft>> {
        let [.., high, low] = n.to_be_bytes();
        let mac = Mac([0x94, 0x40, 0xC9, 0x30, high, low]).to_string();
        let (id, serial) = (unit(n).to_string(), format!("CZ24{n:06}"));
        let copied = self.lines.iter().map(|line| {
            let line = line.replace(&self.unit, &id).replace(&self.mac, &mac).replace(&self.serial, &serial);
            let draft: Draft = serde_json::from_str(&line)?;
            Ok(Draft { cause: None, ..draft })
        });
        copied.collect()
    }
}

/// A closed journal in which `units` servers reached `staged`, each as in the lab, and then had their status written
/// again and again until there are `events`; and the snapshot a daemon leaves when it stops.
pub fn grow(dir: &Path, units: u64, events: u64) -> Measured<()> {
    let lives = Life::recorded()?;
    let mut store = Store::open(dir, &site())?;
    let mut world = World::default();
    let mut put = |drafts: &[Draft]| -> Measured<u64> {
        let first = world.head + 1;
        store.append(drafts)?;
        for (seq, draft) in (first..).zip(drafts) {
            world.apply(&Recorded { seq, draft: draft.clone() });
        }
        Ok(world.head)
    };
    let mut waiting = Vec::new();
    for (n, life) in (0..units).zip(lives.iter().cycle()) {
        waiting.extend(life.copy(n)?);
        if waiting.len() >= CHUNK {
            put(&std::mem::take(&mut waiting))?;
        }
    }
    let mut head = put(&waiting)?;
    while head < events {
        let chunk: Vec<Draft> = (head..events).take(CHUNK).map(|n| again(n, units)).collect();
        head = put(&chunk)?;
    }
    let body = serde_json::to_vec(&world)?;
    let sum = store.sum_snapshot(world.head, FOLD, &body)?;
    let event = Event::Journal(JournalEvent::SnapshotKept { at: world.head, fold: FOLD, sum });
    store.append(&[Draft {
        at: Timestamp::from_secs(1_795_000_000),
        subject: Subject::Journal,
        actor: Actor::Rackhand,
        cause: None,
        event,
    }])?;
    store.save_snapshot(world.head, FOLD, &body)?;
    Ok(store.close()?)
}

/// A status written again: intended and observed in turn.
fn again(n: u64, units: u64) -> Draft {
    let at = Timestamp::from_micros((EPOCH + 86_400) * 1_000_000 + n as i64 * 31_007);
    let (step, generation) = (Step::SyncStatus, 1);
    let event = if n.is_multiple_of(2) {
        Event::Step(StepEvent::StepIntended {
            step,
            generation,
            attempt: 1,
            rung: None,
            until: None,
            terms: Some(rackhand_core::flow::rules::rule(step).terms()),
        })
    } else {
        Event::Step(StepEvent::StepObserved {
            step,
            generation,
            saw: Observation::Status(Stage::Staged),
            until: None,
            terms: Some(rackhand_core::flow::rules::rule(step).terms()),
        })
    };
    Draft { at, subject: subject(n / 2 % units), actor: Actor::Rackhand, cause: None, event }
}
