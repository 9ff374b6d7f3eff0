//! What is tested, how long, and against which limits: `pxe/catalogue.toml`, by the server's model.

use serde::Deserialize;
use toml::{Table, Value};

use crate::disk::Kind;
use crate::trouble::{About, Tried, Trouble};
use crate::words::Step;

/// The catalogue as it is shipped.
pub const SHIPPED: &str = include_str!("../../catalogue.toml");

/// What holds for one server.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    /// Time limits of the steps.
    pub seconds: Seconds,
    /// Memory.
    pub memory: Memory,
    /// When a disk is blank.
    pub blank: Blank,
    /// SMART.
    pub smart: Smart,
    /// Disks by kind.
    pub disk: Disks,
    /// Neighbours.
    pub lldp: Lldp,
}

/// Time limits in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seconds {
    init: u64,
    memory: u64,
    disk: u64,
    lldp: u64,
    report: u64,
}

/// How memory is tested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    /// Of a node's free memory.
    pub share_percent: u64,
    /// Left to the system, on each node.
    pub reserve_mib: u64,
    /// The smallest part one memtester gets.
    pub smallest_mib: u64,
    /// memtester's loops.
    pub loops: u64,
    /// Corrected errors at most.
    pub corrected_errors: u64,
}

/// How a blank disk is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Blank {
    /// Places looked at between both ends.
    pub places: u64,
}

/// Limits on what a disk says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Smart {
    /// NVMe: wear at most.
    pub percentage_used: u64,
    /// ATA: at most.
    pub reallocated_sectors: u64,
    /// ATA: at most.
    pub pending_sectors: u64,
    /// NVMe: at most.
    pub media_errors: u64,
    /// SAS: at most.
    pub grown_defects: u64,
}

/// Disks by kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disks {
    nvme: Bench,
    ssd: Bench,
    hdd: Bench,
    r#virtual: Bench,
}

/// How one kind of disk is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bench {
    /// Each measurement at most.
    pub seconds: u64,
    /// Of a blank disk, at most so much is written.
    pub span_mib: u64,
    /// Sequential read at least, 10^6 bytes a second.
    pub read_mb_s: u64,
    /// Sequential write at least.
    pub write_mb_s: u64,
    /// Random reads of 4 KiB a second at least.
    pub read_iops: u64,
    /// Random writes at least.
    pub write_iops: u64,
}

/// How neighbours are waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lldp {
    /// At most.
    pub seconds: u64,
    /// Frames received with errors meanwhile, at most.
    pub receive_errors: u64,
}

impl Catalogue {
    /// What holds for this DMI product name.
    ///
    /// # Errors
    /// The catalogue is not one.
    pub fn of(text: &str, product: &str) -> Tried<Self> {
        let mut whole: Table = toml::from_str(text).about("the catalogue")?;
        let lacks = || Trouble::new("the catalogue has no [default]");
        let Some(Value::Table(mut merged)) = whole.remove("default") else { return Err(lacks()) };
        if let Some(Value::Array(models)) = whole.remove("model") {
            for model in models {
                let Value::Table(mut model) = model else { continue };
                let Some(Value::String(glob)) = model.remove("product") else {
                    return Err(Trouble::new("the catalogue: a [[model]] without `product`"));
                };
                if fits(&glob, product) {
                    lay_over(&mut merged, model);
                }
            }
        }
        if let Some(stray) = whole.keys().next() {
            return Err(Trouble(format!("the catalogue: `{stray}` is neither default nor model")));
        }
        Value::Table(merged).try_into().about(format!("the catalogue for {product}"))
    }

    /// How long a step may take, in seconds.
    pub fn limit(&self, step: Step) -> u64 {
        match step {
            Step::Init => self.seconds.init,
            Step::Memory => self.seconds.memory,
            Step::Disk => self.seconds.disk,
            Step::Lldp => self.seconds.lldp,
            Step::Report => self.seconds.report,
        }
    }

    /// How this kind of disk is measured.
    pub fn bench(&self, kind: Kind) -> Bench {
        match kind {
            Kind::Nvme => self.disk.nvme,
            Kind::Ssd => self.disk.ssd,
            Kind::Hdd => self.disk.hdd,
            Kind::Virtual => self.disk.r#virtual,
        }
    }
}

fn lay_over(below: &mut Table, above: Table) {
    for (key, value) in above {
        match (below.get_mut(&key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => lay_over(below, above),
            (_, value) => {
                below.insert(key, value);
            }
        }
    }
}

/// Whether the glob fits the whole name, letters in either case.
fn fits(glob: &str, name: &str) -> bool {
    let (glob, name) = (glob.to_lowercase(), name.to_lowercase());
    let (glob, name): (Vec<char>, Vec<char>) = (glob.chars().collect(), name.chars().collect());
    // Where the last star stood, and what it was tried against.
    let (mut g, mut n, mut star) = (0, 0, None);
    while n < name.len() {
        match glob.get(g) {
            Some('*') => {
                star = Some((g, n));
                g += 1;
            }
            Some(c) if *c == '?' || *c == name[n] => {
                g += 1;
                n += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    g = at + 1;
                    n = from + 1;
                }
                None => return false,
            },
        }
    }
    glob[g..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_catalogue_holds_for_every_model_and_fits_a_tokens_life() {
        for product in ["ProLiant DL360 Gen11", "PowerEdge R760", "PowerEdge R670", "Standard PC (i440FX)", ""] {
            let c = Catalogue::of(SHIPPED, product).unwrap();
            let all = [Step::Init, Step::Memory, Step::Disk, Step::Lldp, Step::Report].map(|s| c.limit(s));
            assert!(all.iter().sum::<u64>() < 4 * 3_600, "{product}");
        }
    }

    #[test]
    fn a_models_figures_lie_over_the_default_ones() {
        let plain = Catalogue::of(SHIPPED, "anything").unwrap();
        let dell = Catalogue::of(SHIPPED, "poweredge r670").unwrap();
        assert_eq!((plain.disk.nvme.read_mb_s, dell.disk.nvme.read_mb_s), (1000, 2000));
        assert_eq!(plain.disk.nvme.write_mb_s, dell.disk.nvme.write_mb_s);
    }

    #[test]
    fn a_misspelt_figure_is_refused() {
        for (good, bad) in [("loops", "lopps"), ("[default.lldp]", "[defualt.lldp]"), ("[[model]]", "[[modell]]")] {
            let text = SHIPPED.replace(good, bad);
            assert!(text != SHIPPED && Catalogue::of(&text, "ProLiant DL360 Gen11").is_err(), "{bad}");
        }
    }

    #[test]
    fn globs_fit_whole_names() {
        assert!(fits("ProLiant * Gen1?*", "PROLIANT DL380a Gen12 Plus"));
        assert!(fits("*", "") && fits("", "") && fits("a*b*c", "axxbyybzc"));
        assert!(!fits("PowerEdge", "PowerEdge R760") && !fits("?", "") && !fits("a*b", "ac"));
    }
}
