//! Rule C4 behind the journal's gates: what a lease may and may not set off, by NetBox's status and by what the
//! journal holds.

use crate::scene::{Scene, address, bmc_mac, device, serial};
use rackhand_core::decide::Answer;
use rackhand_core::decide::command::Command;
use rackhand_core::discovery::c4::Verdict;
use rackhand_core::event::{DiscoveryEvent, Event, LifeEvent};
use rackhand_core::flow::step::Step;
use rackhand_core::id::{Role, SiteId};
use rackhand_core::inventory::{Device, Lookup};
use rackhand_core::lifecycle::evidence::Proof;
use rackhand_core::lifecycle::stage::{Disposition, Stage};
use rackhand_core::lifecycle::task::TaskKind;

/// The rows of C4: a status, and for `active` what address NetBox holds.
const ROWS: &[&str] = &[
    "offline",
    "discovered",
    "active",
    "active, same IP",
    "active, other IP",
    "planned",
    "staged",
    "failed",
    "decommissioning",
    "inventory",
    "ready",
    "no such status",
];

fn row(n: u8, name: &str) -> Device {
    let (status, rest) = name.split_once(", ").unwrap_or((name, ""));
    let oob_address = match rest {
        "same IP" => Some(address(n)),
        "other IP" => Some(address(99)),
        _ => None,
    };
    Device { oob_address, ..device(n, status) }
}

fn verdict(scene: &Scene, n: u8) -> Verdict {
    scene.world.sightings[&bmc_mac(n)].verdict.clone().expect("it was judged")
}

fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Promote => "promote",
        Verdict::Refresh => "refresh",
        Verdict::Assign => "assign",
        Verdict::Nothing => "nothing",
        Verdict::Warn(_) => "warn",
        Verdict::Error(_) => "error",
        Verdict::Settle(_) => "settle",
    }
}

/// The rule, written down a second time.
fn expected(stage: Stage, row: &str) -> &'static str {
    use Stage as S;
    let status = row.split(',').next().unwrap_or(row);
    match (status, stage) {
        // On order, its BMC alive: quarantined before anything is asked.
        (_, S::Ordered | S::QuoteRequested | S::QuoteReceived | S::PurchaseApproved | S::ShipmentTracking) => "warn",
        ("offline" | "discovered", S::Received | S::Racked | S::Cabled | S::PoweredOn) => "promote",
        ("offline" | "discovered", S::Discovered) | ("discovered", S::PhysicalValidated) => "refresh",
        ("active", S::AssignedToTenant | S::InService | S::Maintenance | S::DecommissionProposed) => match row {
            "active" => "assign",
            "active, same IP" => "nothing",
            _ => "warn",
        },
        ("offline" | "discovered" | "active", _) => "settle",
        _ => "warn",
    }
}

fn lease_and_answer(scene: &mut Scene, n: u8, lookup: Lookup) {
    scene.lease(n, address(n));
    assert_eq!(scene.due_for_sighting(n), [Step::LookUpDevice]);
    assert_eq!(scene.answer(n, lookup), Answer::Done);
}

#[test]
fn every_row_of_the_rule_against_every_stage_of_the_journal() {
    for stage in Stage::ALL.iter().copied() {
        for name in ROWS {
            let mut scene = Scene::default();
            let id = scene.import(1, stage);
            lease_and_answer(&mut scene, 1, Lookup::One(row(1, name)));
            let said = word(&verdict(&scene, 1));
            assert_eq!(said, expected(stage, name), "{stage}, NetBox says {name}");
            let touching = scene.touching(id);
            let unit = scene.unit(id);
            match said {
                "promote" => {
                    assert_eq!(unit.stage, Stage::Discovered);
                    assert_eq!(touching, [Step::AssignBmcAddress, Step::ReachBmc], "{stage}, {name}");
                }
                "refresh" => {
                    assert_eq!(unit.stage, stage);
                    let bmc = (stage == Stage::Discovered).then_some(Step::ReachBmc);
                    let want: Vec<Step> = [Step::AssignBmcAddress].into_iter().chain(bmc).collect();
                    assert_eq!(touching, want, "{stage}, {name}");
                }
                "assign" => assert_eq!(touching, [Step::AssignBmcAddress], "{stage}, {name}"),
                _ => {
                    assert_eq!(unit.stage, stage, "{name}");
                    assert!(touching.is_empty(), "{stage}, {name}: {touching:?}");
                    assert!(unit.device.is_none() && unit.bmc_address.is_none(), "{stage}, {name}");
                }
            }
            let tasks: Vec<TaskKind> = unit.tasks.iter().map(|(_, t)| t.kind).collect();
            assert_eq!(tasks.contains(&TaskKind::SettleInventory), said == "settle", "{stage}, {name}");
        }
    }
}

#[test]
fn a_disposition_that_is_not_normal_keeps_its_unit_from_every_row() {
    for disposition in Disposition::ALL.iter().copied() {
        for stage in [Stage::Received, Stage::Discovered, Stage::Staged, Stage::InService] {
            for name in ROWS {
                let mut scene = Scene::default();
                let id = scene.import(1, stage);
                scene.stand(id, disposition);
                lease_and_answer(&mut scene, 1, Lookup::One(row(1, name)));
                let said = verdict(&scene, 1);
                match disposition {
                    Disposition::Normal => assert_eq!(word(&said), expected(stage, name)),
                    // A hold stops what would be done, not what is known.
                    Disposition::OnHold => {
                        assert_eq!(word(&said), expected(stage, name));
                        assert!(scene.due(id).is_empty(), "{stage} {name}");
                    }
                    _ => {
                        assert_eq!(word(&said), "warn", "{disposition} {stage} {name}");
                        assert!(scene.touching(id).is_empty());
                        assert_eq!(scene.unit(id).stage, stage);
                    }
                }
            }
        }
    }
}

#[test]
fn a_mistaken_offline_on_a_server_in_service_touches_nothing() {
    for status in ["offline", "discovered"] {
        let mut scene = Scene::default();
        let id = scene.in_service(1);
        let before = scene.unit(id).clone();
        assert_eq!(scene.renewed(1, Lookup::One(row(1, status))), Answer::Done);
        // A new address makes no difference.
        scene.lease(1, address(77));
        scene.answer(1, Lookup::One(row(1, status)));
        for hours in [0, 1, 24, 24 * 30] {
            scene.later(hours * 3_600);
            assert!(scene.touching(id).is_empty(), "{:?}", scene.next(id));
        }
        let unit = scene.unit(id);
        assert_eq!((unit.stage, unit.disposition), (Stage::InService, Disposition::Normal));
        assert_eq!((unit.bmc_address, &unit.device), (before.bmc_address, &before.device));
        let tasks: Vec<_> = unit.tasks.iter().map(|(_, t)| (t.kind, t.role)).collect();
        assert_eq!(tasks, [(TaskKind::SettleInventory, Role::Operator)]);
        assert!(unit.tasks[0].1.text.contains(status) && unit.tasks[0].1.text.contains("in_service"));
        // Nor does closing the task: what it has to show for itself is kept.
        let (task, note) = (unit.tasks[0].0, "NetBox corrected".into());
        scene.command(Role::Operator, Command::CloseTask { unit: id, task, note }).unwrap();
        assert!(scene.touching(id).is_empty() && scene.unit(id).system.is_some());
    }
}

#[test]
fn a_server_in_service_gets_its_address_written_where_netbox_has_none_and_nothing_else() {
    let mut scene = Scene::default();
    let id = scene.in_service(1);
    scene.lease(1, address(77));
    scene.answer(1, Lookup::One(row(1, "active")));
    assert_eq!(scene.touching(id), [Step::AssignBmcAddress]);
    scene.settle(1, id);
    assert_eq!(scene.unit(id).address_written, Some(address(77)));
}

#[test]
fn a_server_in_service_with_another_address_is_a_warning_that_names_both() {
    let mut scene = Scene::default();
    let id = scene.in_service(1);
    scene.lease(1, address(77));
    let device = Device { oob_address: Some(address(1)), ..device(1, "active") };
    scene.answer(1, Lookup::One(device));
    assert!(scene.touching(id).is_empty());
    let Verdict::Warn(text) = verdict(&scene, 1) else { panic!("{:?}", verdict(&scene, 1)) };
    assert!(text.contains("10.0.0.1") && text.contains("10.0.0.77"), "{text}");
    scene.later(120);
    assert_eq!(scene.due_for_sighting(1), [Step::WriteNotes], "NetBox's journal is told");
}

#[test]
fn a_mac_nobody_knows_is_a_warning_and_a_mac_on_two_devices_an_error() {
    for (lookup, said, names) in
        [(Lookup::Nobody, "warn", "no device"), (Lookup::Several(vec![4, 7]), "error", "[4, 7]")]
    {
        for stage in [None, Some(Stage::Cabled), Some(Stage::Discovered), Some(Stage::InService)] {
            let mut scene = Scene::default();
            let id = stage.map(|s| scene.import(1, s));
            lease_and_answer(&mut scene, 1, lookup.clone());
            assert_eq!(word(&verdict(&scene, 1)), said);
            let (Verdict::Warn(text) | Verdict::Error(text)) = verdict(&scene, 1) else { unreachable!() };
            assert!(text.contains(names), "{text}");
            scene.later(120);
            let noted = scene.world.sightings[&bmc_mac(1)].notes.device;
            assert_eq!(noted, (said == "error").then_some(4), "where there is a device, its journal tells of it");
            assert_eq!(scene.due_for_sighting(1).len(), usize::from(noted.is_some()));
            assert!(id.is_none_or(|id| scene.touching(id).is_empty()));
            assert_eq!(scene.world.units.len(), usize::from(id.is_some()), "nothing was adopted");
        }
    }
}

#[test]
fn a_device_only_netbox_knows_is_adopted_where_it_is_nobodys_and_not_in_use() {
    for (status, tenant, adopted) in [
        ("offline", None, true),
        ("discovered", None, true),
        ("offline", Some("baremetal-staging"), true),
        ("offline", Some("acme"), false),
        ("discovered", Some("acme"), false),
        ("active", None, false),
        ("active", Some("baremetal-staging"), false),
        ("staged", None, false),
        ("planned", None, false),
    ] {
        let mut scene = Scene::default();
        let found = Device { tenant: tenant.map(Into::into), ..device(1, status) };
        lease_and_answer(&mut scene, 1, Lookup::One(found));
        assert_eq!(scene.world.units.len(), usize::from(adopted), "{status} {tenant:?}");
        if let Some(unit) = scene.world.by_bmc(bmc_mac(1)) {
            assert_eq!((unit.stage, unit.serial.clone()), (Stage::Discovered, Some(serial(1))));
            assert!(unit.tasks.is_empty(), "NetBox has its place, so nobody need confirm it");
        } else {
            assert_eq!(word(&verdict(&scene, 1)), "warn");
        }
    }
}

#[test]
fn a_unit_on_order_that_shows_up_alive_is_quarantined() {
    for seen_first in [false, true] {
        let mut scene = Scene::default();
        if seen_first {
            lease_and_answer(&mut scene, 1, Lookup::Nobody);
        }
        let id = scene.import(1, Stage::ShipmentTracking);
        if !seen_first {
            lease_and_answer(&mut scene, 1, Lookup::One(device(1, "offline")));
        }
        let unit = scene.unit(id);
        assert_eq!((unit.stage, unit.disposition), (Stage::ShipmentTracking, Disposition::Quarantined));
        assert!(scene.touching(id).is_empty());
        assert!(scene.waits(id)[0].what.contains("on order, but its BMC holds a lease"));
    }
}

#[test]
fn a_unit_that_runs_before_it_was_cabled_catches_up_and_somebody_confirms_its_place() {
    for (stage, confirmed) in
        [(Stage::Received, false), (Stage::Racked, false), (Stage::Cabled, true), (Stage::PoweredOn, true)]
    {
        let mut scene = Scene::default();
        let id = scene.import(1, stage);
        let mark = scene.mark();
        lease_and_answer(&mut scene, 1, Lookup::One(device(1, "offline")));
        let entered: Vec<(Stage, Proof)> = scene
            .since(mark)
            .into_iter()
            .filter_map(|e| match e {
                Event::Life(LifeEvent::StageEntered { to, evidence, .. }) => Some((*to, evidence.proof)),
                _ => None,
            })
            .collect();
        let way = [Stage::Racked, Stage::Cabled, Stage::PoweredOn].into_iter().filter(|s| *s > stage);
        let want: Vec<_> =
            way.map(|s| (s, Proof::ImpliedByLease)).chain([(Stage::Discovered, Proof::LeaseAndDevice)]).collect();
        assert_eq!(entered, want);
        let tasks: Vec<TaskKind> = scene.unit(id).tasks.iter().map(|(_, t)| t.kind).collect();
        assert_eq!(tasks, if confirmed { vec![] } else { vec![TaskKind::ConfirmPlacement] });
        assert!(!scene.unit(id).is_blocked(), "it goes on meanwhile");
    }
}

#[test]
fn a_serial_that_disagrees_stops_every_row_and_makes_a_task() {
    for name in ROWS {
        for stage in [Stage::Cabled, Stage::Discovered, Stage::Staged, Stage::InService] {
            let mut scene = Scene::default();
            let id = scene.import(1, stage);
            let found = Device { serial: Some("OTHER1".into()), ..row(1, name) };
            lease_and_answer(&mut scene, 1, Lookup::One(found));
            assert_eq!(word(&verdict(&scene, 1)), "settle", "{stage} {name}");
            assert!(scene.touching(id).is_empty(), "{stage} {name}");
            assert_eq!(scene.unit(id).stage, stage);
        }
    }
}

#[test]
fn a_device_whose_mac_is_one_units_and_whose_serial_is_anothers_is_for_a_person() {
    let mut scene = Scene::default();
    // Adopted without a serial; later NetBox gets the serial of another unit.
    lease_and_answer(&mut scene, 1, Lookup::One(Device { serial: None, ..device(1, "offline") }));
    let adopted = scene.world.by_bmc(bmc_mac(1)).unwrap().id;
    let (site, serial) = (SiteId::new("fra1"), serial(2));
    let stage = Stage::Received;
    let import = Command::Import { site, serial: serial.clone(), bmc_mac: None, vendor: None, model: None, stage };
    scene.command(Role::Admin, import).unwrap();
    scene.renewed(1, Lookup::One(Device { serial: Some(serial.clone()), ..device(1, "discovered") }));
    assert_eq!(word(&verdict(&scene, 1)), "settle");
    assert_eq!(scene.unit(adopted).serial, None);
    assert_ne!(scene.world.by_serial(&serial).unwrap().id, adopted);
}

#[test]
fn a_serial_in_small_letters_is_the_same_serial() {
    let mut scene = Scene::default();
    lease_and_answer(&mut scene, 1, Lookup::One(Device { serial: None, ..device(1, "offline") }));
    let id = scene.world.by_bmc(bmc_mac(1)).unwrap().id;
    scene.lease(1, address(2));
    scene.answer(1, Lookup::One(Device { serial: Some("sn0001".into()), ..device(1, "discovered") }));
    assert_eq!(scene.world.by_serial(&serial(1)).map(|u| u.id), Some(id));
}

#[test]
fn a_stock_netbox_is_read_by_its_lifecycle_state() {
    let planned = |state: Option<&str>| Device { lifecycle_state: state.map(Into::into), ..device(1, "planned") };
    for (state, stage, said) in [
        (Some("discovered"), Stage::Cabled, "promote"),
        (Some("discovered"), Stage::Discovered, "refresh"),
        (Some("discovered"), Stage::PhysicalValidated, "refresh"),
        (Some("discovered"), Stage::InService, "settle"),
        (Some("ordered"), Stage::Cabled, "warn"),
        (None, Stage::Cabled, "warn"),
    ] {
        let mut scene = Scene::stock();
        scene.import(1, stage);
        lease_and_answer(&mut scene, 1, Lookup::One(planned(state)));
        assert_eq!(word(&verdict(&scene, 1)), said, "{state:?} {stage}");
    }
    // Where NetBox has the statuses of its own, the field means nothing.
    let mut scene = Scene::default();
    scene.import(1, Stage::Cabled);
    lease_and_answer(&mut scene, 1, Lookup::One(planned(Some("discovered"))));
    assert_eq!(word(&verdict(&scene, 1)), "warn");
}

#[test]
fn a_renewal_that_changes_nothing_leaves_no_trace() {
    for name in ROWS {
        for stage in [Stage::Cabled, Stage::Discovered, Stage::InService] {
            let mut scene = Scene::default();
            let id = scene.import(1, stage);
            lease_and_answer(&mut scene, 1, Lookup::One(row(1, name)));
            // The first renewal of a promoted unit is told that it is discovered, which is news once.
            scene.renewed(1, Lookup::One(row(1, name)));
            let mark = scene.mark();
            let before = scene.unit(id).clone();
            for _ in 0..3 {
                scene.later(3_600);
                assert_eq!(scene.lease(1, address(1)), Answer::Already);
                assert_eq!(scene.renewed(1, Lookup::One(row(1, name))), Answer::Already);
            }
            assert_eq!(scene.since(mark), Vec::<&Event>::new(), "{stage} {name}");
            assert_eq!(*scene.unit(id), before);
        }
    }
}

#[test]
fn a_warning_is_noted_once_for_each_device_status_and_address() {
    let mut scene = Scene::default();
    scene.import(1, Stage::InService);
    let warnings = |scene: &Scene| {
        scene
            .log
            .iter()
            .filter(|r| matches!(r.draft.event, Event::Discovery(DiscoveryEvent::WarningNoted { .. })))
            .count()
    };
    for round in 0..4 {
        // It flaps between two addresses and two statuses.
        for (n, (ip, status)) in
            [(address(1), "staged"), (address(2), "staged"), (address(1), "failed")].into_iter().enumerate()
        {
            scene.lease(1, ip);
            scene.answer(1, Lookup::One(device(1, status)));
            scene.renewed(1, Lookup::One(device(1, status)));
            let want = if round == 0 { n + 1 } else { 3 };
            assert_eq!(warnings(&scene), want, "round {round}, {ip} {status}");
        }
    }
    let other = Device { id: 999, ..device(1, "failed") };
    scene.renewed(1, Lookup::One(device(1, "active")));
    scene.renewed(1, Lookup::One(other));
    assert_eq!(warnings(&scene), 4, "another device is another warning");
}

#[test]
fn a_unit_moved_back_before_discovery_is_promoted_again_by_the_same_lease() {
    let mut scene = Scene::default();
    let id = scene.discovered(1);
    scene.go(id, Stage::Cabled).unwrap();
    assert!(scene.touching(id).iter().all(|s| *s == Step::SyncStatus), "no lease speaks for its address now");
    assert_eq!(scene.lease(1, address(1)), Answer::Already);
    assert_eq!(scene.renewed(1, Lookup::One(device(1, "offline"))), Answer::Done);
    assert_eq!(scene.unit(id).stage, Stage::Discovered);
    assert_eq!(scene.touching(id), [Step::AssignBmcAddress, Step::ReachBmc]);
}

#[test]
fn a_bmc_that_was_replaced_does_not_leave_its_old_address_behind() {
    let mut scene = Scene::default();
    let id = scene.discovered(1);
    // NetBox moves the serial's BMC interface to another MAC.
    scene.lease(2, address(2));
    scene.answer(2, Lookup::One(Device { serial: Some(serial(1)), ..device(1, "discovered") }));
    assert_eq!(scene.world.by_bmc(bmc_mac(2)).map(|u| u.id), Some(id));
    assert!(scene.world.by_bmc(bmc_mac(1)).is_none());
    let asked: Vec<_> = scene.unit(id).tasks.iter().map(|(_, task)| (task.kind, task.text.to_string())).collect();
    assert!(
        matches!(&asked[..], [(TaskKind::CheckIdentity, text)] if text.contains(&bmc_mac(1).to_string())),
        "a person must say that it was replaced: {asked:?}"
    );
}

#[test]
fn a_device_that_netbox_has_at_another_site_is_settled_by_a_person_and_never_touched() {
    for stage in Stage::ALL.iter().copied().filter(|stage| !stage.is_on_order()) {
        for name in ROWS {
            let mut scene = Scene::default();
            let id = scene.import(1, stage);
            let elsewhere = Device { site: "waw1".into(), ..row(1, name) };
            lease_and_answer(&mut scene, 1, Lookup::One(elsewhere));
            assert_eq!(word(&verdict(&scene, 1)), "settle", "{stage}, {name}");
            scene.later(86_400);
            let unit = scene.unit(id);
            assert_eq!((unit.stage, unit.device.as_ref(), unit.bmc_address), (stage, None, None), "{stage}, {name}");
            assert_eq!(scene.touching(id), [], "{stage}, {name}");
            assert_eq!(scene.due_for_sighting(1), [], "no note goes to what another site looks after");
            let (_, task) = &unit.tasks[0];
            assert_eq!((task.kind, task.role), (TaskKind::SettleInventory, Role::Operator));
            assert!(task.text.contains("waw1") && task.text.contains("fra1"), "{}", task.text);
        }
    }
}

#[test]
fn what_a_person_settled_is_looked_up_anew_and_shown_by_netbox() {
    let mut scene = Scene::default();
    let id = scene.import(1, Stage::Racked);
    let elsewhere = Device { site: "waw1".into(), ..row(1, "offline") };
    lease_and_answer(&mut scene, 1, Lookup::One(elsewhere.clone()));
    for found in [elsewhere, row(1, "offline")] {
        let task = scene.unit(id).tasks[0].0;
        scene.command(Role::Operator, Command::CloseTask { unit: id, task, note: "moved".into() }).unwrap();
        assert_eq!(scene.due_for_sighting(1), [Step::LookUpDevice]);
        scene.answer(1, Lookup::One(found));
    }
    assert_eq!(scene.unit(id).stage, Stage::Discovered);
    assert!(scene.unit(id).tasks.iter().all(|(_, t)| t.kind != TaskKind::SettleInventory));
}
