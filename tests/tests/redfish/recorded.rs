//! Recorded trees of real controllers: every resource of every tree, and what the adapter's own calls make of each
//! tree, held against values read from the recordings by eye.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use rackhand_adapters::port::clock::Clock;
use rackhand_adapters::redfish::parse::{self, Resource};
use rackhand_adapters::redfish::{Bmc, Credentials, EVERYTHING, Redfish};
use rackhand_core::bmc::Vendor;
use rackhand_core::bmc::reading::{BmcReading, Section};
use rackhand_core::secret::Secret;
use rackhand_core::text::Text;
use rackhand_lab::bmc::recorded::Recorded;
use rackhand_lab::faults::Faults;
use rackhand_lab::front::{Network, Station};
use rackhand_tests::untested::untested;
use serde_json::Value;

use crate::bed::{ADDRESS, AUTHORITY, EPOCH};

pub const ILO5: &str = "hpe-ilo5-3.11-dl360gen10plus.ndjson";
pub const ILO6: &str = "hpe-ilo6-1.66-dl380agen11.ndjson";
pub const IDRAC9: &str = "dell-idrac9-7.10.30.00-r750.ndjson";
pub const RACKMOUNT: &str = "dmtf-public-rackmount1.ndjson";
const TREES: [(Vendor, &str); 4] =
    [(Vendor::Hpe, ILO5), (Vendor::Hpe, ILO6), (Vendor::Dell, IDRAC9), (Vendor::Other, RACKMOUNT)];

/// A recorded tree, or a loud word that nothing was tested.
pub fn recorded(file: &str) -> Option<Recorded> {
    let Some(reference) = std::env::var_os("RACKHAND_REFERENCE") else {
        untested(file, "set RACKHAND_REFERENCE to a directory with contracts/");
        return None;
    };
    let path = PathBuf::from(reference).join("contracts/redfish").join(file);
    Some(Recorded::load(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display())))
}

/// Written past the harness, which would keep a passing test's output to itself.
pub fn say(text: &str) {
    let _ = std::io::stderr().write_all(format!("{text}\n").as_bytes());
}

/// What the adapter reads of a tree by its normal calls.
pub async fn read(tree: Recorded, sections: &[Section]) -> (BmcReading, Arc<Recorded>) {
    let host = Arc::new(tree);
    let clock = Clock::scaled(EPOCH, 1.0);
    let network = Network::default();
    let station =
        Station { host: host.clone(), faults: Arc::new(Faults::default()), clock: clock.clone(), certificate: None };
    network.attach(AUTHORITY, station);
    let redfish = Redfish::new(Arc::new(network), clock, 443);
    let (identity, pin) = redfish.identify(ADDRESS, None).await.unwrap();
    let at = Bmc { address: ADDRESS, identity, pin };
    let credentials = Credentials { user: Text::new("u"), password: Secret::new("p") };
    let read = redfish.read_all(&at, &credentials, sections, EVERYTHING).await.unwrap();
    assert_eq!(host.sessions_open(), 0);
    (read, host)
}

/// A resource's class, without version.
fn class(body: &Value) -> &str {
    let told = body["@odata.type"].as_str().unwrap_or("none");
    told.trim_start_matches('#').split('.').next().unwrap_or(told)
}

#[test]
fn every_recorded_resource_of_a_class_we_know_is_read() {
    for (vendor, file) in TREES {
        let Some(recorded) = recorded(file) else { return };
        let (mut read, mut other) = (0, BTreeMap::<&str, u32>::new());
        for (path, body) in recorded.tree() {
            let bytes = serde_json::to_vec(body).unwrap();
            match parse::bytes(vendor, &bytes).unwrap_or_else(|why| panic!("{path}: {why}")) {
                Some(resource) => {
                    read += 1;
                    telling(path, body, &resource);
                }
                None => *other.entry(class(body)).or_default() += 1,
            }
        }
        let of = recorded.tree().len();
        let left: u32 = other.values().sum();
        say(&format!("{file}: {of} resources, {read} read, {left} of {} classes not ours", other.len()));
        assert_eq!(read + left as usize, of);
        // A class that becomes ours, or is lost, changes these numbers on purpose only.
        let ours = ["ServiceRoot", "ComputerSystem", "Chassis", "Manager", "Memory", "Processor", "LogEntry"];
        assert!(ours.iter().all(|class| !other.contains_key(class)), "{file}: {other:?}");
    }
}

/// What a resource that is there must at least tell: a class read as empty is a reader that looks in the wrong place.
fn telling(path: &str, body: &Value, resource: &Resource) {
    // What waits for a restart, and excerpts in collections, are parts of a resource.
    if path.ends_with("/Settings") || path.ends_with("/SD") {
        return;
    }
    let there = body["Status"]["State"] != "Absent";
    let told = match resource {
        Resource::System(system) => system.0.serial.is_some() && system.0.model.is_some() && system.1.target.is_some(),
        Resource::Memory(module) => module.as_ref().is_some_and(|m| m.mebibytes > Some(0)) == there,
        Resource::Processor(processor) => processor.as_ref().is_some_and(|p| p.model.is_some()) == there,
        Resource::Drives(drives) => drives.is_empty() != there || class(body) == "SimpleStorage",
        Resource::Firmware(component) => component.version.is_some() && component.name.is_some(),
        Resource::Entry(entry) => entry.is_some() == (body["MessageId"].is_string() && body["MessageId"] != "NULL"),
        Resource::Entries(entries) => entries.is_empty() == body["Members"].as_array().unwrap().is_empty(),
        Resource::Power(power) => power.watts.is_some() || class(body) == "EnvironmentMetrics",
        Resource::Licence(licence) => licence.name.is_some(),
        Resource::BootOption(option) => option.is_some(),
        Resource::SecureBoot(boot) => boot.secure_boot.is_some() && boot.secure_boot_now.is_some(),
        Resource::Interface(mac) => mac.is_some(),
        Resource::Task(task) => task.state != rackhand_adapters::redfish::TaskState::Unknown,
        _ => true,
    };
    assert!(told, "{path} is read as {resource:?}");
}

#[tokio::test(start_paused = true)]
async fn whole_trees_are_read_by_the_adapters_own_calls() {
    for (_, file) in TREES {
        let Some(tree) = recorded(file) else { return };
        let (all, host) = read(tree, &Section::ALL).await;
        // The standard's own sample has no licences at all.
        let unknown: &[&str] = if file == RACKMOUNT { &["licences"] } else { &[] };
        assert_eq!(all.unread.iter().map(|u| u.what.as_str()).collect::<Vec<_>>(), unknown, "{file}");
        let alone = host.asked().len();
        let Some(tree) = recorded(file) else { return };
        let (same, host) = read(tree.expanding(), &Section::ALL).await;
        assert_eq!(all, same, "{file}: expanded and one by one tell the same");
        say(&format!("{file}: {alone} requests one by one, {} with $expand", host.asked().len()));
        assert!(host.asked().len() < alone);
    }
}
