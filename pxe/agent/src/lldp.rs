//! What `lldpcli -f json0 show neighbors` prints, and which of several neighbours is the switch.

use serde_json::Value;

use crate::options::mac;
use crate::trouble::{About, Tried};
use crate::words::{Port, clean};

/// A neighbour heard on one of our ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Neighbour {
    /// Our port, as the kernel calls it.
    pub interface: String,
    /// Where it is.
    pub port: Port,
    /// The chassis id where it is a MAC.
    pub chassis: Option<String>,
    /// Whether it says that it switches: its Bridge capability is enabled.
    pub switches: bool,
}

/// Reads json0, whose shape does not depend on how many there are.
///
/// # Errors
/// It is no JSON.
pub fn parse(text: &str) -> Tried<Vec<Neighbour>> {
    let whole: Value = serde_json::from_str(text).about("lldpcli")?;
    let interfaces = list(&whole["lldp"]).iter().flat_map(|l| list(&l["interface"]));
    Ok(interfaces.filter(|i| i["via"].as_str() == Some("LLDP")).filter_map(neighbour).collect())
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The text under a name: `[{"value": ..}]`.
fn value(under: &Value, name: &str) -> Option<String> {
    let text = clean(under[name][0]["value"].as_str()?);
    (!text.is_empty()).then_some(text)
}

fn neighbour(interface: &Value) -> Option<Neighbour> {
    let (chassis, port) = (&interface["chassis"][0], &interface["port"][0]);
    let chassis_id = value(chassis, "id");
    let (kind, id, description) = (port["id"][0]["type"].as_str(), value(port, "id"), value(port, "descr"));
    let port = match kind {
        // A MAC is no name, and a bare number is an index into the switch's own tables.
        Some("mac" | "ip") => description.or(id),
        Some("local") if id.as_deref().is_some_and(|i| i.bytes().all(|b| b.is_ascii_digit())) => description.or(id),
        _ => id.or(description),
    }?;
    let enabled = |c: &Value| c["type"].as_str() == Some("Bridge") && c["enabled"].as_bool() == Some(true);
    Some(Neighbour {
        interface: interface["name"].as_str()?.to_owned(),
        port: Port { switch: value(chassis, "name").or_else(|| chassis_id.clone())?, port },
        chassis: chassis_id.and_then(|id| mac(&id).ok()),
        switches: list(&chassis["capability"]).iter().any(enabled),
    })
}

/// The switches an interface hears: not what does not switch (a shared BMC, a NIC's firmware), and not ourselves.
pub fn switches<'a>(heard: &'a [Neighbour], interface: &str, own: &[String]) -> Vec<&'a Neighbour> {
    let ours = |n: &Neighbour| n.chassis.as_ref().is_some_and(|c| own.contains(c));
    heard.iter().filter(|n| n.interface == interface && n.switches && !ours(n)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(interface: &str, name: &str, chassis: &str, port: &str, bridge: bool) -> String {
        format!(
            r#"{{"name":"{interface}","via":"LLDP","chassis":[{{"id":[{{"type":"mac","value":"{chassis}"}}],{name}
            "capability":[{{"type":"Bridge","enabled":{bridge}}}]}}],"port":[{{{port}}}]}}"#
        )
    }

    fn all(entries: &[String]) -> Vec<Neighbour> {
        parse(&format!(r#"{{"lldp":[{{"interface":[{}]}}]}}"#, entries.join(","))).unwrap()
    }

    const IFNAME: &str = r#""id":[{"type":"ifname","value":"Ethernet1/7"}],"descr":[{"value":"to srv 7"}]"#;
    const NAME: &str = r#""name":[{"value":"tor-a"}],"#;

    #[test]
    fn none_one_and_many_are_read_alike() {
        assert_eq!(parse(r#"{"lldp":[{}]}"#).unwrap(), []);
        assert_eq!(all(&[]), []);
        let one = heard("eth0", NAME, "0c:c4:7a:00:00:11", IFNAME, true);
        let two = all(&[one.clone(), one.replace("eth0", "eth1")]);
        assert_eq!((all(&[one])[0].clone(), two.len()), (two[0].clone(), 2));
        assert_eq!(two[0].port, Port { switch: "tor-a".into(), port: "Ethernet1/7".into() });
    }

    #[test]
    fn the_switch_is_the_one_that_switches_and_is_not_ourselves() {
        let own = ["94:40:C9:AA:00:01".to_owned()];
        let entries = all(&[
            heard("eth0", r#""name":[{"value":"ilo-cz1"}],"#, "94:40:c9:01:02:03", IFNAME, false),
            heard("eth0", r#""name":[{"value":"me"}],"#, "94:40:c9:aa:00:01", IFNAME, true),
            heard("eth0", NAME, "0c:c4:7a:00:00:11", IFNAME, true),
            heard("eth1", NAME, "0c:c4:7a:00:00:11", IFNAME, true),
        ]);
        let found = switches(&entries, "eth0", &own);
        assert_eq!(found.iter().map(|n| n.port.switch.as_str()).collect::<Vec<_>>(), ["tor-a"]);
    }

    #[test]
    fn a_port_that_is_named_by_a_mac_or_an_index_is_called_by_its_description() {
        let port = |port: &str| all(&[heard("eth0", NAME, "0c:c4:7a:00:00:11", port, true)])[0].port.port.clone();
        assert_eq!(port(r#""id":[{"type":"mac","value":"0c:c4:7a:00:00:12"}],"descr":[{"value":"swp7"}]"#), "swp7");
        assert_eq!(port(r#""id":[{"type":"local","value":"517"}],"descr":[{"value":"xe-0/0/7"}]"#), "xe-0/0/7");
        assert_eq!(
            port(r#""id":[{"type":"local","value":"Ethernet1/1/7"}],"descr":[{"value":"srv"}]"#),
            "Ethernet1/1/7"
        );
        assert_eq!(port(r#""id":[{"type":"mac","value":"0c:c4:7a:00:00:12"}]"#), "0c:c4:7a:00:00:12");
    }

    #[test]
    fn a_switch_without_a_name_is_called_by_its_chassis() {
        let nameless = all(&[heard("eth0", "", "0c:c4:7a:00:00:11", IFNAME, true)]);
        assert_eq!(nameless[0].port.switch, "0c:c4:7a:00:00:11");
    }

    #[test]
    fn recorded_neighbours_are_read() {
        for (file, expected) in [
            ("samples/lldpctl-guest-f-json0.json", vec![("eth0", "vm", "tap0")]),
            (
                "samples/lldpctl-guest-two-nics-f-json0.json",
                vec![("eth0", "tor-r01-a", "Ethernet1/1/7"), ("eth1", "tor-r01-a", "Ethernet1/1/8")],
            ),
        ] {
            let Some(text) = crate::reference(file) else { return };
            let found = parse(&text).unwrap();
            let seen: Vec<_> =
                found.iter().map(|n| (n.interface.as_str(), n.port.switch.as_str(), n.port.port.as_str())).collect();
            assert_eq!(seen, expected);
            assert!(found.iter().all(|n| !n.switches), "the recorded host did not forward");
        }
    }
}
