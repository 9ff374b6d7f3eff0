//! Events as they are on disk: lines written once must be read as the same events for ever.

mod trade;

use std::collections::BTreeSet;

use crate::scene::{address, bmc_mac, device, nic_mac, person, plan, port, report, serial, step_report, token};
use rackhand_core::bmc::inventory::Neighbour;
use rackhand_core::bmc::{Fingerprint, Identity, Power, Rung, SystemReading, Vendor};
use rackhand_core::boot::parts::{Cpu, Disk, NetPort, Parts, Ram};
use rackhand_core::boot::report::{Measurement, Processor, StepReport, ValidationReport, ValidationStep};
use rackhand_core::discovery::c4::Verdict;
use rackhand_core::event::{
    BootEvent, CredentialEvent, DiscoveryEvent, Draft, EntryEvent, Event, JournalEvent, LifeEvent, LocatorEvent,
    PlacementEvent, ReceivingEvent, Recorded, RestartEvent, StepEvent, TakeOverEvent,
};
use rackhand_core::fault::{Fault, Kind, System};
use rackhand_core::flow::step::{Observation, Step};
use rackhand_core::id::{Actor, PlanId, Role, SiteId, Subject};
use rackhand_core::inventory::rack::Face;
use rackhand_core::inventory::{BmcPort, Device, Lookup, NewDevice};
use rackhand_core::lifecycle::evidence::{Evidence, Proof};
use rackhand_core::lifecycle::guard::Cause;
use rackhand_core::lifecycle::stage::{Disposition, Stage};
use rackhand_core::lifecycle::task::{Task, TaskKind};
use rackhand_core::order::spec::DriveKind;
use rackhand_core::placement::reservation::{NetworkCable, PowerCord, Reservation};
use rackhand_core::stream::Origin;
use rackhand_core::takeover::{Login, Seen};
use rackhand_core::time::Timestamp;
use serde::de::DeserializeOwned;

const AT: Timestamp = Timestamp::from_secs(1_795_000_000);

fn device_as_it_was() -> Device {
    Device {
        lifecycle_state: Some("powered_on".into()),
        tenant: Some("baremetal-staging".into()),
        oob_address: Some(address(9)),
        ..device(1, "offline")
    }
}

fn refused() -> Fault {
    Fault::new(System::Bmc, Kind::Transient, "connection refused").advise("check its cable")
}

/// One line of each kind, and what it says. Lines are added; none is ever changed.
fn lines() -> Vec<(&'static str, Event)> {
    vec![
        (
            r#"{"bmc_sighted":{"address":"10.0.0.1","hostname":"ilo-1","vendor_class":null}}"#,
            Event::Discovery(DiscoveryEvent::BmcSighted {
                address: address(1),
                hostname: Some("ilo-1".into()),
                vendor_class: None,
            }),
        ),
        (
            r#"{"sighting_judged":{"verdict":{"warn":"status staged: a lease changes nothing"}}}"#,
            Event::Discovery(DiscoveryEvent::SightingJudged {
                verdict: Verdict::Warn("status staged: a lease changes nothing".into()),
            }),
        ),
        (
            r#"{"unit_imported":{"site":"fra1","serial":"SN0001","bmc_mac":"94:40:C9:00:00:01","vendor":"hpe","model":null,"stage":"shipment_tracking"}}"#,
            Event::Entry(EntryEvent::UnitImported {
                site: SiteId::new("fra1"),
                serial: serial(1),
                bmc_mac: Some(bmc_mac(1)),
                vendor: Some(Vendor::Hpe),
                model: None,
                stage: Stage::ShipmentTracking,
            }),
        ),
        (
            r#"{"manifest_row_taken":{"serial":"SN0001","bmc_mac":"94:40:C9:00:00:01","create":{"device_type":"dl360","role":"server","site":"fra1"}}}"#,
            Event::Entry(EntryEvent::ManifestRowTaken {
                serial: serial(1),
                bmc_mac: bmc_mac(1),
                create: Some(NewDevice { device_type: "dl360".into(), role: "server".into(), site: "fra1".into() }),
            }),
        ),
        (r#"{"sighting_forgotten":{}}"#, Event::Discovery(DiscoveryEvent::SightingForgotten {})),
        (
            r#"{"sighting_reopened":{"reason":"NetBox has its MAC now"}}"#,
            Event::Discovery(DiscoveryEvent::SightingReopened { reason: "NetBox has its MAC now".into() }),
        ),
        (
            r#"{"unit_adopted":{"site":"fra1","serial":null,"bmc_mac":"94:40:C9:00:00:01","model":"R760"}}"#,
            Event::Entry(EntryEvent::UnitAdopted {
                site: SiteId::new("fra1"),
                serial: None,
                bmc_mac: bmc_mac(1),
                model: "R760".into(),
            }),
        ),
        (
            r#"{"lease_accepted":{"device":{"id":101,"name":"srv1","serial":"SN0001","model":"ProLiant DL360 Gen11","site":"fra1","place":"rack A1 unit 7","status":"offline","lifecycle_state":"powered_on","tenant":"baremetal-staging","bmc_interface":1001,"oob_address":"10.0.0.9"},"bmc_mac":"94:40:C9:00:00:01","address":"10.0.0.1"}}"#,
            Event::Discovery(DiscoveryEvent::LeaseAccepted {
                device: Box::new(device_as_it_was()),
                bmc_mac: bmc_mac(1),
                address: address(1),
            }),
        ),
        (
            r#"{"stage_entered":{"from":"powered_on","to":"discovered","evidence":{"proof":"lease_and_device","note":"lease"}}}"#,
            Event::Life(LifeEvent::StageEntered {
                from: Stage::PoweredOn,
                to: Stage::Discovered,
                evidence: Evidence::new(Proof::LeaseAndDevice, "lease"),
            }),
        ),
        (
            r#"{"disposition_changed":{"from":"normal","to":"on_hold","reason":"wait"}}"#,
            Event::Life(LifeEvent::DispositionChanged {
                from: Disposition::Normal,
                to: Disposition::OnHold,
                reason: "wait".into(),
            }),
        ),
        (
            r#"{"task_opened":{"task":{"kind":"fix_cable","role":"technician","text":"move it"}}}"#,
            Event::Life(LifeEvent::TaskOpened {
                task: Task { kind: TaskKind::FixCable, role: Role::Technician, text: "move it".into() },
            }),
        ),
        (
            r#"{"task_closed":{"task":17,"note":"moved"}}"#,
            Event::Life(LifeEvent::TaskClosed { task: 17, note: "moved".into(), accepted: false }),
        ),
        (
            r#"{"step_intended":{"step":"reset_for_boot","generation":1,"attempt":2,"rung":"power_cycle","until":1795000000000000}}"#,
            Event::Step(StepEvent::StepIntended {
                step: Step::ResetForBoot,
                generation: 1,
                attempt: 2,
                rung: Some(Rung::PowerCycle),
                until: Some(AT),
                terms: None,
            }),
        ),
        (
            r#"{"step_accepted":{"step":"arm_network_boot","generation":1,"receipt":"task 42"}}"#,
            Event::Step(StepEvent::StepAccepted {
                step: Step::ArmNetworkBoot,
                generation: 1,
                receipt: "task 42".into(),
            }),
        ),
        (
            r#"{"step_observed":{"step":"assign_bmc_address","generation":3,"saw":{"address":"10.0.0.1"}}}"#,
            Event::Step(StepEvent::StepObserved {
                step: Step::AssignBmcAddress,
                generation: 3,
                saw: Observation::Address(address(1)),
                until: None,
                terms: None,
            }),
        ),
        (
            r#"{"step_unknown":{"step":"reset_for_boot","generation":1,"fault":{"system":"bmc","kind":"unknown","what":"no answer","advice":""},"again_at":1795000000000000}}"#,
            Event::Step(StepEvent::StepUnknown {
                step: Step::ResetForBoot,
                generation: 1,
                fault: Fault::new(System::Bmc, Kind::Unknown, "no answer"),
                again_at: AT,
                terms: None,
            }),
        ),
        (
            r#"{"step_failed":{"step":"reach_bmc","generation":1,"fault":{"system":"bmc","kind":"transient","what":"connection refused","advice":"check its cable"},"again_at":1795000000000000}}"#,
            Event::Step(StepEvent::StepFailed {
                step: Step::ReachBmc,
                generation: 1,
                fault: refused(),
                again_at: AT,
                terms: None,
            }),
        ),
        (
            r#"{"step_parked":{"step":"reach_bmc","generation":1,"fault":{"system":"bmc","kind":"transient","what":"connection refused","advice":"check its cable"}}}"#,
            Event::Step(StepEvent::StepParked { step: Step::ReachBmc, generation: 1, fault: refused(), terms: None }),
        ),
        (
            r#"{"step_retried":{"step":"reach_bmc","generation":2}}"#,
            Event::Step(StepEvent::StepRetried { step: Step::ReachBmc, generation: 2 }),
        ),
        (
            r#"{"step_skipped":{"step":"write_cables","generation":1,"reason":"later"}}"#,
            Event::Step(StepEvent::StepSkipped {
                step: Step::WriteCables,
                generation: 1,
                reason: "later".into(),
                terms: None,
            }),
        ),
        (
            r#"{"certificate_trusted":{"before":"0101010101010101010101010101010101010101010101010101010101010101","certificate":"0202020202020202020202020202020202020202020202020202020202020202","reason":"mainboard"}}"#,
            Event::Credential(CredentialEvent::CertificateTrusted {
                before: Some(Fingerprint([1; 32])),
                certificate: Fingerprint([2; 32]),
                reason: "mainboard".into(),
            }),
        ),
        (
            r#"{"boot_script_served":{"token":"abababababababababababababababababababababababababababababababab","expires":1795000000000000,"nic":"3C:EC:EF:00:00:01"}}"#,
            Event::Boot(BootEvent::BootScriptServed { token: token(171), expires: AT, nic: Some(nic_mac(1)) }),
        ),
        (
            r#"{"boot_missed":{"step":"reset_for_boot","fault":{"system":"machine","kind":"transient","what":"no boot script fetched","advice":""}}}"#,
            Event::Boot(BootEvent::BootMissed {
                step: Step::ResetForBoot,
                fault: Fault::new(System::Machine, Kind::Transient, "no boot script fetched"),
            }),
        ),
        (
            r#"{"machine_reported":{"report":{"step":"03-disk","verdict":"passed","took_ms":1000,"measurements":[{"name":"read","value":"3 GB/s","limit":"1 GB/s"}],"message":"ok"}}}"#,
            Event::Boot(BootEvent::MachineReported {
                report: StepReport {
                    measurements: vec![Measurement {
                        name: "read".into(),
                        value: "3 GB/s".into(),
                        limit: Some("1 GB/s".into()),
                    }],
                    message: Some("ok".into()),
                    ..step_report(ValidationStep::Disk)
                },
            }),
        ),
        (r#"{"validation_refused":{"points":2}}"#, Event::Boot(BootEvent::ValidationRefused { points: 2 })),
        (
            r#"{"validation_reported":{"report":{"serial":"SN0001","model":"ProLiant DL360 Gen11","bmc_mac":"94:40:C9:00:00:01","processors":[{"model":"EPYC","cores":64}],"memory_bytes":549755813888,"drives":[{"serial":"D1","model":"SSD","bytes":1099511627776,"holds_data":false}],"nics":[{"name":"eth0","mac":"3C:EC:EF:00:00:01","link":true,"neighbour":{"switch":"leaf1","port":"Ethernet1"}}],"steps":[{"step":"01-init","verdict":"passed","took_ms":1000,"measurements":[],"message":null}]}}}"#,
            Event::Boot(BootEvent::ValidationReported {
                report: Box::new(ValidationReport {
                    processors: vec![Processor { model: "EPYC".into(), cores: 64 }],
                    steps: vec![step_report(ValidationStep::Init)],
                    ..report(1)
                }),
            }),
        ),
        (
            r#"{"warning_noted":{"key":"101 staged 10.0.0.1","device":101,"text":"left alone"}}"#,
            Event::Discovery(DiscoveryEvent::WarningNoted {
                key: "101 staged 10.0.0.1".into(),
                device: Some(101),
                text: "left alone".into(),
            }),
        ),
        (
            r#"{"placement_reserved":{"place":{"rack":3,"name":"A07","position":24,"face":"front","height":2,"full_depth":true,"watts":700,"kilograms":null,"tenant":"acme","power":[{"inlet":"PSU1","strip":"pdu-a","outlet":"7"}],"network":[{"interface":"eth0","port":{"switch":"leaf1","port":"Ethernet1"}}],"reasons":["700 of 5888 W when a feed is lost"],"device":101}}}"#,
            Event::Placement(PlacementEvent::PlacementReserved {
                place: Reservation {
                    rack: 3,
                    name: "A07".into(),
                    position: 24,
                    face: Face::Front,
                    height: 2,
                    full_depth: true,
                    watts: Some(700),
                    kilograms: None,
                    tenant: Some("acme".into()),
                    any_power: false,
                    power: vec![PowerCord {
                        inlet: "PSU1".into(),
                        strip: "pdu-a".into(),
                        outlet: "7".into(),
                        feed: None,
                    }],
                    network: vec![NetworkCable { interface: "eth0".into(), port: port(1) }],
                    reasons: vec!["700 of 5888 W when a feed is lost".into()],
                    doubts: Vec::new(),
                    device: Some(101),
                    before: None,
                },
            }),
        ),
        (
            r#"{"placement_released":{"reason":"the rack is full of water"}}"#,
            Event::Placement(PlacementEvent::PlacementReleased { reason: "the rack is full of water".into() }),
        ),
        (
            r#"{"damage_noted":{"note":"corner dented, photo 17.jpg"}}"#,
            Event::Receiving(ReceivingEvent::DamageNoted { note: "corner dented, photo 17.jpg".into(), photo: None }),
        ),
        (
            r#"{"first_word_given":{"cause":"after_tenant","reason":"wiped by hand"}}"#,
            Event::Life(LifeEvent::FirstWordGiven { cause: Cause::AfterTenant, reason: "wiped by hand".into() }),
        ),
        (
            r#"{"take_over_planned":{"site":"fra1","hash":"abababababababababababababababababababababababababababababababab","rows":[{"device":{"id":101,"name":"srv1","serial":"SN0001","model":"ProLiant DL360 Gen11","site":"fra1","place":"rack A1 unit 7","status":"active","lifecycle_state":"powered_on","tenant":"baremetal-staging","bmc_interface":1001,"oob_address":"10.0.0.9"},"bmc_mac":"94:40:C9:00:00:01"}]}}"#,
            Event::TakeOver(TakeOverEvent::TakeOverPlanned {
                site: SiteId::new("fra1"),
                hash: token(171),
                rows: vec![Seen {
                    device: Device { status: "active".into(), ..device_as_it_was() },
                    bmc_mac: Some(bmc_mac(1)),
                }],
            }),
        ),
        (
            r#"{"unit_taken_over":{"plan":"0f9a1c02","site":"fra1","device":{"id":101,"name":"srv1","serial":"SN0001","model":"ProLiant DL360 Gen11","site":"fra1","place":"rack A1 unit 7","status":"active","lifecycle_state":"powered_on","tenant":"baremetal-staging","bmc_interface":1001,"oob_address":"10.0.0.9"},"bmc_mac":"94:40:C9:00:00:01","stage":"in_service","reason":"it runs","login":{"open":{"why":"no password is known"}}}}"#,
            Event::Entry(EntryEvent::UnitTakenOver {
                plan: PlanId(0x0F9A_1C02),
                site: SiteId::new("fra1"),
                device: Box::new(Device { status: "active".into(), ..device_as_it_was() }),
                bmc_mac: Some(bmc_mac(1)),
                stage: Stage::InService,
                reason: "it runs".into(),
                login: Login::Open { why: "no password is known".into() },
            }),
        ),
        (
            r#"{"password_given":{"user":"root","from":"by hand"}}"#,
            Event::Credential(CredentialEvent::PasswordGiven { user: Some("root".into()), from: "by hand".into() }),
        ),
        (r#"{"password_forgotten":{}}"#, Event::Credential(CredentialEvent::PasswordForgotten {})),
        (
            r#"{"bmc_restart_asked":{"reason":"its sessions are stuck"}}"#,
            Event::Restart(RestartEvent::BmcRestartAsked { reason: "its sessions are stuck".into() }),
        ),
        (r#"{"locator_asked":{"on":true}}"#, Event::Locator(LocatorEvent::LocatorAsked { on: true })),
        (r#"{"locator_seen":{"on":false}}"#, Event::Locator(LocatorEvent::LocatorSeen { on: false })),
        (
            r#"{"epoch_begun":{"epoch":325,"origin":"restored"}}"#,
            Event::Journal(JournalEvent::EpochBegun { epoch: 325, origin: Origin::Restored }),
        ),
        (
            r#"{"effects_resumed":{"reason":"nothing was ordered since"}}"#,
            Event::Journal(JournalEvent::EffectsResumed { reason: "nothing was ordered since".into() }),
        ),
        (
            r#"{"netbox_prepared":{"made":["custom field lifecycle_state (select)"]}}"#,
            Event::Journal(JournalEvent::NetboxPrepared { made: vec!["custom field lifecycle_state (select)".into()] }),
        ),
        (
            r#"{"snapshot_kept":{"at":20000,"fold":10,"sum":"0101010101010101010101010101010101010101010101010101010101010101"}}"#,
            Event::Journal(JournalEvent::SnapshotKept { at: 20_000, fold: 10, sum: Fingerprint([1; 32]) }),
        ),
    ]
}

fn read<T: DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

#[test]
fn a_line_of_each_kind_still_says_what_it_said() {
    for (line, event) in lines() {
        assert_eq!(read::<Event>(line), event, "{line}");
        assert!(line.starts_with(&format!("{{\"{}\":", event.kind())), "{line}");
    }
    let trade = trade::LINES.iter().map(|line| read::<Event>(line).kind());
    let kinds: Vec<&str> = lines().iter().map(|(_, e)| e.kind()).chain(trade).collect();
    assert_eq!(kinds.iter().collect::<BTreeSet<_>>().len(), kinds.len());
    assert_eq!(kinds.iter().collect::<BTreeSet<_>>(), Event::KINDS.iter().collect::<BTreeSet<_>>());
}

#[test]
fn what_is_written_today_is_what_those_lines_are() {
    for (line, event) in lines() {
        // A field added since is in what is written now, and has its default in the line.
        let now: serde_json::Value = serde_json::to_value(&event).unwrap();
        let then: serde_json::Value = read(line);
        assert!(contains(&now, &then), "{line}");
    }
}

/// Whether `then` is in `now`, fields added since apart.
fn contains(now: &serde_json::Value, then: &serde_json::Value) -> bool {
    match (now, then) {
        (serde_json::Value::Object(now), serde_json::Value::Object(then)) => {
            then.iter().all(|(k, v)| now.get(k).is_some_and(|n| contains(n, v)))
        }
        (serde_json::Value::Array(now), serde_json::Value::Array(then)) => {
            now.len() == then.len() && now.iter().zip(then).all(|(n, t)| contains(n, t))
        }
        _ => now == then,
    }
}

#[test]
fn a_line_about_buying_is_read_whole_and_written_as_it_was() {
    for line in trade::LINES {
        let event = read::<Event>(line);
        assert!(line.starts_with(&format!("{{\"{}\":", event.kind())), "{line}");
        assert_eq!(serde_json::to_value(&event).unwrap(), read::<serde_json::Value>(line), "{line}");
        assert!(!event.sentence().is_empty());
    }
}

#[test]
fn an_event_in_its_place_says_who_did_it_to_what_and_why() {
    let unit = r#"{"seq":5,"at":1795000000000000,"subject":"unit/01M7Q5CQG00W3GE1R70W3GE1R7","actor":{"person":{"name":"anna","role":"read_only"}},"cause":4,"event":{"step_retried":{"step":"reach_bmc","generation":2}}}"#;
    let event = Event::Step(StepEvent::StepRetried { step: Step::ReachBmc, generation: 2 });
    let subject = Subject::Unit("01M7Q5CQG00W3GE1R70W3GE1R7".parse().unwrap());
    let draft = Draft { at: AT, subject, actor: person(Role::ReadOnly), cause: Some(4), event };
    assert_eq!(read::<Recorded>(unit), Recorded { seq: 5, draft });
    let bmc = r#"{"seq":6,"at":1795000000000000,"subject":"bmc/94:40:C9:00:00:01","actor":"wire","cause":null,"event":{"validation_refused":{"points":2}}}"#;
    let (subject, event) = (Subject::Bmc(bmc_mac(1)), Event::Boot(BootEvent::ValidationRefused { points: 2 }));
    let draft = Draft { at: AT, subject, actor: Actor::Wire, cause: None, event };
    assert_eq!(read::<Recorded>(bmc), Recorded { seq: 6, draft });
}

#[test]
fn a_receipt_that_was_taken_back_is_read() {
    let line = r#"{"stage_entered":{"from":"received","to":"shipment_tracking","evidence":{"proof":"receipt_undone","note":"the scan was not meant"}}}"#;
    let evidence = Evidence::new(Proof::ReceiptUndone, "the scan was not meant");
    let event = Event::Life(LifeEvent::StageEntered { from: Stage::Received, to: Stage::ShipmentTracking, evidence });
    assert_eq!(read::<Event>(line), event);
}

#[test]
fn every_verdict_and_every_observation_is_read() {
    for (line, verdict) in [
        (r#""promote""#, Verdict::Promote),
        (r#""refresh""#, Verdict::Refresh),
        (r#""assign""#, Verdict::Assign),
        (r#""nothing""#, Verdict::Nothing),
        (r#"{"warn":"a"}"#, Verdict::Warn("a".into())),
        (r#"{"error":"b"}"#, Verdict::Error("b".into())),
        (r#"{"settle":"c"}"#, Verdict::Settle("c".into())),
    ] {
        assert_eq!(read::<Verdict>(line), verdict);
    }
    assert_eq!(
        read::<Event>(r#"{"task_closed":{"task":17,"note":"the rest comes later","accepted":true}}"#),
        Event::Life(LifeEvent::TaskClosed { task: 17, note: "the rest comes later".into(), accepted: true })
    );
    let controller = "iDRAC9".into();
    let identity = Identity { vendor: Vendor::Dell, controller, firmware: Some("7.10".into()), serial: None };
    let nics = vec![nic_mac(1)];
    let system = SystemReading { serial: serial(1), model: "R760".into(), power: Power::PoweringOn, nics };
    for (line, saw) in [
        (r#"{"lookup":"nobody"}"#, Observation::Lookup(Lookup::Nobody)),
        (r#"{"lookup":{"several":[4,7]}}"#, Observation::Lookup(Lookup::Several(vec![4, 7]))),
        (
            r#"{"registered":{"device":101,"interface":1001,"name":"iLO","mac":"94:40:C9:00:00:01"}}"#,
            Observation::Registered(BmcPort { device: 101, interface: 1001, name: "iLO".into(), mac: bmc_mac(1) }),
        ),
        (r#"{"address":"10.0.0.1"}"#, Observation::Address(address(1))),
        (r#"{"status":"discovered"}"#, Observation::Status(Stage::Discovered)),
        (
            r#"{"plan":{"interfaces":[{"id":7,"name":"eth0","mac":"3C:EC:EF:00:00:01","peer":{"switch":"leaf1","port":"Ethernet1"}}]}}"#,
            Observation::Plan(plan(1)),
        ),
        (
            r#"{"root":{"identity":{"vendor":"dell","controller":"iDRAC9","firmware":"7.10","serial":null},"certificate":"0101010101010101010101010101010101010101010101010101010101010101"}}"#,
            Observation::Root { identity, certificate: Some(Fingerprint([1; 32])) },
        ),
        (
            r#"{"system":{"serial":"SN0001","model":"R760","power":"powering_on","nics":["3C:EC:EF:00:00:01"]}}"#,
            Observation::System(system),
        ),
        (
            r#"{"parts":{"processors":[{"model":"Xeon","cores":32}],"memory":{"bytes":1024,"modules":2,"kind":"DDR5"},"drives":[{"serial":"D1","bytes":9,"kind":"nvme"}],"ports":[{"macs":["3C:EC:EF:00:00:01"],"gbps":25}],"bmc_port":{"chassis":"mgmt1","port":"Ethernet9"}}}"#,
            Observation::Parts(Box::new(Parts {
                processors: Some(vec![Cpu { model: Some("Xeon".into()), cores: Some(32) }]),
                memory: Some(Ram { bytes: 1_024, modules: Some(2), kind: Some("DDR5".into()) }),
                drives: Some(vec![Disk { serial: Some("D1".into()), bytes: 9, kind: Some(DriveKind::Nvme) }]),
                ports: Some(vec![NetPort { macs: vec![nic_mac(1)], gbps: Some(25) }]),
                bmc_port: Some(Neighbour { chassis: "mgmt1".into(), port: Some("Ethernet9".into()) }),
            })),
        ),
        // What a witness does not tell is unknown.
        (r#"{"parts":{}}"#, Observation::Parts(Box::default())),
        (r#""placed""#, Observation::Placed),
        (r#""down""#, Observation::Down),
        (r#""up""#, Observation::Up),
        (r#""armed""#, Observation::Armed),
        (r#""script_fetched""#, Observation::ScriptFetched),
        (r#""reported""#, Observation::Reported),
        (r#""interfaces""#, Observation::Interfaces),
        (r#""cables""#, Observation::Cables),
        (r#""staging""#, Observation::Staging),
        (r#"{"notes":12}"#, Observation::Notes(12)),
        (r#""undone""#, Observation::Undone),
    ] {
        assert_eq!(read::<Observation>(line), saw);
    }
}

#[test]
fn the_words_of_stages_dispositions_and_steps_stay() {
    let stages = r#"["ordered","quote_requested","quote_received","purchase_approved","shipment_tracking","received","racked","cabled","powered_on","discovered","physical_validated","staged","provisioned_to_vendor_tool","firmware_updating","hardened","ready","assigned_to_tenant","in_service","maintenance","decommission_proposed","decommissioning","decommissioned"]"#;
    assert_eq!(read::<Vec<Stage>>(stages), Stage::ALL);
    let dispositions =
        r#"["normal","on_hold","cancelled","rejected","returned_to_vendor","quarantined","retired","lost"]"#;
    assert_eq!(read::<Vec<Disposition>>(dispositions), Disposition::ALL);
    let steps = r#"["look_up_device","register_bmc","assign_bmc_address","sync_status","read_cabling_plan","reach_bmc","log_in_to_bmc","arm_network_boot","reset_for_boot","validate","write_interfaces","write_cables","enter_staging","write_notes","place_device","unplace_device","disarm_network_boot","release_bmc_address","leave_staging","request_quote","chase_quote","place_purchase","withdraw_request","cancel_purchase","read_parts","reset_bmc","await_bmc"]"#;
    for step in read::<Vec<Step>>(steps) {
        assert!(steps.contains(step.word()));
    }
    assert_eq!(read::<Vec<Step>>(steps).len(), Step::ALL.len());
}
