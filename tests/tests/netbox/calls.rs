//! Every public call of the adapter, once: what is held against all of them goes through this list.

use rackhand_core::inventory::listed::Inventory;

use super::*;

/// What the calls are made with.
pub struct On {
    pub device: u64,
    pub bmc: u64,
    pub nic: u64,
    pub known: Inventory,
    pub rack: u64,
}

async fn sockets(netbox: &Adapter, on: &On) -> Result<(), Fault> {
    let room = netbox.room(&on.known.site, clock().now()).await?;
    netbox.sockets(&room, &[on.rack].into()).await.map(drop)
}

impl Bench {
    pub fn on(&self) -> On {
        let known = Inventory { as_of: Some(Timestamp::from_secs(1_700_000_000)), ..Inventory::new(site()) };
        let rack = self.lab.add_rack(&rackhand_lab::netbox::RackSpec::standard("fra1", "R01"));
        On { device: self.device, bmc: self.bmc, nic: self.nic("eth1"), known, rack }
    }
}

macro_rules! calls {
    (|$netbox:ident, $on:ident| $($name:ident => $run:expr;)*) => {
        /// A call.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(non_camel_case_types)] // Named as the method.
        pub enum Call { $($name),* }

        impl Call {
            pub const ALL: &[Self] = &[$(Self::$name),*];

            pub fn word(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),* }
            }

            pub async fn make(self, $netbox: &Adapter, $on: &On) -> Result<(), Fault> {
                match self { $(Self::$name => $run.await.map(drop)),* }
            }
        }
    };
}

calls! { |netbox, on|
    release => netbox.release();
    device_by_bmc_mac => netbox.device_by_bmc_mac(BMC);
    devices_by_bmc_macs => netbox.devices_by_bmc_macs(&[BMC, NIC]);
    all_macs => netbox.all_macs();
    registered_bmc => netbox.registered_bmc("CZ1", BMC, true);
    register_bmc => netbox.register_bmc("CZ1", BMC, None);
    status => netbox.status(on.device);
    write_status => netbox.write_status(on.device, &staged());
    write_statuses => all(netbox, on);
    bmc_address => netbox.bmc_address(on.device, on.bmc);
    assign_bmc_address => netbox.assign_bmc_address(on.device, on.bmc, ip("10.20.0.7"));
    release_bmc_address => netbox.release_bmc_address(on.device, on.bmc);
    cabling_plan => netbox.cabling_plan(on.device);
    cables => netbox.cables(on.device);
    connect_cables => netbox.connect_cables(on.device, &[(on.nic, port("Eth4"))]);
    make_interfaces => netbox.make_interfaces(on.device, &[("eth9".into(), Mac([2, 0, 0, 0, 0, 9]))]);
    write_macs => netbox.write_macs(on.device, &[(on.nic, NIC)]);
    notes_present => netbox.notes_present(on.device, &[note(1, "").key]);
    add_notes => netbox.add_notes(on.device, &[note(1, "x")]);
    check => netbox.check();
    at_our_site => netbox.at_our_site(on.device);
    init => netbox.init();
    read_all => netbox.read_all(&on.known.site);
    elevations => netbox.elevations(&on.known.site);
    room => netbox.room(&on.known.site, clock().now());
    sockets => sockets(netbox, on);
    ends_of => netbox.ends_of(on.device);
    type_of => netbox.type_of("ProLiant DL360 Gen11");
    type_called => netbox.type_called("dl360-gen11");
    tenants => netbox.tenants(&"nobody".into());
    is_placed => netbox.is_placed(on.device, &place::place(on.rack));
    place_device => netbox.place_device(on.device, &place::place(on.rack));
    is_displaced => netbox.is_displaced(on.device, &place::place(on.rack));
    displace_device => netbox.displace_device(on.device, &place::place(on.rack));
    changed_since => netbox.changed_since(&on.known);
    device_snapshot => netbox.device_snapshot(on.device);
}

async fn all(netbox: &Adapter, on: &On) -> Result<Vec<()>, Fault> {
    netbox.write_statuses(&[(on.device, staged())]).await.into_iter().collect()
}

/// The list has what the adapter has.
#[test]
fn every_public_call_of_the_adapter_is_in_the_list() {
    let mut found = BTreeSet::new();
    let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../adapters/src/netbox"))];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(path).unwrap();
            let names = text.lines().filter_map(|l| l.trim().strip_prefix("pub async fn "));
            found.extend(names.map(|n| n.split('(').next().unwrap().to_owned()));
        }
    }
    let listed: BTreeSet<String> = Call::ALL.iter().map(|c| c.word().to_owned()).collect();
    assert_eq!(found, listed);
}
