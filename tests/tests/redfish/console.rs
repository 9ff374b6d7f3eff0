//! A console reads a BMC through the daemon: in virtual time, over the console's own protocol.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rackhand_adapters::port::clock::Clock;
use rackhand_core::bmc::reading::{BmcReading, FanSpeed, Section};
use rackhand_core::decide::{Refusal, Why};
use rackhand_core::id::{Role, SiteId, UnitId};
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::policy::Policy;
use rackhand_core::world::World;
use rackhand_daemon::journal::{Journal, Store};
use rackhand_daemon::random::Random;
use rackhand_daemon::site::Site;
use rackhand_lab::bmc::Pace;
use rackhand_lab::machine::LifePace;
use rackhand_lab::outside::{EPOCH, Outside};
use rackhand_rpc::ConsoleClient;
use rackhand_rpc::codec::transport;
use rackhand_rpc::hello::greet;

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
        assert_eq!(all.inventory.unwrap().memory.len(), 2);
        let dell = unit.vendor == Some(rackhand_core::bmc::Vendor::Dell);
        // A staged server is off: its utilisation is unknown, however the controller puts it.
        let sensors = all.sensors.unwrap();
        assert_eq!((sensors.cpu_percent, sensors.inlet_celsius), (None, Some(21.0)));
        assert_eq!(matches!(sensors.fans[0].speed, Some(FanSpeed::Rpm(_))), dell);
        let one = read(&client, unit.id, Some(Section::Power)).await.unwrap();
        assert!(one.power.is_some() && one.identity.is_none() && one.logs.is_none());
        assert_eq!(outside.fleet.get(&server.serial).unwrap().counters().sessions_open, 0);
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
