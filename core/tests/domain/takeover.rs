//! Servers that run already become units by a plan: which can, on whose word, and that nothing touches them then.

use crate::scene;
use std::collections::BTreeMap;

use crate::scene::{Scene, address, bmc_mac, serial, token};
use rackhand_core::bmc::{Fingerprint, Identity, Vendor};
use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Answer, Input, Refusal, Why};
use rackhand_core::event::{BootEvent, Event};
use rackhand_core::flow::next::wanted;
use rackhand_core::flow::rules::Lane;
use rackhand_core::id::{Actor, PlanId, Role, SiteId, UnitId};
use rackhand_core::inventory::listed::{DeviceRecord, InterfaceRecord, Inventory};
use rackhand_core::inventory::{Device, Lookup};
use rackhand_core::lifecycle::stage::{Disposition, Stage};
use rackhand_core::policy::Policy;
use rackhand_core::takeover::plan::survey;
use rackhand_core::takeover::{Candidate, Login, MAX_PLANS, Taken, Taking};
use rackhand_core::text::Text;

fn fra1() -> SiteId {
    SiteId::new("fra1")
}

/// The `n`-th server as NetBox has it: in use, tenant `acme`.
fn record(n: u8) -> DeviceRecord {
    let id = 100 + u64::from(n);
    let (primary, macs) = (Some(bmc_mac(n)), vec![bmc_mac(n)]);
    DeviceRecord {
        id,
        name: Some(format!("srv{n}").into()),
        serial: Some(serial(n)),
        model: "ProLiant DL360 Gen11".into(),
        status: "active".into(),
        tenant: Some("acme".into()),
        rack: Some("A1".into()),
        half_units: Some(14),
        face: None,
        lifecycle_state: None,
        stamps: BTreeMap::new(),
        oob_address: Some(address(n)),
        interfaces: vec![InterfaceRecord { id: 1_000 + id, name: "iLO".into(), mgmt_only: true, primary, macs }],
    }
}

/// The same, ready for an order.
fn ready(n: u8) -> DeviceRecord {
    DeviceRecord { status: "ready".into(), tenant: None, ..record(n) }
}

fn inventory(records: impl IntoIterator<Item = DeviceRecord>) -> Inventory {
    let devices = records.into_iter().map(|r| (r.id, r)).collect();
    Inventory { devices, ..Inventory::new(fra1()) }
}

fn obstacles(scene: &Scene, inventory: &Inventory) -> Vec<(String, String)> {
    let told =
        |c: Candidate| (c.seen.device.name.to_string(), c.obstacle.map_or_else(|| "-".into(), |o| o.to_string()));
    survey(&scene.world, inventory, &scene.policy).into_iter().map(told).collect()
}

fn operator(name: &str) -> Actor {
    Actor::Person { name: name.into(), role: Role::Operator }
}

fn plan(scene: &mut Scene, mark: u8, inventory: &Inventory) -> PlanId {
    let all = survey(&scene.world, inventory, &scene.policy);
    let rows = all.into_iter().filter(|c| c.obstacle.is_none()).map(|c| c.seen).collect();
    let hash = Fingerprint([mark; 32]);
    scene.put(operator("anna"), &Input::PlanTakeOver(fra1(), hash, rows)).unwrap();
    PlanId::from(hash)
}

fn proven(n: u8) -> Login {
    let identity = Identity { vendor: Vendor::Hpe, controller: "iLO 6".into(), firmware: None, serial: None };
    Login::Proven { address: address(n), identity, certificate: Some(token(n)), account: "its own account".into() }
}

/// These servers are confirmed by this person, with what NetBox shows by now.
fn confirm(scene: &mut Scene, who: &str, plan: PlanId, servers: &[u8], now: &Inventory) -> Result<Vec<Taken>, Refusal> {
    let all = survey(&scene.world, now, &scene.policy);
    let row = |n: &u8| Taking {
        serial: serial(*n),
        now: all.iter().find(|c| c.seen.device.serial == Some(serial(*n))).cloned(),
        login: Some(proven(*n)),
    };
    let rows = servers.iter().map(row).collect();
    match scene.put(operator(who), &Input::TakeOver(plan, rows, "it has run for years".into()))? {
        Answer::TakenOver(taken) => Ok(taken.into_iter().map(|(_, taken)| taken).collect()),
        other => panic!("{other:?}"),
    }
}

fn unit(scene: &Scene, n: u8) -> UnitId {
    scene.world.by_serial(&serial(n)).unwrap().id
}

/// A server in service that was taken over.
fn taken_over(scene: &mut Scene, n: u8) -> UnitId {
    let netbox = inventory([record(n)]);
    let id = plan(scene, n, &netbox);
    assert_eq!(confirm(scene, "anna", id, &[n], &netbox).unwrap(), [Taken::Entered(Stage::InService, proven(n))]);
    unit(scene, n)
}

#[test]
fn each_server_is_told_its_stage_or_what_stands_in_its_way() {
    let mut scene = Scene::default();
    scene.import(1, Stage::InService);
    let held = scene.import(2, Stage::InService);
    scene.hold(held).unwrap();
    scene.import(3, Stage::ShipmentTracking);
    let (site, stage) = (SiteId::new("ams2"), Stage::InService);
    let elsewhere = Command::Import { site, serial: serial(4), bmc_mac: None, vendor: None, model: None, stage };
    scene.command(Role::Operator, elsewhere).unwrap();
    let other_mac = DeviceRecord { interfaces: record(1).interfaces, ..record(5) };
    let bare = |n| DeviceRecord { interfaces: Vec::new(), ..record(n) };
    let netbox = inventory([
        record(1),
        record(2),
        record(3),
        record(4),
        other_mac,
        DeviceRecord { serial: None, ..record(6) },
        DeviceRecord { serial: Some("sn 7".into()), ..record(7) },
        DeviceRecord { serial: Some("sn0020".into()), ..record(8) },
        record(20),
        DeviceRecord { tenant: None, ..record(9) },
        DeviceRecord { tenant: Some("baremetal-staging".into()), ..record(10) },
        DeviceRecord { lifecycle_state: Some("maintenance".into()), ..record(11) },
        DeviceRecord { tenant: Some("acme".into()), ..ready(12) },
        ready(13),
        record(14),
        DeviceRecord { status: "offline".into(), ..record(15) },
        bare(16),
    ]);
    let told = obstacles(&scene, &netbox);
    let expected = [
        ("srv1", "its BMC's MAC 94:40:C9:00:00:01 is also on device 105"),
        ("srv2", "on hold: SN0002 is a unit already, in_service"),
        ("srv3", "on order: SN0003 is shipment_tracking here; receive it at the dock"),
        ("srv4", "other site: SN0004 is a unit of ams2 here"),
        ("srv5", "its BMC's MAC 94:40:C9:00:00:01 is also on device 101"),
        ("srv6", "no serial in NetBox"),
        ("srv7", "`SN 7` is no serial"),
        ("srv8", "duplicate serial, also on device 120"),
        ("srv20", "duplicate serial, also on device 108"),
        ("srv9", "tenant missing"),
        ("srv10", "tenant missing"),
        ("srv11", "status active, but lifecycle_state maintenance"),
        ("srv12", "status ready, but of tenant acme"),
        ("srv13", "-"),
        ("srv14", "-"),
    ];
    for (name, why) in expected {
        let found = told.iter().find(|(n, _)| n == name).unwrap_or_else(|| panic!("{name} is not listed: {told:?}"));
        assert!(found.1.starts_with(why), "{name}: {}", found.1);
    }
    assert_eq!(told.len(), expected.len(), "what is neither in use nor ready, or no server, is not listed: {told:?}");
}

#[test]
fn on_a_stock_netbox_ready_is_told_from_staged_by_its_field() {
    let scene = Scene { policy: Policy::stock(fra1()), ..Scene::default() };
    let staged = |n, fine: Option<&str>| DeviceRecord {
        status: "staged".into(),
        tenant: None,
        lifecycle_state: fine.map(Text::new),
        ..record(n)
    };
    let netbox = inventory([staged(1, Some("ready")), staged(2, Some("staged")), staged(3, None)]);
    assert_eq!(obstacles(&scene, &netbox), [("srv1".to_owned(), "-".to_owned())]);
}

#[test]
fn one_person_takes_a_server_into_service_and_nothing_is_to_be_done_to_it() {
    let mut scene = Scene::default();
    let id = taken_over(&mut scene, 1);
    let unit = scene.unit(id);
    assert_eq!((unit.stage, unit.disposition), (Stage::InService, Disposition::Normal));
    assert_eq!((unit.tenant.clone(), unit.place().cloned()), (Some("acme".into()), Some("A1 U7".into())));
    assert_eq!((unit.bmc_address, unit.certificate), (Some(address(1)), Some(token(1))));
    assert!(scene.next(id).moves.is_empty() && unit.notes.owed.is_empty(), "{:?}", scene.next(id));
    assert!(Lane::ALL.iter().all(|lane| wanted(scene.unit(id), *lane).is_none()));
}

#[test]
fn a_plan_is_a_persons_and_a_confirmation_needs_an_operator_and_a_reason() {
    let mut scene = Scene::default();
    let netbox = inventory([record(1)]);
    let technician = Actor::Person { name: "tina".into(), role: Role::Technician };
    let hash = Fingerprint([1; 32]);
    let refused = scene.put(technician.clone(), &Input::PlanTakeOver(fra1(), hash, Vec::new())).unwrap_err();
    assert_eq!(refused.why, Why::NotAllowed);
    let id = plan(&mut scene, 1, &netbox);
    for (who, reason, why) in [(technician, "x", Why::NotAllowed), (operator("anna"), " ", Why::Invalid)] {
        let refused = scene.put(who, &Input::TakeOver(id, Vec::new(), reason.into())).unwrap_err();
        assert_eq!(refused.why, why);
    }
    let unknown = scene.put(operator("anna"), &Input::TakeOver(PlanId(7), Vec::new(), "x".into())).unwrap_err();
    assert_eq!(unknown.why, Why::NotFound);
    assert!(scene.world.units.is_empty());
}

#[test]
fn into_the_pool_it_takes_two_people() {
    let mut scene = Scene::default();
    let netbox = inventory([ready(1)]);
    let id = plan(&mut scene, 1, &netbox);
    let half = confirm(&mut scene, "anna", id, &[1], &netbox).unwrap();
    assert_eq!(half, [Taken::HalfWay(Stage::Ready, proven(1))]);
    let server = unit(&scene, 1);
    assert_eq!(scene.unit(server).disposition, Disposition::Quarantined);
    let same = confirm(&mut scene, "anna", id, &[1], &netbox).unwrap();
    assert!(matches!(&same[..], [Taken::Refused(text)] if text.contains("a second person")), "{same:?}");
    assert_eq!(confirm(&mut scene, "berta", id, &[1], &netbox).unwrap(), [Taken::Second]);
    let unit = scene.unit(server);
    assert_eq!((unit.stage, unit.disposition, unit.guard.clone()), (Stage::Ready, Disposition::Normal, None));
    assert_eq!(confirm(&mut scene, "carl", id, &[1], &netbox).unwrap(), [Taken::Already]);
    assert!(scene.moves(server).is_empty(), "nothing is written to NetBox: {:?}", scene.moves(server));
    let by: Vec<String> = scene.log.iter().map(|r| r.draft.actor.to_string()).collect();
    assert!(by.contains(&"anna".to_owned()) && by.contains(&"berta".to_owned()), "{by:?}");
    // Whoever quarantines it later has another reason, and the plan is no word on that.
    scene.command(Role::Technician, Command::Quarantine { unit: server, reason: "odd".into() }).unwrap();
    assert_eq!(confirm(&mut scene, "carl", id, &[1], &netbox).unwrap(), [Taken::Already]);
    assert_eq!(scene.unit(server).disposition, Disposition::Quarantined);
}

#[test]
fn what_has_drifted_since_the_plan_is_refused_row_by_row() {
    let mut scene = Scene::default();
    let netbox = inventory((1..=5).map(record));
    let id = plan(&mut scene, 1, &netbox);
    scene.import(4, Stage::InService);
    let now = inventory([
        record(1),
        DeviceRecord { tenant: Some("other".into()), ..record(2) },
        DeviceRecord { status: "offline".into(), ..record(3) },
        record(4),
        record(5),
        record(6),
    ]);
    let taken = confirm(&mut scene, "anna", id, &[1, 2, 3, 4, 6, 5], &now).unwrap();
    let refused = |taken: &Taken, why: &str| matches!(taken, Taken::Refused(text) if text.contains(why));
    assert_eq!(taken[0], Taken::Entered(Stage::InService, proven(1)));
    assert!(refused(&taken[1], "tenant was acme, is other"), "{:?}", taken[1]);
    assert!(refused(&taken[2], "no more"), "{:?}", taken[2]);
    assert!(refused(&taken[3], "already a unit"), "{:?}", taken[3]);
    assert!(refused(&taken[4], "not in this plan"), "{:?}", taken[4]);
    assert_eq!(taken[5], Taken::Entered(Stage::InService, proven(5)));
    assert_eq!(scene.world.units.len(), 3, "two were taken over, one was entered by hand");
    let ids: std::collections::BTreeSet<UnitId> = scene.world.units.keys().copied().collect();
    assert_eq!(ids.len(), 3);
}

#[test]
fn a_bmc_of_another_server_keeps_a_row_out_and_a_refused_password_does_not() {
    let mut scene = Scene::default();
    let netbox = inventory([record(1), record(2)]);
    let id = plan(&mut scene, 1, &netbox);
    let all = survey(&scene.world, &netbox, &scene.policy);
    let identity = Identity { vendor: Vendor::Dell, controller: "iDRAC9".into(), firmware: None, serial: None };
    let refused = Login::Refused { address: address(2), identity, certificate: None, why: "401".into() };
    let logins = [Login::Other { why: "the BMC at 10.0.0.1 is that of XYZ".into() }, refused.clone()];
    let rows = all.into_iter().zip(logins).map(|(now, login)| Taking {
        serial: now.seen.label().clone(),
        now: Some(now),
        login: Some(login),
    });
    let answer = scene.put(operator("anna"), &Input::TakeOver(id, rows.collect(), "it runs".into())).unwrap();
    let Answer::TakenOver(taken) = answer else { panic!("{answer:?}") };
    assert!(matches!(&taken[0].1, Taken::Refused(text) if text.contains("that of XYZ")), "{taken:?}");
    assert_eq!(taken[1].1, Taken::Entered(Stage::InService, refused));
    let told: Vec<String> = scene.log.iter().map(|r| r.draft.event.sentence().to_string()).collect();
    assert!(told.iter().any(|t| t.contains("refused the password: 401")), "{told:?}");
}

#[test]
fn the_same_plan_again_is_no_second_event_and_old_plans_are_forgotten() {
    let mut scene = Scene::default();
    let netbox = inventory([record(1)]);
    let first = plan(&mut scene, 1, &netbox);
    let mark = scene.mark();
    plan(&mut scene, 1, &netbox);
    assert!(scene.since(mark).is_empty());
    for n in 0..MAX_PLANS {
        scene.later(60);
        plan(&mut scene, 2 + n as u8, &netbox);
    }
    assert!(scene.world.plan(first).is_none() && scene.world.plans.len() == MAX_PLANS);
}

/// What NetBox answers for a server's BMC.
fn in_netbox(n: u8, status: &str, oob: Option<u8>) -> Lookup {
    let device = Device { tenant: Some("acme".into()), oob_address: oob.map(address), ..scene::device(n, status) };
    Lookup::One(device)
}

#[test]
fn leases_boots_and_retries_leave_a_server_that_was_taken_over_alone() {
    for (status, oob) in
        [("active", Some(1)), ("active", Some(9)), ("active", None), ("offline", None), ("staged", None)]
    {
        let mut scene = Scene::default();
        let id = taken_over(&mut scene, 1);
        scene.lease(1, address(1));
        scene.answer(1, in_netbox(1, status, oob));
        assert_eq!(scene.unit(id).stage, Stage::InService, "{status}, {oob:?}");
        let touching = scene.touching(id);
        // C4's own word for a device that is active and has no address.
        let allowed = if (status, oob) == ("active", None) { vec!["assign_bmc_address"] } else { Vec::new() };
        assert_eq!(touching.iter().map(|s| s.word()).collect::<Vec<_>>(), allowed, "{status}, {oob:?}");
        assert!(matches!(scene.boot_request(1, token(1)), Answer::BootLocal(_)));
        assert!(scene.retry(id).is_err(), "nothing is parked");
        assert!(!scene.log.iter().any(|r| matches!(r.draft.event, Event::Boot(BootEvent::BootScriptServed { .. }))));
    }
}

#[test]
fn a_ready_server_that_was_taken_over_is_left_alone_by_leases_too() {
    let mut scene = Scene::default();
    let netbox = inventory([ready(1)]);
    let id = plan(&mut scene, 1, &netbox);
    confirm(&mut scene, "anna", id, &[1], &netbox).unwrap();
    let server = unit(&scene, 1);
    for release in [false, true] {
        if release {
            confirm(&mut scene, "berta", id, &[1], &netbox).unwrap();
        }
        scene.lease(1, address(if release { 8 } else { 7 }));
        scene.answer(1, Lookup::One(Device { oob_address: Some(address(1)), ..scene::device(1, "ready") }));
        assert!(scene.moves(server).is_empty(), "{:?}", scene.moves(server));
        assert!(matches!(scene.boot_request(1, token(1)), Answer::BootLocal(_)));
        assert_eq!(scene.unit(server).stage, Stage::Ready);
    }
}
