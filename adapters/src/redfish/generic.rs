//! Any other Redfish service, by the standard alone (DSP0266, DSP0268).

use rackhand_core::bmc::reading::PowerLimit;
use rackhand_core::text::Text;
use serde_json::Value;

use super::driver::{Driver, boot_progress};
use super::wire::{System, text};

/// The standard's ways.
pub(super) const DRIVER: Driver = Driver {
    preferred_system: None,
    serial: serial_number_or_sku,
    vendor_words: &[],
    override_on_settings: true,
    limit_when_absent: PowerLimit::Unknown,
    is_inlet: air_intake,
    cpu_in_system: nothing,
    is_cpu_sensor: no,
    untyped_sensors_are_temperatures: false,
    progress: boot_progress,
    indicator_words: ("Lit", "Off"),
    indicator: lit_or_blinking,
    entry_number: not_numbered,
    oldest_entries_first: false,
    firmware_is_current: not_told,
    controller: manager_model,
};

fn serial_number_or_sku(system: &System) -> Option<Text> {
    system.serial_number.clone().or_else(|| system.sku.clone())
}

/// `PhysicalContext` `Intake`.
fn air_intake(_name: &str, context: Option<&str>) -> bool {
    context == Some("Intake")
}

fn nothing(_system: &Value) -> Option<f64> {
    None
}

fn no(_sensor: &Value) -> bool {
    false
}

/// The standard's words for the LED that is there to find the box.
pub(super) fn lit_or_blinking(word: &str) -> Option<bool> {
    match word {
        "Lit" | "Blinking" => Some(true),
        "Off" => Some(false),
        _ => None,
    }
}

/// `Id` is unique in a log (DSP0268), and nothing says that it grows.
fn not_numbered(_entry: &Value) -> Option<u64> {
    None
}

fn not_told(_component: &Value) -> Option<bool> {
    None
}

fn manager_model(manager: &Value) -> Option<Text> {
    text(manager, &["Model"])
}
