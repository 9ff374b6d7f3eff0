//! Which column of a vendor's table is which field of ours.

use std::collections::BTreeMap;

use rackhand_core::purchase::money::Currency;
use rackhand_core::text::Text;
use serde::{Deserialize, Serialize};

use super::door::plain;

/// A field of ours that a column can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The vendor's number of a quote.
    Quote,
    /// Our request's number.
    Request,
    /// The vendor's number of an order.
    Order,
    /// The vendor's number of a shipment.
    Shipment,
    /// Our purchase order's number.
    Purchase,
    /// The line of our order.
    Line,
    /// The vendor's part number.
    Part,
    /// The vendor's words.
    Description,
    /// What a server is, in the words of specifications.
    Spec,
    /// How many.
    Quantity,
    /// The price of each.
    UnitPrice,
    /// The currency of the prices.
    Currency,
    /// Days from the order to the delivery.
    LeadDays,
    /// Months of warranty.
    WarrantyMonths,
    /// Watts on the average.
    Watts,
    /// The last day on which a quote holds.
    ValidUntil,
    /// Freight for the whole quote.
    Freight,
    /// The total of the whole paper, not of the row.
    Total,
    /// Whether the order is taken: a word for each row.
    Verdict,
    /// The day of delivery that is promised.
    Promised,
    /// What else is said.
    Note,
    /// Who carries it.
    Carrier,
    /// The carrier's number.
    Tracking,
    /// The day it left.
    Shipped,
    /// The day it is to arrive.
    Eta,
    /// The model.
    Model,
    /// The serial or service tag.
    Serial,
    /// The MAC of the BMC.
    BmcMac,
}

/// How a vendor's table is read: which header is which field, as far as it is not one that is known without.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Columns {
    /// Our field, and the header that this vendor writes over it. Case, spaces and punctuation do not matter. A field
    /// that is named here has no other header.
    pub headers: BTreeMap<Field, Text>,
    /// The currency of a table that has no column for it.
    pub currency: Option<Currency>,
}

impl Columns {
    /// The field that a header stands for.
    pub(super) fn field(&self, header: &str) -> Option<Field> {
        let header = plain(header);
        if header.is_empty() {
            return None;
        }
        if let Some((field, _)) = self.headers.iter().find(|(_, name)| plain(name) == header) {
            return Some(*field);
        }
        let known = KNOWN.iter().find(|(_, names)| names.iter().any(|n| plain(n) == header));
        known.map(|(field, _)| *field).filter(|field| !self.headers.contains_key(field))
    }
}

/// Headers that need no map, the first being ours; case, spaces and punctuation do not matter.
pub(super) const KNOWN: [(Field, &[&str]); 28] = [
    (Field::Quote, &["quote", "quotenumber", "quoteno", "quoteid", "quoteref", "quotation", "quotationnumber"]),
    (Field::Request, &["request", "requestnumber", "rfq", "rfqnumber", "rfqno"]),
    (Field::Order, &["order", "ordernumber", "orderno", "orderid", "salesorder", "salesordernumber", "vendororder"]),
    (Field::Shipment, &["shipment", "shipmentnumber", "shipmentno", "shipmentid", "asn", "deliverynote"]),
    (
        Field::Purchase,
        &[
            "purchase_order",
            "po",
            "ponumber",
            "pono",
            "purchaseordernumber",
            "purchase",
            "customerpo",
            "customerponumber",
            "buyerref",
        ],
    ),
    (Field::Line, &["line", "linenumber", "lineno", "position", "pos"]),
    (Field::Part, &["part", "partnumber", "partno", "sku", "productnumber", "productno"]),
    (Field::Description, &["description", "productdescription", "itemdescription"]),
    (Field::Spec, &["spec", "specification", "configuration"]),
    (Field::Quantity, &["quantity", "qty"]),
    (Field::UnitPrice, &["unit_price", "priceeach", "unitnetprice", "netunitprice"]),
    (Field::Currency, &["currency", "currencycode"]),
    (Field::LeadDays, &["lead_days", "leadtimedays"]),
    (Field::WarrantyMonths, &["warranty_months"]),
    (Field::Watts, &["watts", "averagewatts"]),
    (Field::ValidUntil, &["valid_until", "validto", "expires", "expirydate", "expirationdate", "quoteexpiration"]),
    (Field::Freight, &["freight", "shippingcost", "freightcost"]),
    (Field::Total, &["grand_total", "quotetotal", "ordertotal"]),
    (Field::Verdict, &["verdict", "status", "orderstatus", "linestatus"]),
    (Field::Promised, &["promised", "promiseddate", "promiseddelivery", "deliverydate"]),
    (Field::Note, &["note", "notes", "comment", "comments", "reason"]),
    (Field::Carrier, &["carrier", "carriercode", "scac"]),
    (Field::Tracking, &["tracking", "trackingnumber", "trackingno", "waybill", "airwaybill"]),
    (Field::Shipped, &["shipped", "shippeddate", "shipdate", "shipmentdate"]),
    (Field::Eta, &["eta", "estimatedarrival", "estimateddelivery", "arrival"]),
    (Field::Model, &["model", "productmodel", "systemmodel", "servermodel", "productname"]),
    (Field::Serial, &["serial", "serialnumber", "serialno", "servicetag", "serverserial", "systemserial", "sn"]),
    (
        Field::BmcMac,
        &[
            "bmc_mac",
            "bmcmacaddress",
            "serverbmcmac",
            "ilomac",
            "ilomacaddress",
            "idracmac",
            "idracmacaddress",
            "managementmac",
            "managementmacaddress",
            "mgmtmac",
            "oobmac",
        ],
    ),
];
