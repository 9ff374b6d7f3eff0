//! Memory, processors, drives, network adapters, firmware.

use rackhand_core::bmc::inventory::{Adapter, Drive, FirmwareComponent, MemoryModule, Neighbour, Port, Processor};
use rackhand_core::mac::Mac;
use rackhand_core::text::Text;
use serde_json::Value;

use super::super::driver::Driver;
use super::super::wire::{at, flag, health, list, number, present, small, text, whole};

/// A SoftwareInventory.
pub(in super::super) fn firmware(driver: &Driver, body: &Value) -> FirmwareComponent {
    FirmwareComponent {
        id: text(body, &["Id"]),
        name: text(body, &["Name"]),
        class: text(body, &["Oem", "Hpe", "DeviceContext"])
            .or_else(|| text(body, &["Oem", "Dell", "DellSoftwareInventory", "ComponentType"])),
        version: text(body, &["Version"]),
        updateable: flag(body, &["Updateable"]),
        current: (driver.firmware_is_current)(body),
    }
}

/// A Memory; `None` for an empty slot.
pub(in super::super) fn memory(body: &Value) -> Option<MemoryModule> {
    if present(body) == Some(false) {
        return None;
    }
    Some(MemoryModule {
        slot: text(body, &["DeviceLocator"]).or_else(|| text(body, &["Id"])),
        mebibytes: whole(body, &["CapacityMiB"]),
        megahertz: small(body, &["OperatingSpeedMhz"]),
        kind: text(body, &["MemoryDeviceType"]),
        manufacturer: text(body, &["Manufacturer"]),
        part: text(body, &["PartNumber"]),
        serial: text(body, &["SerialNumber"]),
        health: health(body),
    })
}

/// A Processor; `None` for an empty socket.
pub(in super::super) fn processor(body: &Value) -> Option<Processor> {
    if present(body) == Some(false) {
        return None;
    }
    Some(Processor {
        socket: text(body, &["Socket"]).or_else(|| text(body, &["Id"])),
        kind: text(body, &["ProcessorType"]),
        model: text(body, &["Model"]),
        cores: small(body, &["TotalCores"]),
        threads: small(body, &["TotalThreads"]),
        megahertz: small(body, &["MaxSpeedMHz"]),
        health: health(body),
    })
}

/// A Drive; `None` for an empty bay.
pub(in super::super) fn drive(body: &Value) -> Option<Drive> {
    if present(body) == Some(false) {
        return None;
    }
    let place = at(body, &["PhysicalLocation", "PartLocation"]).unwrap_or(&Value::Null);
    let ordinal = whole(place, &["LocationOrdinalValue"]).map(|n| Text::from(format!("bay {n}")));
    Some(Drive {
        bay: text(place, &["ServiceLabel"]).or(ordinal).or_else(|| text(body, &["Id"])),
        model: text(body, &["Model"]),
        serial: text(body, &["SerialNumber"]),
        media: text(body, &["MediaType"]),
        protocol: text(body, &["Protocol"]),
        bytes: whole(body, &["CapacityBytes"]),
        life_left_percent: small(body, &["PredictedMediaLifeLeftPercent"]).filter(|p| *p <= 100),
        failing: flag(body, &["FailurePredicted"]),
        firmware: text(body, &["FirmwareVersion"]).or_else(|| text(body, &["Revision"])),
        health: health(body),
    })
}

/// A drive of iLO 5's Smart Array tree (`HpeSmartStorageDiskDrive`), which older Gen10 has in the place of Storage.
/// It tells what of an SSD's life is used, not what is left.
pub(in super::super) fn smart_array_drive(body: &Value) -> Option<Drive> {
    let used = small(body, &["SSDEnduranceUtilizationPercentage"]).filter(|p| *p <= 100);
    let solid = text(body, &["MediaType"]).is_some_and(|m| m.as_str() == "SSD");
    Some(Drive {
        bay: text(body, &["Location"]),
        bytes: whole(body, &["CapacityMiB"]).and_then(|m| m.checked_mul(1 << 20)),
        protocol: text(body, &["InterfaceType"]),
        life_left_percent: used.filter(|_| solid).map(|p| 100 - p),
        firmware: text(body, &["FirmwareVersion", "Current", "VersionString"]),
        ..drive(body)?
    })
}

/// The devices of a SimpleStorage.
pub(in super::super) fn simple_storage(body: &Value) -> Vec<Drive> {
    let devices = list(body, &["Devices"]).iter();
    devices.filter_map(|d| Some(Drive { bay: text(d, &["Name"]), ..drive(d)? })).collect()
}

/// A NetworkAdapter, without its ports.
pub(in super::super) fn adapter(body: &Value) -> Adapter {
    let first = list(body, &["Controllers"]).first();
    Adapter {
        id: text(body, &["Id"]),
        model: text(body, &["Model"]),
        manufacturer: text(body, &["Manufacturer"]),
        serial: text(body, &["SerialNumber"]),
        firmware: first.and_then(|c| text(c, &["FirmwarePackageVersion"])),
        health: health(body),
        ports: Vec::new(),
    }
}

/// A Port of a network adapter, or the NetworkPort it was before; `None` for a port that is none of a network.
pub(in super::super) fn port(body: &Value) -> Option<Port> {
    let told = list(body, &["Ethernet", "AssociatedMACAddresses"]).iter();
    let older = list(body, &["AssociatedNetworkAddresses"]).iter();
    let macs = distinct(told.chain(older));
    if macs.is_empty() && body.get("Ethernet").is_none() {
        return None;
    }
    let up = match body.get("LinkStatus").and_then(Value::as_str) {
        Some("LinkUp" | "Up") => Some(true),
        Some("LinkDown" | "Down" | "NoLink") => Some(false),
        _ => None,
    };
    let older_speed = || number(body, &["CurrentLinkSpeedMbps"]).map(|m| m / 1_000.0);
    Some(Port {
        id: text(body, &["Id"]),
        number: text(body, &["PortId"]).or_else(|| text(body, &["PhysicalPortNumber"])),
        up,
        gbps: number(body, &["CurrentSpeedGbps"]).or_else(older_speed).filter(|g| *g > 0.0),
        macs,
        neighbour: at(body, &["Ethernet", "LLDPReceive"]).and_then(neighbour),
    })
}

/// The MACs among these texts: no others, none twice, none that is all zeros.
fn distinct<'a>(told: impl Iterator<Item = &'a Value>) -> Vec<Mac> {
    let mut macs = Vec::new();
    for mac in told.filter_map(|m| m.as_str()?.parse::<Mac>().ok()).filter(|m| m.0 != [0; 6]) {
        if !macs.contains(&mac) {
            macs.push(mac);
        }
    }
    macs
}

/// `LLDPReceive`. iLO says "nothing" as empty texts of subtype `NotTransmitted`.
fn neighbour(told: &Value) -> Option<Neighbour> {
    let id = |value: &str, subtype: &str| {
        let kind = text(told, &[subtype]);
        let raw = text(told, &[value]).filter(|_| kind.as_deref() != Some("NotTransmitted"))?;
        Some(if kind.as_deref() == Some("MacAddr") { raw } else { spelled(&raw) })
    };
    Some(Neighbour { chassis: id("ChassisId", "ChassisIdSubtype")?, port: id("PortId", "PortIdSubtype") })
}

/// iLO writes ids that are names as their octets (`31:2F:31` for `1/1`, recorded on 3.11); where all octets are
/// printable that is undone.
fn spelled(raw: &Text) -> Text {
    let octets: Option<Vec<u8>> =
        raw.split(':').map(|o| (o.len() == 2).then(|| u8::from_str_radix(o, 16).ok())?).collect();
    match octets {
        Some(bytes) if bytes.iter().all(|b| (0x20..0x7F).contains(b)) => {
            Text::from(String::from_utf8_lossy(&bytes).into_owned())
        }
        _ => raw.clone(),
    }
}

/// An adapter of iLO's own list (`HpeBaseNetworkAdapter`). It holds adapters that cannot speak to iLO themselves and
/// are missing in the standard list (recorded: an I350-T4).
pub(in super::super) fn base_adapter(body: &Value) -> Option<Adapter> {
    let ports = list(body, &["PhysicalPorts"]).iter().map(|p| Port {
        id: None,
        number: small(p, &["Oem", "Hpe", "PortNumber"]).map(|n| Text::from(n.to_string())),
        up: match p.get("LinkStatus").and_then(Value::as_str) {
            Some("LinkUp") => Some(true),
            Some("LinkDown" | "NoLink") => Some(false),
            _ => None,
        },
        gbps: number(p, &["SpeedMbps"]).map(|m| m / 1_000.0).filter(|g| *g > 0.0),
        macs: distinct(p.get("MacAddress").into_iter()),
        neighbour: None,
    });
    // Of Fibre Channel cards, which have ports of another list, there is nothing to tell.
    let is_of_a_network = ports.len() > 0;
    let ports = ports.filter(|p| !p.macs.is_empty()).collect();
    is_of_a_network.then(|| Adapter {
        id: text(body, &["Id"]),
        model: text(body, &["Name"]),
        serial: text(body, &["SerialNumber"]),
        firmware: text(body, &["Firmware", "Current", "VersionString"]),
        ports,
        ..Adapter::default()
    })
}

/// Whether two lists speak of the same card: by a MAC, or by its serial where one of them has no MAC of it.
pub(in super::super) fn is_same_card(one: &Adapter, other: &Adapter) -> bool {
    let macs = |a: &Adapter| -> Vec<Mac> { a.ports.iter().flat_map(|p| p.macs.clone()).collect() };
    let (ours, theirs) = (macs(one), macs(other));
    if ours.is_empty() || theirs.is_empty() {
        return one.serial.is_some() && one.serial == other.serial;
    }
    theirs.iter().any(|mac| ours.contains(mac))
}

/// What iDRAC learned by LLDP (`DellSwitchConnection`): the port's id and who is there. Old data, and the word `No
/// Link`, are nobody.
pub(in super::super) fn switch_connection(body: &Value) -> Option<(Text, Neighbour)> {
    let known =
        |key: &str| text(body, &[key]).filter(|t| !matches!(t.as_str(), "No Link" | "Not Available" | "Not Supported"));
    if text(body, &["StaleData"]).is_some_and(|t| t.as_str() != "NotStale") {
        return None;
    }
    let chassis = known("SwitchConnectionID")?;
    Some((text(body, &["FQDD"])?, Neighbour { chassis, port: known("SwitchPortConnectionID") }))
}

/// Whether a function's id (`NIC.Embedded.1-1-1`) is of this port (`NIC.Embedded.1-1`): iDRAC adds the partition.
pub(in super::super) fn of_port(function: &str, port: &str) -> bool {
    function == port || function.strip_prefix(port).is_some_and(|rest| rest.starts_with('-') && rest.len() == 2)
}

/// The MAC of a host interface (EthernetInterface).
pub(in super::super) fn interface(body: &Value) -> Option<Mac> {
    let told = text(body, &["PermanentMACAddress"]).or_else(|| text(body, &["MACAddress"]))?;
    told.parse::<Mac>().ok().filter(|m| m.0 != [0; 6])
}
