//! A manifest's row: what it means for what is known, and what came of it in the inventory.

use serde::{Deserialize, Serialize};

use crate::decide::{Answer, Deciding, Refusal, Why};
use crate::discovery::c4::Verdict;
use crate::discovery::commands::{ALIVE_ON_ORDER, IN_NETBOX};
use crate::entry::manifest::{self, Row};
use crate::event::{DiscoveryEvent, EntryEvent, Event, StepEvent};
use crate::flow::attempt::Phase;
use crate::flow::step::Step;
use crate::id::{SiteId, Subject, UnitId};
use crate::inventory::{BmcPort, NewDevice};
use crate::lifecycle::stage::{Disposition, Stage};
use crate::world::World;

/// Whether a row's server was known before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// It is new here.
    Imported,
    /// It was known by its serial or its BMC's MAC.
    Already,
}

/// The unit a row names; `None` where it is new. Nothing is changed.
///
/// # Errors
/// `Invalid` for what is no serial; `Conflict` where the row contradicts what is known, or names a unit that has left.
pub fn named(world: &World, row: &Row) -> Result<Option<UnitId>, Refusal> {
    let serial = manifest::serial(&row.serial).filter(|s| *s == row.serial);
    let serial = serial.ok_or_else(|| Refusal::new(Why::Invalid, "a serial has 1 to 64 characters and no spaces"))?;
    let conflict = |text: String| Err(Refusal::new(Why::Conflict, text));
    let (by_serial, by_mac) = (world.by_serial(&serial), world.by_bmc(row.bmc_mac));
    let unit = match (by_serial, by_mac) {
        (None, None) => return Ok(None),
        (Some(unit), Some(other)) if unit.id != other.id => {
            return conflict(format!("{} belongs to {} here", row.bmc_mac, other.label()));
        }
        (None, Some(other)) if other.serial.is_some() => {
            return conflict(format!("{} belongs to {} here", row.bmc_mac, other.label()));
        }
        (Some(unit), _) | (None, Some(unit)) => unit,
    };
    // What the manifest said of it before it may say again, though NetBox or a lease showed another MAC since.
    let said = unit.registration.as_ref().is_some_and(|r| r.bmc_mac == row.bmc_mac);
    if let Some(mac) = unit.bmc_mac.filter(|mac| *mac != row.bmc_mac && !said) {
        return conflict(format!("{serial} is here with BMC {mac}"));
    }
    if !matches!(unit.disposition, Disposition::Normal | Disposition::OnHold) {
        return conflict(format!("{} is {}; release it first", unit.label(), unit.disposition));
    }
    Ok(Some(unit.id))
}

impl Deciding<'_> {
    pub(crate) fn import_row(
        &mut self,
        row: &Row,
        site: &SiteId,
        stage: Stage,
        create: Option<&NewDevice>,
    ) -> Result<Answer, Refusal> {
        let Row { serial, bmc_mac } = row.clone();
        if let Some(new) = create.filter(|new| new.site.as_str() != site.as_str()) {
            let text = format!("its device would be made at site {}, and it is of {site}", new.site);
            return Err(Refusal::new(Why::Invalid, text));
        }
        let taken =
            Event::Entry(EntryEvent::ManifestRowTaken { serial: serial.clone(), bmc_mac, create: create.cloned() });
        let Some(id) = named(&self.world, row)? else {
            if stage > Stage::PoweredOn {
                let text = format!(
                    "a manifest tells what was shipped: enter it as received to powered_on, not {stage}. Servers that \
                     run already come in with `rackhand take-over`"
                );
                return Err(Refusal::new(Why::Invalid, text));
            }
            let id = self.admit(site, serial, Some(bmc_mac), None, None, stage);
            self.emit(Subject::Unit(id), taken);
            return Ok(Answer::Done);
        };
        let Some(unit) = self.world.unit(id) else { return Ok(Answer::Already) };
        let on_order = unit.stage.is_on_order() && unit.bmc_mac.is_none();
        let at = unit.steps.at(Step::RegisterBmc);
        let parked = at.filter(|p| matches!(p.phase, Phase::Parked { .. })).map(|p| p.generation);
        let wanted = match &unit.registration {
            // A lease was accepted: NetBox has this MAC on a device.
            None => unit.device.is_none() || unit.serial.is_none(),
            // Another MAC stood there; whoever imports again has mended that, or is told so again. Where a lease has
            // shown which one is right, nothing is asked any more.
            Some(r) if r.seen.is_some() => {
                unit.device.is_none() && r.seen.as_ref().is_some_and(|port| port.mac != bmc_mac)
            }
            Some(r) => r.create.as_ref() != create,
        };
        if wanted {
            self.emit(Subject::Unit(id), taken);
        }
        if let Some(generation) = parked {
            let retried = StepEvent::StepRetried { step: Step::RegisterBmc, generation: generation + 1 };
            self.emit(Subject::Unit(id), retried);
        }
        if on_order && self.world.sightings.contains_key(&bmc_mac) {
            self.quarantine(id, ALIVE_ON_ORDER);
        }
        Ok(if wanted || parked.is_some() { Answer::Done } else { Answer::Already })
    }

    /// NetBox was seen to hold a MAC for this unit's BMC. `told` is what was noted of it before.
    pub(crate) fn registered(&mut self, id: UnitId, port: &BmcPort, told: Option<&BmcPort>) {
        let Some(ours) = self.world.unit(id).and_then(|u| u.registration.as_ref()).map(|r| r.bmc_mac) else { return };
        if ours != port.mac {
            if told != Some(port) {
                let text = format!("the manifest has BMC MAC {ours}, but {}", port.other_mac());
                let key = format!("manifest {} {ours} {}", port.device, port.mac);
                let device = Some(port.device);
                self.emit(
                    Subject::Unit(id),
                    DiscoveryEvent::WarningNoted { key: key.into(), device, text: text.into() },
                );
            }
            return;
        }
        // Its lease may have come before NetBox knew it.
        let judged = self.world.sightings.get(&ours).and_then(|s| s.verdict.as_ref());
        if matches!(judged, Some(Verdict::Warn(_) | Verdict::Error(_))) {
            self.reopen(ours, IN_NETBOX);
        }
    }
}
