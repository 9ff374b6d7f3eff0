//! What goes on with a vendor about an order.

use serde::{Deserialize, Serialize};

use crate::bmc::Vendor;
use crate::purchase::paper::Confirmation;
use crate::purchase::paper::Flaw;
use crate::purchase::paper::PurchaseOrder;
use crate::purchase::paper::Quote;
use crate::purchase::paper::ShipNotice;
use crate::purchase::paper::Tracked;
use crate::spine::event::events;
use crate::text::Text;

events! {
    /// What goes on with a vendor about an order.
    DealEvent:

    /// A vendor is to be asked.
    DealOpened {
        /// What it is called.
        title: Text,
        /// Whose servers it sells.
        vendor: Vendor,
        /// Whether a person asks, and enters what is answered.
        by_hand: bool,
        /// How long an answer may take, in seconds.
        patience: u64,
        /// The number our request has at the vendor; `None` in events from before it held site and epoch.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request: Option<Text>,
    } = "deal_opened",
    /// An offer, or a changed one, came in.
    QuoteReceived {
        /// Which revision, from 1.
        revision: u32,
        /// What it says.
        quote: Box<Quote>,
    } = "quote_received",
    /// The vendor was asked and reminded, and has not answered in time.
    QuoteOverdue {} = "quote_overdue",
    /// The purchase order as it is to be sent.
    PurchaseMade {
        /// All of it.
        purchase: Box<PurchaseOrder>,
    } = "purchase_made",
    /// The vendor's word on it.
    PurchaseConfirmed {
        /// What it says.
        confirmation: Box<Confirmation>,
        /// In what it is not what was ordered.
        points: Vec<Text>,
    } = "purchase_confirmed",
    /// A person accepted a confirmation that is not what was ordered.
    ConfirmationAccepted {
        /// Why.
        reason: Text,
    } = "confirmation_accepted",
    /// The vendor said no: there is no purchase there any more.
    PurchaseVoided {
        /// Why.
        reason: Text,
    } = "purchase_voided",
    /// The vendor says it has shipped.
    ShipmentNoticed {
        /// What.
        notice: Box<ShipNotice>,
    } = "shipment_noticed",
    /// The carrier says something new of a parcel.
    ShipmentTracked {
        /// The carrier's number.
        tracking: Text,
        /// What it says.
        reading: Tracked,
    } = "shipment_tracked",
    /// A paper that was read was not taken: nothing of it.
    PaperRefused {
        /// What it was.
        what: Text,
        /// Why, row by row.
        flaws: Vec<Flaw>,
    } = "paper_refused",
    /// Nothing more is wanted of this vendor; what was sent is taken back.
    DealEnded {
        /// Why.
        reason: Text,
    } = "deal_ended",
}

impl DealEvent {
    /// What happened, in one line.
    pub fn sentence(&self) -> String {
        match self {
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
        }
    }
}
