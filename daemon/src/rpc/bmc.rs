//! BMCs for consoles: read now, and the locator LED.

use std::time::Duration;

use rackhand_core::bmc::locate::without;
use rackhand_core::bmc::reading::{BmcReading, Section};
use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Answer, Input, Refusal, Why, demand};
use rackhand_core::id::{Actor, Role, Subject, UnitId};
use rackhand_core::lifecycle::unit::Unit;
use rackhand_core::sentence::on_or_off;
use rackhand_rpc::Receipt;

use super::Desk;
use crate::ledger::Patience;

/// How long a person waits for a whole BMC at the most: less than a console may. What was read by then is shown.
const READ: Duration = Duration::from_secs(100);

/// How long a person waits for a locator LED at the most: less than a console waits for a command.
const LOCATE: Duration = Duration::from_secs(25);

impl Desk {
    /// A live reading of a unit's BMC, through the gate, by whoever may act on servers.
    pub(super) async fn read_bmc(
        &self,
        actor: &Actor,
        id: UnitId,
        what: Option<Section>,
    ) -> Result<BmcReading, Refusal> {
        demand(actor, Role::Technician)?;
        let world = self.ledger.world();
        let unit = world.unit(id).ok_or_else(|| Refusal::new(Why::NotFound, format!("there is no unit {id}")))?;
        let bmc = self.ports.keepers.session(unit);
        let bmc = bmc.map_err(|fault| Refusal::new(Why::Conflict, format!("{}: {fault}", unit.label())))?;
        let sections = what.map_or_else(|| Section::ALL.to_vec(), |one| vec![one]);
        // On the heap, since every call's future has room for the largest one.
        let call = Box::pin(bmc.read(&sections, READ));
        let read = self.gates.call_bmc(&self.clock, call).await;
        let stopped = || Refusal::new(Why::Unavailable, "the daemon stops");
        let read = read.ok_or_else(stopped)?.map_err(|fault| Refusal::new(Why::Unavailable, fault.to_string()))?;
        self.answered(unit).await?;
        Ok(read)
    }

    /// A BMC has answered: what was given up because it was silent is taken up again.
    async fn answered(&self, unit: &Unit) -> Result<(), Refusal> {
        if unit.silent().next().is_some() {
            self.ledger.submit(Actor::Rackhand, Patience::Keep, Input::Alive(unit.id)).await?;
        }
        Ok(())
    }

    /// Has what stopped tried anew. With it goes the verdict on the BMC's password, also where no step stopped for it.
    pub(super) async fn retry(&self, actor: &Actor, id: UnitId) -> Result<Receipt, Refusal> {
        let wish = Command::Retry { subject: Subject::Unit(id) };
        let may = demand(actor, wish.role()).is_ok();
        // Before the steps go on, which then judge it anew.
        let forgiven = may && self.ports.keepers.forgive(id);
        match self.ledger.submit(actor.clone(), Patience::Refuse, Input::Command(wish)).await {
            Err(refusal) if refusal.why == Why::Conflict && forgiven => {
                Ok(Receipt { answer: Answer::Done, head: self.ledger.world().head })
            }
            done => done.map(|c| Receipt { answer: c.answer, head: c.head }),
        }
    }

    /// Has a locator LED on or off: the wish is journaled, the BMC asked, and what it then shows is journaled too.
    pub(super) async fn locate(&self, actor: &Actor, id: UnitId, on: bool) -> Result<Receipt, Refusal> {
        let wish = Input::Command(Command::Locate { unit: id, on });
        let asked = self.ledger.submit(actor.clone(), Patience::Refuse, wish).await?;
        let world = self.ledger.world();
        let unit = world.unit(id).ok_or_else(|| Refusal::new(Why::NotFound, format!("there is no unit {id}")))?;
        let no = |why, what: String| Refusal::new(why, sentence(unit, &what));
        let bmc = self.ports.keepers.session(unit).map_err(|fault| no(Why::Conflict, fault.to_string()))?;
        // On the heap, since every call's future has room for the largest one.
        let call = Box::pin(self.gates.call_bmc(&self.clock, bmc.locate(on)));
        let seen = match self.clock.timeout(LOCATE, call).await {
            Some(Some(answer)) => answer.map_err(|fault| no(Why::Unavailable, fault.to_string()))?,
            Some(None) => return Err(Refusal::new(Why::Unavailable, "the daemon stops")),
            None => {
                let what = format!("no answer within {} s; it may be {} by now", LOCATE.as_secs(), on_or_off(on));
                return Err(no(Why::Unavailable, what));
            }
        };
        self.answered(unit).await?;
        let Some(seen) = seen else {
            let what = format!("asked {}, but it does not tell what it is; look at the server", on_or_off(on));
            return Ok(Receipt { answer: Answer::Unseen(sentence(unit, &what).into()), head: asked.head });
        };
        let told = self.ledger.submit(Actor::Rackhand, Patience::Keep, Input::LocatorSeen(id, seen)).await?;
        if seen != on {
            let what = format!("the BMC was asked for {}, but shows {}; ask again", on_or_off(on), on_or_off(seen));
            return Err(no(Why::Unavailable, what));
        }
        Ok(Receipt { answer: Answer::Done, head: told.head })
    }
}

/// What is wrong with a locator LED, and how the server is found all the same.
fn sentence(unit: &Unit, what: &str) -> String {
    format!("{}: its locator LED: {what}. {}", unit.label(), without(unit))
}
