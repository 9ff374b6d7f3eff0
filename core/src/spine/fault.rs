//! What went wrong: whose fault it is, whether to try again, and what to do next.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::text::Text;

/// Which outside system (or which part of ours) a fault comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum System {
    /// NetBox.
    Netbox,
    /// The server's management controller.
    Bmc,
    /// The server itself: what it booted, measured and reported.
    Machine,
    /// Our own disk.
    Journal,
    /// Rackhand's own rules.
    Rules,
    /// MAAS.
    Maas,
    /// A vendor's ordering system.
    Vendor,
    /// A carrier's tracking.
    Carrier,
    /// A DHCP server, by its lease file.
    Dhcp,
}

impl fmt::Display for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Netbox => "NetBox",
            Self::Bmc => "BMC",
            Self::Machine => "server",
            Self::Journal => "journal",
            Self::Rules => "Rackhand",
            Self::Maas => "MAAS",
            Self::Vendor => "vendor",
            Self::Carrier => "carrier",
            Self::Dhcp => "DHCP",
        })
    }
}

/// Whether the same call may be tried again, and by whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It did not happen and may work later: refused connection, 429, 503, busy. Try again.
    Transient,
    /// The request may have arrived and no answer came. Look before anything else.
    Unknown,
    /// The other side understood and said no. The same call will fail again; a person must change something.
    Rejected,
    /// Two truths disagree (a taken address, another serial). A person must decide.
    Conflict,
    /// What it was about is not there any more.
    Gone,
    /// Credentials are wrong or lack a permission. Never retried: BMCs lock accounts.
    Unauthorised,
    /// The login is good, and lacks a permission that only a person can grant.
    Forbidden,
    /// The peer broke its protocol: too big, too deep, not JSON, wrong type.
    Malformed,
}

impl Kind {
    /// Whether automation may try the same step again by itself.
    pub const fn may_retry(self) -> bool {
        matches!(self, Self::Transient | Self::Unknown | Self::Malformed)
    }

    /// The same where nobody is locked out by another try: a token that is refused is mended for all servers at once.
    pub const fn is_waited_out(self) -> bool {
        self.may_retry() || matches!(self, Self::Unauthorised)
    }
}

/// A fault as it is journaled and shown: the sentence a person reads, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Fault {
    /// Where it comes from.
    pub system: System,
    /// Whether to try again.
    pub kind: Kind,
    /// What happened and where, as one sentence.
    pub what: Text,
    /// What a person does about it. Empty where automation will go on by itself.
    pub advice: Text,
    /// How long its cause may last before it ends by itself, seconds, where the other side's rules tell: it is tried
    /// again for as long, whatever the step's budget.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lasts: Option<u32>,
}

impl Fault {
    /// A fault with no advice yet.
    pub fn new(system: System, kind: Kind, what: impl Into<Text>) -> Self {
        Self { system, kind, what: what.into(), advice: Text::new(""), lasts: None }
    }

    /// The same fault, of a cause that ends by itself within so many seconds.
    #[must_use]
    pub fn lasting(mut self, seconds: u32) -> Self {
        self.lasts = Some(seconds);
        self
    }

    /// The same fault, saying what to do about it.
    #[must_use]
    pub fn advise(mut self, advice: impl Into<Text>) -> Self {
        self.advice = advice.into();
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.system, self.what)?;
        if !self.advice.is_empty() {
            write!(f, " ({})", self.advice)?;
        }
        Ok(())
    }
}

impl std::error::Error for Fault {}
