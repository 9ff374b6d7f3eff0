//! The door that every paper comes through: numbers, dates, amounts, serials and MACs are checked alike in all formats,
//! and all that is wrong is told at once.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use rackhand_core::entry::manifest;
use rackhand_core::mac::Mac;
use rackhand_core::purchase::money::{self, Currency};
use rackhand_core::purchase::paper::{Accepts, Flaw, MAX_ITEMS, MAX_LINES};
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;

/// Flaws that are told one by one; further ones are counted.
pub const MAX_FLAWS: usize = 100;
/// Servers on one line at most.
pub const MAX_QUANTITY: u64 = 10_000;
/// Characters of a number, part number or code at most.
const MAX_NUMBER: usize = 100;
/// Days of lead time at most: ten years.
pub(super) const MAX_LEAD_DAYS: u16 = 3_650;
/// Months of warranty at most: twenty years.
pub(super) const MAX_WARRANTY_MONTHS: u16 = 240;
/// Watts of one server at most.
pub(super) const MAX_WATTS: u32 = 100_000;
/// 2000-01-01 and 2100-01-01, in seconds since the Unix epoch.
const YEARS: std::ops::Range<i64> = 946_684_800..4_102_444_800;
/// From a day's beginning to its last second.
const DAY: Duration = Duration::from_secs(86_399);

/// A place in a paper.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    row: Option<u32>,
    field: &'a str,
}

/// The place of `field` in `row`.
pub(super) fn at(row: impl Into<Option<u32>>, field: &str) -> At<'_> {
    At { row: row.into(), field }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.row {
            Some(row) => write!(f, "row {row}, {}", self.field),
            None => f.write_str(self.field),
        }
    }
}

/// One flaw alone: where nothing can be read on.
pub(super) fn only(at: At<'_>, why: impl fmt::Display) -> Vec<Flaw> {
    vec![Flaw { row: at.row, field: Text::new(at.field), why: Text::new(&why.to_string()) }]
}

/// What is checked of one file. A method that refuses a value gives a stand-in for it, which is never seen: one flaw
/// keeps the whole file back.
#[derive(Default)]
pub(super) struct Door {
    flaws: Vec<Flaw>,
    more: usize,
    serials: BTreeMap<Text, String>,
    macs: BTreeMap<Mac, String>,
    items: usize,
}

impl Door {
    /// Notes a flaw.
    pub(super) fn flaw(&mut self, at: At<'_>, why: impl fmt::Display) {
        if self.flaws.len() < MAX_FLAWS {
            self.flaws.extend(only(at, why));
        } else {
            self.more += 1;
        }
    }

    /// Whether nothing is wrong so far.
    pub(super) fn clear(&self) -> bool {
        self.flaws.is_empty()
    }

    /// What was read, where nothing was wrong with it.
    pub(super) fn close<T>(mut self, read: T) -> Result<T, Vec<Flaw>> {
        if self.clear() {
            return Ok(read);
        }
        if self.more > 0 {
            let why = format!("and {} more", self.more);
            self.flaws.extend(only(at(None, "paper"), why));
        }
        Err(self.flaws)
    }

    /// Whether a line more is taken; told once where it is not.
    pub(super) fn room(&mut self, lines: usize) -> bool {
        if lines == MAX_LINES {
            self.flaw(at(None, "lines"), format!("more than {MAX_LINES} lines; split it"));
        }
        lines < MAX_LINES
    }

    /// A number, part number or code that must be there.
    pub(super) fn number(&mut self, at: At<'_>, raw: Option<&str>) -> Text {
        self.maybe_number(at, raw).unwrap_or_else(|| {
            if filled(raw).is_none() {
                self.flaw(at, "it is missing");
            }
            Text::new("")
        })
    }

    /// A number, part number or code, where it is there.
    pub(super) fn maybe_number(&mut self, at: At<'_>, raw: Option<&str>) -> Option<Text> {
        let raw = filled(raw)?;
        let text = Text::new(raw);
        if text.chars().count() > MAX_NUMBER {
            self.flaw(at, format!("longer than {MAX_NUMBER} characters"));
        } else if text.as_str() != raw || text.contains(char::REPLACEMENT_CHARACTER) {
            self.flaw(at, "it has characters that no number has, such as line ends or control characters");
        } else {
            return Some(text);
        }
        None
    }

    /// A currency, where it is there.
    pub(super) fn currency(&mut self, at: At<'_>, raw: Option<&str>) -> Option<Currency> {
        let read = filled(raw)?.parse();
        read.map_err(|why| self.flaw(at, why)).ok()
    }

    /// An amount in minor units, where it is there; missing is never zero. Where the currency is unknown, which is a
    /// flaw of its own, the amount is not read.
    pub(super) fn price(&mut self, at: At<'_>, raw: Option<&str>, currency: Option<Currency>) -> Option<u64> {
        let (raw, currency) = (filled(raw)?, currency?);
        money::minor(raw, currency).map_err(|why| self.flaw(at, format!("{why}; it says {}", shown(raw)))).ok()
    }

    /// How many servers.
    pub(super) fn quantity(&mut self, at: At<'_>, raw: Option<&str>) -> u32 {
        match filled(raw) {
            None => {
                self.flaw(at, "it is missing");
                1
            }
            Some(raw) => self.whole(at, Some(raw), 1..=MAX_QUANTITY).unwrap_or(1),
        }
    }

    /// A whole number within bounds, where it is there; thousands may be divided by commas.
    pub(super) fn whole<T: TryFrom<u64>>(
        &mut self,
        at: At<'_>,
        raw: Option<&str>,
        within: std::ops::RangeInclusive<u64>,
    ) -> Option<T> {
        let raw = filled(raw)?;
        let read = whole(raw).filter(|n| within.contains(n)).and_then(|n| T::try_from(n).ok());
        if read.is_none() {
            let (from, to) = within.into_inner();
            self.flaw(at, format!("not a whole number from {from} to {to}; it says {}", shown(raw)));
        }
        read
    }

    /// The number of one of our lines, where it is there.
    pub(super) fn line(&mut self, at: At<'_>, raw: Option<&str>) -> Option<u16> {
        self.whole(at, raw, 1..=u64::from(u16::MAX))
    }

    /// A moment, where it is there; a day alone is its beginning in UTC.
    pub(super) fn moment(&mut self, at: At<'_>, raw: Option<&str>) -> Option<Timestamp> {
        self.date(at, raw).map(|(moment, _)| moment)
    }

    /// The last moment at which something holds, where it is there; a day alone is its end in UTC.
    pub(super) fn until(&mut self, at: At<'_>, raw: Option<&str>) -> Option<Timestamp> {
        let (moment, day) = self.date(at, raw)?;
        Some(if day { moment + DAY } else { moment })
    }

    /// A moment, and whether it is a day alone.
    fn date(&mut self, at: At<'_>, raw: Option<&str>) -> Option<(Timestamp, bool)> {
        let raw = filled(raw)?;
        let bare = raw.len() == 8 && raw.bytes().all(|b| b.is_ascii_digit());
        let iso = raw.len() == 10 && raw.bytes().all(|b| b.is_ascii_digit() || b == b'-');
        let written = match (bare, iso) {
            (true, _) => format!("{}-{}-{}T00:00:00Z", &raw[..4], &raw[4..6], &raw[6..]),
            (_, true) => format!("{raw}T00:00:00Z"),
            _ => raw.to_owned(),
        };
        match written.parse::<Timestamp>() {
            Ok(t) if YEARS.contains(&t.as_micros().div_euclid(1_000_000)) => Some((t, bare || iso)),
            Ok(_) => {
                self.flaw(at, format!("a date outside the years 2000 to 2099; it says {}", shown(raw)));
                None
            }
            Err(_) => {
                let want = "write a day as 2026-12-31, a time with its offset as 2026-12-31T16:00:00Z";
                self.flaw(at, format!("not a date: {want}; it says {}", shown(raw)));
                None
            }
        }
    }

    /// One server's serial and its BMC's MAC, each once in a file.
    pub(super) fn server(
        &mut self,
        serial: (At<'_>, Option<&str>),
        mac: (At<'_>, Option<&str>),
    ) -> (Text, Option<Mac>) {
        self.items += 1;
        if self.items == MAX_ITEMS + 1 {
            self.flaw(at(None, "items"), format!("more than {MAX_ITEMS} servers; split it"));
        }
        if self.items > MAX_ITEMS {
            return (Text::new(""), None);
        }
        let (place, raw) = serial;
        let read = filled(raw).and_then(manifest::serial);
        match (&read, filled(raw)) {
            (None, None) => self.flaw(place, "the serial is missing"),
            (None, Some(raw)) => {
                self.flaw(place, format!("{}; it says {}", manifest::Problem::BadSerial, shown(raw)));
            }
            (Some(serial), _) => {
                if let Some(first) = self.serials.get(serial).cloned() {
                    self.flaw(place, format!("{serial} stands here and at {first}; which is right?"));
                }
                self.serials.entry(serial.clone()).or_insert_with(|| place.to_string());
            }
        }
        (read.unwrap_or_else(|| Text::new("")), self.mac(mac.0, mac.1))
    }

    fn mac(&mut self, place: At<'_>, raw: Option<&str>) -> Option<Mac> {
        let raw = filled(raw)?;
        let Ok(mac) = raw.parse::<Mac>() else {
            self.flaw(place, format!("{}; it says {}", manifest::Problem::BadMac, shown(raw)));
            return None;
        };
        // IEEE 802, 8.2.2: the lowest bit of the first octet tells a group from one card.
        if mac.0[0] & 1 == 1 || mac.0 == [0; 6] {
            self.flaw(place, manifest::Problem::NoCard);
            return None;
        }
        if let Some(first) = self.macs.get(&mac).cloned() {
            self.flaw(place, format!("{mac} stands here and at {first}; which is right?"));
        }
        self.macs.entry(mac).or_insert_with(|| place.to_string());
        Some(mac)
    }

    /// Holds that as many servers are named as are counted, or none.
    pub(super) fn counted(&mut self, at: At<'_>, quantity: u32, named: usize) {
        if named > 0 && named != quantity as usize {
            self.flaw(at, format!("it counts {quantity} and names {named}; every server is named, or none"));
        }
    }
}

/// The carrier's numbers of one shipment, each once.
#[derive(Default)]
pub(super) struct Tracking {
    seen: BTreeSet<Text>,
    /// In the order of the file.
    pub(super) numbers: Vec<Text>,
}

impl Tracking {
    /// Takes one, where it is there.
    pub(super) fn take(&mut self, door: &mut Door, at: At<'_>, raw: Option<&str>) {
        let Some(number) = door.maybe_number(at, raw) else { return };
        if !self.seen.insert(number.clone()) {
            return;
        }
        if self.numbers.len() < MAX_ITEMS {
            self.numbers.push(number);
        } else if self.seen.len() == MAX_ITEMS + 1 {
            door.flaw(at, format!("more than {MAX_ITEMS} tracking numbers; split it"));
        }
    }
}

/// What stands there, trimmed; `None` where nothing does.
pub(super) fn filled(raw: Option<&str>) -> Option<&str> {
    raw.map(str::trim).filter(|raw| !raw.is_empty())
}

/// Free text, where there is any.
pub(super) fn words(raw: Option<&str>) -> Option<Text> {
    filled(raw).map(Text::new)
}

/// A refused value, short enough for a sentence.
fn shown(raw: &str) -> String {
    let short: String = raw.chars().take(40).collect();
    format!("{:?}", Text::new(&short))
}

/// A whole number; zeros behind a decimal point do not make it a fraction.
fn whole(raw: &str) -> Option<u64> {
    let no_decimals: Currency = "JPY".parse().ok()?;
    money::minor(raw, no_decimals).ok()
}

/// What all lines say together, and whether one that says `said` is still in the order.
pub(super) fn verdict(lines: &[Accepts]) -> Option<Accepts> {
    let first = *lines.first()?;
    Some(if lines.iter().all(|l| *l == first) { first } else { Accepts::Changed })
}

/// Whether a line is still part of the order.
pub(super) fn stands(line: Accepts) -> bool {
    matches!(line, Accepts::Yes | Accepts::Changed)
}

/// A name without case, spaces and marks, so that `Serial No.` and `serial_no` are one.
pub(super) fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).take(64).collect()
}

/// Whether a column or field of this name holds a secret.
pub(super) fn is_secret(name: &str) -> bool {
    let name = plain(name);
    let words = ["password", "passwd", "passwort", "passphrase", "pwd", "secret", "bmcuser", "credential"];
    words.iter().any(|w| name.contains(w))
}

/// Why a paper with a secret in it is refused.
pub(super) const SECRET: &str = "passwords are not taken: they must not lie in a paper or the journal. Remove it, import \
     the paper again, and name the password's file under [[credentials]] in rackhandd.toml";

/// Whether a private field of this name holds the MAC of a server's BMC, and not of its network cards.
pub(super) fn names_bmc_mac(name: &str) -> bool {
    let name = plain(name);
    let whose = ["bmc", "ilo", "idrac", "management", "mgmt", "oob", "serverbmc"];
    let rest = name.strip_suffix("macaddress").or_else(|| name.strip_suffix("mac"));
    rest.is_some_and(|r| r.is_empty() || whose.contains(&r))
}
