//! FedEx: Track API v1, up to 30 numbers a question.

use std::collections::BTreeMap;

use hyper::Method;
use hyper::header::{ACCEPT, HeaderValue};
use rackhand_core::fault::{Fault, Kind};
use rackhand_core::purchase::paper::{Carrier, Tracked, Transit};
use rackhand_core::shipment::transit::together;
use rackhand_core::time::Timestamp;
use serde_json::{Value, json};

use super::{Account, Answers, Carriers, list, sentence, unrecorded, when};
use crate::http::Call;

impl Carriers {
    pub(super) async fn ask_fedex(&self, account: &Account, numbers: &[String]) -> Result<Answers, Fault> {
        self.awake(Carrier::Fedex)?;
        let path = format!("{}/track/v1/trackingnumbers", account.base);
        let asked: Vec<Value> = numbers.iter().map(|n| json!({"trackingNumberInfo": {"trackingNumber": n}})).collect();
        let body = json!({"includeDetailedScans": true, "trackingInfo": asked});
        let call = Call::new(Method::POST, &path).json(&body);
        let call = call.header(ACCEPT, HeaderValue::from_static("application/json"));
        let answer = self.authorised(Carrier::Fedex, account, call).await?;
        let json = self.accepted(Carrier::Fedex, &answer)?;
        let told = read(&json).map_err(|what| self.fault(Kind::Malformed, format!("FedEx: {what}")))?;
        let named = |(number, told): (String, Result<Tracked, (Kind, String)>)| {
            let told = told.map_err(|(kind, what)| {
                let what: String = self.redacted(&what).chars().take(200).collect();
                self.fault(kind, format!("FedEx: {number}: {what}"))
            });
            numbers.contains(&number).then_some((number, told))
        };
        Ok(told.into_iter().filter_map(named).collect())
    }
}

/// What is told of a number; or whether to ask again, and why.
type Told = Result<Tracked, (Kind, String)>;

/// All that is told, by number.
fn read(answer: &Value) -> Result<BTreeMap<String, Told>, String> {
    let results = &answer["output"]["completeTrackResults"];
    if !results.is_array() {
        return Err("output.completeTrackResults: not a list".to_owned());
    }
    let mut told = BTreeMap::new();
    for result in list(results, "completeTrackResults")? {
        let Some(number) = result["trackingNumber"].as_str() else { continue };
        told.insert(number.to_owned(), read_number(result));
    }
    Ok(told)
}

/// All that goes by one number, as one: its packages, and older ones, since FedEx gives numbers again.
fn read_number(result: &Value) -> Told {
    let malformed = |what| (Kind::Malformed, what);
    let results = list(&result["trackResults"], "trackResults").map_err(malformed)?;
    let good: Vec<&Value> = results.iter().filter(|r| r["error"].is_null()).collect();
    if let (Some(first), true) = (results.first(), good.is_empty()) {
        return refused(&first["error"]);
    }
    let packages = good.into_iter().map(read_package).collect::<Result<Vec<_>, _>>().map_err(malformed)?;
    Ok(together(&packages).unwrap_or_else(|| unrecorded(Carrier::Fedex)))
}

fn refused(error: &Value) -> Told {
    let (code, message) = (error["code"].as_str().unwrap_or_default(), error["message"].as_str().unwrap_or_default());
    let what = format!("{code} {message}");
    match code {
        "TRACKING.TRACKINGNUMBER.NOTFOUND" => Ok(unrecorded(Carrier::Fedex)),
        _ if code.starts_with("TRACKING.") => Err((Kind::Rejected, what)),
        _ => Err((Kind::Transient, what)),
    }
}

fn read_package(package: &Value) -> Result<Tracked, String> {
    let status = &package["latestStatusDetail"];
    let code = status["derivedCode"].as_str().or_else(|| status["code"].as_str());
    let times = list(&package["dateAndTimes"], "dateAndTimes")?;
    let time = |kind: &str| -> Option<Timestamp> {
        times.iter().find(|t| t["type"] == kind).and_then(|t| t["dateTime"].as_str()).and_then(when::iso)
    };
    // The most recent scan is first.
    let scan = list(&package["scanEvents"], "scanEvents")?.first().unwrap_or(&Value::Null);
    let place = if status["scanLocation"].is_object() { &status["scanLocation"] } else { &scan["scanLocation"] };
    let words = [&status["description"], &status["statusByLocale"], &scan["eventDescription"]];
    let transit = code.map_or(Transit::Unknown, transit);
    Ok(Tracked {
        status: transit,
        eta: time("ESTIMATED_DELIVERY"),
        delivered: if transit == Transit::Delivered { time("ACTUAL_DELIVERY") } else { None },
        last: sentence(
            words.into_iter().find_map(Value::as_str),
            place["city"].as_str(),
            place["countryCode"].as_str(),
        ),
    })
}

/// By FedEx's status codes (Track Service developer guide, appendix). A delay moves the arrival; it is no trouble yet.
fn transit(code: &str) -> Transit {
    match code {
        // Order created, initiated, pickup delayed.
        "OC" | "IN" | "PD" => Transit::Announced,
        "AA" | "AC" | "AD" | "AF" | "AP" | "AR" | "AX" | "CC" | "CH" | "CP" | "DD" | "DP" | "DY" | "EA" | "ED"
        | "EO" | "EP" | "FD" | "IT" | "IX" | "LO" | "OD" | "OF" | "OX" | "PF" | "PL" | "PM" | "PU" | "SF" | "SP"
        | "TR" => Transit::Moving,
        "DL" => Transit::Delivered,
        // Cancelled, held by customs, delivery exception, held at a location, returned to the shipper, shipment
        // exception.
        "CA" | "CD" | "DE" | "HL" | "HP" | "RS" | "SE" => Transit::Trouble,
        _ => Transit::Unknown,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const NUMBER: &str = "794608123456";

    fn package(code: &str) -> Value {
        json!({
            "latestStatusDetail": {"code": "XX", "derivedCode": code, "statusByLocale": code, "description": "Says"},
            "dateAndTimes": [
                {"type": "ACTUAL_PICKUP", "dateTime": "2026-11-18T17:00:00-06:00"},
                {"type": "ESTIMATED_DELIVERY", "dateTime": "2026-11-22T00:00:00"},
                {"type": "ACTUAL_DELIVERY", "dateTime": "2026-11-21T09:30:00+01:00"},
            ],
            "scanEvents": [
                {"date": "2026-11-20T10:00:00-05:00", "eventType": "DP", "eventDescription": "Departed",
                 "scanLocation": {"city": "MEMPHIS", "countryCode": "US"}},
                {"eventType": "PU", "scanLocation": {"city": "HOUSTON", "countryCode": "US"}},
            ],
        })
    }

    fn answer(results: &[Value]) -> Value {
        json!({"output": {"completeTrackResults": [{"trackingNumber": NUMBER, "trackResults": results}]}})
    }

    fn told(results: &[Value]) -> Told {
        read(&answer(results)).unwrap().remove(NUMBER).unwrap()
    }

    #[test]
    fn each_code_is_mapped_and_one_that_is_not_known_is_never_delivered() {
        for (code, expected) in [
            ("OC", Transit::Announced),
            ("PU", Transit::Moving),
            ("IT", Transit::Moving),
            ("DY", Transit::Moving),
            ("OD", Transit::Moving),
            ("DL", Transit::Delivered),
            ("DE", Transit::Trouble),
            ("SE", Transit::Trouble),
            ("HL", Transit::Trouble),
            ("CA", Transit::Trouble),
            ("RS", Transit::Trouble),
            ("ZZ", Transit::Unknown),
            ("dl", Transit::Unknown),
            ("Delivered", Transit::Unknown),
            ("", Transit::Unknown),
        ] {
            assert_eq!(told(&[package(code)]).unwrap().status, expected, "{code}");
        }
        let only = |code: Value| told(&[json!({"latestStatusDetail": {"code": code}})]).unwrap().status;
        assert_eq!(only("DL".into()), Transit::Delivered, "where there is no derived code");
        assert_eq!(only(7.into()), Transit::Unknown);
    }

    #[test]
    fn answers_are_read_with_their_times_and_places() {
        let moving = told(&[package("DP")]).unwrap();
        assert_eq!(moving.eta.map(|t| t.to_string()).as_deref(), Some("2026-11-22T12:00:00Z"));
        assert_eq!((moving.delivered, moving.last.as_str()), (None, "Says, MEMPHIS US"));
        let delivered = told(&[package("DL")]).unwrap();
        assert_eq!(delivered.delivered.map(|t| t.to_string()).as_deref(), Some("2026-11-21T08:30:00Z"));
        let bare = told(&[json!({})]).unwrap();
        assert_eq!((bare.status, bare.eta, bare.last.as_str()), (Transit::Unknown, None, "no word"));
    }

    #[test]
    fn several_packages_are_as_far_as_the_last_of_them() {
        assert_eq!(told(&[package("DL"), package("OD")]).unwrap().status, Transit::Moving);
        assert_eq!(told(&[package("DL"), package("DL")]).unwrap().status, Transit::Delivered);
        assert_eq!(told(&[]).unwrap(), unrecorded(Carrier::Fedex));
    }

    #[test]
    fn an_error_is_about_the_number_or_about_fedex() {
        let error = |code: &str| json!({"error": {"code": code, "message": "so it is"}});
        let kind = |results: &[Value]| told(results).map(|t| t.status).map_err(|(kind, _)| kind);
        assert_eq!(kind(&[error("TRACKING.TRACKINGNUMBER.NOTFOUND")]), Ok(Transit::Unknown));
        assert_eq!(kind(&[error("TRACKING.TRACKINGNUMBER.INVALID")]), Err(Kind::Rejected));
        assert_eq!(kind(&[error("SYSTEM.UNAVAILABLE.EXCEPTION")]), Err(Kind::Transient));
        assert_eq!(kind(&[error("SYSTEM.UNAVAILABLE.EXCEPTION"), package("IT")]), Ok(Transit::Moving));
    }

    #[test]
    fn another_shape_is_no_answer() {
        for bad in [json!({}), json!([]), json!({"output": {"completeTrackResults": {}}}), json!(7)] {
            assert!(read(&bad).is_err(), "{bad}");
        }
        let odd = json!({"output": {"completeTrackResults": [{"trackingNumber": NUMBER, "trackResults": "all"}, 7]}});
        assert_eq!(read(&odd).unwrap()[NUMBER].as_ref().unwrap_err().0, Kind::Malformed);
        for odd in [json!({"dateAndTimes": {}}), json!({"scanEvents": 1})] {
            assert_eq!(told(&[odd]).unwrap_err().0, Kind::Malformed);
        }
    }
}
