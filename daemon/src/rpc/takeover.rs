//! Taking over servers that run already: NetBox is read anew, and each BMC is logged in to once.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use rackhand_adapters::redfish::Bmc;
use rackhand_core::bmc::Fingerprint;
use rackhand_core::decide::{Answer, Input, Refusal, Why, demand};
use rackhand_core::fault::Kind;
use rackhand_core::id::{Actor, PlanId, Role, SiteId};
use rackhand_core::takeover::commands::no_such_plan;
use rackhand_core::takeover::plan::{drift, survey};
use rackhand_core::takeover::{Candidate, Login, MAX_CONFIRMED, MAX_PLANNED, Seen, Taken, Taking};
use rackhand_core::text::Text;
use rackhand_core::world::World;
use rackhand_rpc::takeover::{Confirm, Filter, PlannedRow, TakeOverPlan};
use sha2::{Digest, Sha256};

use super::Desk;
use crate::ledger::Patience;

/// How long one BMC may take to prove a password; a person waits.
const PROOF: Duration = Duration::from_secs(60);

impl Desk {
    /// Makes a plan of what NetBox shows now, and journals what it rests on.
    ///
    /// # Errors
    /// Not an operator's, or of a site of another daemon's; NetBox or the journal does not answer.
    pub async fn plan_take_over(&self, actor: &Actor, filter: Filter) -> Result<TakeOverPlan, Refusal> {
        demand(actor, Role::Operator)?;
        let site = self.own_site(filter.site.clone())?;
        self.ports.keepers.forgive_strangers();
        let (world, all, no_servers) = self.survey(&site).await?;
        let wanted = |c: &Candidate| {
            let is = |asked: &Option<Text>, held: Option<&str>| asked.as_deref().is_none_or(|a| held == Some(a));
            let device = &c.seen.device;
            is(&filter.tenant, device.tenant.as_deref())
                && is(&filter.status, Some(&device.status))
                && is(&filter.rack, device.place.as_deref().map(|p| p.split(" U").next().unwrap_or(p)))
        };
        let all: Vec<Candidate> = all.into_iter().filter(wanted).collect();
        let can: Vec<&Candidate> = all.iter().filter(|c| c.obstacle.is_none()).collect();
        let beyond = can.len().saturating_sub(MAX_PLANNED);
        let rows: Vec<Seen> = can.into_iter().take(MAX_PLANNED).map(|c| c.seen.clone()).collect();
        let plan = if rows.is_empty() {
            None
        } else {
            let hash = hash(&site, &rows);
            let input = Input::PlanTakeOver(site.clone(), hash, rows);
            self.ledger.submit(actor.clone(), Patience::Refuse, input).await?;
            Some(PlanId::from(hash))
        };
        let told = all.into_iter().map(|candidate| self.row(&world, candidate)).collect();
        Ok(TakeOverPlan { plan, site, now: self.clock.now(), rows: told, beyond, no_servers })
    }

    fn row(&self, world: &World, candidate: Candidate) -> PlannedRow {
        let serial = candidate.seen.label().clone();
        // Of the vendor nothing is known before its BMC is asked.
        let credential = match self.ports.keys.candidate(&serial, None) {
            Ok(found) => Text::new(found.source),
            Err(_) => "configured for its vendor, if any".into(),
        };
        let bmc_address = address(world, &candidate.seen);
        PlannedRow { candidate, bmc_address, credential }
    }

    /// Confirms rows of a plan: proves the password of each BMC by one login, then takes the servers over.
    ///
    /// # Errors
    /// Not an operator's, without a reason, or of no plan; NetBox or the journal does not answer.
    pub async fn confirm_take_over(&self, actor: &Actor, confirm: Confirm) -> Result<Vec<(Text, Taken)>, Refusal> {
        demand(actor, Role::Operator)?;
        let Confirm { plan: id, serials, reason } = confirm;
        if serials.len() > MAX_CONFIRMED {
            return Err(Refusal::new(Why::Invalid, format!("at most {MAX_CONFIRMED} servers in one call")));
        }
        if reason.trim().is_empty() {
            return Err(Refusal::new(Why::Invalid, "give a reason; it goes into the journal"));
        }
        // One at a time: two that confirm the same row must not both log in to its BMC.
        let _turn = self.taking_over.lock().await;
        let plan = self.ledger.world().plan(id).cloned().ok_or_else(|| no_such_plan(id))?;
        let (world, all, _) = self.survey(&plan.site).await?;
        let now: BTreeMap<Text, Candidate> = all.into_iter().map(|c| (c.seen.label().clone(), c)).collect();
        let rows: Vec<Taking> = serials
            .into_iter()
            .map(|serial| Text::from(serial.to_uppercase()))
            .map(|serial| Taking { now: now.get(&serial).cloned(), serial, login: None })
            .collect();
        let (plan, world) = (&plan, &world);
        let proving = rows.into_iter().map(|mut row| async move {
            let fresh = row.now.as_ref().filter(|now| now.obstacle.is_none());
            let before = plan.row(&row.serial);
            if let (Some(now), Some(before)) = (fresh, before)
                && drift(before, &now.seen).is_none()
            {
                row.login = Some(self.prove(world, &now.seen).await);
            }
            row
        });
        let mut rows: Vec<Taking> = proving.collect::<FuturesUnordered<_>>().collect().await;
        rows.sort_by(|a, b| a.serial.cmp(&b.serial));
        rows.dedup_by(|a, b| a.serial == b.serial);
        let done = self.ledger.submit(actor.clone(), Patience::Refuse, Input::TakeOver(id, rows, reason)).await?;
        match done.answer {
            Answer::TakenOver(taken) => Ok(taken),
            _ => Err(Refusal::new(Why::Unavailable, "the rows were not answered")),
        }
    }

    /// What NetBox shows of a site now, and how many of its devices are no servers.
    async fn survey(&self, site: &SiteId) -> Result<(Arc<World>, Vec<Candidate>, usize), Refusal> {
        let read = self.ports.netbox.read_all(site).await;
        let inventory = read.map_err(|fault| Refusal::new(Why::Unavailable, fault.to_string()))?;
        let world = self.ledger.world();
        let no_servers = inventory.devices.values().filter(|d| d.bmc().is_none()).count();
        let all = survey(&world, &inventory, &self.ports.policy);
        Ok((world, all, no_servers))
    }

    fn own_site(&self, asked: Option<SiteId>) -> Result<SiteId, Refusal> {
        let site = asked.unwrap_or_else(|| self.site.clone());
        if self.ports.policy.runs(site.as_str()) {
            return Ok(site);
        }
        let text = format!("site {site} is another daemon's: this one runs {}. Connect to that one", self.site);
        Err(Refusal::new(Why::Invalid, text))
    }

    /// Logs in once, reads whose BMC it is, and logs out. Nothing is changed, nothing tried twice.
    async fn prove(&self, world: &World, seen: &Seen) -> Login {
        let open = |why: String| Login::Open { why: why.into() };
        let serial = seen.label().clone();
        let Some(address) = address(world, seen) else {
            return open("its BMC's address is not known; the first lease tells it".to_owned());
        };
        let asking = async {
            let (identity, certificate) = match self.ports.keepers.identify_stranger(address).await {
                Ok(found) => found,
                Err(fault) => return open(fault.to_string()),
            };
            let other = |found: &Text| Login::Other {
                why: format!("the BMC at {address} is that of {found}, not of {serial}: correct its address in NetBox")
                    .into(),
            };
            if let Some(found) = identity.serial.as_ref().filter(|found| !found.eq_ignore_ascii_case(&serial)) {
                return other(found);
            }
            let candidate = match self.ports.keys.candidate(&serial, Some(identity.vendor)) {
                Ok(candidate) => candidate,
                Err(fault) => return open(fault.to_string()),
            };
            let bmc = Bmc { address, identity: identity.clone(), pin: certificate };
            match self.ports.keepers.read_stranger(&bmc, &candidate.credentials).await {
                Ok(system) if !system.serial.eq_ignore_ascii_case(&serial) => other(&system.serial),
                Ok(_) => {
                    let account = format!("{} ({})", candidate.credentials.user, candidate.source).into();
                    Login::Proven { address, identity, certificate, account }
                }
                Err(fault) if fault.kind == Kind::Unauthorised => {
                    self.ports.keys.refused(&serial, Some(identity.vendor), &candidate.credentials);
                    Login::Refused { address, identity, certificate, why: fault.what }
                }
                Err(fault) => open(fault.to_string()),
            }
        };
        // On the heap, since every call's future has room for the largest one.
        let call = Box::pin(self.gates.call_bmc(&self.clock, asking));
        match self.clock.timeout(PROOF, call).await {
            Some(Some(login)) => login,
            Some(None) => open("the daemon stops".to_owned()),
            None => open(format!("the BMC at {address} was not done within {} s", PROOF.as_secs())),
        }
    }
}

/// Where a server's BMC is: as NetBox has it, else where its lease was seen last.
fn address(world: &World, seen: &Seen) -> Option<IpAddr> {
    let sighted = || world.sightings.get(&seen.bmc_mac?).map(|s| s.address);
    seen.device.oob_address.or_else(sighted)
}

fn hash(site: &SiteId, rows: &[Seen]) -> Fingerprint {
    // Our own types: this cannot fail, and if it did, no rows would be no plan's.
    let body = serde_json::to_vec(&(site, rows)).unwrap_or_default();
    Fingerprint(Sha256::digest(body).into())
}
