//! The lab has NetBox's traps and only properties that a real NetBox has.

use super::*;

fn ask(lab: &Lab, method: Method, path: &str, body: &Value) -> (StatusCode, Value) {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let mut headers = HeaderMap::new();
    headers.insert("authorization", HeaderValue::from_str(&format!("Bearer {TOKEN}")).unwrap());
    let body = if body.is_null() { String::new() } else { body.to_string() }.into();
    let request = Request { method, path: format!("/api/{path}"), query: query.to_owned(), headers, body };
    let reply = lab.answer(&request, Timestamp::from_secs(1_795_000_000));
    let json = serde_json::from_slice(&reply.body).unwrap_or(Value::Null);
    (reply.status, json)
}

#[test]
fn the_lab_has_netboxs_traps() {
    let b_lab = Lab::new();
    b_lab.add_token(TOKEN, true);
    let device =
        b_lab.add_device(&DeviceSpec { nics: vec![("eth0".into(), None)], ..DeviceSpec::offline("srv1", "CZ1", BMC) });
    b_lab.add_switch("sw1", &["Eth1", "Eth2"]);
    let eth0 = b_lab.interface_id(device, "eth0").unwrap();
    let sw = b_lab.device_id("sw1").unwrap();
    let far = b_lab.interface_id(sw, "Eth1").unwrap();
    let get = |path: &str| ask(&b_lab, Method::GET, path, &Value::Null);
    let patch = |path: &str, body: Value| ask(&b_lab, Method::PATCH, path, &body);
    let post = |path: &str, body: Value| ask(&b_lab, Method::POST, path, &body);
    let count = |path: &str| get(path).1["count"].as_u64().unwrap();

    // Filters: an empty value and an unknown name match everything, a malformed MAC nothing.
    assert_eq!(count("dcim/interfaces/?mac_address="), count("dcim/interfaces/"));
    assert_eq!(count("dcim/devices/?nosuch=1"), 2);
    assert_eq!(count("dcim/mac-addresses/?mac_address=garbage"), 0);
    assert_eq!(count("dcim/mac-addresses/?mac_address=9440.c900.0001"), 1);
    assert_eq!(get("dcim/devices/?status=nosuch").0, StatusCode::BAD_REQUEST);
    // An interface takes a MAC and forgets it.
    let (status, answer) = patch(&format!("dcim/interfaces/{eth0}/"), json!({ "mac_address": NIC }));
    assert_eq!((status, &answer["mac_address"]), (StatusCode::OK, &Value::Null));
    // `fields` on a write drops what it does not name.
    assert_eq!(patch(&format!("dcim/devices/{device}/?fields=id"), json!({ "status": "active" })).0, StatusCode::OK);
    assert_eq!(b_lab.status_of(device).as_deref(), Some("offline"));
    // Bulk writes skip what does not exist.
    let (status, answer) = patch("dcim/devices/", json!([{ "id": device, "serial": "X" }, { "id": 999 }]));
    assert_eq!((status, answer.as_array().unwrap().len()), (StatusCode::OK, 1));
    // The read form of a choice is no write form.
    let read = json!({ "status": { "value": "active", "label": "Active" } });
    assert_eq!(patch(&format!("dcim/devices/{device}/"), read).0, StatusCode::BAD_REQUEST);
    // Addresses.
    let address =
        |text: &str| json!({ "address": text, "assigned_object_type": "dcim.interface", "assigned_object_id": eth0 });
    assert_eq!(post("ipam/ip-addresses/", address("10.0.0.1/24")).0, StatusCode::CREATED);
    let (status, answer) = post("ipam/ip-addresses/", address("10.0.0.1/25"));
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(answer["address"][0].as_str().unwrap().contains("Duplicate IP address found in global table: 10.0.0.1/24"));
    let on_switch = b_lab.add_ip("10.0.0.9/24", Some(far));
    assert_eq!(patch(&format!("dcim/devices/{device}/"), json!({ "oob_ip": on_switch })).0, StatusCode::BAD_REQUEST);
    b_lab.set_oob(device, 1);
    assert_eq!(
        patch("ipam/ip-addresses/1/", json!({ "assigned_object_type": null, "assigned_object_id": null })).0,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(ask(&b_lab, Method::DELETE, "ipam/ip-addresses/1/", &Value::Null).0, StatusCode::NO_CONTENT);
    assert_eq!(b_lab.oob_of(device), None);
    // Cables.
    let end = |id: u64| json!([{ "object_type": "dcim.interface", "object_id": id }]);
    let cable = |a: u64, b: u64| json!({ "a_terminations": end(a), "b_terminations": end(b), "status": "connected" });
    assert_eq!(post("dcim/cables/", cable(eth0, 9_999)).0, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(post("dcim/cables/", cable(eth0, eth0)).0, StatusCode::BAD_REQUEST);
    assert_eq!(
        post("dcim/cables/", json!([cable(eth0, far), cable(eth0, far + 1)])).0,
        StatusCode::INTERNAL_SERVER_ERROR
    );
    assert_eq!(b_lab.cable_count(), 0);
    assert_eq!(post("dcim/cables/", cable(eth0, far)).0, StatusCode::CREATED);
    let (status, answer) = post("dcim/cables/", json!([cable(far + 1, eth0), cable(far + 1, 1)]));
    assert_eq!((status, answer[1].clone()), (StatusCode::BAD_REQUEST, json!({})));
    assert!(answer[0]["__all__"][0].as_str().unwrap().contains("Duplicate termination found for dcim.interface"));
    // Paging and paths.
    for n in 0..60 {
        b_lab.add_mac(Mac([2, 0, 0, 0, 0, n]), None);
    }
    let len = |path: &str| get(path).1["results"].as_array().unwrap().len();
    assert_eq!((len("dcim/mac-addresses/"), len("dcim/mac-addresses/?limit=0")), (50, 61));
    assert_eq!(get("dcim/nosuch/"), (StatusCode::NOT_FOUND, Value::Null));
    assert_eq!(get("dcim/devices/999/").1["detail"], "No Device matches the given query.");
}

/// As [`ask`], of a release, with a v1 token; the headers too.
fn ask_of(lab: &Lab, method: Method, path: &str, body: &Value, more: &[(&'static str, &str)]) -> Reply {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let mut headers = HeaderMap::new();
    headers.insert("authorization", HeaderValue::from_str(&format!("Token {V1}")).unwrap());
    for (name, value) in more {
        headers.insert(*name, HeaderValue::from_str(value).unwrap());
    }
    let body = if body.is_null() { String::new() } else { body.to_string() }.into();
    let request = Request { method, path: path.to_owned(), query: query.to_owned(), headers, body };
    lab.answer(&request, Timestamp::from_secs(1_795_000_000))
}

fn body(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.body).unwrap_or(Value::Null)
}

#[test]
fn releases_differ_as_real_ones_do() {
    for release in Release::ALL {
        let (old, newest) = (release == Release::V4_2, release == Release::V4_7);
        let b = bench(release);
        for n in 0..30 {
            b.lab.add_mac(Mac([2, 0, 0, 0, 0, n]), None);
        }
        let get = |path: &str| ask_of(&b.lab, Method::GET, path, &Value::Null, &[]);
        let device = format!("/api/dcim/devices/{}/", b.device);
        let patch = |body: &Value, tag: &str| ask_of(&b.lab, Method::PATCH, &device, body, &[("if-match", tag)]);
        // The release tells itself; ETags and what comes of an old one.
        let read = get(&device);
        assert_eq!(read.headers["api-version"], release.api());
        assert_eq!(read.headers.contains_key("etag"), !old);
        let stale = patch(&json!({ "serial": "A" }), "W/\"2020-01-01T00:00:00+00:00\"");
        assert_eq!(stale.status.as_u16(), if old { 200 } else { 412 }, "{release:?}");
        assert_eq!(stale.headers.contains_key("etag"), !old);
        // A cursor, what it excludes, and a release that ignores it.
        let cursor = body(&get("/api/dcim/mac-addresses/?start=5&limit=10&fields=id"));
        let first = cursor["results"][0]["id"].as_u64();
        assert_eq!((first, cursor["count"].is_null()), if old { (Some(1), false) } else { (Some(5), true) });
        assert_eq!(get("/api/dcim/devices/?start=1&ordering=id").status.is_success(), old);
        assert_eq!(get("/api/dcim/devices/?start=1&offset=1").status.is_success(), old);
        // Trimming.
        let keys = |path: &str| body(&get(path)).as_object().unwrap().len();
        assert!(keys(&format!("{device}?brief=1")) < 8);
        assert_eq!(keys(&format!("{device}?fields=id,name")), 2);
        assert_eq!(keys(&format!("{device}?exclude=config_context")), keys(&device) - 1);
        assert_eq!(keys(&format!("{device}?omit=name,serial")), keys(&device) - if old { 0 } else { 2 });
        // A MAC written to an interface, and whether a MAC says that it is the primary one.
        let interface = format!("/api/dcim/interfaces/{}/", b.nic("eth0"));
        let written = ask_of(&b.lab, Method::PATCH, &interface, &json!({ "mac_address": NIC }), &[]);
        assert_eq!((written.status, body(&written)["mac_address"] == json!(NIC)), (StatusCode::OK, newest));
        let primary =
            body(&get(&format!("/api/dcim/mac-addresses/?mac_address={BMC}")))["results"][0]["is_primary"].clone();
        assert_eq!(primary, if newest { json!(true) } else { Value::Null });
        // Bulk writes: unknown ids, and which object a complaint is about.
        let all = |body: &Value| ask_of(&b.lab, Method::PATCH, "/api/dcim/devices/", body, &[]);
        let skipped = all(&json!([{ "id": b.device, "serial": "X" }, { "id": 999 }]));
        let bad = all(&json!([{ "id": b.device, "status": "nosuch" }]));
        if newest {
            assert_eq!(body(&skipped)["errors"][0]["id"], 999);
            assert_eq!(body(&bad)["errors"][0]["errors"]["status"][0], "nosuch is not a valid choice.");
        } else {
            assert_eq!((skipped.status, body(&skipped).as_array().unwrap().len()), (StatusCode::OK, 1));
            assert_eq!(body(&bad)["status"][0], "nosuch is not a valid choice.");
        }
        // A choice as a custom field shows it, and the check of a token.
        let staged = json!({ "custom_fields": { "lifecycle_state": "staged" } });
        b.lab.add_custom_field("lifecycle_state", "select", &["staged"]);
        let shown = body(&patch(&staged, "*"))["custom_fields"]["lifecycle_state"].clone();
        assert_eq!(shown.is_object(), newest);
        assert_eq!(get("/api/authentication-check/").status == StatusCode::OK, !old);
        // Half units; what is not there is a page.
        let elevation = body(&get("/api/dcim/racks/1/elevation/?face=front&limit=0"));
        assert_eq!((elevation["count"].clone(), elevation["results"][0]["id"].clone()), (json!(84), json!(42.5)));
        let held = elevation["results"].as_array().unwrap().iter().filter(|u| u["occupied"] == json!(true));
        assert_eq!(held.map(|u| u["id"].as_f64().unwrap()).collect::<Vec<_>>(), [10.5, 10.0]);
        assert_eq!(get("/api/dcim/racks/1/available-units/").headers[CONTENT_TYPE], "text/html; charset=utf-8");
        // A constraint hides, and lets nothing be moved out of it.
        b.lab.constrain(V1, &["offline", "staged"]);
        assert_eq!(body(&get("/api/dcim/devices/"))["count"], 1);
        assert_eq!(patch(&json!({ "status": "active" }), "*").status, StatusCode::FORBIDDEN);
        assert_eq!(patch(&json!({ "status": "staged" }), "*").status, StatusCode::OK);
        // What is in use is not deleted; Redis away; a restarted database.
        assert_eq!(ask_of(&b.lab, Method::DELETE, &device, &Value::Null, &[]).status, StatusCode::CONFLICT);
        b.lab.restart_database(2);
        let told: Vec<Value> = (0..3).map(|_| body(&get("/api/status/"))["exception"].clone()).collect();
        assert_eq!(told, [json!("OperationalError"), json!("OperationalError"), Value::Null]);
        b.lab.set_redis_down(true);
        let down = get("/api/status/");
        assert_eq!(
            (down.status.as_u16(), &down.headers[CONTENT_TYPE]),
            (500, &HeaderValue::from_static("text/html; charset=utf-8"))
        );
    }
}

#[test]
fn graphql_answers_as_the_recorded_one_does() {
    for release in Release::ALL {
        let b = bench(release);
        b.lab.add_custom_field("lifecycle_state", "select", &["ready"]);
        b.lab.edit(b.device, &json!({ "custom_fields": { "lifecycle_state": "ready" } }), Timestamp::from_secs(1));
        for n in 0..40 {
            b.lab.add_device(&DeviceSpec::offline(&format!("more{n}"), "", Mac([2, 0, 0, 0, 0, n])));
        }
        let ask = |query: &str| ask_of(&b.lab, Method::POST, "/graphql/", &json!({ "query": query }), &[]);
        let names = |query: &str| -> Result<Vec<String>, String> {
            let (reply, mut told) = (ask(query), Vec::new());
            assert_eq!(reply.status, StatusCode::OK, "also a bad query");
            let reply = body(&reply);
            if let Some(error) = reply["errors"].get(0) {
                return Err(error["message"].as_str().unwrap().to_owned());
            }
            for row in reply["data"].as_object().unwrap().values().next().unwrap().as_array().unwrap() {
                told.push(row["name"].as_str().unwrap().to_owned());
            }
            Ok(told)
        };
        for bad in ["mutation {x}", "{device_list{nosuch}}", "{device_list{site}}", "{nosuch{id}}", "{device_list{id"] {
            assert!(names(bad).is_err(), "{bad}");
        }
        let filters = [
            ("device_list(filters:{rack:{id:{exact:\"1\"}}}){name}", "srv1"),
            ("interface_list(filters:{mac_addresses:{mac_address:{exact:\"94:40:C9:00:00:01\"}}}){name}", "bmc"),
            (
                "device_list(filters:{custom_field_data:{path:\"lifecycle_state\",lookup:{string_lookup:{exact:\"ready\"}}}}){name}",
                "srv1",
            ),
        ];
        for (filter, found) in filters {
            let told = names(&format!("query {{{filter}}}"));
            if release == Release::V4_2 { assert!(told.is_err()) } else { assert_eq!(told, Ok(vec![found.to_owned()])) }
        }
        // Upper case is needed, other than over REST.
        let lower = "{interface_list(filters:{mac_addresses:{mac_address:{exact:\"94:40:c9:00:00:01\"}}}){name}}";
        assert!(names(lower).is_err() || names(lower) == Ok(vec![]));
        b.lab.set_largest_page(10);
        assert_eq!(names("{device_list{name}}").unwrap().len(), 10, "cut without a word");
        assert_eq!(
            body(&ask("{device_list{status position id}}"))["data"]["device_list"][1],
            json!({
                "status": "offline", "position": "10.0", "id": b.device.to_string()
            })
        );
        let refused = ask_of(&b.lab, Method::POST, "/graphql/", &json!({}), &[("authorization", "Token nobody")]);
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
    }
}

/// Every property the lab answers with, and so every one the adapter reads, is one a real NetBox has.
#[test]
fn the_labs_objects_have_only_properties_that_real_ones_have() {
    let root = std::env::var("RACKHAND_REFERENCE").unwrap_or_else(|_| "../../shared".into());
    let samples = std::path::Path::new(&root).join("samples");
    if !samples.is_dir() {
        rackhand_tests::untested::untested(
            "the lab's objects against real ones",
            &format!("{} is not there", samples.display()),
        );
        return;
    }
    let lab = Lab::new();
    lab.add_token(TOKEN, true);
    let peer = Some(port("Eth1"));
    let device = lab.add_device(&DeviceSpec {
        rack: Some("R01".into()),
        position: Some(10.0),
        tenant: Some("internal".into()),
        nics: vec![("eth0".into(), peer)],
        ..DeviceSpec::offline("srv1", "CZ1", BMC)
    });
    lab.add_ip("10.0.0.1/24", lab.interface_id(device, "bmc"));
    let entry = json!({ "assigned_object_type": "dcim.device", "assigned_object_id": device, "comments": "x" });
    ask(&lab, Method::POST, "extras/journal-entries/", &entry);
    for (path, file) in [
        ("dcim/devices/", "device"),
        ("dcim/interfaces/", "interface-with-cable"),
        ("dcim/mac-addresses/", "mac-address"),
        ("ipam/ip-addresses/", "ip-address"),
        ("extras/journal-entries/", "journal-entry"),
        ("dcim/cables/", "cable"),
    ] {
        let raw = std::fs::read(samples.join(format!("netbox-4.6.8-{file}.json"))).unwrap();
        let sample: Value = serde_json::from_slice(&raw).unwrap();
        let real = sample["results"].as_array().cloned().unwrap_or_else(|| vec![sample.clone()]);
        for ours in ask(&lab, Method::GET, path, &Value::Null).1["results"].as_array().unwrap() {
            compare(path, ours, &real);
        }
    }
}

/// Each key of ours is a key of one of theirs, and where both have objects, so inside. Custom fields are each
/// installation's own, and what no sample has a value for cannot be compared.
fn compare(at: &str, ours: &Value, real: &[Value]) {
    match ours {
        Value::Object(map) if !at.ends_with("custom_fields") => {
            let theirs: Vec<&serde_json::Map<String, Value>> = real.iter().filter_map(Value::as_object).collect();
            for (key, value) in map.iter().filter(|_| !theirs.is_empty()) {
                let there: Vec<Value> = theirs.iter().filter_map(|m| m.get(key)).cloned().collect();
                assert!(!there.is_empty(), "{at}: a real NetBox has no `{key}`");
                compare(&format!("{at}.{key}"), value, &there);
            }
        }
        Value::Array(items) => {
            let inside: Vec<Value> = real.iter().filter_map(Value::as_array).flatten().cloned().collect();
            for item in items {
                compare(at, item, &inside);
            }
        }
        _ => {}
    }
}

/// A measurement, printed; run it alone with `--ignored --nocapture`.
#[test]
#[ignore = "measures; `.ci/run test` runs it after the others"]
fn how_many_requests_the_lab_answers_in_a_second() {
    let lab = Lab::new();
    lab.add_token(TOKEN, true);
    for n in 0..5_000_u32 {
        let [_, a, b, c] = n.to_be_bytes();
        lab.add_device(&DeviceSpec {
            nics: vec![("eth0".into(), Some(port(&format!("Eth{n}"))))],
            ..DeviceSpec::offline(&format!("srv{n}"), &format!("CZ{n}"), Mac([2, 0, 0, a, b, c]))
        });
    }
    let fields = "fields=id,mac_address,assigned_object_type,assigned_object";
    for path in [
        format!("dcim/mac-addresses/?mac_address=02:00:00:00:10:01&{fields}&ordering=id"),
        "dcim/devices/1000/?fields=id,status,custom_fields,tenant".to_owned(),
        "dcim/interfaces/?device_id=1000".to_owned(),
    ] {
        let started = std::time::Instant::now();
        for _ in 0..10_000 {
            assert_eq!(ask(&lab, Method::GET, &path, &Value::Null).0, StatusCode::OK);
        }
        eprintln!("{path}: {:.0} a second", 10_000.0 / started.elapsed().as_secs_f64());
    }
}
