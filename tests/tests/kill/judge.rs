//! What a path left behind, outside and in the journal.

use std::collections::{BTreeMap, BTreeSet};

use rackhand_core::bmc::Rung;
use rackhand_core::event::{BootEvent, DiscoveryEvent, Event, LifeEvent, Recorded, Seq, StepEvent};
use rackhand_core::flow::next::wanted;
use rackhand_core::flow::rules::Lane;
use rackhand_core::flow::step::Step;
use rackhand_core::inventory::ObjectId;
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::lifecycle::unit::Unit;
use rackhand_core::world::World;
use rackhand_lab::netbox::NetBox;

use crate::support::daemon::folded;
use crate::support::lab::Lab;

/// What an event is, for the table of points.
pub fn label(event: &Recorded) -> String {
    match &event.draft.event {
        Event::Step(
            StepEvent::StepIntended { step, .. }
            | StepEvent::StepAccepted { step, .. }
            | StepEvent::StepObserved { step, .. }
            | StepEvent::StepUnknown { step, .. }
            | StepEvent::StepFailed { step, .. },
        )
        | Event::Boot(BootEvent::BootMissed { step, .. }) => format!("{} {step}", event.draft.event.kind()),
        Event::Life(LifeEvent::StageEntered { to, .. }) => format!("stage_entered {to}"),
        Event::Life(LifeEvent::DispositionChanged { to, .. }) => format!("{} {to}", event.draft.event.kind()),
        Event::Boot(BootEvent::MachineReported { report }) => format!("machine_reported {}", report.step),
        Event::Discovery(DiscoveryEvent::SightingJudged { verdict }) => {
            format!("sighting_judged {}", format!("{verdict:?}").split('(').next().unwrap_or_default())
        }
        other => other.kind().to_owned(),
    }
}

/// Whether one server is staged and every note owed is in NetBox.
pub fn is_settled(events: &[Recorded]) -> bool {
    let world = folded(events);
    let silent = world.sightings.values().all(|s| s.notes.owed.is_empty());
    let staged = world.units.values().all(|u| u.stage == Stage::Staged && u.notes.owed.is_empty());
    world.units.len() == 1 && staged && silent
}

/// Whether nothing is left to be done for a unit, or undone.
pub fn is_idle(unit: &Unit) -> bool {
    unit.notes.owed.is_empty()
        && unit.steps.undo().is_empty()
        && Lane::ALL.iter().all(|lane| wanted(unit, *lane).is_none())
}

/// The events as a person reads them.
pub fn story(events: &[Recorded]) -> String {
    let line = |e: &Recorded| format!("{:>4} {} {} {}", e.seq, e.draft.at, e.draft.subject, e.draft.event.sentence());
    events.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Holds every effect the outside has seen against the journal.
pub fn judge(lab: &Lab, events: &[Recorded], wrong: &mut Vec<String>) {
    let (netbox, server) = (&lab.outside.netbox, &lab.server);
    let mut check = |good: bool, what: String| {
        if !good {
            wrong.push(what);
        }
    };
    let interface = netbox.interface_id(server.device, "bmc").unwrap();
    check(netbox.mac_count(server.bmc_mac) == 1, format!("its BMC's MAC: {} times", netbox.mac_count(server.bmc_mac)));
    check(netbox.primary_mac(interface) == Some(server.bmc_mac), "its BMC has another MAC".to_owned());
    let addresses = netbox.addresses_on(interface);
    check(addresses.len() == 1, format!("addresses on its BMC: {addresses:?}"));
    let oob = netbox.oob_of(server.device);
    check(oob.as_ref() == addresses.first(), format!("out-of-band address {oob:?}"));
    check(netbox.address_count() == 1, format!("{} addresses in NetBox", netbox.address_count()));
    check(netbox.cable_count() == 2, format!("{} cables", netbox.cable_count()));
    let twin = lab.twin();
    for (name, mac) in ["eno1", "eno2"].into_iter().zip(&twin.bmc.spec().nics) {
        let port = netbox.interface_id(server.device, name).unwrap();
        let cable = netbox.cable_of(port);
        check(cable.as_ref().is_some_and(|c| c.1 == "connected"), format!("cable of {name}: {cable:?}"));
        check(netbox.mac_count(*mac) == 1, format!("MAC of {name}: {} times", netbox.mac_count(*mac)));
        check(netbox.primary_mac(port) == Some(*mac), format!("{name} has another MAC"));
    }
    let status = (netbox.status_of(server.device), netbox.tenant_of(server.device));
    check(
        status.0.as_deref() == Some("staged") && status.1.as_deref() == Some("baremetal-staging"),
        format!("status and tenant {status:?}"),
    );
    let stage = netbox.field_of(server.device, "lifecycle_state");
    check(stage.as_ref().and_then(|s| s.as_str()) == Some("staged"), format!("lifecycle_state {stage:?}"));
    notes(netbox, server.device, events, &mut check);
    let counters = twin.counters();
    let (resets, allowed) = (counters.resets_total(), resets_allowed(events));
    check(resets <= allowed, format!("{resets} resets where the journal allows {allowed}"));
    check(counters.network_boots == 1, format!("{} network boots", counters.network_boots));
    check(counters.logins_bad == 0, format!("{} wrong passwords", counters.logins_bad));
    let mut once: BTreeMap<String, u32> = BTreeMap::new();
    for event in events.iter().filter(|e| {
        matches!(
            e.draft.event,
            Event::Life(LifeEvent::StageEntered { .. })
                | Event::Boot(BootEvent::MachineReported { .. } | BootEvent::ValidationReported { .. })
        )
    }) {
        *once.entry(label(event)).or_default() += 1;
    }
    check(once.values().all(|n| *n == 1) && once.len() == 12, format!("transitions and reports: {once:?}"));
    check(
        folded(events).units.values().all(|u| u.steps.parked().next().is_none()),
        "something waits for a person".to_owned(),
    );
}

/// NetBox's journal has one note for each that the events ever owed, and no other.
pub fn notes(netbox: &NetBox, device: ObjectId, events: &[Recorded], check: &mut impl FnMut(bool, String)) {
    let mut world = World::default();
    let mut owed: BTreeSet<Seq> = BTreeSet::new();
    for event in events {
        world.apply(event);
        owed.extend(world.units.values().flat_map(|u| &u.notes.owed).map(|n| n.seq));
        owed.extend(world.sightings.values().flat_map(|s| &s.notes.owed).map(|n| n.seq));
    }
    let there = netbox.notes_of(device);
    let site = rackhand_core::id::SiteId::new("fra1");
    check(world.stream.epoch() > 0, "the journal has no epoch".to_owned());
    for seq in &owed {
        let key = format!("[rackhand {}]", world.stream.event_name(&site, *seq));
        let count = there.iter().filter(|(_, text)| text.contains(&key)).count();
        check(count == 1, format!("note of event {seq}: {count} times"));
    }
    check(there.len() == owed.len(), format!("{} notes where {} are owed", there.len(), owed.len()));
}

/// One reset for each rung the journal intended; a power cycle is two.
pub fn resets_allowed(events: &[Recorded]) -> u32 {
    let rungs: BTreeSet<String> = events
        .iter()
        .filter_map(|e| match &e.draft.event {
            Event::Step(StepEvent::StepIntended { step: Step::ResetForBoot, rung: Some(rung), .. }) => {
                Some(rung.to_string())
            }
            _ => None,
        })
        .collect();
    rungs.iter().map(|r| if *r == Rung::PowerCycle.to_string() { 2 } else { 1 }).sum()
}
