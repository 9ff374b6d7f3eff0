//! Drives and network cards, where each controller lists them.

use rackhand_core::boot::report::Drive;
use rackhand_core::mac::Mac;
use serde_json::{Value, json};

use super::Spec;
use super::bodies::Paths;
use super::tree::{Tree, filled, link, put};

/// Where iLO has its own list of network cards.
pub(super) fn own_cards(paths: &Paths) -> String {
    format!("{}/BaseNetworkAdapters", paths.system)
}

/// Storage: one resource for a controller with its drives. NVMe drives are one resource each on iLO, and all behind one
/// on iDRAC.
pub(super) fn storage(tree: &mut Tree, spec: &Spec, paths: &Paths) {
    let ilo = spec.personality.is_ilo();
    let fitted = &spec.fitted;
    let mut all = Vec::new();
    let behind: Vec<(String, Value)> = match &spec.machine {
        Some(machine) => (1..).zip(&machine.drives).map(|(n, drive)| of_machine(ilo, n, drive)).collect(),
        None => (1..=fitted.drives).map(|n| sata(ilo, n)).collect(),
    };
    let controller = if ilo { "DE00A000" } else { "CPU.1" };
    all.push(subsystem(tree, ilo, paths, controller, behind));
    let nvme: Vec<(String, Value)> = (1..=fitted.nvme).map(|n| nvme(ilo, n)).collect();
    if ilo {
        for (n, (_, drive)) in nvme.into_iter().enumerate() {
            let alone = vec![("1".to_owned(), drive)];
            all.push(subsystem(tree, ilo, paths, &format!("DA{n:06X}"), alone));
        }
    } else if !nvme.is_empty() {
        all.push(subsystem(tree, ilo, paths, "PCIeExtender.Slot.1", nvme));
    }
    filled(tree, &format!("{}/Storage", paths.system), all);
}

/// A Storage resource and its drives, which iLO has under a chassis of their own.
fn subsystem(tree: &mut Tree, ilo: bool, paths: &Paths, id: &str, drives: Vec<(String, Value)>) -> (String, Value) {
    let at =
        if ilo { format!("/redfish/v1/Chassis/{id}/Drives") } else { format!("{}/Storage/{id}/Drives", paths.system) };
    let links: Vec<Value> = drives.iter().map(|(drive, _)| link(&format!("{at}/{drive}"))).collect();
    for (drive, body) in drives {
        put(tree, &format!("{at}/{drive}"), body);
    }
    let body = json!({ "@odata.type": "#Storage.v1_15_0.Storage", "Name": "Storage", "Drives": links });
    (id.to_owned(), body)
}

fn sata(ilo: bool, n: u32) -> (String, Value) {
    let id = if ilo { (2_555 + n).to_string() } else { format!("Disk.Bay.{n}:Enclosure.Internal.0-1") };
    let drive = json!({ "@odata.type": "#Drive.v1_17_0.Drive", "Name": "480GB 6G SATA SSD",
        "CapacityBytes": 480_103_981_056_u64, "FailurePredicted": false, "MediaType": "SSD", "Model": "MK000480GWSSC",
        "PhysicalLocation": place(ilo, "Slot=12:Port=2I:Box=1", n), "PredictedMediaLifeLeftPercent": 99,
        "Protocol": "SATA", "Revision": "HPG3", "SerialNumber": format!("S521NA0T60535{n}"),
        "Status": { "Health": "OK", "State": "Enabled" } });
    (id, drive)
}

fn nvme(ilo: bool, n: u32) -> (String, Value) {
    let id = format!("Disk.Bay.{n}:Enclosure.Internal.0-2");
    let drive = json!({ "@odata.type": "#Drive.v1_17_0.Drive", "Name": "3.84TB NVMe SSD",
        "CapacityBytes": 3_840_755_982_336_u64, "FailurePredicted": false, "MediaType": "SSD", "Model": "LB003840NVME",
        "PhysicalLocation": place(ilo, "Slot=0:Port=1:Box=3", n), "PredictedMediaLifeLeftPercent": 100,
        "Protocol": "NVMe", "Revision": "1.0.0", "SerialNumber": format!("LBNVME{n:06}"),
        "Status": { "Health": "OK", "State": "Enabled" } });
    (id, drive)
}

/// A drive that the machine reports too.
fn of_machine(ilo: bool, n: u32, drive: &Drive) -> (String, Value) {
    let (_, mut body) = nvme(ilo, n);
    body["CapacityBytes"] = json!(drive.bytes);
    body["Model"] = json!(drive.model);
    body["SerialNumber"] = json!(drive.serial);
    (sata(ilo, n).0, body)
}

fn place(ilo: bool, slot: &str, n: u32) -> Value {
    let mut place = json!({ "LocationOrdinalValue": n });
    if ilo {
        place["ServiceLabel"] = json!(format!("{slot}:Bay={n}"));
    }
    json!({ "PartLocation": place })
}

/// The card of the host's NICs, and what else is fitted.
pub(super) fn network(tree: &mut Tree, spec: &Spec, paths: &Paths) {
    let ilo = spec.personality.is_ilo();
    let mut cards = Vec::new();
    let mut add = |n: u32, embedded: bool, model: &str, serial: &str, ports: Vec<Value>| {
        let id = match (ilo, embedded) {
            (true, _) => format!("DE{:02X}0000", 8 + n),
            (false, true) => "NIC.Embedded.1".to_owned(),
            (false, false) => format!("NIC.Slot.{n}"),
        };
        let at = format!("{}/NetworkAdapters/{id}/Ports", paths.chassis);
        let named = |n: usize| match (ilo, embedded) {
            (true, _) => n.to_string(),
            (false, true) => format!("NIC.Embedded.{}-1", n + 1),
            (false, false) => format!("{id}-{}", n + 1),
        };
        let ports = ports.into_iter().enumerate().map(|(n, port)| (named(n), port)).collect();
        filled(tree, &at, ports);
        let body = json!({ "@odata.type": "#NetworkAdapter.v1_9_0.NetworkAdapter", "Manufacturer": "MLNX",
            "Name": "NetworkAdapter", "Model": model, "SerialNumber": serial,
            "Controllers": [{ "FirmwarePackageVersion": "16.35.4030" }], "Ports": link(&at),
            "Status": { "Health": "OK", "State": "Enabled" } });
        cards.push((id, body));
    };
    let own = spec.nics.iter().enumerate().map(|(n, mac)| {
        let mut port = ethernet(ilo, n, *mac, true);
        if spec.machine.is_some() {
            port["CurrentSpeedGbps"] = json!(100);
        }
        port
    });
    let own = own.collect();
    add(0, true, "Ethernet 10/25Gb 2-port SFP28 MCX512F-ACHT Adapter", "ILC220027S", own);
    let fitted = &spec.fitted;
    for n in 1..=fitted.cards {
        let ports = (0..4).map(|port| ethernet(ilo, port, of_card(spec.bmc_mac, n, port), false)).collect();
        add(n, false, "Ethernet 1Gb 4-port BASE-T Adapter", &format!("ETH4{n:06}"), ports);
    }
    let mut listed = Vec::new();
    for n in fitted.cards + 1..=fitted.cards + fitted.infiniband {
        let (model, serial) = ("InfiniBand HDR/Ethernet 200Gb 2-port QSFP56 Adapter", format!("IBHDR{n:06}"));
        let port = |n: usize| {
            json!({ "@odata.type": "#Port.v1_6_0.Port", "Name": "Port", "PortId": (n + 1).to_string(),
                "CurrentSpeedGbps": 200, "LinkStatus": "LinkUp", "Status": { "Health": "OK", "State": "Enabled" } })
        };
        add(n, false, model, &serial, vec![port(0), port(1)]);
        let physical = |port: usize| {
            json!({ "MacAddress": of_card(spec.bmc_mac, n, port).to_string().to_lowercase(), "LinkStatus": "LinkUp",
                "SpeedMbps": 200_000, "Oem": { "Hpe": { "PortNumber": port + 1 } } })
        };
        // As iLO does, the serial is filled up with blanks here.
        listed.push((
            n.to_string(),
            json!({ "@odata.type": "#HpeBaseNetworkAdapter.v2_0_0.HpeBaseNetworkAdapter",
            "Name": model, "SerialNumber": format!("{serial}     "), "PhysicalPorts": [physical(0), physical(1)],
            "Firmware": { "Current": { "VersionString": "20.35.4030" } } }),
        ));
    }
    filled(tree, &format!("{}/NetworkAdapters", paths.chassis), cards);
    if ilo && !listed.is_empty() {
        filled(tree, &own_cards(paths), listed);
    }
}

fn ethernet(ilo: bool, n: usize, mac: Mac, heard: bool) -> Value {
    let told = if ilo { mac.to_string().to_lowercase() } else { mac.to_string() };
    // iLO writes names as their octets: this is "1/1/1:4".
    let neighbour = json!({ "ChassisId": "BC:D7:A5:72:F4:00", "ChassisIdSubtype": "MacAddr",
        "PortId": "31:2F:31:2F:31:3A:34", "PortIdSubtype": "IfName" });
    let ethernet = json!({ "AssociatedMACAddresses": [told],
        "LLDPReceive": if ilo && heard { neighbour } else { json!({}) } });
    json!({ "@odata.type": "#Port.v1_6_0.Port", "Name": "Port", "PortId": (n + 1).to_string(), "CurrentSpeedGbps": 25,
        "LinkStatus": "LinkUp", "Ethernet": ethernet, "Status": { "Health": "OK", "State": "Enabled" } })
}

/// A MAC of a further card, by the BMC's.
fn of_card(mac: Mac, card: u32, port: usize) -> Mac {
    let mut octets = mac.0;
    octets[3] ^= 0xC0;
    octets[4] ^= u8::try_from(card).unwrap_or_default();
    octets[5] ^= u8::try_from(port << 6).unwrap_or_default();
    Mac(octets)
}
