//! What NetBox must permit, and whose devices are touched: exactly what is asked for, and no device of another site.

use std::future::Future;

use rackhand_adapters::netbox::permissions;
use rackhand_core::decide::Why;
use rackhand_core::decide::command::Command;
use rackhand_core::entry::manifest::Row;
use rackhand_core::flow::step::Step;
use rackhand_core::id::{Role, Subject, UnitId};
use rackhand_core::inventory::NewDevice;
use rackhand_core::lifecycle::unit::Unit;
use rackhand_core::placement::reservation::{NetworkCable, Reservation};
use rackhand_daemon::site::Site;
use rackhand_lab::outside::{Outside, TOKEN as DAEMONS};

use super::calls::Call;
use super::projection::{console, outside, soon, start};
use super::*;

on_each_release! {
    every_call_runs_with_what_is_asked_for_and_uses_all_of_it,
    no_call_writes_to_a_device_of_another_site,
}

async fn every_call_runs_with_what_is_asked_for_and_uses_all_of_it(release: Release) {
    let b = bench(release);
    let asked: BTreeSet<(String, String)> = permissions::USES
        .iter()
        .flat_map(|used| used.verbs.iter().map(|verb| (verb.word(), used.path.trim_end_matches('/'))))
        .map(|(verb, path)| (verb.to_owned(), path.to_owned()))
        .collect();
    for token in [TOKEN, V1] {
        b.lab.grant(token, asked.iter().map(|(verb, path)| (verb.as_str(), path.as_str())));
    }
    // So that all of `init` has something to do.
    b.lab.add_custom_field("lifecycle_state", "select", &["received"]);
    b.lab.add_custom_field("hardened_at", "datetime", &[]);
    b.lab.take_field_off_devices("hardened_at");
    b.netbox.init().await.unwrap();
    b.lab.add_status("discovered", "Discovered");
    b.lab.add_status("ready", "Ready");
    let on = b.on();
    for call in Call::ALL.iter().filter(|call| **call != Call::check) {
        let done = call.make(&b.netbox, &on).await;
        assert!(done.is_ok() || done.as_ref().is_err_and(|f| f.kind != Kind::Forbidden), "{}: {done:?}", call.word());
    }
    // What the calls of the list do not come to: a device that is made, and an address that is changed in place.
    b.lab.add_role("server");
    b.lab.add_device_type("dl360", &["iLO", "eth0"]);
    let new = NewDevice { device_type: "dl360".into(), role: "server".into(), site: "fra1".into() };
    let fresh = Mac([0x94, 0x40, 0xC9, 0, 0, 9]);
    b.netbox.register_bmc("CZ9", fresh, Some((&new, &"planned".into()))).await.unwrap();
    for address in ["10.20.0.8", "10.20.0.9"] {
        b.netbox.assign_bmc_address(b.device, b.bmc, ip(address)).await.unwrap();
    }
    let eth0 = NetworkCable { interface: "eth0".into(), port: port("Eth1") };
    let place = Reservation { network: vec![eth0], ..place::place(on.rack) };
    b.netbox.displace_device(b.device, &place).await.unwrap();
    b.netbox.place_device(b.device, &place).await.unwrap();
    b.netbox.connect_cables(b.device, &[(b.nic("eth0"), port("Eth1"))]).await.unwrap();
    let card = Mac([0x94, 0x40, 0xC9, 0, 0, 11]);
    b.netbox.make_interfaces(b.device, &[("ens9".into(), card)]).await.unwrap();
    let spare = Mac([0x94, 0x40, 0xC9, 0, 0, 10]);
    b.lab.add_mac(spare, None);
    b.netbox.write_macs(b.device, &[(b.nic("eth0"), spare)]).await.unwrap();
    // And a NetBox that has nothing yet.
    let bare = bench(release);
    bare.netbox.init().await.unwrap();
    let exercised: BTreeSet<(String, String)> = b.lab.exercised().union(&bare.lab.exercised()).cloned().collect();
    let unused: Vec<_> = asked.difference(&exercised).collect();
    assert!(unused.is_empty(), "nothing is asked for that no call uses: {unused:?}");
    assert!(exercised.is_subset(&asked));
}

/// What becomes of a call about a device of another site.
async fn refused<T>(lab: &Lab, call: impl Future<Output = Result<T, Fault>>) -> Fault {
    let before = lab.change_count();
    let fault = call.await.err().expect("it is refused");
    assert_eq!(lab.change_count(), before, "nothing was written: {fault}");
    fault
}

async fn no_call_writes_to_a_device_of_another_site(release: Release) {
    let b = bench(release).with_fields();
    b.netbox.assign_bmc_address(b.device, b.bmc, ip("10.20.0.7")).await.unwrap();
    let (on, place) = (b.on(), place::place(b.on().rack));
    b.lab.move_device(b.device, "waw1", Timestamp::from_secs(1_795_000_000));
    let (netbox, device, eth1) = (&b.netbox, b.device, b.nic("eth1"));
    let other = Mac([0x94, 0x40, 0xC9, 0, 0, 9]);
    let faults = [
        refused(&b.lab, netbox.write_status(device, &staged())).await,
        refused(&b.lab, async { netbox.write_statuses(&[(device, staged())]).await.remove(0) }).await,
        refused(&b.lab, netbox.assign_bmc_address(device, b.bmc, ip("10.20.0.8"))).await,
        refused(&b.lab, netbox.release_bmc_address(device, b.bmc)).await,
        refused(&b.lab, netbox.write_macs(device, &[(eth1, NIC)])).await,
        refused(&b.lab, netbox.connect_cables(device, &[(eth1, port("Eth4"))])).await,
        refused(&b.lab, netbox.add_notes(device, &[note(1, "x")])).await,
        refused(&b.lab, netbox.place_device(device, &place)).await,
        refused(&b.lab, netbox.displace_device(device, &place)).await,
        refused(&b.lab, netbox.register_bmc("CZ1", other, None)).await,
        refused(&b.lab, netbox.registered_bmc("CZ1", BMC, false)).await,
        refused(&b.lab, netbox.cabling_plan(device)).await,
        refused(&b.lab, netbox.at_our_site(on.device)).await,
    ];
    for fault in faults {
        assert_eq!(fault.kind, Kind::Conflict, "{fault}");
        assert!(fault.what.contains("waw1") && fault.what.contains("fra1") && !fault.advice.is_empty(), "{fault}");
    }
    let elsewhere = NewDevice { device_type: "dl360".into(), role: "server".into(), site: "waw1".into() };
    let made = refused(&b.lab, netbox.register_bmc("CZ9", other, Some((&elsewhere, &"planned".into())))).await;
    assert_eq!(made.kind, Kind::Rejected, "{made}");
}

/// Waits until the only unit of a site is so.
async fn until(outside: &Outside, site: &Site, so: impl Fn(&Unit) -> bool) -> Unit {
    let mut worlds = site.ledger.worlds();
    let is = |w: &Arc<rackhand_core::world::World>| w.units.values().any(|u| so(u));
    let became = outside.clock.timeout(Duration::from_hours(48), worlds.wait_for(is)).await;
    assert!(became.is_some_and(|w| w.is_ok()), "{:#?}", site.ledger.world().units);
    site.ledger.world().units.values().next().map(|u| Unit::clone(u)).unwrap()
}

fn parked(unit: &Unit) -> Option<(Step, Fault)> {
    unit.steps.parked().next().map(|(p, fault)| (p.step, fault.clone()))
}

#[tokio::test(start_paused = true)]
async fn a_permission_that_is_missing_is_a_persons_and_all_goes_on_once_it_is_granted() {
    let outside = outside();
    let running = start(&outside);
    outside.netbox.deny(DAEMONS, "change", "dcim/cables");
    outside.lease(&running, &outside.servers[0]).await;
    let unit = until(&outside, &running, |u| parked(u).is_some()).await;
    let (step, fault) = parked(&unit).unwrap();
    assert_eq!((step, fault.kind), (Step::WriteCables, Kind::Forbidden));
    assert!(fault.what.contains("the token may not change dcim.cable"), "{fault}");
    assert!(fault.advice.contains("`change` on dcim.cable") && fault.advice.contains("netbox init"), "{fault}");
    let admin = console(&running, Role::Admin).await;
    let check = admin.netbox_check(soon()).await.unwrap().unwrap();
    assert!(check.findings.iter().any(|f| f.found.as_str() == "missing: change dcim.cable"), "{check:?}");
    until(&outside, &running, |u| u.notes.owed.is_empty()).await;
    let before = outside.netbox.requests();
    outside.clock.sleep(Duration::from_hours(24)).await;
    assert_eq!(outside.netbox.requests(), before, "it is not asked again and again");
    // The person grants it, and tells NetBox's other servers at once.
    outside.netbox.permit(DAEMONS, "change", "dcim/cables");
    admin.netbox_init(soon()).await.unwrap().unwrap();
    until(&outside, &running, |u| u.stage == Stage::Staged).await;
    running.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_manifest_does_not_lead_this_site_to_a_server_of_another() {
    let outside = outside();
    let running = start(&outside);
    let server = &outside.servers[0];
    outside.netbox.move_device(server.device, "waw1", outside.clock.now());
    let operator = console(&running, Role::Operator).await;
    let row = Row { serial: server.serial.as_str().into(), bmc_mac: server.bmc_mac };
    let import = |create| Command::ImportRow { row: row.clone(), site: site(), stage: Stage::Received, create };
    let there = NewDevice { device_type: "dl360".into(), role: "server".into(), site: "waw1".into() };
    let told = operator.command(soon(), "r0".into(), import(Some(there))).await.unwrap().unwrap_err();
    assert!(told.why == Why::Invalid && told.text.contains("waw1"), "{told}");
    operator.command(soon(), "r1".into(), import(None)).await.unwrap().unwrap();
    let before = outside.netbox.change_count();
    outside.lease(&running, server).await;
    let unit = until(&outside, &running, |u| parked(u).is_some() && !u.tasks.is_empty()).await;
    let (step, fault) = parked(&unit).unwrap();
    assert_eq!((step, fault.kind, unit.stage), (Step::RegisterBmc, Kind::Conflict, Stage::Received));
    assert!(fault.what.contains("waw1") && unit.tasks[0].1.text.contains("waw1"), "{fault} {:?}", unit.tasks);
    outside.clock.sleep(Duration::from_hours(24)).await;
    assert_eq!(outside.netbox.change_count(), before, "not even a note");
    assert_eq!(outside.fleet.get(&server.serial).unwrap().counters().requests, 0, "its BMC was not spoken to");
    // Somebody finds that it is here after all.
    outside.netbox.move_device(server.device, "fra1", outside.clock.now());
    let task = unit.tasks[0].0;
    let close = Command::CloseTask { unit: unit.id, task, note: "it is here".into() };
    operator.command(soon(), "r2".into(), close).await.unwrap().unwrap();
    until(&outside, &running, |u| u.stage == Stage::Staged).await;
    running.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_server_that_goes_to_another_site_on_its_way_is_not_reset() {
    let outside = outside();
    let running = start(&outside);
    let server = &outside.servers[0];
    outside.lease(&running, server).await;
    let id: UnitId = until(&outside, &running, |u| u.identity.is_some()).await.id;
    outside.netbox.move_device(server.device, "waw1", outside.clock.now());
    let is_bmcs = |u: &Unit| u.steps.parked().any(|(p, f)| p.step == Step::ArmNetworkBoot && f.kind == Kind::Conflict);
    until(&outside, &running, is_bmcs).await;
    outside.clock.sleep(Duration::from_hours(24)).await;
    let counters = outside.fleet.get(&server.serial).unwrap().counters();
    assert_eq!((counters.armed, counters.resets_total()), (0, 0));
    outside.netbox.move_device(server.device, "fra1", outside.clock.now());
    let operator = console(&running, Role::Operator).await;
    operator.command(soon(), "r1".into(), Command::Retry { subject: Subject::Unit(id) }).await.unwrap().unwrap();
    until(&outside, &running, |u| u.stage == Stage::Staged).await;
    running.stop().await.unwrap();
}
