//! UPS: OAuth and Tracking, as its OpenAPI files have them (github.com/UPS-API). One number a question.

use hyper::StatusCode;
use hyper::header::{ACCEPT, HeaderName, HeaderValue};
use rackhand_core::fault::{Fault, Kind};
use rackhand_core::purchase::paper::{Carrier, Tracked, Transit};
use rackhand_core::shipment::transit::together;
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;
use serde_json::Value;

use super::{Account, Answers, Carriers, list, sentence, unrecorded, when};
use crate::http::Call;

impl Carriers {
    pub(super) async fn ask_ups(&self, account: &Account, numbers: &[String]) -> Result<Answers, Fault> {
        self.awake(Carrier::Ups)?;
        let mut answers = Answers::new();
        for number in numbers {
            // The number has letters and digits only.
            let path = format!("{}/api/track/v1/details/{number}", account.base);
            let question = HeaderValue::from_str(&self.question());
            let mut call = Call::get(&path).header(ACCEPT, HeaderValue::from_static("application/json"));
            call = call.header(HeaderName::from_static("transactionsrc"), HeaderValue::from_static("rackhand"));
            if let Ok(question) = question {
                call = call.header(HeaderName::from_static("transid"), question);
            }
            let answer = self.authorised(Carrier::Ups, account, call).await?;
            let missing = answer.status == StatusCode::NOT_FOUND && has_errors(&answer.json_within(&super::LIMITS));
            let told = match self.accepted(Carrier::Ups, &answer) {
                Ok(json) => read(&json).map_err(|what| self.fault(Kind::Malformed, format!("UPS: {number}: {what}"))),
                Err(_) if missing => Ok(unrecorded(Carrier::Ups)),
                Err(fault) if answer.status == StatusCode::BAD_REQUEST => Err(fault),
                Err(fault) => return Err(fault),
            };
            answers.insert(number.clone(), told);
        }
        Ok(answers)
    }
}

/// Whether it is the tracking service that answers, and not only some server.
fn has_errors(answer: &Result<Value, Text>) -> bool {
    answer.as_ref().is_ok_and(|json| json["response"]["errors"].is_array())
}

/// All packages under one number, as one.
fn read(answer: &Value) -> Result<Tracked, String> {
    let shipments = &answer["trackResponse"]["shipment"];
    if !shipments.is_array() {
        return Err("trackResponse.shipment: not a list".to_owned());
    }
    let mut packages = Vec::new();
    for shipment in list(shipments, "shipment")? {
        for package in list(&shipment["package"], "package")? {
            packages.push(read_package(package)?);
        }
    }
    // What is not found may come as 200 with a warning and no package.
    Ok(together(&packages).unwrap_or_else(|| unrecorded(Carrier::Ups)))
}

fn read_package(package: &Value) -> Result<Tracked, String> {
    // The most recent activity is first.
    let activities = list(&package["activity"], "activity")?;
    let latest = activities.first().unwrap_or(&Value::Null);
    let kind = package["currentStatus"]["type"].as_str().or_else(|| latest["status"]["type"].as_str());
    let status = match kind.map_or(Transit::Unknown, transit) {
        // Back with the sender is delivered, too, and not to us.
        Transit::Delivered if activities.iter().any(|a| a["status"]["type"] == "RS") => Transit::Trouble,
        other => other,
    };
    let words = [&latest["status"]["description"], &package["currentStatus"]["description"]];
    let address = &latest["location"]["address"];
    let country = address["countryCode"].as_str().or_else(|| address["country"].as_str());
    Ok(Tracked {
        status,
        eta: eta(package, activities)?,
        delivered: if status == Transit::Delivered { delivered(package, activities)? } else { None },
        last: sentence(words.into_iter().find_map(Value::as_str), address["city"].as_str(), country),
    })
}

/// By the activity's type (UPS developer portal, Tracking, appendix).
fn transit(kind: &str) -> Transit {
    match kind {
        // Billing information received.
        "M" => Transit::Announced,
        // Pickup, in transit, out for delivery, warehousing, at the freight station of origin and of destination.
        "P" | "I" | "O" | "W" | "DO" | "DD" => Transit::Moving,
        "D" => Transit::Delivered,
        // Exception, returned to the shipper, billing information voided.
        "X" | "RS" | "MV" => Transit::Trouble,
        _ => Transit::Unknown,
    }
}

/// The date of this type.
fn date<'a>(package: &'a Value, kind: &str) -> Result<Option<&'a str>, String> {
    let dates = list(&package["deliveryDate"], "deliveryDate")?;
    Ok(dates.iter().find(|d| d["type"] == kind).and_then(|d| d["date"].as_str()))
}

/// The rescheduled date before the scheduled one, and the end of the window. Its time is the destination's, whose offset
/// is known once a scan was made in that town.
fn eta(package: &Value, activities: &[Value]) -> Result<Option<Timestamp>, String> {
    let Some(day) = date(package, "RDD")?.or(date(package, "SDD")?) else { return Ok(None) };
    let time = &package["deliveryTime"];
    let windows = ["EDW", "CDW", "IDW", "CMT"];
    let time = time["endTime"].as_str().filter(|_| time["type"].as_str().is_some_and(|t| windows.contains(&t)));
    Ok(when::compact(day, time, offset(package, activities)?))
}

fn offset<'a>(package: &Value, activities: &'a [Value]) -> Result<Option<&'a str>, String> {
    let addresses = list(&package["packageAddress"], "packageAddress")?;
    let town = |address: &Value| {
        let word = |key: &str| address[key].as_str().filter(|t| !t.is_empty()).map(str::to_uppercase);
        Some((word("city")?, word("countryCode").or_else(|| word("country"))?))
    };
    let to = addresses.iter().find(|a| a["type"] == "DESTINATION").and_then(|a| town(&a["address"]));
    let there = activities.iter().find(|a| to.is_some() && town(&a["location"]["address"]) == to);
    Ok(there.and_then(|a| a["gmtOffset"].as_str()))
}

/// The scan's own instant; otherwise the day of delivery.
fn delivered(package: &Value, activities: &[Value]) -> Result<Option<Timestamp>, String> {
    let scan = activities.iter().find(|a| a["status"]["type"] == "D");
    let exact = scan.and_then(|a| when::compact(a["gmtDate"].as_str()?, a["gmtTime"].as_str(), Some("Z")));
    let day = || scan.and_then(|a| a["date"].as_str());
    Ok(exact.or(date(package, "DEL")?.or_else(day).and_then(|day| when::compact(day, None, None))))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    fn activity(kind: &str, what: &str, city: &str) -> Value {
        json!({
            "date": "20261120", "time": "093000", "gmtDate": "20261120", "gmtTime": "83000", "gmtOffset": "+01:00",
            "location": {"address": {"city": city, "countryCode": "DE"}, "slic": "1234"},
            "status": {"type": kind, "code": "XX", "statusCode": "003", "description": what},
        })
    }

    fn answer(packages: &[Value]) -> Value {
        json!({"trackResponse": {"shipment": [{"inquiryNumber": "1Z", "package": packages}]}})
    }

    fn told(packages: &[Value]) -> String {
        let t = read(&answer(packages)).unwrap();
        let time = |t: Option<Timestamp>| t.map_or("-".to_owned(), |t| t.to_string());
        format!("{:?} {} {} {}", t.status, time(t.eta), time(t.delivered), t.last)
    }

    #[test]
    fn each_type_is_mapped_and_one_that_is_not_known_is_never_delivered() {
        for (kind, expected) in [
            ("M", Transit::Announced),
            ("P", Transit::Moving),
            ("I", Transit::Moving),
            ("O", Transit::Moving),
            ("D", Transit::Delivered),
            ("X", Transit::Trouble),
            ("RS", Transit::Trouble),
            ("MV", Transit::Trouble),
            ("NA", Transit::Unknown),
            ("d", Transit::Unknown),
            ("", Transit::Unknown),
            ("DELIVERED", Transit::Unknown),
        ] {
            let package = json!({"activity": [activity(kind, "Delivered", "KÖLN")]});
            assert_eq!(read(&answer(&[package])).unwrap().status, expected, "{kind}");
            let package = json!({"currentStatus": {"type": kind}, "activity": [activity("D", "x", "y")]});
            let expected = if kind == "D" { Transit::Delivered } else { expected };
            assert_eq!(read(&answer(&[package])).unwrap().status, expected, "current {kind}");
        }
    }

    #[test]
    fn answers_are_read_with_their_times_and_places() {
        let activities = json!([activity("I", "Arrived", "LEIPZIG"), activity("M", "Label", "BÖBLINGEN")]);
        let dated = |dates: Value, time: Value| {
            json!({"activity": activities, "deliveryDate": dates, "deliveryTime": time,
                "packageAddress": [{"type": "DESTINATION", "address": {"city": "Leipzig", "countryCode": "DE"}}]})
        };
        let day = |kind: &str, date: &str| json!({"type": kind, "date": date});
        for (package, expected) in [
            (json!({"activity": activities}), "Moving - - Arrived, LEIPZIG DE"),
            (
                dated(json!([day("SDD", "20261123")]), json!({"type": "EOD", "endTime": ""})),
                "Moving 2026-11-23T12:00:00Z - Arrived, LEIPZIG DE",
            ),
            (
                dated(json!([day("SDD", "20261123"), day("RDD", "20261125")]), json!(null)),
                "Moving 2026-11-25T12:00:00Z - Arrived, LEIPZIG DE",
            ),
            // A scan in the town it goes to has that town's offset.
            (
                dated(
                    json!([day("SDD", "20261123")]),
                    json!({"type": "EDW", "startTime": "80000", "endTime": "120000"}),
                ),
                "Moving 2026-11-23T11:00:00Z - Arrived, LEIPZIG DE",
            ),
            (
                json!({"activity": [activity("D", "DELIVERED", "FRANKFURT")], "deliveryDate": [day("DEL", "20261120")]}),
                "Delivered - 2026-11-20T08:30:00Z DELIVERED, FRANKFURT DE",
            ),
            (
                json!({"currentStatus": {"type": "D", "description": "Delivered"}, "deliveryDate": [day("DEL", "20261120")]}),
                "Delivered - 2026-11-20T12:00:00Z Delivered",
            ),
            (
                json!({"activity": [activity("D", "DELIVERED", "BÖBLINGEN"), activity("RS", "Returned", "X")]}),
                "Trouble - - DELIVERED, BÖBLINGEN DE",
            ),
            (json!({}), "Unknown - - no word"),
        ] {
            assert_eq!(told(&[package]), expected);
        }
    }

    #[test]
    fn several_packages_are_as_far_as_the_last_of_them() {
        let of = |kind: &str| json!({"activity": [activity(kind, kind, "ULM")]});
        assert!(told(&[of("D"), of("I"), of("D")]).starts_with("Moving"));
        assert!(told(&[of("D"), of("D")]).starts_with("Delivered"));
        assert!(told(&[of("D"), json!({})]).starts_with("Unknown"));
        let warned =
            json!({"trackResponse": {"shipment": [{"warnings": [{"code": "TW0001", "message": "not found"}]}]}});
        assert_eq!(read(&warned).unwrap(), unrecorded(Carrier::Ups));
    }

    #[test]
    fn another_shape_is_no_answer() {
        for bad in [
            json!({}),
            json!([]),
            json!({"trackResponse": {"shipment": {}}}),
            json!({"trackResponse": {"shipment": [{"package": "p"}]}}),
            answer(&[json!({"activity": {}})]),
            answer(&[json!({"activity": [], "deliveryDate": 20_261_122})]),
        ] {
            assert!(read(&bad).is_err(), "{bad}");
        }
    }
}
