//! FedEx's Track API v1.

use hyper::StatusCode;
use rackhand_core::purchase::paper::Transit;
use rackhand_core::time::Timestamp;
use serde_json::{Value, json};

use super::{Desk, Journey, TOKEN_LIFE};
use crate::host::{Host, Reply, Request};

/// The lab's name and secret in a form.
const FORM: &str = "grant_type=client_credentials&client_id=LabClient&client_secret=Lab%20Secret%2B3%26%3D%25";

/// Numbers it takes at once.
const MOST: usize = 30;

/// FedEx.
#[derive(Default)]
pub struct Fedex {
    /// Its parcels, and what it was asked.
    pub desk: Desk,
}

fn refusal(status: StatusCode, code: &str, message: &str) -> Reply {
    Reply::json(status, &json!({"transactionId": "lab", "errors": [{"code": code, "message": message}]}))
}

fn package(of: usize, stops: &Journey) -> Value {
    let code = |status: Transit| match status {
        Transit::Announced => "OC",
        Transit::Moving => "IT",
        Transit::Delivered => "DL",
        Transit::Trouble => "DE",
        Transit::Unknown => "ZZ",
    };
    let scans: Vec<Value> = stops
        .iter()
        .map(|stop| {
            let (city, country) = stop.place;
            json!({
                "date": stop.at.to_string(), "eventType": code(stop.status), "eventDescription": stop.what,
                "scanLocation": {"city": city, "countryCode": country},
            })
        })
        .collect();
    let latest = &stops[0];
    let mut times = Vec::new();
    if let Some(eta) = latest.eta {
        times.push(json!({"type": "ESTIMATED_DELIVERY", "dateTime": eta.to_string()}));
    }
    if latest.status == Transit::Delivered {
        times.push(json!({"type": "ACTUAL_DELIVERY", "dateTime": latest.at.to_string()}));
    }
    let code = code(latest.status);
    json!({
        "latestStatusDetail": {
            "code": code, "derivedCode": code, "statusByLocale": latest.what, "description": latest.what,
        },
        "dateAndTimes": times, "scanEvents": scans, "packageDetails": {"count": of.to_string()},
    })
}

impl Fedex {
    fn told(&self, number: &str, now: Timestamp) -> Value {
        let parcels = self.desk.stops(number, now);
        let mut results: Vec<Value> = parcels.iter().map(|stops| package(parcels.len(), stops)).collect();
        if results.is_empty() {
            let code = "TRACKING.TRACKINGNUMBER.NOTFOUND";
            results.push(json!({"error": {"code": code, "message": "Tracking number cannot be found."}}));
        }
        json!({"trackingNumber": number, "trackResults": results})
    }
}

impl Host for Fedex {
    fn answer(&self, request: &Request, now: Timestamp) -> Reply {
        if request.path == "/oauth/token" {
            let form = request.header("content-type") == Some("application/x-www-form-urlencoded");
            if !form || &request.body[..] != FORM.as_bytes() {
                return refusal(StatusCode::UNAUTHORIZED, "NOT.AUTHORIZED.ERROR", "The given client is not valid.");
            }
            let token = self.desk.issue(now);
            let body = json!({"access_token": token, "token_type": "bearer", "expires_in": TOKEN_LIFE, "scope": "CXS"});
            return Reply::json(StatusCode::OK, &body);
        }
        if request.path != "/track/v1/trackingnumbers" {
            return refusal(StatusCode::NOT_FOUND, "NOT.FOUND.ERROR", "The resource is not there.");
        }
        if !self.desk.admits(request, now) {
            return refusal(StatusCode::UNAUTHORIZED, "NOT.AUTHORIZED.ERROR", "Access token expired.");
        }
        let asked = request.json();
        let infos = asked["trackingInfo"].as_array().map_or(&[][..], Vec::as_slice);
        let number = |info: &Value| info["trackingNumberInfo"]["trackingNumber"].as_str().map(str::to_owned);
        let numbers: Vec<String> = infos.iter().filter_map(number).collect();
        if numbers.is_empty() || numbers.len() > MOST {
            return refusal(StatusCode::BAD_REQUEST, "TRACKING.TRACKINGNUMBER.EMPTY", "Give 1 to 30 numbers.");
        }
        if let Some(reply) = self.desk.asked(&numbers.join(","), now) {
            return reply;
        }
        // In another order than asked for: who reads by place goes wrong.
        let results: Vec<Value> = numbers.iter().rev().map(|n| self.told(n, now)).collect();
        let body = json!({"transactionId": "lab", "output": {"completeTrackResults": results}});
        Reply::json(StatusCode::OK, &body)
    }
}
