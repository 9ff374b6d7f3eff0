//! The resources each controller serves: the properties that are read, in the shapes the real ones have.

use std::fmt::Write as _;

use bytes::Bytes;
use rackhand_core::mac::Mac;
use serde_json::{Value, json};

use super::environment::MEASURED_CPU;
use super::{Personality, Spec, parts};

/// What never changes while the controller runs, ready to send.
#[derive(Clone, Debug)]
pub(super) struct Bodies {
    pub(super) root: Bytes,
    pub(super) systems: Bytes,
    pub(super) session_service: Bytes,
    pub(super) interfaces: Bytes,
    pub(super) no_interfaces: Bytes,
    pub(super) nics: Vec<(String, Bytes)>,
    pub(super) paths: Paths,
    system_head: String,
}

/// Where things are.
#[derive(Clone, Debug)]
pub(super) struct Paths {
    pub(super) system: String,
    pub(super) settings: String,
    pub(super) reset: String,
    pub(super) interfaces: String,
    pub(super) chassis: String,
    pub(super) manager: String,
}

pub(super) const SESSIONS: &str = "/redfish/v1/SessionService/Sessions";
pub(super) const SYSTEMS: &str = "/redfish/v1/Systems";

/// What changes of a system.
pub(super) struct Present<'a> {
    pub(super) power: &'a str,
    pub(super) in_post: bool,
    pub(super) off: bool,
    pub(super) target: &'a str,
    pub(super) enabled: &'a str,
}

impl Bodies {
    /// The resources of a controller whose server says it has `serial`.
    pub(super) fn of(spec: &Spec, serial: &str) -> Self {
        let id = if spec.personality.is_ilo() { "1" } else { "System.Embedded.1" };
        let system = format!("{SYSTEMS}/{id}");
        let interfaces = format!("{system}/EthernetInterfaces");
        let paths = Paths {
            settings: format!("{system}/Settings"),
            reset: format!("{system}/Actions/ComputerSystem.Reset"),
            interfaces: interfaces.clone(),
            chassis: format!("/redfish/v1/Chassis/{id}"),
            manager: format!(
                "/redfish/v1/Managers/{}",
                if spec.personality.is_ilo() { "1" } else { "iDRAC.Embedded.1" }
            ),
            system,
        };
        let nics: Vec<(String, Bytes)> = spec
            .nics
            .iter()
            .enumerate()
            .map(|(n, mac)| {
                let path = format!("{interfaces}/{}", nic_id(spec.personality, n));
                let body = nic(spec.personality, &path, n, *mac);
                (path, bytes(&body))
            })
            .collect();
        let links: Vec<Value> = nics.iter().map(|(path, _)| json!({ "@odata.id": path })).collect();
        Self {
            root: bytes(&root(spec, serial)),
            systems: bytes(&listing(SYSTEMS, &[json!({ "@odata.id": paths.system })])),
            session_service: bytes(&json!({
                "@odata.id": "/redfish/v1/SessionService", "@odata.type": "#SessionService.v1_0_0.SessionService", "Id": "SessionService", "Name": "Session Service",
                "ServiceEnabled": true, "SessionTimeout": if spec.personality.is_ilo() { 30 } else { 1_800 },
                "Sessions": { "@odata.id": SESSIONS },
            })),
            interfaces: bytes(&listing(&paths.interfaces, &links)),
            no_interfaces: bytes(&listing(&paths.interfaces, &[])),
            nics,
            system_head: system_head(spec, serial, id, &paths),
            paths,
        }
    }

    /// The system as it is now.
    pub(super) fn system(&self, spec: &Spec, present: &Present<'_>) -> Bytes {
        let mut body = String::with_capacity(self.system_head.len() + 640);
        body.push_str(&self.system_head);
        let Present { power, in_post, off, target, enabled } = present;
        let allowed = allowed_targets(spec.personality);
        let options = format!("{}/BootOptions", self.paths.system);
        // Writing to a String does not fail.
        let _ = write!(
            body,
            r#","PowerState":"{power}","Boot":{{"BootOptions":{{"@odata.id":"{options}"}},"BootOrder":["Boot0001"],"BootSourceOverrideEnabled":"{enabled}","BootSourceOverrideMode":"UEFI","BootSourceOverrideTarget":"{target}","BootSourceOverrideTarget@Redfish.AllowableValues":{allowed}}}"#,
        );
        let state = match (off, in_post) {
            (true, _) => ("PowerOff", "None"),
            (_, true) => ("InPost", "SystemHardwareInitializationComplete"),
            _ => ("FinishedPost", "OSRunning"),
        };
        if spec.personality.is_ilo() {
            let own_cards = match spec.fitted.infiniband {
                0 => String::new(),
                _ => format!(r#""Links":{{"NetworkAdapters":{{"@odata.id":"{}"}}}},"#, parts::own_cards(&self.paths)),
            };
            let _ = write!(
                body,
                r#","Oem":{{"Hpe":{{{own_cards}"AggregateHealthStatus":{{"Fans":{{"Status":{{"Health":"OK"}}}}}},"PostState":"{}","SystemUsage":{{"CPUUtil":{MEASURED_CPU}}}}}}}"#,
                state.0
            );
        }
        if spec.personality != Personality::Ilo5 && !spec.is_old_idrac() {
            let _ = write!(body, r#","BootProgress":{{"LastState":"{}"}}"#, state.1);
        }
        body.push('}');
        Bytes::from(body)
    }

    /// The settings resource: iDRAC10 takes the boot override there, iDRAC9's has no such property.
    pub(super) fn settings(&self, spec: &Spec, target: &str, enabled: &str) -> Value {
        let mut boot = json!({ "BootSourceOverrideMode": null, "UefiTargetBootSourceOverride": null });
        if spec.personality == Personality::Idrac10 {
            boot["BootSourceOverrideTarget"] = json!(target);
            boot["BootSourceOverrideEnabled"] = json!(enabled);
        }
        json!({ "@odata.id": self.paths.settings, "@odata.type": "#ComputerSystem.v1_20_1.ComputerSystem",
            "Id": "System.Embedded.1", "Name": "System", "Boot": boot })
    }
}

fn bytes(value: &Value) -> Bytes {
    Bytes::from(value.to_string())
}

/// A collection of these members.
pub(super) fn listing(path: &str, members: &[Value]) -> Value {
    let last = path.rsplit('/').next().unwrap_or_default();
    // What a collection holds is told by its name, with these exceptions.
    let of = match last {
        "Chassis" | "Memory" | "Storage" => last,
        "Systems" => "ComputerSystem",
        "Entries" => "LogEntry",
        "FirmwareInventory" => "SoftwareInventory",
        "Accounts" => "ManagerAccount",
        "Processors" => "Processor",
        "LogServices" => "LogService",
        "LicenseService" => "HpeiLOLicense",
        "BaseNetworkAdapters" => "HpeBaseNetworkAdapter",
        other => other.trim_end_matches('s'),
    };
    json!({ "@odata.id": path, "@odata.type": format!("#{of}Collection.{of}Collection"), "Name": "Collection",
        "Members": members, "Members@odata.count": members.len() })
}

fn root(spec: &Spec, serial: &str) -> Value {
    let schema = match spec.personality {
        Personality::Ilo5 => "#ServiceRoot.v1_5_1.ServiceRoot",
        Personality::Ilo6 | Personality::Ilo7 => "#ServiceRoot.v1_13_0.ServiceRoot",
        Personality::Idrac9 | Personality::Idrac10 => "#ServiceRoot.v1_16_0.ServiceRoot",
    };
    let mut root = json!({
        "@odata.id": "/redfish/v1", "@odata.type": schema, "Id": "RootService",
        "Name": "Root Service", "RedfishVersion": spec.personality.redfish_version(),
        "Systems": { "@odata.id": SYSTEMS },
        "Managers": { "@odata.id": "/redfish/v1/Managers" },
        "Chassis": { "@odata.id": "/redfish/v1/Chassis" },
        "AccountService": { "@odata.id": "/redfish/v1/AccountService" },
        "UpdateService": { "@odata.id": "/redfish/v1/UpdateService" },
        "ProtocolFeaturesSupported": { "ExpandQuery": {
            "ExpandAll": !spec.personality.is_ilo(), "Levels": true, "NoLinks": true,
        }},
        "SessionService": { "@odata.id": "/redfish/v1/SessionService" },
        "Links": { "Sessions": { "@odata.id": SESSIONS } },
    });
    if let Some(kind) = spec.personality.ilo() {
        root["Vendor"] = json!("HPE");
        root["Product"] = json!(spec.model);
        root["Oem"] = json!({ "Hpe": { "Manager": [{
            "HostName": format!("ILO{serial}"), "ManagerFirmwareVersion": spec.firmware, "ManagerType": kind,
        }]}});
    } else {
        root["Vendor"] = json!("Dell");
        if !spec.is_old_idrac() {
            root["LicenseService"] = json!({ "@odata.id": "/redfish/v1/LicenseService" });
        }
        root["Product"] = json!("Integrated Dell Remote Access Controller");
        root["ServiceIdentification"] = json!(serial);
        root["Oem"] = json!({ "Dell": {
            "ServiceTag": serial, "ManagerMACAddress": spec.bmc_mac.to_string().to_lowercase(),
        }});
    }
    root
}

fn allowed_targets(personality: Personality) -> &'static str {
    if personality.is_ilo() {
        r#"["None","Cd","Hdd","Usb","SDCard","Utilities","Diags","BiosSetup","Pxe","UefiShell","UefiHttp","UefiTarget"]"#
    } else {
        r#"["None","Pxe","Floppy","Cd","Hdd","BiosSetup","Utilities","UefiTarget","SDCard","UefiHttp"]"#
    }
}

/// Everything of a system that does not change, as an object that is still open.
fn system_head(spec: &Spec, serial: &str, id: &str, paths: &Paths) -> String {
    let mut resets =
        vec!["On", "ForceOff", "GracefulShutdown", "ForceRestart", "Nmi", "PushPowerButton", "GracefulRestart"];
    let mut system = json!({
        "@odata.id": paths.system, "@odata.type": "#ComputerSystem.v1_17_0.ComputerSystem", "Id": id,
        "Name": "System",
        "EthernetInterfaces": { "@odata.id": paths.interfaces },
        "BiosVersion": "1.13.2", "HostName": "", "UUID": "4c4c4544-004c-4c10-8056-c3c04f305233",
        "Links": { "ManagedBy": [{ "@odata.id": paths.manager }] },
        "Status": { "Health": "OK", "HealthRollup": "OK", "State": "Enabled" },
    });
    for part in ["LogServices", "Memory", "Processors", "SecureBoot", "Storage"] {
        // iDRAC's logs are all the manager's.
        if part != "LogServices" || spec.personality.is_ilo() {
            system[part] = json!({ "@odata.id": format!("{}/{part}", paths.system) });
        }
    }
    // iLO 5 does not say which chassis it is in.
    if spec.personality != Personality::Ilo5 {
        system["Links"]["Chassis"] = json!([{ "@odata.id": paths.chassis }]);
    }
    if spec.personality.is_ilo() {
        system["Manufacturer"] = json!("HPE");
        system["Model"] = json!(spec.model);
        system["SerialNumber"] = json!(serial);
        system["SKU"] = json!("P00000-B21");
    } else {
        resets.push("PowerCycle");
        system["Manufacturer"] = json!("Dell Inc.");
        system["Model"] = json!(spec.model);
        system["SKU"] = json!(serial);
        system["SerialNumber"] = json!(format!("MXFC4{serial}S"));
        if !spec.is_old_idrac() {
            system["@Redfish.Settings"] = json!({ "SettingsObject": { "@odata.id": paths.settings } });
        }
    }
    system["Actions"] = json!({ "#ComputerSystem.Reset": {
        "ResetType@Redfish.AllowableValues": resets, "target": paths.reset,
    }});
    let mut text = system.to_string();
    text.pop();
    text
}

fn nic_id(personality: Personality, n: usize) -> String {
    if personality.is_ilo() { (n + 5).to_string() } else { format!("NIC.Embedded.{}-1-1", n + 1) }
}

/// iLO writes host MACs in lower case and leaves the name empty; iDRAC writes upper case.
fn nic(personality: Personality, path: &str, n: usize, mac: Mac) -> Value {
    let kind = "#EthernetInterface.v1_4_1.EthernetInterface";
    if personality.is_ilo() {
        return json!({ "@odata.id": path, "@odata.type": kind, "Id": nic_id(personality, n), "Name": "", "LinkStatus": "LinkUp",
            "MACAddress": mac.to_string().to_lowercase() });
    }
    json!({ "@odata.id": path, "@odata.type": kind, "Id": nic_id(personality, n), "Name": "System Ethernet Interface",
        "LinkStatus": "LinkUp", "MACAddress": mac.to_string(), "PermanentMACAddress": mac.to_string() })
}
