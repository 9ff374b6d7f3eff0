//! BMCs that hang do not take the places of those that answer.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use rackhand_adapters::port::clock::Clock;
use rackhand_adapters::redfish::{Bmc, Credentials, Redfish};
use rackhand_core::bmc::{Identity, Vendor};
use rackhand_core::mac::Mac;
use rackhand_core::secret::Secret;
use rackhand_core::text::Text;
use rackhand_daemon::engine::Gates;
use rackhand_lab::bmc::{LabBmc, Personality, Spec};
use rackhand_lab::faults::Faults;
use rackhand_lab::front::{Network, Station};
use tokio::task::JoinSet;

use crate::bed::EPOCH;
use crate::recorded::say;

/// Reads `count` BMCs through the engine's gate, so many each second, and tells the time that the healthy ones took,
/// waiting for a place included, sorted.
async fn times(count: u32, each_second: u32, hung: bool) -> Vec<Duration> {
    let clock = Clock::scaled(EPOCH, 1.0);
    let network = Network::default();
    let gates = Arc::new(Gates::default());
    let redfish = Redfish::new(Arc::new(network.clone()), clock.clone(), 443);
    let mut calls = JoinSet::new();
    for n in 0..count {
        let [_, high, middle, low] = n.to_be_bytes();
        let address = IpAddr::V4(Ipv4Addr::new(127, high + 20, middle, low));
        let spec = Spec::new(Personality::Idrac9, &format!("{n:07}"), Mac([0xD0, 0x8E, 0x79, high, middle, low]));
        let who = Credentials { user: Text::new(&spec.user), password: Secret::new(spec.password.clone()) };
        let identity = Identity { vendor: Vendor::Dell, controller: Text::new("iDRAC9"), firmware: None, serial: None };
        let bmc = Arc::new(LabBmc::new(spec));
        let ill = hung && n % 5 == 0;
        bmc.behave(|b| b.hang = ill);
        let station =
            Station { host: bmc, faults: Arc::new(Faults::default()), clock: clock.clone(), certificate: None };
        network.attach(format!("{address}:443"), station);
        let (gates, redfish, clock) = (gates.clone(), redfish.clone(), clock.clone());
        calls.spawn(async move {
            clock.sleep(Duration::from_secs(1) * n / each_second).await;
            let began = clock.now();
            let at = Bmc { address, identity, pin: None };
            let read = gates.call_bmc(&clock, redfish.read_system(&at, &who)).await.unwrap();
            assert_eq!(read.is_err(), ill);
            // The same servers are compared in both runs.
            (n % 5 != 0).then(|| clock.now().since(began))
        });
    }
    let mut times: Vec<Duration> = calls.join_all().await.into_iter().flatten().collect();
    times.sort_unstable();
    times
}

#[tokio::test(start_paused = true)]
async fn with_each_fifth_bmc_hanging_the_others_are_as_quick() {
    // A whole site at once, as after a start; and a steady stream that hanging ones would fill the places of.
    for (what, count, each_second) in [("500 at once", 500, 1_000_000), ("20 s of 100 a second", 2_000, 100)] {
        let p95 = |times: &[Duration]| times[times.len() * 95 / 100];
        let (well, ill) = (p95(&times(count, each_second, false).await), p95(&times(count, each_second, true).await));
        say(&format!("{what}: p95 of the healthy is {well:?} with none hung and {ill:?} with 20 % hung"));
        assert!(ill <= well.mul_f64(1.1), "{what}: {well:?} becomes {ill:?}");
    }
}
