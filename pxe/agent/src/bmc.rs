//! The BMC as the server sees it from inside: `ipmitool lan print`.

use std::net::Ipv4Addr;

use crate::options::mac;

/// What one channel says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lan {
    /// Its MAC.
    pub mac: Option<String>,
    /// Its address; unknown where it has none yet.
    pub address: Option<Ipv4Addr>,
}

/// Channels a BMC's LAN is on: Dell 1, HPE 2, others 8 or 3.
pub const CHANNELS: [&str; 4] = ["1", "2", "8", "3"];

/// Reads one channel.
pub fn parse(text: &str) -> Lan {
    let field = |name: &str| {
        let mut pairs = text.lines().filter_map(|l| l.split_once(": "));
        pairs.find(|(n, _)| n.trim() == name).map(|(_, v)| v.trim())
    };
    Lan {
        mac: field("MAC Address").and_then(|m| mac(m).ok()).filter(|m| m != "00:00:00:00:00:00"),
        address: field("IP Address").and_then(|a| a.parse().ok()).filter(|a: &Ipv4Addr| !a.is_unspecified()),
    }
}

/// The channel that is in use: one with an address before one with a MAC only.
pub fn choose(channels: Vec<Lan>) -> Lan {
    let known: Vec<Lan> = channels.into_iter().filter(|l| l.mac.is_some()).collect();
    known.iter().find(|l| l.address.is_some()).or(known.first()).cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ILO: &str = "Set in Progress         : Set Complete\nAuth Type Enable        : Callback : \n\
        IP Address Source       : DHCP Address\nIP Address              : 10.0.4.17\nSubnet Mask             : 255.255.252.0\n\
        MAC Address             : 94:40:c9:01:02:03\nSNMP Community String   :\n";

    #[test]
    fn address_and_mac_are_read() {
        let lan = parse(ILO);
        assert_eq!((lan.mac.as_deref(), lan.address), (Some("94:40:C9:01:02:03"), Some([10, 0, 4, 17].into())));
    }

    #[test]
    fn a_channel_that_says_nothing_is_unknown() {
        assert_eq!(parse("Invalid channel: 3\n"), Lan::default());
        let zeros = parse(&ILO.replace("94:40:c9:01:02:03", "00:00:00:00:00:00").replace("10.0.4.17", "0.0.0.0"));
        assert_eq!(zeros, Lan::default());
        assert_eq!(choose(vec![]), Lan::default());
    }

    #[test]
    fn the_channel_with_an_address_wins() {
        let idle = Lan { mac: Some("A".into()), address: None };
        let used = Lan { mac: Some("B".into()), address: Some([1, 2, 3, 4].into()) };
        assert_eq!(choose(vec![Lan::default(), idle.clone(), used.clone()]), used);
        assert_eq!(choose(vec![idle.clone()]), idle);
    }
}
