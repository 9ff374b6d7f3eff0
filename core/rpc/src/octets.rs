//! Octets in JSON, which has none: as hexadecimal.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A file's content.
#[derive(Clone, PartialEq, Eq)]
pub struct Octets(pub Vec<u8>);

impl fmt::Debug for Octets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} octets", self.0.len())
    }
}

impl Serialize for Octets {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digits = |b: &u8| [DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]];
        let text: Vec<u8> = self.0.iter().flat_map(digits).collect();
        s.serialize_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl<'de> Deserialize<'de> for Octets {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        let bad = || de::Error::custom("not octets in hexadecimal");
        let digit = |b: u8| char::from(b).to_digit(16).map(|n| n as u8);
        let (pairs, odd) = text.as_bytes().as_chunks::<2>();
        let octet = |pair: &[u8; 2]| Some(digit(pair[0])? << 4 | digit(pair[1])?);
        let octets = pairs.iter().map(octet).collect::<Option<Vec<u8>>>();
        octets.filter(|_| odd.is_empty()).map(Self).ok_or_else(bad)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_octet_comes_back() {
        let all = Octets((0..=255).collect());
        let text = serde_json::to_string(&all).unwrap();
        assert!(text.starts_with("\"000102"));
        assert_eq!(serde_json::from_str::<Octets>(&text).unwrap(), all);
        for bad in ["\"0\"", "\"0g\"", "[0]", "\"éé\""] {
            assert!(serde_json::from_str::<Octets>(bad).is_err(), "{bad}");
        }
    }
}
