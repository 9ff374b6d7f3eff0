//! ShipNoticeRequest: what a vendor has shipped. A paper for each order in the shipment.
//!
//! Serials stand in `AssetInfo/@serialNumber`, one for each server. The BMC's MAC has no place in the standard: it is taken
//! from an Extrinsic named `MAC`, `BMC MAC`, `iLO MAC` or `iDRAC MAC`, in the AssetInfo or in the item. In the item the
//! n-th belongs to the n-th AssetInfo, and there must be as many.

use rackhand_core::purchase::paper::{Carrier, ShipNotice, ShippedItem};
use rackhand_core::text::Text;

use super::node::Element;
use crate::supplier::format::door::{Door, Tracking, at, names_bmc_mac, words};

pub(super) fn read(door: &mut Door, body: Element<'_>) -> Vec<ShipNotice> {
    let Some(header) = body.path("ShipNoticeHeader") else {
        door.flaw(at(None, "ShipNoticeHeader"), "it is missing");
        return Vec::new();
    };
    if header.attribute("operation") == Some("delete") {
        door.flaw(at(None, "ShipNoticeHeader/@operation"), "it takes back an earlier ship notice; ask the vendor");
    }
    let mut shipment = ShipNotice {
        number: door.number(at(None, "ShipNoticeHeader/@shipmentID"), header.attribute("shipmentID")),
        purchase: "".into(),
        carrier: None,
        tracking: Vec::new(),
        shipped: door.moment(at(None, "ShipNoticeHeader/@shipmentDate"), header.attribute("shipmentDate")),
        eta: door.moment(at(None, "ShipNoticeHeader/@deliveryDate"), header.attribute("deliveryDate")),
        items: Vec::new(),
    };
    let mut tracking = Tracking::default();
    for control in body.all("ShipControl") {
        // There may be several, by name and by code; the first that we know counts.
        let carrier = control.all("CarrierIdentifier").find_map(|c| Carrier::of(&c.text()));
        shipment.carrier = shipment.carrier.or(carrier);
        for number in control.all("ShipmentIdentifier") {
            tracking.take(door, at(None, "ShipControl/ShipmentIdentifier"), Some(&number.text()));
        }
    }
    shipment.tracking = tracking.numbers;
    let mut papers: Vec<ShipNotice> = Vec::new();
    let mut rows = 0;
    for portion in body.all("ShipNoticePortion") {
        if !door.room(papers.len()) {
            break;
        }
        let order = portion.path("OrderReference");
        let order = order.and_then(|o| o.attribute("orderID")).or_else(|| {
            portion.path("OrderReference/OrderIDInfo").or_else(|| portion.path("OrderIDInfo"))?.attribute("orderID")
        });
        let purchase = door.number(at(None, "OrderReference/@orderID"), order);
        let mut paper = ShipNotice { purchase, ..shipment.clone() };
        for item in portion.all("ShipNoticeItem") {
            if !door.room(rows) {
                break;
            }
            rows += 1;
            read_item(door, item, u32::try_from(rows).ok(), &mut paper.items);
        }
        match papers.iter_mut().find(|p| p.purchase == paper.purchase) {
            Some(same) => same.items.append(&mut paper.items),
            None => papers.push(paper),
        }
    }
    if papers.is_empty() {
        door.flaw(at(None, "ShipNoticePortion"), "there is none, so no order is named");
    }
    papers
}

fn read_item(door: &mut Door, item: Element<'_>, row: Option<u32>, items: &mut Vec<ShippedItem>) {
    let line = door.line(at(row, "@lineNumber"), item.attribute("lineNumber"));
    let quantity = door.quantity(at(row, "@quantity"), item.attribute("quantity"));
    let part = item.text_at("ItemID/SupplierPartID");
    let part = door.maybe_number(at(row, "ItemID/SupplierPartID"), part.as_deref());
    let model: Option<Text> = words(item.text_at("ShipNoticeItemDetail/Description").as_deref());
    let assets: Vec<Element<'_>> = item.all("AssetInfo").collect();
    door.counted(at(row, "@quantity"), quantity, assets.len());
    let beside: Vec<String> = macs(item).collect();
    if !beside.is_empty() && beside.len() != assets.len() {
        let why = format!("{} MACs for {} servers; nothing tells which is whose", beside.len(), assets.len());
        door.flaw(at(row, "Extrinsic MAC"), why);
    }
    for (n, asset) in assets.into_iter().enumerate() {
        let own: Vec<String> = macs(asset).collect();
        if own.len() + usize::from(!beside.is_empty()) > 1 {
            door.flaw(at(row, "Extrinsic MAC"), "more than one MAC for one server; nothing tells which is the BMC's");
        }
        let mac = own.first().or(beside.get(n));
        let (serial, bmc_mac) = door.server(
            (at(row, "AssetInfo/@serialNumber"), asset.attribute("serialNumber")),
            (at(row, "Extrinsic MAC"), mac.map(String::as_str)),
        );
        items.push(ShippedItem { line, part: part.clone(), model: model.clone(), serial, bmc_mac });
    }
}

/// The MACs of BMCs that stand directly in an element.
fn macs(of: Element<'_>) -> impl Iterator<Item = String> {
    of.all("Extrinsic").filter(|e| e.attribute("name").is_some_and(names_bmc_mac)).map(Element::text)
}
