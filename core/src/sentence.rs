//! Events as sentences, for timelines, the CLI and notes.

use crate::event::Event;
use crate::flow::step::Observation;
use crate::procurement::order::recorded_number;
use crate::stream::Origin;
use crate::text::Text;

impl Event {
    /// What happened, in one line.
    pub fn sentence(&self) -> Text {
        let told = match self {
            Self::BmcSighted { address, hostname, vendor_class } => {
                let extra = |t: &Option<Text>| t.as_ref().map_or(String::new(), |t| format!(" {t}"));
                format!("BMC seen at {address}{}{}", extra(hostname), extra(vendor_class))
            }
            Self::SightingJudged { verdict } => format!("lease judged: {verdict:?}"),
            Self::SightingForgotten {} => "forgotten: NetBox does not know it, and others came".to_owned(),
            Self::UnitImported { serial, stage, .. } => format!("{serial} entered as {stage}"),
            Self::ManifestRowTaken { serial, bmc_mac, .. } => format!("manifest: {serial} has BMC {bmc_mac}"),
            Self::SightingReopened { reason } => format!("looked up again: {reason}"),
            Self::UnitAdopted { bmc_mac, .. } => format!("adopted from NetBox by BMC {bmc_mac}"),
            Self::PasswordGiven { user, from } => {
                let of = user.as_ref().map_or(String::new(), |user| format!(" of {user}"));
                format!("password{of} for its BMC given {from}, and sealed")
            }
            Self::PasswordForgotten {} => "the password given for its BMC is forgotten".to_owned(),
            Self::TakeOverPlanned { site, rows, .. } => {
                format!("plan to take over {} servers of {site}", rows.len())
            }
            Self::UnitTakenOver { plan, device, stage, reason, login, .. } => {
                format!("taken over from NetBox device {} as {stage}, plan {plan}: {reason}; {login}", device.name)
            }
            Self::LeaseAccepted { device, address, .. } => format!("lease {address} accepted for {}", device.name),
            Self::StageEntered { from, to, evidence } => {
                format!("{from} -> {to}: {} ({})", evidence.proof, evidence.note)
            }
            Self::DispositionChanged { from, to, reason } => format!("{from} -> {to}: {reason}"),
            Self::FirstWordGiven { reason, .. } => {
                format!("first word to release it: {reason}; a second person's is needed")
            }
            Self::TaskOpened { task } => format!("task: {}: {}", task.kind.title(), task.text),
            Self::TaskClosed { task, note, accepted: true } => format!("task {task} closed, taken as it is: {note}"),
            Self::TaskClosed { task, note, .. } => format!("task {task} closed: {note}"),
            Self::StepIntended { step, attempt, rung, .. } => match rung {
                Some(rung) => format!("{step} intended ({rung}, attempt {attempt})"),
                None => format!("{step} intended (attempt {attempt})"),
            },
            Self::StepAccepted { step, receipt, .. } => format!("{step} accepted: {receipt}"),
            Self::StepObserved { step, saw: Observation::Registered(port), .. } => format!("{step} observed: {port}"),
            Self::StepObserved { step, .. } => format!("{step} observed"),
            Self::StepUnknown { step, fault, again_at, .. } => {
                format!("{step} unknown: {fault}; looked at again {again_at}")
            }
            Self::StepFailed { step, fault, again_at, .. } => format!("{step} failed: {fault}; again {again_at}"),
            Self::StepParked { step, fault, .. } => format!("{step} needs a person: {fault}"),
            Self::StepRetried { step, generation } => format!("{step} retried (generation {generation})"),
            Self::CertificateTrusted { certificate, reason, .. } => {
                format!("the BMC's certificate {certificate:.16} is trusted from now on: {reason}")
            }
            Self::StepSkipped { step, reason, .. } => format!("{step} skipped: {reason}"),
            Self::BootScriptServed { nic, expires, .. } => {
                format!(
                    "boot script fetched by {}; token dies {expires}",
                    nic.map_or("?".to_owned(), |m| m.to_string())
                )
            }
            Self::BootMissed { step, fault } => format!("{step}: {fault}"),
            Self::MachineReported { report } => format!("{} {:?}", report.step, report.verdict).to_lowercase(),
            Self::ValidationRefused { points } => format!("report does not match in {points} points"),
            Self::ValidationReported { report } => format!("final report of {} {}", report.model, report.serial),
            Self::WarningNoted { text, .. } => format!("warning: {text}"),
            Self::PlacementReserved { place } => {
                let reasons: Vec<&str> = place.reasons.iter().map(Text::as_str).collect();
                let cables = place.network.len() + place.power.len();
                format!("{} is kept for it, with {cables} cables: {}", place.span(), reasons.join("; "))
            }
            Self::PlacementReleased { reason } => format!("its place is given back: {reason}"),
            Self::DamageNoted { note, photo } => format!("damaged: {}", with_photo(note, photo.as_ref())),
            Self::LocatorAsked { on } => format!("locator LED asked {}", on_or_off(*on)),
            Self::LocatorSeen { on } => format!("locator LED seen {}", on_or_off(*on)),
            Self::EpochBegun { epoch, origin } => match origin {
                Origin::First => format!("epoch {epoch} of the journal begins"),
                Origin::Restored => format!("restored from a backup: epoch {epoch} begins, effects are on hold"),
                Origin::Lost => format!("begun empty where there was a journal: epoch {epoch}, effects are on hold"),
            },
            Self::EffectsResumed { reason } => format!("effects go out again: {reason}"),
            Self::NetboxPrepared { made } => {
                let made: Vec<&str> = made.iter().map(Text::as_str).collect();
                format!("made in NetBox: {}", made.join(", "))
            }
            Self::SnapshotKept { at, .. } => format!("snapshot kept of all up to event {at}"),
            _ => return self.trade_sentence(),
        };
        told.into()
    }

    /// The same, where it is about buying.
    fn trade_sentence(&self) -> Text {
        let told = match self {
            Self::UnitOrdered { order, line, .. } => format!("ordered: line {line} of order {order}"),
            Self::SpecTold { spec } => format!("it is said to be {spec}"),
            Self::SerialBound { serial, source, .. } => format!("it is {serial}, by {source}"),
            Self::OrderPlaced { placed } => {
                let lines: Vec<_> = placed.lines.iter().map(|l| format!("{}x {}", l.quantity, l.spec)).collect();
                format!("ordered for {} in {}: {}", placed.tenant, placed.site, lines.join(" and "))
            }
            Self::StockReserved { line, unit, until, .. } => format!("{unit} is kept for line {line} until {until}"),
            Self::StockReleased { unit, reason, .. } => format!("{unit} is free again: {reason}"),
            Self::StockAssigned { line, unit } => format!("{unit} is assigned for line {line}"),
            Self::ApprovalGiven { seller, revision, total, saw } => {
                format!("{seller}'s offer, revision {revision}, approved for {total}; seen: {saw}")
            }
            Self::PurchaseDecided { number, seller, total, name, .. } => {
                format!("{} to {seller} for {total}", recorded_number(*number, name.as_ref()))
            }
            Self::PurchaseFailed { number, reason, name } => {
                format!("{} is void: {reason}", recorded_number(*number, name.as_ref()))
            }
            Self::OrderEnded { rejected: true, reason } => format!("rejected: {reason}"),
            Self::OrderEnded { reason, .. } => format!("cancelled: {reason}"),
            Self::DealOpened { title, by_hand: true, .. } => format!("{title} is to be asked by hand"),
            Self::DealOpened { title, .. } => format!("{title} is to be asked"),
            Self::QuoteReceived { revision, quote } => match quote.payable() {
                Some(total) => format!("quote {}, revision {revision}: {total}", quote.number),
                None => format!("quote {}, revision {revision}: prices are missing or do not add up", quote.number),
            },
            Self::QuoteOverdue {} => "reminded, and not answered in time".to_owned(),
            Self::PurchaseMade { purchase } => format!("purchase order {} made", purchase.number),
            Self::PurchaseConfirmed { confirmation, points } if points.is_empty() => {
                format!("{} answered with {}: {:?}", confirmation.purchase, confirmation.number, confirmation.verdict)
            }
            Self::PurchaseConfirmed { confirmation, points } => {
                let points: Vec<_> = points.iter().map(Text::as_str).collect();
                format!("{} confirmed otherwise: {}", confirmation.purchase, points.join("; "))
            }
            Self::ConfirmationAccepted { reason } => format!("accepted as confirmed: {reason}"),
            Self::PurchaseVoided { reason } => reason.to_string(),
            Self::ShipmentNoticed { notice } => {
                format!("shipment {}: {} servers for {}", notice.number, notice.items.len(), notice.purchase)
            }
            Self::ShipmentTracked { tracking, reading } => {
                let eta = reading.eta.map_or(String::new(), |t| format!("; to arrive {t}"));
                format!("{tracking}: {}{eta}", reading.last)
            }
            Self::PaperRefused { what, flaws } => {
                let first = flaws.first().map_or(String::new(), |f| format!(": {f}"));
                format!("{what} is not taken, {} flaws{first}", flaws.len())
            }
            Self::DealEnded { reason } => format!("nothing more is wanted: {reason}"),
            // `sentence` tells all others.
            other => other.kind().to_owned(),
        };
        told.into()
    }
}

/// A note of damage, and where its photo is.
pub fn with_photo(note: &Text, photo: Option<&Text>) -> String {
    photo.map_or_else(|| note.to_string(), |photo| format!("{note}; photo {photo}"))
}

/// The words of a switch.
pub const fn on_or_off(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}
