//! What is heard of a BMC, and what its lease means to a unit.

use serde::{Deserialize, Serialize};

use crate::discovery::c4::Verdict;
use crate::mac::Mac;
use crate::spine::event::events;
use crate::text::Text;
use std::net::IpAddr;

events! {
    /// What is heard of a BMC, and what its lease means to a unit.
    DiscoveryEvent:

    /// A BMC's lease was seen for the first time, or with another address.
    BmcSighted {
        /// Its address.
        address: IpAddr,
        /// Option 12.
        hostname: Option<Text>,
        /// Option 60.
        vendor_class: Option<Text>,
    } = "bmc_sighted",
    /// Rule C4 was applied to a sighting.
    SightingJudged {
        /// What it said.
        verdict: Verdict,
    } = "sighting_judged",
    /// A BMC that NetBox does not know was dropped, to make room for another.
    SightingForgotten {} = "sighting_forgotten",
    /// What the verdict on a sighting rested on has changed: it is looked up and judged anew.
    SightingReopened {
        /// What has changed.
        reason: Text,
    } = "sighting_reopened",
    /// C4 accepted the lease for this unit; the device is linked and its address is to be written.
    LeaseAccepted {
        /// The device as NetBox had it.
        device: Box<crate::inventory::Device>,
        /// The BMC.
        bmc_mac: Mac,
        /// The address.
        address: IpAddr,
    } = "lease_accepted",
    /// A warning, once for each key.
    WarningNoted {
        /// What makes it the same warning.
        key: Text,
        /// The device it is about, where there is one.
        device: Option<crate::inventory::ObjectId>,
        /// The sentence.
        text: Text,
    } = "warning_noted",
}

impl DiscoveryEvent {
    /// What happened, in one line.
    pub fn sentence(&self) -> String {
        match self {
            Self::BmcSighted { address, hostname, vendor_class } => {
                let extra = |t: &Option<Text>| t.as_ref().map_or(String::new(), |t| format!(" {t}"));
                format!("BMC seen at {address}{}{}", extra(hostname), extra(vendor_class))
            }
            Self::SightingJudged { verdict } => format!("lease judged: {verdict:?}"),
            Self::SightingForgotten {} => "forgotten: NetBox does not know it, and others came".to_owned(),
            Self::SightingReopened { reason } => format!("looked up again: {reason}"),
            Self::LeaseAccepted { device, address, .. } => format!("lease {address} accepted for {}", device.name),
            Self::WarningNoted { text, .. } => format!("warning: {text}"),
        }
    }
}
