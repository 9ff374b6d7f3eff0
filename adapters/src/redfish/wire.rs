//! The parts of Redfish resources we read, tolerantly: a property that is missing or of another type is `None`.

use rackhand_core::bmc::reading::Health;
use rackhand_core::bmc::{Identity, Power, Vendor};
use rackhand_core::text::Text;
use serde_json::Value;

/// How many members of a collection are looked at.
const MAX_MEMBERS: usize = 64;

/// Elements looked at in a list inside a resource. A log that comes whole, as on iLO, has up to 2,000.
pub(super) const MAX_LISTED: usize = 2_048;

/// Nothing that is measured here is larger.
const MAX_NUMBER: f64 = 1e9;

/// The string at `path` inside `value`, cleaned; `None` where it is missing, of another type or empty.
pub(super) fn text(value: &Value, path: &[&str]) -> Option<Text> {
    let found = at(value, path)?.as_str()?.trim();
    (!found.is_empty()).then(|| Text::new(found))
}

/// The object or value at `path`.
pub(super) fn at<'a>(value: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(value, |v, key| v.get(key))
}

/// The number at `path`, if it is one that a measured quantity can have.
pub(super) fn number(value: &Value, path: &[&str]) -> Option<f64> {
    at(value, path)?.as_f64().filter(|n| n.abs() <= MAX_NUMBER)
}

/// The whole number at `path`, from 0 on. Some controllers write them as `99.0` (iLO 5, recorded).
pub(super) fn whole(value: &Value, path: &[&str]) -> Option<u64> {
    let told = at(value, path)?;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Whole, and within 2^53.
    let rounded = |n: f64| (n.fract() == 0.0 && (0.0..9e15).contains(&n)).then_some(n as u64);
    told.as_u64().or_else(|| rounded(told.as_f64()?))
}

/// The same, where it fits.
pub(super) fn small(value: &Value, path: &[&str]) -> Option<u32> {
    whole(value, path).and_then(|n| u32::try_from(n).ok())
}

/// The truth value at `path`.
pub(super) fn flag(value: &Value, path: &[&str]) -> Option<bool> {
    at(value, path)?.as_bool()
}

/// The elements of the list at `path`, at most [`MAX_LISTED`].
pub(super) fn list<'a>(value: &'a Value, path: &[&str]) -> &'a [Value] {
    let found = at(value, path).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    &found[..found.len().min(MAX_LISTED)]
}

/// `Status.Health` (DSP0268).
pub(super) fn health(value: &Value) -> Option<Health> {
    health_word(at(value, &["Status", "Health"])?.as_str()?)
}

/// A word of `Health` or `Severity`; Dell's roll-ups have words of their own.
pub(super) fn health_word(word: &str) -> Option<Health> {
    match word {
        "OK" | "Ok" | "Informational" | "Repaired" => Some(Health::Ok),
        "Warning" | "Degraded" | "Caution" => Some(Health::Warning),
        "Critical" | "Error" | "Fatal" => Some(Health::Critical),
        _ => None,
    }
}

/// Whether `Status.State` says that the thing is there; `None` where it says nothing.
pub(super) fn present(value: &Value) -> Option<bool> {
    text(value, &["Status", "State"]).map(|state| state.as_str() != "Absent")
}

/// Whether a reading counts: what is absent or disabled keeps an old value, or 0.
pub(super) fn live(value: &Value) -> bool {
    text(value, &["Status", "State"]).is_none_or(|state| state.as_str() == "Enabled")
}

/// The path a link object names (`@odata.id`, DSP0266), if it stays on the service.
pub(super) fn link(value: &Value, path: &[&str]) -> Option<String> {
    local_path(at(value, path)?.get("@odata.id")?.as_str()?)
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
pub(super) fn allowable(value: &Value, key: &str) -> Option<Vec<String>> {
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
    pub(super) chassis: Option<String>,
    pub(super) managers: Option<String>,
    pub(super) accounts: Option<String>,
    pub(super) updates: Option<String>,
    pub(super) licences: Option<String>,
    pub(super) expand: Option<&'static str>,
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
            chassis: link(body, &["Chassis"]),
            managers: link(body, &["Managers"]),
            accounts: link(body, &["AccountService"]),
            updates: link(body, &["UpdateService"]),
            licences: link(body, &["LicenseService"]),
            expand: expand_query(body),
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

/// The query that fills in a collection's members, where the service offers one (DSP0266 7.3.1): iLO offers `.`, iDRAC
/// `*` too.
fn expand_query(root: &Value) -> Option<&'static str> {
    let offered = |what| flag(root, &["ProtocolFeaturesSupported", "ExpandQuery", what]) == Some(true);
    match (offered("NoLinks"), offered("ExpandAll"), offered("Levels")) {
        (_, true, true) => Some("$expand=*($levels=1)"),
        (_, true, false) => Some("$expand=*"),
        (true, false, _) => Some("$expand=."),
        _ => None,
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
    pub(super) chassis: Option<String>,
    pub(super) manager: Option<String>,
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
            chassis: list(body, &["Links", "Chassis"]).iter().find_map(|l| link(l, &[])),
            manager: list(body, &["Links", "ManagedBy"]).iter().find_map(|l| link(l, &[])),
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
