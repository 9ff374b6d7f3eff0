//! The readers over recorded trees of real controllers, and the lab's controllers against the same trees.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use rackhand_adapters::port::clock::Clock;
use rackhand_adapters::redfish::{Bmc, Credentials, Redfish};
use rackhand_core::bmc::{Power, Vendor};
use rackhand_core::secret::Secret;
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;
use rackhand_lab::bmc::{LabBmc, Personality, Spec};
use rackhand_lab::faults::Faults;
use rackhand_lab::front::{Network, Station};
use rackhand_lab::host::{Host, Reply, Request};
use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::bed::{ADDRESS, AUTHORITY, EPOCH, MAC};

const TREES: [(Personality, &str); 3] = [
    (Personality::Ilo5, "hpe-ilo5-3.11-dl360gen10plus.ndjson"),
    (Personality::Ilo6, "hpe-ilo6-1.66-dl380agen11.ndjson"),
    (Personality::Idrac9, "dell-idrac9-7.10.30.00-r750.ndjson"),
];

/// A recorded tree by path, or a loud word that nothing was tested.
fn tree(file: &str) -> Option<BTreeMap<String, Value>> {
    let Some(reference) = std::env::var_os("RACKHAND_REFERENCE") else {
        // Written past the harness, which would keep a passing test's output to itself.
        let said = format!("\n*** NOT TESTED: {file}; set RACKHAND_REFERENCE to a directory with contracts/ ***\n");
        let _ = std::io::stderr().write_all(said.as_bytes());
        return None;
    };
    let path = PathBuf::from(reference).join("contracts/redfish").join(file);
    let lines = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let entry = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        (line["uri"].as_str().unwrap().trim_end_matches('/').to_owned(), line["body"].clone())
    };
    Some(lines.lines().map(entry).collect())
}

/// Serves a recorded tree to whoever logs in.
struct Recorded(BTreeMap<String, Value>);

impl Host for Recorded {
    fn answer(&self, request: &Request, _now: Timestamp) -> Reply {
        match request.method {
            Method::GET => match self.0.get(request.path.trim_end_matches('/')) {
                Some(body) => Reply::json(StatusCode::OK, body),
                None => Reply::status(StatusCode::NOT_FOUND),
            },
            Method::POST => Reply::status(StatusCode::CREATED)
                .header("x-auth-token", "token")
                .header("location", "/redfish/v1/SessionService/Sessions/1"),
            _ => Reply::status(StatusCode::NO_CONTENT),
        }
    }
}

async fn readings(
    tree: BTreeMap<String, Value>,
) -> (rackhand_core::bmc::Identity, rackhand_core::bmc::SystemReading, bool) {
    let clock = Clock::scaled(EPOCH, 1.0);
    let network = Network::default();
    let faults = Arc::new(Faults::default());
    network
        .attach(AUTHORITY, Station { host: Arc::new(Recorded(tree)), faults, clock: clock.clone(), certificate: None });
    let redfish = Redfish::new(Arc::new(network), clock, 443);
    let (identity, pin) = redfish.identify(ADDRESS, None).await.unwrap();
    let at = Bmc { address: ADDRESS, identity, pin };
    let credentials = Credentials { user: Text::new("u"), password: Secret::new("p") };
    let read = redfish.read_system(&at, &credentials).await.unwrap();
    let armed = redfish.network_boot_armed(&at, &credentials).await.unwrap();
    (at.identity, read, armed)
}

#[tokio::test(start_paused = true)]
async fn recorded_controllers_are_read_as_what_they_are() {
    let expected = [
        (Vendor::Hpe, "iLO 5", Some("3.11"), None, "MXQ2390RHW", "ProLiant DL360 Gen10 Plus", 6, "88:E9:A4:6B:A8:AC"),
        (Vendor::Hpe, "iLO 6", Some("1.66"), None, "2M2D2J00L4", "ProLiant DL380a Gen11", 2, "58:A2:E1:03:96:F2"),
        (Vendor::Dell, "iDRAC9", None, Some("CLLV0R3"), "CLLV0R3", "PowerEdge R750", 4, "C8:4B:D6:7B:AB:93"),
    ];
    for ((_, file), (vendor, controller, firmware, root_serial, serial, model, nics, mac)) in
        TREES.into_iter().zip(expected)
    {
        let Some(tree) = tree(file) else { return };
        let (identity, read, armed) = readings(tree).await;
        assert_eq!((identity.vendor, identity.controller.as_str()), (vendor, controller));
        assert_eq!((identity.firmware.as_deref(), identity.serial.as_deref()), (firmware, root_serial));
        assert_eq!((read.serial.as_str(), read.model.as_str(), read.power), (serial, model, Power::On));
        assert_eq!((read.nics.len(), read.nics[0].to_string().as_str()), (nics, mac), "{file}");
        assert!(!armed);
    }
}

#[tokio::test(start_paused = true)]
async fn a_controller_of_no_vendor_we_know_is_read_by_the_standard() {
    let Some(tree) = tree("dmtf-public-rackmount1.ndjson") else { return };
    let (identity, read, armed) = readings(tree).await;
    assert_eq!(identity.vendor, Vendor::Other);
    assert_eq!((read.serial.as_str(), read.model.as_str(), read.power), ("437XR1138R2", "3500", Power::On));
    assert!(armed, "the sample has Pxe, Once");
}

/// One GET of the lab's controller, logged in.
fn lab(bmc: &LabBmc, token: &str, path: &str) -> Value {
    let mut headers = HeaderMap::new();
    headers.insert("x-auth-token", HeaderValue::from_str(token).unwrap());
    ask(bmc, Method::GET, path, headers, "").1
}

fn ask(bmc: &LabBmc, method: Method, path: &str, headers: HeaderMap, body: &str) -> (HeaderMap, Value) {
    let request =
        Request { method, path: path.to_owned(), query: String::new(), headers, body: body.to_owned().into() };
    let reply = bmc.answer(&request, EPOCH);
    assert!(reply.status.is_success(), "{path}: {}", reply.status);
    (reply.headers, serde_json::from_slice(&reply.body).unwrap())
}

/// Every property of `ours` is in `theirs` with a value of the same JSON type; members of lists are compared with
/// the recorded list's first.
fn same_shape(ours: &Value, theirs: &Value, at: &str) {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => {
            for (key, value) in ours {
                let Some(real) = theirs.get(key) else { panic!("{at}/{key} is served by the lab and not recorded") };
                same_shape(value, real, &format!("{at}/{key}"));
            }
        }
        (Value::Array(ours), Value::Array(theirs)) => {
            for value in ours {
                same_shape(value, theirs.first().unwrap_or(&Value::Null), &format!("{at}[]"));
            }
        }
        (Value::Null, _) | (_, Value::Null) => {}
        _ => assert_eq!(
            std::mem::discriminant(ours),
            std::mem::discriminant(theirs),
            "{at}: {ours} in the lab, {theirs} recorded"
        ),
    }
}

#[test]
fn the_lab_serves_nothing_that_the_recorded_controllers_do_not_have() {
    for (personality, file) in TREES {
        let Some(tree) = tree(file) else { return };
        let spec = Spec { running: true, ..Spec::new(personality, "CZ2D1X0GK7", MAC) };
        let login = format!(r#"{{"UserName":"{}","Password":"{}"}}"#, spec.user, spec.password);
        let bmc = LabBmc::new(spec);
        let sessions = "/redfish/v1/SessionService/Sessions";
        let (headers, _) = ask(&bmc, Method::POST, sessions, HeaderMap::new(), &login);
        let token = headers["x-auth-token"].to_str().unwrap();
        let mut compared = 0;
        let mut waiting = vec!["/redfish/v1".to_owned()];
        while let Some(path) = waiting.pop() {
            let body = lab(&bmc, token, &path);
            // NIC ids are the box's own: any NIC recorded will do.
            let recorded = tree.get(&path).or_else(|| {
                let (folder, _) = path.rsplit_once('/')?;
                tree.range(format!("{folder}/")..).next().filter(|(p, _)| p.starts_with(folder)).map(|(_, body)| body)
            });
            same_shape(&body, recorded.unwrap_or_else(|| panic!("{path} is not recorded")), &path);
            compared += 1;
            let links = ["/Systems", "/SessionService", "/EthernetInterfaces", "/@Redfish.Settings/SettingsObject"];
            waiting.extend(
                links.iter().filter_map(|l| body.pointer(&format!("{l}/@odata.id"))?.as_str().map(str::to_owned)),
            );
            let members = body["Members"].as_array().cloned().unwrap_or_default();
            waiting.extend(members.iter().map(|m| m["@odata.id"].as_str().unwrap().to_owned()));
        }
        assert!(compared >= 7, "{file}: only {compared} resources");
    }
}
