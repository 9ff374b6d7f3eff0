//! What vendors post to us: a cXML document in, and our word on it out. The word is yes only once what it says is in the
//! journal.

use std::sync::Arc;

use hyper::body::Incoming;
use hyper::{Request, StatusCode};
use rackhand_adapters::supplier::cxml::{self, Cxml};
use rackhand_adapters::supplier::{Channel, Refused};
use rackhand_core::id::SellerId;
use rackhand_core::text::Text;

use super::Http;
use super::answer::{self, Answered, error};
use super::body::{Whole, whole};
use crate::ledger::Patience;
use crate::post::{refuse, take};

/// Octets of a document at the most: a notice of some ten thousand servers.
const MAX_BODY: usize = 8 << 20;
/// Documents of proven vendors that are read at once: each is some ten times its size meanwhile.
pub(super) const AT_ONCE: usize = 8;

impl Http {
    /// A document for the vendor of this name.
    pub(super) async fn vendor(&self, name: &str, request: Request<Incoming>) -> Answered {
        let seller = name.parse::<SellerId>().ok().and_then(|id| self.0.ports.sellers.get(id));
        let Some((id, channel)) = seller.and_then(|s| match &s.channel {
            Channel::Cxml(cxml) => Some((s.id, cxml.clone())),
            Channel::Partner(_) | Channel::Mail(_) => None,
        }) else {
            return error(StatusCode::NOT_FOUND, "no vendor of this name posts cXML to us");
        };
        match whole(&self.0.unknown, request, MAX_BODY).await {
            Ok(body) => answer::cxml(self.document(id, channel, body).await),
            Err(answer) => answer,
        }
    }

    async fn document(&self, id: SellerId, channel: Cxml, body: Whole) -> String {
        // Who can't show the secret costs a look at the document's beginning, and keeps no place from the vendor.
        if !channel.is_from(&body) {
            tracing::warn!(vendor = %id, "a document that the vendor has not proven to be its own");
            return cxml::unproven(self.0.clock.now());
        }
        let Ok(place) = Arc::clone(&self.0.documents).try_acquire_owned() else {
            return cxml::not_now(self.0.clock.now());
        };
        // A large document takes a tenth of a second to read, and leases must not wait for it. It is read to its end even
        // where its sender has gone, so the place is given back there.
        let read = tokio::task::spawn_blocking(move || {
            let incoming = channel.receive(&body);
            drop(place);
            (incoming, body)
        });
        let Ok((incoming, body)) = read.await else { return cxml::not_now(self.0.clock.now()) };
        let papers = match incoming.papers {
            Ok(papers) => papers,
            Err(_) if !incoming.proven => return incoming.answer,
            Err(flaws) => {
                let refused = Refused { what: Text::new("a cXML document"), flaws };
                let said = String::from_utf8_lossy(&body);
                refuse(&self.0.ledger, id, &said, refused, Patience::Refuse).await;
                return incoming.answer;
            }
        };
        for paper in papers {
            if let Err(refusal) = take(&self.0.ledger, id, paper, Patience::Refuse).await {
                return cxml::refused(&refusal, self.0.clock.now());
            }
        }
        incoming.answer
    }
}
