//! What differs between controllers, as data and named functions.

use rackhand_core::bmc::Vendor;
use rackhand_core::bmc::reading::PowerLimit;
use rackhand_core::text::Text;
use serde_json::Value;

use super::wire::{System, text};
use super::{Reset, generic, idrac, ilo};

/// One vendor's ways.
pub(super) struct Driver {
    /// The last part of the system's id, where the collection may hold others beside it.
    pub(super) preferred_system: Option<&'static str>,
    /// Where the serial that people use is.
    pub(super) serial: fn(&System) -> Option<Text>,
    /// What stands before the model's name besides `Manufacturer`.
    pub(super) vendor_words: &'static [&'static str],
    /// Whether the boot override may live on the settings resource. It does where that resource has the property.
    pub(super) override_on_settings: bool,
    /// What it means that a `PowerControl` has no `PowerLimit`.
    pub(super) limit_when_absent: PowerLimit,
    /// Whether a temperature of this name and `PhysicalContext` is the inlet's.
    pub(super) is_inlet: fn(&str, Option<&str>) -> bool,
    /// CPU utilisation in the system resource, percent, if it counts now.
    pub(super) cpu_in_system: fn(&Value) -> Option<f64>,
    /// Whether a `Sensor` is the CPUs' utilisation.
    pub(super) is_cpu_sensor: fn(&Value) -> bool,
    /// Whether sensors without type and unit are temperatures.
    pub(super) untyped_sensors_are_temperatures: bool,
    /// How far the boot has come.
    pub(super) progress: fn(&Value) -> Option<Text>,
    /// The words of `IndicatorLED` that have the locator on and off, where nothing newer is there.
    pub(super) indicator_words: (&'static str, &'static str),
    /// What `IndicatorLED` says of the locator.
    pub(super) indicator: fn(&str) -> Option<bool>,
    /// A log entry's number that never comes again.
    pub(super) entry_number: fn(&Value) -> Option<u64>,
    /// Whether a log lists its oldest entries first.
    pub(super) oldest_entries_first: bool,
    /// Whether a firmware component is what runs.
    pub(super) firmware_is_current: fn(&Value) -> Option<bool>,
    /// The controller's name, from its manager resource.
    pub(super) controller: fn(&Value) -> Option<Text>,
}

impl Driver {
    /// The driver for a vendor.
    pub(super) const fn of(vendor: Vendor) -> &'static Self {
        match vendor {
            Vendor::Hpe => &ilo::DRIVER,
            Vendor::Dell => &idrac::DRIVER,
            Vendor::Other => &generic::DRIVER,
        }
    }

    /// The system a server's BMC is about: the preferred one, else the first.
    pub(super) fn pick<'a>(&self, members: &'a [String]) -> Option<&'a str> {
        let preferred = self
            .preferred_system
            .and_then(|id| members.iter().find(|m| m.trim_end_matches('/').rsplit('/').next() == Some(id)));
        preferred.or_else(|| members.first()).map(String::as_str)
    }

    /// The model without the vendor's name, and without the word vendors' emulators add.
    pub(super) fn model(&self, system: &System) -> Option<Text> {
        let full = system.model.as_deref()?;
        let own = system.manufacturer.as_deref().and_then(|m| full.strip_prefix(m)).filter(|r| r.starts_with(' '));
        let bare = own.or_else(|| self.vendor_words.iter().find_map(|w| full.strip_prefix(w))).unwrap_or(full);
        let bare = bare.trim().trim_end_matches("SIMULATED").trim_end_matches([' ', '-']);
        (!bare.is_empty()).then(|| Text::new(bare))
    }
}

/// `BootProgress.LastState` (DSP0268 ComputerSystem 1.13), where the service has it.
pub(super) fn boot_progress(system: &Value) -> Option<Text> {
    text(system, &["BootProgress", "LastState"])
}

/// The `ResetType` to send: the first of ours that the controller allows, or the standard one where it lists none.
pub(super) fn reset_type(kind: Reset, allowed: Option<&[String]>) -> Option<&'static str> {
    let ours: &[&'static str] = match kind {
        Reset::On => &["On", "ForceOn"],
        Reset::ForceOff => &["ForceOff"],
        Reset::ForceRestart => &["ForceRestart", "PowerCycle"],
    };
    allowed_word(ours, allowed)
}

/// The first of ours that the controller allows, or the first where it lists none.
pub(super) fn allowed_word(ours: &[&'static str], allowed: Option<&[String]>) -> Option<&'static str> {
    match allowed {
        None | Some([]) => ours.first().copied(),
        Some(list) => ours.iter().copied().find(|r| list.iter().any(|a| a == r)),
    }
}
