//! A manifest's rows into NetBox, over the lab's NetBox in virtual time: what is found, made, left alone or refused,
//! and what absence and a crash do to it.
#![allow(clippy::unwrap_used)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rackhand_adapters::port::clock::Clock;
use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Answer, Input, Refusal};
use rackhand_core::entry::manifest::Row;
use rackhand_core::entry::registration::Registered;
use rackhand_core::event::{Event, StepEvent};
use rackhand_core::flow::step::Step;
use rackhand_core::id::{Actor, Role, SiteId, Subject};
use rackhand_core::inventory::NewDevice;
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::lifecycle::unit::Unit;
use rackhand_core::mac::Mac;
use rackhand_core::policy::Policy;
use rackhand_core::world::World;
use rackhand_daemon::journal::{Journal, Store};
use rackhand_daemon::ledger::Patience;
use rackhand_daemon::random::Random;
use rackhand_daemon::site::{Site, fold};
use rackhand_lab::bmc::Pace;
use rackhand_lab::faults::{Effect, Rule};
use rackhand_lab::host::Fate;
use rackhand_lab::machine::LifePace;
use rackhand_lab::outside::{EPOCH, Outside};
use reqwest::Method;

const MAC: Mac = Mac([0x94, 0x40, 0xC9, 0, 0, 1]);
const OTHER: Mac = Mac([0x94, 0x40, 0xC9, 0, 0, 2]);
const SERIAL: &str = "MXP1111111";

struct Bench {
    outside: Outside,
    site: Site,
    store: Arc<Mutex<Store>>,
}

impl Bench {
    fn new() -> Self {
        let fra1 = SiteId::new("fra1");
        let clock = Clock::scaled(EPOCH, 1.0);
        let outside = Outside::new(clock, Policy::standard(fra1.clone()), LifePace::default());
        let store = Arc::new(Mutex::new(Store::open_in_memory(&fra1).unwrap()));
        let site = outside.start(Journal::inline(store.clone()), World::default(), Random::from_seed(7), false);
        Self { outside, site, store }
    }

    async fn say(&self, command: Command) -> Result<Answer, Refusal> {
        let anna = Actor::Person { name: "anna".into(), role: Role::Operator };
        self.site.ledger.submit(anna, Patience::Refuse, Input::Command(command)).await.map(|c| c.answer)
    }

    async fn import(&self, serial: &str, bmc_mac: Mac, create: Option<NewDevice>) -> Result<Answer, Refusal> {
        let row = Row { serial: serial.into(), bmc_mac };
        self.say(Command::ImportRow { row, site: SiteId::new("fra1"), stage: Stage::Received, create }).await
    }

    fn unit(&self, serial: &str) -> Unit {
        self.site.ledger.world().by_serial(serial).unwrap().clone()
    }

    async fn until(&self, serial: &str, so: impl Fn(&Unit) -> bool) {
        let mut worlds = self.site.ledger.worlds();
        let is = worlds.wait_for(|w| w.by_serial(serial).is_some_and(&so));
        let became = self.outside.clock.timeout(Duration::from_secs(86_400), async { is.await.is_ok() }).await;
        assert!(became == Some(true), "{:#?}", self.unit(serial));
    }

    /// Waits until the row has come to its end, and its notes are in NetBox; gives what it came to and why.
    async fn end(&self, serial: &str) -> (Registered, String) {
        let done = |u: &Unit| u.registration_standing().result != Registered::Waiting;
        self.until(serial, |u| done(u) && (u.notes.owed.is_empty() || u.steps.parked().next().is_some())).await;
        let standing = self.unit(serial).registration_standing();
        (standing.result, standing.text.to_string())
    }

    fn events(&self, serial: &str) -> Vec<Event> {
        let subject = Subject::Unit(self.unit(serial).id);
        let mut events = Vec::new();
        let mut take = |r: rackhand_core::event::Recorded| {
            events.extend((r.draft.subject == subject).then_some(r.draft.event));
        };
        self.store.lock().unwrap().replay(0, &mut take).unwrap();
        events
    }

    /// The daemon dies, and another one starts from the same journal.
    fn restart(&mut self) {
        self.outside.door.close();
        let world = fold(&self.store.lock().unwrap()).unwrap();
        let next = self.outside.start(Journal::inline(self.store.clone()), world, Random::from_seed(8), false);
        std::mem::replace(&mut self.site, next).crash();
    }
}

fn dl360() -> NewDevice {
    NewDevice { device_type: "dl360".into(), role: "server".into(), site: "fra1".into() }
}

#[tokio::test(start_paused = true)]
async fn the_mac_is_set_on_the_interface_that_is_named_like_a_bmc_in_any_case() {
    let b = Bench::new();
    for (n, name) in ["bmc", "iLO", "IDRAC"].into_iter().enumerate() {
        let (serial, mac) = (format!("{SERIAL}{n}"), Mac([0x94, 0x40, 0xC9, 0, 1, n as u8]));
        let device = b.outside.netbox.add_bare_device(&format!("srv{n}"), &serial.to_lowercase(), &["eno1", name]);
        assert_eq!(b.import(&serial, mac, None).await, Ok(Answer::Done));
        let (result, text) = b.end(&serial).await;
        assert!(result == Registered::MacSet && text.contains(name), "{text}");
        let interface = b.outside.netbox.interface_id(device, name).unwrap();
        assert_eq!((b.outside.netbox.primary_mac(interface), b.outside.netbox.mac_count(mac)), (Some(mac), 1));
        let notes = b.outside.netbox.notes_of(device);
        assert!(notes.len() == 1 && notes[0].0 == "info" && notes[0].1.contains("from the manifest"), "{notes:?}");
        assert_eq!(b.outside.netbox.status_of(device).as_deref(), Some("offline"));
        assert_eq!(b.outside.netbox.field_of(device, "lifecycle_state"), None, "a manifest is no receipt");
        // Once more, as after a broken connection.
        let requests = b.outside.netbox.requests();
        assert_eq!(b.import(&serial, mac, None).await, Ok(Answer::Already));
        assert_eq!(b.outside.netbox.requests(), requests);
    }
}

#[tokio::test(start_paused = true)]
async fn another_mac_that_stands_there_is_warned_of_and_left_alone() {
    let b = Bench::new();
    let device = b.outside.netbox.add_bare_device("srv1", SERIAL, &["iLO"]);
    let interface = b.outside.netbox.interface_id(device, "iLO").unwrap();
    let there = b.outside.netbox.add_mac(OTHER, Some(interface));
    b.outside.netbox.set_primary_mac(interface, Some(there));
    b.import(SERIAL, MAC, None).await.unwrap();
    let (result, text) = b.end(SERIAL).await;
    assert!(result == Registered::MacKept && text.contains(&OTHER.to_string()), "{text}");
    assert_eq!(b.outside.netbox.primary_mac(interface), Some(OTHER));
    assert_eq!(b.outside.netbox.mac_count(MAC), 0);
    let notes = b.outside.netbox.notes_of(device);
    assert!(notes.len() == 1 && notes[0].0 == "warning", "{notes:?}");
    assert!(notes[0].1.contains(&MAC.to_string()) && notes[0].1.contains(&OTHER.to_string()), "{notes:?}");
    assert_eq!(b.unit(SERIAL).steps.parked().count(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_same_mac_that_stands_there_is_confirmed_and_nothing_is_written() {
    let b = Bench::new();
    let device = b.outside.netbox.add_bare_device("srv1", SERIAL, &["bmc"]);
    let interface = b.outside.netbox.interface_id(device, "bmc").unwrap();
    let there = b.outside.netbox.add_mac(MAC, Some(interface));
    b.outside.netbox.set_primary_mac(interface, Some(there));
    b.import(SERIAL, MAC, None).await.unwrap();
    assert_eq!(b.end(SERIAL).await.0, Registered::MacThere);
    assert_eq!(b.outside.netbox.mac_count(MAC), 1);
    assert!(
        !b.events(SERIAL)
            .iter()
            .any(|e| matches!(e, Event::Step(StepEvent::StepIntended { step: Step::RegisterBmc, .. })))
    );
}

#[tokio::test(start_paused = true)]
async fn what_netbox_lacks_or_has_twice_fails_the_row_until_it_is_mended() {
    let b = Bench::new();
    let netbox = &b.outside.netbox;
    let retry = async |serial: &str| b.say(Command::Retry { subject: Subject::Unit(b.unit(serial).id) }).await.unwrap();

    // No such device.
    b.import("NONE", MAC, None).await.unwrap();
    let (result, text) = b.end("NONE").await;
    assert!(result == Registered::Failed && text.contains("no device has serial NONE"), "{text}");
    assert!(text.contains("--type"), "{text}");
    netbox.add_bare_device("srv1", "NONE", &["bmc"]);
    retry("NONE").await;
    assert_eq!(b.end("NONE").await.0, Registered::MacSet);

    // Two devices.
    let (one, _) =
        (netbox.add_bare_device("srv2", "TWICE", &["bmc"]), netbox.add_bare_device("srv3", "twice", &["bmc"]));
    b.import("TWICE", OTHER, None).await.unwrap();
    let (result, text) = b.end("TWICE").await;
    assert!(result == Registered::Failed && text.contains("2 devices have serial TWICE"), "{text}");
    assert_eq!(netbox.mac_count(OTHER), 0);
    netbox.set_serial(one, "ANOTHER");
    // The same row again is as good as a retry.
    assert_eq!(b.import("TWICE", OTHER, None).await, Ok(Answer::Done));
    assert_eq!(b.end("TWICE").await.0, Registered::MacSet);

    // No interface, then two.
    let mac = |n| Mac([0x94, 0x40, 0xC9, 0, 2, n]);
    let bare = netbox.add_bare_device("srv4", "BARE", &["eno1", "mgmt"]);
    b.import("BARE", mac(1), None).await.unwrap();
    let (result, text) = b.end("BARE").await;
    assert!(result == Registered::Failed && text.contains("no interface named bmc, ilo or idrac"), "{text}");
    netbox.add_interface(bare, "iLO");
    netbox.add_interface(bare, "BMC");
    retry("BARE").await;
    b.until("BARE", |u| u.steps.parked().any(|(p, f)| p.generation == 2 && f.to_string().contains("2 interfaces")))
        .await;

    // The MAC is on another device.
    netbox.add_bare_device("srv5", "FIFTH", &["bmc"]);
    let elsewhere = netbox.add_bare_device("srv6", "SIXTH", &["bmc"]);
    netbox.add_mac(mac(2), netbox.interface_id(elsewhere, "bmc"));
    b.import("FIFTH", mac(2), None).await.unwrap();
    let (result, text) = b.end("FIFTH").await;
    assert!(result == Registered::Failed && text.contains("srv6"), "{text}");
    assert_eq!(netbox.mac_count(mac(2)), 1);
}

#[tokio::test(start_paused = true)]
async fn a_device_netbox_lacks_is_made_where_type_role_and_site_were_given() {
    let b = Bench::new();
    let netbox = &b.outside.netbox;
    b.import(SERIAL, MAC, Some(dl360())).await.unwrap();
    for (missing, mend) in [
        ("device type", (&|| netbox.add_device_type("dl360", &[])) as &dyn Fn() -> u64),
        ("device role", &|| netbox.add_role("server")),
        ("site", &|| netbox.add_site("fra1")),
        ("0 interfaces named bmc", &|| netbox.add_device_type("dl360", &["iLO"])),
    ] {
        let (result, text) = b.end(SERIAL).await;
        assert!(result == Registered::Failed && text.contains(missing), "{missing}: {text}");
        assert!(netbox.devices_with_serial(SERIAL).is_empty(), "nothing is made by halves");
        mend();
        b.import(SERIAL, MAC, Some(dl360())).await.unwrap();
    }
    assert_eq!(b.end(SERIAL).await.0, Registered::MacSet);
    let devices = netbox.devices_with_serial(SERIAL);
    assert_eq!(devices.len(), 1);
    assert_eq!(netbox.status_of(devices[0]).as_deref(), Some("offline"));
    let interface = netbox.interface_id(devices[0], "iLO").unwrap();
    assert_eq!(netbox.primary_mac(interface), Some(MAC));
    assert_eq!(netbox.notes_of(devices[0]).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_lost_at_any_request_makes_nothing_twice() {
    // Making a device, a MAC object, and naming it are three writes; each answer is lost in turn.
    for method in [Method::POST, Method::PATCH] {
        for skip in 0..2 {
            let b = Bench::new();
            let netbox = &b.outside.netbox;
            netbox.add_device_type("dl360", &["iLO"]);
            netbox.add_role("server");
            netbox.add_site("fra1");
            let path = if skip == 0 { String::new() } else { "mac-addresses".to_owned() };
            let lost = Effect::Answer(Fate::Lost);
            b.outside.netbox_faults.add(Rule { method: Some(method.clone()), path, effect: lost, times: 1 });
            b.import(SERIAL, MAC, Some(dl360())).await.unwrap();
            assert_eq!(b.end(SERIAL).await.0, Registered::MacSet);
            let devices = netbox.devices_with_serial(SERIAL);
            assert_eq!((devices.len(), netbox.mac_count(MAC)), (1, 1), "{method} {skip}");
            assert_eq!(netbox.primary_mac(netbox.interface_id(devices[0], "iLO").unwrap()), Some(MAC));
            assert_eq!(netbox.notes_of(devices[0]).len(), 1);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn netbox_away_for_an_hour_and_a_daemon_that_dies_meanwhile_lose_no_row() {
    let mut b = Bench::new();
    let rows: Vec<(String, Mac)> =
        (0..40).map(|n| (format!("{SERIAL}{n}"), Mac([0x94, 0x40, 0xC9, 0, 3, n]))).collect();
    for (serial, _) in &rows {
        b.outside.netbox.add_bare_device(&format!("srv-{serial}"), serial, &["bmc"]);
    }
    b.outside.disconnect_netbox();
    for (serial, mac) in &rows {
        b.import(serial, *mac, None).await.unwrap();
    }
    b.outside.clock.sleep(Duration::from_secs(3_600)).await;
    assert!(b.site.desk.gates.netbox.trouble().is_some());
    let standing = b.unit(&rows[0].0).registration_standing();
    assert_eq!(standing.result, Registered::Waiting);
    let head = b.site.ledger.world().head;
    assert!(head < 2 * 40 + 60, "an outage must not fill the journal: {head} events");
    b.restart();
    b.outside.connect_netbox();
    for (serial, mac) in &rows {
        assert_eq!(b.end(serial).await.0, Registered::MacSet);
        assert_eq!(b.outside.netbox.mac_count(*mac), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_lease_after_the_manifest_or_before_it_leads_to_staged() {
    for before in [false, true] {
        let mut b = Bench::new();
        let server = b.outside.add_server(0, "fra1", Pace::default()).clone();
        b.restart();
        // As a manifest meets it: the device is planned in NetBox, its BMC's MAC is not known there.
        let interface = b.outside.netbox.interface_id(server.device, "bmc").unwrap();
        b.outside.netbox.remove_macs(interface);
        if before {
            b.outside.lease(&b.site, &server).await;
            let mut worlds = b.site.ledger.worlds();
            worlds.wait_for(|w| w.sightings.values().any(|s| s.verdict.is_some())).await.unwrap();
            assert!(b.site.ledger.world().units.is_empty());
        }
        b.import(&server.serial, server.bmc_mac, None).await.unwrap();
        assert_eq!(b.end(&server.serial).await.0, Registered::MacSet);
        if !before {
            b.outside.lease(&b.site, &server).await;
        }
        b.until(&server.serial, |u| u.stage == Stage::Staged && u.notes.owed.is_empty()).await;
        assert_eq!(b.outside.netbox.mac_count(server.bmc_mac), 1);
        // As without a manifest, and the MAC's.
        assert_eq!(
            b.outside.netbox.notes_of(server.device).len(),
            13,
            "six transitions, a task, five reports, the MAC"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_address_somebody_erased_is_written_again_by_the_next_renewal_an_hour_later() {
    let mut b = Bench::new();
    let server = b.outside.add_server(0, "fra1", Pace::default()).clone();
    b.restart();
    b.outside.fleet.get(&server.serial).unwrap().behave(|x| x.bad_credentials = true);
    b.outside.lease(&b.site, &server).await;
    // Its BMC takes no password, so it stays where it is.
    b.until(&server.serial, |u| u.status_written == Some(Stage::Discovered) && u.steps.parked().next().is_some()).await;
    // The first renewal is told that it is discovered by now.
    let whole = |u: &Unit| u.address_written.is_some() && u.status_written == Some(Stage::Discovered);
    b.outside.clock.sleep(Duration::from_secs(3_700)).await;
    let head = b.unit(&server.serial).revision;
    b.outside.lease(&b.site, &server).await;
    b.until(&server.serial, |u| u.revision > head && whole(u)).await;
    let address = b.outside.netbox.oob_of(server.device);
    assert!(address.is_some());

    b.outside.netbox.clear_oob(server.device);
    b.outside.clock.sleep(Duration::from_secs(3_700)).await;
    assert_eq!(b.outside.netbox.oob_of(server.device), None);
    let head = b.unit(&server.serial).revision;
    b.outside.lease(&b.site, &server).await;
    b.until(&server.serial, |u| u.revision > head && whole(u)).await;
    assert_eq!(b.outside.netbox.oob_of(server.device), address);

    // All is as it should be again, and no renewal leaves a trace.
    let head = b.unit(&server.serial).revision;
    for _ in 0..3 {
        b.outside.clock.sleep(Duration::from_secs(3_700)).await;
        b.outside.lease(&b.site, &server).await;
    }
    b.outside.clock.sleep(Duration::from_secs(60)).await;
    assert_eq!(b.unit(&server.serial).revision, head);
}
