//! What a decision takes from NetBox as it is shown with the command: the site of an order for any, and whether there is
//! such a tenant.

use std::collections::BTreeSet;

use super::command::Command;
use super::{Answer, Deciding, Refusal, Why};
use crate::id::{Actor, SiteId};
use crate::near::near;
use crate::order::Placed;
use crate::order::candidate::{Shown, facts, need};
use crate::order::route::{Route, SiteFacts, route};
use crate::text::Text;

/// Names that may have been meant, at most.
const NEAR: usize = 3;

impl Deciding<'_> {
    /// Carries out a command with what NetBox shows now.
    pub(crate) fn informed(&mut self, command: &Command, shown: &Shown) -> Result<Answer, Refusal> {
        match command {
            Command::Order(request) => self.order(request, shown),
            Command::AssignStock { order } => {
                self.demand(command.role())?;
                let tenant = self.open_order(*order)?.tenant.clone();
                let unproven = self.known_tenant(&tenant, shown)?;
                let answer = self.assign_stock(*order)?;
                Ok(match unproven {
                    Some(text) if answer == Answer::Done => Answer::Told(format!("assigned. {text}").into()),
                    _ => answer,
                })
            }
            other => self.command(other),
        }
    }

    /// Refuses a tenant that NetBox does not know. Where it could not be asked, that is the answer.
    pub(crate) fn known_tenant(&self, tenant: &Text, shown: &Shown) -> Result<Option<Text>, Refusal> {
        // Who shows a tenant's token is one by configuration.
        if matches!(self.moment.actor, Actor::Tenant { .. }) {
            return Ok(None);
        }
        let Some(tenants) = &shown.tenants else {
            return Ok(Some(format!("NetBox was not read: whether there is a tenant {tenant} is unknown").into()));
        };
        if tenants.contains(tenant) {
            return Ok(None);
        }
        let close = near(tenant, tenants.iter().map(Text::as_str), NEAR);
        let what = match close.as_slice() {
            [] => "make it there, or write its slug as NetBox has it".to_owned(),
            close => format!("did you mean {}?", close.join(", ")),
        };
        Err(Refusal::new(Why::NotFound, format!("NetBox has no tenant {tenant}: {what}")))
    }

    /// Sends an order for any site to the one that serves it best, or says of each why not.
    pub(crate) fn choose_site(&self, placed: &mut Placed, all_new: bool, shown: &Shown) -> Result<(), Refusal> {
        let rules = &self.policy.purchase;
        let need = need(&placed.lines, shown, rules.planned);
        let facts: Vec<SiteFacts> =
            self.policy.sites().map(|site| facts(&self.world, site, &placed.lines, all_new, &need, shown)).collect();
        let count = u32::try_from(need.count).unwrap_or(u32::MAX);
        let Route { chosen, reasons, others } = route(count, &facts, &rules.preference);
        let others: Vec<String> = others.iter().map(|(site, why)| why_not(site, why, shown)).collect();
        // Sites that other daemons run: their stock and orders are unknown here.
        let foreign =
            rules.preference.iter().chain(rules.destinations.keys()).filter(|s| !self.policy.runs(s.as_str()));
        let foreign: BTreeSet<&SiteId> = foreign.collect();
        let foreign = foreign.into_iter().map(|s| format!("{s}: another daemon's, nothing of it is known here"));
        let others = others.into_iter().chain(foreign).collect::<Vec<_>>().join("; ");
        let counted = format!("each counted as {} U and {} W", f64::from(need.height) / 2.0, need.watts);
        let Some(site) = chosen else {
            let what = format!("no site is known to have room and power for all {count} ({counted}). {others}. ");
            return Err(Refusal::new(
                Why::Conflict,
                what + "Order fewer, or name the site to order there all the same",
            ));
        };
        let reasons = reasons.iter().map(Text::as_str).collect::<Vec<_>>().join(", ");
        let others = if others.is_empty() { String::new() } else { format!(". {others}") };
        placed.routed = Some(format!("{reasons}; {counted}{others}").into());
        placed.site = site;
        Ok(())
    }
}

fn why_not(site: &SiteId, why: &[Text], shown: &Shown) -> String {
    let why = why.iter().map(Text::as_str).collect::<Vec<_>>().join(", ");
    match shown.rooms.get(site) {
        Some(Err(fault)) => format!("{site}: {why} ({fault})"),
        Some(Ok(_)) => format!("{site}: {why}"),
        None => format!("{site}: {why} (NetBox was not read)"),
    }
}
