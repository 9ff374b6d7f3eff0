//! Money in whole minor units (cents), with its currency. Amounts of different currencies are never added; they are
//! converted by a rate that is shown with its date.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::time::Timestamp;

/// The largest amount taken from outside, in minor units: a hundred thousand million. What is above is a mistake.
pub const MAX_MINOR: u64 = 10_000_000_000_000;

/// A currency by its ISO 4217 letters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// The euro.
    pub const EUR: Self = Self(*b"EUR");
    /// The United States dollar.
    pub const USD: Self = Self(*b"USD");

    /// How many digits its minor unit has (ISO 4217, list one).
    pub const fn digits(self) -> u32 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG" | b"RWF" | b"UGX"
            | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            _ => 2,
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Three capital letters, as every way to make one holds.
        f.pad(std::str::from_utf8(&self.0).unwrap_or("???"))
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Currency {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let letters: [u8; 3] = text.as_bytes().try_into().map_err(|_| "not a currency: three letters, such as EUR")?;
        if letters.iter().all(u8::is_ascii_alphabetic) {
            Ok(Self(letters.map(|c| c.to_ascii_uppercase())))
        } else {
            Err("not a currency: three letters, such as EUR")
        }
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// An amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// How much, in minor units.
    pub minor: u64,
    /// Of what.
    pub currency: Currency,
}

impl Money {
    /// An amount.
    pub const fn new(minor: u64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// The amount as a plain decimal, such as `227038.00`.
    pub fn plain(self) -> String {
        let unit = 10_u64.pow(self.currency.digits());
        let whole = self.minor / unit;
        match self.currency.digits() as usize {
            0 => whole.to_string(),
            digits => format!("{whole}.{:0digits$}", self.minor % unit),
        }
    }

    /// The amount grouped by thousands without its currency, such as `227,038.00`, for columns that name it once.
    pub fn grouped(self) -> String {
        let plain = self.plain();
        let (whole, rest) = plain.split_once('.').map_or((plain.as_str(), None), |(w, r)| (w, Some(r)));
        let mut grouped = String::with_capacity(whole.len() + whole.len() / 3);
        for (n, digit) in whole.chars().enumerate() {
            if n > 0 && (whole.len() - n).is_multiple_of(3) {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        rest.map_or(grouped.clone(), |rest| format!("{grouped}.{rest}"))
    }
}

/// Grouped by thousands, such as `227,038.00 EUR`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{} {}", self.grouped(), self.currency))
    }
}

/// Why a text is no amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amiss {
    /// Not digits with at most one decimal point.
    NoNumber,
    /// Below zero.
    Negative,
    /// More decimals than the currency has.
    TooFine,
    /// Above [`MAX_MINOR`].
    TooLarge,
}

impl fmt::Display for Amiss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoNumber => "not an amount: digits with a decimal point, such as 12500.00",
            Self::Negative => "an amount below zero",
            Self::TooFine => "more decimals than the currency has",
            Self::TooLarge => "larger than any order can be",
        })
    }
}

impl std::error::Error for Amiss {}

/// Reads an amount in minor units: digits, thousands divided by commas or not at all, a decimal point. Trailing zeros
/// beyond the currency's digits are taken (`12500.0000`); a decimal comma is not, since `1,250` would be in doubt.
pub fn minor(text: &str, currency: Currency) -> Result<u64, Amiss> {
    let text = text.trim();
    if text.starts_with('-') || (text.starts_with('(') && text.ends_with(')')) {
        return Err(Amiss::Negative);
    }
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    if whole.is_empty() || !rest.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Amiss::NoNumber);
    }
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    let rest_grouped: Vec<&str> = groups.collect();
    let well_grouped = rest_grouped.is_empty() || (first.len() <= 3 && rest_grouped.iter().all(|g| g.len() == 3));
    let digits: String = std::iter::once(first).chain(rest_grouped).collect();
    if first.is_empty() || !well_grouped || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Amiss::NoNumber);
    }
    let places = currency.digits() as usize;
    let (kept, cut) = rest.split_at(rest.len().min(places));
    if cut.bytes().any(|b| b != b'0') {
        return Err(Amiss::TooFine);
    }
    let all = format!("{digits}{kept}{}", "0".repeat(places - kept.len()));
    let read = all.trim_start_matches('0');
    if read.len() > 15 {
        return Err(Amiss::TooLarge);
    }
    let minor = if read.is_empty() { 0 } else { read.parse().map_err(|_| Amiss::TooLarge)? };
    if minor > MAX_MINOR { Err(Amiss::TooLarge) } else { Ok(minor) }
}

/// Rates of exchange of one day, as the business's configuration gives them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rates {
    /// The currency everything is compared in.
    pub base: Currency,
    /// The day they are of.
    pub of: Timestamp,
    /// Millionths of the base's unit for one unit of each other currency.
    pub millionths: BTreeMap<Currency, u64>,
}

impl Rates {
    /// This amount in the base currency, rounded half up; `None` where its currency has no rate.
    pub fn in_base(&self, amount: Money) -> Option<Money> {
        if amount.currency == self.base {
            return Some(amount);
        }
        let rate = u128::from(*self.millionths.get(&amount.currency)?);
        let scaled = u128::from(amount.minor) * rate * 10_u128.pow(self.base.digits());
        let by = 1_000_000 * 10_u128.pow(amount.currency.digits());
        Some(Money::new(u64::try_from((scaled + by / 2) / by).ok()?, self.base))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn amounts_are_read_exactly_or_not_at_all() {
        let read = |text| minor(text, Currency::EUR);
        assert_eq!(read("227038"), Ok(22_703_800));
        assert_eq!(read("227,038.00"), Ok(22_703_800));
        assert_eq!(read("12500.5"), Ok(1_250_050));
        assert_eq!(read("12500.5000"), Ok(1_250_050));
        assert_eq!(read("0"), Ok(0));
        assert_eq!(read("100000000000.00"), Ok(MAX_MINOR));
        assert_eq!(read("100000000000.01"), Err(Amiss::TooLarge));
        assert_eq!(read("12.505"), Err(Amiss::TooFine));
        assert_eq!(read("-1"), Err(Amiss::Negative));
        assert_eq!(read("(1.00)"), Err(Amiss::Negative));
        for bad in ["", ".", "1.2.3", "1,25", "12,34,567", ",123", "1e5", "NaN", "1 000", "0x10", "1,000,00", ".5"] {
            assert_eq!(read(bad), Err(Amiss::NoNumber), "{bad}");
        }
        assert_eq!(read("99999999999999999999"), Err(Amiss::TooLarge));
        assert_eq!(minor("500", "JPY".parse().unwrap()), Ok(500));
        assert_eq!(minor("1.234", "KWD".parse().unwrap()), Ok(1_234));
    }

    #[test]
    fn amounts_are_shown_as_people_write_them() {
        assert_eq!(Money::new(22_703_800, Currency::EUR).to_string(), "227,038.00 EUR");
        assert_eq!(Money::new(5, Currency::USD).to_string(), "0.05 USD");
        assert_eq!(Money::new(1_500, "JPY".parse().unwrap()).to_string(), "1,500 JPY");
        assert_eq!(Money::new(22_703_800, Currency::EUR).plain(), "227038.00");
    }

    #[test]
    fn rates_turn_any_currency_into_the_base() {
        let millionths = [(Currency::USD, 925_000), ("JPY".parse().unwrap(), 6_100)].into();
        let rates = Rates { base: Currency::EUR, of: Timestamp::from_secs(0), millionths };
        let in_base = |minor, currency: &str| rates.in_base(Money::new(minor, currency.parse().unwrap()));
        assert_eq!(in_base(10_000, "USD"), Some(Money::new(9_250, Currency::EUR)));
        assert_eq!(in_base(10_000, "JPY"), Some(Money::new(6_100, Currency::EUR)));
        assert_eq!(in_base(7, "EUR"), Some(Money::new(7, Currency::EUR)));
        assert_eq!(in_base(7, "CHF"), None);
    }
}
