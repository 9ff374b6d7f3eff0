//! How a server's controller is waited for, and how little it is asked.

use std::time::Duration;

use rackhand_adapters::dhcp::compose::Lease;
use rackhand_core::event::{Event, StepEvent};
use rackhand_core::flow::attempt::{Phase, Progress};
use rackhand_core::flow::step::Step;
use rackhand_lab::outside::BMC_PORT;

use super::Bench;

#[tokio::test(start_paused = true)]
async fn a_bmc_whose_redfish_comes_up_minutes_after_its_lease_needs_nobody() {
    for minutes in [1, 10, 24] {
        let b = Bench::with(2);
        let late = [&b.outside.servers[0].serial, &b.outside.servers[1].serial];
        // One refuses connections, the other takes them and is silent.
        b.outside.fleet.unplug(late[0]);
        b.outside.fleet.get(late[1]).unwrap().behave(|x| x.hang = true);
        b.lease(0).await;
        b.lease(1).await;
        b.outside.clock.sleep(Duration::from_secs(60 * minutes)).await;
        b.outside.fleet.reconnect(late[0]);
        b.outside.fleet.get(late[1]).unwrap().behave(|x| x.hang = false);
        for n in 0..2 {
            b.staged(n).await;
            assert!(
                !b.events(n).iter().any(|e| matches!(e, Event::Step(StepEvent::StepParked { .. }))),
                "{minutes} minutes"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_new_lease_takes_up_a_reach_that_was_given_up_and_a_renewal_does_not() {
    let b = Bench::with(1);
    let server = b.outside.servers[0].clone();
    b.outside.fleet.unplug(&server.serial);
    b.lease(0).await;
    b.until(0, |u| u.steps.parked().next().is_some()).await;
    b.outside.fleet.reconnect(&server.serial);
    let mut renewal = Lease::new(server.bmc_mac, server.address, std::net::Ipv4Addr::new(127, 77, 255, 254));
    renewal.renewal = true;
    b.site.intake.frame(&renewal.ack(), b.outside.clock.now()).await;
    b.outside.clock.sleep(Duration::from_secs(86_400)).await;
    let fault = b.unit(0).unwrap().steps.parked().next().map(|(_, f)| f.to_string()).unwrap();
    assert!(fault.contains("management cable") && fault.contains("a new lease"), "{fault}");
    // The technician pulls the cable and puts it back: the controller asks anew.
    b.lease(0).await;
    b.staged(0).await;
}

#[tokio::test(start_paused = true)]
async fn from_lease_to_reset_a_bmc_is_asked_little_over_few_connections_and_logged_in_to_once() {
    let b = Bench::with(3);
    for n in 0..3 {
        b.lease(n).await;
        let sent = |p: &Progress| p.step == Step::ResetForBoot && matches!(p.phase, Phase::Accepted { .. });
        b.until(n, |u| u.steps.progress().any(sent)).await;
        let server = &b.outside.servers[n];
        let seen = b.outside.fleet.get(&server.serial).unwrap().counters();
        let connections = b.outside.network.connections(&format!("{}:{BMC_PORT}", server.address));
        assert_eq!(seen.logins_ok, 1, "{}", server.serial);
        // One more closes the session.
        assert!(
            seen.requests <= 14 && connections <= 2,
            "{}: {} requests, {connections}",
            server.serial,
            seen.requests
        );
    }
}
