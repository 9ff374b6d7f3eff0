//! What is known of a BMC that was seen, and of a unit by its lease.

#![deny(clippy::wildcard_enum_match_arm)]

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::event::DiscoveryEvent;
use crate::discovery::c4::Verdict;
use crate::flow::attempt::Attempts;
use crate::flow::event::StepEvent;
use crate::flow::step::{Observation, Step};
use crate::inventory::{BmcPort, Device};
use crate::lifecycle::unit::{Note, Notes, Unit};
use crate::spine::event::Seq;
use crate::text::Text;
use crate::time::Timestamp;

/// A BMC that was seen on the wire.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sighting {
    /// Its address.
    pub address: IpAddr,
    /// Option 12.
    pub hostname: Option<Text>,
    /// Option 60.
    pub vendor_class: Option<Text>,
    /// Since when it has this address.
    pub at: Timestamp,
    /// What C4 said last, for this address.
    pub verdict: Option<Verdict>,
    /// Where it is with its steps.
    pub steps: Attempts,
    /// Whether it was looked up once more because NetBox was seen to have its MAC.
    pub reopened: bool,
    /// Keys of warnings already noted.
    pub warned: Vec<Text>,
    /// Notes for a device that is no unit of ours.
    pub notes: Notes,
}

/// Keys of warnings kept for one BMC; the oldest is forgotten, which at worst repeats a warning.
const WARNINGS: usize = 32;

impl Sighting {
    /// What is known of it once it is seen at an address. What was told of it before stays told.
    pub(crate) fn new(
        before: Option<&Self>,
        at: Timestamp,
        address: IpAddr,
        hostname: Option<&Text>,
        vendor_class: Option<&Text>,
    ) -> Self {
        // What is in the air is about the address before; its generation must not come again.
        let mut steps = before.map(|s| s.steps.clone()).unwrap_or_default();
        steps.let_go(|_| true);
        Self {
            address,
            hostname: hostname.cloned(),
            vendor_class: vendor_class.cloned(),
            at,
            verdict: None,
            steps,
            reopened: false,
            warned: before.map(|s| s.warned.clone()).unwrap_or_default(),
            notes: before.map(|s| s.notes.clone()).unwrap_or_default(),
        }
    }

    /// Applies what was heard of it.
    pub(crate) fn hear(&mut self, seq: Seq, at: Timestamp, event: &DiscoveryEvent) {
        match event {
            DiscoveryEvent::SightingJudged { verdict } => {
                self.verdict = Some(verdict.clone());
                self.steps.let_go(|_| true);
            }
            DiscoveryEvent::SightingReopened { .. } => {
                (self.verdict, self.reopened) = (None, true);
                self.steps.let_go(|_| true);
            }
            DiscoveryEvent::WarningNoted { key, device, text } => {
                if self.warned.len() >= WARNINGS {
                    self.warned.remove(0);
                }
                self.warned.push(key.clone());
                if let Some(device) = device {
                    self.notes.device = Some(*device);
                    self.notes.owed.push(Note { seq, at, warning: true, text: text.clone() });
                }
            }
            // Both are the world's: one begins a sighting, the other ends it.
            DiscoveryEvent::BmcSighted { .. } | DiscoveryEvent::SightingForgotten {} => {}
            // A unit's.
            DiscoveryEvent::LeaseAccepted { .. } => {}
        }
    }

    /// Applies what became of one of its steps.
    pub(crate) fn step(&mut self, at: Timestamp, event: &StepEvent) {
        self.steps.apply(at, event);
        match event {
            StepEvent::StepObserved { saw: Observation::Notes(up_to), .. } => {
                self.notes.owed.retain(|n| n.seq > *up_to);
            }
            StepEvent::StepSkipped { step: Step::WriteNotes, .. } => self.notes.owed.clear(),
            StepEvent::StepIntended { .. }
            | StepEvent::StepAccepted { .. }
            | StepEvent::StepObserved { .. }
            | StepEvent::StepUnknown { .. }
            | StepEvent::StepFailed { .. }
            | StepEvent::StepParked { .. }
            | StepEvent::StepRetried { .. }
            | StepEvent::StepSkipped { .. } => {}
        }
    }
}

impl Unit {
    /// Applies what its lease says of it.
    pub(crate) fn hear(&mut self, seq: Seq, at: Timestamp, event: &DiscoveryEvent) {
        match event {
            DiscoveryEvent::LeaseAccepted { device, bmc_mac, address } => {
                self.notes.device = Some(device.id);
                self.model = self.model.take().or_else(|| Some(device.model.clone()));
                self.bmc_mac = Some(*bmc_mac);
                if self.bmc_address != Some(*address) {
                    self.waived.remove(&Step::AssignBmcAddress);
                    // Another address: what failed against the old one says nothing any more.
                    self.steps.let_go(|s| matches!(s, Step::ReachBmc | Step::AssignBmcAddress));
                }
                self.bmc_address = Some(*address);
                if !self.waived.contains(&Step::AssignBmcAddress) {
                    self.address_written = device.oob_address.filter(|a| a == address);
                }
                if let Some(registration) = self.registration.as_mut().filter(|r| r.seen.is_none()) {
                    // NetBox found the device by this MAC: it holds what the manifest wanted it to hold.
                    let (device, interface) = (device.id, device.bmc_interface);
                    registration.seen = Some(BmcPort { device, interface, name: "its BMC".into(), mac: *bmc_mac });
                    self.steps.let_go(|s| s == Step::RegisterBmc);
                }
                self.device = Some(Device::clone(device));
                // It may be another device, or its status changed by hand: looked at anew.
                if !self.waived.contains(&Step::SyncStatus) {
                    self.status_written = None;
                }
            }
            DiscoveryEvent::WarningNoted { text, .. } => self.note(seq, at, true, text.to_string()),
            // A sighting's.
            DiscoveryEvent::BmcSighted { .. }
            | DiscoveryEvent::SightingJudged { .. }
            | DiscoveryEvent::SightingReopened { .. }
            | DiscoveryEvent::SightingForgotten {} => {}
        }
    }
}
