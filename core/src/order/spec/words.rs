//! The words of one part of a specification, and what they mean.

use super::{DriveKind, GB};
use crate::text::Text;

/// A size with its unit.
pub(super) struct Size {
    digits: String,
    terabytes: bool,
}

impl Size {
    fn thousandths(&self) -> Result<u64, String> {
        let (whole, fraction) = self.digits.split_once('.').unwrap_or((&self.digits, ""));
        let bad = || format!("{} is no size", self.digits);
        if fraction.len() > 3 || whole.len() > 6 {
            return Err(bad());
        }
        let fraction = format!("{fraction:0<3}");
        let n = |s: &str| if s.is_empty() { Ok(0) } else { s.parse::<u64>().map_err(|_| bad()) };
        Ok(n(whole)? * 1_000 + n(&fraction)?)
    }

    pub fn decimal(&self) -> Result<u64, String> {
        let bytes = self.thousandths()? * if self.terabytes { GB } else { GB / 1_000 };
        if bytes == 0 { Err("a size of 0".into()) } else { Ok(bytes) }
    }

    pub fn binary(&self) -> Result<u64, String> {
        let thousandths = self.thousandths()?;
        let mebibytes = thousandths * if self.terabytes { 1 << 20 } else { 1 << 10 };
        if mebibytes == 0 || !mebibytes.is_multiple_of(1_000) {
            return Err(format!("{} is no size that memory has", self.digits));
        }
        Ok((mebibytes / 1_000) << 20)
    }
}

/// The words of one part, in lower case beside as they were written.
pub(super) struct Words<'a> {
    pub rest: Vec<&'a str>,
    pub height: Option<u8>,
}

impl<'a> Words<'a> {
    pub fn of(part: &'a str) -> Self {
        let mut height = None;
        let rest = part
            .split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '/' | '*'))
            .filter(|w| !w.is_empty())
            .filter(|word| {
                let units = word.strip_suffix(['U', 'u']).and_then(|n| n.parse::<u8>().ok()).filter(|n| *n > 0);
                height = height.or(units);
                units.is_none()
            })
            .collect();
        Self { rest, height }
    }

    /// `4x`, `4 x`, `x4`, `dual`: how many, and the words after it.
    pub fn count(mut self) -> Result<(Option<u16>, Self), String> {
        let Some(first) = self.rest.first().copied() else { return Ok((None, self)) };
        let lower = first.to_lowercase();
        let named = match lower.as_str() {
            "single" | "one" => Some(1),
            "dual" | "two" => Some(2),
            "quad" | "four" => Some(4),
            "eight" => Some(8),
            _ => None,
        };
        if named.is_some() {
            self.rest.remove(0);
            return Ok((named, self));
        }
        let times = |c: char| c == 'x' || c == 'X' || c == '×';
        let digits = first.len() - first.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, after) = first.split_at(digits);
        if number.is_empty() || number.len() > 4 {
            return Ok((None, self));
        }
        let mut marks = after.chars();
        if marks.next().is_some_and(times) {
            let rest = marks.as_str();
            self.rest.remove(0);
            if !rest.is_empty() {
                self.rest.insert(0, rest);
            }
        } else if after.is_empty() && self.rest.get(1).is_some_and(|w| w.chars().count() == 1 && w.starts_with(times)) {
            self.rest.drain(..2);
        } else if after.is_empty() && self.rest.len() > 1 && !is_unit(self.rest[1]) {
            self.rest.remove(0);
        } else {
            return Ok((None, self));
        }
        match number.parse::<u16>() {
            Ok(0) | Err(_) => Err(format!("{number} is no number of parts")),
            Ok(n) => Ok((Some(n), self)),
        }
    }

    /// Gigabits a second, where the part is about network ports.
    pub fn speed(&self) -> Result<Option<u16>, String> {
        for (n, word) in self.rest.iter().enumerate() {
            let lower = word.to_lowercase();
            let digits = lower.len() - lower.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let (number, mut unit) = (&lower[..digits], &lower[digits..]);
            if number.is_empty() {
                continue;
            }
            let next = self.rest.get(n + 1).map(|w| w.to_lowercase());
            if unit.is_empty() {
                unit = next.as_deref().unwrap_or("");
            }
            let ports = ["gbe", "gbit", "gbps", "gb/s", "gbase-t", "ge"].iter().any(|u| unit.starts_with(u));
            let bare = unit == "g"
                && self.rest.iter().any(|w| {
                    let w = w.to_lowercase();
                    ["nic", "port", "ports", "ethernet", "sfp+", "sfp28", "qsfp28", "qsfp56", "base-t"]
                        .contains(&w.as_str())
                });
            if ports || bare {
                let gbps =
                    number.parse::<u16>().ok().filter(|n| [1, 2, 10, 25, 40, 50, 100, 200, 400, 800].contains(n));
                return gbps.map(Some).ok_or_else(|| format!("no network port has {number} Gbit/s"));
            }
        }
        Ok(None)
    }

    pub fn size(&self) -> Result<Option<Size>, String> {
        let mut found = None;
        for (n, word) in self.rest.iter().enumerate() {
            let number: String = word.chars().take_while(|c| c.is_ascii_digit() || matches!(c, '.' | ',')).collect();
            if !number.starts_with(|c: char| c.is_ascii_digit()) {
                continue;
            }
            let after = &word[number.len()..];
            let unit = if after.is_empty() { self.rest.get(n + 1).copied().unwrap_or("") } else { after };
            let terabytes = match unit.to_lowercase().as_str() {
                "tb" | "tib" | "t" => true,
                "gb" | "gib" | "g" => false,
                _ => continue,
            };
            if found.is_some() {
                return Err("two sizes in one part; write one part for each".into());
            }
            found = Some(Size { digits: number.replace(',', "."), terabytes });
        }
        Ok(found)
    }

    fn has(&self, words: &[&str]) -> bool {
        self.rest.iter().any(|w| words.iter().any(|known| w.eq_ignore_ascii_case(known)))
    }

    pub fn drive(&self) -> Option<DriveKind> {
        let flash = self.has(&["ssd", "flash"]);
        if self.has(&["nvme", "u.2", "u.3", "e3.s", "m.2"]) {
            Some(DriveKind::Nvme)
        } else if self.has(&["hdd", "nl-sas", "nlsas", "7.2k", "10k", "15k"]) {
            Some(DriveKind::Hdd)
        } else if self.has(&["sas"]) && flash {
            Some(DriveKind::SasSsd)
        } else if self.has(&["sata"]) && flash {
            Some(DriveKind::SataSsd)
        } else if self.has(&["sas", "sata"]) {
            Some(DriveKind::Hdd)
        } else if flash {
            Some(DriveKind::Ssd)
        } else {
            None
        }
    }

    pub fn memory(&self) -> bool {
        self.ddr().is_some() || self.has(&["ram", "memory", "dimm", "dimms", "rdimm", "rdimms", "lrdimm", "ecc"])
    }

    pub fn ddr(&self) -> Option<Text> {
        let word = self.rest.iter().find(|w| {
            let lower = w.to_lowercase();
            lower.strip_prefix("ddr").is_some_and(|n| n.starts_with(|c: char| c.is_ascii_digit()))
        })?;
        let generation: String = word.chars().take(4).collect::<String>().to_uppercase();
        Some(Text::from(generation))
    }

    /// The model and the cores of a processor. The model is known by its family's name.
    pub fn processor(&self) -> Result<(Option<Text>, Option<u16>), String> {
        let mut cores = None;
        let mut words: Vec<&str> = Vec::new();
        let mut skip = false;
        for (n, word) in self.rest.iter().enumerate() {
            if std::mem::take(&mut skip) {
                continue;
            }
            let lower = word.to_lowercase();
            let next = self.rest.get(n + 1).map(|w| w.to_lowercase());
            let next_is_cores = next.as_deref().is_some_and(|w| w == "cores" || w == "core" || w == "c");
            let glued = lower.strip_suffix("-core").or_else(|| lower.strip_suffix('c')).map(str::to_owned);
            if let (Ok(n), true) = (lower.parse::<u16>(), next_is_cores) {
                cores = Some(n);
                skip = true;
            } else if let Some(Ok(n)) = glued.as_deref().map(str::parse::<u16>) {
                cores = Some(n);
            } else if !["cpu", "cpus", "processor", "processors", "intel", "amd"].contains(&lower.as_str()) {
                words.push(word);
            }
        }
        let named = self.has(&["cpu", "cpus", "processor", "processors"]) || cores.is_some();
        let family = words.first().map(|w| w.to_lowercase());
        let known = family.is_some_and(|w| ["xeon", "epyc", "ampere", "altra"].contains(&w.as_str()));
        match (known, words.is_empty()) {
            (true, _) => Ok((Some(canonical(&words)), cores.filter(|n| *n > 0))),
            (false, true) if named => Ok((None, cores.filter(|n| *n > 0))),
            _ => Err("not a processor, memory, drive or network port that is known by these words".into()),
        }
    }
}

/// `xeon gold 6530` as vendors write it.
fn canonical(words: &[&str]) -> Text {
    let upper = |w: &str| match w.to_lowercase().as_str() {
        "epyc" => "EPYC".to_owned(),
        lower if lower.bytes().any(|b| b.is_ascii_digit()) => w.to_uppercase(),
        lower => {
            let mut letters = lower.chars();
            letters.next().map(|c| c.to_uppercase().to_string() + letters.as_str()).unwrap_or_default()
        }
    };
    Text::from(words.iter().map(|w| upper(w)).collect::<Vec<_>>().join(" "))
}

/// Whether a word is a unit of size or speed, so that the number before it is no count.
fn is_unit(word: &str) -> bool {
    let word = word.to_lowercase();
    ["gb", "gib", "tb", "tib", "g", "t", "gbe", "gbps", "gbit", "gb/s", "u", "cores", "core"].contains(&word.as_str())
}
