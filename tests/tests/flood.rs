//! A million MACs nobody knows, on the wire: what they cost, and whom they keep out.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // what it cost is told

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rackhand_adapters::dhcp::compose::Lease;
use rackhand_adapters::port::clock::Clock;
use rackhand_core::event::{DiscoveryEvent, Event, StepEvent};
use rackhand_core::id::SiteId;
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::mac::Mac;
use rackhand_core::policy::Policy;
use rackhand_core::world::World;
use rackhand_daemon::journal::{Journal, Store};
use rackhand_daemon::random::Random;
use rackhand_lab::bmc::Pace;
use rackhand_lab::machine::LifePace;
use rackhand_lab::outside::{EPOCH, Outside};

const MACS: u32 = 1_000_000;
/// Frames a tap hands over at once.
const READ: u32 = 1_024;

/// Resident memory of this process in MiB.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1_024.0
}

/// The `n`-th MAC of a generator that never repeats in a million: half from HPE's and Dell's blocks.
fn stranger(n: u32) -> Mac {
    let [_, a, b, c] = n.wrapping_mul(0x9E37_79B1).to_be_bytes();
    match n % 4 {
        0 => Mac([0x94, 0x40, 0xC9, a, b, c]),
        1 => Mac([0xD0, 0x8E, 0x79, a, b, c]),
        _ => Mac([0x02, n as u8, 0x10, a, b, c]),
    }
}

#[tokio::test(start_paused = true)]
async fn a_million_unknown_macs_cost_little_and_keep_no_real_bmc_out() {
    let fra1 = SiteId::new("fra1");
    let clock = Clock::scaled(EPOCH, 1.0);
    let mut outside = Outside::new(clock.clone(), Policy::standard(fra1.clone()), LifePace::default());
    // The first is real and comes in the middle; every stranger says it has the address of the second.
    let real = outside.add_server(0, "fra1", Pace::default()).clone();
    let bait = outside.add_server(1, "fra1", Pace::default()).clone();
    let store = Arc::new(Mutex::new(Store::open_in_memory(&fra1).unwrap()));
    let site = outside.start(Journal::inline(store.clone()), World::default(), Random::from_seed(7), false);
    let (before, mut most) = (resident(), 0.0_f64);
    for from in (0..MACS).step_by(READ as usize) {
        let frames: Vec<_> = (from..(from + READ).min(MACS))
            .map(|n| {
                let mut lease = Lease::new(stranger(n), bait.address, bait.address);
                lease.xid = n;
                (lease.ack(), clock.now())
            })
            .collect();
        site.intake.frames(&frames).await;
        // 100,000 in a second, which is what a wire can carry.
        clock.sleep(Duration::from_millis(10)).await;
        if (from..from + READ).contains(&(MACS / 2)) {
            outside.lease(&site, &real).await;
            println!("in the middle: {} requests to NetBox", outside.netbox.requests());
        }
        most = most.max(resident());
    }
    let until = Duration::from_secs(3_600);
    let mut worlds = site.ledger.worlds();
    let staged = worlds.wait_for(|w| w.by_serial(&real.serial).is_some_and(|u| u.stage >= Stage::Discovered));
    assert!(clock.timeout(until, staged).await.is_some(), "the real BMC was kept out");
    // What was taken in is asked of NetBox one after the other.
    clock.sleep(until).await;
    let (requests, world) = (outside.netbox.requests(), site.ledger.world());
    let (mut events, mut words, mut writes) = (0_u64, 0, 0);
    store
        .lock()
        .unwrap()
        .replay(0, &mut |recorded| {
            events += 1;
            words += u64::from(
                matches!(&recorded.draft.event, Event::Discovery(DiscoveryEvent::WarningNoted { key, .. }) if key.as_str() == "kept out"),
            );
            writes += u64::from(matches!(&recorded.draft.event, Event::Step(StepEvent::StepIntended { .. })));
        })
        .unwrap();
    println!(
        "{MACS} MACs: {requests} requests to NetBox, {events} events, {} sightings, {} strangers kept, {} leases of \
         strangers counted; memory {before:.0} MiB before, {most:.0} MiB at most",
        world.sightings.len(),
        site.intake.strangers().len(),
        site.intake.strange_leases()
    );
    assert_eq!(outside.fleet.get(&bait.serial).unwrap().counters().requests, 0, "a BMC was spoken to");
    assert_eq!(world.units.len(), 1);
    assert_eq!(outside.netbox.oob_of(bait.device), None);
    assert!(writes < 100, "intentions of the one real server only: {writes}");
    assert!(requests < 12_000, "{requests}");
    assert!(events < 30_000, "{events}");
    assert!((1..=2).contains(&words), "told of once an hour: {words}");
    assert!(most - before < 150.0, "{before} {most}");
    site.stop().await.unwrap();
}
