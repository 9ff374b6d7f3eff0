//! What the fake daemon answers.

use std::time::Duration;

use rackhand_core::entry::questions::Imported;
use rackhand_core::fault::System;
use rackhand_core::inventory::questions::{DiffQuery, SightingQuery};
use rackhand_core::order::questions::{OneOrder, OrderDetail};
use rackhand_core::purchase::paper::Flaw;
use rackhand_core::question::{Answer as Given, Question, Reading};
use rackhand_core::view::questions::{Find, LetterQuery, OneUnit};
use rackhand_core::view::{Cut, Doing, SystemHealth};
use rackhand_rpc::octets::Octets;
use rackhand_rpc::{PaperTaken, PaperUpload, Printed};

use super::*;
use rackhand_core::view::guide::Job;

pub(super) async fn listen(listener: UnixListener, held: Arc<Mutex<Held>>) {
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

fn overview(held: &Held) -> Overview {
    let stages: BTreeMap<_, _> = held.units.iter().map(|u| (u.row.stage, 1)).collect();
    let states = held.units.iter().map(|u| (u.row.state, 1)).collect();
    let health = |system, name: &str, doing| SystemHealth { system, name: name.into(), doing };
    let since = NOW - Duration::from_secs(1_200);
    let systems = vec![
        health(System::Netbox, "NetBox", Doing::Good { at: NOW }),
        health(System::Dhcp, "DHCP", Doing::Bad { since, why: "the lease file is gone".into() }),
    ];
    Overview {
        head: held.head(),
        site: SiteId::new("fra1"),
        now: NOW,
        demo: false,
        sites: [(SiteId::new("ams2"), [(Stage::Received, 1)].into()), (SiteId::new("fra1"), stages.clone())].into(),
        stages,
        states,
        site_states: BTreeMap::new(),
        orders: None,
        dead_letters: held.letters.len() as u32,
        health: Health {
            intake_stopped: held.intake_stopped.clone(),
            held: None,
            systems,
            unknown_leases: 3,
            taps: taps(),
            rogue_servers: vec![RogueServer { address: Some([10, 0, 4, 66].into()), leases: 2, last: NOW }],
        },
    }
}

fn imported(held: &mut Held, serials: &[Text]) -> Vec<Option<Standing>> {
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

fn work() -> Vec<WorkRow> {
    let row = WorkRow {
        about: Vec::new(),
        unit: Some(id(1)),
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
        job: Job::Cable,
        located: false,
    };
    vec![row]
}

fn diff(held: &Held, Cut { offset, limit }: Cut) -> NetboxDiff {
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
    let ours = Difference { who: None, theirs: None, ..row.clone() };
    let stranger = Difference { field: Field::Device, ..row.clone() };
    let all = [row, ours, stranger];
    NetboxDiff {
        now: NOW,
        read_at: Timestamp::from_secs(1_794_999_760),
        devices: 5_000,
        interfaces: 15_000,
        trouble: held.broken.clone(),
        total: 3,
        kinds: kinds(&all),
        offset,
        rows: all.into_iter().skip(offset).take(limit).collect(),
    }
}

fn sightings(held: &Held, offset: usize) -> Sightings {
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
    Sightings { head: held.head(), now: NOW, total: 1, offset, rows: vec![row] }
}

impl Held {
    /// What is asked of the lists is answered from them, all else from the shop's world by the real function.
    fn answer(&mut self, question: Question) -> Result<Reading, Refusal> {
        let answer = match question {
            Question::Overview(_) => Given::Overview(Box::new(overview(self))),
            Question::Units(query) => {
                let rows = self.units.iter().map(|u| u.row.clone()).collect();
                let page = page(self, rows, query.offset, query.limit);
                self.queries.push(query);
                Given::Units(Box::new(page))
            }
            Question::Unit(OneUnit(id)) => {
                let found = self.units.iter().find(|u| u.row.id == id).cloned();
                Given::Unit(Box::new(found.ok_or_else(|| Refusal::new(Why::NotFound, "there is no such unit"))?))
            }
            Question::Find(Find(label)) => {
                let same = |u: &&UnitDetail| u.row.label == label || u.row.id.to_string() == label.as_str();
                let found = self.units.iter().find(same).map(|u| u.row.id);
                Given::Find(Box::new(found.or_else(|| self.shop.find(&label))))
            }
            Question::DeadLetters(LetterQuery(Cut { offset, limit })) => {
                Given::DeadLetters(Box::new(page(self, self.letters.clone(), offset, limit)))
            }
            Question::Journal(query) => {
                let fits = |e: &&EventRow| {
                    query.subject.is_none_or(|s| s == e.subject) && query.before.is_none_or(|before| e.seq < before)
                };
                let rows = self.events.iter().rev().filter(fits).cloned().collect();
                let page = page(self, rows, 0, query.limit.min(self.cap));
                self.journal_queries.push(query);
                Given::Journal(Box::new(page))
            }
            Question::Imported(Imported(serials)) => Given::Imported(Box::new(imported(self, &serials))),
            Question::Work(query) => Given::Work(Box::new(page(self, work(), query.offset, query.limit))),
            Question::NetboxDiff(DiffQuery(cut)) => Given::NetboxDiff(Box::new(diff(self, cut))),
            Question::Sightings(SightingQuery(cut)) => Given::Sightings(Box::new(sightings(self, cut.offset))),
            Question::Racks(_) | Question::Rack(_) | Question::RackOf(_) => {
                return self.shop.answer(&question, &rack_views(&self.units));
            }
            Question::Order(OneOrder(id)) => {
                let order = self.shop.detail(id)?;
                Given::Order(Box::new(OrderDetail { head: self.head(), ..order }))
            }
            other => return self.shop.answer(&other, &[]),
        };
        Ok(Reading { as_of: self.head(), at: NOW, answer })
    }
}

impl Console for Server {
    async fn answer(self, _: Context, question: Question) -> Result<Reading, Refusal> {
        self.held().answer(question)
    }

    async fn pdf(self, _: Context, _: Printed) -> Result<Octets, Refusal> {
        Ok(Octets(b"%PDF-1.7 of a test".to_vec()))
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
            let grown = Arc::clone(&self.held().grown);
            loop {
                let news = grown.notified();
                let head = self.held().head();
                if head > since {
                    return head;
                }
                news.await;
            }
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
                        other if shop::is_its_own(other) && held.refuse.is_none() => match held.shop.put("anna", other)
                        {
                            Ok(answer) => answer,
                            Err(refusal) => {
                                held.answers.insert(request, Err(refusal.clone()));
                                return Err(refusal);
                            }
                        },
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

    async fn verify(self, _: Context) -> Result<Verified, Refusal> {
        let held = self.held();
        Ok(Verified { events: 4, head: held.head(), checkpoints: 1, broken: held.broken.clone() })
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

    async fn paper(self, _: Context, upload: PaperUpload) -> Result<PaperTaken, Refusal> {
        let mut held = self.held();
        let flaw = Flaw { row: Some(3), field: "unit_price".into(), why: "an amount below zero".into() };
        let bad = upload.bytes.0.starts_with(b"bad");
        held.papers.push(upload);
        let (papers, flaws) = if bad { (vec![], vec![flaw]) } else { (vec![("quote Q-9".into(), false)], vec![]) };
        Ok(PaperTaken { papers, flaws, head: held.head() })
    }

    crate::unasked::unasked!(placement, plan_take_over, confirm_take_over, give_password);

    async fn doctor(self, _: Context) -> Report {
        self.held().report.clone()
    }
}
