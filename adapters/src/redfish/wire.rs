//! The parts of Redfish resources we read, tolerantly: a property that is missing or of another type is `None`.

use rackhand_core::bmc::{Identity, Power, Vendor};
use rackhand_core::text::Text;
use serde_json::Value;

/// How many members of a collection are looked at.
const MAX_MEMBERS: usize = 64;

/// The string at `path` inside `value`, cleaned; `None` where it is missing, of another type or empty.
pub(super) fn text(value: &Value, path: &[&str]) -> Option<Text> {
    let found = path.iter().try_fold(value, |v, key| v.get(key))?.as_str()?.trim();
    (!found.is_empty()).then(|| Text::new(found))
}

/// The path a link object names (`@odata.id`, DSP0266), if it stays on the service.
pub(super) fn link(value: &Value, path: &[&str]) -> Option<String> {
    let object = path.iter().try_fold(value, |v, key| v.get(key))?;
    local_path(object.get("@odata.id")?.as_str()?)
}

/// A reference that can be requested as it stands: a path from the root, printable ASCII, no fragment, no
/// authority.
pub(super) fn local_path(raw: &str) -> Option<String> {
    let path = raw.split('#').next()?;
    let plain = path.bytes().all(|b| (0x21..0x7F).contains(&b)) && path.len() <= 1_024;
    (plain && path.starts_with('/') && !path.starts_with("//")).then(|| path.to_owned())
}

/// The links of a collection's members (DSP0266); those that are no links are left out.
pub(super) fn members(collection: &Value) -> Vec<String> {
    let listed = collection.get("Members").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    listed.iter().take(MAX_MEMBERS).filter_map(|m| link(m, &[])).collect()
}

/// The strings of an `@Redfish.AllowableValues` list; `None` where the service gives none.
fn allowable(value: &Value, key: &str) -> Option<Vec<String>> {
    let listed = value.get(key)?.as_array()?;
    Some(listed.iter().take(MAX_MEMBERS).filter_map(|v| v.as_str().map(str::to_owned)).collect())
}

/// The service root (DSP0266), readable without a login.
#[derive(Clone, Debug, Default)]
pub(super) struct Root {
    pub(super) vendor: Option<Text>,
    pub(super) product: Option<Text>,
    pub(super) version: Option<Text>,
    pub(super) hpe: bool,
    pub(super) hpe_manager_type: Option<Text>,
    pub(super) hpe_manager_firmware: Option<Text>,
    pub(super) dell: bool,
    pub(super) dell_service_tag: Option<Text>,
    pub(super) systems: Option<String>,
    pub(super) sessions: Option<String>,
}

impl Root {
    /// Reads a service root; `None` where the document is not one.
    pub(super) fn read(body: &Value) -> Option<Self> {
        let root = Self {
            vendor: text(body, &["Vendor"]),
            product: text(body, &["Product"]),
            version: text(body, &["RedfishVersion"]),
            hpe: body.pointer("/Oem/Hpe").is_some_and(Value::is_object),
            hpe_manager_type: body.pointer("/Oem/Hpe/Manager/0").and_then(|m| text(m, &["ManagerType"])),
            hpe_manager_firmware: body.pointer("/Oem/Hpe/Manager/0").and_then(|m| text(m, &["ManagerFirmwareVersion"])),
            dell: body.pointer("/Oem/Dell").is_some_and(Value::is_object),
            dell_service_tag: text(body, &["Oem", "Dell", "ServiceTag"]),
            systems: link(body, &["Systems"]),
            sessions: link(body, &["Links", "Sessions"]),
        };
        (root.version.is_some() || root.systems.is_some()).then_some(root)
    }

    /// Whose it is.
    pub(super) fn maker(&self) -> Vendor {
        match self.vendor.as_ref().map(Text::as_str) {
            Some("HPE") => Vendor::Hpe,
            Some("Dell") => Vendor::Dell,
            _ if self.hpe => Vendor::Hpe,
            _ if self.dell => Vendor::Dell,
            _ => Vendor::Other,
        }
    }

    /// What it says of itself, in our words.
    pub(super) fn identity(&self) -> Identity {
        let vendor = self.maker();
        let controller = match vendor {
            Vendor::Hpe => self.hpe_manager_type.clone(),
            Vendor::Dell => Some(super::idrac::controller(self.version.as_deref())),
            Vendor::Other => None,
        };
        Identity {
            vendor,
            controller: controller.or_else(|| self.product.clone()).unwrap_or_else(|| Text::new("unnamed controller")),
            firmware: self.hpe_manager_firmware.clone(),
            serial: self.dell_service_tag.clone().filter(|_| vendor == Vendor::Dell),
        }
    }
}

/// The boot override (ComputerSystem `Boot`, DSP0268).
#[derive(Clone, Debug, Default)]
pub(super) struct Boot {
    pub(super) target: Option<Text>,
    pub(super) enabled: Option<Text>,
    pub(super) allowed: Option<Vec<String>>,
    /// Whether the resource has the property at all, `null` included: then it is the place to write it.
    pub(super) offers_target: bool,
}

impl Boot {
    fn read(body: &Value) -> Self {
        let Some(boot) = body.get("Boot").filter(|b| b.is_object()) else {
            return Self::default();
        };
        const ALLOWED: &str = "BootSourceOverrideTarget@Redfish.AllowableValues";
        Self {
            target: text(boot, &["BootSourceOverrideTarget"]),
            enabled: text(boot, &["BootSourceOverrideEnabled"]),
            allowed: allowable(boot, ALLOWED),
            offers_target: boot.get("BootSourceOverrideTarget").is_some() || boot.get(ALLOWED).is_some(),
        }
    }

    /// Whether the next boot, and only that, goes to the network.
    pub(super) fn armed(&self) -> bool {
        let network = matches!(self.target.as_deref(), Some("Pxe" | "UefiHttp"));
        network && self.enabled.as_deref() == Some("Once")
    }
}

/// A computer system (ComputerSystem, DSP0268).
#[derive(Clone, Debug, Default)]
pub(super) struct System {
    pub(super) serial_number: Option<Text>,
    pub(super) sku: Option<Text>,
    pub(super) model: Option<Text>,
    pub(super) manufacturer: Option<Text>,
    pub(super) power: Option<Text>,
    pub(super) boot: Boot,
    pub(super) settings: Option<String>,
    pub(super) interfaces: Option<String>,
    pub(super) reset: Option<String>,
    pub(super) reset_types: Option<Vec<String>>,
}

impl System {
    /// Reads a system; every property may be missing.
    pub(super) fn read(body: &Value) -> Self {
        let reset = body.pointer("/Actions/#ComputerSystem.Reset");
        Self {
            serial_number: text(body, &["SerialNumber"]),
            sku: text(body, &["SKU"]),
            model: text(body, &["Model"]),
            manufacturer: text(body, &["Manufacturer"]),
            power: text(body, &["PowerState"]),
            boot: Boot::read(body),
            settings: link(body, &["@Redfish.Settings", "SettingsObject"]),
            interfaces: link(body, &["EthernetInterfaces"]),
            reset: reset.and_then(|r| r.get("target")?.as_str()).and_then(local_path),
            reset_types: reset.and_then(|r| allowable(r, "ResetType@Redfish.AllowableValues")),
        }
    }

    /// Power state; a word we do not know is not "off".
    pub(super) fn power(&self) -> Power {
        match self.power.as_deref() {
            Some("On") => Power::On,
            Some("Off") => Power::Off,
            Some("PoweringOn") => Power::PoweringOn,
            Some("PoweringOff") => Power::PoweringOff,
            _ => Power::Unknown,
        }
    }
}

/// The last part of every `MessageId` in an error or extended-info body, and the service's own sentence, if any.
/// Versions and registries before it differ by firmware and say nothing.
pub(super) fn messages(body: &Value) -> Vec<(String, Option<Text>)> {
    let error = body.get("error").unwrap_or(body);
    let list = error.get("@Message.ExtendedInfo").or_else(|| body.get("@Message.ExtendedInfo"));
    // One message without a list around it is seen in the field.
    let infos = match list {
        Some(Value::Array(many)) => many.as_slice(),
        Some(one @ Value::Object(_)) => std::slice::from_ref(one),
        _ => &[],
    };
    let from_code = || {
        let code = error.get("code").and_then(Value::as_str)?;
        Some((last_part(code), text(error, &["message"])))
    };
    let found: Vec<_> = infos
        .iter()
        .take(16)
        .filter_map(|m| {
            let id = m.get("MessageId").or_else(|| m.get("MessageID"))?.as_str()?;
            Some((last_part(id), text(m, &["Message"])))
        })
        .collect();
    if found.is_empty() { from_code().into_iter().collect() } else { found }
}

fn last_part(id: &str) -> String {
    id.rsplit('.').next().unwrap_or(id).chars().filter(char::is_ascii_alphanumeric).take(64).collect()
}
