//! The papers that go between us and a vendor, in neutral form: what we ask, what is offered, what we order, what is
//! confirmed, what is shipped. Every vendor's format is read into these at the door and nowhere else.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::mac::Mac;
use crate::purchase::money::{Currency, Money};
use crate::text::Text;
use crate::time::Timestamp;

/// Lines of one paper at most.
pub const MAX_LINES: usize = 1_000;
/// Servers in one ship notice at most.
pub const MAX_ITEMS: usize = 10_000;

/// Where goods go: a datacenter with its postal address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Destination {
    /// The site's slug.
    pub site: Text,
    /// The address, a line each.
    pub address: Vec<Text>,
    /// Its country by ISO 3166-1's two letters.
    pub country: Text,
}

/// What we ask one vendor for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuoteRequest {
    /// Our number for it, such as `RFQ-7-hpe`. The vendor's list is searched by it before it is sent.
    pub number: Text,
    /// By when we want an answer.
    pub answer_by: Timestamp,
    /// The currency we would like.
    pub currency: Currency,
    /// Where the servers are to go.
    pub to: Destination,
    /// What is asked for.
    pub lines: Vec<RequestLine>,
}

/// One line of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestLine {
    /// Its number in our order, from 1.
    pub line: u16,
    /// How many servers.
    pub quantity: u32,
    /// What each shall be, in the business's words.
    pub spec: Text,
}

/// What a vendor offers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// The vendor's number for it.
    pub number: Text,
    /// Our request's number, where the paper names it.
    pub request: Option<Text>,
    /// The currency of its prices.
    pub currency: Currency,
    /// Until when it holds; `None` where the paper does not say.
    pub valid_until: Option<Timestamp>,
    /// What is offered.
    pub lines: Vec<QuoteLine>,
    /// Freight, in minor units, where it is told.
    pub freight: Option<u64>,
    /// The total as the paper states it, in minor units.
    pub total: Option<u64>,
    /// What else it says.
    pub note: Option<Text>,
}

/// One line of a quote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuoteLine {
    /// The line of our order that it answers; `None` where the paper does not say.
    pub line: Option<u16>,
    /// The vendor's part number.
    pub part: Text,
    /// The vendor's words for it.
    pub description: Text,
    /// What each server is, in the words of specifications; `None` where the paper does not say.
    pub spec: Option<Text>,
    /// How many.
    pub quantity: u32,
    /// For each, in minor units; `None` where it is missing, which is never zero.
    pub unit_price: Option<u64>,
    /// Days from the order to the delivery.
    pub lead_days: Option<u16>,
    /// Months of warranty.
    pub warranty_months: Option<u16>,
    /// What each draws on the average, in watts.
    pub watts: Option<u32>,
}

impl Quote {
    /// What it costs as far as every price is there: lines and freight, in minor units. `None` where a price is missing
    /// or the sum is beyond any order.
    pub fn sum(&self) -> Option<u64> {
        let each = |l: &QuoteLine| l.unit_price?.checked_mul(u64::from(l.quantity));
        let lines = self.lines.iter().try_fold(0_u64, |sum, l| sum.checked_add(each(l)?))?;
        lines.checked_add(self.freight.unwrap_or(0)).filter(|s| *s <= crate::purchase::money::MAX_MINOR)
    }

    /// What is to be paid: the stated total where it is what the lines add up to, or where nothing is stated. A paper
    /// whose total is another than its lines' has none.
    pub fn payable(&self) -> Option<Money> {
        let sum = self.sum()?;
        (self.total.is_none() || self.total == Some(sum)).then_some(Money::new(sum, self.currency))
    }

    /// The longest lead time of its lines; `None` where one is missing.
    pub fn lead_days(&self) -> Option<u16> {
        self.lines.iter().map(|l| l.lead_days).collect::<Option<Vec<_>>>()?.into_iter().max()
    }
}

/// What we order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PurchaseOrder {
    /// Our number, in sequence, such as `PO-000012`. The vendor's list is searched by it before it is sent.
    pub number: Text,
    /// The vendor's quote that it accepts.
    pub quote: Text,
    /// When it was approved.
    pub at: Timestamp,
    /// Where the servers are to go.
    pub to: Destination,
    /// Who pays, a line each.
    pub bill_to: Vec<Text>,
    /// The currency of its prices.
    pub currency: Currency,
    /// What is ordered: the quote's lines with their prices.
    pub lines: Vec<PurchaseLine>,
    /// Freight, in minor units.
    pub freight: Option<u64>,
    /// In all, in minor units.
    pub total: u64,
    /// Who approved it.
    pub approved_by: Vec<Text>,
}

/// One line of a purchase order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PurchaseLine {
    /// Its number, from 1.
    pub line: u16,
    /// The vendor's part number.
    pub part: Text,
    /// The vendor's words for it.
    pub description: Text,
    /// How many.
    pub quantity: u32,
    /// For each, in minor units.
    pub unit_price: u64,
}

/// What a vendor says to a purchase order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// The vendor's order number.
    pub number: Text,
    /// Our purchase order's number.
    pub purchase: Text,
    /// What it says.
    pub verdict: Accepts,
    /// The lines as the vendor has them; empty where it only says yes or no.
    pub lines: Vec<ConfirmedLine>,
    /// The currency of the prices, where there are some.
    pub currency: Option<Currency>,
    /// In all, in minor units, where it is told.
    pub total: Option<u64>,
    /// When it promises to deliver.
    pub promised: Option<Timestamp>,
    /// What else it says; the reason of a no.
    pub note: Option<Text>,
}

/// Whether a vendor takes an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Accepts {
    /// As it was sent.
    Yes,
    /// With changes.
    Changed,
    /// Not.
    No,
    /// It was cancelled at our wish.
    Cancelled,
}

/// One line as the vendor confirms it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmedLine {
    /// The line of our purchase order, where it is told.
    pub line: Option<u16>,
    /// The part number.
    pub part: Text,
    /// How many.
    pub quantity: u32,
    /// For each, in minor units, where it is told.
    pub unit_price: Option<u64>,
}

/// Who carries goods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Carrier {
    /// UPS.
    Ups,
    /// FedEx.
    Fedex,
    /// DHL.
    Dhl,
}

impl Carrier {
    /// The carrier that a vendor's code or name means: `UPSN`, `UPS`, `FDEN`, `FedEx`, `DHLC`, `DHL` (SCAC codes, National
    /// Motor Freight Traffic Association, and the plain names).
    pub fn of(code: &str) -> Option<Self> {
        let code = code.trim().to_ascii_uppercase();
        [("UPS", Self::Ups), ("FDE", Self::Fedex), ("FEDEX", Self::Fedex), ("FXF", Self::Fedex), ("DHL", Self::Dhl)]
            .into_iter()
            .find_map(|(start, carrier)| code.starts_with(start).then_some(carrier))
    }
}

impl fmt::Display for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ups => "UPS",
            Self::Fedex => "FedEx",
            Self::Dhl => "DHL",
        })
    }
}

/// What a vendor says it has shipped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShipNotice {
    /// The vendor's number of the shipment.
    pub number: Text,
    /// Our purchase order's number.
    pub purchase: Text,
    /// Who carries it, where we know that carrier.
    pub carrier: Option<Carrier>,
    /// The carrier's numbers.
    pub tracking: Vec<Text>,
    /// When it left.
    pub shipped: Option<Timestamp>,
    /// When it is to arrive.
    pub eta: Option<Timestamp>,
    /// What is in it, a server each as far as they are told apart.
    pub items: Vec<ShippedItem>,
}

/// One server of a shipment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShippedItem {
    /// The line of our purchase order, where it is told.
    pub line: Option<u16>,
    /// The part number, where it is told.
    pub part: Option<Text>,
    /// The model, where it is told.
    pub model: Option<Text>,
    /// The serial or service tag, upper case.
    pub serial: Text,
    /// Its BMC's MAC, where the paper has it.
    pub bmc_mac: Option<Mac>,
}

/// A vendor's paper, whatever format it came in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Paper {
    /// An offer.
    Quote(Quote),
    /// A word on our order.
    Confirmation(Confirmation),
    /// A shipment.
    ShipNotice(ShipNotice),
}

impl Quote {
    /// What it is called in a sentence.
    pub fn name(&self) -> Text {
        format!("quote {}", self.number).into()
    }
}

impl Confirmation {
    /// What it is called in a sentence.
    pub fn name(&self) -> Text {
        format!("confirmation {}", self.number).into()
    }
}

impl ShipNotice {
    /// What it is called in a sentence.
    pub fn name(&self) -> Text {
        format!("ship notice {}", self.number).into()
    }
}

impl Paper {
    /// What it is called in a sentence.
    pub fn name(&self) -> Text {
        match self {
            Self::Quote(quote) => quote.name(),
            Self::Confirmation(confirmation) => confirmation.name(),
            Self::ShipNotice(notice) => notice.name(),
        }
    }
}

/// Why a paper, or a row of one, is not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flaw {
    /// Where: a row or segment, from 1; `None` is the paper as a whole.
    pub row: Option<u32>,
    /// Which field, as the format calls it (`unit_price`, `IT1 04`, `ItemOut/@quantity`).
    pub field: Text,
    /// What is wrong and what to do.
    pub why: Text,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.row {
            Some(row) => write!(f, "row {row}, {}: {}", self.field, self.why),
            None => write!(f, "{}: {}", self.field, self.why),
        }
    }
}

/// A carrier's word on one parcel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tracked {
    /// How it stands.
    pub status: Transit,
    /// When it is to arrive, where the carrier says.
    pub eta: Option<Timestamp>,
    /// When it arrived.
    pub delivered: Option<Timestamp>,
    /// The carrier's last word, such as `Departed, MEMPHIS US`.
    pub last: Text,
}

/// Where a parcel is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transit {
    /// The carrier knows of it and does not have it.
    Announced,
    /// On its way.
    Moving,
    /// Delivered, the carrier says. Only a scan at the dock is a receipt.
    Delivered,
    /// Something went wrong: refused, lost, returned, held.
    Trouble,
    /// The carrier does not know, or says something we do not.
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::Carrier;

    #[test]
    fn a_carrier_is_known_by_its_name_and_by_its_code_however_they_are_written() {
        for (written, carrier) in [
            ("UPSN", Some(Carrier::Ups)),
            (" ups ", Some(Carrier::Ups)),
            ("FDEN", Some(Carrier::Fedex)),
            ("FedEx Freight", Some(Carrier::Fedex)),
            ("FXFE", Some(Carrier::Fedex)),
            ("DHLC", Some(Carrier::Dhl)),
            ("Spedition Huber", None),
            ("", None),
        ] {
            assert_eq!(Carrier::of(written), carrier, "{written}");
        }
    }
}
