//! Each part against its order: what counts as less, what as more, and what nobody can tell.

use super::*;
use crate::boot::parts::{Cpu, NetPort, Ram};
use crate::mac::Mac;
use crate::order::spec::{DriveKind, read};

const ASKED: &str = "2x Xeon Gold 6430 32 cores, 512GB DDR5, 2x 3.84TB NVMe, 2x 25GbE";

fn expected(ordered: &str, confirmed: Option<&str>) -> Expected {
    let confirmed = confirmed.map(|words| Confirmed { by: "Dell".into(), spec: Some(read(words).spec) });
    Expected { ordered: Some(read(ordered).spec), confirmed }
}

fn disk(serial: &str, gigabytes: u64, kind: Option<DriveKind>) -> Disk {
    Disk { serial: Some(serial.into()), bytes: gigabytes * 1_000_000_000, kind }
}

/// A server as it was asked for: by its BMC, and by its own report.
fn server() -> (Parts, Parts) {
    let cpu = Cpu { model: Some("Intel(R) Xeon(R) Gold 6430".into()), cores: Some(32) };
    let bmc = Parts {
        processors: Some(vec![cpu.clone(), cpu]),
        memory: Some(Ram { bytes: 512 << 30, modules: Some(16), kind: Some("DDR5".into()) }),
        drives: Some(["A", "B"].map(|s| disk(s, 3_840, Some(DriveKind::Nvme))).into()),
        ports: Some([1, 2].map(|n| NetPort { macs: vec![Mac([2, 0, 0, 0, 0, n])], gbps: Some(25) }).into()),
        bmc_port: None,
    };
    let machine = Parts {
        memory: Some(Ram { bytes: 503 << 30, modules: None, kind: None }),
        drives: Some(["A", "B"].map(|s| disk(s, 3_840, None)).into()),
        ports: bmc.ports.as_ref().map(|all| all.iter().map(|p| NetPort { gbps: None, ..p.clone() }).collect()),
        ..bmc.clone()
    };
    (bmc, machine)
}

fn row(expected: &Expected, (bmc, machine): &(Parts, Parts), part: Part) -> Row {
    hold(expected, bmc, machine).into_iter().find(|r| r.part == part).unwrap_or_else(|| panic!("{part:?}"))
}

fn words(points: &[Text]) -> Vec<&str> {
    points.iter().map(Text::as_str).collect()
}

#[test]
fn a_server_that_is_what_was_ordered_and_confirmed_is_as_ordered_in_every_part() {
    for row in hold(&expected(ASKED, Some(ASKED)), &server().0, &server().1) {
        assert_eq!(row.verdict(), "as ordered", "{}", row.line());
        assert_eq!(row.ordered, row.confirmed);
    }
}

#[test]
fn each_part_that_is_less_is_named_with_what_was_ordered_and_what_is_here() {
    let asked = expected(ASKED, Some("2x Xeon Gold 6430 32 cores, 512GB DDR5, 2x 3.84TB NVMe, 2x 25GbE"));
    let mut one = server();
    one.0.processors.as_mut().unwrap().truncate(1);
    one.1.processors.as_mut().unwrap().truncate(1);
    assert_eq!(words(&row(&asked, &one, Part::Processors).less), ["processors: 2 ordered and confirmed, 1 here"]);
    let mut other = server();
    for by in [&mut other.0, &mut other.1] {
        by.processors.as_mut().unwrap()[1].model = Some("Intel(R) Xeon(R) Silver 4410Y".into());
    }
    let said = row(&asked, &other, Part::Processors).less;
    assert_eq!(
        words(&said),
        ["processor: Xeon Gold 6430 ordered and confirmed, Intel(R) Xeon(R) Silver 4410Y here"],
        "the odd one speaks for both"
    );
    let mut half = server();
    half.0.memory = Some(Ram { bytes: 256 << 30, modules: Some(8), kind: Some("DDR5".into()) });
    half.1.memory = Some(Ram { bytes: 251 << 30, modules: None, kind: None });
    assert_eq!(words(&row(&asked, &half, Part::Memory).less), ["memory: 512 GB ordered and confirmed, 256 GB here"]);
    let mut drive = server();
    drive.0.drives.as_mut().unwrap().truncate(1);
    drive.1.drives.as_mut().unwrap().truncate(1);
    let said = row(&asked, &drive, Part::Drives);
    assert_eq!(words(&said.less), ["drives: 2x 3.84 TB NVMe ordered and confirmed, 1 missing"]);
    assert_eq!(said.verdict(), "less than ordered");
    let mut kind = server();
    for d in kind.0.drives.as_mut().unwrap() {
        d.kind = Some(DriveKind::SataSsd);
    }
    kind.1.drives = kind.0.drives.clone();
    assert_eq!(row(&asked, &kind, Part::Drives).less.len(), 1, "a SATA drive is no NVMe drive");
    let mut port = server();
    port.0.ports.as_mut().unwrap().truncate(1);
    port.1.ports.as_mut().unwrap().truncate(1);
    assert_eq!(words(&row(&asked, &port, Part::Ports).less), ["ports: 2x 25GbE ordered and confirmed, 1 missing"]);
}

#[test]
fn what_the_seller_confirmed_counts_beside_what_was_ordered() {
    let asked = expected("512GB DDR5", Some("1TB DDR5"));
    let said = row(&asked, &server(), Part::Memory);
    assert_eq!(words(&said.less), ["memory: 1024 GB confirmed, 512 GB here"]);
    let untold =
        Expected { confirmed: Some(Confirmed { by: "Dell".into(), spec: None }), ..expected("512GB DDR5", None) };
    assert_eq!(row(&untold, &server(), Part::Memory).verdict(), "as ordered");
}

#[test]
fn more_is_told_and_is_no_fault() {
    let said = row(&expected("256GB DDR5, 1x 3.84TB NVMe", None), &server(), Part::Memory);
    assert_eq!((words(&said.more), said.verdict()), (vec!["memory: 256 GB ordered, 512 GB here"], "more than ordered"));
    let said = row(&expected("1x 3.84TB NVMe", None), &server(), Part::Drives);
    assert_eq!((words(&said.more), said.less.len()), (vec!["drives: 1 more: 3.84 TB"], 0));
}

#[test]
fn what_nobody_tells_is_unknown_and_never_as_ordered() {
    let silent = (Parts::default(), Parts { memory: server().1.memory, ..Parts::default() });
    let asked = expected(ASKED, None);
    for part in Part::ALL {
        let said = row(&asked, &silent, part);
        assert_eq!(said.verdict(), "not all of it is known", "{}", said.line());
        assert!(said.less.is_empty(), "{}", said.line());
    }
    let kind = words(&row(&asked, &silent, Part::Memory).unknown).join("; ");
    assert!(kind.contains("memory kind"), "that it is 512 GB does not make it DDR5: {kind}");
    let none = Expected::default();
    assert!(hold(&none, &server().0, &server().1).iter().all(|r| r.verdict() == "not in an order"));
}

#[test]
fn a_link_that_is_slower_says_nothing_of_what_the_port_can_do() {
    let said = row(&expected("2x 100GbE", None), &server(), Part::Ports);
    assert_eq!((said.less.len(), said.unknown.len(), said.verdict()), (0, 1, "not all of it is known"));
}

#[test]
fn a_volume_hides_the_drives_behind_it_and_a_drive_that_only_one_witness_knows_counts() {
    let asked = expected("2x 480GB SATA SSD, 2x 3.84TB NVMe", None);
    let (mut bmc, mut machine) = server();
    // The BMC lists what is behind its RAID controller, the machine what is attached to the processor and a volume.
    bmc.drives = Some(["R1", "R2"].map(|s| disk(s, 480, Some(DriveKind::SataSsd))).into());
    machine.drives = Some(vec![
        disk("N1", 3_840, Some(DriveKind::Nvme)),
        disk("N2", 3_840, Some(DriveKind::Nvme)),
        disk("volume", 480, None),
    ]);
    let said = row(&asked, &(bmc, machine), Part::Drives);
    assert!(said.less.is_empty() && said.faults.is_empty(), "{}", said.line());
}

#[test]
fn what_the_machine_must_see_of_what_its_bmc_lists_and_does_not_is_a_fault() {
    let asked = expected(ASKED, None);
    let mut lost = server();
    lost.1.drives.as_mut().unwrap().truncate(1);
    lost.1.memory = Some(Ram { bytes: 448 << 30, modules: None, kind: None });
    lost.1.processors.as_mut().unwrap().truncate(1);
    assert_eq!(
        words(&row(&asked, &lost, Part::Drives).faults),
        ["the BMC lists drives that the machine does not see: B"]
    );
    let said = row(&asked, &lost, Part::Memory);
    assert_eq!(words(&said.faults), ["the BMC lists 512GB DDR5 in 16 modules, the machine sees 448GB"]);
    assert_eq!(said.verdict(), "BMC and machine differ");
    assert_eq!(row(&asked, &lost, Part::Processors).faults.len(), 1);
    assert!(row(&asked, &server(), Part::Memory).faults.is_empty(), "what firmware keeps is no fault");
}
