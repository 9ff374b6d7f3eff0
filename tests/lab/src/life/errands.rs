//! What somebody sets out to do once: order, import, plug in, take over, and change their mind.

use std::time::Duration;

use rackhand_core::decide::command::Command;
use rackhand_core::entry::manifest::Row;
use rackhand_core::id::{Actor, UnitId};
use rackhand_core::lifecycle::stage::{Disposition, Stage};
use rackhand_core::lifecycle::unit::Unit;
use rackhand_core::order::{OrderRequest, OrderState, RequestKey, Wish};
use rackhand_core::purchase::next::state;
use rackhand_core::takeover::Taken;
use rackhand_core::text::Text;
use rackhand_rpc::takeover::{Confirm, Filter};
use rand::RngExt as _;

use super::people::{ANNA, OTTO, Person, TINA};
use super::plan::{Errand, SPECS, Way};
use super::{Life, fra1};

/// Who could not do it tries again after so long.
const AGAIN: Duration = Duration::from_secs(1_200);

impl Life {
    /// Runs an errand; what cannot be done now is put off.
    pub(super) async fn run(&mut self, errand: Errand) -> Result<(), String> {
        let done = match errand.clone() {
            Errand::Order { lines, tenant, all_new } => self.order(&lines, tenant, all_new).await,
            Errand::Import => self.import().await,
            Errand::TakeOver => self.take_over().await,
            Errand::Plug(n) => {
                let serial = self.outside.servers[n].serial.clone();
                self.goes_on_the_wire(serial);
                true
            }
            Errand::CancelOrder => self.cancel_order().await?,
            Errand::Cancel => {
                let reason = "it is wanted elsewhere".into();
                self.on_some("server cancelled", ANNA, |unit| Command::Cancel { unit, reason }).await?.is_some()
            }
            Errand::Retire => {
                let reason = "water came in".into();
                self.on_some("server retired", ANNA, |unit| Command::Retire { unit, reason }).await?.is_some()
            }
            Errand::Hold(span) => {
                let reason = "a leak in the aisle".into();
                let held = self.on_some("server held", TINA, |unit| Command::Hold { unit, reason }).await?;
                if let Some(unit) = held {
                    match span {
                        Some(span) => drop(self.people.releases.insert(unit, self.now() + span)),
                        None => drop(self.people.held.insert(unit)),
                    }
                }
                held.is_some()
            }
            Errand::Quarantine(span) => {
                let reason = "it smells burnt".into();
                let kept =
                    self.on_some("server quarantined", TINA, |unit| Command::Quarantine { unit, reason }).await?;
                if let Some(unit) = kept {
                    self.people.releases.insert(unit, self.now() + span);
                }
                kept.is_some()
            }
        };
        // A whim that finds nothing is forgotten in the end; what somebody needs is not.
        let needed =
            matches!(errand, Errand::Order { .. } | Errand::Import | Errand::TakeOver | Errand::Plug(_)) || !self.calm;
        if !done && needed {
            self.agenda.put(self.now() + AGAIN, errand);
        }
        Ok(())
    }

    async fn order(&mut self, lines: &[(u32, &'static str)], tenant: bool, all_new: bool) -> bool {
        self.people.orders += 1;
        let wish = |(quantity, spec): &(u32, &str)| Wish { quantity: *quantity, spec: (*spec).into(), model: None };
        // The orderer's program repeats itself by its key where it was not answered.
        let words: Text = lines.iter().map(|(n, spec)| format!("{n}x {spec}")).collect::<Vec<_>>().join("; ").into();
        let body = rackhand_core::bmc::Fingerprint([lines.len() as u8; 32]);
        let lines = lines.iter().map(wish).collect();
        let request = OrderRequest {
            note: Some(words),
            all_new,
            key: tenant.then(|| RequestKey { word: format!("k{}", self.people.orders).into(), body }),
            ..OrderRequest::new("acme", fra1(), lines)
        };
        let who = if tenant { Actor::Tenant { name: "acme".into() } } else { ANNA.actor() };
        let done = self.say_as(who, Command::Order(request)).await.is_ok();
        if done {
            self.did("order placed");
        }
        done
    }

    async fn import(&mut self) -> bool {
        let listed: Vec<Row> = self
            .outside
            .servers
            .iter()
            .zip(&self.ways)
            .filter(|(_, way)| **way == Way::Manifest)
            .map(|(s, _)| Row { serial: s.serial.as_str().into(), bmc_mac: s.bmc_mac })
            .collect();
        let mut all = true;
        for row in listed {
            let command = Command::ImportRow { row, site: fra1(), stage: Stage::Received, create: None };
            let done = self.say(ANNA, command).await.is_ok();
            all &= done;
            if done {
                self.did("row imported");
            }
        }
        all
    }

    /// Plans and confirms that what runs comes in, and says what is in the pool. Whoever was not answered does it again.
    async fn take_over(&mut self) -> bool {
        let wanted: Vec<(Text, Way)> = self
            .outside
            .servers
            .iter()
            .zip(&self.ways)
            .filter(|(_, way)| matches!(way, Way::TakenOver | Way::Pool))
            .map(|(s, way)| (Text::from(s.serial.clone()), *way))
            .collect();
        let Some(desk) = self.site.as_ref().map(|s| s.desk.clone()) else { return false };
        let clock = self.outside.clock.clone();
        if self.people.plan.is_none() {
            let anna = ANNA.actor();
            self.people.plans += 1;
            let planning = Box::pin(desk.plan_take_over(&anna, Filter::default()));
            let Some(Ok(plan)) = clock.timeout(Duration::from_secs(100), planning).await else { return false };
            self.people.plan = plan.plan;
        }
        let Some(plan) = self.people.plan else { return false };
        for who in [ANNA, OTTO] {
            let serials: Vec<Text> = wanted
                .iter()
                .filter(|(_, way)| who.name() == ANNA.name() || *way == Way::Pool)
                .map(|(serial, _)| serial.clone())
                .collect();
            if serials.is_empty() {
                continue;
            }
            let confirm = Confirm { plan, serials, reason: "it has run for years".into() };
            let actor = who.actor();
            let confirming = Box::pin(desk.confirm_take_over(&actor, confirm));
            let Some(Ok(taken)) = clock.timeout(Duration::from_secs(100), confirming).await else { return false };
            for (serial, taken) in &taken {
                match taken {
                    Taken::Entered(..) | Taken::HalfWay(..) | Taken::Second => self.did("server taken over"),
                    Taken::Already => {}
                    Taken::Refused(why) if why.contains("second") || why.contains("first") => {}
                    Taken::Refused(why) => {
                        self.outcome.violations.push(format!("{serial} was not taken over: {why}"));
                    }
                }
            }
        }
        let Ok(world) = self.world() else { return false };
        let mut all = true;
        for (serial, _) in wanted.iter().filter(|(_, way)| *way == Way::Pool) {
            let Some(unit) = world.by_serial(serial) else { return false };
            let what = Command::Describe { unit: unit.id, spec: SPECS[0].into() };
            all &= self.say(ANNA, what).await.is_ok();
        }
        all
    }

    async fn cancel_order(&mut self) -> Result<bool, String> {
        let world = self.world()?;
        let open = |s: OrderState| !matches!(s, OrderState::Cancelled | OrderState::Rejected);
        let orders: Vec<_> = world.orders.values().filter(|o| open(state(&world, o))).map(|o| o.id).collect();
        if orders.is_empty() {
            // Nothing was ordered yet, or nothing is left to be cancelled.
            return Ok(self.calm);
        }
        let order = orders[self.rng.random_range(0..orders.len())];
        let reason = "the tenant left".into();
        let done = self.say(ANNA, Command::CancelOrder { order, reason }).await;
        if done.is_ok() {
            self.did("order cancelled");
        }
        // What is a tenant's already is not cancelled; then nobody insists.
        Ok(done.is_ok() || self.calm || done.is_err_and(|r| !super::people::is_away(&r)))
    }

    /// Has something done to any server that goes its way; gives which.
    async fn on_some(
        &mut self,
        what: &'static str,
        who: Person,
        make: impl FnOnce(UnitId) -> Command,
    ) -> Result<Option<UnitId>, String> {
        let world = self.world()?;
        let goes = |u: &&std::sync::Arc<Unit>| {
            u.disposition == Disposition::Normal && u.stage <= Stage::Staged && u.taken_over.is_none()
        };
        let units: Vec<UnitId> = world.units.values().filter(goes).map(|u| u.id).collect();
        if units.is_empty() {
            return Ok(None);
        }
        let unit = units[self.rng.random_range(0..units.len())];
        let done = self.say(who, make(unit)).await.is_ok();
        if done {
            self.did(what);
        }
        Ok(done.then_some(unit))
    }
}
