//! A plan to take servers over is made, and confirmed row by row.

use crate::decide::{Answer, Deciding, Refusal, Why};
use crate::event::{EntryEvent, TakeOverEvent};
use crate::id::{Entropy, PlanId, Role, SiteId, Subject, UnitId};
use crate::lifecycle::guard::Cause;
use crate::lifecycle::stage::{Disposition, Stage};
use crate::spine::fingerprint::Fingerprint;
use crate::takeover::plan::{drift, here};
use crate::takeover::{Login, MAX_CONFIRMED, MAX_PLANNED, Seen, Taken, Taking};
use crate::text::Text;

impl Deciding<'_> {
    /// Journals what the plan rests on. The same again is the same plan.
    pub(crate) fn plan_take_over(
        &mut self,
        site: &SiteId,
        hash: Fingerprint,
        rows: &[Seen],
    ) -> Result<Answer, Refusal> {
        self.demand(Role::Operator)?;
        if rows.len() > MAX_PLANNED {
            return Err(Refusal::new(Why::Invalid, format!("a plan has at most {MAX_PLANNED} servers")));
        }
        let id = PlanId::from(hash);
        if self.world.plan(id).is_some_and(|plan| plan.hash == hash) {
            return Ok(Answer::Already);
        }
        let (site, rows) = (site.clone(), rows.to_vec());
        self.emit(Subject::Plan(id), TakeOverEvent::TakeOverPlanned { site, hash, rows });
        Ok(Answer::Done)
    }

    /// Takes servers over as the plan says: into service on one person's word, into the pool on two people's.
    pub(crate) fn take_over(&mut self, id: PlanId, rows: &[Taking], reason: &Text) -> Result<Answer, Refusal> {
        self.demand(Role::Operator)?;
        crate::decide::need_reason(reason)?;
        if rows.len() > MAX_CONFIRMED {
            return Err(Refusal::new(Why::Invalid, format!("at most {MAX_CONFIRMED} servers are confirmed at once")));
        }
        let site = self.world.plan(id).map(|plan| plan.site.clone());
        let site = site.ok_or_else(|| no_such_plan(id))?;
        let person = self.actor.clone();
        let mut taken = Vec::with_capacity(rows.len());
        for row in rows {
            // Each row is a decision of its own, by the person.
            (self.actor, self.cause) = (person.clone(), None);
            taken.push((row.serial.clone(), self.take_one(id, &site, row, reason)));
        }
        Ok(Answer::TakenOver(taken))
    }

    fn take_one(&mut self, plan: PlanId, site: &SiteId, row: &Taking, reason: &Text) -> Taken {
        let Some(before) = self.world.plan(plan).and_then(|p| p.row(&row.serial)).cloned() else {
            return Taken::Refused("it is not in this plan: plan again".into());
        };
        let Some(now) = &row.now else {
            return Taken::Refused("NetBox lists it as in use or ready no more: plan again".into());
        };
        if let Some(changed) = drift(&before, &now.seen) {
            return Taken::Refused(changed.into());
        }
        if let Some(known) = self.world.by_serial(&row.serial).map(|u| u.id) {
            return self.again(known, plan, reason);
        }
        if let Some(obstacle) = now.obstacle.clone().or_else(|| here(&self.world, &now.seen, site).map(Text::from)) {
            return Taken::Refused(obstacle);
        }
        let login = row.login.clone().unwrap_or_else(|| Login::Open { why: "not tried".into() });
        if let Login::Other { why } = &login {
            return Taken::Refused(why.clone());
        }
        let Seen { device, bmc_mac } = now.seen.clone();
        // No two units of one decision draw the same.
        let drawn = u128::from_be_bytes(self.moment.entropy.0).wrapping_add(self.drafts.len() as u128);
        let (id, stage) = (UnitId::mint(self.moment.now, Entropy(drawn.to_be_bytes())), now.enters);
        let site = site.clone();
        self.emit(
            Subject::Unit(id),
            EntryEvent::UnitTakenOver {
                plan,
                site,
                device: Box::new(device),
                bmc_mac,
                stage,
                reason: reason.clone(),
                login: login.clone(),
            },
        );
        if stage == Stage::Ready {
            self.guard_ready(id, reason);
            return Taken::HalfWay(stage, login);
        }
        Taken::Entered(stage, login)
    }

    /// A row whose server is a unit: half way there it takes a second person, else nothing is to be done.
    fn again(&mut self, id: UnitId, plan: PlanId, reason: &Text) -> Taken {
        let Some(unit) = self.world.unit(id) else { return Taken::Already };
        let ours = unit.taken_over == Some(plan);
        let half_way = unit.disposition == Disposition::Quarantined
            && unit.guard.as_ref().is_some_and(|g| g.cause == Cause::IntoReady);
        match (ours, half_way) {
            (true, true) => match self.release(id, Some(reason)) {
                Ok(_) => Taken::Second,
                Err(refusal) => Taken::Refused(refusal.text),
            },
            (true, false) => Taken::Already,
            (false, _) => Taken::Refused(format!("already a unit: {}", unit.stage).into()),
        }
    }
}

/// The refusal for a plan that is not kept.
pub fn no_such_plan(id: PlanId) -> Refusal {
    Refusal::new(Why::NotFound, format!("no plan {id} is kept; plan again with `rackhand take-over plan`"))
}
