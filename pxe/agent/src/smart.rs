//! What a disk says of itself: `smartctl --json --all`.

use serde_json::Value;

use crate::catalogue::Smart as Limits;
use crate::trouble::{About, Tried};
use crate::words::{Measured, clean};

/// What it says; `None` is "it does not say".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Smart {
    /// Serial.
    pub serial: Option<String>,
    /// Model.
    pub model: Option<String>,
    /// Its own verdict.
    pub healthy: Option<bool>,
    /// Hours in use.
    pub hours: Option<u64>,
    /// NVMe: wear in percent of what it was made for.
    pub percentage_used: Option<u64>,
    /// NVMe: errors of the medium.
    pub media_errors: Option<u64>,
    /// ATA: attribute 5.
    pub reallocated: Option<u64>,
    /// ATA: attribute 197.
    pub pending: Option<u64>,
    /// SAS: defects since it was made.
    pub grown_defects: Option<u64>,
}

/// Reads smartctl's JSON.
///
/// # Errors
/// It is none.
pub fn parse(text: &str) -> Tried<Smart> {
    let all: Value = serde_json::from_str(text).about("smartctl")?;
    let text = |v: &Value| v.as_str().map(clean).filter(|t| !t.is_empty());
    let nvme = &all["nvme_smart_health_information_log"];
    let attribute = |id: u64| {
        let table = all["ata_smart_attributes"]["table"].as_array()?;
        table.iter().find(|a| a["id"].as_u64() == Some(id))?["raw"]["value"].as_u64()
    };
    Ok(Smart {
        serial: text(&all["serial_number"]),
        model: text(&all["model_name"]).or_else(|| text(&all["scsi_model_name"])),
        healthy: all["smart_status"]["passed"].as_bool(),
        hours: all["power_on_time"]["hours"].as_u64(),
        percentage_used: nvme["percentage_used"].as_u64(),
        media_errors: nvme["media_errors"].as_u64(),
        reallocated: attribute(5),
        pending: attribute(197),
        grown_defects: all["scsi_grown_defect_list"].as_u64(),
    })
}

/// Reads `nvme smart-log --output-format=json`, for a controller smartctl does not understand.
///
/// # Errors
/// It is no JSON.
pub fn parse_nvme(text: &str) -> Tried<Smart> {
    let all: Value = serde_json::from_str(text).about("nvme smart-log")?;
    // Large counters are printed as text by some versions.
    let number = |name: &str| all[name].as_u64().or_else(|| all[name].as_str()?.parse().ok());
    let percentage_used = number("percent_used").or_else(|| number("percentage_used"));
    let healthy = number("critical_warning").map(|warning| warning == 0);
    let (media_errors, hours) = (number("media_errors"), number("power_on_hours"));
    Ok(Smart { healthy, hours, percentage_used, media_errors, ..Smart::default() })
}

/// Held against the limits. What a disk does not say is not measured; a disk that says nothing at all says so.
pub fn measured(label: &str, smart: &Smart, limits: &Limits) -> Vec<Measured> {
    let mut all = Vec::new();
    let mut healthy =
        Measured::known(format!("{label} health"), smart.healthy.map(|h| if h { "good" } else { "failing" }));
    if let Some(good) = smart.healthy {
        healthy.measurement.limit = Some("good".to_owned());
        healthy.within = good;
    }
    all.push(healthy);
    let points = [
        ("wear", smart.percentage_used, limits.percentage_used, " %"),
        ("media errors", smart.media_errors, limits.media_errors, ""),
        ("reallocated sectors", smart.reallocated, limits.reallocated_sectors, ""),
        ("pending sectors", smart.pending, limits.pending_sectors, ""),
        ("grown defects", smart.grown_defects, limits.grown_defects, ""),
    ];
    let said = points.into_iter().filter(|(_, value, ..)| value.is_some());
    all.extend(said.map(|(name, value, limit, unit)| Measured::at_most(format!("{label} {name}"), value, limit, unit)));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::{Catalogue, SHIPPED};

    fn outside(text: &str) -> Vec<String> {
        let limits = Catalogue::of(SHIPPED, "").unwrap().smart;
        let all = measured("sda", &parse(text).unwrap(), &limits);
        all.into_iter().filter(|m| !m.within).map(|m| m.measurement.name).collect()
    }

    #[test]
    fn nvme_ata_and_sas_are_read() {
        let nvme = r#"{"serial_number":" S6 ","model_name":"PM9A3","smart_status":{"passed":true},"power_on_time":{"hours":9},
            "nvme_smart_health_information_log":{"percentage_used":3,"media_errors":0}}"#;
        let smart = parse(nvme).unwrap();
        assert_eq!((smart.serial.as_deref(), smart.percentage_used, smart.reallocated), (Some("S6"), Some(3), None));
        let ata = r#"{"smart_status":{"passed":true},"ata_smart_attributes":{"table":[{"id":5,"raw":{"value":8}}]}}"#;
        assert_eq!(outside(ata), ["sda reallocated sectors"]);
        let sas = r#"{"scsi_model_name":"ST1200","smart_status":{"passed":false},"scsi_grown_defect_list":11}"#;
        assert_eq!(outside(sas), ["sda health", "sda grown defects"]);
    }

    #[test]
    fn a_disk_that_says_nothing_is_unknown_and_not_good() {
        let all = measured("vda", &parse("{}").unwrap(), &Catalogue::of(SHIPPED, "").unwrap().smart);
        assert_eq!((all.len(), all[0].measurement.value.as_str()), (1, "unknown"));
        assert!(parse("smartctl: no such device").is_err());
    }

    #[test]
    fn a_warning_of_the_nvme_log_is_a_failing_disk() {
        let smart = parse_nvme(r#"{"critical_warning":4,"percent_used":12,"media_errors":"7"}"#).unwrap();
        assert_eq!((smart.healthy, smart.percentage_used, smart.media_errors), (Some(false), Some(12), Some(7)));
    }
}
