//! Resources read, without a network: from bytes, or from JSON, to what we know of them. Any body is read without
//! error; what is missing or of another type is unknown.

pub(super) mod identity;
pub(super) mod inventory;
pub(super) mod logs;
pub(super) mod power;
pub(super) mod sensors;

use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::HeaderMap;
use rackhand_core::bmc::inventory::{Adapter, Drive, FirmwareComponent, MemoryModule, Neighbour, Port, Processor};
use rackhand_core::bmc::reading::{
    AccountsReading, BootReading, CertificateReading, IdentityReading, Licence, LogEntry, PowerReading, SensorsReading,
    Supply,
};
use rackhand_core::bmc::{Identity, Vendor};
use rackhand_core::mac::Mac;
use rackhand_core::text::Text;
use serde_json::Value;

pub use self::identity::Slot;
use super::driver::Driver;
use super::task::{TaskReading, task};
use super::wire::{Root, list};
use crate::http::Answer;

/// One resource, by its class.
#[derive(Clone, Debug, PartialEq)]
pub enum Resource {
    /// ServiceRoot.
    Root(Identity),
    /// ComputerSystem: who it is, how it boots, its health.
    System(Box<(IdentityReading, BootReading, SensorsReading)>),
    /// Manager, or ManagerNetworkProtocol.
    Manager(Box<IdentityReading>),
    /// Chassis: its locator LED.
    Chassis(Option<bool>),
    /// Power, or EnvironmentMetrics.
    Power(PowerReading),
    /// PowerSupply.
    Supply(Supply),
    /// Thermal, Sensor, or a Fan.
    Sensors(SensorsReading),
    /// LogEntry; `None` for a place that holds none.
    Entry(Option<LogEntry>),
    /// LogEntryCollection.
    Entries(Vec<LogEntry>),
    /// ManagerAccount.
    Account(Slot),
    /// AccountService.
    Accounts(AccountsReading),
    /// SoftwareInventory.
    Firmware(FirmwareComponent),
    /// Memory.
    Memory(Option<MemoryModule>),
    /// Processor.
    Processor(Option<Processor>),
    /// Drive, or the devices of a SimpleStorage.
    Drives(Vec<Drive>),
    /// NetworkAdapter.
    Adapter(Option<Adapter>),
    /// Port or NetworkPort; `None` for one that is none of a network.
    Port(Option<Port>),
    /// What iDRAC learned by LLDP.
    Neighbour(Option<(Text, Neighbour)>),
    /// EthernetInterface.
    Interface(Option<Mac>),
    /// Certificate.
    Certificate(CertificateReading),
    /// License.
    Licence(Licence),
    /// SecureBoot.
    SecureBoot(BootReading),
    /// BootOption.
    BootOption(Option<(Text, Text)>),
    /// Task or Job.
    Task(TaskReading),
    /// A collection: the links of its members.
    Collection(Vec<String>),
}

/// Reads one answer's body, within the limits of the adapter, secrets taken out first. `Ok(None)` is a class we do not
/// read.
pub fn bytes(vendor: Vendor, body: &[u8]) -> Result<Option<Resource>, Text> {
    let limits = super::LIMITS;
    if body.len() > limits.body {
        return Err(Text::new("too big"));
    }
    let answer = Answer { status: StatusCode::OK, headers: HeaderMap::new(), body: Bytes::copy_from_slice(body) };
    let mut value = answer.json_within(&limits)?;
    super::redact::redact(&mut value);
    Ok(resource(vendor, &value))
}

/// Reads one resource as what its `@odata.type` says it is; `None` for a class we do not read.
pub fn resource(vendor: Vendor, body: &Value) -> Option<Resource> {
    let driver = Driver::of(vendor);
    let class = body.get("@odata.type")?.as_str()?.strip_prefix('#')?.split('.').next()?;
    Some(match class {
        "ServiceRoot" => Resource::Root(Root::read(body)?.identity()),
        "ComputerSystem" => {
            let mut sensors = SensorsReading::default();
            sensors::system_health(body, &mut sensors);
            sensors.cpu_percent = (driver.cpu_in_system)(body);
            Resource::System(Box::new((identity::system(driver, body), identity::boot(driver, body), sensors)))
        }
        "Manager" => {
            let mut read = IdentityReading::default();
            identity::manager(driver, body, &mut read);
            Resource::Manager(Box::new(read))
        }
        "ManagerNetworkProtocol" => {
            let mut read = IdentityReading::default();
            identity::services(body, &mut read);
            Resource::Manager(Box::new(read))
        }
        "Chassis" => Resource::Chassis(identity::locator(driver, body)),
        "Power" => Resource::Power(power::power(driver, body)),
        "EnvironmentMetrics" => {
            let mut read = PowerReading::default();
            power::environment(body, &mut read);
            Resource::Power(read)
        }
        "PowerSupply" => Resource::Supply(power::supply(body)),
        "Thermal" => Resource::Sensors(sensors::thermal(driver, body)),
        "Fan" => Resource::Sensors(SensorsReading {
            fans: sensors::subsystem_fan(body).into_iter().collect(),
            ..SensorsReading::default()
        }),
        "Sensor" => {
            let mut read = SensorsReading::default();
            sensors::sensor(driver, body, &mut read);
            read.cpu_percent = sensors::utilisation(body).filter(|_| (driver.is_cpu_sensor)(body));
            Resource::Sensors(read)
        }
        "DellRollupStatus" => Resource::Sensors(SensorsReading {
            parts: sensors::rollup(body).into_iter().collect(),
            ..SensorsReading::default()
        }),
        "LogEntry" => Resource::Entry(logs::entry(driver, body)),
        "LogEntryCollection" => Resource::Entries(entries(driver, list(body, &["Members"]))),
        "ManagerAccount" => Resource::Account(identity::account(body)),
        "AccountService" => Resource::Accounts(identity::account_service(body)),
        "SoftwareInventory" => Resource::Firmware(inventory::firmware(driver, body)),
        "Memory" => Resource::Memory(inventory::memory(body)),
        "Processor" => Resource::Processor(inventory::processor(body)),
        "Drive" => Resource::Drives(inventory::drive(body).into_iter().collect()),
        "HpeSmartStorageDiskDrive" => Resource::Drives(inventory::smart_array_drive(body).into_iter().collect()),
        "SimpleStorage" => Resource::Drives(inventory::simple_storage(body)),
        "NetworkAdapter" => Resource::Adapter(Some(inventory::adapter(body))),
        "HpeBaseNetworkAdapter" => Resource::Adapter(inventory::base_adapter(body)),
        "Port" | "NetworkPort" => Resource::Port(inventory::port(body)),
        "DellSwitchConnection" => Resource::Neighbour(inventory::switch_connection(body)),
        "EthernetInterface" => Resource::Interface(inventory::interface(body)),
        "Certificate" | "HpeHttpsCert" => Resource::Certificate(identity::certificate(body)),
        "License" | "HpeiLOLicense" | "DellLicense" => Resource::Licence(identity::licence(body)),
        "SecureBoot" => {
            let mut read = BootReading::default();
            identity::secure_boot(body, &mut read);
            Resource::SecureBoot(read)
        }
        "BootOption" => Resource::BootOption(identity::boot_option(body)),
        "Task" | "Job" | "DellJob" => Resource::Task(task(body)),
        other if other.ends_with("Collection") => Resource::Collection(super::wire::members(body)),
        _ => return None,
    })
}

/// A log's entries, newest first, repetitions counted. iLO lists its oldest first, iDRAC its newest.
pub(super) fn entries(driver: &Driver, members: &[Value]) -> Vec<LogEntry> {
    let read = |body: &Value| Some((logs::entry(driver, body)?, logs::repeated(body)));
    let listed: Vec<_> = if driver.oldest_entries_first {
        members.iter().rev().filter_map(read).collect()
    } else {
        members.iter().filter_map(read).collect()
    };
    logs::fold_repeats(listed)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_disabled_or_absent_keeps_no_reading() {
        let sensor = |state: &str, reading: Value| {
            let body = json!({ "@odata.type": "#Sensor.v1_7_0.Sensor", "Id": "SystemBoardCPUUsage", "Name": "x",
                "ReadingType": "Percent", "Reading": reading, "Status": { "State": state } });
            match resource(Vendor::Dell, &body) {
                Some(Resource::Sensors(read)) => read.cpu_percent,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(sensor("Enabled", json!(0)), Some(0.0));
        assert_eq!(sensor("Disabled", json!(40)), None);
        assert_eq!(sensor("Enabled", Value::Null), None);
        let thermal = json!({ "@odata.type": "#Thermal.v1_7_1.Thermal", "Temperatures": [
            { "Name": "01-Inlet Ambient", "ReadingCelsius": 21, "Status": { "State": "Disabled" } },
            { "Name": "05-P1 PMM", "ReadingCelsius": 0, "Status": { "State": "Absent" } },
        ], "Fans": [{ "Name": "Fan 1", "Reading": 26, "Status": { "State": "Enabled" } }] });
        let Some(Resource::Sensors(read)) = resource(Vendor::Hpe, &thermal) else { panic!() };
        assert_eq!((read.inlet_celsius, read.temperatures.len(), read.temperatures[0].celsius), (None, 1, None));
        assert_eq!(read.fans[0].speed, None, "a number without a unit means nothing");
    }

    #[test]
    fn bytes_are_bounded_and_secrets_in_them_go() {
        let deep = "[".repeat(100);
        let wide = format!("[0{}]", ",0".repeat(200_000));
        for bad in [deep.as_bytes(), wide.as_bytes(), &vec![b' '; 3 << 20], b"\xff", b""] {
            assert!(bytes(Vendor::Other, bad).is_err());
        }
        let licence =
            br##"{"@odata.type":"#HpeiLOLicense.v2_3_0.HpeiLOLicense","License":"iLO Advanced","LicenseKey":"12345"}"##;
        let read = bytes(Vendor::Hpe, licence);
        assert!(
            matches!(&read, Ok(Some(Resource::Licence(l))) if l.name.as_deref() == Some("iLO Advanced")),
            "{read:?}"
        );
        assert!(!format!("{read:?}").contains("12345"));
    }
}
