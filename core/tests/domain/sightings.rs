//! Leases of BMCs that are no unit's, or not the one they seem: who is left alone, and who is forgotten.

use std::time::Duration;

use crate::scene::{Scene, address, bmc_mac, device, failed, nic_mac, person};
use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Answer, Input};
use rackhand_core::discovery::c4::Verdict;
use rackhand_core::event::{DiscoveryEvent, Event};
use rackhand_core::fault::Kind;
use rackhand_core::flow::step::{Observation, Outcome, Step};
use rackhand_core::id::{Actor, Role, Subject};
use rackhand_core::inventory::{Device, Lookup};
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::mac::Mac;

fn verdict(scene: &Scene, n: u8) -> Verdict {
    scene.world.sightings[&bmc_mac(n)].verdict.clone().expect("it was judged")
}

#[test]
fn a_servers_own_nic_is_never_taken_for_its_bmc() {
    let mut scene = Scene::default();
    let id = scene.discovered(1);
    scene.lead_to(1, id, Step::ArmNetworkBoot);
    let before = scene.unit(id).clone();
    let nic = nic_mac(1);
    let lease = Input::Lease { mac: nic, address: address(2), hostname: None, vendor_class: None };
    scene.put(Actor::Wire, &lease).unwrap();
    let found = Lookup::One(device(1, "discovered"));
    scene.put(Actor::Wire, &Input::LookedUpAgain(nic, found)).unwrap();
    let said = scene.world.sightings[&nic].verdict.clone();
    assert!(matches!(said, Some(Verdict::Warn(text)) if text.contains("NIC")));
    assert_eq!((scene.unit(id).bmc_mac, scene.unit(id).bmc_address), (before.bmc_mac, before.bmc_address));
}

#[test]
fn a_device_of_another_site_is_recorded_and_left_alone() {
    let mut scene = Scene::default();
    scene.lease(1, address(1));
    scene.answer(1, Lookup::One(Device { site: "ams2".into(), ..device(1, "offline") }));
    assert!(matches!(verdict(&scene, 1), Verdict::Warn(text) if text.contains("ams2")));
    assert!(scene.world.units.is_empty(), "it is not ours to adopt");
}

#[test]
fn a_renewal_that_finds_all_as_we_wrote_it_is_no_warning() {
    let mut scene = Scene::default();
    scene.import(1, Stage::Staged);
    let as_written = Device { oob_address: Some(address(1)), ..device(1, "staged") };
    scene.lease(1, address(1));
    scene.answer(1, Lookup::One(as_written.clone()));
    assert_eq!(verdict(&scene, 1), Verdict::Nothing);
    scene.renewed(1, Lookup::One(Device { oob_address: Some(address(2)), ..as_written.clone() }));
    assert!(matches!(verdict(&scene, 1), Verdict::Warn(_)), "another address is one");
    scene.renewed(1, Lookup::One(Device { status: "failed".into(), ..as_written }));
    assert!(matches!(verdict(&scene, 1), Verdict::Warn(_)), "another status is one");
}

#[test]
fn whom_netbox_does_not_know_is_forgotten_oldest_first_and_nobody_else_is() {
    let mut scene = Scene::default();
    // A unit's own takes nobody's place.
    scene.discovered(1);
    let mac = |n: u16| Mac([0x94, 0x40, 0xC9, 1, (n >> 8) as u8, n as u8]);
    let lease = |scene: &mut Scene, n: u16| {
        let input = Input::Lease { mac: mac(n), address: address(9), hostname: None, vendor_class: None };
        scene.put(Actor::Wire, &input).unwrap()
    };
    let unknown = |scene: &mut Scene, n| {
        scene.put(Actor::Wire, &Input::LookedUpAgain(mac(n), Lookup::Nobody)).unwrap();
    };
    for n in 0..8_192 {
        assert_eq!(lease(&mut scene, n), Answer::Done);
    }
    assert_eq!(lease(&mut scene, 9_000), Answer::Already, "all of them still wait for NetBox");
    scene.now = scene.now + Duration::from_secs(60);
    let elsewhere = Lookup::One(Device { site: "ams2".into(), ..device(3, "offline") });
    scene.put(Actor::Wire, &Input::LookedUpAgain(mac(3), elsewhere)).unwrap();
    assert_eq!(lease(&mut scene, 9_000), Answer::Already, "NetBox knows the one that it has told of");
    unknown(&mut scene, 5);
    unknown(&mut scene, 7);
    assert_eq!(lease(&mut scene, 9_001), Answer::Done);
    let has = |scene: &Scene, n| scene.world.sightings.contains_key(&mac(n));
    assert!(!has(&scene, 5) && has(&scene, 7) && has(&scene, 9_001) && has(&scene, 0));
    assert_eq!(lease(&mut scene, 9_002), Answer::Done);
    assert_eq!(lease(&mut scene, 9_003), Answer::Already);
    assert_eq!(scene.world.sightings.len(), 8_193);
    assert_eq!(lease(&mut scene, 5), Answer::Already, "there is no room for it now");
}

#[test]
fn a_flood_that_is_kept_out_is_one_line_in_the_journal() {
    let mut scene = Scene::default();
    scene.put(Actor::Rackhand, &Input::KeptOut { last: bmc_mac(1), leases: 991_808 }).unwrap();
    assert!(
        matches!(scene.since(0)[..], [Event::Discovery(DiscoveryEvent::WarningNoted { text, .. })] if text.contains("991808 leases"))
    );
    assert!(scene.world.sightings.is_empty());
}

#[test]
fn an_answer_to_a_lookup_of_before_a_retry_counts_no_more() {
    let mut scene = Scene::default();
    scene.lease(1, address(1));
    let (subject, step) = (Subject::Bmc(bmc_mac(1)), Step::LookUpDevice);
    let ended = |generation, outcome| Input::Ended { subject, step, generation, outcome };
    scene.put(Actor::Rackhand, &ended(1, failed(Kind::Rejected))).unwrap();
    scene.put(person(Role::Technician), &Input::Command(Command::Retry { subject })).unwrap();
    let mark = scene.mark();
    let late = Outcome::Observed(Observation::Lookup(Lookup::Nobody));
    assert_eq!(scene.put(Actor::Rackhand, &ended(1, late)), Ok(Answer::Already));
    assert_eq!(scene.put(Actor::Rackhand, &ended(1, failed(Kind::Rejected))), Ok(Answer::Already));
    assert_eq!(scene.mark(), mark, "nothing was recorded");
    let found = Outcome::Observed(Observation::Lookup(Lookup::One(device(1, "offline"))));
    assert_eq!(scene.put(Actor::Rackhand, &ended(2, found)), Ok(Answer::Done));
    assert_eq!(verdict(&scene, 1), Verdict::Promote);
}
