//! What a DHCP server says of a lease: by a hook, by its lease file, or over HTTP. The same fields everywhere.

use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::mac::Mac;
use crate::text::Text;

/// Events told at once at the most.
pub const MAX_EVENTS: usize = 1_000;

/// What happened to a lease. The words are those of dnsmasq (`add`, `old`, `del`), ISC dhcpd (`commit`, `release`,
/// `expiry`) and Kea (`renew`, `expire`, `decline`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It was given.
    #[default]
    Add,
    /// It was there before.
    Old,
    /// It was given, or renewed.
    Commit,
    /// It was renewed.
    Renew,
    /// It has ended.
    Del,
    /// The client gave it back.
    Release,
    /// It ran out.
    #[serde(alias = "expiry")]
    Expire,
    /// The client found the address in use.
    Decline,
}

impl Change {
    /// All of them, in the order of their declaration.
    pub const ALL: [Self; 8] =
        [Self::Add, Self::Old, Self::Commit, Self::Renew, Self::Del, Self::Release, Self::Expire, Self::Decline];

    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Old => "old",
            Self::Commit => "commit",
            Self::Renew => "renew",
            Self::Del => "del",
            Self::Release => "release",
            Self::Expire => "expire",
            Self::Decline => "decline",
        }
    }

    /// Whether the client has the address now. What has ended tells nothing of the BMC: it may be off, moved or slow.
    pub const fn holds(self) -> bool {
        matches!(self, Self::Add | Self::Old | Self::Commit | Self::Renew)
    }
}

impl FromStr for Change {
    type Err = String;
    fn from_str(word: &str) -> Result<Self, String> {
        let word = if word == "expiry" { "expire" } else { word };
        let found = Self::ALL.into_iter().find(|c| c.word() == word);
        found.ok_or_else(|| format!("not a change of a lease: {}", Self::ALL.map(Self::word).join(", ")))
    }
}

/// One event of a lease.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseEvent {
    /// The client.
    pub mac: Mac,
    /// Its address.
    #[serde(alias = "ip")]
    pub address: IpAddr,
    /// Option 12.
    #[serde(default)]
    pub hostname: Option<Text>,
    /// Option 60.
    #[serde(default)]
    pub vendor_class: Option<Text>,
    /// What happened.
    #[serde(default)]
    pub event: Change,
    /// Who says so, such as `kea`.
    #[serde(default)]
    pub source: Option<Text>,
}

/// The same in the envelope of an event, as hooks written for a queue send it: its kind, its source, and the lease.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Envelope {
    /// Its kind.
    pub event_type: Kind,
    /// Who says so.
    #[serde(default)]
    pub source: Option<Text>,
    /// The lease.
    pub data: LeaseEvent,
}

/// Kinds of events in an envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An address was given.
    DhcpLeaseAssigned,
}

impl From<Envelope> for LeaseEvent {
    fn from(told: Envelope) -> Self {
        Self { source: told.data.source.or(told.source), ..told.data }
    }
}

impl LeaseEvent {
    /// Why this can be nobody's address; `None` where it can be. Which networks may be spoken to is the dialler's rule.
    pub fn impossible(&self) -> Option<&'static str> {
        let address = self.address;
        let broadcast = matches!(address, IpAddr::V4(v4) if v4.is_broadcast());
        (address.is_unspecified() || address.is_multicast() || broadcast).then_some("not the address of a host")
    }
}

/// What became of events that were told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LeasesTold {
    /// They changed something: a new BMC, or a new address.
    pub new: u32,
    /// They said what was known.
    pub known: u32,
    /// They are not of a BMC as far as is known; counted, no more.
    pub strangers: u32,
    /// The lease has ended, which changes nothing.
    pub ended: u32,
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_the_three_servers_is_read_and_written_alike() {
        for change in Change::ALL {
            assert_eq!(change.word().parse(), Ok(change));
            let json = serde_json::to_string(&change).unwrap();
            assert_eq!(json, format!("\"{}\"", change.word()));
            assert_eq!(serde_json::from_str::<Change>(&json).unwrap(), change);
        }
        assert_eq!("expiry".parse(), Ok(Change::Expire));
        assert!("tftp".parse::<Change>().is_err());
    }

    #[test]
    fn a_client_has_its_address_until_it_ended() {
        let holds: Vec<Change> = Change::ALL.into_iter().filter(|c| c.holds()).collect();
        assert_eq!(holds, [Change::Add, Change::Old, Change::Commit, Change::Renew]);
    }

    #[test]
    fn an_event_needs_no_more_than_mac_and_address() {
        let enveloped = r#"{"event_type":"dhcp_lease_assigned","timestamp":"2026-02-11T10:00:00Z","source":"maas-dhcp",
            "data":{"ip":"10.0.4.23","mac":"94:40:c9:1:2:3","hostname":"ilo-srv001","lease_time":86400}}"#;
        let enveloped: Envelope = serde_json::from_str(enveloped).unwrap();
        let told = LeaseEvent::from(enveloped);
        assert_eq!((told.address.to_string().as_str(), told.source), ("10.0.4.23", Some("maas-dhcp".into())));
        let event: LeaseEvent = serde_json::from_str(r#"{"mac":"94:40:c9:1:2:3","ip":"10.0.4.23"}"#).unwrap();
        assert_eq!((event.mac, event.event), (Mac([0x94, 0x40, 0xC9, 1, 2, 3]), Change::Add));
        assert_eq!(event.impossible(), None);
        for address in ["0.0.0.0", "224.0.0.1", "255.255.255.255", "::"] {
            let event = LeaseEvent { address: address.parse().unwrap(), ..event.clone() };
            assert!(event.impossible().is_some(), "{address}");
        }
    }
}
