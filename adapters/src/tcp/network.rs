//! Address ranges, and which addresses the daemon may talk to.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// A range of addresses such as `10.0.4.0/22` or `fd00:1::/64`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr(IpNet);

/// The text is not an address range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotACidr;

impl fmt::Display for NotACidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an address range: give its first address and its length, such as 10.0.4.0/22")
    }
}

impl std::error::Error for NotACidr {}

impl Cidr {
    const fn v4(a: u8, b: u8, bits: u8) -> Self {
        Self(IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(a, b, 0, 0), bits)))
    }

    const fn v6(a: u16, b: u16, bits: u8) -> Self {
        Self(IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 0), bits)))
    }

    /// Whether `address` is in it. An IPv4 address written as IPv6 counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }

    fn is_within(&self, wider: &Self) -> bool {
        wider.0.contains(&self.0)
    }
}

impl FromStr for Cidr {
    type Err = NotACidr;

    /// Bits after the prefix must be zero: a range with others is a slip of the pen.
    fn from_str(text: &str) -> Result<Self, NotACidr> {
        let (base, bits) = text.split_once('/').ok_or(NotACidr)?;
        let base: IpAddr = base.parse().map_err(|_| NotACidr)?;
        if bits.is_empty() || bits.len() > 3 || !bits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(NotACidr);
        }
        let range = bits.parse().ok().and_then(|bits| IpNet::new(base, bits).ok());
        range.filter(|range| range.trunc() == *range && base.to_canonical() == base).map(Self).ok_or(NotACidr)
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Ranges no controller lives in (RFC 6890), and IPv6 ranges that stand for IPv4 addresses.
const SPECIAL: [(&str, Cidr); 11] = [
    ("loopback", Cidr::v4(127, 0, 8)),
    ("link-local", Cidr::v4(169, 254, 16)),
    ("unspecified", Cidr::v4(0, 0, 8)),
    ("multicast", Cidr::v4(224, 0, 4)),
    ("reserved", Cidr::v4(240, 0, 4)),
    ("link-local", Cidr::v6(0xFE80, 0, 10)),
    ("multicast", Cidr::v6(0xFF00, 0, 8)),
    // With the unspecified and the loopback address, which are checked before.
    ("IPv4 in IPv6", Cidr::v6(0, 0, 96)),
    ("IPv4 in IPv6", Cidr::v6(0x64, 0xFF9B, 96)),
    ("IPv4 in IPv6", Cidr::v6(0x2002, 0, 16)),
    ("Teredo", Cidr::v6(0x2001, 0, 32)),
];

fn special(address: IpAddr) -> Option<(&'static str, Cidr)> {
    SPECIAL.into_iter().find(|(_, range)| range.contains(address))
}

/// The management networks, and what follows from them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(pub Vec<Cidr>);

impl Networks {
    /// A controller's address: in a listed network. Loopback, link-local and the like are only in a listed network
    /// that lies wholly in such a range, so that `0.0.0.0/0` does not open them.
    pub fn check_bmc(&self, address: IpAddr) -> Result<(), String> {
        if self.lists(address) {
            return Ok(());
        }
        Err(match special(address.to_canonical()) {
            Some((what, _)) => format!("{address} is a {what} address"),
            None => format!("{address} is in no management network"),
        })
    }

    /// An address a configured name resolved to: anything but link-local, multicast and the like. This host is fine.
    pub fn check_configured(&self, address: IpAddr) -> Result<(), String> {
        match special(address.to_canonical()) {
            Some((what, _)) if !is_loopback(address) && !self.lists(address) => {
                Err(format!("{address} is a {what} address"))
            }
            _ => Ok(()),
        }
    }

    /// An address that is spoken to without TLS: this host, or a listed one.
    pub fn check_plain(&self, address: IpAddr) -> Result<(), String> {
        if is_loopback(address) || self.lists(address) {
            return Ok(());
        }
        Err(format!("{address} is not this host, and without TLS nobody else is spoken to"))
    }

    fn lists(&self, address: IpAddr) -> bool {
        let special = special(address.to_canonical());
        self.0.iter().any(|n| n.contains(address) && special.is_none_or(|(_, range)| n.is_within(&range)))
    }
}

fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    fn networks(list: &[&str]) -> Networks {
        Networks(list.iter().map(|n| n.parse().unwrap()).collect())
    }

    fn bmc(list: &[&str], address: &str) -> bool {
        networks(list).check_bmc(address.parse().unwrap()).is_ok()
    }

    #[test]
    fn ranges_are_read_strictly_and_printed_as_written() {
        for good in ["10.0.4.0/22", "0.0.0.0/0", "10.0.4.1/32", "fd00:1::/64", "::/0", "::1/128"] {
            assert_eq!(good.parse::<Cidr>().unwrap().to_string(), good);
        }
        for bad in ["", "10.0.4.0", "10.0.4.1/22", "10.0.4.0/33", "10.0.4.0/", "10.0.4.0/+8", "010.0.0.0/8", "10/8"] {
            assert_eq!(bad.parse::<Cidr>(), Err(NotACidr), "{bad}");
        }
        for bad in ["fd00::1/64", "fd00::/129", "::ffff:10.0.0.0/104", "fe80::%eth0/64", "bmc/8"] {
            assert_eq!(bad.parse::<Cidr>(), Err(NotACidr), "{bad}");
        }
    }

    #[test]
    fn a_range_holds_its_first_and_last_address_and_no_other_family() {
        let holds = |range: &str, address: &str| range.parse::<Cidr>().unwrap().contains(address.parse().unwrap());
        assert!(holds("10.0.4.0/22", "10.0.4.0") && holds("10.0.4.0/22", "10.0.7.255"));
        assert!(!holds("10.0.4.0/22", "10.0.3.255") && !holds("10.0.4.0/22", "10.0.8.0"));
        assert!(holds("0.0.0.0/0", "255.1.2.3") && !holds("0.0.0.0/0", "::1") && !holds("::/0", "10.0.0.1"));
        assert!(holds("10.0.4.1/32", "::ffff:10.0.4.1") && !holds("::/0", "::ffff:10.0.4.1"));
        assert!(holds("fd00:1::/64", "fd00:1::5") && !holds("fd00:1::/64", "fd00:1:0:1::5"));
    }

    #[test]
    fn controllers_are_only_in_management_networks() {
        assert!(bmc(&["10.0.4.0/22", "fd00:1::/64"], "10.0.5.6"));
        assert!(bmc(&["10.0.4.0/22", "fd00:1::/64"], "fd00:1::6"));
        assert!(!bmc(&["10.0.4.0/22", "fd00:1::/64"], "10.0.8.1"));
        assert!(!bmc(&[], "10.0.5.6"));
    }

    #[test]
    fn special_addresses_need_a_network_of_their_own() {
        let special =
            ["127.0.0.1", "169.254.169.254", "0.0.0.0", "224.0.0.1", "255.255.255.255", "::", "::1", "fe80::1"];
        let hidden = ["ff02::1", "::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001::1"];
        for address in special.into_iter().chain(hidden) {
            assert!(!bmc(&["0.0.0.0/0", "::/0"], address), "{address}");
        }
        assert!(bmc(&["127.0.0.0/8"], "127.3.2.1") && bmc(&["127.0.0.0/8"], "::ffff:127.0.0.1"));
        assert!(bmc(&["::1/128"], "::1") && bmc(&["169.254.1.0/24"], "169.254.1.7"));
    }

    #[test]
    fn configured_peers_may_be_this_host_but_not_a_metadata_service() {
        let configured = |address: &str| networks(&[]).check_configured(address.parse().unwrap());
        assert!(configured("127.0.0.1").is_ok() && configured("::1").is_ok() && configured("192.0.2.1").is_ok());
        assert_eq!(configured("169.254.169.254"), Err("169.254.169.254 is a link-local address".into()));
        let plain = |list: &[&str], address: &str| networks(list).check_plain(address.parse().unwrap()).is_ok();
        assert!(plain(&[], "127.0.0.1") && !plain(&[], "192.0.2.1") && plain(&["192.0.2.0/24"], "192.0.2.1"));
    }
}
