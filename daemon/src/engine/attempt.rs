//! One attempt at a step: once its system has a place for it, look, intend, act, look again.

use std::time::Duration;

use rackhand_core::decide::Input;
use rackhand_core::fault::{Fault, Kind};
use rackhand_core::flow;
use rackhand_core::flow::attempt::{Phase, Progress};
use rackhand_core::flow::next::{self, Due, Move};
use rackhand_core::flow::rules::{Class, Lane, rule};
use rackhand_core::flow::step::{Outcome, Step};
use rackhand_core::id::{Actor, Subject};
use rackhand_core::text::Text;
use tokio::sync::watch;

use super::gates::{Gates, Place};
use super::perform::{self, Job, Ports};
use super::stopped;
use crate::gate::Gate;
use crate::ledger::{Ledger, Patience};

/// Makes a due step's attempt, once the system it is about has a place for it.
pub async fn make(
    ledger: &Ledger,
    ports: &Ports,
    gates: &Gates,
    stop: Option<watch::Receiver<bool>>,
    (subject, due): (Subject, Due),
) {
    if matches!(due.step, Step::ArmNetworkBoot | Step::ResetForBoot) {
        // NetBox may be away for hours; who stops the daemon does not wait for it.
        let confirmed = tokio::select! {
            biased;
            confirmed = confirm(ledger, ports, &gates.netbox, subject, due) => confirmed,
            () = stopped(stop.clone()) => return,
        };
        match confirmed {
            Ok(true) => {}
            Ok(false) => return,
            Err(fault) => return ended(ledger, subject, due.step, due.generation, Outcome::Failed(fault)).await,
        }
    }
    let strange = matches!(subject, Subject::Bmc(mac) if ledger.world().by_bmc(mac).is_none());
    let begin = |place| attempt(ledger, ports, place, subject, due);
    gates.pass(&ports.clock, stop, (due.lane, strange), begin).await;
}

/// Looks for the effect of what has gone out until it is there, or nobody awaits it any more. What a look cannot tell, the
/// next one may.
pub async fn watching(
    ledger: &Ledger,
    ports: &Ports,
    gates: &Gates,
    stop: Option<watch::Receiver<bool>>,
    (subject, due, every): (Subject, Due, Duration),
) {
    let looks = async {
        loop {
            let world = ledger.world();
            let awaited = flow::next(&world, subject, ports.clock.now());
            if !awaited.is_some_and(|next| next.moves.contains(&Move::Watch(due, every))) {
                return;
            }
            let netbox = ports.netbox.for_one_attempt();
            let job = Job { ports, netbox: &netbox, world: &world, subject, due: &due };
            let looked = gates.pass(&ports.clock, stop.clone(), (due.lane, false), |_| perform::look(&job)).await;
            if let Some(Ok(Some(saw))) = looked {
                return ended(ledger, subject, due.step, due.generation, Outcome::Observed(saw)).await;
            }
            ports.clock.sleep(every).await;
        }
    };
    tokio::select! {
        biased;
        () = looks => {}
        () = stopped(stop.clone()) => {}
    }
}

/// Asks NetBox whether the unit's device is still at its site: a server that another site has is not booted anew, whoever
/// named it. What NetBox does not tell is waited for; `false` where the step is not wanted any more by then.
async fn confirm(ledger: &Ledger, ports: &Ports, gate: &Gate, subject: Subject, due: Due) -> Result<bool, Fault> {
    loop {
        let Some(place) = gate.enter(&ports.clock).await else { return Ok(false) };
        let world = ledger.world();
        let unit = match subject {
            Subject::Unit(id) => world.unit(id),
            _ => None,
        };
        let Some(unit) = unit.filter(|unit| next::wanted(unit, due.lane) == Some(due.step)) else { return Ok(false) };
        let Some(device) = unit.netbox_device() else { return Ok(true) };
        let held = ports.netbox.at_our_site(device).await;
        gate.report(held.as_ref().map(drop), ports.clock.now());
        drop(place);
        match held {
            Ok(()) => return Ok(true),
            // The gate makes the pauses longer while it stays so.
            Err(fault) if fault.kind.is_waited_out() => {
                ports.clock.sleep(rule(Step::LookUpDevice).first).await;
            }
            Err(fault) => return Err(fault),
        }
    }
}

/// One attempt: look, intend, act, look again. Each fact is on disk before the next is sought.
async fn attempt(ledger: &Ledger, ports: &Ports, gate: Option<Place<'_>>, subject: Subject, due: Due) {
    let class = rule(due.step).class;
    // Of what was on its way to a vendor when the daemon stopped, no failure of today tells whether it arrived.
    let is_intended = |p: &Progress| matches!(p.phase, Phase::Intended);
    let before = due.begun && ledger.world().steps(subject).and_then(|s| s.at(due.step)).is_some_and(is_intended);
    let in_doubt = before && due.lane == Lane::Vendor;
    let netbox = ports.netbox.for_one_attempt();
    let (gate, place) = gate.unzip();
    let told = |fault: Option<&Fault>| {
        if let Some(gate) = gate {
            gate.report(fault.map_or(Ok(()), Err), ports.clock.now());
        }
    };
    if class != Class::Force {
        let world = ledger.world();
        match perform::look(&Job { ports, netbox: &netbox, world: &world, subject, due: &due }).await {
            Ok(Some(saw)) => {
                told(None);
                // The next call need not wait for our own disk.
                drop(place);
                return ended(ledger, subject, due.step, due.generation, Outcome::Observed(saw)).await;
            }
            Ok(None) => told(None),
            Err(fault) => {
                told(Some(&fault));
                drop(place);
                // A look changes nothing, so its doubt is no doubt about an effect of ours.
                return failed_look(ledger, subject, &due, fault, in_doubt).await;
            }
        }
    }
    if ledger.submit(Actor::Rackhand, Patience::Keep, Input::Begin(subject, due)).await.is_err() {
        return;
    }
    let world = ledger.world();
    let acted = perform::act(&Job { ports, netbox: &netbox, world: &world, subject, due: &due }).await;
    told(acted.as_ref().err());
    match acted {
        Ok(receipt) => ended(ledger, subject, due.step, due.generation, Outcome::Accepted { receipt }).await,
        Err(fault) => {
            let fault = if in_doubt { doubted(fault) } else { fault };
            return ended(ledger, subject, due.step, due.generation, Outcome::Failed(fault)).await;
        }
    }
    if class == Class::Force {
        return;
    }
    // With the receipt in it: some vendors can be looked up nowhere else.
    let world = ledger.world();
    let seen = perform::look(&Job { ports, netbox: &netbox, world: &world, subject, due: &due }).await;
    drop(place);
    let outcome = match seen {
        Ok(Some(saw)) => Outcome::Observed(saw),
        Ok(None) => {
            let what = Text::from(format!("{} was accepted, but its effect is not to be seen", due.step));
            Outcome::Failed(Fault::new(perform::system(due.lane), Kind::Transient, what))
        }
        Err(fault) => Outcome::Failed(fault),
    };
    ended(ledger, subject, due.step, due.generation, outcome).await;
}

/// A failure of which another try may tell more.
fn doubted(fault: Fault) -> Fault {
    let kind = if fault.kind.is_waited_out() { Kind::Unknown } else { fault.kind };
    Fault { kind, ..fault }
}

async fn failed_look(ledger: &Ledger, subject: Subject, due: &Due, mut fault: Fault, in_doubt: bool) {
    if in_doubt {
        fault = doubted(fault);
    } else if fault.kind == Kind::Unknown {
        fault.kind = Kind::Transient;
    }
    ended(ledger, subject, due.step, due.generation, Outcome::Failed(fault)).await;
}

pub async fn ended(ledger: &Ledger, subject: Subject, step: Step, generation: u32, outcome: Outcome) {
    let input = Input::Ended { subject, step, generation, outcome };
    // Refused only when the daemon stops; then the next start looks.
    let _ = ledger.submit(Actor::Rackhand, Patience::Keep, input).await;
}
