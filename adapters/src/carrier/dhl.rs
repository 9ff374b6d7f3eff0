//! DHL: Shipment Tracking, Unified. One number a question, 5 s between two, and a budget for the day.

use hyper::StatusCode;
use hyper::header::{ACCEPT, HeaderName, HeaderValue};
use rackhand_core::fault::{Fault, Kind};
use rackhand_core::purchase::paper::{Carrier, Tracked, Transit};
use rackhand_core::shipment::transit::together;
use serde_json::Value;

use super::{Answers, Carriers, Key, list, sensitive, sentence, unrecorded, when};
use crate::http::Call;

impl Carriers {
    pub(super) async fn ask_dhl(&self, account: &Key, numbers: &[String]) -> Result<Answers, Fault> {
        let mut answers = Answers::new();
        for number in numbers {
            self.awake(Carrier::Dhl)?;
            let at = self.slot(account.daily)?;
            self.client.clock.sleep_until(at).await;
            // The number has letters and digits only.
            let path = format!("{}/track/shipments?trackingNumber={number}", account.base);
            let key = sensitive(account.key.reveal())
                .ok_or_else(|| self.fault(Kind::Rejected, "DHL: the key is no word").advise("renew its key_file"))?;
            let call = Call::get(&path).header(ACCEPT, HeaderValue::from_static("application/json"));
            let call = call.header(HeaderName::from_static("dhl-api-key"), key);
            let answer = self.send(&account.target, call).await?;
            // A problem document (RFC 9457): it is the tracking service that answers, and not only some server.
            let problem = |json: Value| json["title"].is_string() && json["status"] == 404;
            let missing =
                answer.status == StatusCode::NOT_FOUND && answer.json_within(&super::LIMITS).is_ok_and(problem);
            let told = match self.accepted(Carrier::Dhl, &answer) {
                Ok(json) => read(&json).map_err(|what| self.fault(Kind::Malformed, format!("DHL: {number}: {what}"))),
                Err(_) if missing => Ok(unrecorded(Carrier::Dhl)),
                Err(fault) if answer.status == StatusCode::BAD_REQUEST => Err(fault),
                Err(fault) => return Err(fault),
            };
            answers.insert(number.clone(), told);
        }
        Ok(answers)
    }
}

/// All shipments under one number, as one.
fn read(answer: &Value) -> Result<Tracked, String> {
    if !answer["shipments"].is_array() {
        return Err("shipments: not a list".to_owned());
    }
    let shipments = list(&answer["shipments"], "shipments")?;
    let shipments: Vec<Tracked> = shipments.iter().map(read_shipment).collect();
    Ok(together(&shipments).unwrap_or_else(|| unrecorded(Carrier::Dhl)))
}

fn read_shipment(shipment: &Value) -> Tracked {
    let status = &shipment["status"];
    let transit = match status["statusCode"].as_str().map_or(Transit::Unknown, transit) {
        // Back with the sender is delivered, too, and not to us.
        Transit::Delivered if shipment["returnFlag"] == true => Transit::Trouble,
        other => other,
    };
    let eta = shipment["estimatedTimeOfDelivery"].as_str();
    let eta = eta.or_else(|| shipment["estimatedDeliveryTimeFrame"]["estimatedThrough"].as_str());
    let address = &status["location"]["address"];
    let words = [&status["description"], &status["status"]].into_iter().find_map(Value::as_str);
    let delivered = || status["timestamp"].as_str().and_then(when::iso);
    Tracked {
        status: transit,
        eta: eta.and_then(when::iso),
        delivered: if transit == Transit::Delivered { delivered() } else { None },
        last: sentence(words, address["addressLocality"].as_str(), address["countryCode"].as_str()),
    }
}

/// By `statusCode`, which is one of these five.
fn transit(code: &str) -> Transit {
    match code {
        "pre-transit" => Transit::Announced,
        "transit" => Transit::Moving,
        "delivered" => Transit::Delivered,
        "failure" => Transit::Trouble,
        _ => Transit::Unknown,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shipment(code: &str) -> Value {
        json!({
            "id": "1234567890", "service": "express",
            "status": {
                "timestamp": "2026-11-20T10:00:00+01:00", "statusCode": code, "status": "DELIVERED", "description": "Says",
                "location": {"address": {"addressLocality": "LEIPZIG", "countryCode": "DE"}},
            },
            "estimatedTimeOfDelivery": "2026-11-22T15:00:00+01:00",
        })
    }

    fn told(shipments: &[Value]) -> Tracked {
        read(&json!({ "shipments": shipments })).unwrap()
    }

    #[test]
    fn each_code_is_mapped_and_one_that_is_not_known_is_never_delivered() {
        for (code, expected) in [
            ("pre-transit", Transit::Announced),
            ("transit", Transit::Moving),
            ("delivered", Transit::Delivered),
            ("failure", Transit::Trouble),
            ("unknown", Transit::Unknown),
            ("Delivered", Transit::Unknown),
            ("", Transit::Unknown),
        ] {
            assert_eq!(told(&[shipment(code)]).status, expected, "{code}");
        }
        let mut back = shipment("delivered");
        back["returnFlag"] = true.into();
        assert_eq!((told(&[back.clone()]).status, told(&[back]).delivered), (Transit::Trouble, None));
    }

    #[test]
    fn answers_are_read_with_their_times_and_places() {
        let text = |t: Tracked| {
            let time = |t: Option<rackhand_core::time::Timestamp>| t.map_or("-".to_owned(), |t| t.to_string());
            format!("{} {} {}", time(t.eta), time(t.delivered), t.last)
        };
        assert_eq!(text(told(&[shipment("transit")])), "2026-11-22T14:00:00Z - Says, LEIPZIG DE");
        assert_eq!(text(told(&[shipment("delivered")])), "2026-11-22T14:00:00Z 2026-11-20T09:00:00Z Says, LEIPZIG DE");
        let frame = json!({"status": {"statusCode": "transit", "status": "ZU"},
            "estimatedDeliveryTimeFrame": {"estimatedFrom": "2026-11-22T08:00:00Z", "estimatedThrough": "2026-11-22T11:00:00Z"}});
        assert_eq!(text(told(&[frame])), "2026-11-22T11:00:00Z - ZU");
        assert_eq!(text(told(&[json!({})])), "- - no word");
    }

    #[test]
    fn several_shipments_are_as_far_as_the_last_of_them() {
        assert_eq!(told(&[shipment("delivered"), shipment("transit")]).status, Transit::Moving);
        assert_eq!(told(&[]), unrecorded(Carrier::Dhl));
    }

    #[test]
    fn another_shape_is_no_answer() {
        for bad in [json!({}), json!([]), json!({"shipments": {}}), json!(null)] {
            assert!(read(&bad).is_err(), "{bad}");
        }
        assert_eq!(told(&[json!(7)]).status, Transit::Unknown);
    }
}
