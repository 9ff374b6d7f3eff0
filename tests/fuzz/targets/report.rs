//! Reports of machines: decoded as the HTTP side does, then held against a unit and its cabling plan.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rackhand_core::boot::check::check;
use rackhand_core::boot::report::{
    Drive, Measurement, Nic, Processor, StepReport, StepVerdict, ValidationReport, ValidationStep,
};
use rackhand_core::id::{Entropy, SiteId, UnitId};
use rackhand_core::inventory::{CablingPlan, Interface, Port};
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::lifecycle::unit::Unit;
use rackhand_core::mac::Mac;
use rackhand_core::text::MAX_CHARS;
use rackhand_core::time::Timestamp;
use rackhand_daemon::http::decode;
use rackhand_fuzz::plant;
use serde::Serialize;

const NIC: Mac = Mac([0x94, 0x40, 0xC9, 0, 0, 2]);

fuzz_target!(
    init: plant([json(&step()), json(&report())]),
    |data: &[u8]| {
        if let Ok(step) = decode::<StepReport>(data) {
            assert_eq!(decode::<StepReport>(&json(&step)).as_ref(), Ok(&step), "what is journaled is read again");
        }
        let Ok(report) = decode::<ValidationReport>(data) else { return };
        assert_eq!(decode::<ValidationReport>(&json(&report)).as_ref(), Ok(&report));
        if report.oversized().is_some() {
            return;
        }
        let (unit, plan) = expected();
        let points = check(&report, &unit, &plan, &[]);
        for point in &points {
            assert!(!point.text.is_empty() && point.text.chars().count() <= MAX_CHARS + 1);
        }
        let planned = plan.interfaces[0].peer.as_ref().expect("it is planned");
        // A switch may write its name in other case, or with its domain.
        let heard = |n: &Nic| n.neighbour.as_ref().is_some_and(|heard| heard.is(planned));
        let proven = report.nics.iter().any(|n| n.mac == NIC && heard(n));
        assert!(proven || !points.is_empty(), "a cable nobody heard passed");
        assert_eq!(points, check(&report, &unit, &plan, &[]), "the same report gives the same points");
    }
);

fn json(report: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(report).expect("it has a form")
}

fn step() -> StepReport {
    let measured = Measurement { name: "memory".into(), value: "512 GiB".into(), limit: Some("512 GiB".into()) };
    StepReport {
        step: ValidationStep::Memory,
        verdict: StepVerdict::Passed,
        took_ms: 1_000,
        measurements: vec![measured],
        message: Some("no faults".into()),
    }
}

fn neighbour() -> Port {
    Port { switch: "leaf1".into(), port: "Ethernet1/7".into() }
}

fn report() -> ValidationReport {
    let all = |step| StepReport { step, ..self::step() };
    ValidationReport {
        serial: "CZ23000017".into(),
        model: "ProLiant DL380 Gen11".into(),
        bmc_mac: Some(Mac([0x94, 0x40, 0xC9, 0, 0, 1])),
        processors: vec![Processor { model: "Xeon".into(), cores: 32 }],
        memory_bytes: 512 << 30,
        drives: vec![Drive { serial: "S1".into(), model: "NVMe".into(), bytes: 1 << 40, holds_data: false }],
        nics: vec![Nic { name: "ens1f0".into(), mac: NIC, link: true, neighbour: Some(neighbour()) }],
        steps: ValidationStep::ALL.map(all).into(),
    }
}

fn expected() -> (Unit, CablingPlan) {
    let now = Timestamp::from_secs(1_795_000_000);
    let id = UnitId::mint(now, Entropy([7; 16]));
    let mut unit = Unit::new(id, SiteId::new("fra1"), Stage::Discovered, now);
    unit.serial = Some("CZ23000017".into());
    unit.bmc_mac = Some(Mac([0x94, 0x40, 0xC9, 0, 0, 1]));
    let planned = Interface { id: 5, name: "eth0".into(), mac: Some(NIC), peer: Some(neighbour()) };
    (unit, CablingPlan { interfaces: vec![planned], bmc: None })
}
