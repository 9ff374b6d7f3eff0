//! A site for placement: two racks with two feeds, two switches and two power strips each.

use std::collections::BTreeMap;
use std::sync::Arc;

use rackhand_core::decide::{Answer, Input, Refusal};
use rackhand_core::id::{Role, SiteId, UnitId};
use rackhand_core::inventory::rack::{Face, HalfUnits, Rack};
use rackhand_core::placement::propose::{Choice, Proposals, Wanted, propose};
use rackhand_core::placement::room::{
    Cabinet, Ends, Equipment, FeedRecord, FreeOutlet, FreePort, Inlet, Nic, Room, Shape, Sockets,
};
use rackhand_core::placement::spots::Need;
use rackhand_core::text::Text;

use super::{Scene, device, person, serial};

/// Racks `A1` and `A2` of 42 units; in each six free ports on each of two switches, and four outlets on each feed.
pub fn room() -> Room {
    let cabinet = |n: u64| {
        let feed = |side: &str, strip| FeedRecord {
            name: Text::new(side),
            watts: 5_000,
            redundant: false,
            strips: vec![strip],
        };
        let (name, site) = (Text::from(format!("A{n}")), Text::new("fra1"));
        Cabinet {
            rack: Rack { id: n, name, site, location: None, height: 84, first: 2, descending: false },
            carries: Some(800_000),
            feeds: vec![feed("feed-a", 90 + n), feed("feed-b", 95 + n)],
            reserved: [2, 3].into(),
        }
    };
    let sockets = |n: u64| {
        let ports = ["a", "b"].iter().flat_map(|half| {
            (1..=6).map(move |port| FreePort {
                switch: format!("sw-A{n}-{half}").into(),
                port: format!("Ethernet{port}").into(),
                kind: "25gbase-x-sfp28".into(),
                management: false,
            })
        });
        let outlets = ["a", "b"].iter().flat_map(|half| {
            (1..=4).map(move |outlet| FreeOutlet {
                strip: format!("pdu-A{n}-{half}").into(),
                outlet: outlet.to_string().into(),
                feed: Some(format!("feed-{half}").into()),
            })
        });
        Sockets { switches: 2, strips: 2, ports: ports.collect(), outlets: outlets.collect() }
    };
    let shape = Shape { model: "ProLiant DL360 Gen11".into(), height: 2, full_depth: true, grams: Some(16_300) };
    Room {
        site: SiteId::new("fra1"),
        read_at: super::START,
        racks: [(1, cabinet(1)), (2, cabinet(2))].into(),
        devices: BTreeMap::new(),
        shapes: [(1, shape)].into(),
        sockets: [(1, sockets(1)), (2, sockets(2))].into(),
    }
}

/// A server in NetBox that has no place there.
pub fn equipment(n: u8) -> Equipment {
    Equipment {
        name: Some(format!("srv{n}").into()),
        serial: Some(serial(n)),
        kind: 1,
        tenant: None,
        rack: None,
        position: None,
        face: None,
        watts: Some(700),
    }
}

/// The server with this number, which NetBox knows where the room has it.
pub fn wanted(scene: &Scene, room: &Room, id: UnitId) -> Wanted {
    let unit = scene.unit(id);
    let nic =
        |name: &str| Nic { name: Text::new(name), kind: "25gbase-x-sfp28".into(), management: false, taken: false };
    let inlet = |name: &str| Inlet { name: Text::new(name), maximum: Some(700), allocated: None, taken: false };
    Wanted {
        unit: id,
        label: unit.label().into(),
        need: Need {
            count: 1,
            height: 2,
            full_depth: true,
            watts: 700,
            kilograms: 17,
            tenant: Some("acme".into()),
            spread: None,
            any_power: false,
        },
        watts: Some(700),
        kilograms: Some(17),
        ends: Some(Ends { nics: vec![nic("eth0"), nic("eth1")], inlets: vec![inlet("PSU1"), inlet("PSU2")] }),
        device: room.by_serial(&unit.label()).map(|(id, _)| id),
        before: None,
    }
}

impl Scene {
    /// Proposals for these units.
    pub fn propose(&self, room: &Room, ids: &[UnitId]) -> Proposals {
        self.propose_at(room, ids, None)
    }

    pub fn propose_at(&self, room: &Room, ids: &[UnitId], position: Option<HalfUnits>) -> Proposals {
        let wanted: Vec<Wanted> = ids.iter().map(|id| wanted(self, room, *id)).collect();
        propose(&room.spaces(&self.world, ids), &wanted, position).unwrap_or_else(|unread| panic!("{unread:?}"))
    }

    /// Keeps these places, by a technician.
    pub fn keep(&mut self, room: &Room, choices: &[Choice]) -> Result<Answer, Refusal> {
        self.put(person(Role::Technician), &Input::Place(choices.to_vec(), Arc::new(room.clone())))
    }

    /// A received server that NetBox knows, with the first place that is proposed kept for it.
    pub fn placed(&mut self, n: u8) -> UnitId {
        let id = self.import(n, rackhand_core::lifecycle::stage::Stage::Received);
        let mut room = room();
        room.devices.insert(device(n, "offline").id, equipment(n));
        let found = self.propose(&room, &[id]);
        assert_eq!(self.keep(&room, &found.alternatives[0].places).unwrap(), Answer::Done);
        id
    }
}

/// Both sides' half units of a place, as NetBox holds them.
pub fn mounted(n: u8, rack: u64, position: HalfUnits) -> Equipment {
    Equipment { rack: Some(rack), position: Some(position), face: Some(Face::Front), ..equipment(n) }
}
