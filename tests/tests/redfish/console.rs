//! A console reads a BMC and switches its locator LED through the daemon: in virtual time, over the console's own protocol.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rackhand_adapters::port::clock::Clock;
use rackhand_core::bmc::Vendor;
use rackhand_core::bmc::reading::{BmcReading, FanSpeed, Section};
use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Answer, Refusal, Why};
use rackhand_core::id::{Role, SiteId, Subject, UnitId};
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::lifecycle::unit::Unit;
use rackhand_core::policy::Policy;
use rackhand_core::view::questions::OneUnit;
use rackhand_core::world::World;
use rackhand_daemon::journal::{Journal, Store};
use rackhand_daemon::random::Random;
use rackhand_daemon::site::Site;
use rackhand_lab::bmc::{LocatorWay, Pace};
use rackhand_lab::faults::{Effect, Rule};
use rackhand_lab::host::Fate;
use rackhand_lab::machine::LifePace;
use rackhand_lab::outside::{EPOCH, Outside};
use rackhand_rpc::ConsoleClient;
use rackhand_rpc::codec::transport;
use rackhand_rpc::hello::greet;
use reqwest::Method;

#[allow(dead_code)]
#[path = "../support/console.rs"]
mod support;

/// Three servers, one of each recorded controller, staged.
async fn staged() -> (Outside, Site) {
    let fra1 = SiteId::new("fra1");
    let clock = Clock::scaled(EPOCH, 1.0);
    let mut outside = Outside::new(clock.clone(), Policy::standard(fra1.clone()), LifePace::default());
    for n in 0..3 {
        outside.add_server(n, "fra1", Pace::default());
    }
    let store = Arc::new(Mutex::new(Store::open_in_memory(&fra1).unwrap()));
    let site = outside.start(Journal::inline(store), World::default(), Random::from_seed(7), false);
    for server in &outside.servers {
        outside.lease(&site, server).await;
    }
    let mut worlds = site.ledger.worlds();
    let all = |w: &Arc<World>| w.units.len() == 3 && w.units.values().all(|u| u.stage == Stage::Staged);
    worlds.wait_for(all).await.unwrap();
    drop(worlds);
    // They switch themselves off when they have reported.
    clock.sleep(Duration::from_secs(120)).await;
    (outside, site)
}

#[allow(clippy::default_trait_access)] // its type is tarpc's
async fn console(site: &Site, role: Role) -> ConsoleClient {
    let (mut ours, theirs) = tokio::io::duplex(1 << 20);
    tokio::spawn(site.desk.clone().serve(theirs, "anna".into(), Some(role)));
    greet(&mut ours).await.unwrap();
    ConsoleClient::new(Default::default(), transport(ours)).spawn()
}

async fn read(client: &ConsoleClient, id: UnitId, what: Option<Section>) -> Result<BmcReading, Refusal> {
    client.bmc_reading(support::within(Duration::from_secs(110)), id, what).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_technician_reads_a_whole_bmc_and_one_section_of_it() {
    let (outside, site) = staged().await;
    let client = console(&site, Role::Technician).await;
    let before = site.ledger.world().head;
    for server in &outside.servers {
        let unit = site.ledger.world().by_serial(&server.serial).unwrap().clone();
        let all = read(&client, unit.id, None).await.unwrap();
        assert_eq!(all.unread, []);
        assert_eq!(all.identity.unwrap().serial, unit.serial, "{}", server.serial);
        assert_eq!(all.accounts.unwrap().accounts.len(), 1);
        assert_eq!(all.inventory.unwrap().memory.len(), 16);
        let dell = unit.vendor == Some(rackhand_core::bmc::Vendor::Dell);
        // A staged server is off: its utilisation is unknown, however the controller puts it.
        let sensors = all.sensors.unwrap();
        assert_eq!((sensors.cpu_percent, sensors.inlet_celsius), (None, Some(21.0)));
        assert_eq!(matches!(sensors.fans[0].speed, Some(FanSpeed::Rpm(_))), dell);
        let one = read(&client, unit.id, Some(Section::Power)).await.unwrap();
        assert!(one.power.is_some() && one.identity.is_none() && one.logs.is_none());
        let open = || outside.fleet.get(&server.serial).unwrap().counters().sessions_open;
        assert_eq!(open(), 1, "kept for what may follow");
        outside.clock.sleep(Duration::from_secs(61)).await;
        assert_eq!(open(), 0);
    }
    assert_eq!(site.ledger.world().head, before, "a reading is not journaled");
}

#[tokio::test(start_paused = true)]
async fn who_may_only_look_reads_no_bmc_and_a_bmc_that_hangs_is_said() {
    let (outside, site) = staged().await;
    let serial = outside.servers[0].serial.clone();
    let id = site.ledger.world().by_serial(&serial).unwrap().id;
    let guest = console(&site, Role::ReadOnly).await;
    assert_eq!(read(&guest, id, None).await.unwrap_err().why, Why::NotAllowed);
    let client = console(&site, Role::Operator).await;
    outside.fleet.get(&serial).unwrap().behave(|b| b.hang = true);
    let refusal = read(&client, id, Some(Section::Power)).await.unwrap_err();
    assert_eq!(refusal.why, Why::Unavailable);
    assert!(refusal.text.contains("within 30 s"), "{refusal}");
}

#[tokio::test(start_paused = true)]
async fn a_password_that_was_refused_is_sent_once_however_many_ask_until_a_person_says_retry() {
    let (outside, site) = staged().await;
    for server in &outside.servers {
        let id = site.ledger.world().by_serial(&server.serial).unwrap().id;
        let bmc = outside.fleet.get(&server.serial).unwrap();
        bmc.behave(|b| b.bad_credentials = true);
        let client = console(&site, Role::Operator).await;
        let ask = async || read(&client, id, Some(Section::Power)).await.unwrap_err().text;
        let once = |n: &str| format!("{} {n}", server.serial);
        let light = async |n: &str| locate(&client, &once(n), id, true).await.unwrap_err().text;
        let (a, b, c, d) = tokio::join!(ask(), light("1"), ask(), light("2"));
        for told in [a, b, c, d, ask().await, light("3").await] {
            assert!(told.contains("user name or password is wrong"), "{told}");
        }
        assert_eq!(bmc.counters().logins_bad, 1, "{}", server.serial);

        let retry = async |n: &str| {
            let command = Command::Retry { subject: Subject::Unit(id) };
            client.command(support::within(Duration::from_secs(110)), once(n), command).await.unwrap()
        };
        retry("4").await.unwrap();
        ask().await;
        ask().await;
        assert_eq!(bmc.counters().logins_bad, 2, "once for each retry");
        bmc.behave(|b| b.bad_credentials = false);
        ask().await;
        retry("5").await.unwrap();
        assert!(read(&client, id, Some(Section::Power)).await.unwrap().power.is_some());
        assert_eq!(retry("6").await.unwrap_err().why, Why::Conflict, "nothing is left to be tried again");
    }
}

#[tokio::test(start_paused = true)]
async fn of_a_slow_bmc_what_was_read_in_time_is_shown_with_what_was_not() {
    let (outside, site) = staged().await;
    let client = console(&site, Role::Technician).await;
    for server in &outside.servers {
        let id = site.ledger.world().by_serial(&server.serial).unwrap().id;
        outside.fleet.get(&server.serial).unwrap().behave(|b| b.slow = Duration::from_secs(4));
        let began = outside.clock.now();
        let all = read(&client, id, None).await.unwrap();
        let took = outside.clock.now().since(began);
        assert!(took <= Duration::from_secs(106), "{took:?}");
        assert!(all.identity.is_some() && all.power.is_some(), "{}", server.serial);
        assert!(!all.unread.is_empty() && all.unread.iter().all(|u| u.fault.what.contains("the time was over")));
        let told = [all.boot.is_some(), all.sensors.is_some(), all.logs.is_some(), all.firmware.is_some()];
        let told = told.into_iter().chain([all.accounts.is_some(), all.inventory.is_some()]);
        assert_eq!(told.filter(|t| *t).count() + 2 + all.unread.len(), Section::ALL.len());
    }
}

async fn locate(client: &ConsoleClient, request: &str, unit: UnitId, on: bool) -> Result<Answer, Refusal> {
    let context = support::within(Duration::from_secs(110));
    let done = client.command(context, request.into(), Command::Locate { unit, on }).await.unwrap();
    done.map(|receipt| receipt.answer)
}

fn unit(site: &Site, serial: &str) -> Unit {
    site.ledger.world().by_serial(serial).unwrap().clone()
}

#[tokio::test(start_paused = true)]
async fn a_technician_has_a_locator_led_on_and_off_and_all_see_that_it_is_on() {
    let (outside, site) = staged().await;
    let client = console(&site, Role::Technician).await;
    let lit = |serial: &str| outside.fleet.get(serial).unwrap().bmc.switched().0;
    for (n, server) in outside.servers.iter().enumerate() {
        let (serial, id) = (&server.serial, unit(&site, &server.serial).id);
        let before = site.ledger.world().head;
        assert_eq!(locate(&client, &format!("{n} on"), id, true).await, Ok(Answer::Done));
        assert!(lit(serial) && unit(&site, serial).is_located());
        assert_eq!(site.ledger.world().head, before + 2, "the wish, and what was seen");
        let led = unit(&site, serial).locator.unwrap();
        assert_eq!((led.by.as_str(), led.on, led.seen), ("anna", true, Some(true)));
        let detail = client.ask(support::soon(), OneUnit(id)).await.unwrap().answer;
        assert!(detail.row.located && detail.facts.iter().any(|(name, _)| &**name == "locator led"));
        // The same request again gets its answer, and nobody is asked.
        let requests = outside.fleet.get(serial).unwrap().counters().requests;
        assert_eq!(locate(&client, &format!("{n} on"), id, true).await, Ok(Answer::Done));
        assert_eq!(outside.fleet.get(serial).unwrap().counters().requests, requests);
        assert_eq!(locate(&client, &format!("{n} off"), id, false).await, Ok(Answer::Done));
        assert!(!lit(serial) && unit(&site, serial).locator.is_none());
        outside.clock.sleep(Duration::from_secs(61)).await;
        assert_eq!(outside.fleet.get(serial).unwrap().counters().sessions_open, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_with_a_locator_led_is_told_with_another_way_to_the_server() {
    let (outside, site) = staged().await;
    let client = console(&site, Role::Technician).await;
    for server in &outside.servers {
        let (serial, id) = (server.serial.as_str(), unit(&site, &server.serial).id);
        let twin = outside.fleet.get(serial).unwrap();
        for (way, said) in
            [(LocatorWay::Missing, "it offers no locator LED"), (LocatorWay::Broken, "asked for on, but shows off")]
        {
            twin.behave(|b| b.locator = way);
            let refusal = locate(&client, &format!("{serial} {way:?}"), id, true).await.unwrap_err();
            let place = unit(&site, serial).place().cloned().unwrap();
            let way_out = format!("Walk to {place} by rack and unit, and hold its label against {serial}");
            assert!(refusal.text.contains(said) && refusal.text.ends_with(&way_out), "{refusal}");
            assert!(!unit(&site, serial).is_located());
        }
        // Firmware of before the newer property: iLO is read back, iDRAC's words tell of its health too.
        twin.behave(|b| b.locator = LocatorWay::Words);
        let answer = locate(&client, &format!("{serial} words"), id, true).await.unwrap();
        assert!(twin.bmc.switched().0, "{serial}");
        match unit(&site, serial).vendor {
            Some(Vendor::Dell) => {
                assert!(matches!(answer, Answer::Unseen(text) if text.contains("look at the server")));
            }
            _ => assert_eq!(answer, Answer::Done),
        }
        twin.behave(|b| b.locator = LocatorWay::Active);
        assert_eq!(locate(&client, &format!("{serial} off"), id, false).await, Ok(Answer::Done));
        twin.behave(|b| b.hang = true);
        let refusal = locate(&client, &format!("{serial} hangs"), id, true).await.unwrap_err();
        assert!(refusal.why == Why::Unavailable && refusal.text.contains("no answer within 25 s"), "{refusal}");
        twin.behave(|b| b.hang = false);
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_to_the_locator_is_looked_for_before_it_is_sent_again() {
    let (outside, site) = staged().await;
    let client = console(&site, Role::Technician).await;
    let serial = &outside.servers[0].serial;
    let (id, twin) = (unit(&site, serial).id, outside.fleet.get(serial).unwrap());
    twin.faults.add(Rule {
        method: Some(Method::PATCH),
        path: "Chassis".into(),
        effect: Effect::Answer(Fate::Lost),
        times: 1,
    });
    let refusal = locate(&client, "lost", id, true).await.unwrap_err();
    assert_eq!(refusal.why, Why::Unavailable, "{refusal}");
    assert!(twin.bmc.switched().0 && !unit(&site, serial).is_located(), "it is on, and nobody has seen it");
    // A second one would be refused here.
    twin.faults.add(Rule { method: Some(Method::PATCH), path: "Chassis".into(), effect: Effect::Drop, times: 1 });
    assert_eq!(locate(&client, "again", id, true).await, Ok(Answer::Done));
    assert!(unit(&site, serial).is_located());
}

#[tokio::test(start_paused = true)]
async fn no_locator_is_switched_by_who_may_only_look_nor_where_no_bmc_was_reached() {
    let (outside, site) = staged().await;
    let serial = &outside.servers[0].serial;
    let (id, requests) = (unit(&site, serial).id, outside.fleet.get(serial).unwrap().counters().requests);
    let guest = console(&site, Role::ReadOnly).await;
    assert_eq!(locate(&guest, "guest", id, true).await.unwrap_err().why, Why::NotAllowed);
    assert_eq!(outside.fleet.get(serial).unwrap().counters().requests, requests);
    let client = console(&site, Role::Operator).await;
    let new = Command::Import {
        site: SiteId::new("fra1"),
        serial: "NEW1".into(),
        bmc_mac: None,
        vendor: None,
        model: None,
        stage: Stage::Received,
    };
    client.command(support::soon(), "new".into(), new).await.unwrap().unwrap();
    let refusal = locate(&client, "new on", unit(&site, "NEW1").id, true).await.unwrap_err();
    assert_eq!(refusal.why, Why::Conflict);
    assert!(refusal.text.contains("not reached here yet") && refusal.text.contains("at the dock first"), "{refusal}");
    assert!(unit(&site, "NEW1").locator.is_none());
}
