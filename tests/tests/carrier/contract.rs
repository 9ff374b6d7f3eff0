//! What the adapter reads and the lab answers, held against UPS's OpenAPI files and the known shapes of the others.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderValue};

use super::*;

/// The reference data, or none and a loud word about it.
fn reference(what: &str) -> Option<String> {
    let root = std::env::var("RACKHAND_REFERENCE").unwrap_or_else(|_| "../../shared".into());
    let found = PathBuf::from(root).join(what);
    if let Ok(text) = std::fs::read_to_string(&found) {
        return Some(text);
    }
    rackhand_tests::untested::untested(what, &format!("{} is not there", found.display()));
    None
}

/// A property: its type, or the schema it refers to; of its items, where it is a list.
#[derive(Debug, Default)]
struct Property {
    kind: String,
    refers: Option<String>,
}

/// The schemas of an OpenAPI file as UPS writes them: schema, property and what it is, by indentation.
fn schemas(text: &str) -> BTreeMap<String, BTreeMap<String, Property>> {
    let mut out: BTreeMap<String, BTreeMap<String, Property>> = BTreeMap::new();
    let (mut schema, mut property) = (String::new(), String::new());
    for line in text.lines().skip_while(|l| l.trim_end() != "  schemas:").skip(1) {
        let (indent, word) = (line.len() - line.trim_start().len(), line.trim());
        let key = word.strip_suffix(':').filter(|k| !k.contains(' '));
        match (indent, key) {
            (4, Some(key)) => key.clone_into(&mut schema),
            (8, Some(key)) => {
                key.clone_into(&mut property);
                out.entry(schema.clone()).or_default().insert(property.clone(), Property::default());
            }
            (10.., _) => {
                let Some(known) = out.get_mut(&schema).and_then(|s| s.get_mut(&property)) else { continue };
                if let Some(kind) = word.strip_prefix("type: ").filter(|_| indent == 10) {
                    kind.clone_into(&mut known.kind);
                } else if let Some(to) = word.strip_prefix("\"$ref\": \"#/components/schemas/") {
                    known.refers = Some(to.trim_end_matches('"').to_owned());
                }
            }
            _ => {}
        }
    }
    out
}

/// Whether a value has no property that its schema does not know, and each of its type.
fn held(schemas: &BTreeMap<String, BTreeMap<String, Property>>, schema: &str, value: &Value, at: &str, seen: &mut u32) {
    for (key, value) in value.as_object().unwrap_or_else(|| panic!("{at}: not an object: {value}")) {
        let at = format!("{at}.{key}");
        let known = schemas[schema].get(key).unwrap_or_else(|| panic!("{at}: {schema} has no such property"));
        *seen += 1;
        if value.is_null() {
            continue;
        }
        let fits = match known.kind.as_str() {
            "array" => value.is_array(),
            "string" => value.is_string(),
            "integer" => value.is_u64(),
            "boolean" => value.is_boolean(),
            "" if known.refers.is_some() => value.is_object(),
            other => panic!("{at}: of a type this test does not know: `{other}`"),
        };
        assert!(fits, "{at}: {value} is no {known:?}");
        if let Some(inner) = &known.refers {
            match value {
                Value::Array(list) => list.iter().for_each(|v| held(schemas, inner, v, &at, seen)),
                value => held(schemas, inner, value, &at, seen),
            }
        }
    }
}

fn request(method: Method, path: &str, query: &str, headers: &[(&'static str, &str)], body: &str) -> Request {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.insert(*name, HeaderValue::from_str(value).unwrap());
    }
    Request { method, path: path.into(), query: query.into(), headers: map, body: body.to_owned().into() }
}

fn parsed(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.body).unwrap()
}

/// The lab's answers at all stages of a journey, with two parcels under the number.
fn answers(carrier: Carrier) -> Vec<Value> {
    let b = Bench::new();
    b.desk(carrier).parcels(number(carrier), vec![journey(EPOCH), journey(EPOCH)]);
    let n = number(carrier);
    [0, 14, 38, 98]
        .into_iter()
        .map(|hours| {
            let now = EPOCH + Duration::from_hours(hours);
            let bearer = |token: &Value| format!("Bearer {}", token["access_token"].as_str().unwrap());
            let basic = "Basic TGFiQ2xpZW50OkxhYiBTZWNyZXQrMyY9JQ==";
            let reply = match carrier {
                Carrier::Ups => {
                    let form = "grant_type=client_credentials";
                    let path = "/security/v1/oauth/token";
                    let token = b.ups.answer(&request(Method::POST, path, "", &[("authorization", basic)], form), now);
                    let bearer = bearer(&parsed(&token));
                    let headers = [("authorization", bearer.as_str()), ("transid", "1"), ("transactionsrc", "x")];
                    b.ups.answer(&request(Method::GET, &format!("/api/track/v1/details/{n}"), "", &headers, ""), now)
                }
                Carrier::Fedex => {
                    let form = "grant_type=client_credentials&client_id=LabClient\
                                &client_secret=Lab%20Secret%2B3%26%3D%25";
                    let typed = [("content-type", "application/x-www-form-urlencoded")];
                    let token = b.fedex.answer(&request(Method::POST, "/oauth/token", "", &typed, form), now);
                    let bearer = bearer(&parsed(&token));
                    let headers = [("authorization", bearer.as_str())];
                    let body = json!({"trackingInfo": [{"trackingNumberInfo": {"trackingNumber": n}}]}).to_string();
                    b.fedex.answer(&request(Method::POST, "/track/v1/trackingnumbers", "", &headers, &body), now)
                }
                Carrier::Dhl => {
                    let (query, headers) = (format!("trackingNumber={n}"), [("dhl-api-key", KEY)]);
                    b.dhl.answer(&request(Method::GET, "/track/shipments", &query, &headers, ""), now)
                }
            };
            assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
            parsed(&reply)
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn the_labs_ups_answers_as_the_openapi_file_has_it() {
    let Some(text) = reference("contracts/carriers/ups-Tracking.openapi.yaml") else { return };
    let schemas = schemas(&text);
    assert!(schemas.len() > 20, "{:?}", schemas.keys());
    let mut seen = 0;
    for answer in answers(Carrier::Ups) {
        held(&schemas, "TrackApiResponse", &answer, "answer", &mut seen);
    }
    assert!(seen > 200, "{seen}");
}

/// The words between `["` and `"]` in a module of the adapter, its tests apart.
fn read_by(module: &str) -> BTreeSet<String> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../adapters/src/carrier").join(module);
    let text = std::fs::read_to_string(path).unwrap();
    let code = text.split("#[cfg(test)]").next().unwrap();
    let words = code.split("[\"").skip(1).filter_map(|rest| Some(rest.split_once("\"]")?.0.to_owned()));
    // A list of words begins alike and has more quotes in it.
    words.filter(|word| !word.contains('"')).collect()
}

#[test]
fn every_property_that_is_read_of_ups_stands_in_its_openapi_files() {
    let Some(tracking) = reference("contracts/carriers/ups-Tracking.openapi.yaml") else { return };
    let Some(oauth) = reference("contracts/carriers/ups-OAuthClientCredentials.openapi.yaml") else { return };
    let of = |text: &str| -> BTreeSet<String> { schemas(text).into_values().flat_map(BTreeMap::into_keys).collect() };
    let (tracking, oauth) = (of(&tracking), of(&oauth));
    let read = read_by("ups.rs");
    assert!(read.len() > 20, "{read:?}");
    assert_eq!(read.difference(&tracking).collect::<Vec<_>>(), Vec::<&String>::new());
    let read = read_by("oauth.rs");
    assert!(read.contains("access_token") && read.contains("expires_in"), "{read:?}");
    assert_eq!(read.difference(&oauth).collect::<Vec<_>>(), Vec::<&String>::new());
}

/// All paths of a value, lists by their first item.
fn paths(value: &Value, at: &str, out: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => object.iter().for_each(|(key, value)| paths(value, &format!("{at}.{key}"), out)),
        Value::Array(list) => list.iter().for_each(|value| paths(value, &format!("{at}[]"), out)),
        _ => drop(out.insert(at.to_owned())),
    }
}

#[tokio::test(start_paused = true)]
async fn the_labs_fedex_and_dhl_answer_in_the_known_shapes_and_those_are_read() {
    let Some(text) = reference("contracts/authored/commerce-shapes.json") else { return };
    let shapes: Value = serde_json::from_str(&text).unwrap();
    for (carrier, shape, expected) in [
        (Carrier::Fedex, "fedex_track_v1", "Moving 2026-11-22T12:00:00Z - In transit, MEMPHIS US"),
        (Carrier::Dhl, "dhl_unified_tracking", "Moving 2026-11-22T12:00:00Z - Processed, LEIPZIG"),
    ] {
        let shape = &shapes[shape]["response"];
        let (mut known, mut answered) = (BTreeSet::new(), BTreeSet::new());
        paths(shape, "", &mut known);
        for answer in &answers(carrier) {
            paths(answer, "", &mut answered);
        }
        let missing: Vec<_> = known.difference(&answered).collect();
        assert!(missing.is_empty(), "{carrier}: the lab never says {missing:?}");
        // And the shape itself is an answer.
        let b = Bench::new();
        let body = shape
            .to_string()
            .replace("\"trackingNumber\":\"N\"", &format!("\"trackingNumber\":\"{}\"", number(carrier)));
        b.refuse(QUESTION, 200, &body);
        assert_eq!(told(&one(&b.carriers(), carrier, number(carrier)).await.unwrap()), expected);
    }
}
