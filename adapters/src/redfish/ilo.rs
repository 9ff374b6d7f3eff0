//! HPE iLO 5, 6 and 7: what differs from the standard, one function each.
//!
//! Sources: HPE's iLO RESTful API reference, and trees recorded from iLO 5 3.11 and iLO 6 1.66 ("recorded").

use rackhand_core::bmc::reading::PowerLimit;
use rackhand_core::text::Text;
use serde_json::Value;

use super::driver::{Driver, boot_progress};
use super::generic;
use super::wire::{System, number, text, whole};

/// iLO's ways.
pub(super) const DRIVER: Driver = Driver {
    preferred_system: None,
    serial: serial_is_serial_number,
    vendor_words: &["HPE ", "Hewlett Packard Enterprise "],
    override_on_settings: false,
    limit_when_absent: UNCAPPED_HAS_NO_LIMIT,
    is_inlet: inlet_is_named_inlet_ambient,
    cpu_in_system: cpu_counts_once_post_is_over,
    is_cpu_sensor: no_cpu_sensor,
    untyped_sensors_are_temperatures: SENSORS_HAVE_NO_TYPE,
    progress: progress_or_post_state,
    indicator_words: LIT_BY_HAND,
    indicator: generic::lit_or_blinking,
    entry_number: event_number,
    oldest_entries_first: OLDEST_FIRST,
    firmware_is_current: backup_rom_does_not_run,
    controller: manager_model,
};

/// iLO 5 and 6 leave `PowerLimit` out while the server is not capped (recorded); iLO 7 says `null`, which means the
/// same by the standard.
const UNCAPPED_HAS_NO_LIMIT: PowerLimit = PowerLimit::None;

/// iLO 6's `Sensor` resources have neither `ReadingType` nor `ReadingUnits`; all of them are temperatures (recorded).
const SENSORS_HAVE_NO_TYPE: bool = true;

/// iLO blinks the UID by itself, during remote console sessions and firmware updates; persons have it lit (HPE's
/// example `set_uid_light`).
const LIT_BY_HAND: (&str, &str) = ("Lit", "Off");

/// IML, SL, IEL and Event come whole, oldest entry first (recorded).
const OLDEST_FIRST: bool = true;

/// `SerialNumber` is what people call the server by; `SKU` is the product id.
fn serial_is_serial_number(system: &System) -> Option<Text> {
    system.serial_number.clone()
}

/// `01-Inlet Ambient`. `32-Board Inlet` and `25-P/S 1 Inlet` are not the room's air (recorded).
fn inlet_is_named_inlet_ambient(name: &str, _context: Option<&str>) -> bool {
    name.ends_with("Inlet Ambient")
}

/// `Oem.Hpe.SystemUsage.CPUUtil`, 0 to 100. It freezes or says 0 while the server is off or in its self-test, so it
/// counts only in the states after that. 0 is a legal value (recorded at idle). It needs a licence and Gen10 or newer;
/// otherwise it is missing.
fn cpu_counts_once_post_is_over(system: &Value) -> Option<f64> {
    let on = text(system, &["PowerState"]).as_deref() == Some("On");
    let state = text(system, &["Oem", "Hpe", "PostState"]);
    let posted = matches!(state.as_deref(), Some("FinishedPost" | "InPostDiscoveryComplete"));
    number(system, &["Oem", "Hpe", "SystemUsage", "CPUUtil"]).filter(|n| on && posted && (0.0..=100.0).contains(n))
}

fn no_cpu_sensor(_sensor: &Value) -> bool {
    false
}

/// iLO 5 has no `BootProgress`, only `Oem.Hpe.PostState` (recorded); from iLO 6 on both are there.
fn progress_or_post_state(system: &Value) -> Option<Text> {
    boot_progress(system).or_else(|| text(system, &["Oem", "Hpe", "PostState"]))
}

/// `Oem.Hpe.EventNumber` goes on when a log wraps or is cleared; `Id` is a place in the log and comes again. The Event
/// log has none (recorded).
fn event_number(entry: &Value) -> Option<u64> {
    whole(entry, &["Oem", "Hpe", "EventNumber"])
}

/// The inventory lists the redundant system ROM beside the active one, told apart by `Description` (recorded).
fn backup_rom_does_not_run(component: &Value) -> Option<bool> {
    Some(text(component, &["Description"])?.as_str() != "SystemRomBackup")
}

/// `iLO 5`, `iLO 6`, `iLO 7`.
fn manager_model(manager: &Value) -> Option<Text> {
    text(manager, &["Model"])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn usage(power: &str, post: &str, cpu: &Value) -> Option<f64> {
        let hpe = json!({ "PostState": post, "SystemUsage": { "CPUUtil": cpu } });
        cpu_counts_once_post_is_over(&json!({ "PowerState": power, "Oem": { "Hpe": hpe } }))
    }

    #[test]
    fn cpu_utilisation_is_unknown_while_off_or_in_self_test_and_zero_at_idle_is_zero() {
        assert_eq!(usage("On", "FinishedPost", &json!(0)), Some(0.0));
        assert_eq!(usage("On", "InPostDiscoveryComplete", &json!(37)), Some(37.0));
        for (power, post, cpu) in [
            ("Off", "PowerOff", json!(0)),
            ("Off", "FinishedPost", json!(12)),
            ("On", "InPost", json!(12)),
            ("On", "Unknown", json!(12)),
            ("On", "FinishedPost", json!(255)),
            ("On", "FinishedPost", json!(null)),
        ] {
            assert_eq!(usage(power, post, &cpu), None, "{power} {post} {cpu}");
        }
    }

    #[test]
    fn only_the_inlet_ambient_is_the_inlet() {
        let inlets: Vec<&str> = ["01-Inlet Ambient", "32-Board Inlet", "25-P/S 1 Inlet", "02-CPU 1"]
            .into_iter()
            .filter(|n| inlet_is_named_inlet_ambient(n, Some("Intake")))
            .collect();
        assert_eq!(inlets, ["01-Inlet Ambient"]);
    }

    #[test]
    fn boot_progress_falls_back_to_the_post_state() {
        let five = json!({ "Oem": { "Hpe": { "PostState": "InPost" } } });
        let six =
            json!({ "BootProgress": { "LastState": "OSRunning" }, "Oem": { "Hpe": { "PostState": "FinishedPost" } } });
        assert_eq!(progress_or_post_state(&five).as_deref(), Some("InPost"));
        assert_eq!(progress_or_post_state(&six).as_deref(), Some("OSRunning"));
    }

    #[test]
    fn an_entry_is_numbered_by_its_event_number_and_not_by_its_place() {
        assert_eq!(event_number(&json!({ "Id": "1", "Oem": { "Hpe": { "EventNumber": 7403 } } })), Some(7_403));
        assert_eq!(event_number(&json!({ "Id": "1" })), None);
    }

    #[test]
    fn the_redundant_rom_is_not_what_runs() {
        assert_eq!(backup_rom_does_not_run(&json!({ "Description": "SystemRomBackup" })), Some(false));
        assert_eq!(backup_rom_does_not_run(&json!({ "Description": "SystemRomActive" })), Some(true));
    }
}
