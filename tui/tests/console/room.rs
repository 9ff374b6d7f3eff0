//! What NetBox would say of the fake's site, as placement wants it.

use std::collections::BTreeMap;

use rackhand_core::id::SiteId;
use rackhand_core::placement::room::{Cabinet, FeedRecord, FreeOutlet, FreePort, Room, Sockets};
use rackhand_core::text::Text;

use crate::fake::Inside;

/// The fake's racks as placement looks at them; the first has one feed only.
pub fn room(inside: &Inside) -> Room {
    let racks = inside.elevations.iter().flat_map(|(all, _)| &all.racks).filter(|r| r.site.as_str() == "fra1");
    let mut room = Room {
        site: SiteId::new("fra1"),
        read_at: inside.now,
        racks: BTreeMap::new(),
        devices: BTreeMap::new(),
        shapes: BTreeMap::new(),
        sockets: BTreeMap::new(),
    };
    for rack in racks.take(4) {
        let feed = |name: &str| FeedRecord { name: Text::new(name), watts: 5_888, redundant: false, strips: vec![] };
        let feeds = if rack.id == 0 { vec![feed("a")] } else { vec![feed("a"), feed("b")] };
        // What the fake has at the top is taken.
        let reserved = (60..84).collect();
        room.racks.insert(rack.id, Cabinet { rack: rack.clone(), carries: Some(900_000), feeds, reserved });
        let ports = ["a", "b"].iter().flat_map(|h| {
            (1..=4).map(move |n| FreePort {
                switch: format!("sw-{}-{h}", rack.name).into(),
                port: format!("Ethernet{n}").into(),
                kind: "25gbase-x-sfp28".into(),
                management: false,
            })
        });
        let outlets = ["a", "b"].iter().flat_map(|h| {
            (1..=4).map(move |n| FreeOutlet {
                strip: format!("pdu-{}-{h}", rack.name).into(),
                outlet: n.to_string().into(),
                feed: Some(Text::new(h)),
            })
        });
        let sockets = Sockets { switches: 2, strips: 2, ports: ports.collect(), outlets: outlets.collect() };
        room.sockets.insert(rack.id, sockets);
    }
    room
}
