//! Roads that leave the usual one: a server that is held on its way, cancelled once it is staged, and retired; and one
//! that ran before there was Rackhand, taken over and put into quarantine.

use std::sync::atomic::{AtomicU64, Ordering};

use futures::future::BoxFuture;
use rackhand_core::decide::command::Command;
use rackhand_core::event::{EntryEvent, Event, LifeEvent, Recorded};
use rackhand_core::lifecycle::stage::{Disposition, Stage};
use rackhand_core::lifecycle::unit::Unit;
use rackhand_core::takeover::Taken;
use rackhand_lab::outside::EPOCH;
use rackhand_rpc::ConsoleClient;
use rackhand_rpc::takeover::{Confirm, Filter};
use serde_json::json;

use crate::judge::{is_idle, label, notes, resets_allowed};
use crate::path::{ANSWER, Road};
use crate::support::console::within;
use crate::support::daemon::{Place, folded};
use crate::support::lab::Lab;

/// A server that is retired in the end.
pub struct Leaving {
    lab: Lab,
    looks: AtomicU64,
}

/// A server that is taken over.
pub struct Running {
    lab: Lab,
    looks: AtomicU64,
}

/// Whether a person or an order has changed how a unit stands.
fn stands_otherwise(event: &Recorded) -> bool {
    matches!(event.draft.event, Event::Life(LifeEvent::DispositionChanged { .. }))
}

fn only(events: &[Recorded]) -> Option<Unit> {
    folded(events).units.values().next().map(|u| Unit::clone(u))
}

/// Whether every lease is judged, and told where it is to be.
fn are_judged(events: &[Recorded]) -> bool {
    folded(events).sightings.values().all(|s| s.verdict.is_some() && s.notes.owed.is_empty())
}

/// Says it over the console; whatever is refused is decided anew at the next look. False where nobody answered.
async fn say(console: &ConsoleClient, looks: &AtomicU64, command: Command) -> bool {
    let name = format!("look {}", looks.fetch_add(1, Ordering::Relaxed));
    matches!(tokio::time::timeout(ANSWER, console.command(within(ANSWER), name, command)).await, Ok(Ok(_)))
}

impl Leaving {
    pub fn new(lab: Lab) -> Self {
        Self { lab, looks: AtomicU64::new(0) }
    }
}

impl Road for Leaving {
    fn place(&self) -> &Place {
        &self.lab.place
    }

    fn act<'a>(&'a self, console: &'a ConsoleClient, events: &'a [Recorded], _fresh: bool) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            let Some(unit) = only(events) else { return true };
            let (id, was_held) = (unit.id, events.iter().any(stands_otherwise));
            let wish = match unit.disposition {
                Disposition::OnHold => Command::Release { unit: id, reason: None },
                Disposition::Normal if (Stage::Discovered..Stage::Staged).contains(&unit.stage) && !was_held => {
                    Command::Hold { unit: id, reason: "power work".into() }
                }
                Disposition::Normal if unit.stage == Stage::Staged && is_idle(&unit) => {
                    Command::Cancel { unit: id, reason: "wrong order".into() }
                }
                Disposition::Cancelled if is_idle(&unit) => {
                    Command::Retire { unit: id, reason: "nobody wants it".into() }
                }
                _ => return true,
            };
            say(console, &self.looks, wish).await
        })
    }

    fn is_settled(&self, events: &[Recorded]) -> bool {
        are_judged(events) && only(events).is_some_and(|u| u.disposition == Disposition::Retired && is_idle(&u))
    }

    fn judge(&self, events: &[Recorded], wrong: &mut Vec<String>) {
        let (netbox, device) = (&self.lab.outside.netbox, self.lab.server.device);
        let mut check = |good: bool, what: String| {
            if !good {
                wrong.push(what);
            }
        };
        let Some(unit) = only(events) else { return check(false, "no unit".to_owned()) };
        check(unit.steps.parked().next().is_none(), "something waits for a person".to_owned());
        check(netbox.oob_of(device).is_none(), "it has an out-of-band address still".to_owned());
        check(netbox.tenant_of(device).is_none(), format!("its tenant is {:?}", netbox.tenant_of(device)));
        let status = netbox.status_of(device);
        check(status.as_deref() == Some("offline"), format!("its status is {status:?}"));
        let addresses = netbox.address_count();
        check(addresses == 1, format!("{addresses} addresses; its own is kept for whom it belongs to"));
        let counters = self.lab.twin().counters();
        let (resets, allowed) = (counters.resets_total(), resets_allowed(events));
        check(resets <= allowed, format!("{resets} resets where the journal allows {allowed}"));
        check(counters.logins_bad == 0, format!("{} wrong passwords", counters.logins_bad));
        let changes: Vec<String> = events
            .iter()
            .filter(|e| stands_otherwise(e) || matches!(e.draft.event, Event::Life(LifeEvent::StageEntered { .. })))
            .map(label)
            .collect();
        let mut once = changes.clone();
        once.sort_unstable();
        once.dedup();
        check(once.len() == changes.len(), format!("twice: {changes:?}"));
        notes(netbox, device, events, &mut check);
    }
}

impl Running {
    /// It runs, and is a tenant's, as NetBox says.
    pub fn new(lab: Lab) -> Self {
        let (netbox, server) = (&lab.outside.netbox, &lab.server);
        let acme = netbox.add_tenant("acme");
        netbox.edit(server.device, &json!({ "status": "active", "tenant": acme }), EPOCH);
        let bmc = netbox.interface_id(server.device, "bmc").unwrap();
        netbox.set_oob(server.device, netbox.add_ip(&format!("{}/24", server.address), Some(bmc)));
        Self { lab, looks: AtomicU64::new(0) }
    }

    async fn take_over(&self, console: &ConsoleClient) -> bool {
        let planned = tokio::time::timeout(ANSWER, console.plan_take_over(within(ANSWER), Filter::default())).await;
        let Ok(Ok(Ok(seen))) = planned else { return false };
        let Some(plan) = seen.plan else { return false };
        let serials = vec![self.lab.server.serial.as_str().into()];
        let confirm = Confirm { plan, serials, reason: "it has run for years".into() };
        let taken = tokio::time::timeout(ANSWER, console.confirm_take_over(within(ANSWER), confirm)).await;
        let Ok(Ok(Ok(taken))) = taken else { return false };
        assert!(taken.iter().all(|(_, t)| matches!(t, Taken::Entered(..) | Taken::Already)), "{taken:?}");
        true
    }
}

impl Road for Running {
    fn place(&self) -> &Place {
        &self.lab.place
    }

    fn act<'a>(&'a self, console: &'a ConsoleClient, events: &'a [Recorded], _fresh: bool) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            match only(events) {
                None => self.take_over(console).await,
                Some(unit) if unit.disposition == Disposition::Normal => {
                    let wish = Command::Quarantine { unit: unit.id, reason: "its fans are loud".into() };
                    say(console, &self.looks, wish).await
                }
                Some(_) => true,
            }
        })
    }

    fn is_settled(&self, events: &[Recorded]) -> bool {
        are_judged(events) && only(events).is_some_and(|u| u.disposition == Disposition::Quarantined && is_idle(&u))
    }

    fn judge(&self, events: &[Recorded], wrong: &mut Vec<String>) {
        let (netbox, device) = (&self.lab.outside.netbox, self.lab.server.device);
        let mut check = |good: bool, what: String| {
            if !good {
                wrong.push(what);
            }
        };
        let entered =
            events.iter().filter(|e| matches!(e.draft.event, Event::Entry(EntryEvent::UnitTakenOver { .. }))).count();
        check(entered == 1, format!("taken over {entered} times"));
        check(netbox.status_of(device).as_deref() == Some("active"), format!("status {:?}", netbox.status_of(device)));
        check(netbox.tenant_of(device).as_deref() == Some("acme"), format!("tenant {:?}", netbox.tenant_of(device)));
        let counters = self.lab.twin().counters();
        let touched = (counters.resets_total(), counters.armed, counters.logins_bad);
        check(touched == (0, 0, 0), format!("it runs, and was touched: {touched:?}"));
    }
}
