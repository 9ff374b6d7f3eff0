//! Names of things: units, sites, what an event is about, who did it.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::mac::Mac;
use super::text::Text;
use super::time::Timestamp;

/// Crockford's base 32, as ULIDs use it.
const BASE32: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// One server from order line to erase certificate. Written as a ULID: 26 characters, sorted by time of minting.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitId(u128);

impl UnitId {
    /// A new id from the time and fresh randomness.
    pub fn mint(now: Timestamp, entropy: Entropy) -> Self {
        let millis = u128::try_from(now.as_micros() / 1_000).unwrap_or(0);
        let random = u128::from_be_bytes(entropy.0) & ((1 << 80) - 1);
        Self((millis & ((1 << 48) - 1)) << 80 | random)
    }
}

impl fmt::Display for UnitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = [0_u8; 26];
        for (n, slot) in out.iter_mut().enumerate() {
            *slot = BASE32[(self.0 >> (125 - 5 * n) & 31) as usize];
        }
        f.pad(std::str::from_utf8(&out).unwrap_or_default())
    }
}

impl fmt::Debug for UnitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for UnitId {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const BAD: &str = "not a unit id: 26 characters of base 32";
        if text.len() != 26 {
            return Err(BAD);
        }
        text.bytes()
            .try_fold(0_u128, |sum, c| {
                let digit = BASE32.iter().position(|b| *b == c.to_ascii_uppercase()).ok_or(BAD)?;
                sum.checked_mul(32).map(|s| s | digit as u128).ok_or(BAD)
            })
            .map(Self)
    }
}

/// Fresh randomness, handed in by whoever may draw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Entropy(pub [u8; 16]);

impl Entropy {
    /// A number in `0..n` for jitter; `n` must not be 0.
    pub fn below(self, n: u64) -> u64 {
        let mut low = [0; 8];
        low.copy_from_slice(&self.0[..8]);
        u64::from_le_bytes(low) % n.max(1)
    }
}

/// A datacenter, by its NetBox site slug.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct SiteId(Arc<str>);

impl<'de> Deserialize<'de> for SiteId {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Ok(Self::new(&std::borrow::Cow::<'de, str>::deserialize(d)?))
    }
}

impl SiteId {
    /// The site with this slug: lower-case letters, digits and dashes, at most 32; other characters are dropped.
    pub fn new(slug: &str) -> Self {
        let keep = |c: &char| c.is_ascii_alphanumeric() || *c == '-';
        Self(slug.chars().filter(keep).take(32).collect::<String>().to_ascii_lowercase().into())
    }

    /// The slug.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the word for whichever site serves best, and no site's own.
    pub fn is_any(&self) -> bool {
        &*self.0 == "any"
    }
}

impl fmt::Display for SiteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for SiteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An order, by its number in sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrderId(pub u32);

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0.to_string())
    }
}

impl FromStr for OrderId {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self).map_err(|_| "not an order's number")
    }
}

/// What goes on with one vendor about one order. Written as `7-hpe`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DealId {
    /// The order.
    pub order: OrderId,
    /// The vendor.
    pub seller: SellerId,
}

impl fmt::Display for DealId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.order, self.seller)
    }
}

impl fmt::Debug for DealId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for DealId {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (order, seller) = text.split_once('-').ok_or("not a deal: an order's number, a dash and a vendor")?;
        Ok(Self { order: order.parse()?, seller: seller.parse()? })
    }
}

/// What an event is about. Its text form is the journal's subject column: `unit/01J...`, `bmc/94:40:C9:...`,
/// `order/7`, `deal/7-hpe`, `plan/3f9a1c02`, `journal`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A unit.
    Unit(UnitId),
    /// A BMC that was seen and may belong to no unit yet.
    Bmc(Mac),
    /// An order.
    Order(OrderId),
    /// What goes on with one vendor about an order.
    Deal(DealId),
    /// A plan to take servers over.
    Plan(PlanId),
    /// The journal itself.
    Journal,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unit(id) => write!(f, "unit/{id}"),
            Self::Bmc(mac) => write!(f, "bmc/{mac}"),
            Self::Order(id) => write!(f, "order/{id}"),
            Self::Deal(id) => write!(f, "deal/{id}"),
            Self::Plan(id) => write!(f, "plan/{id}"),
            Self::Journal => f.write_str("journal"),
        }
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Subject {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const BAD: &str = "not a subject: unit/ID, bmc/MAC, order/NUMBER, deal/NUMBER-VENDOR, plan/ID or journal";
        if text == "journal" {
            return Ok(Self::Journal);
        }
        match text.split_once('/') {
            Some(("unit", id)) => id.parse().map(Self::Unit),
            Some(("bmc", mac)) => mac.parse().map(Self::Bmc).map_err(|_| BAD),
            Some(("order", id)) => id.parse().map(Self::Order).map_err(|_| BAD),
            Some(("deal", id)) => id.parse().map(Self::Deal).map_err(|_| BAD),
            Some(("plan", id)) => id.parse().map(Self::Plan).map_err(|_| BAD),
            _ => Err(BAD),
        }
    }
}

macro_rules! as_text {
    ($($name:ty),*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}
as_text!(UnitId, DealId, PlanId, Subject);

/// What a person may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sees, does nothing.
    ReadOnly,
    /// Physical work at a site: receipts, racks, cables, retries.
    Technician,
    /// Everything that moves a server without spending or destroying.
    Operator,
    /// Also money and destruction, never of one's own asking.
    Approver,
    /// Also import and configuration.
    Admin,
}

impl Role {
    /// Whether it is this role or above.
    ///
    /// # Errors
    /// Which role it takes, and which this is.
    pub fn demand(self, least: Self) -> Result<(), Text> {
        if self < least { Err(format!("this takes the role {least}; you have {self}").into()) } else { Ok(()) }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::ReadOnly => "read-only",
            Self::Technician => "technician",
            Self::Operator => "operator",
            Self::Approver => "approver",
            Self::Admin => "admin",
        })
    }
}

impl FromStr for Role {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "read-only" => Self::ReadOnly,
            "technician" => Self::Technician,
            "operator" => Self::Operator,
            "approver" => Self::Approver,
            "admin" => Self::Admin,
            _ => return Err("not a role: read-only, technician, operator, approver or admin"),
        })
    }
}

/// Who did it, as the audit trail names them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// Rackhand itself.
    Rackhand,
    /// Something on the wire: a DHCP server's ACK, a machine's report.
    Wire,
    /// A person, by the Unix user that opened the socket.
    Person {
        /// User name.
        name: Text,
        /// The role it was done in.
        role: Role,
    },
    /// A tenant, by its token at the HTTP interface.
    Tenant {
        /// The tenant's slug.
        name: Text,
    },
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rackhand => f.pad("rackhand"),
            Self::Wire => f.pad("wire"),
            Self::Person { name, .. } => f.pad(name),
            Self::Tenant { name } => f.pad(&format!("tenant {name}")),
        }
    }
}

/// Who sells, by the short name the configuration gives it: `hpe`, `dell`. At most 12 lower-case letters, digits and
/// dashes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SellerId([u8; 12]);

impl SellerId {
    /// The short name.
    pub fn as_str(&self) -> &str {
        let end = self.0.iter().position(|b| *b == 0).unwrap_or(self.0.len());
        // Only ASCII gets in.
        std::str::from_utf8(&self.0[..end]).unwrap_or_default()
    }
}

impl fmt::Display for SellerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for SellerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for SellerId {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-';
        if text.is_empty() || text.len() > 12 || !text.as_bytes().iter().all(fits) {
            return Err("not a vendor's short name: 1 to 12 lower-case letters, digits and dashes, such as `hpe`");
        }
        let mut bytes = [0; 12];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Ok(Self(bytes))
    }
}

impl Serialize for SellerId {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for SellerId {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A plan's name: the beginning of the hash of what it rests on. Written as eight hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlanId(pub u32);

impl fmt::Display for PlanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{:08x}", self.0))
    }
}

impl fmt::Debug for PlanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for PlanId {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const BAD: &str = "not a plan: eight hexadecimal digits, as `rackhand take-over plan` prints them";
        let digits = text.len() == 8 && text.bytes().all(|b| b.is_ascii_hexdigit());
        digits.then(|| u32::from_str_radix(text, 16).ok()).flatten().map(Self).ok_or(BAD)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn ids_read_back_as_they_were_written() {
        let id = UnitId::mint(Timestamp::from_secs(1_795_000_000), Entropy([7; 16]));
        assert_eq!(id.to_string().parse(), Ok(id));
        let bmc = Subject::Bmc(Mac([0x94, 0x40, 0xC9, 1, 2, 3]));
        assert_eq!(bmc.to_string(), "bmc/94:40:C9:01:02:03");
        let order = OrderId(7);
        let deal = Subject::Deal(DealId { order, seller: "hpe".parse().unwrap() });
        assert_eq!(deal.to_string(), "deal/7-hpe");
        for subject in
            [bmc, Subject::Unit(id), Subject::Order(order), deal, Subject::Plan(PlanId(0x0F9A_1C02)), Subject::Journal]
        {
            assert_eq!(subject.to_string().parse(), Ok(subject));
        }
        assert!("unit/".parse::<Subject>().is_err());
    }
}
