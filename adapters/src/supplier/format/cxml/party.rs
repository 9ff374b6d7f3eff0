//! Who a cXML document is from and for, and that it is: identities and the shared secret of its header.

use rackhand_core::purchase::paper::Flaw;
use rackhand_core::secret::Secret;
use rackhand_core::text::Text;
use sha2::{Digest, Sha256};

use super::node::Element;
use crate::supplier::format::door::{At, at, only};

/// Someone, by the name they have in a domain: `DUNS`, `NetworkID`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The domain; case does not matter.
    pub domain: Text,
    /// The name in it.
    pub identity: Text,
}

/// The two ends of a document. One that we write is from us and has the secret by which the vendor knows us; one that we
/// read is from the vendor and must have the secret by which we know it.
#[derive(Clone, Debug)]
pub struct CxmlParty {
    /// Whose document it is.
    pub from: Identity,
    /// For whom it is.
    pub to: Identity,
    /// Who sends it: as `from`, or a network between.
    pub sender: Identity,
    /// What the sender proves itself by.
    pub secret: Secret,
}

impl CxmlParty {
    /// Holds a document's header against this.
    pub(super) fn verify(&self, root: Element<'_>) -> Result<(), Vec<Flaw>> {
        match root.path("Header") {
            Some(header) => self.verify_header(header),
            None => forged(at(None, "Header"), "it is missing, so nobody stands for the paper"),
        }
    }

    /// Holds a header against this.
    pub(super) fn verify_header(&self, header: Element<'_>) -> Result<(), Vec<Flaw>> {
        for (end, expected) in [("From", &self.from), ("To", &self.to)] {
            if credential(header, end, expected).is_none() {
                return forged(at(None, &format!("Header/{end}")), "another identity than the one we deal with");
            }
        }
        let place = "Header/Sender/Credential";
        let Some(sender) = credential(header, "Sender", &self.sender) else {
            return forged(at(None, place), "another identity than the one we deal with");
        };
        let secret = sender.text_at("SharedSecret").unwrap_or_default();
        if same(secret.trim(), self.secret.reveal()) && !self.secret.reveal().is_empty() {
            Ok(())
        } else {
            forged(at(None, "Header/Sender/Credential/SharedSecret"), "a wrong shared secret, or none")
        }
    }
}

fn forged(place: At<'_>, why: &str) -> Result<(), Vec<Flaw>> {
    Err(only(place, format!("{why}; nothing of it is taken. Ask the vendor whether it sent this")))
}

fn credential<'a>(header: Element<'a>, end: &str, expected: &Identity) -> Option<Element<'a>> {
    let end = header.path(end)?;
    end.all("Credential").find(|c| {
        c.attribute("domain").is_some_and(|d| d.trim().eq_ignore_ascii_case(&expected.domain))
            && c.text_at("Identity").is_some_and(|i| i.trim() == expected.identity.as_str())
    })
}

/// Compares in a time that tells nothing of where the two differ: digests, all bytes of them.
fn same(one: &str, other: &str) -> bool {
    let (one, other) = (Sha256::digest(one), Sha256::digest(other));
    std::hint::black_box(one.iter().zip(&other).fold(0, |differ, (a, b)| differ | (a ^ b))) == 0
}
