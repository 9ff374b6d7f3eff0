//! A daemon that keeps what it is told in plain lists, behind a real socket and the real protocol.

mod server;
pub mod shop;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, Cursor, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use futures::StreamExt;
use rackhand_core::bmc::reading::{BmcReading, Health as Hale, PowerLimit, PowerReading, Section, Supply, Unread};
use rackhand_core::boot::report::{Measurement, StepReport, StepVerdict, ValidationStep};
use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Answer, Refusal, Why};
use rackhand_core::discovery::lease::{LeaseEvent, LeasesTold};
use rackhand_core::entry::commands::Entry;
use rackhand_core::entry::manifest::Row;
use rackhand_core::entry::registration::{Registered, Standing};
use rackhand_core::event::Seq;
use rackhand_core::fault::{Fault, Kind};
use rackhand_core::flow::next::Wait;
use rackhand_core::flow::step::Step;
use rackhand_core::id::{Entropy, Role, SiteId, Subject, UnitId};
use rackhand_core::inventory::questions::{
    Finding, NetboxCheck, NetboxDiff, NetboxSetup, SightingRow, Sightings, Standing as Point,
};
use rackhand_core::inventory::rack::Face;
use rackhand_core::inventory::reconcile::{Difference, Field, Owner, kinds};
use rackhand_core::lifecycle::stage::{Disposition, Stage};
use rackhand_core::lifecycle::task::{Task, TaskKind};
use rackhand_core::mac::Mac;
use rackhand_core::placement::questions::{RackRow, RackView, Slot};
use rackhand_core::receiving::commands::{Finding as Judged, Scan};
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;
use rackhand_core::view::work::{Ends, WorkRow};
use rackhand_core::view::{
    DeadLetter, EventRow, Health, Overview, Page, Query, RogueServer, State, StepRow, TapState, TapStatus, UnitDetail,
    UnitRow,
};
use rackhand_rpc::codec::transport;
use rackhand_rpc::doctor::Report;
use rackhand_rpc::hello::{self, ServerHello};
use rackhand_rpc::{Console, Import, JournalQuery, Receipt, Verified};
use rackhand_tui::cli::{self, Streams};
use tarpc::context::Context;
use tarpc::server::{BaseChannel, Channel};
use tempfile::TempDir;
use tokio::net::UnixListener;
use tokio::sync::Notify;

pub const NOW: Timestamp = Timestamp::from_secs(1_795_000_000);
pub const BMC: Mac = Mac([0x94, 0x40, 0xC9, 1, 2, 3]);

/// What the daemon holds.
pub struct Held {
    pub units: Vec<UnitDetail>,
    pub letters: Vec<DeadLetter>,
    pub events: Vec<EventRow>,
    /// Events that happen while somebody waits for them, one at a time.
    pub coming: Vec<EventRow>,
    /// The most events in one page.
    pub cap: usize,
    pub commands: Vec<Command>,
    /// Leases that hooks have told.
    pub leases: Vec<LeaseEvent>,
    answers: BTreeMap<String, Result<Receipt, Refusal>>,
    pub refuse: Option<Refusal>,
    /// Commands after which the connection breaks before the answer.
    pub breaks: usize,
    /// Watches at which the connection breaks.
    pub watch_breaks: usize,
    pub queries: Vec<Query>,
    pub journal_queries: Vec<JournalQuery>,
    pub broken: Option<Text>,
    pub report: Report,
    pub intake_stopped: Option<Text>,
    pub role: Option<Role>,
    pub epoch: u64,
    pub imports: Vec<Import>,
    /// So many questions about rows are answered while NetBox is away.
    pub netbox_away: usize,
    pub asked: usize,
    pub shop: shop::Shop,
    pub papers: Vec<rackhand_rpc::PaperUpload>,
    /// Told when the journal has grown by itself.
    pub grown: Arc<Notify>,
}

impl Held {
    fn head(&self) -> Seq {
        self.events.last().map_or(0, |event| event.seq)
    }
}

/// A running daemon; gone with its directory when dropped.
pub struct Fake {
    pub held: Arc<Mutex<Held>>,
    pub dir: TempDir,
    pub socket: PathBuf,
}

pub fn id(n: u8) -> UnitId {
    UnitId::mint(NOW, Entropy([n; 16]))
}

pub fn event(seq: Seq, subject: Subject, label: &str, text: &str) -> EventRow {
    let at = Timestamp::from_secs(1_794_990_000 + seq as i64);
    EventRow {
        seq,
        at,
        subject,
        label: label.into(),
        kind: "stage_entered".into(),
        actor: "anna".into(),
        text: text.into(),
    }
}

/// One rack NetBox knows, with all units in it, and one that only the journal remembers.
fn rack_views(units: &[UnitDetail]) -> Vec<RackView> {
    let row = RackRow {
        site: SiteId::new("fra1"),
        name: "R12".into(),
        location: Some("hall 2".into()),
        height: Some(84),
        used: Some(13),
        states: [(State::Stuck, 1), (State::Idle, 2)].into(),
        read_at: Some(Timestamp::from_secs(1_794_999_400)),
    };
    let old = RackRow {
        name: "R13".into(),
        location: None,
        height: None,
        used: None,
        states: [(State::Idle, 1)].into(),
        read_at: None,
        ..row.clone()
    };
    let slot = |n: usize, unit: &UnitDetail| Slot {
        position: Some(40 - 4 * n as u16),
        height: if n == 0 { 4 } else { 2 },
        faces: vec![Face::Front, Face::Rear],
        label: unit.row.label.clone(),
        device: Some(100 + n as u64),
        reserved: false,
        name: Some(format!("srv-{n}").into()),
        model: unit.row.model.clone(),
        row: Some(unit.row.clone()),
        doubt: (n == 1).then(|| "in the same place as panel".into()),
    };
    let mut slots: Vec<Slot> = units.iter().enumerate().map(|(n, unit)| slot(n, unit)).collect();
    let first = slots[0].clone();
    slots.push(Slot {
        position: None,
        height: 1,
        faces: vec![Face::Rear],
        label: "pdu-a".into(),
        model: None,
        row: None,
        ..first.clone()
    });
    let view = RackView { row, first: 2, descending: false, slots };
    let remembered = Slot { device: None, name: None, ..first };
    vec![view, RackView { row: old, first: 2, descending: false, slots: vec![remembered] }]
}

fn row(n: u8, label: &str, stage: Stage, state: State, waits_for: &str, who: Option<Role>) -> UnitRow {
    UnitRow {
        id: id(n),
        label: label.into(),
        site: SiteId::new("fra1"),
        model: Some("ProLiant DL380 Gen11".into()),
        place: Some("R12 U07".into()),
        stage,
        since: Timestamp::from_secs(1_794_990_000),
        disposition: Disposition::Normal,
        state,
        waits_for: waits_for.into(),
        next_try: None,
        who,
        located: false,
        revision: 4,
    }
}

fn tested() -> StepReport {
    let measured = |name: &str, value: &str, limit: Option<&str>| Measurement {
        name: name.into(),
        value: value.into(),
        limit: limit.map(Into::into),
    };
    StepReport {
        step: ValidationStep::Disk,
        verdict: StepVerdict::Failed,
        took_ms: 61_000,
        measurements: vec![
            measured("nvme0n1 (S6X1) sequential read", "312 MB/s", Some("at least 1000 MB/s")),
            measured("nvme1n1 (S6X2)", "holds data, not written", None),
        ],
        message: Some("nvme0n1 is slow".into()),
    }
}

pub fn units() -> Vec<UnitDetail> {
    let fault = "NetBox: address 10.0.7.9 belongs to another device (settle it in NetBox, then retry)";
    let step = StepRow {
        step: Step::AssignBmcAddress,
        generation: 2,
        attempts: 3,
        phase: "parked".into(),
        detail: fault.into(),
        skip: Some("NetBox keeps another BMC address than the server has".into()),
    };
    let parked = Wait {
        what: format!("assign_bmc_address: {fault}").into(),
        since: Timestamp::from_secs(1_794_999_000),
        until: None,
        attempt: Some(3),
        of: Some(8),
        next_try: None,
        who: Some(Role::Operator),
        step: Some(Step::AssignBmcAddress),
        resolve: ["retry", "skip", "cancel"].map(Into::into).into(),
        unbuilt: false,
    };
    let task = Task {
        kind: TaskKind::FixCable,
        role: Role::Technician,
        text: "move NIC 2 port 1 from sw1 Eth7 to sw1 Eth9".into(),
    };
    let asked = Wait {
        what: format!("fix cable: {} (task 12)", task.text).into(),
        who: Some(Role::Technician),
        step: None,
        attempt: None,
        of: None,
        resolve: vec!["done".into()],
        ..parked.clone()
    };
    let facts = [("serial", "CZ2D1X0GB1"), ("bmc mac", "94:40:C9:01:02:03"), ("power", "unknown")];
    let stuck = UnitDetail {
        row: row(1, "CZ2D1X0GB1", Stage::Discovered, State::Stuck, "assign_bmc_address", Some(Role::Operator)),
        facts: facts.map(|(name, value)| (name.into(), value.into())).into(),
        waits: vec![parked, asked],
        steps: vec![step],
        tasks: vec![(12, task)],
        tests: vec![tested()],
        ways: vec![(Stage::Cabled, "what the later stage rested on has become untrue".into(), Role::Technician)],
    };
    let person = row(2, "CZ2D1X0GB2", Stage::Received, State::Person, "to be racked", Some(Role::Technician));
    let mut moving = row(3, "7XK2M54", Stage::ProvisionedToVendorTool, State::Moving, "its firmware baseline", None);
    moving.place = None;
    let plain = |row| UnitDetail {
        row,
        facts: vec![],
        waits: vec![],
        steps: vec![],
        tasks: vec![],
        tests: vec![],
        ways: vec![],
    };
    vec![stuck, plain(person), plain(moving)]
}

impl Fake {
    /// Starts it with three units, four events and two dead letters.
    pub fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("d.sock");
        let units = units();
        let (one, label) = (Subject::Unit(id(1)), "CZ2D1X0GB1");
        let letters = vec![
            DeadLetter {
                subject: one,
                row: Some(units[0].row.clone()),
                step: units[0].steps[0].clone(),
                since: Timestamp::from_secs(1_794_999_000),
                who: Role::Operator,
            },
            DeadLetter {
                subject: Subject::Bmc(BMC),
                row: None,
                step: StepRow { step: Step::LookUpDevice, skip: None, ..units[0].steps[0].clone() },
                since: Timestamp::from_secs(1_794_999_500),
                who: Role::Operator,
            },
        ];
        let events = vec![
            event(1, one, label, "CZ2D1X0GB1 entered as received"),
            event(2, Subject::Bmc(BMC), "94:40:C9:01:02:03", "BMC seen at 10.0.7.9"),
            event(3, one, label, "received -> racked: rack_scan (R12 U07)"),
            event(4, one, label, "racked -> cabled: cable_scan (seen on both feeds by anna)"),
        ];
        let held = Held {
            units,
            letters,
            events,
            coming: Vec::new(),
            cap: 256,
            commands: Vec::new(),
            leases: Vec::new(),
            answers: BTreeMap::new(),
            refuse: None,
            breaks: 0,
            watch_breaks: 0,
            queries: Vec::new(),
            journal_queries: Vec::new(),
            broken: None,
            report: Report::default(),
            intake_stopped: None,
            role: Some(Role::Operator),
            epoch: 7,
            imports: Vec::new(),
            netbox_away: 0,
            asked: 0,
            shop: shop::Shop::new(),
            papers: Vec::new(),
            grown: Arc::default(),
        };
        let held = Arc::new(Mutex::new(held));
        let listener = UnixListener::bind(&socket).unwrap();
        tokio::spawn(server::listen(listener, Arc::clone(&held)));
        Self { held, dir, socket }
    }

    pub fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap()
    }

    /// Somebody else's event.
    pub fn grow(&self, subject: Subject) {
        let mut held = self.held();
        let next = event(held.head() + 1, subject, "order 1", "a quote");
        held.events.push(next);
        held.grown.notify_waiters();
    }

    /// Runs a command line against it: exit code, standard output, standard error.
    pub async fn run(&self, args: &[&str]) -> (u8, String, String) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let code = cli::run(self.line(args), &mut out, &mut err).await;
        (code, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
    }

    /// The same with a person at a terminal who answers this.
    pub async fn run_answering(&self, args: &[&str], answer: &str) -> (u8, String, String) {
        let (mut out, mut err, mut answers) = (Vec::new(), Vec::new(), Cursor::new(answer.to_owned()));
        let streams = Streams { out: &mut out, err: &mut err, answers: Some(&mut answers), width: Some(80) };
        let code = cli::run_with(self.line(args), streams).await;
        (code, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
    }

    pub fn line(&self, args: &[&str]) -> Vec<OsString> {
        line(&self.socket, args)
    }
}

pub fn line(socket: &Path, args: &[&str]) -> Vec<OsString> {
    let host = format!("unix://{}", socket.display());
    ["rackhand", "--host", &host].iter().chain(args).map(Into::into).collect()
}

/// A stream that somebody closes after so many lines.
pub struct Closing {
    pub lines: usize,
    pub text: Vec<u8>,
}

impl Write for Closing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.text.split(|b| *b == b'\n').count() > self.lines {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let end = bytes.iter().position(|b| *b == b'\n').map_or(bytes.len(), |at| at + 1);
        self.text.extend_from_slice(&bytes[..end]);
        Ok(end)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub fn greeting(role: Option<Role>, epoch: u64) -> ServerHello {
    ServerHello {
        magic: String::new(),
        proto: 0,
        min: 0,
        build: Text::new(""),
        site: SiteId::new("fra1"),
        epoch,
        head: 4,
        user: "anna".into(),
        role,
        demo: false,
    }
}
