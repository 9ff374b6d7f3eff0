//! By what a BMC and Rackhand know each other.

#![deny(clippy::wildcard_enum_match_arm)]

use serde::{Deserialize, Serialize};

use crate::lifecycle::unit::Unit;
use crate::spine::event::{Seq, events};
use crate::spine::fingerprint::Fingerprint;
use crate::text::Text;
use crate::time::Timestamp;

events! {
    /// By what a BMC and Rackhand know each other.
    CredentialEvent:

    /// A password was given for its BMC; it is sealed elsewhere, and never here.
    PasswordGiven {
        /// The account's user name, where one was given.
        user: Option<Text>,
        /// What brought it: a manifest, or a person by hand.
        from: Text,
    } = "password_given",
    /// The password that was given for its BMC is forgotten.
    PasswordForgotten {} = "password_forgotten",
    /// The BMC shows another certificate than before, and that is right: from now on it must show this one.
    CertificateTrusted {
        /// The one that was pinned.
        before: Option<Fingerprint>,
        /// The new one.
        certificate: Fingerprint,
        /// Why it changed.
        reason: Text,
    } = "certificate_trusted",
}

impl CredentialEvent {
    /// What happened, in one line.
    pub fn sentence(&self) -> String {
        match self {
            Self::PasswordGiven { user, from } => {
                let of = user.as_ref().map_or(String::new(), |user| format!(" of {user}"));
                format!("password{of} for its BMC given {from}, and sealed")
            }
            Self::PasswordForgotten {} => "the password given for its BMC is forgotten".to_owned(),
            Self::CertificateTrusted { certificate, reason, .. } => {
                format!("the BMC's certificate {certificate:.16} is trusted from now on: {reason}")
            }
        }
    }
}

impl Unit {
    /// Applies what became of the trust between its BMC and us.
    pub(crate) fn trust(&mut self, seq: Seq, at: Timestamp, event: &CredentialEvent) {
        match event {
            CredentialEvent::CertificateTrusted { certificate, reason, .. } => {
                self.note(seq, at, true, format!("another BMC certificate is trusted from now on: {reason}"));
                self.certificate = Some(*certificate);
            }
            // The password is sealed elsewhere.
            CredentialEvent::PasswordGiven { .. } | CredentialEvent::PasswordForgotten {} => {}
        }
    }
}
