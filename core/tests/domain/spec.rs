//! Specifications in the business's words: understood, echoed, and what is unclear said.

use proptest::prelude::*;
use rackhand_core::order::spec::{DriveKind, Drives, Memory, Ports, Processors, Spec, Understood, read};
use rackhand_core::text::Text;

/// Reads what must be wholly understood, and echoes it.
fn echo(text: &str) -> String {
    let read = read(text);
    assert_eq!(read.unclear, [], "{text}");
    read.spec.to_string()
}

fn unclear(text: &str) -> String {
    let found = read(text).unclear;
    assert_eq!(found.len(), 1, "{text}: {found:?}");
    format!("{}: {}", found[0].part, found[0].why)
}

#[test]
fn the_businesss_own_example_is_understood_and_echoed_as_it_was_written() {
    let asked = "2x Xeon Gold 6530, 512GB DDR5, 4x 3.84TB NVMe, 2x 100GbE";
    let found = read(asked);
    assert_eq!(found.unclear, []);
    let spec = Spec {
        processors: Some(Processors { count: 2, model: Some(Text::new("Xeon Gold 6530")), cores: None }),
        memory: Some(Memory { bytes: 512 << 30, modules: None, kind: Some(Text::new("DDR5")) }),
        drives: vec![Drives { count: 4, bytes: 3_840_000_000_000, kind: DriveKind::Nvme }],
        ports: vec![Ports { count: 2, gbps: 100 }],
        height: None,
    };
    assert_eq!(found.spec, spec);
    assert_eq!(spec.to_string(), asked);
}

#[test]
fn people_write_the_same_thing_in_many_ways() {
    for (asked, echoed) in [
        ("dual intel xeon gold 6530", "2x Xeon Gold 6530"),
        ("2 x XEON GOLD 6530", "2x Xeon Gold 6530"),
        ("2 Xeon Gold 6530 32 cores", "2x Xeon Gold 6530 32 cores"),
        ("amd epyc 9354p 32c", "1x EPYC 9354P 32 cores"),
        ("2x CPU 32-core", "2x CPU 32 cores"),
        ("2x CPU 32 core", "2x CPU 32 cores"),
        ("2x CPU 32 c", "2x CPU 32 cores"),
        ("16x32GB DDR5-4800 RDIMM", "16x 32GB DDR5"),
        ("16 x 32 GB DDR5", "16x 32GB DDR5"),
        ("1TB ram", "1024GB RAM"),
        ("0.5 TB memory", "512GB RAM"),
        ("512 GB DDR5 ECC", "512GB DDR5"),
        ("4×3,84TB NVMe U.2", "4x 3.84TB NVMe"),
        ("4x 960GB SATA SSD", "4x 960GB SATA SSD"),
        ("12x 16TB SAS 7.2K", "12x 16TB HDD"),
        ("2x 1.6TB SAS SSD; 2x 480 GB M.2", "2x 480GB NVMe, 2x 1.6TB SAS SSD"),
        ("2x 3.84TB NVMe\n2x 3.84TB NVMe", "4x 3.84TB NVMe"),
        ("2x 25GbE + 1x 1GbE", "1x 1GbE, 2x 25GbE"),
        ("2x 100 Gbps", "2x 100GbE"),
        ("dual 25G SFP28", "2x 25GbE"),
        ("2U", "2U"),
        ("2U dual Xeon Gold 6530", "2x Xeon Gold 6530, 2U"),
        ("2x Xeon Gold 6530 (1U)", "2x Xeon Gold 6530, 1U"),
        ("dual 25G SFP28 1U", "2x 25GbE, 1U"),
    ] {
        assert_eq!(echo(asked), echoed, "{asked}");
    }
}

#[test]
fn what_is_not_understood_is_said_with_what_to_write() {
    for (asked, said) in [
        ("512GB", "512GB: a size of what? write RAM or DDR5, or NVMe, SSD, SAS, SATA or HDD with it"),
        ("4x NVMe", "4x NVMe: a drive without a size; write it as 4x 3.84TB NVMe"),
        ("DDR5", "DDR5: memory without a size; write it as 512GB DDR5"),
        ("rails", "rails: not a processor, memory, drive or network port that is known by these words"),
        ("2x 7GbE", "2x 7GbE: no network port has 7 Gbit/s"),
        ("0x 3.84TB NVMe", "0x 3.84TB NVMe: 0 is no number of parts"),
        ("9x Xeon 6530", "9x Xeon 6530: a server has at most 8 CPUs"),
        ("1.92TB 3.84TB NVMe", "1.92TB 3.84TB NVMe: two sizes in one part; write one part for each"),
        ("512GB DDR5 NVMe", "512GB DDR5 NVMe: it names both memory and a drive; write them as two parts"),
        ("512GB DDR5, 256GB RAM", "256GB RAM: memory for the second time; say it once"),
        ("0GB RAM", "0GB RAM: 0 is no size that memory has"),
        ("2U, 2x Xeon 6530 1U", "2x Xeon 6530 1U: height for the second time; say it once"),
    ] {
        assert_eq!(unclear(asked), said, "{asked}");
    }
    assert_eq!(read("rails 1U").spec.height, None, "a part is understood whole or not at all");
    let half = read("2x Xeon Gold 6530, a pony, 2x 100GbE");
    assert_eq!(half.spec.to_string(), "2x Xeon Gold 6530, 2x 100GbE", "the rest is kept");
    assert_eq!(half.unclear[0].part.as_str(), "a pony");
}

fn any_spec() -> impl Strategy<Value = Spec> {
    let model = prop::sample::select(vec!["Xeon Gold 6530", "Xeon Platinum 8592+", "EPYC 9354P", "EPYC 9654"]);
    let processors = (1_u8..=8, prop::option::of(model), prop::option::of(1_u16..=192))
        .prop_map(|(count, model, cores)| Processors { count, model: model.map(Text::new), cores });
    let kind = prop::option::of(prop::sample::select(vec!["DDR4", "DDR5"]));
    let memory = (1_u64..=4096, prop::option::of(1_u16..=64), kind).prop_map(|(gib, modules, kind)| Memory {
        bytes: (gib << 30) * u64::from(modules.unwrap_or(1)),
        modules,
        kind: kind.map(Text::new),
    });
    let kinds = [DriveKind::Nvme, DriveKind::SasSsd, DriveKind::SataSsd, DriveKind::Ssd, DriveKind::Hdd];
    let drives = (1_u16..=99, 1_u64..=30_720, prop::sample::select(kinds.to_vec())).prop_map(|(count, gb, kind)| {
        Drives { count, bytes: if gb >= 1_000 { gb / 10 * 10 } else { gb } * 1_000_000_000, kind }
    });
    let ports = (1_u16..=16, prop::sample::select(vec![1_u16, 10, 25, 100, 400]))
        .prop_map(|(count, gbps)| Ports { count, gbps });
    (
        prop::option::of(processors),
        prop::option::of(memory),
        prop::collection::vec(drives, 0..4),
        prop::collection::vec(ports, 0..3),
        prop::option::of(1_u8..=10),
    )
        .prop_map(|(processors, memory, mut drives, mut ports, height)| {
            drives.sort_by_key(|d| (d.bytes, d.kind));
            drives.dedup_by_key(|d| (d.bytes, d.kind));
            drives.sort();
            ports.sort_by_key(|p| p.gbps);
            ports.dedup_by_key(|p| p.gbps);
            ports.sort();
            Spec { processors, memory, drives, ports, height }
        })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_echoed_is_understood_as_the_same(spec in any_spec()) {
        let again = read(&spec.to_string());
        prop_assert_eq!(again.unclear, vec![], "{}", spec);
        prop_assert_eq!(again.spec, spec);
    }

    #[test]
    fn no_text_is_too_strange_and_each_part_is_understood_or_said(text in "\\PC{0,120}") {
        let found = read(&text);
        let says = text.contains(char::is_alphanumeric);
        prop_assert!(!says || !found.unclear.is_empty() || !found.spec.is_empty());
        let again = read(&found.spec.to_string());
        prop_assert_eq!(again, Understood { spec: found.spec, unclear: vec![] });
    }
}
