//! The technician: takes in what stands at the dock, has it placed, mounts it, cables it, switches it on.

use std::collections::BTreeMap;
use std::time::Duration;

use rackhand_core::decide::Answer;
use rackhand_core::decide::command::Command;
use rackhand_core::id::UnitId;
use rackhand_core::inventory::Port;
use rackhand_core::lifecycle::stage::{Disposition, Stage};
use rackhand_core::lifecycle::unit::Unit;
use rackhand_core::placement::propose::Request;
use rackhand_core::placement::reservation::Shown;
use rackhand_core::receiving::commands::Finding;
use rackhand_core::time::Timestamp;
use rand::RngExt as _;

use super::people::TINA;
use super::{Life, fra1};

/// How long a person waits for proposals.
const WAIT: Duration = Duration::from_secs(100);
/// Servers that are placed in one go.
const BATCH: usize = 6;

impl Life {
    /// What stands at the dock, whoever says so, and since when.
    fn at_the_dock(&self, now: Timestamp) -> BTreeMap<String, Timestamp> {
        let (hpe, dell) = (self.market.hpe.shipments(now), self.market.dell.shipments(now));
        let came = hpe.into_iter().chain(dell).map(|s| (s.at + self.market.travel, s.servers));
        let here = came.filter(|(at, _)| *at <= now);
        here.flat_map(|(at, servers)| servers.into_iter().map(move |(_, made)| (made.serial, at))).collect()
    }

    /// Scans what came in. What is not to come in yet stays where it is, and is scanned again.
    pub(super) async fn receive(&mut self) -> Result<(), String> {
        let now = self.now();
        for serial in self.at_the_dock(now).into_keys() {
            let known = self.world()?.by_serial(&serial).map(|u| (u.stage, u.disposition));
            let awaited = matches!(known, Some((Stage::ShipmentTracking, Disposition::Normal)));
            if !awaited || self.busy() {
                continue;
            }
            let hurt = self.rng.random_bool(0.03);
            let damaged = hurt.then(|| "a corner is pressed in".into());
            let receive = Command::Receive { site: fra1(), scan: serial.as_str().into(), damaged, photo: None };
            if let Ok(Answer::Scanned(scan)) = self.say(TINA, receive).await {
                match scan.finding {
                    Finding::Received => self.did("server received"),
                    Finding::Damaged { .. } => self.did("server received damaged"),
                    other => {
                        let what = format!("{serial} is awaited, and the dock says {}", other.word());
                        self.outcome.violations.push(what);
                    }
                }
            }
        }
        Ok(())
    }

    /// Has places kept for what was taken in.
    pub(super) async fn place(&mut self) -> Result<(), String> {
        let homeless = |u: &&std::sync::Arc<Unit>| {
            u.stage == Stage::Received
                && u.disposition == Disposition::Normal
                && u.order.is_some()
                && u.placement.is_none()
                && u.steps.undo().is_empty()
                && u.netbox_device().is_some()
        };
        let units: Vec<UnitId> = self.world()?.units.values().filter(homeless).map(|u| u.id).take(BATCH).collect();
        if units.is_empty() || self.busy() {
            return Ok(());
        }
        let Some(desk) = self.site.as_ref().map(|s| s.desk.clone()) else { return Ok(()) };
        let tina = TINA.actor();
        let request = Request { units, ..Request::default() };
        let asked = Box::pin(desk.placement(&tina, &request));
        let Some(Ok(found)) = self.outside.clock.timeout(WAIT, asked).await else { return Ok(()) };
        if found.alternatives.is_empty() {
            self.outcome.violations.push(format!("no place: {:?}", found.refused));
            return Ok(());
        }
        let which = self.rng.random_range(0..found.alternatives.len());
        let choices = found.alternatives[which].places.clone();
        if self.say(TINA, Command::Place { choices }).await.is_ok() {
            self.did("servers placed");
        }
        Ok(())
    }

    /// The technician's part in one server.
    pub(super) async fn handle(&mut self, unit: &Unit) {
        match unit.stage {
            Stage::Received => {
                let Some(held) = unit.placement.as_ref().filter(|held| held.shown != Shown::No) else { return };
                let rack = held.place.name.clone();
                let position = self.rng.random_bool(0.3).then_some(held.place.position);
                if self.say(TINA, Command::ScanRack { unit: unit.id, rack, position }).await.is_ok() {
                    self.did("server racked");
                }
            }
            Stage::Racked if unit.order.is_some() => {
                if self.people.cabled.insert(unit.id) {
                    self.cable_in_haste(unit);
                }
                // Many let the lease say that it is cabled.
                if self.rng.random_bool(0.5) {
                    let (to, reason) = (Stage::Cabled, "all cables are in".into());
                    drop(self.say(TINA, Command::Move { unit: unit.id, to, reason }).await);
                    self.did("server said to be cabled");
                }
            }
            Stage::Cabled | Stage::PoweredOn if unit.order.is_some() && self.people.cabled.insert(unit.id) => {
                self.cable_in_haste(unit);
            }
            _ => {}
        }
    }

    /// Puts a bought server's cables where its place has them, one time in twenty the wrong way round.
    fn cable_in_haste(&mut self, unit: &Unit) {
        let swapped = self.rng.random_bool(0.05);
        self.plug(unit, swapped);
        let serial = unit.label();
        self.goes_on_the_wire(serial);
    }

    /// Puts a bought server's cables where its place has them.
    pub(super) fn cable(&mut self, unit: &Unit) {
        self.plug(unit, false);
    }

    fn plug(&mut self, unit: &Unit, swapped: bool) {
        let serial = unit.label();
        let (Some(boxed), Some(held)) = (self.market.boxes.get(&serial), &unit.placement) else { return };
        let port = |name: &str| held.place.network.iter().find(|c| c.interface.as_str() == name);
        let ports = ["eno1", "eno2"].into_iter().filter_map(port).map(|c| c.port.clone());
        let mut ports: Vec<Port> = ports.collect();
        if swapped {
            ports.reverse();
        }
        self.outside.plug_in(boxed, &ports);
    }
}
