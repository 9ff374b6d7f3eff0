//! Questions for consoles: answered by core, from the world and from what the daemon knows beside it.

use std::sync::{MutexGuard, PoisonError};

use rackhand_adapters::pdf;
use rackhand_core::decide::{Refusal, Why};
use rackhand_core::event::Recorded;
use rackhand_core::fault::System;
use rackhand_core::id::Actor;
use rackhand_core::inventory::questions::NetboxCopy;
use rackhand_core::question::{Asks, Basis, Facts, Question, Reading, Takes};
use rackhand_core::time::Timestamp;
use rackhand_core::view::{Health, Rows, SystemHealth};
use rackhand_core::world::World;
use rackhand_rpc::octets::Octets;
use rackhand_rpc::{MAX_PDF, Printed};

use super::Desk;
use crate::projection::Projection;

impl Desk {
    /// The answer to a question as of this world; `events` is what the journal gave for it.
    ///
    /// # Errors
    /// The caller may not ask it, or there is no answer.
    pub(super) fn answer(
        &self,
        world: &World,
        question: &Question,
        caller: &Actor,
        events: &[Recorded],
    ) -> Result<Reading, Refusal> {
        let now = self.clock.now();
        let racks = (question.takes() == Takes::Racks).then(|| self.racks(world, now));
        let rows = (question.takes() == Takes::Rows).then(|| self.rows(world, now));
        self.knowing(|facts| {
            let racks = racks.as_deref().map(Vec::as_slice);
            let facts = Facts { rows: rows.as_deref(), racks, events, ..facts };
            question.answer(&Basis { world, facts: &facts, caller, now })
        })
    }

    /// A paper as PDF.
    pub(super) fn pdf(&self, of: Printed, caller: &Actor) -> Result<Octets, Refusal> {
        let (world, now) = (self.ledger.world(), self.clock.now());
        let document = self.knowing(|facts| {
            let basis = Basis { world: &world, facts: &facts, caller, now };
            match &of {
                Printed::Purchase(asked) => asked.answer(&basis),
                Printed::WorkOrder(asked) => asked.answer(&basis),
            }
        })?;
        let pdf = pdf::render(&document);
        if pdf.len() > MAX_PDF {
            let what = match of {
                Printed::Purchase(_) => "too much for one PDF; print it as text",
                Printed::WorkOrder(_) => "too much for one paper; name fewer servers",
            };
            return Err(Refusal::new(Why::Invalid, what));
        }
        Ok(Octets(pdf))
    }

    /// Tells what is known beside the world, without what is kept for pages.
    fn knowing<T>(&self, tell: impl FnOnce(Facts<'_>) -> T) -> T {
        let copy = self.projection.as_ref().map(Projection::state);
        let held = copy.as_ref().and_then(|copy| copy.held.as_ref());
        let elevations = held.and_then(|held| held.elevations.as_ref());
        let facts = Facts {
            demo: self.demo,
            health: self.health(),
            netbox_away: self.gates.netbox.trouble(),
            copy: NetboxCopy {
                is_kept: copy.is_some(),
                held: held.map(|held| (&held.inventory, held.read_at)),
                trouble: copy.as_ref().and_then(|copy| copy.trouble.as_ref()),
                racks: elevations.map(|(racks, at)| (racks, *at)),
            },
            ..Facts::new(&self.site, &self.ports.policy)
        };
        tell(facts)
    }

    pub(super) fn rows(&self, world: &World, now: Timestamp) -> MutexGuard<'_, Rows> {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        rows.refresh(world, now);
        rows
    }

    fn health(&self) -> Health {
        Health {
            intake_stopped: self.ledger.stopped(),
            held: self.ledger.world().stream.held.map(|h| h.text()),
            systems: {
                let (system, name, doing) = (System::Netbox, "NetBox".into(), self.gates.netbox.doing());
                let mut all = vec![SystemHealth { system, name, doing }];
                all.extend(self.board.all());
                all
            },
            unknown_leases: self.intake.strange_leases(),
            taps: self.intake.wire().taps(),
            rogue_servers: self.intake.wire().rogues(),
        }
    }
}
