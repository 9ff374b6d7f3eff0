//! MAAS's JSON: `ipaddresses`. Read loosely, since its objects differ from release to release.

use rackhand_core::discovery::lease::{Change, LeaseEvent};
use serde_json::Value;

/// Allocation types of addresses that DHCP gave: to what MAAS manages, and to what it only saw.
const GIVEN: [i64; 2] = [5, 6];

/// The leases in a list of addresses. What is no lease, or of another shape, is left out.
///
/// # Errors
/// Where it is no list.
pub(super) fn leases(list: &Value) -> Result<Vec<LeaseEvent>, &'static str> {
    let rows = list.as_array().ok_or("ipaddresses: not a list")?;
    let given = rows.iter().filter(|row| row["alloc_type"].as_i64().is_some_and(|t| GIVEN.contains(&t)));
    let leases = given.flat_map(|row| {
        let address = row["ip"].as_str().and_then(|ip| ip.parse().ok());
        let interfaces = row["interface_set"].as_array().map_or(&[][..], Vec::as_slice);
        let macs = interfaces.iter().filter_map(|i| i["mac_address"].as_str()?.parse().ok());
        macs.filter_map(move |mac| {
            let (hostname, vendor_class) = (None, None);
            Some(LeaseEvent {
                mac,
                address: address?,
                hostname,
                vendor_class,
                event: Change::Old,
                source: Some("maas".into()),
            })
        })
    });
    Ok(leases.filter(|lease| lease.impossible().is_none()).collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_dhcp_gave_is_a_lease() {
        let interface = |mac: &str| json!({"mac_address": mac, "name": "eth0", "vlan": null});
        let row = |kind: i64, ip: &str, macs: &[&str]| {
            let set: Vec<Value> = macs.iter().map(|m| interface(m)).collect();
            json!({"alloc_type": kind, "alloc_type_name": "?", "ip": ip, "interface_set": set, "subnet": {}})
        };
        let list = json!([
            row(6, "10.0.4.23", &["94:40:c9:01:02:03"]),
            row(5, "10.0.4.24", &["d0:8e:79:01:02:03", "d0:8e:79:01:02:04"]),
            row(1, "10.0.4.25", &["94:40:c9:01:02:05"]),
            row(6, "not an address", &["94:40:c9:01:02:06"]),
            row(6, "0.0.0.0", &["94:40:c9:01:02:06"]),
            row(6, "10.0.4.26", &[]),
            row(6, "10.0.4.27", &["94:40"]),
            json!({"alloc_type": 6, "ip": "10.0.4.28"}),
            json!("what is this"),
        ]);
        let told: Vec<String> = leases(&list).unwrap().iter().map(|l| format!("{} {}", l.mac, l.address)).collect();
        assert_eq!(told, ["94:40:C9:01:02:03 10.0.4.23", "D0:8E:79:01:02:03 10.0.4.24", "D0:8E:79:01:02:04 10.0.4.24"]);
        assert!(leases(&json!({"error": 1})).is_err());
    }
}
