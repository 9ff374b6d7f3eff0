//! Watts, limits and supplies: `Power` (DSP0268, deprecated but on all recorded controllers, and one request), or
//! `PowerSubsystem` with `EnvironmentMetrics` where it is gone.

use rackhand_core::bmc::reading::{PowerLimit, PowerReading, Supply};
use rackhand_core::text::Text;
use serde_json::Value;

use super::super::driver::Driver;
use super::super::wire::{health, list, number, present, small, text};

/// A `Power` resource.
pub(in super::super) fn power(driver: &Driver, body: &Value) -> PowerReading {
    let control = list(body, &["PowerControl"]).first().unwrap_or(&Value::Null);
    PowerReading {
        state: None,
        watts: number(control, &["PowerConsumedWatts"]),
        average_watts: number(control, &["PowerMetrics", "AverageConsumedWatts"]),
        least_watts: number(control, &["PowerMetrics", "MinConsumedWatts"]),
        most_watts: number(control, &["PowerMetrics", "MaxConsumedWatts"]),
        window_minutes: small(control, &["PowerMetrics", "IntervalInMin"]),
        capacity_watts: number(control, &["PowerCapacityWatts"]),
        limit: limit(driver, control),
        supplies: list(body, &["PowerSupplies"]).iter().map(supply).collect(),
    }
}

/// `PowerLimit` (DSP0268): the property `null`, or its `LimitInWatts` `null`, is "no limit"; what a missing one means
/// is the driver's.
pub(in super::super) fn limit(driver: &Driver, control: &Value) -> PowerLimit {
    match control.get("PowerLimit") {
        Some(Value::Null) => PowerLimit::None,
        Some(told) => match told.get("LimitInWatts") {
            Some(Value::Null) => PowerLimit::None,
            Some(_) => small(told, &["LimitInWatts"]).map_or(PowerLimit::Unknown, PowerLimit::Watts),
            None => PowerLimit::Unknown,
        },
        None if control.is_object() => driver.limit_when_absent,
        None => PowerLimit::Unknown,
    }
}

/// A member of `PowerSupplies`, or a `PowerSupply` resource.
pub(in super::super) fn supply(body: &Value) -> Supply {
    let bay = small(body, &["Oem", "Hpe", "BayNumber"]).map(|n| Text::from(format!("bay {n}")));
    Supply {
        bay: bay.or_else(|| text(body, &["Name"])),
        present: present(body),
        health: health(body),
        model: text(body, &["Model"]),
        serial: text(body, &["SerialNumber"]),
        firmware: text(body, &["FirmwareVersion"]),
        capacity_watts: number(body, &["PowerCapacityWatts"]),
        output_watts: number(body, &["LastPowerOutputWatts"]).or_else(|| number(body, &["PowerOutputWatts"])),
        input_watts: number(body, &["PowerInputWatts"]),
        input_volts: number(body, &["LineInputVoltage"]),
    }
}

/// `EnvironmentMetrics` of a chassis, in the place of `Power`.
pub(in super::super) fn environment(body: &Value, into: &mut PowerReading) {
    into.watts = number(body, &["PowerWatts", "Reading"]);
    if let Some(limit) = body.get("PowerLimitWatts") {
        into.limit = match limit.get("SetPoint") {
            Some(Value::Null) => PowerLimit::None,
            _ => small(limit, &["SetPoint"]).map_or(PowerLimit::Unknown, PowerLimit::Watts),
        };
    }
}
