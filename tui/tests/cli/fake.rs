//! A daemon that keeps what it is told in plain lists, behind a real socket and the real protocol.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, Cursor, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use futures::StreamExt;
use rackhand_core::bmc::reading::{BmcReading, Health as Hale, PowerLimit, PowerReading, Section, Supply, Unread};
use rackhand_core::dcim::rack::Face;
use rackhand_core::decide::command::Command;
use rackhand_core::decide::import::Entry;
use rackhand_core::decide::receive::{Finding as Judged, Scan};
use rackhand_core::decide::{Answer, Refusal, Why};
use rackhand_core::event::Seq;
use rackhand_core::fault::{Fault, Kind, System};
use rackhand_core::flow::next::Wait;
use rackhand_core::flow::step::Step;
use rackhand_core::id::{Entropy, Role, SiteId, Subject, UnitId};
use rackhand_core::lease::{LeaseEvent, LeasesTold};
use rackhand_core::lifecycle::registration::{Registered, Standing};
use rackhand_core::lifecycle::stage::{Disposition, Stage};
use rackhand_core::lifecycle::task::{Task, TaskKind};
use rackhand_core::mac::Mac;
use rackhand_core::manifest::Row;
use rackhand_core::reconcile::{Difference, Field, Owner};
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;
use rackhand_core::view::netbox::{
    Finding, NetboxCheck, NetboxDiff, NetboxSetup, SightingRow, Sightings, Standing as Point,
};
use rackhand_core::view::rack::{self, RackRow, RackView, Slot};
use rackhand_core::view::receiving::{Receiving, receiving};
use rackhand_core::view::work::{Ends, WorkQuery, WorkRow};
use rackhand_core::view::{
    DeadLetter, EventRow, Health, Overview, Page, Query, RogueServer, State, StepRow, TapState, TapStatus, UnitDetail,
    UnitRow,
};
use rackhand_core::world::World;
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
        revision: 4,
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
        ways: vec![(Stage::Cabled, "what the later stage rested on has become untrue".into(), Role::Technician)],
    };
    let person = row(2, "CZ2D1X0GB2", Stage::Received, State::Person, "to be racked", Some(Role::Technician));
    let mut moving = row(3, "7XK2M54", Stage::ProvisionedToVendorTool, State::Moving, "its firmware baseline", None);
    moving.place = None;
    let plain = |row| UnitDetail { row, facts: vec![], waits: vec![], steps: vec![], tasks: vec![], ways: vec![] };
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
        };
        let held = Arc::new(Mutex::new(held));
        let listener = UnixListener::bind(&socket).unwrap();
        tokio::spawn(listen(listener, Arc::clone(&held)));
        Self { held, dir, socket }
    }

    pub fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap()
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

async fn listen(listener: UnixListener, held: Arc<Mutex<Held>>) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let held = Arc::clone(&held);
        tokio::spawn(async move {
            let reply = {
                let held = held.lock().unwrap();
                ServerHello { head: held.head(), ..greeting(held.role, held.epoch) }
            };
            hello::answer(&mut stream, reply).await.unwrap();
            let hang_up = Arc::new(Notify::new());
            let server = Server { held, hang_up: Arc::clone(&hang_up) };
            let calls = BaseChannel::with_defaults(transport(stream)).execute(server.serve());
            let serving = calls.for_each(|call| async {
                tokio::spawn(call);
            });
            tokio::select! {
                biased;
                () = hang_up.notified() => {}
                () = serving => {}
            }
        });
    }
}

#[derive(Clone)]
struct Server {
    held: Arc<Mutex<Held>>,
    hang_up: Arc<Notify>,
}

impl Server {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap()
    }
}

fn page<T>(held: &Held, all: Vec<T>, offset: usize, limit: usize) -> Page<T> {
    let total = all.len();
    let rows = all.into_iter().skip(offset).take(limit).collect();
    Page { head: held.head(), now: NOW, total, offset: offset.min(total), rows }
}

fn taps() -> Vec<TapStatus> {
    let tap = TapStatus {
        interface: "eno2".into(),
        state: TapState::Listening,
        since: NOW,
        trouble: None,
        frames: 1_234,
        dropped: 0,
        missed: 5,
    };
    let trouble = Some("the capability CAP_NET_RAW is missing".into());
    let other = TapStatus {
        interface: "eno3".into(),
        state: TapState::NotPermitted,
        trouble,
        frames: 0,
        missed: 0,
        ..tap.clone()
    };
    vec![tap, other]
}

impl Console for Server {
    async fn overview(self, _: Context) -> Overview {
        let held = self.held();
        let stages: BTreeMap<_, _> = held.units.iter().map(|u| (u.row.stage, 1)).collect();
        let states = held.units.iter().map(|u| (u.row.state, 1)).collect();
        let systems = vec![("NetBox".into(), None), ("DHCP".into(), Some("no lease seen for 20m00s".into()))];
        Overview {
            head: held.head(),
            site: SiteId::new("fra1"),
            now: NOW,
            demo: false,
            sites: [(SiteId::new("ams2"), [(Stage::Received, 1)].into()), (SiteId::new("fra1"), stages.clone())].into(),
            stages,
            states,
            site_states: BTreeMap::new(),
            dead_letters: held.letters.len() as u32,
            health: Health {
                intake_stopped: held.intake_stopped.clone(),
                systems,
                unknown_leases: 3,
                taps: taps(),
                rogue_servers: vec![RogueServer { address: Some([10, 0, 4, 66].into()), leases: 2, last: NOW }],
            },
        }
    }

    async fn units(self, _: Context, query: Query) -> Page<UnitRow> {
        let mut held = self.held();
        held.queries.push(query.clone());
        page(&held, held.units.iter().map(|u| u.row.clone()).collect(), query.offset, query.limit)
    }

    async fn unit(self, _: Context, id: UnitId) -> Result<UnitDetail, Refusal> {
        let held = self.held();
        let found = held.units.iter().find(|u| u.row.id == id).cloned();
        found.ok_or_else(|| Refusal::new(Why::NotFound, "there is no such unit"))
    }

    async fn find(self, _: Context, label: String) -> Option<UnitId> {
        let held = self.held();
        let same = |u: &&UnitDetail| u.row.label.as_str() == label || u.row.id.to_string() == label;
        held.units.iter().find(same).map(|u| u.row.id)
    }

    async fn dead_letters(self, _: Context, offset: usize, limit: usize) -> Page<DeadLetter> {
        let held = self.held();
        page(&held, held.letters.clone(), offset, limit)
    }

    async fn journal(self, _: Context, query: JournalQuery) -> Result<Page<EventRow>, Refusal> {
        let mut held = self.held();
        held.journal_queries.push(query.clone());
        let fits = |e: &&EventRow| {
            query.subject.is_none_or(|s| s == e.subject) && query.before.is_none_or(|before| e.seq < before)
        };
        let rows = held.events.iter().rev().filter(fits).cloned().collect();
        Ok(page(&held, rows, 0, query.limit.min(held.cap)))
    }

    async fn watch(self, _: Context, since: Seq, _: u32) -> Seq {
        let breaks = {
            let mut held = self.held();
            let breaks = held.watch_breaks > 0;
            held.watch_breaks = held.watch_breaks.saturating_sub(1);
            breaks
        };
        if breaks {
            self.hang_up.notify_one();
            std::future::pending::<()>().await;
        }
        let head = {
            let mut held = self.held();
            if held.head() <= since && !held.coming.is_empty() {
                let next = held.coming.remove(0);
                held.events.push(next);
            }
            // Rows come to something without an event of this daemon's.
            if held.asked > 0 {
                return held.head();
            }
            held.head()
        };
        if head <= since {
            std::future::pending::<()>().await;
        }
        head
    }

    async fn command(self, _: Context, request: String, command: Command) -> Result<Receipt, Refusal> {
        let (answer, breaks) = {
            let mut held = self.held();
            let answer = match held.answers.get(&request).cloned() {
                Some(answer) => answer,
                None => {
                    let answer = match &command {
                        Command::Receive { scan, .. } => Answer::Scanned(Box::new(Scan {
                            at: NOW,
                            serial: scan.clone(),
                            unit: Some(id(1)),
                            model: Some("ProLiant DL380 Gen11".into()),
                            stage: Some(Stage::Received),
                            place: None,
                            finding: Judged::Received,
                        })),
                        _ => Answer::Done,
                    };
                    held.commands.push(command);
                    let receipt = Receipt { answer, head: held.head() + 1 };
                    let answer = held.refuse.clone().map_or(Ok(receipt), Err);
                    held.answers.insert(request, answer.clone());
                    answer
                }
            };
            let breaks = held.breaks > 0;
            held.breaks = held.breaks.saturating_sub(1);
            (answer, breaks)
        };
        if breaks {
            self.hang_up.notify_one();
            std::future::pending::<()>().await;
        }
        answer
    }

    async fn import(self, _: Context, import: Import) -> Result<Vec<Result<Entry, Refusal>>, Refusal> {
        let (answers, breaks) = {
            let mut held = self.held();
            let known: Vec<Text> = held.imports.iter().flat_map(|i| &i.rows).map(|r| r.serial.clone()).collect();
            let refuse = held.refuse.clone();
            let entry = |row: &Row| match &refuse {
                Some(refusal) => Err(refusal.clone()),
                None if row.serial.starts_with("BAD") => {
                    Err(Refusal::new(Why::Conflict, "it is here with BMC 94:40:C9:00:00:09"))
                }
                None if known.contains(&row.serial) => Ok(Entry::Already),
                None => Ok(Entry::Imported),
            };
            let answers: Vec<_> = import.rows.iter().map(entry).collect();
            if !import.check {
                held.imports.push(import);
            }
            let breaks = held.breaks > 0;
            held.breaks = held.breaks.saturating_sub(1);
            (answers, breaks)
        };
        if breaks {
            self.hang_up.notify_one();
            std::future::pending::<()>().await;
        }
        Ok(answers)
    }

    async fn imported(self, _: Context, serials: Vec<Text>) -> Vec<Option<Standing>> {
        let mut held = self.held();
        held.asked += 1;
        let waiting = held.asked <= held.netbox_away;
        let standing = |serial: &Text| {
            let (result, text) = match serial.as_str() {
                _ if waiting => (Registered::Waiting, "NetBox does not answer"),
                "KEPT" => (
                    Registered::MacKept,
                    "another MAC is there and was left alone: NetBox device 7 has 94:40:C9:00:00:09 on iLO",
                ),
                "LOST" => (
                    Registered::Failed,
                    "NetBox: no device has serial LOST (Add it in NetBox and retry, or import again with --type, --role and --site.)",
                ),
                "THERE" => (Registered::MacThere, "NetBox device 8 has it"),
                _ => (Registered::MacSet, "NetBox device 9 has it"),
            };
            Some(Standing { result, text: text.into() })
        };
        serials.iter().map(standing).collect()
    }

    async fn verify(self, _: Context) -> Result<Verified, Refusal> {
        let held = self.held();
        Ok(Verified { events: 4, head: held.head(), checkpoints: 1, broken: held.broken.clone() })
    }

    async fn work(self, _: Context, query: WorkQuery) -> Page<WorkRow> {
        let row = WorkRow {
            unit: id(1),
            label: "CZ2D1X0GB1".into(),
            model: None,
            site: SiteId::new("fra1"),
            place: Some("R12 U07".into()),
            title: "cable".into(),
            text: "Connect power, network and BMC as planned, then confirm.".into(),
            role: Role::Technician,
            since: Timestamp::from_secs(1_794_990_000),
            blocks: true,
            ends: Ends::Move(Stage::Cabled),
        };
        page(&self.held(), vec![row], query.offset, query.limit)
    }

    async fn dhcp_event(self, _: Context, events: Vec<LeaseEvent>) -> Result<LeasesTold, Refusal> {
        let told = LeasesTold { new: events.len() as u32, ..LeasesTold::default() };
        self.held().leases.extend(events);
        Ok(told)
    }

    async fn netbox_check(self, _: Context) -> Result<NetboxCheck, Refusal> {
        let point = |point: &str, standing, found: &str, todo: &str| Finding {
            point: point.into(),
            standing,
            found: found.into(),
            todo: todo.into(),
        };
        let mut findings = vec![point("version", Point::Good, "4.6.8 (4.2..4.7 are supported)", "")];
        if self.held().broken.is_none() {
            let todo = "Run `rackhand netbox init`.";
            findings.push(point("custom fields", Point::ToDo, "missing: lifecycle_state, hardened_at", todo));
        }
        Ok(NetboxCheck { findings })
    }

    async fn netbox_init(self, _: Context) -> Result<NetboxSetup, Refusal> {
        let refuse = self.held().refuse.clone();
        let line = "FIELD_CHOICES = {'dcim.Device.status+': [['ready', 'Ready', 'green']]}";
        let setup = NetboxSetup { created: vec!["tenant staging".into()], to_configure: vec![line.into()] };
        refuse.map_or(Ok(setup), Err)
    }

    async fn netbox_diff(self, _: Context, offset: usize, limit: usize) -> Result<NetboxDiff, Refusal> {
        let row = Difference {
            label: "CZ2D1X0GB1".into(),
            field: Field::Status,
            unit: Some(id(1)),
            device: Some(17),
            ours: Some("staged".into()),
            theirs: Some("failed".into()),
            owner: Owner::Journal,
            then: "somebody changed it in NetBox after Rackhand wrote it: set it back there".into(),
            who: Some(Role::Operator),
        };
        let all = vec![row.clone(), Difference { who: None, theirs: None, ..row }];
        Ok(NetboxDiff {
            now: NOW,
            read_at: Timestamp::from_secs(1_794_999_760),
            devices: 5_000,
            interfaces: 15_000,
            trouble: self.held().broken.clone(),
            total: 2,
            offset,
            rows: all.into_iter().skip(offset).take(limit).collect(),
        })
    }

    async fn sightings(self, _: Context, offset: usize, _: usize) -> Sightings {
        let row = SightingRow {
            mac: BMC,
            address: [10, 0, 7, 9].into(),
            hostname: None,
            at: Timestamp::from_secs(1_794_999_000),
            unit: None,
            verdict: None,
            waits_for: "NetBox's answer".into(),
            probably: Some("NetBox was away; by our copy of 2026-11-18T11:02:40Z this is srv-17".into()),
        };
        Sightings { head: self.held().head(), now: NOW, total: 1, offset, rows: vec![row] }
    }

    async fn bmc_reading(self, _: Context, _: UnitId, what: Option<Section>) -> Result<BmcReading, Refusal> {
        let mut read = BmcReading::default();
        if what.is_none_or(|w| w == Section::Power) {
            let supply = Supply { bay: Some("bay 1".into()), health: Some(Hale::Ok), ..Supply::default() };
            read.power = Some(PowerReading {
                state: Some(rackhand_core::bmc::Power::On),
                watts: Some(252.0),
                limit: PowerLimit::None,
                supplies: vec![supply],
                ..PowerReading::default()
            });
        }
        if what.is_none() {
            let fault = Fault::new(System::Bmc, Kind::Transient, "10.0.0.1: GET /Thermal: 503");
            read.unread.push(Unread { what: "sensors".into(), fault });
        }
        Ok(read)
    }

    async fn racks(self, _: Context, site: Option<SiteId>, _: String, offset: usize, limit: usize) -> Page<RackRow> {
        let views = rack_views(&self.held().units);
        rack::page(&views, site.as_ref(), "", (offset, limit), (self.held().head(), NOW))
    }

    async fn rack(self, _: Context, site: SiteId, name: Text) -> Option<RackView> {
        rack_views(&self.held().units).into_iter().find(|v| v.row.site == site && v.row.name == name)
    }

    async fn rack_of(self, _: Context, unit: UnitId) -> Option<(SiteId, Text)> {
        rack::rack_of(&rack_views(&self.held().units), unit)
    }

    async fn receiving(self, _: Context, site: SiteId) -> Receiving {
        receiving(&World::default(), &site, NOW)
    }

    async fn doctor(self, _: Context) -> Report {
        self.held().report.clone()
    }
}
