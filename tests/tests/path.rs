//! The path: from a lease to `staged`, through every room.

use std::sync::{Arc, Mutex};

use rackhand_adapters::port::clock::Clock;
use rackhand_core::id::SiteId;
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::policy::Policy;
use rackhand_core::world::World;
use rackhand_daemon::journal::{Journal, Store};
use rackhand_daemon::random::Random;
use rackhand_lab::bmc::Pace;
use rackhand_lab::machine::LifePace;
use rackhand_lab::outside::{EPOCH, Outside};

#[tokio::test(start_paused = true)]
async fn a_lease_leads_one_server_to_staged() {
    let fra1 = SiteId::new("fra1");
    let clock = Clock::scaled(EPOCH, 1.0);
    let mut outside = Outside::new(clock.clone(), Policy::standard(fra1.clone()), LifePace::default());
    for n in 0..3 {
        outside.add_server(n, "fra1", Pace::default());
    }
    let store = Arc::new(Mutex::new(Store::open_in_memory(&fra1).unwrap()));
    let site = outside.start(Journal::inline(store.clone()), World::default(), Random::from_seed(7), false);
    for server in &outside.servers {
        outside.lease(&site, server).await;
    }
    let mut worlds = site.ledger.worlds();
    let staged = worlds.wait_for(|w| {
        w.units.len() == 3 && w.units.values().all(|u| u.stage == Stage::Staged && u.notes.owed.is_empty())
    });
    let done = clock.timeout(std::time::Duration::from_secs(86_400), staged).await;
    let ok = done.is_some();
    drop(done);
    let mut lines = Vec::new();
    store
        .lock()
        .unwrap()
        .replay(0, &mut |r| {
            lines.push(format!("{:>4} {} {} {}", r.seq, r.draft.at, r.draft.subject, r.draft.event.sentence()))
        })
        .unwrap();
    println!("{}", lines.join("\n"));
    let world = site.ledger.world();
    for unit in world.units.values() {
        println!("{:?}", rackhand_core::flow::next::for_unit(unit, clock.now()).waits);
    }
    assert!(ok);
    for server in &outside.servers {
        println!("{:?}", outside.netbox.notes_of(server.device));
    }
}
