//! UPS, as its OpenAPI files have it.

use hyper::StatusCode;
use rackhand_core::purchase::paper::Transit;
use rackhand_core::time::Timestamp;
use serde_json::{Value, json};

use super::{Desk, Journey, TOKEN_LIFE};
use crate::host::{Host, Reply, Request};

/// `LabClient:Lab Secret+3&=%`, as RFC 7617 has it.
const BASIC: &str = "Basic TGFiQ2xpZW50OkxhYiBTZWNyZXQrMyY9JQ==";

/// UPS.
#[derive(Default)]
pub struct Ups {
    /// Its parcels, and what it was asked.
    pub desk: Desk,
}

fn refusal(status: StatusCode, code: &str, message: &str) -> Reply {
    Reply::json(status, &json!({"response": {"errors": [{"code": code, "message": message}]}}))
}

/// Date and time of day, with nothing between the digits.
fn compact(at: Timestamp) -> (String, String) {
    let digits: String = at.to_string().chars().filter(char::is_ascii_digit).collect();
    let (date, time) = digits.split_at(8);
    (date.to_owned(), time.to_owned())
}

fn package(number: &str, of: usize, stops: &Journey) -> Value {
    let kind = |status: Transit| match status {
        Transit::Announced => "M",
        Transit::Moving => "I",
        Transit::Delivered => "D",
        Transit::Trouble => "X",
        Transit::Unknown => "NA",
    };
    let activities: Vec<Value> = stops
        .iter()
        .map(|stop| {
            let ((date, time), (city, country)) = (compact(stop.at), stop.place);
            json!({
                "date": date, "time": time, "gmtDate": date, "gmtTime": time, "gmtOffset": "+00:00",
                "location": {"address": {"city": city, "countryCode": country, "country": country}, "slic": "1234"},
                "status": {
                    "type": kind(stop.status), "code": "XX", "statusCode": "003", "description": stop.what,
                    "simplifiedTextDescription": stop.what,
                },
            })
        })
        .collect();
    let latest = &stops[0];
    let dates = match (latest.status, latest.eta) {
        (Transit::Delivered, _) => json!([{"type": "DEL", "date": compact(latest.at).0}]),
        (_, Some(eta)) => json!([{"type": "SDD", "date": compact(eta).0}]),
        (_, None) => json!([]),
    };
    let time = latest.eta.map_or(Value::Null, |eta| json!({"type": "CMT", "endTime": compact(eta).1}));
    let to = json!({"city": "Frankfurt", "countryCode": "DE", "country": "DE"});
    json!({
        "trackingNumber": number, "packageCount": of, "activity": activities, "deliveryDate": dates,
        "deliveryTime": time, "packageAddress": [{"type": "DESTINATION", "name": "Rackhand", "address": to}],
        "currentStatus": {"code": "003", "description": latest.what, "type": kind(latest.status)},
    })
}

impl Host for Ups {
    fn answer(&self, request: &Request, now: Timestamp) -> Reply {
        if request.path == "/security/v1/oauth/token" {
            if request.header("authorization") != Some(BASIC) || &request.body[..] != b"grant_type=client_credentials" {
                return refusal(StatusCode::UNAUTHORIZED, "10401", "ClientId is Invalid");
            }
            let body = json!({
                "token_type": "Bearer", "issued_at": "1795000000000", "client_id": super::CLIENT,
                "access_token": self.desk.issue(now), "expires_in": TOKEN_LIFE.to_string(), "status": "approved",
            });
            return Reply::json(StatusCode::OK, &body);
        }
        let Some(number) = request.path.strip_prefix("/api/track/v1/details/") else {
            return Reply::status(StatusCode::NOT_FOUND);
        };
        if !self.desk.admits(request, now) {
            return refusal(StatusCode::UNAUTHORIZED, "250002", "Invalid Authentication Information.");
        }
        if ["transid", "transactionsrc"].iter().any(|h| request.header(h).is_none_or(|v| v.is_empty() || v.len() > 32))
        {
            return refusal(StatusCode::BAD_REQUEST, "VR0001", "Missing transId or transactionSrc");
        }
        if let Some(reply) = self.desk.asked(number, now) {
            return reply;
        }
        let parcels = self.desk.stops(number, now);
        if parcels.is_empty() {
            return refusal(StatusCode::NOT_FOUND, "TW0001", "Tracking Information Not Found");
        }
        let packages: Vec<Value> = parcels.iter().map(|stops| package(number, parcels.len(), stops)).collect();
        let shipment = json!({"inquiryNumber": number, "package": packages});
        Reply::json(StatusCode::OK, &json!({"trackResponse": {"shipment": [shipment]}}))
    }
}
