//! The demo's racks: switches and a patch panel at the top, power strips beside, servers from the bottom up.

use std::collections::BTreeMap;

use rackhand_core::mac::Mac;

use crate::netbox::{DeviceSpec, FeedSpec, NetBox, RackSpec};

/// Units that stay free at the top, for what comes.
const SPARE: usize = 4;
/// Units at the top that hold switches, and the panel behind the first.
const NETWORK: usize = 2;
/// Models of two units: of the fleet, then of those on their way.
pub(super) const TALL: [&str; 4] =
    ["ProLiant DL380 Gen11", "PowerEdge R760", "ProLiant DL380a Gen11", "PowerEdge R750"];

/// Models of one unit.
const LOW: [&str; 2] = ["ProLiant DL360 Gen11", "PowerEdge R660"];
/// What a server draws at the most, in watts.
const DRAW: u32 = 400;
/// Outlets of a power strip, and ports of a switch.
const SOCKETS: (u16, u16) = (36, 48);

/// Racks of all sites, and which of their units are taken, from the lowest.
pub(super) struct Racks<'a> {
    netbox: &'a NetBox,
    sites: BTreeMap<String, Vec<Vec<bool>>>,
}

impl<'a> Racks<'a> {
    pub fn new(netbox: &'a NetBox) -> Self {
        for model in TALL {
            netbox.shape_type(model, 2.0, true);
        }
        // What a server that NetBox has no device of yet comes with.
        for model in TALL.iter().chain(&LOW) {
            netbox.add_device_type(model, &["bmc", "eno1", "eno2"]);
            netbox.add_inlet_templates(model, &["PSU1", "PSU2"], Some(DRAW));
            netbox.set_weights(None, Some((model, if LOW.contains(model) { 16.3 } else { 27.5 })));
        }
        netbox.shape_type("QFX5120-48Y", 1.0, false);
        netbox.shape_type("Patch panel 24", 1.0, false);
        netbox.shape_type("PDU 32A", 0.0, false);
        Self { netbox, sites: BTreeMap::new() }
    }

    /// Keeps the place that [`crate::outside::Outside::add_server`] gives the `n`-th server.
    pub fn keep(&mut self, site: &str, n: usize) {
        let (rack, unit) = (n / 20, n % 20 * 2);
        while self.rooms(site).len() <= rack {
            self.add(site);
        }
        // Every second unit is given; the one above is free for a model of two.
        self.rooms(site)[rack][unit..unit + 2].fill(true);
    }

    /// Mounts a server of so many units at the lowest place of the emptiest rack, in a new one where all are full.
    pub fn mount(&mut self, spec: DeviceSpec, units: usize) {
        let site = spec.site.clone();
        let (rack, unit) = loop {
            let racks = self.rooms(&site).iter().enumerate();
            let room = racks.filter_map(|(n, taken)| Some((n, lowest(taken, units)?, taken)));
            match room.min_by_key(|(_, _, taken)| taken.iter().filter(|t| **t).count()) {
                Some((n, at, _)) => break (n, at),
                None => self.add(&site),
            }
        };
        self.rooms(&site)[rack][unit..unit + units].fill(true);
        let (rack, position) = (Some(name(&site, rack)), Some((unit + 1) as f64));
        let device = self.netbox.mount(&DeviceSpec { rack, position, ..spec });
        self.netbox.add_inlets(device, &["PSU1", "PSU2"], Some(DRAW));
    }

    fn rooms(&mut self, site: &str) -> &mut Vec<Vec<bool>> {
        self.sites.entry(site.to_owned()).or_default()
    }

    /// A further rack with its switches, panel and power strips.
    fn add(&mut self, site: &str) {
        let n = self.rooms(site).len();
        let (rack, height) = (name(site, n), if n % 5 == 2 { 47 } else { 42 });
        let id = self.netbox.add_rack(&RackSpec {
            location: Some(format!("hall {}", n / 4 + 1)),
            height,
            ..RackSpec::standard(site, &rack)
        });
        let device = |name: String, model: &str, position: Option<u16>| DeviceSpec {
            model: model.to_owned(),
            site: site.to_owned(),
            rack: Some(rack.clone()),
            position: position.map(f64::from),
            status: "active".to_owned(),
            ..DeviceSpec::offline(&name, "", Mac([0; 6]))
        };
        self.netbox.set_weights(Some((id, 1_000)), None);
        for (n, half) in ["a", "b"].into_iter().enumerate() {
            let place = Some(height - u16::from(n > 0));
            let switch = self.netbox.mount(&device(format!("sw-{rack}-{half}"), "QFX5120-48Y", place));
            self.netbox.add_ports(switch, (1..=SOCKETS.1).map(|n| format!("Ethernet{n}")));
            self.netbox.add_inlets(switch, &["PSU1", "PSU2"], Some(250));
        }
        let panel = device(format!("pp-{rack}"), "Patch panel 24", Some(height));
        self.netbox.mount(&DeviceSpec { face: "rear", ..panel });
        for half in ["a", "b"] {
            let three = FeedSpec { phase: "three-phase", ..FeedSpec::default() };
            let feed = self.netbox.add_feed(id, &format!("{rack}-{half}"), three);
            self.netbox.add_strip(&device(format!("pdu-{rack}-{half}"), "PDU 32A", None), SOCKETS.0, Some(feed));
        }
        let mut taken = vec![false; usize::from(height)];
        let top = taken.len() - NETWORK;
        taken[top..].fill(true);
        self.rooms(site).push(taken);
    }
}

fn name(site: &str, n: usize) -> String {
    format!("{site}-r{:02}", n + 1)
}

/// The lowest run of free units, below those that stay free.
fn lowest(taken: &[bool], units: usize) -> Option<usize> {
    let below = taken.len().saturating_sub(NETWORK + SPARE);
    taken[..below].windows(units).position(|run| run.iter().all(|taken| !taken))
}
