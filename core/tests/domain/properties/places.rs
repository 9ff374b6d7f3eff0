//! Places and receipts, as the watched world has them.

use std::collections::BTreeSet;

use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Answer, Input};
use rackhand_core::id::{Role, UnitId};
use rackhand_core::lifecycle::stage::{Disposition, Stage};

use super::happening::SERVERS;
use super::watched::Watched;
use crate::scene::{self, person};

impl Watched {
    /// A place that was proposed is kept, unless the server stands somewhere or is out of the way.
    pub fn place(&mut self, role: Role, unit: UnitId, n: usize) {
        let mut room = scene::room::room();
        for n in 0..SERVERS {
            room.devices.insert(scene::device(n, "offline").id, scene::room::equipment(n));
        }
        let found = self.scene.propose(&room, &[unit]);
        let Some(alternative) = found.alternatives.get(n) else { return };
        let input = Input::Place(alternative.places.clone(), std::sync::Arc::new(room));
        self.put(person(role), &input);
    }

    /// No two hold the same.
    pub fn kept(&self) {
        let (mut halves, mut sockets) = (BTreeSet::new(), BTreeSet::new());
        for held in self.scene.world.units.values().filter_map(|u| u.placement.as_ref()).filter(|h| !h.racked) {
            let place = &held.place;
            assert!(place.halves().all(|half| halves.insert((place.rack, half))), "{} twice", place.spot());
            let ports = place.network.iter().map(|c| (&c.port.switch, &c.port.port));
            assert!(ports.chain(place.power.iter().map(|c| (&c.strip, &c.outlet))).all(|s| sockets.insert(s)));
        }
    }

    /// Taking a receipt back leaves the unit on its way as it was, and only where the dock was the last it saw.
    pub fn undo_receipt(&mut self, role: Role, unit: UnitId) {
        let before = self.scene.unit(unit).clone();
        if self.put(person(role), &Input::Command(Command::UndoReceipt { unit })) == Some(Answer::Done) {
            let now = self.scene.unit(unit);
            assert_eq!((before.stage, now.stage), (Stage::Received, Stage::ShipmentTracking));
            assert_eq!(now.disposition, Disposition::Normal);
            assert!(before.receipt.is_some_and(|r| r.touched.is_none()) && now.receipt.is_none());
            assert!(before.bmc_mac.is_none_or(|mac| !self.scene.world.sightings.contains_key(&mac)));
        }
    }
}
