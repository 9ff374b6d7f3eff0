//! What a server shall be, in the words the business uses (`2x Xeon Gold 6530, 512GB DDR5, 4x 3.84TB NVMe, 2x 100GbE`)
//! and as a structure. What was not understood is said, never dropped.

mod words;

use std::fmt;

use serde::{Deserialize, Serialize};

use self::words::Words;
use crate::text::Text;

/// Characters of a specification at most.
pub const MAX_CHARS: usize = 1_000;
/// Parts of a specification at most.
pub const MAX_PARTS: usize = 32;

/// A server's specification. What is not given is open, not zero.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spec {
    /// Processors.
    pub processors: Option<Processors>,
    /// Memory.
    pub memory: Option<Memory>,
    /// Drives, one entry for each kind and size.
    pub drives: Vec<Drives>,
    /// Network ports, one entry for each speed.
    pub ports: Vec<Ports>,
    /// Height in rack units.
    pub height: Option<u8>,
}

/// Processors of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Processors {
    /// How many.
    pub count: u8,
    /// Model as vendors write it, such as `Xeon Gold 6530`; `None` is any.
    pub model: Option<Text>,
    /// Cores of each at least.
    pub cores: Option<u16>,
}

/// Memory in all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// Bytes in all. Memory is counted in binary units: 1 GB is 2^30.
    pub bytes: u64,
    /// Modules, where their number was given.
    pub modules: Option<u16>,
    /// Its kind, such as `DDR5`.
    pub kind: Option<Text>,
}

/// Drives of one kind and size.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Drives {
    /// How many.
    pub count: u16,
    /// Bytes of each. Drives are counted in decimal units: 1 TB is 10^12.
    pub bytes: u64,
    /// How they are attached and what they are made of.
    pub kind: DriveKind,
}

/// Kinds of drives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DriveKind {
    /// NVMe flash.
    Nvme,
    /// SAS flash.
    SasSsd,
    /// SATA flash.
    SataSsd,
    /// Flash, however attached.
    Ssd,
    /// Rotating, however attached.
    Hdd,
}

/// Network ports of one speed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Ports {
    /// How many.
    pub count: u16,
    /// Gigabits a second of each.
    pub gbps: u16,
}

/// A specification as it was understood.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Understood {
    /// What was understood.
    pub spec: Spec,
    /// The parts that were not, with why.
    pub unclear: Vec<Unclear>,
}

/// A part that was not understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unclear {
    /// The part, as it was written.
    pub part: Text,
    /// Why, and what to write.
    pub why: Text,
}

impl DriveKind {
    /// Its word in specifications.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Nvme => "NVMe",
            Self::SasSsd => "SAS SSD",
            Self::SataSsd => "SATA SSD",
            Self::Ssd => "SSD",
            Self::Hdd => "HDD",
        }
    }

    /// Whether a drive of this kind is what was asked for.
    pub const fn serves_as(self, asked: Self) -> bool {
        match asked {
            Self::Ssd => !matches!(self, Self::Hdd),
            Self::Nvme => matches!(self, Self::Nvme),
            Self::SasSsd => matches!(self, Self::SasSsd),
            Self::SataSsd => matches!(self, Self::SataSsd),
            Self::Hdd => matches!(self, Self::Hdd),
        }
    }
}

impl Spec {
    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The specification in the business's words; reading it gives the same specification again.
impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<String> = Vec::new();
        if let Some(p) = &self.processors {
            let cores = p.cores.map_or(String::new(), |c| format!(" {c} cores"));
            let model = p.model.as_ref().map_or("CPU", Text::as_str);
            parts.push(format!("{}x {model}{cores}", p.count));
        }
        if let Some(m) = &self.memory {
            let kind = m.kind.as_ref().map_or("RAM", Text::as_str);
            parts.push(match m.modules.filter(|n| *n > 0 && m.bytes.is_multiple_of(u64::from(*n))) {
                Some(n) => format!("{n}x {} {kind}", binary(m.bytes / u64::from(n))),
                None => format!("{} {kind}", binary(m.bytes)),
            });
        }
        parts.extend(self.drives.iter().map(|d| format!("{}x {} {}", d.count, decimal(d.bytes), d.kind.word())));
        parts.extend(self.ports.iter().map(|p| format!("{}x {}GbE", p.count, p.gbps)));
        parts.extend(self.height.map(|h| format!("{h}U")));
        f.write_str(&parts.join(", "))
    }
}

const GIB: u64 = 1 << 30;
const GB: u64 = 1_000_000_000;

/// Memory as people write it.
pub(crate) fn binary(bytes: u64) -> String {
    if bytes.is_multiple_of(GIB) { format!("{}GB", bytes / GIB) } else { format!("{}MB", bytes >> 20) }
}

/// Drives as people write them.
pub(crate) fn decimal(bytes: u64) -> String {
    if bytes >= 1_000 * GB {
        let tenths = format!("{:.3}", bytes as f64 / 1e12);
        format!("{}TB", tenths.trim_end_matches('0').trim_end_matches('.'))
    } else {
        format!("{}GB", bytes / GB)
    }
}

/// Reads a specification. Parts are divided by commas, semicolons, plus signs and line ends.
pub fn read(text: &str) -> Understood {
    let mut read = Understood::default();
    if text.chars().count() > MAX_CHARS {
        read.unclear("", &format!("a specification has at most {MAX_CHARS} characters"));
        return read;
    }
    let parts = divide(text);
    if parts.len() > MAX_PARTS {
        read.unclear("", &format!("a specification has at most {MAX_PARTS} parts"));
        return read;
    }
    for part in parts {
        if let Err(why) = read.take(part) {
            read.unclear(part, &why);
        }
    }
    read.spec.drives.sort();
    read.spec.ports.sort();
    read
}

/// The parts. A comma between digits (`3,84TB`) is a decimal mark as much of Europe writes it, and divides nothing.
fn divide(text: &str) -> Vec<&str> {
    let bytes = text.as_bytes();
    let mut parts = Vec::new();
    let mut from = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let digit = |n: Option<usize>| n.and_then(|n| bytes.get(n)).is_some_and(u8::is_ascii_digit);
        let divides = match byte {
            b',' => !(digit(at.checked_sub(1)) && digit(Some(at + 1))),
            b';' | b'\n' | b'\r' => true,
            // `8592+` is a processor's name.
            b'+' => [at.checked_sub(1), Some(at + 1)]
                .into_iter()
                .all(|n| n.and_then(|n| bytes.get(n)).is_none_or(u8::is_ascii_whitespace)),
            _ => false,
        };
        if divides {
            parts.push(&text[from..at]);
            from = at + 1;
        }
    }
    parts.push(&text[from..]);
    parts.into_iter().map(str::trim).filter(|p| !p.is_empty()).collect()
}

impl Understood {
    fn unclear(&mut self, part: &str, why: &str) {
        self.unclear.push(Unclear { part: Text::new(part), why: Text::new(why) });
    }

    fn take(&mut self, part: &str) -> Result<(), String> {
        let words = Words::of(part);
        let (count, words) = words.count()?;
        if words.height.is_none() {
            return self.component(count, &words);
        }
        let before = self.spec.height;
        set(&mut self.spec.height, words.height, "height")?;
        if words.rest.is_empty() && count.is_none() {
            return Ok(());
        }
        // A part is understood whole or not at all.
        self.component(count, &words).inspect_err(|_| self.spec.height = before)
    }

    fn component(&mut self, count: Option<u16>, words: &Words<'_>) -> Result<(), String> {
        if let Some(gbps) = words.speed()? {
            return self.ports(count, gbps);
        }
        let size = words.size()?;
        let drive = words.drive();
        let memory = words.memory();
        match (size, drive, memory) {
            (Some(_), Some(_), true) => Err("it names both memory and a drive; write them as two parts".into()),
            (Some(size), Some(kind), false) => self.drives(count, size.decimal()?, kind),
            (Some(size), None, true) => self.memory(count, size.binary()?, words.ddr()),
            (Some(_), None, false) => {
                Err("a size of what? write RAM or DDR5, or NVMe, SSD, SAS, SATA or HDD with it".into())
            }
            (None, Some(_), _) => Err("a drive without a size; write it as 4x 3.84TB NVMe".into()),
            (None, None, true) => Err("memory without a size; write it as 512GB DDR5".into()),
            (None, None, false) => self.processors(count, words),
        }
    }

    fn ports(&mut self, count: Option<u16>, gbps: u16) -> Result<(), String> {
        let count = count.unwrap_or(1);
        match self.spec.ports.iter_mut().find(|p| p.gbps == gbps) {
            Some(same) => same.count = same.count.checked_add(count).ok_or("that many ports no server has")?,
            None => self.spec.ports.push(Ports { count, gbps }),
        }
        Ok(())
    }

    fn drives(&mut self, count: Option<u16>, bytes: u64, kind: DriveKind) -> Result<(), String> {
        let count = count.unwrap_or(1);
        match self.spec.drives.iter_mut().find(|d| d.bytes == bytes && d.kind == kind) {
            Some(same) => same.count = same.count.checked_add(count).ok_or("that many drives no server has")?,
            None => self.spec.drives.push(Drives { count, bytes, kind }),
        }
        Ok(())
    }

    fn memory(&mut self, modules: Option<u16>, each: u64, kind: Option<Text>) -> Result<(), String> {
        let bytes = each.checked_mul(u64::from(modules.unwrap_or(1))).ok_or("more memory than any server has")?;
        set(&mut self.spec.memory, Some(Memory { bytes, modules, kind }), "memory")
    }

    fn processors(&mut self, count: Option<u16>, words: &Words) -> Result<(), String> {
        let (model, cores) = words.processor()?;
        let count = u8::try_from(count.unwrap_or(1)).ok().filter(|n| *n <= 8).ok_or("a server has at most 8 CPUs")?;
        set(&mut self.spec.processors, Some(Processors { count, model, cores }), "processors")
    }
}

/// Sets what may be said once only.
fn set<T>(slot: &mut Option<T>, value: Option<T>, what: &str) -> Result<(), String> {
    if slot.is_some() {
        return Err(format!("{what} for the second time; say it once"));
    }
    *slot = value;
    Ok(())
}
