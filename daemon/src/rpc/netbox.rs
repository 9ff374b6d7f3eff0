//! NetBox for consoles: whether it is ready, and setting it up.

use rackhand_adapters::netbox::unreachable;
use rackhand_core::decide::{Input, Refusal, Why, demand};
use rackhand_core::id::{Actor, Role};
use rackhand_core::inventory::questions::{NetboxCheck, NetboxSetup};

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
}
