//! MAC addresses, and what their vendor block tells: a hint, never proof.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An EUI-48 address. Printed upper case with colons, as NetBox stores it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mac(pub [u8; 6]);

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, octet) in self.0.iter().enumerate() {
            let colon = if n == 0 { "" } else { ":" };
            write!(f, "{colon}{octet:02X}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not a MAC address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAMac;

impl fmt::Display for NotAMac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a MAC address: give six octets in hexadecimal, such as 94:40:C9:01:02:03")
    }
}

impl std::error::Error for NotAMac {}

impl FromStr for Mac {
    type Err = NotAMac;

    /// Colons, dashes, Cisco dots or bare hex in either case; with separators a leading zero may be missing,
    /// since ISC dhcpd's `binary-to-ascii` drops it.
    fn from_str(text: &str) -> Result<Self, NotAMac> {
        let mut octets = [0_u8; 6];
        let separator = text.chars().find(|c| !c.is_ascii_hexdigit());
        match separator {
            Some(sep @ (':' | '-')) => {
                let mut parts = text.split(sep);
                for octet in &mut octets {
                    let part = parts.next().filter(|p| matches!(p.len(), 1 | 2)).ok_or(NotAMac)?;
                    *octet = hex(part)?;
                }
                parts.next().is_none().then_some(Self(octets)).ok_or(NotAMac)
            }
            Some('.') | None => {
                let digits: String = text.chars().filter(|c| *c != '.').collect();
                if digits.len() != 12 || !digits.is_ascii() {
                    return Err(NotAMac);
                }
                for (octet, at) in octets.iter_mut().zip((0..12).step_by(2)) {
                    *octet = hex(&digits[at..at + 2])?;
                }
                Ok(Self(octets))
            }
            Some(_) => Err(NotAMac),
        }
    }
}

fn hex(digits: &str) -> Result<u8, NotAMac> {
    if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(NotAMac);
    }
    u8::from_str_radix(digits, 16).map_err(|_| NotAMac)
}

impl Serialize for Mac {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Mac {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        // Through a visitor, so that an error is told at the value's own place in its document.
        d.deserialize_str(Written)
    }
}

struct Written;

impl serde::de::Visitor<'_> for Written {
    type Value = Mac;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a MAC address")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Mac, E> {
        text.parse().map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_written_form_is_the_same_address() {
        let mac = Mac([0x94, 0x40, 0xC9, 0x01, 0x02, 0x03]);
        for form in ["94:40:C9:01:02:03", "94-40-c9-01-02-03", "9440.c901.0203", "9440C9010203", "94:40:c9:1:2:3"] {
            assert_eq!(form.parse(), Ok(mac), "{form}");
        }
        for bad in ["", "94:40:C9:01:02", "94:40:C9:01:02:03:04", "94:40:C9:01:02:0G", "+4:40:C9:01:02:03", "garbage"] {
            assert_eq!(bad.parse::<Mac>(), Err(NotAMac), "{bad}");
        }
    }
}
