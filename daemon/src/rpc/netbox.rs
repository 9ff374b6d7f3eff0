//! What consoles ask about NetBox: whether it is ready, setting it up, what it and the journal disagree about, and the
//! BMCs that were seen.

use rackhand_adapters::netbox::unreachable;
use rackhand_core::decide::{Input, Refusal, Why, demand};
use rackhand_core::id::{Actor, Role};
use rackhand_core::inventory::questions::{self as netbox, NetboxCheck, NetboxDiff, NetboxSetup, Sightings};
use rackhand_core::inventory::reconcile::{kinds, reconcile};
use rackhand_core::view::MAX_ROWS;

use super::Desk;
use crate::ledger::Patience;

impl Desk {
    /// Looks at NetBox now; the gate is not asked, since a person wants to know.
    pub(super) async fn check_netbox(&self, actor: &Actor) -> Result<NetboxCheck, Refusal> {
        demand(actor, Role::Operator)?;
        Ok(match self.ports.netbox.check().await {
            Ok(readiness) => readiness.findings(),
            Err(fault) => unreachable(&fault),
        })
    }

    /// Makes in NetBox what is missing, and takes up what NetBox had refused before. Runs again without harm.
    pub(super) async fn set_netbox_up(&self, actor: &Actor) -> Result<NetboxSetup, Refusal> {
        demand(actor, Role::Admin)?;
        if let Some(held) = self.ledger.world().stream.held {
            return Err(Refusal::new(Why::Conflict, held.text()));
        }
        let setup =
            self.ports.netbox.init().await.map_err(|fault| Refusal::new(Why::Unavailable, fault.to_string()))?;
        for made in &setup.created {
            tracing::info!(%actor, %made, "made in NetBox");
        }
        let made = Input::NetboxPrepared(setup.created.clone());
        self.ledger.submit(actor.clone(), Patience::Keep, made).await?;
        self.ledger.submit(actor.clone(), Patience::Refuse, Input::NetboxSetUp).await?;
        Ok(setup)
    }

    /// A page of what our copy of NetBox and the journal disagree about.
    pub(super) async fn diff_netbox(&self, offset: usize, limit: usize) -> Result<NetboxDiff, Refusal> {
        let none = |why: &str| Refusal::new(Why::Unavailable, why);
        let projection = self.projection.as_ref().ok_or_else(|| none("this daemon keeps no copy of NetBox"))?;
        let state = projection.state();
        let Some(held) = state.held else {
            let why = state.trouble.map_or_else(|| "it is being read".to_owned(), |t| t.to_string());
            return Err(none(&format!("there is no copy of NetBox yet: {why}")));
        };
        let (world, policy) = (self.ledger.world(), self.ports.policy.clone());
        let copy = held.clone();
        // Some ten milliseconds for thousands of devices, which other consoles need not wait for.
        let all = tokio::task::spawn_blocking(move || reconcile(&world, &copy.inventory, copy.read_at, &policy)).await;
        let all = all.map_err(|_| none("the comparison could not be made"))?;
        Ok(NetboxDiff {
            now: self.clock.now(),
            read_at: held.read_at,
            devices: held.inventory.devices.len(),
            interfaces: held.inventory.interfaces(),
            trouble: state.trouble,
            total: all.len(),
            kinds: kinds(&all),
            offset,
            rows: all.into_iter().skip(offset).take(limit.min(MAX_ROWS)).collect(),
        })
    }

    /// A page of BMCs that were seen. While NetBox is away, each says which device it probably is.
    pub(super) fn sightings(&self, offset: usize, limit: usize) -> Sightings {
        let away = self.gates.netbox.trouble().is_some();
        let guess = |mac| self.projection.as_ref().filter(|_| away)?.guess(mac);
        netbox::sightings(&self.ledger.world(), self.clock.now(), offset, limit, guess)
    }
}
