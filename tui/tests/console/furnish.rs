//! The fake's racks.

use std::time::Duration;

use rackhand_core::inventory::rack::{Elevations, Face, Mounted, Rack};
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::text::Text;

use crate::fake::Fake;

impl Fake {
    /// Racks in NetBox: six of 42 units with all servers in them, one of 20 counted from the top with half units and
    /// what cannot be, and an empty one.
    pub fn furnish(&self) {
        let mut inside = self.inside.lock().unwrap();
        let mut all = Elevations::default();
        for n in 0..8 {
            let (name, height, down) = match n {
                6 => ("S1".to_owned(), 40, true),
                7 => ("Z9".to_owned(), 94, false),
                n => (format!("A{:02}", 5 + n), 84, false),
            };
            all.racks.push(Rack {
                id: n,
                name: name.into(),
                site: if n == 5 { "ams2" } else { "fra1" }.into(),
                location: (n < 4).then(|| "hall 2".into()),
                height,
                first: 2,
                descending: down,
            });
        }
        let device = |device: u64, name: &str, rack: u64, position: Option<u16>, height: u16| Mounted {
            device,
            name: Some(name.into()),
            serial: None,
            model: "QFX5120-48Y".into(),
            rack,
            position,
            height,
            face: position.map(|_| Face::Front),
            full_depth: false,
        };
        let units = inside.world.units.values().filter(|u| u.stage >= Stage::Racked);
        for (n, unit) in units.enumerate() {
            let n = n as u64;
            let tall = if n.is_multiple_of(3) { 4 } else { 2 };
            all.mounted.push(Mounted {
                serial: unit.serial.clone(),
                model: unit.model.clone().unwrap_or_else(|| Text::new("")),
                full_depth: true,
                ..device(100 + n, &format!("srv-{}", 10_200 + n), n % 6, Some(76 - 6 * (n as u16 / 6)), tall)
            });
        }
        for rack in 0..6 {
            for (n, half) in [("a", 84), ("b", 82)] {
                let name = format!("sw-{}-{n}", all.racks[rack as usize].name);
                all.mounted.push(device(500 + 2 * rack + u64::from(n == "b"), &name, rack, Some(half), 2));
            }
            let rear = Mounted {
                face: Some(Face::Rear),
                model: "patch panel".into(),
                ..device(600 + rack, "panel", rack, Some(84), 2)
            };
            let strip = Mounted { model: "PDU 32A".into(), ..device(700 + rack, "pdu", rack, None, 0) };
            all.mounted.extend([rear, strip]);
        }
        all.mounted.extend([
            device(800, "half-a", 6, Some(6), 1),
            device(801, "half-b", 6, Some(7), 1),
            device(802, "tall", 6, Some(9), 3),
            device(803, "first", 6, Some(20), 4),
            device(804, "second", 6, Some(22), 2),
            device(805, "too-low", 6, Some(41), 4),
        ]);
        let at = inside.now;
        inside.elevations = Some((all, at));
        drop(inside);
        self.advance(Duration::from_mins(4));
    }
}
