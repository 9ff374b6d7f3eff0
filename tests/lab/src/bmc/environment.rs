//! What a controller measures and switches: chassis, power, temperatures, utilisation, as they are at an instant.

use serde_json::{Value, json};

use super::bodies::Paths;
use super::power::Phase;
use super::{LocatorWay, Personality, Spec};

/// The utilisation a controller has measured last; it goes on saying so when the server is off.
pub(super) const MEASURED_CPU: u32 = 37;

/// What a person can switch.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Switched {
    pub(super) locator: bool,
    pub(super) cap: Option<u64>,
}

/// The words of `IndicatorLED` for a locator that is on, and off. iLO's UID is lit by hand and blinks by itself; a
/// Dell's front panel is lit when nothing is wrong and blinks to be found.
pub(super) fn locator_words(personality: Personality) -> (&'static str, &'static str) {
    if personality.is_ilo() { ("Lit", "Off") } else { ("Blinking", "Lit") }
}

/// The chassis.
pub(super) fn chassis(spec: &Spec, paths: &Paths, switched: Switched, way: LocatorWay) -> Value {
    let at = &paths.chassis;
    let link = |part: &str| json!({ "@odata.id": format!("{at}/{part}") });
    let mut body = json!({
        "@odata.id": at, "@odata.type": "#Chassis.v1_23_0.Chassis", "Id": at.rsplit('/').next(), "Name": "Chassis",
        "ChassisType": "RackMount", "LocationIndicatorActive": switched.locator, "Power": link("Power"),
        "Thermal": link("Thermal"), "NetworkAdapters": link("NetworkAdapters"),
        "Status": { "Health": "OK", "State": "Enabled" },
    });
    match spec.personality {
        Personality::Ilo5 => body["IndicatorLED"] = json!(if switched.locator { "Blinking" } else { "Off" }),
        Personality::Ilo6 | Personality::Ilo7 => {}
        // Lit is how it looks when nothing is wrong.
        Personality::Idrac9 => body["IndicatorLED"] = json!("Lit"),
        Personality::Idrac10 => {}
    }
    if let (LocatorWay::Words | LocatorWay::Missing, Some(all)) = (way, body.as_object_mut()) {
        all.remove("LocationIndicatorActive");
        all.remove("IndicatorLED");
        if way == LocatorWay::Words {
            let (lit, dark) = locator_words(spec.personality);
            all.insert("IndicatorLED".to_owned(), json!(if switched.locator { lit } else { dark }));
        }
    }
    if !spec.personality.is_ilo() {
        body["Sensors"] = link("Sensors");
    }
    body
}

/// What stands before a path inside a resource: iLO leaves out the slash that the standard wants.
fn pointer(spec: &Spec) -> &'static str {
    if spec.personality.is_ilo() { "#" } else { "#/" }
}

/// `Power`. While nothing is capped, iLO 5 and 6 leave the limit out; the others say that it is `null` watts.
pub(super) fn power(spec: &Spec, paths: &Paths, phase: Phase, switched: Switched) -> Value {
    let (at, mark, off) = (format!("{}/Power", paths.chassis), pointer(spec), phase == Phase::Off);
    let (ilo, watts) = (spec.personality.is_ilo(), if off { 18 } else { 252 });
    let metrics = json!({ "AverageConsumedWatts": watts, "MinConsumedWatts": watts, "MaxConsumedWatts": watts + 24,
        "IntervalInMin": if ilo { 20 } else { 1 } });
    let mut control = json!({ "@odata.id": format!("{at}{mark}PowerControl/0"), "MemberId": "0", "PowerCapacityWatts": 1_600, "PowerConsumedWatts": watts, "PowerMetrics": metrics });
    match (spec.personality, switched.cap) {
        (_, Some(cap)) => control["PowerLimit"] = json!({ "LimitInWatts": cap }),
        (Personality::Ilo7 | Personality::Idrac9 | Personality::Idrac10, None) => {
            control["PowerLimit"] = json!({ "LimitInWatts": null });
        }
        (Personality::Ilo5 | Personality::Ilo6, None) => {}
    }
    let supply = |n: u32| {
        let mut body = json!({ "@odata.id": format!("{at}{mark}PowerSupplies/{}", n - 1), "MemberId": (n - 1).to_string(),
            "FirmwareVersion": "2.00", "LastPowerOutputWatts": watts / 2,
            "LineInputVoltage": 230, "Manufacturer": "DELTA", "Model": "865438-B21", "PowerCapacityWatts": 800,
            "SerialNumber": format!("5WBYE0F4DGX2J{n}"), "Status": { "Health": "OK", "State": "Enabled" } });
        if ilo {
            body["Name"] = json!("HpeServerPowerSupply");
            body["Oem"] = json!({ "Hpe": { "BayNumber": n } });
        } else {
            body["Name"] = json!(format!("PS{n} Status"));
            body["PowerInputWatts"] = json!(watts / 2 + 4);
        }
        body
    };
    json!({ "@odata.id": at, "@odata.type": "#Power.v1_7_1.Power", "Id": "Power",
        "Name": "Power", "PowerControl": [control], "PowerSupplies": [supply(1), supply(2)] })
}

/// `Thermal`. iLO counts fans in percent and lists what is not there with a reading of 0; iDRAC counts turns.
pub(super) fn thermal(spec: &Spec, paths: &Paths, phase: Phase) -> Value {
    let (ilo, off) = (spec.personality.is_ilo(), phase == Phase::Off);
    let state = |there: bool| {
        json!({ "Health": if there { json!("OK") } else { Value::Null },
        "State": if there { "Enabled" } else { "Absent" } })
    };
    let sensor = |name: &str, context: &str, celsius: u32, there: bool| {
        json!({ "Name": name, "PhysicalContext": context, "ReadingCelsius": if there { celsius } else { 0 },
            "UpperThresholdCritical": if there { json!(70) } else { Value::Null }, "Status": state(there) })
    };
    let (at, mark) = (format!("{}/Thermal", paths.chassis), pointer(spec));
    let mut temperatures = if ilo {
        vec![
            sensor("01-Inlet Ambient", "Intake", 21, true),
            sensor("02-CPU 1", "CPU", 40, !off),
            sensor("05-P1 PMM 1-8", "Memory", 0, false),
            sensor("32-Board Inlet", "SystemBoard", 23, true),
        ]
    } else {
        let inlet = if spec.personality == Personality::Idrac10 { "Inlet Temp" } else { "System Board Inlet Temp" };
        vec![sensor("CPU1 Temp", "CPU", 40, !off), sensor(inlet, "SystemBoard", 21, true)]
    };
    for (n, sensor) in temperatures.iter_mut().enumerate() {
        sensor["@odata.id"] = json!(format!("{at}{mark}Temperatures/{n}"));
        sensor["MemberId"] = json!(n.to_string());
    }
    let fan = |n: u32| {
        let (reading, unit) = match (ilo, off) {
            (true, false) => (26, "Percent"),
            (false, false) => (9_840, "RPM"),
            (true, true) => (0, "Percent"),
            (false, true) => (0, "RPM"),
        };
        let name = if ilo { format!("Fan {n}") } else { format!("System Board Fan{n}A") };
        json!({ "@odata.id": format!("{at}{mark}Fans/{}", n - 1), "MemberId": (n - 1).to_string(), "Name": name, "Reading": reading, "ReadingUnits": unit, "Status": state(true) })
    };
    json!({ "@odata.id": at, "@odata.type": "#Thermal.v1_7_1.Thermal", "Id": "Thermal",
        "Name": "Thermal", "Temperatures": temperatures, "Fans": [fan(1), fan(2)] })
}

/// iDRAC's sensor of CPU utilisation: `null` while the server is off or has not finished its self-test.
pub(super) fn cpu_sensor(path: &str, phase: Phase) -> Value {
    let reading = if phase == Phase::Running { json!(MEASURED_CPU) } else { Value::Null };
    json!({ "@odata.id": path, "@odata.type": "#Sensor.v1_7_0.Sensor", "Id": "SystemBoardCPUUsage",
        "Name": "System Board CPU Usage", "PhysicalContext": "SystemBoard", "Reading": reading,
        "ReadingType": "Percent", "ReadingUnits": "%", "Status": { "Health": "OK", "State": "Enabled" } })
}
