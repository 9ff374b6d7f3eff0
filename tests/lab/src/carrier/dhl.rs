//! DHL's Shipment Tracking, Unified.

use hyper::StatusCode;
use rackhand_core::purchase::paper::Transit;
use rackhand_core::time::Timestamp;
use serde_json::{Value, json};

use super::{Desk, Journey, KEY};
use crate::host::{Host, Reply, Request};

/// DHL.
#[derive(Default)]
pub struct Dhl {
    /// Its parcels, and what it was asked.
    pub desk: Desk,
}

fn problem(status: StatusCode, title: &str) -> Reply {
    Reply::json(status, &json!({"status": status.as_u16(), "title": title, "detail": title, "instance": "/lab"}))
}

fn event(stop: &super::Stop) -> Value {
    let code = match stop.status {
        Transit::Announced => "pre-transit",
        Transit::Moving => "transit",
        Transit::Delivered => "delivered",
        Transit::Trouble => "failure",
        Transit::Unknown => "unknown",
    };
    let (city, country) = stop.place;
    json!({
        "timestamp": stop.at.to_string(), "statusCode": code, "status": stop.what, "description": stop.what,
        "location": {"address": {"addressLocality": city, "countryCode": country}},
    })
}

fn shipment(number: &str, of: usize, stops: &Journey) -> Value {
    let mut shipment = json!({
        "id": number, "service": "express", "origin": {"address": {"countryCode": "US"}},
        "destination": {"address": {"countryCode": "DE"}}, "status": event(&stops[0]), "returnFlag": false,
        "details": {"totalNumberOfPieces": of, "pieceIds": [number]},
        "events": stops.iter().map(event).collect::<Vec<_>>(),
    });
    if let Some(eta) = stops[0].eta {
        shipment["estimatedTimeOfDelivery"] = eta.to_string().into();
    }
    shipment
}

impl Host for Dhl {
    fn answer(&self, request: &Request, now: Timestamp) -> Reply {
        if request.header("dhl-api-key") != Some(KEY) {
            return problem(StatusCode::UNAUTHORIZED, "Unauthorized");
        }
        let number = request.query.strip_prefix("trackingNumber=");
        let (Some(number), "/track/shipments") = (number, request.path.as_str()) else {
            return Reply::status(StatusCode::NOT_FOUND);
        };
        if let Some(reply) = self.desk.asked(number, now) {
            return reply;
        }
        let parcels = self.desk.stops(number, now);
        if parcels.is_empty() {
            return problem(StatusCode::NOT_FOUND, "No result found");
        }
        let shipments: Vec<Value> = parcels.iter().map(|stops| shipment(number, parcels.len(), stops)).collect();
        Reply::json(StatusCode::OK, &json!({ "shipments": shipments }))
    }
}
