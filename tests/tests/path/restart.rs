//! A BMC's own restart, from a person's word until its controller takes our login again.

use std::time::Duration;

use rackhand_core::decide::command::Command;
use rackhand_core::flow::step::Step;
use rackhand_core::id::Subject;
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::lifecycle::unit::Unit;

use super::Bench;

async fn ask(b: &Bench, n: usize) {
    let unit = b.unit(n).unwrap().id;
    b.say(Command::ResetBmc { unit, reason: "its sessions are stuck".into() }).await.unwrap();
}

fn is_over(unit: &Unit) -> bool {
    unit.restart.is_none() && unit.steps.at(Step::AwaitBmc).is_none()
}

#[tokio::test(start_paused = true)]
async fn a_staged_servers_bmc_is_restarted_once_and_its_server_never() {
    let b = Bench::with(2);
    for n in 0..2 {
        b.lease(n).await;
        b.staged(n).await;
        let server = b.outside.servers[n].clone();
        let before = b.outside.fleet.get(&server.serial).unwrap().counters();
        let began = b.outside.clock.now();
        ask(&b, n).await;
        b.until(n, |u| u.restart.as_ref().is_some_and(|r| r.down.is_some())).await;
        b.until(n, is_over).await;
        let took = b.outside.clock.now().since(began);
        assert!((Duration::from_secs(90)..Duration::from_secs(240)).contains(&took), "{took:?}");
        let after = b.outside.fleet.get(&server.serial).unwrap().counters();
        assert_eq!((before.restarts, after.restarts), (0, 1));
        assert_eq!(after.resets_total(), before.resets_total(), "the server itself goes on");
        assert_eq!(b.unit(n).unwrap().stage, Stage::Staged);
    }
}

#[tokio::test(start_paused = true)]
async fn a_restart_on_its_way_when_the_daemon_dies_is_gone_on_with_and_not_sent_again() {
    let mut b = Bench::with(1);
    b.lease(0).await;
    b.staged(0).await;
    let serial = b.outside.servers[0].serial.clone();
    ask(&b, 0).await;
    b.until(0, |u| u.restart.as_ref().is_some_and(|r| r.down.is_some())).await;
    b.restart();
    b.until(0, is_over).await;
    assert_eq!(b.outside.fleet.get(&serial).unwrap().counters().restarts, 1);
}

#[tokio::test(start_paused = true)]
async fn a_restart_that_may_not_have_gone_out_before_the_daemon_died_is_not_sent_by_itself() {
    let mut b = Bench::with(1);
    b.lease(0).await;
    b.staged(0).await;
    let serial = b.outside.servers[0].serial.clone();
    ask(&b, 0).await;
    b.until(0, |u| u.steps.at(Step::ResetBmc).is_some()).await;
    b.restart();
    b.until(0, |u| u.steps.parked().next().is_some()).await;
    assert_eq!(b.outside.fleet.get(&serial).unwrap().counters().restarts, 0, "nobody knows, so a person says");
}

#[tokio::test(start_paused = true)]
async fn a_bmc_that_takes_its_restart_and_goes_on_is_told_and_a_retry_sends_it_again() {
    let b = Bench::with(1);
    b.lease(0).await;
    b.staged(0).await;
    let bmc = b.outside.fleet.get(&b.outside.servers[0].serial).unwrap();
    bmc.behave(|x| x.keeps_running = true);
    ask(&b, 0).await;
    b.until(0, |u| u.steps.parked().next().is_some()).await;
    let fault = b.unit(0).unwrap().steps.parked().next().map(|(_, f)| f.to_string()).unwrap();
    assert!(fault.contains("not seen to go down within 3m00s of its restart"), "{fault}");
    bmc.behave(|x| x.keeps_running = false);
    let subject = Subject::Unit(b.unit(0).unwrap().id);
    b.say(Command::Retry { subject }).await.unwrap();
    b.until(0, is_over).await;
    assert_eq!(bmc.counters().restarts, 1);
}
