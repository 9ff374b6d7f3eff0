//! The lab's controllers against recorded ones, both ways: the lab serves nothing that they do not have, and
//! everything that our readers read of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rackhand_adapters::port::clock::Clock;
use rackhand_adapters::redfish::parse::{self, Resource};
use rackhand_adapters::redfish::{Bmc, Credentials, Redfish};
use rackhand_core::bmc::{Identity, Power, SystemReading, Vendor};
use rackhand_core::secret::Secret;
use rackhand_core::text::Text;
use rackhand_lab::bmc::recorded::Recorded;
use rackhand_lab::bmc::{LabBmc, Personality, Spec};
use rackhand_lab::faults::Faults;
use rackhand_lab::front::{Network, Station};
use rackhand_lab::host::{Host, Request};
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderValue};
use serde_json::Value;

use crate::bed::{ADDRESS, AUTHORITY, EPOCH, MAC};
use crate::recorded::{IDRAC9, ILO5, ILO6, RACKMOUNT, recorded, say};

const TREES: [(Personality, Vendor, &str); 3] = [
    (Personality::Ilo5, Vendor::Hpe, ILO5),
    (Personality::Ilo6, Vendor::Hpe, ILO6),
    (Personality::Idrac9, Vendor::Dell, IDRAC9),
];

async fn readings(tree: Recorded) -> (Identity, SystemReading, bool) {
    let clock = Clock::scaled(EPOCH, 1.0);
    let network = Network::default();
    let faults = Arc::new(Faults::default());
    network.attach(AUTHORITY, Station { host: Arc::new(tree), faults, clock: clock.clone(), certificate: None });
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
    for ((_, _, file), (vendor, controller, firmware, root_serial, serial, model, nics, mac)) in
        TREES.into_iter().zip(expected)
    {
        let Some(tree) = recorded(file) else { return };
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
    let Some(tree) = recorded(RACKMOUNT) else { return };
    let (identity, read, armed) = readings(tree).await;
    assert_eq!(identity.vendor, Vendor::Other);
    assert_eq!((read.serial.as_str(), read.model.as_str(), read.power), ("437XR1138R2", "3500", Power::On));
    assert!(armed, "the sample has Pxe, Once");
}

/// Everything the lab's controller serves, by path.
fn lab(personality: Personality) -> BTreeMap<String, Value> {
    let spec = Spec { running: true, ..Spec::new(personality, "CZ2D1X0GK7", MAC) };
    let login = format!(r#"{{"UserName":"{}","Password":"{}"}}"#, spec.user, spec.password);
    let bmc = LabBmc::new(spec);
    let ask = |method, path: &str, headers, body: &str| {
        let query = String::new();
        let request = Request { method, path: path.to_owned(), query, headers, body: body.to_owned().into() };
        let reply = bmc.answer(&request, EPOCH);
        assert!(reply.status.is_success(), "{personality:?} {path}: {}", reply.status);
        (reply.headers, serde_json::from_slice::<Value>(&reply.body).unwrap())
    };
    let (headers, _) = ask(Method::POST, "/redfish/v1/SessionService/Sessions", HeaderMap::new(), &login);
    let token = headers["x-auth-token"].to_str().unwrap();
    let mut served = BTreeMap::new();
    let mut waiting = vec!["/redfish/v1".to_owned()];
    while let Some(path) = waiting.pop() {
        if served.contains_key(&path) || path.ends_with("/Sessions") {
            continue;
        }
        let mut headers = HeaderMap::new();
        headers.insert("x-auth-token", HeaderValue::from_str(token).unwrap());
        let body = ask(Method::GET, &path, headers, "").1;
        links(&body, &mut waiting);
        served.insert(path, body);
    }
    served
}

fn links(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            // Behind `#` is a part of the resource.
            let resource = |link: &str| link.split('#').next().map(str::to_owned);
            into.extend(object.get("@odata.id").and_then(Value::as_str).and_then(resource));
            object.values().for_each(|v| links(v, into));
        }
        Value::Array(list) => list.iter().for_each(|v| links(v, into)),
        _ => {}
    }
}

fn class(body: &Value) -> &str {
    body["@odata.type"].as_str().unwrap_or("none").trim_start_matches('#').split('.').next().unwrap()
}

/// Every property of `ours` is in `theirs` with a value of the same JSON type; members of lists are compared with
/// the recorded list's, whichever fits.
fn fits(ours: &Value, theirs: &Value, at: &str) -> Result<(), String> {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => {
            ours.iter().try_for_each(|(key, value)| match theirs.get(key) {
                Some(real) => fits(value, real, &format!("{at}/{key}")),
                // Of long logs the recording holds the first entries only.
                None if key == "Members@odata.nextLink" => Ok(()),
                None => Err(format!("{at}/{key} is served by the lab and not recorded")),
            })
        }
        (Value::Array(ours), Value::Array(theirs)) => ours.iter().try_for_each(|value| {
            let tried: Vec<_> = theirs.iter().map(|t| fits(value, t, &format!("{at}[]"))).collect();
            if tried.iter().any(Result::is_ok) { Ok(()) } else { tried.into_iter().next().unwrap_or(Ok(())) }
        }),
        (Value::Null, _) | (_, Value::Null) => Ok(()),
        _ if std::mem::discriminant(ours) == std::mem::discriminant(theirs) => Ok(()),
        _ => Err(format!("{at}: {ours} in the lab, {theirs} recorded")),
    }
}

#[test]
fn the_lab_serves_nothing_that_the_recorded_controllers_do_not_have() {
    for (personality, _, file) in TREES {
        let Some(recorded) = recorded(file) else { return };
        let served = lab(personality);
        for (path, body) in &served {
            // Ids are the box's own: any recorded resource of the class, or else of the name, will do.
            let name = path.rsplit_once('/').unwrap().1;
            let beside = |p: &str, b: &Value| match class(body) {
                "none" => p.ends_with(name) || class(b).ends_with("Collection"),
                ours => class(b) == ours,
            };
            let same = recorded.tree().get(path).into_iter();
            let candidates: Vec<&Value> =
                same.chain(recorded.tree().iter().filter(|(p, b)| beside(p, b)).map(|(_, b)| b)).collect();
            let tried: Vec<_> = candidates.iter().map(|real| fits(body, real, path)).collect();
            assert!(tried.iter().any(Result::is_ok), "{file}: {path}: {:?}", tried.first());
        }
        say(&format!("{file}: {} resources of the lab fit it", served.len()));
        assert!(served.len() >= 50, "{file}: only {} resources", served.len());
    }
}

/// Paths of the properties in a body; elements of lists are all one.
fn properties(value: &Value, at: &str, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                let path = format!("{at}/{key}");
                properties(value, &path, into);
                into.insert(path);
            }
        }
        Value::Array(list) => list.iter().for_each(|v| properties(v, &format!("{at}/[]"), into)),
        _ => {}
    }
}

/// The same body without the property at this path.
fn without(value: &Value, path: &[&str]) -> Value {
    let mut value = value.clone();
    match (&mut value, path) {
        (Value::Object(object), [last]) => drop(object.remove(*last)),
        (Value::Object(object), [first, rest @ ..]) => {
            if let Some(inner) = object.get_mut(*first) {
                *inner = without(inner, rest);
            }
        }
        (Value::Array(list), [_, rest @ ..]) if !rest.is_empty() => {
            for inner in list {
                *inner = without(inner, rest);
            }
        }
        _ => {}
    }
    value
}

/// The properties of a recorded resource that a reader reads: those whose loss changes what is read.
fn touched(vendor: Vendor, body: &Value) -> BTreeSet<String> {
    let whole: Option<Resource> = parse::resource(vendor, body);
    let mut all = BTreeSet::new();
    properties(body, "", &mut all);
    all.into_iter()
        .filter(|path| {
            let steps: Vec<&str> = path.split('/').skip(1).collect();
            path != "/@odata.type" && parse::resource(vendor, &without(body, &steps)) != whole
        })
        .collect()
}

/// Properties that are read where they are there, and that the lab has no use for: other words for what it serves, or
/// hardware it does not have.
const NOT_PLAYED: [&str; 12] = [
    // Older or newer words for the same.
    "Port/CurrentLinkSpeedMbps",
    "Drive/FirmwareVersion",
    "Power/PowerSupplies/[]/PowerOutputWatts",
    "Fan/",
    "PowerSupply/",
    "EnvironmentMetrics/",
    "Sensor/",
    // Trees beside the ones that are played.
    "HpeSmartStorageDiskDrive/",
    "HpeBaseNetworkAdapter/",
    "NetworkPort/",
    "SimpleStorage/",
    "DellRollupStatus/",
];

/// Parts of lists whose members differ from box to box.
const BOX_OWN: [&str; 4] = ["AggregateHealthStatus", "NTP", "Certificate/", "Job"];

#[test]
fn the_lab_serves_every_property_that_our_readers_read_of_the_recorded_controllers() {
    for (personality, vendor, file) in TREES {
        let Some(recorded) = recorded(file) else { return };
        let mut ours = BTreeMap::<String, BTreeSet<String>>::new();
        let served = lab(personality);
        // Entries of logs come inside their collection.
        let inside = served.values().flat_map(|b| b["Members"].as_array().into_iter().flatten());
        for body in served.values().chain(inside) {
            properties(body, "", ours.entry(class(body).to_owned()).or_default());
        }
        let mut sampled = BTreeMap::<&str, u32>::new();
        let (mut checked, mut lacking) = (0, BTreeSet::new());
        for (path, body) in recorded.tree() {
            let sample = sampled.entry(class(body)).or_default();
            if *sample >= 8 || class(body).ends_with("Collection") || path.ends_with("/Settings") {
                continue;
            }
            *sample += 1;
            for property in touched(vendor, body) {
                checked += 1;
                let name = format!("{}{property}", class(body));
                let known = NOT_PLAYED.iter().any(|p| name.starts_with(p)) || BOX_OWN.iter().any(|p| name.contains(p));
                if !known && !ours.get(class(body)).is_some_and(|all| all.contains(&property)) {
                    lacking.insert(name);
                }
            }
        }
        assert!(lacking.is_empty(), "{file}: read of the recording, not served by the lab: {lacking:#?}");
        say(&format!("{file}: {checked} properties that readers read are served by the lab"));
        assert!(checked > 300, "{file}: only {checked}");
    }
}
