//! What agrees is not told of; each planted disagreement is, and nothing else.

#![allow(clippy::unwrap_used)]

use std::net::IpAddr;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::id::{Entropy, SiteId};
use crate::inventory::Device;
use crate::inventory::listed::InterfaceRecord;
use crate::inventory::questions::NetboxDiff;
use crate::lifecycle::stage::Stage;
use crate::time::Timestamp;

/// After all that these units ever wrote.
const LATER: Timestamp = Timestamp::from_secs(1_795_000_000);

fn site() -> SiteId {
    SiteId::new("fra1")
}

fn mac(n: u16, nic: u8) -> Mac {
    let [high, low] = n.to_be_bytes();
    Mac([0x94, 0x40, 0xC9, nic, high, low])
}

/// A unit as it is when all its steps of this stage have been taken.
fn unit(n: u16, stage: Stage) -> Unit {
    let [high, low] = n.to_be_bytes();
    let mut entropy = [0; 16];
    entropy[14..].copy_from_slice(&[high, low]);
    let mut unit = Unit::new(UnitId::mint(Timestamp::default(), Entropy(entropy)), site(), stage, Timestamp::default());
    unit.serial = Some(format!("CZ{n:06}").into());
    unit.bmc_mac = Some(mac(n, 0));
    if stage >= Stage::Discovered {
        unit.bmc_address = Some(IpAddr::from([10, 0, high, low]));
        unit.address_written = unit.bmc_address;
        unit.status_written = Some(stage);
        unit.staging_written = stage >= Stage::Staged;
        unit.device = Some(Device {
            id: u64::from(n) + 1,
            name: format!("srv-{n}").into(),
            serial: unit.serial.clone(),
            model: "DL360".into(),
            site: "fra1".into(),
            place: (stage != Stage::Decommissioned).then(|| format!("R{} U7", n / 40).into()),
            status: "offline".into(),
            lifecycle_state: None,
            tenant: None,
            bmc_interface: u64::from(n) * 3 + 1,
            oob_address: None,
        });
    }
    unit
}

/// What NetBox holds when it agrees with the unit.
fn mirror(unit: &Unit, n: u16, policy: &Policy) -> DeviceRecord {
    let out = unit.stage == Stage::Decommissioned;
    let stage = unit.stage;
    let interface = |k: u8| InterfaceRecord {
        id: u64::from(n) * 3 + u64::from(k) + 1,
        name: if k == 0 { "iLO".into() } else { format!("eth{k}").into() },
        mgmt_only: k == 0,
        primary: Some(mac(n, k)),
        macs: vec![mac(n, k)],
    };
    DeviceRecord {
        id: u64::from(n) + 1,
        name: Some(format!("srv-{n}").into()),
        serial: unit.serial.clone(),
        model: "DL360".into(),
        status: policy.status(stage),
        tenant: (Stage::Staged..=Stage::Ready).contains(&stage).then(|| policy.staging_tenant.clone()),
        rack: (!out).then(|| format!("R{}", n / 40).into()),
        half_units: (!out).then_some(14),
        face: None,
        lifecycle_state: (stage >= Stage::Discovered).then(|| stage.word().into()),
        stamps: BTreeMap::new(),
        oob_address: unit.bmc_address,
        interfaces: (0..3).map(interface).collect(),
    }
}

fn switch(id: ObjectId) -> DeviceRecord {
    DeviceRecord {
        id,
        name: Some("sw".into()),
        serial: None,
        model: "switch".into(),
        status: "active".into(),
        tenant: None,
        rack: None,
        half_units: None,
        face: None,
        lifecycle_state: None,
        stamps: BTreeMap::new(),
        oob_address: None,
        interfaces: Vec::new(),
    }
}

fn pair(stages: &[usize], policy: &Policy) -> (World, Inventory) {
    let (mut world, mut inventory) = (World::default(), Inventory::new(site()));
    for (n, stage) in (0..).zip(stages) {
        let unit = unit(n, Stage::ALL[*stage]);
        if !unit.stage.is_on_order() {
            let device = mirror(&unit, n, policy);
            inventory.devices.insert(device.id, device);
        }
        world.units.insert(unit.id, Arc::new(unit));
    }
    inventory.devices.insert(90_000, switch(90_000));
    (world, inventory)
}

/// Ways in which NetBox may come to disagree about a device, and as what each is told.
type Plant = (Field, fn(&mut Inventory, ObjectId));

const PLANTS: [Plant; 10] = [
    (Field::Unit, |i, id| drop(i.devices.remove(&id))),
    (Field::Device, |i, _| {
        let mut stranger = switch(90_001);
        let macs = vec![mac(60_000, 0)];
        stranger.interfaces =
            vec![InterfaceRecord { id: 900_000, name: "iDRAC".into(), mgmt_only: true, primary: Some(macs[0]), macs }];
        i.devices.insert(stranger.id, stranger);
    }),
    (Field::SerialTwice, |i, id| {
        let serial = i.devices[&id].serial.clone().map(|s| Text::from(s.to_lowercase()));
        i.devices.get_mut(&90_000).unwrap().serial = serial;
    }),
    (Field::MacTwice, |i, id| {
        let there = InterfaceRecord { id: 900_000, ..i.devices[&id].interfaces[1].clone() };
        i.devices.get_mut(&90_000).unwrap().interfaces.push(there);
    }),
    (Field::Serial, |i, id| i.devices.get_mut(&id).unwrap().serial = Some("OTHER".into())),
    (Field::BmcMac, |i, id| i.devices.get_mut(&id).unwrap().interfaces[0].macs = vec![mac(60_000, 0)]),
    (Field::Status, |i, id| i.devices.get_mut(&id).unwrap().status = "failed".into()),
    (Field::LifecycleState, |i, id| i.devices.get_mut(&id).unwrap().lifecycle_state = Some("ordered".into())),
    (Field::OobAddress, |i, id| i.devices.get_mut(&id).unwrap().oob_address = Some(IpAddr::from([10, 9, 9, 9]))),
    (Field::Place, |i, id| {
        let device = i.devices.get_mut(&id).unwrap();
        (device.rack, device.half_units) = (Some("R99".into()), Some(15));
    }),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_agrees_is_not_told_of(stages in prop::collection::vec(0..Stage::ALL.len(), 0..60), own in any::<bool>()) {
        let policy = if own { Policy::standard(site()) } else { Policy::stock(site()) };
        let (world, inventory) = pair(&stages, &policy);
        prop_assert_eq!(reconcile(&world, &inventory, LATER, &policy), Vec::new());
    }

    #[test]
    fn each_planted_difference_is_found_and_nothing_else(
        stages in prop::collection::vec(Stage::Received as usize..Stage::ALL.len(), 1..40),
        at in any::<prop::sample::Index>(),
        plant in 0..PLANTS.len(),
    ) {
        let policy = Policy::standard(site());
        let (world, mut inventory) = pair(&stages, &policy);
        let n = at.index(stages.len());
        // Before it is discovered, the journal knows neither address nor place.
        let known = Stage::ALL[stages[n]] >= Stage::Discovered;
        let (field, spoil) = PLANTS[plant];
        if !known && matches!(field, Field::OobAddress | Field::Place | Field::Serial) {
            return Ok(());
        }
        spoil(&mut inventory, n as u64 + 1);
        let found = reconcile(&world, &inventory, LATER, &policy);
        let fields: Vec<Field> = found.iter().map(|d| d.field).collect();
        prop_assert_eq!(fields, vec![field], "{:?}", found);
        prop_assert!(!found[0].then.is_empty());
        prop_assert_eq!(reconcile(&world, &inventory, LATER, &policy), found);
    }
}

#[test]
fn a_tenant_that_is_not_the_staging_one_is_told_of_until_the_server_is_given_away() {
    let policy = Policy::standard(site());
    for (stage, told) in [(Stage::Received, true), (Stage::Ready, true), (Stage::InService, false)] {
        let (world, mut inventory) = pair(&[stage as usize], &policy);
        inventory.devices.get_mut(&1).unwrap().tenant = Some("acme".into());
        let found = reconcile(&world, &inventory, LATER, &policy);
        assert_eq!(
            found.iter().map(|d| d.field).collect::<Vec<_>>(),
            vec![Field::Tenant; usize::from(told)],
            "{stage}"
        );
    }
}

#[test]
fn what_rackhand_is_about_to_write_asks_for_nobody() {
    let policy = Policy::standard(site());
    let (mut world, mut inventory) = pair(&[Stage::Discovered as usize], &policy);
    let device = inventory.devices.get_mut(&1).unwrap();
    (device.status, device.oob_address) = ("offline".into(), None);
    let told = reconcile(&world, &inventory, LATER, &policy);
    assert!(told.len() == 2 && told.iter().all(|d| d.who == Some(Role::Operator)), "{told:?}");
    let id = *world.units.keys().next().unwrap();
    let mut unit = world.unit(id).unwrap().clone();
    (unit.status_written, unit.address_written) = (None, None);
    world.units.insert(id, Arc::new(unit));
    let told = reconcile(&world, &inventory, LATER, &policy);
    assert!(told.len() == 2 && told.iter().all(|d| d.who.is_none()), "{told:?}");
}

#[test]
fn units_of_other_sites_and_those_at_their_end_are_left_out() {
    let policy = Policy::standard(site());
    let (mut world, mut inventory) = pair(&[Stage::Ready as usize, Stage::Ready as usize], &policy);
    let ids: Vec<UnitId> = world.units.keys().copied().collect();
    let mut elsewhere = world.unit(ids[0]).unwrap().clone();
    elsewhere.site = SiteId::new("waw1");
    let mut lost = world.unit(ids[1]).unwrap().clone();
    lost.disposition = Disposition::Lost;
    inventory.devices.retain(|id, _| *id == 90_000);
    for unit in [elsewhere, lost] {
        world.units.insert(unit.id, Arc::new(unit));
    }
    assert_eq!(reconcile(&world, &inventory, LATER, &policy), Vec::new());
}

#[test]
fn what_was_written_after_the_copy_was_read_is_not_told() {
    let policy = Policy::standard(site());
    let (mut world, inventory) = pair(&[Stage::Staged as usize], &policy);
    let id = *world.units.keys().next().unwrap();
    let mut unit = world.unit(id).unwrap().clone();
    unit.stage = Stage::Discovered;
    unit.status_written = Some(Stage::Discovered);
    unit.netbox_written_at = Some(LATER);
    world.units.insert(id, Arc::new(unit));
    assert_eq!(reconcile(&world, &inventory, LATER, &policy), Vec::new());
    let mut gone = inventory.clone();
    gone.devices.remove(&1);
    assert_eq!(reconcile(&world, &gone, LATER, &policy), Vec::new());
    let newer = LATER + std::time::Duration::from_secs(1);
    assert!(!reconcile(&world, &inventory, newer, &policy).is_empty());
}

#[test]
fn nobody_is_accused_of_what_rackhand_never_wrote() {
    let policy = Policy::standard(site());
    for stage in [Stage::Ready, Stage::InService, Stage::Maintenance] {
        let (mut world, mut inventory) = pair(&[stage as usize], &policy);
        let id = *world.units.keys().next().unwrap();
        let mut unit = world.unit(id).unwrap().clone();
        (unit.status_written, unit.device, unit.address_written, unit.staging_written) = (None, None, None, false);
        unit.bmc_address = None;
        world.units.insert(id, Arc::new(unit));
        inventory.devices.get_mut(&1).unwrap().lifecycle_state = None;
        assert_eq!(reconcile(&world, &inventory, LATER, &policy), Vec::new(), "{stage}");
        let device = inventory.devices.get_mut(&1).unwrap();
        (device.status, device.lifecycle_state) = ("offline".into(), Some("received".into()));
        let told = reconcile(&world, &inventory, LATER, &policy);
        assert_eq!(told.iter().map(|d| d.field).collect::<Vec<_>>(), [Field::Status, Field::LifecycleState], "{stage}");
        assert!(told.iter().all(|d| d.then.contains("has not written it")), "{told:?}");
    }
}

#[test]
fn a_fleet_that_is_no_unit_yet_is_counted_after_what_contradicts_and_asks_for_nobody() {
    let policy = Policy::standard(site());
    let stages = vec![Stage::InService as usize; 40];
    let (_, mut inventory) = pair(&stages, &policy);
    let (world, _) = pair(&stages[..1], &policy);
    inventory.devices.get_mut(&1).unwrap().status = "failed".into();
    let told = reconcile(&world, &inventory, LATER, &policy);
    let diff = NetboxDiff {
        now: LATER,
        read_at: LATER,
        devices: 41,
        interfaces: 120,
        trouble: None,
        total: told.len(),
        kinds: kinds(&told),
        offset: 0,
        rows: Vec::new(),
    };
    assert_eq!((diff.total, diff.contradictions(), diff.asks_for_a_person()), (40, 1, true));
    assert_eq!((diff.rows_of(Field::Status), diff.rows_of(Field::Device)), ((0, 1), (1, 39)));
    assert!(told[1..].iter().all(|row| row.field == Field::Device));
    assert!(!NetboxDiff { kinds: kinds(&told[1..]), ..diff }.asks_for_a_person());
    for field in Field::ALL {
        assert_eq!(field.slug().parse(), Ok(field));
    }
}
