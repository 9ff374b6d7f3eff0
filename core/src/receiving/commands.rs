//! A serial scanned or typed at a site's dock: what it is, and what a receipt is taken back for.

use crate::decide::need_reason;
use crate::decide::{Answer, Deciding, Refusal, Why};
use crate::entry::manifest;
use crate::event::{LifeEvent, ReceivingEvent};
use crate::id::{SiteId, Subject, UnitId};
use crate::lifecycle::evidence::Proof;
use crate::lifecycle::stage::{Disposition, Stage};
use crate::lifecycle::unit::Unit;
use crate::sentence::with_photo;
use crate::text::Text;
use crate::world::World;

pub use super::scan::{Finding, Scan};

/// Characters of a photo's path at the most. Only the path is kept; the photo stays where it is.
pub const MAX_PHOTO: usize = 256;

/// The serial in a scan: without its AIM prefix (`]C1`), trimmed, upper case. `None` where it is none.
pub fn serial_in(scan: &str) -> Option<Text> {
    let text = scan.trim();
    let aim = text.starts_with(']') && text.len() >= 3 && text.is_char_boundary(3);
    manifest::serial(if aim { &text[3..] } else { text })
}

/// What this serial is at this site's dock. Nothing is changed: `Received` and `Damaged` say what would be.
pub fn judge(world: &World, site: &SiteId, serial: &Text, damaged: Option<&Text>) -> Finding {
    let Some(unit) = world.by_serial(serial) else { return Finding::Unknown };
    if unit.site != *site {
        return Finding::WrongSite { site: unit.site.clone() };
    }
    let (disposition, reason) = (unit.disposition, unit.disposition_reason.clone());
    let held = disposition != Disposition::Normal;
    if held && (unit.stage.is_on_order() || disposition != Disposition::OnHold) {
        return Finding::Held { disposition, reason };
    }
    match (unit.stage, damaged) {
        (Stage::ShipmentTracking, None) => Finding::Received,
        // What is seen of it while it still stands at the dock belongs to its receipt.
        (Stage::ShipmentTracking, Some(note)) => Finding::Damaged { note: note.clone(), photo: None },
        (Stage::Received, Some(note)) if !held => Finding::Damaged { note: note.clone(), photo: None },
        (stage, _) if stage.is_on_order() => Finding::NotSent,
        _ => {
            let receipt = unit.receipt.as_ref();
            Finding::Already { at: receipt.map(|r| r.at), by: receipt.map(|r| r.by.clone()) }
        }
    }
}

/// Why this unit's receipt cannot be taken back; `None` where it can: it is `received` by a scan, and since then nothing
/// has happened to it but its damage being noted, the registration of its manifest's row and notes to NetBox; and its
/// BMC, where one is known, was not seen.
pub fn receipt_stands(world: &World, unit: &Unit) -> Option<Text> {
    let label = unit.label();
    let Some(receipt) = unit.receipt.as_ref().filter(|_| unit.stage == Stage::Received) else {
        let told = if unit.receipt.is_some() { "went on since" } else { "was not received by a scan" };
        return Some(format!("{label} is {} and {told}: no receipt can be taken back", unit.stage).into());
    };
    if let Some(since) = &receipt.touched {
        return Some(format!("{label} is not as it was received; since then: {since}").into());
    }
    let own = unit.disposition == Disposition::OnHold && receipt.damage.is_some();
    if unit.disposition != Disposition::Normal && !own {
        return Some(format!("{label} is {}: release it first", unit.disposition).into());
    }
    unit.bmc_mac.filter(|mac| world.sightings.contains_key(mac)).map(|mac| {
        let told = format!("the BMC of {label} ({mac}) holds a lease: it is here, whatever was scanned");
        Text::from(told)
    })
}

impl Deciding<'_> {
    pub(crate) fn receive(
        &mut self,
        site: &SiteId,
        scan: &str,
        damaged: Option<&Text>,
        photo: Option<&Text>,
    ) -> Result<Answer, Refusal> {
        if let Some(note) = damaged {
            need_reason(note)?;
        }
        if photo.is_some_and(|p| damaged.is_none() || p.trim().is_empty() || p.chars().count() > MAX_PHOTO) {
            let text =
                format!("a photo is of damage: say what is damaged, and give 1 to {MAX_PHOTO} characters of path");
            return Err(Refusal::new(Why::Invalid, text));
        }
        let Some(serial) = serial_in(scan) else {
            let text = "this is no serial: it has 1 to 64 characters and no spaces; scan the label again";
            return Err(Refusal::new(Why::Invalid, text));
        };
        let mut finding = judge(&self.world, site, &serial, damaged);
        if let Finding::Damaged { photo: told, .. } = &mut finding {
            *told = photo.cloned();
        }
        let id = self.world.by_serial(&serial).map(|u| u.id);
        if let (Some(id), true) = (id, finding.is_receipt()) {
            if self.world.unit(id).is_some_and(|u| u.stage == Stage::ShipmentTracking) {
                self.enter(id, Stage::Received, Proof::Receipt, &format!("scanned at {site}"));
            }
            if let Finding::Damaged { note, photo } = &finding {
                let (from, to) = (Disposition::Normal, Disposition::OnHold);
                let reason = Text::from(format!("damaged: {}", with_photo(note, photo.as_ref())));
                self.emit(Subject::Unit(id), ReceivingEvent::DamageNoted { note: note.clone(), photo: photo.clone() });
                self.emit(Subject::Unit(id), LifeEvent::DispositionChanged { from, to, reason });
            }
        }
        let unit = id.and_then(|id| self.world.unit(id));
        Ok(Answer::Scanned(Box::new(Scan {
            at: self.moment.now,
            serial,
            unit: id,
            model: unit.and_then(|u| u.model.clone()),
            stage: unit.map(|u| u.stage),
            place: unit.and_then(|u| u.place().cloned()),
            finding,
        })))
    }

    pub(crate) fn undo_receipt(&mut self, id: UnitId) -> Result<Answer, Refusal> {
        let unit = self.known(id)?;
        if unit.stage == Stage::ShipmentTracking && unit.receipt.is_none() {
            return Ok(Answer::Already);
        }
        if let Some(why) = receipt_stands(&self.world, unit) {
            return Err(Refusal::new(Why::Conflict, why));
        }
        if unit.disposition == Disposition::OnHold {
            let (from, to) = (Disposition::OnHold, Disposition::Normal);
            let reason = Text::new("its receipt is taken back");
            self.emit(Subject::Unit(id), LifeEvent::DispositionChanged { from, to, reason });
        }
        self.enter(id, Stage::ShipmentTracking, Proof::ReceiptUndone, "the scan was not meant");
        Ok(Answer::Done)
    }
}
