//! The resources that do not change while a controller runs: managers, inventory, firmware, services. Each has only
//! properties that the recorded controllers have.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::accounts::Accounts;
use super::bodies::{Paths, listing};
use super::{Personality, Spec, logs, parts};

/// Resources by path.
pub(super) type Tree = BTreeMap<String, Value>;

/// Everything below the root that is the same at any time.
pub(super) fn tree(spec: &Spec, accounts: &Accounts, serial: &str, paths: &Paths) -> Tree {
    let mut tree = Tree::new();
    let ilo = spec.personality.is_ilo();
    collection(&mut tree, "/redfish/v1/Chassis", vec![paths.chassis.clone()]);
    collection(&mut tree, "/redfish/v1/Managers", vec![paths.manager.clone()]);
    manager(&mut tree, spec, serial, paths);
    accounts.serve(&mut tree, spec);
    firmware(&mut tree, spec);
    memory_and_processors(&mut tree, spec, paths);
    parts::storage(&mut tree, spec, paths);
    parts::network(&mut tree, spec, paths);
    boot(&mut tree, ilo, paths);
    logs::services(&mut tree, spec.personality, paths);
    tree
}

/// A resource with its id.
pub(super) fn put(tree: &mut Tree, path: &str, mut body: Value) {
    body["@odata.id"] = json!(path);
    body["Id"] = json!(path.rsplit('/').next().unwrap_or_default());
    tree.insert(path.to_owned(), body);
}

/// A collection of these.
pub(super) fn collection(tree: &mut Tree, path: &str, members: Vec<String>) {
    let links: Vec<Value> = members.iter().map(|m| link(m)).collect();
    tree.insert(path.to_owned(), listing(path, &links));
}

/// Resources in a collection.
pub(super) fn filled(tree: &mut Tree, path: &str, members: Vec<(String, Value)>) {
    collection(tree, path, members.iter().map(|(id, _)| format!("{path}/{id}")).collect());
    for (id, body) in members {
        put(tree, &format!("{path}/{id}"), body);
    }
}

/// A link to it.
pub(super) fn link(path: &str) -> Value {
    json!({ "@odata.id": path })
}

/// Where a controller takes its own restart.
pub(super) fn manager_reset(paths: &Paths) -> String {
    format!("{}/Actions/Manager.Reset", paths.manager)
}

/// How it may be restarted.
pub(super) const fn manager_resets(personality: Personality) -> &'static [&'static str] {
    if personality.is_ilo() { &["ForceRestart", "GracefulRestart"] } else { &["GracefulRestart"] }
}

fn manager(tree: &mut Tree, spec: &Spec, serial: &str, paths: &Paths) {
    let at = &paths.manager;
    let protocol = format!("{at}/NetworkProtocol");
    let mut body = json!({
        "@odata.type": "#Manager.v1_5_1.Manager", "ManagerType": "BMC", "Name": "Manager",
        "NetworkProtocol": link(&protocol), "LogServices": link(&format!("{at}/LogServices")),
        "Links": { "ManagerInChassis": link(&paths.chassis), "ManagerForServers": [link(&paths.system)] },
        "Actions": { "#Manager.Reset": {
            "ResetType@Redfish.AllowableValues": manager_resets(spec.personality), "target": manager_reset(paths),
        } },
    });
    let on = |port: u16| json!({ "Port": port, "ProtocolEnabled": true });
    let mut services = json!({
        "@odata.type": "#ManagerNetworkProtocol.v1_5_0.ManagerNetworkProtocol", "Name": "Manager Network Protocol",
        "HTTP": on(80), "HTTPS": on(443), "SSH": on(22), "SNMP": on(161), "VirtualMedia": { "ProtocolEnabled": true },
    });
    if let Some(name) = spec.personality.ilo() {
        body["Model"] = json!(name);
        body["FirmwareVersion"] = json!(format!("{name} v{}", spec.firmware));
        let (licences, security) = (format!("{at}/LicenseService"), format!("{at}/SecurityService"));
        body["Oem"] =
            json!({ "Hpe": { "Links": { "LicenseService": link(&licences), "SecurityService": link(&security) } } });
        services["HostName"] = json!(format!("ILO{serial}"));
        services["IPMI"] = json!({ "Port": 623, "ProtocolEnabled": false });
        services["KVMIP"] = on(17_990);
        services["VirtualMedia"]["Port"] = json!(17_988);
        services["SSDP"] = on(1_900);
        if let Some(port) = &spec.hears {
            let ports = format!("{at}/DedicatedNetworkPorts");
            body["DedicatedNetworkPorts"] = link(&ports);
            let heard = json!({ "ChassisId": port.switch, "ChassisIdSubtype": "LocalAssign", "PortId": port.port,
                "PortIdSubtype": "IfName" });
            let own = json!({ "@odata.type": "#Port.v1_6_0.Port", "Name": "Port", "LinkStatus": "LinkUp",
                "Ethernet": { "LLDPReceive": heard } });
            filled(tree, &ports, vec![("1".into(), own)]);
        }
        let licence = json!({ "@odata.type": "#HpeiLOLicense.v2_3_0.HpeiLOLicense", "License": "iLO Advanced",
            "LicenseType": "Perpetual", "LicenseExpire": "", "Name": "iLO License" });
        filled(tree, &licences, vec![("1".into(), licence)]);
        let certificate = format!("{security}/HttpsCert");
        put(
            tree,
            &security,
            json!({ "@odata.type": "#HpeSecurityService.v2_6_0.HpeSecurityService", "Links": { "HttpsCert": link(&certificate) } }),
        );
        let x509 = json!({ "Issuer": "CN = Default Issuer (Do not trust), O = Hewlett Packard Enterprise",
            "Subject": format!("CN = ILO{serial}, O = Hewlett Packard Enterprise"), "SerialNumber": "05:2a:1a:98",
            "ValidNotBefore": "2026-01-01T00:00:00Z", "ValidNotAfter": "2041-01-01T00:00:00Z" });
        put(
            tree,
            &certificate,
            json!({ "@odata.type": "#HpeHttpsCert.v2_0_0.HpeHttpsCert", "X509CertificateInformation": x509 }),
        );
    } else {
        let generation = if spec.personality == Personality::Idrac10 { "17G" } else { "15G" };
        body["Model"] = json!(format!("{generation} Monolithic"));
        body["FirmwareVersion"] = json!(spec.firmware);
        let switches = format!("{}/NetworkPorts/Oem/Dell/DellSwitchConnections", paths.system);
        body["Links"]["Oem"] = json!({ "Dell": { "DellSwitchConnectionCollection": link(&switches) } });
        let held = format!("{protocol}/HTTPS/Certificates");
        services["HostName"] = json!(format!("idrac-{serial}"));
        services["HTTPS"]["Certificates"] = link(&held);
        services["IPMI"] = json!({ "ProtocolEnabled": true });
        services["KVMIP"] = on(5_900);
        services["Telnet"] = json!({ "Port": 23, "ProtocolEnabled": false });
        let named = json!({ "CommonName": format!("idrac-{serial}"), "Organization": "Dell Inc." });
        let certificate = json!({ "@odata.type": "#Certificate.v1_7_0.Certificate", "Name": "Server Certificates",
            "Subject": named, "Issuer": named, "SerialNumber": "1122E58A",
            "ValidNotBefore": "2026-1-1T00:00:00+00:00", "ValidNotAfter": "2036-1-1T00:00:00+00:00" });
        filled(tree, &held, vec![("SecurityCertificate.1".into(), certificate)]);
        licences(tree, spec, &mut body, at);
        let connections = spec.nics.iter().enumerate().map(|(n, _)| {
            let function = format!("NIC.Embedded.{}-1-1", n + 1);
            let body = json!({ "@odata.type": "#DellSwitchConnection.v1_1_0.DellSwitchConnection", "FQDD": function,
                "Name": "DellSwitchConnection", "StaleData": "NotStale", "SwitchConnectionID": "74:86:e2:bb:cc:20",
                "SwitchPortConnectionID": format!("swp{}", n + 1) });
            (function, body)
        });
        let own = spec.hears.iter().map(|port| {
            let body = json!({ "@odata.type": "#DellSwitchConnection.v1_1_0.DellSwitchConnection",
                "FQDD": "iDRAC.Embedded.1-1", "Name": "DellSwitchConnection", "StaleData": "NotStale",
                "SwitchConnectionID": port.switch, "SwitchPortConnectionID": port.port });
            ("iDRAC.Embedded.1-1".to_owned(), body)
        });
        filled(tree, &switches, connections.chain(own).collect());
    }
    put(tree, at, body);
    put(tree, &protocol, services);
}

/// iDRAC's licences: in its manager's OEM part, and from firmware 7 on in the standard's service too.
fn licences(tree: &mut Tree, spec: &Spec, manager: &mut Value, at: &str) {
    const ID: &str = "FD00000027623441";
    const NAME: &str = "iDRAC9 15g Enterprise License";
    const LISTED: &str = "/redfish/v1/LicenseService/Licenses";
    let own = format!("{at}/Oem/Dell/DellLicenses");
    manager["Links"]["Oem"]["Dell"]["DellLicenseCollection"] = link(&own);
    let licence = json!({ "@odata.type": "#DellLicense.v1_2_0.DellLicense", "Name": "DellLicense",
        "Description": "An instance of DellLicense represents a feature license installed on a system.",
        "LicenseDescription": [NAME], "LicenseType": "Perpetual", "LicenseEndDate": null });
    filled(tree, &own, vec![(ID.into(), licence)]);
    if spec.is_old_idrac() {
        return;
    }
    let service = json!({ "@odata.type": "#LicenseService.v1_1_0.LicenseService", "Name": "LicenseService", "Licenses": link(LISTED) });
    put(tree, "/redfish/v1/LicenseService", service);
    let licence = json!({ "@odata.type": "#License.v1_1_1.License", "Description": NAME, "LicenseType": "Production",
        "ExpirationDate": null, "Name": ID });
    filled(tree, LISTED, vec![(ID.into(), licence)]);
}

fn firmware(tree: &mut Tree, spec: &Spec) {
    const PATH: &str = "/redfish/v1/UpdateService/FirmwareInventory";
    put(
        tree,
        "/redfish/v1/UpdateService",
        json!({ "@odata.type": "#UpdateService.v1_2_1.UpdateService", "Name": "Update Service", "FirmwareInventory": link(PATH) }),
    );
    let kind = "#SoftwareInventory.v1_2_0.SoftwareInventory";
    let members = if let Some(name) = spec.personality.ilo() {
        let part = |name: &str, version: &str, what: &str| {
            json!({ "@odata.type": kind, "Name": name, "Version": version, "Description": what, "Updateable": true,
                "Oem": { "Hpe": { "DeviceContext": "System Board" } } })
        };
        vec![
            ("1".into(), part(name, &spec.firmware, "SystemBMC")),
            ("2".into(), part("System ROM", "U46 v2.34 (03/11/2025)", "SystemRomActive")),
            ("11".into(), part("Redundant System ROM", "U46 v1.80 (07/05/2023)", "SystemRomBackup")),
        ]
    } else {
        let part = |name: &str, version: &str, what: &str| {
            json!({ "@odata.type": kind, "Name": name, "Version": version, "Updateable": true,
                "Oem": { "Dell": { "DellSoftwareInventory": { "ComponentType": what } } } })
        };
        vec![
            ("Current-159-1.13.2__BIOS.Setup.1-1".into(), part("BIOS", "1.13.2", "BIOS")),
            ("Installed-159-1.13.2__BIOS.Setup.1-1".into(), part("BIOS", "1.13.2", "BIOS")),
            ("Previous-159-1.6.5__BIOS.Setup.1-1".into(), part("BIOS", "1.6.5", "BIOS")),
            (
                format!("Installed-25227-{}__iDRAC.Embedded.1-1", spec.firmware),
                part("Integrated Dell Remote Access Controller", &spec.firmware, "FRMW"),
            ),
        ]
    };
    filled(tree, PATH, members);
}

/// Modules of the size that a full board of sixteen has.
const MODULES: u64 = 16;

fn memory_and_processors(tree: &mut Tree, spec: &Spec, paths: &Paths) {
    let ilo = spec.personality.is_ilo();
    let enabled = json!({ "Health": "OK", "State": "Enabled" });
    let (modules, mebibytes, kind) = match &spec.machine {
        Some(machine) => (MODULES, (machine.memory_bytes / MODULES) >> 20, "DDR5"),
        None => (2, 16_384, "DDR4"),
    };
    let module = |n: u64| {
        json!({ "@odata.type": "#Memory.v1_7_1.Memory", "Name": format!("dimm{n}"), "CapacityMiB": mebibytes,
            "DeviceLocator": if ilo { format!("PROC 1 DIMM {n}") } else { format!("DIMM A{n}") },
            "Manufacturer": "Samsung", "MemoryDeviceType": kind, "OperatingSpeedMhz": 3_200,
            "PartNumber": "M393A2K43DB3-CWE", "SerialNumber": format!("14D4DE0{n}"), "Status": enabled })
    };
    let id = |n: u64| if ilo { format!("proc1dimm{n}") } else { format!("DIMM.Socket.A{n}") };
    let mut listed: Vec<(String, Value)> = (1..=modules).map(|n| (id(n), module(n))).collect();
    if ilo {
        // iLO lists empty slots, iDRAC does not.
        let slot = modules + 1;
        let empty = json!({ "@odata.type": "#Memory.v1_7_1.Memory", "Name": format!("proc1dimm{slot}"), "CapacityMiB": 0,
            "DeviceLocator": format!("PROC 1 DIMM {slot}"), "Status": { "Health": "OK", "State": "Absent" } });
        listed.push((id(slot), empty));
    }
    filled(tree, &format!("{}/Memory", paths.system), listed);
    let recorded = ("Intel(R) Xeon(R) Gold 6354 CPU @ 3.00GHz".to_owned(), 18);
    let processors = match &spec.machine {
        Some(machine) => machine.processors.iter().map(|p| (p.model.to_string(), p.cores)).collect(),
        None => vec![recorded.clone(), recorded],
    };
    let processor = |n: usize, (model, cores): &(String, u32)| {
        json!({ "@odata.type": "#Processor.v1_7_2.Processor", "Name": format!("CPU {n}"), "ProcessorType": "CPU",
            "Model": model, "TotalCores": cores, "TotalThreads": 2 * cores,
            "Socket": if ilo { format!("Proc {n}") } else { format!("CPU.Socket.{n}") },
            "MaxSpeedMHz": 4_000, "Status": enabled })
    };
    let id = |n: usize| if ilo { n.to_string() } else { format!("CPU.Socket.{n}") };
    let processors = (1..).zip(&processors).map(|(n, p)| (id(n), processor(n, p))).collect();
    filled(tree, &format!("{}/Processors", paths.system), processors);
}

fn boot(tree: &mut Tree, ilo: bool, paths: &Paths) {
    let option = json!({ "@odata.type": "#BootOption.v1_0_1.BootOption", "Name": "Boot Option",
        "BootOptionReference": "Boot0001", "DisplayName": "NIC 1 Port 1 (PXE IPv4)" });
    let id = if ilo { "1" } else { "Boot0001" };
    filled(tree, &format!("{}/BootOptions", paths.system), vec![(id.into(), option)]);
    put(
        tree,
        &format!("{}/SecureBoot", paths.system),
        json!({ "@odata.type": "#SecureBoot.v1_0_0.SecureBoot", "Name": "SecureBoot", "SecureBootEnable": false,
            "SecureBootCurrentBoot": "Disabled", "SecureBootMode": "UserMode" }),
    );
}
