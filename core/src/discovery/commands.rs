//! A lease was seen: it is recorded where it changes something, looked up, and judged by C4.

use std::net::IpAddr;

use crate::decide::{Answer, Deciding};
use crate::discovery::c4::{Verdict, judge};
use crate::event::{DiscoveryEvent, EntryEvent, StepEvent};
use crate::flow::step::Step;
use crate::id::{Role, SiteId, Subject, UnitId};
use crate::inventory::{Device, Lookup, ObjectId};
use crate::lifecycle::evidence::Proof;
use crate::lifecycle::stage::Stage;
use crate::lifecycle::task::TaskKind;
use crate::lifecycle::unit::Unit;
use crate::mac::Mac;
use crate::policy::Policy;
use crate::text::Text;

/// BMCs that are no unit's and are kept all the same. For a further one the oldest that NetBox does not know is
/// forgotten; where all of them still wait for NetBox, it is left to its next renewal.
const OTHERS: usize = 8_192;

/// Why a sighting is judged anew.
pub(crate) const IN_NETBOX: &str = "NetBox was seen to have its MAC";

/// Why a unit on order is quarantined.
pub(crate) const ALIVE_ON_ORDER: &str = "it is on order, but its BMC holds a lease";

impl Deciding<'_> {
    pub(crate) fn lease(
        &mut self,
        mac: Mac,
        address: IpAddr,
        hostname: Option<&Text>,
        vendor_class: Option<&Text>,
    ) -> Answer {
        match self.world.sightings.get(&mac) {
            Some(seen) if seen.address == address => return Answer::Already,
            Some(_) => {}
            None if self.world.sightings.len() >= OTHERS + self.world.units.len() => match self.forgettable() {
                Some(oldest) => drop(self.emit(Subject::Bmc(oldest), DiscoveryEvent::SightingForgotten {})),
                None => return Answer::Already,
            },
            None => {}
        }
        let (hostname, vendor_class) = (hostname.cloned(), vendor_class.cloned());
        self.emit(Subject::Bmc(mac), DiscoveryEvent::BmcSighted { address, hostname, vendor_class });
        if let Some(unit) = self.world.by_bmc(mac)
            && unit.stage.is_on_order()
        {
            let id = unit.id;
            self.quarantine(id, ALIVE_ON_ORDER);
        }
        Answer::Done
    }

    /// What was given up because the BMC was silent is taken up again: its silence has ended.
    pub(crate) fn alive(&mut self, id: UnitId) -> Answer {
        let Some(unit) = self.world.unit(id) else { return Answer::Already };
        let silent: Vec<(Step, u32)> = unit.silent().map(|p| (p.step, p.generation)).collect();
        if silent.is_empty() {
            return Answer::Already;
        }
        for (step, generation) in silent {
            self.emit(Subject::Unit(id), StepEvent::StepRetried { step, generation: generation + 1 });
        }
        Answer::Done
    }

    /// The BMC seen longest ago that NetBox does not know, that is no unit's, and about which nothing is owed.
    fn forgettable(&self) -> Option<Mac> {
        let nobodys = self.world.sightings.iter().filter(|(mac, seen)| {
            seen.verdict.as_ref().is_some_and(Verdict::is_nobody)
                && seen.notes.owed.is_empty()
                && self.world.by_bmc(**mac).is_none()
        });
        nobodys.min_by_key(|(_, seen)| seen.at).map(|(mac, _)| *mac)
    }

    /// One word for all that were not taken in: a journal that a stranger can fill is none.
    pub(crate) fn kept_out(&mut self, last: Mac, leases: u64) -> Answer {
        let text = format!(
            "{leases} leases of new MACs from BMC vendors' blocks were not taken in, the last of {last}: more than a site \
             has. Those that NetBox lists come in all the same"
        );
        self.emit(
            Subject::Bmc(last),
            DiscoveryEvent::WarningNoted { key: "kept out".into(), device: None, text: text.into() },
        );
        Answer::Done
    }

    /// Applies C4 to what NetBox answered. Where the verdict is the one of last time, nothing is recorded.
    pub(crate) fn looked_up(&mut self, mac: Mac, lookup: &Lookup) -> Answer {
        let Some(sighting) = self.world.sightings.get(&mac) else { return Answer::Already };
        let (address, last) = (sighting.address, sighting.verdict.clone());
        let device = match lookup {
            Lookup::One(device) => Some(device),
            Lookup::Nobody | Lookup::Several(_) => None,
        };
        let by_mac = self.world.by_bmc(mac);
        let port = by_mac.and_then(|u| u.registration.as_ref()?.seen.as_ref());
        if *lookup == Lookup::Nobody && !sighting.reopened && port.is_some_and(|p| p.mac == mac) {
            // The question was on its way while NetBox learnt the answer.
            self.reopen(mac, IN_NETBOX);
            return Answer::Done;
        }
        let by_serial = device.and_then(|d| d.serial.as_ref()).and_then(|s| self.world.by_serial(s));
        let unit = by_mac.or(by_serial);
        let verdict = match (by_mac, by_serial) {
            (Some(one), Some(other)) if one.id != other.id => Verdict::Settle(
                format!("the BMC is that of {} here, the serial in NetBox that of {}", one.label(), other.label())
                    .into(),
            ),
            // On an interface in NetBox, so its lookup finds the device; but a server's own lease is not its BMC's.
            (None, Some(other)) if other.has_nic(mac) => {
                Verdict::Warn(format!("{mac} is a NIC of {}, not its BMC: left alone", other.label()).into())
            }
            _ => judge(unit, lookup, address, self.policy),
        };
        // To promote is never old: it is said only while there is something to promote.
        if last.as_ref() == Some(&verdict) && verdict != Verdict::Promote {
            return match (&verdict, unit, device) {
                // The verdict is old, but NetBox has lost what it was seen to hold.
                (Verdict::Refresh | Verdict::Assign, Some(unit), Some(device))
                    if has_lost(unit, address, device, self.policy) =>
                {
                    let id = unit.id;
                    self.accept(id, mac, address, device);
                    Answer::Done
                }
                _ => Answer::Already,
            };
        }
        let known = unit.map(|u| u.id);
        // Only a BMC that was alive can have been replaced; what a manifest got wrong was warned of by its own row.
        let was = unit.filter(|u| u.bmc_address.is_some()).and_then(|u| u.bmc_mac).filter(|was| *was != mac);
        self.emit(Subject::Bmc(mac), DiscoveryEvent::SightingJudged { verdict: verdict.clone() });
        match (&verdict, device) {
            (Verdict::Promote, Some(device)) => self.promote(known, mac, address, device),
            (Verdict::Refresh | Verdict::Assign, Some(device)) => {
                if let Some(id) = known {
                    self.accept(id, mac, address, device);
                }
            }
            (Verdict::Warn(text) | Verdict::Error(text), _) => {
                match lookup {
                    // The first of them tells of the others.
                    Lookup::Several(ids) => {
                        let key = format!("{ids:?} several {address}");
                        self.note_warning(mac, key.into(), ids.first().copied(), text);
                    }
                    Lookup::Nobody | Lookup::One(_) => self.warn(mac, device, address, text),
                }
            }
            (Verdict::Settle(text), _) => {
                self.warn(mac, device, address, text);
                if let Some(id) = known {
                    self.open_task(id, TaskKind::SettleInventory, Role::Operator, text);
                }
            }
            (Verdict::Promote | Verdict::Refresh | Verdict::Assign | Verdict::Nothing, _) => {}
        }
        if let (Verdict::Promote | Verdict::Refresh | Verdict::Assign, Some(id), Some(was)) = (&verdict, known, was) {
            let text = format!("its BMC was {was}, and NetBox has {mac} now: was its BMC or its mainboard replaced?");
            self.open_task(id, TaskKind::CheckIdentity, Role::Technician, &text);
        }
        Answer::Done
    }

    fn promote(&mut self, known: Option<UnitId>, mac: Mac, address: IpAddr, device: &Device) {
        let adopted = known.is_none();
        let id = known.unwrap_or_else(|| {
            let id = UnitId::mint(self.moment.now, self.moment.entropy);
            let serial = device.serial.as_ref().map(|s| Text::from(s.to_uppercase()));
            let (site, model) = (SiteId::new(&device.site), device.model.clone());
            self.emit(Subject::Unit(id), EntryEvent::UnitAdopted { site, serial, bmc_mac: mac, model });
            id
        });
        self.accept(id, mac, address, device);
        let lease = format!("lease {address} of {mac}");
        let implied = [Stage::Racked, Stage::Cabled, Stage::PoweredOn];
        // Who scanned it into the place that is kept for it has confirmed that; its cables the validation compares.
        let is_placed = |u: &Unit| u.placement.as_ref().is_some_and(|held| held.racked);
        let unconfirmed = self.world.unit(id).is_some_and(|u| u.stage < Stage::Cabled && !is_placed(u));
        for to in implied {
            if self.world.unit(id).is_some_and(|u| u.stage < to) {
                self.enter(id, to, Proof::ImpliedByLease, &lease);
            }
        }
        let in_netbox = adopted && device.place.is_some();
        if unconfirmed && !in_netbox {
            let where_to = device.place.as_deref().unwrap_or("a place NetBox does not tell");
            let text = format!("it runs, but nobody confirmed rack and cables; NetBox says {where_to}");
            self.open_task(id, TaskKind::ConfirmPlacement, Role::Technician, &text);
        }
        self.enter(id, Stage::Discovered, Proof::LeaseAndDevice, &format!("{lease}, NetBox device {}", device.id));
    }

    /// Has a sighting looked up and judged anew.
    pub(crate) fn reopen(&mut self, mac: Mac, why: &str) {
        let reason = Text::new(why);
        self.emit(Subject::Bmc(mac), DiscoveryEvent::SightingReopened { reason });
    }

    fn accept(&mut self, id: UnitId, mac: Mac, address: IpAddr, device: &Device) {
        let event = DiscoveryEvent::LeaseAccepted { device: Box::new(device.clone()), bmc_mac: mac, address };
        self.emit(Subject::Unit(id), event);
    }

    fn warn(&mut self, mac: Mac, device: Option<&Device>, address: IpAddr, text: &Text) {
        let (id, status) = device.map_or((0, "-"), |d| (d.id, d.status.as_str()));
        let key = Text::from(format!("{id} {status} {address}"));
        // No note is written to what another site looks after.
        let device = device.filter(|d| self.policy.runs(&d.site)).map(|d| d.id);
        self.note_warning(mac, key, device, text);
    }

    fn note_warning(&mut self, mac: Mac, key: Text, device: Option<ObjectId>, text: &Text) {
        if self.world.sightings.get(&mac).is_some_and(|s| s.warned.contains(&key)) {
            return;
        }
        self.emit(Subject::Bmc(mac), DiscoveryEvent::WarningNoted { key, device, text: text.clone() });
    }
}

/// Whether the device has not what NetBox was seen to hold for this unit: its address, its status or its stage. What
/// is still to be written is none of it.
fn has_lost(unit: &Unit, address: IpAddr, device: &Device, policy: &Policy) -> bool {
    let waived = |step| unit.waived.contains(&step);
    let address_lost =
        unit.address_written == Some(address) && device.oob_address != Some(address) && !waived(Step::AssignBmcAddress);
    let status_lost = unit.status_written == Some(unit.stage)
        && !waived(Step::SyncStatus)
        && (device.status != policy.status(unit.stage) || device.lifecycle_state.as_deref() != Some(unit.stage.word()));
    address_lost || status_lost
}
