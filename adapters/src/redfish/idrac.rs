//! Dell iDRAC9 and iDRAC10: what differs from the standard, one function each.
//!
//! Sources: Dell's iDRAC Redfish API guide and published scripts, and a tree recorded from iDRAC9 7.10.30.00
//! ("recorded"). iDRAC10 is known from descriptions; where it differs from 9 we look at what it offers.

use rackhand_core::bmc::reading::PowerLimit;
use rackhand_core::text::Text;
use serde_json::Value;

use super::driver::{Driver, boot_progress};
use super::wire::{System, text};

/// iDRAC's ways.
pub(super) const DRIVER: Driver = Driver {
    preferred_system: Some("System.Embedded.1"),
    serial: serial_is_service_tag,
    vendor_words: &["Dell Inc. ", "Dell EMC ", "Dell "],
    override_on_settings: true,
    limit_when_absent: PowerLimit::Unknown,
    is_inlet: inlet_is_named_inlet_temp,
    cpu_in_system: cpu_is_a_sensor,
    is_cpu_sensor: sensor_of_cpu_usage,
    untyped_sensors_are_temperatures: false,
    progress: boot_progress,
    indicator_words: ("Blinking", "Lit"),
    indicator: indicator_tells_nothing,
    entry_number: id_grows,
    oldest_entries_first: false,
    firmware_is_current: previous_versions_are_listed,
    controller: controller_by_generation,
};

/// The service tag is `SKU`; `SerialNumber` is the board's.
fn serial_is_service_tag(system: &System) -> Option<Text> {
    system.sku.clone()
}

/// `System Board Inlet Temp` or, by model, `Inlet Temp`; their `PhysicalContext` is `SystemBoard` (recorded).
fn inlet_is_named_inlet_temp(name: &str, _context: Option<&str>) -> bool {
    name.ends_with("Inlet Temp")
}

fn cpu_is_a_sensor(_system: &Value) -> Option<f64> {
    None
}

/// `Sensors/SystemBoardCPUUsage`; 0 is a legal value (recorded at idle), `null` or a state that is not `Enabled` is
/// none.
fn sensor_of_cpu_usage(sensor: &Value) -> bool {
    text(sensor, &["Id"]).is_some_and(|id| id.ends_with("CPUUsage"))
}

/// `IndicatorLED` `Lit` is how a server without trouble looks (recorded); it tells nothing of the locator.
fn indicator_tells_nothing(_word: &str) -> Option<bool> {
    None
}

/// Ids of `Lclog` and `Sel` are numbers that grow; those of `FaultList` are names (recorded).
fn id_grows(entry: &Value) -> Option<u64> {
    entry.get("Id")?.as_str()?.parse().ok()
}

/// The inventory lists what runs as `Installed-...` and `Current-...`, and what can be gone back to as `Previous-...`
/// (recorded); `Available-...` is uploaded and not applied.
fn previous_versions_are_listed(component: &Value) -> Option<bool> {
    match text(component, &["Id"])?.split('-').next()? {
        "Installed" | "Current" => Some(true),
        "Previous" | "Available" => Some(false),
        _ => None,
    }
}

/// `Model` names the server generation (`15G Monolithic`, recorded): 14 to 16 have iDRAC9, 17 has iDRAC10.
fn controller_by_generation(manager: &Value) -> Option<Text> {
    let generation: u32 = text(manager, &["Model"])?.split('G').next()?.parse().ok()?;
    match generation {
        12 | 13 => Some(Text::new("iDRAC8")),
        14..=16 => Some(Text::new("iDRAC9")),
        17 => Some(Text::new("iDRAC10")),
        _ => None,
    }
}

/// The generation as far as the service root tells it, by Redfish version: up to 1.4 is iDRAC8, from 1.20 on it may
/// be a late iDRAC9 or an iDRAC10, which the root does not tell apart. Nothing is decided by this name; where the two
/// differ, the driver looks at what the controller offers.
pub(super) fn controller(redfish_version: Option<&str>) -> Text {
    let minor = redfish_version.and_then(|v| v.strip_prefix("1.")?.split('.').next()?.parse::<u32>().ok());
    Text::new(match minor {
        Some(0..=4) => "iDRAC8",
        Some(5..=19) => "iDRAC9",
        _ => "iDRAC",
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_names_of_the_inlet_are_known() {
        let inlets: Vec<&str> = ["System Board Inlet Temp", "Inlet Temp", "System Board Exhaust Temp", "CPU1 Temp"]
            .into_iter()
            .filter(|n| inlet_is_named_inlet_temp(n, Some("SystemBoard")))
            .collect();
        assert_eq!(inlets, ["System Board Inlet Temp", "Inlet Temp"]);
    }

    #[test]
    fn ids_of_the_logs_are_cursors_and_those_of_faults_are_not() {
        assert_eq!(id_grows(&json!({ "Id": "179309" })), Some(179_309));
        assert_eq!(id_grows(&json!({ "Id": "Fault_03200002_1" })), None);
    }

    #[test]
    fn what_can_be_gone_back_to_is_not_what_runs() {
        let told = |id: &str| previous_versions_are_listed(&json!({ "Id": id }));
        assert_eq!(told("Installed-159-1.13.2__BIOS.Setup.1-1"), Some(true));
        assert_eq!(told("Previous-159-1.6.5__BIOS.Setup.1-1"), Some(false));
        assert_eq!(told("Available-159-1.14.0__BIOS.Setup.1-1"), Some(false));
    }

    #[test]
    fn the_generation_in_the_managers_model_tells_nine_from_ten() {
        let named = |model: &str| controller_by_generation(&json!({ "Model": model }));
        assert_eq!(named("15G Monolithic").as_deref(), Some("iDRAC9"));
        assert_eq!(named("17G Monolithic").as_deref(), Some("iDRAC10"));
        assert_eq!(named("Monolithic"), None);
    }

    #[test]
    fn a_lit_indicator_is_no_locator() {
        assert_eq!(indicator_tells_nothing("Lit"), None);
    }
}
