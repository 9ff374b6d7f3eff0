//! Temperatures, fans, utilisation, health: `Thermal` (DSP0268), or `ThermalSubsystem` and `Sensors` where it is gone.
//!
//! iLO lists what is absent with a reading of 0; such a reading is none.

use rackhand_core::bmc::reading::{Fan, FanSpeed, Health, SensorsReading, Temperature};
use rackhand_core::text::Text;
use serde_json::Value;

use super::super::driver::Driver;
use super::super::wire::{at, health, health_word, list, live, number, present, text};

/// A `Thermal` resource.
pub(in super::super) fn thermal(driver: &Driver, body: &Value) -> SensorsReading {
    let there = |v: &&Value| present(v) != Some(false);
    let mut reading = SensorsReading::default();
    for sensor in list(body, &["Temperatures"]).iter().filter(there) {
        let Some(read) = temperature(sensor, "ReadingCelsius") else { continue };
        if (driver.is_inlet)(&read.name, context(sensor)) {
            reading.inlet_celsius = reading.inlet_celsius.or(read.celsius);
        }
        reading.temperatures.push(read);
    }
    reading.fans = list(body, &["Fans"]).iter().filter(there).filter_map(fan).collect();
    reading
}

fn context(sensor: &Value) -> Option<&str> {
    sensor.get("PhysicalContext")?.as_str()
}

fn temperature(sensor: &Value, reading: &str) -> Option<Temperature> {
    Some(Temperature {
        name: text(sensor, &["Name"])?,
        celsius: number(sensor, &[reading]).filter(|_| live(sensor)),
        critical_celsius: number(sensor, &["UpperThresholdCritical"])
            .or_else(|| number(sensor, &["Thresholds", "UpperCritical", "Reading"])),
        health: health(sensor),
    })
}

/// A member of `Fans`. Only the unit tells what its number means: HPE tells percent, Dell RPM; without one it means
/// nothing.
fn fan(body: &Value) -> Option<Fan> {
    let value = number(body, &["Reading"]).filter(|_| live(body));
    let speed = match (value, body.get("ReadingUnits").and_then(Value::as_str)) {
        (Some(n), Some("Percent")) => Some(FanSpeed::Percent(n)),
        (Some(n), Some("RPM")) => Some(FanSpeed::Rpm(n)),
        _ => None,
    };
    Some(Fan { name: text(body, &["Name"]).or_else(|| text(body, &["FanName"]))?, speed, health: health(body) })
}

/// A `Fan` resource of a `ThermalSubsystem`.
pub(in super::super) fn subsystem_fan(body: &Value) -> Option<Fan> {
    let read = |key| number(body, &["SpeedPercent", key]).filter(|_| live(body));
    let speed = read("Reading").map(FanSpeed::Percent).or_else(|| read("SpeedRPM").map(FanSpeed::Rpm));
    Some(Fan { name: text(body, &["Name"])?, speed, health: health(body) }).filter(|_| present(body) != Some(false))
}

/// A `Sensor` resource, into the reading it belongs to. iLO 6 leaves `ReadingType` out: there all of them are
/// temperatures, so that a sensor with neither type nor unit is one where the driver says so.
pub(in super::super) fn sensor(driver: &Driver, body: &Value, into: &mut SensorsReading) {
    let kind = body.get("ReadingType").and_then(Value::as_str);
    let unit = body.get("ReadingUnits").and_then(Value::as_str);
    let untyped = kind.is_none() && unit.is_none() && driver.untyped_sensors_are_temperatures;
    if present(body) == Some(false) {
        return;
    }
    if kind == Some("Temperature") || (kind.is_none() && unit == Some("Cel")) || untyped {
        let Some(read) = temperature(body, "Reading") else { return };
        if (driver.is_inlet)(&read.name, context(body)) {
            into.inlet_celsius = into.inlet_celsius.or(read.celsius);
        }
        into.temperatures.push(read);
    }
}

/// Percent of a utilisation sensor; 0 is a value, `null` is none.
pub(in super::super) fn utilisation(body: &Value) -> Option<f64> {
    number(body, &["Reading"]).filter(|n| live(body) && (0.0..=100.0).contains(n))
}

/// The system's own health and, on iLO, that of its parts (`Oem.Hpe.AggregateHealthStatus`).
pub(in super::super) fn system_health(body: &Value, into: &mut SensorsReading) {
    let word = |path: &[&str]| at(body, path)?.as_str().and_then(health_word);
    into.health = word(&["Status", "HealthRollup"]).max(word(&["Status", "Health"]));
    let parts = at(body, &["Oem", "Hpe", "AggregateHealthStatus"]).and_then(Value::as_object);
    into.parts = parts
        .into_iter()
        .flatten()
        .take(32)
        .filter_map(|(name, part)| {
            // Agents and redundancy have words of their own and no health.
            Some((Text::new(name), health(part)?))
        })
        .collect();
}

/// A roll-up of Dell's (`DellRollupStatus`), as a part.
pub(in super::super) fn rollup(body: &Value) -> Option<(Text, Health)> {
    Some((text(body, &["SubSystem"])?, health_word(body.get("RollupStatus")?.as_str()?)?))
}
