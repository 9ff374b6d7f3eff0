//! A daemon without hardware: a world in memory that takes commands by the real rules and serves the real views.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::StreamExt;
use rackhand_core::bmc::Vendor;
use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Input, Moment, Refusal, Why, decide};
use rackhand_core::event::{BootEvent, DiscoveryEvent, Draft, EntryEvent, Event, LifeEvent, Recorded, Seq, StepEvent};
use rackhand_core::fault::{Fault, Kind, System};
use rackhand_core::flow::step::Step;
use rackhand_core::id::{Actor, Entropy, Role, SiteId, Subject, UnitId};
use rackhand_core::inventory::Device;
use rackhand_core::inventory::questions::NetboxCopy;
use rackhand_core::inventory::rack::Elevations;
use rackhand_core::lifecycle::evidence::{Evidence, Proof};
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::lifecycle::task::{Task, TaskKind};
use rackhand_core::mac::Mac;
use rackhand_core::order::candidate::Shown;
use rackhand_core::placement::questions::RackView;
use rackhand_core::question::{Asks, Basis, Facts, Question, Reading};
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;
use rackhand_core::view::journal::JournalQuery;
use rackhand_core::view::{Doing, Health, SystemHealth, event_row};
use rackhand_core::world::World;
use rackhand_rpc::hello::{self, ServerHello};
use rackhand_rpc::{Console, ConsoleClient, Receipt, Verified, codec};
use rackhand_tui::link::Connection;
use tarpc::context::Context;
use tarpc::server::{BaseChannel, Channel};
use tokio::sync::watch;

/// When the fake's world begins.
pub const BEGIN: Timestamp = Timestamp::from_secs(1_795_000_000);

/// What is in it.
pub struct Inside {
    pub world: World,
    pub events: Vec<Recorded>,
    pub now: Timestamp,
    pub health: Health,
    pub requests: Vec<String>,
    pub epoch: u64,
    pub role: Role,
    /// NetBox's racks, where a copy is kept, and when they were read.
    pub elevations: Option<(Elevations, Timestamp)>,
    /// Whether watches are held for ever, as by a daemon that hangs.
    pub hangs: bool,
}

impl Inside {
    /// What a journal would give, newest first.
    fn found(&self, query: &JournalQuery) -> Vec<Recorded> {
        let fits = |e: &&Recorded| {
            let row = event_row(e, &self.world);
            query.before.is_none_or(|b| e.seq < b)
                && query.subject.is_none_or(|s| row.subject == s)
                && query.kind.as_ref().is_none_or(|k| row.kind.as_str() == k)
                && query.actor.as_ref().is_none_or(|a| row.actor.as_str() == a)
                && query.text.as_ref().is_none_or(|t| row.text.contains(t.as_str()) || row.label.contains(t.as_str()))
        };
        self.events.iter().rev().filter(fits).cloned().collect()
    }
}

/// The fake; clones are the same daemon.
#[derive(Clone)]
pub struct Fake {
    pub inside: Arc<Mutex<Inside>>,
    head: watch::Sender<Seq>,
    /// Changed to end all connections.
    cut: watch::Sender<u64>,
    /// Whether new connections are taken.
    pub open: Arc<std::sync::atomic::AtomicBool>,
}

impl Fake {
    pub fn new() -> Self {
        let health = Health {
            intake_stopped: None,
            systems: vec![SystemHealth {
                system: System::Netbox,
                name: "NetBox".into(),
                doing: Doing::Good { at: BEGIN },
            }],
            ..Health::default()
        };
        let inside = Inside {
            world: World::default(),
            events: Vec::new(),
            now: BEGIN,
            health,
            requests: Vec::new(),
            epoch: 7,
            role: Role::Operator,
            elevations: None,
            hangs: false,
        };
        let (head, _) = watch::channel(0);
        let (cut, _) = watch::channel(0);
        let open = Arc::new(std::sync::atomic::AtomicBool::new(true));
        Self { inside: Arc::new(Mutex::new(inside)), head, cut, open }
    }

    /// A fake with a few dozen servers in every kind of trouble.
    pub fn seeded() -> Self {
        let fake = Self::new();
        fake.seed(36);
        fake
    }

    pub fn emit(&self, subject: Subject, actor: Actor, event: impl Into<Event>) -> Seq {
        let mut inside = self.inside.lock().unwrap();
        let seq = inside.world.head + 1;
        let draft = Draft { at: inside.now, subject, actor, cause: None, event: event.into() };
        let recorded = Recorded { seq, draft };
        inside.world.apply(&recorded);
        inside.events.push(recorded);
        drop(inside);
        self.head.send_replace(seq);
        seq
    }

    pub fn advance(&self, span: Duration) {
        let mut inside = self.inside.lock().unwrap();
        inside.now = inside.now + span;
    }

    pub fn unit(&self, serial: &str) -> UnitId {
        self.inside.lock().unwrap().world.by_serial(serial).map(|u| u.id).unwrap()
    }

    pub fn add(&self, n: u64, site: &str, serial: &str, vendor: Vendor, model: &str, stage: Stage) -> UnitId {
        let now = self.inside.lock().unwrap().now;
        let mut entropy = [0; 16];
        entropy[8..].copy_from_slice(&n.to_be_bytes());
        let id = UnitId::mint(now, Entropy(entropy));
        let tail = u8::try_from(n % 256).unwrap();
        let event = EntryEvent::UnitImported {
            site: SiteId::new(site),
            serial: serial.into(),
            bmc_mac: Some(Mac([0x94, 0x40, 0xC9, 1, u8::try_from(n / 256 % 256).unwrap(), tail])),
            vendor: Some(vendor),
            model: (n % 9 != 4).then(|| Text::new(model)),
            stage,
        };
        self.emit(Subject::Unit(id), Actor::Person { name: "ivo".into(), role: Role::Admin }, event);
        id
    }

    pub fn lease(&self, id: UnitId, n: u64, site: &str, serial: &str, model: &str) {
        let address = std::net::IpAddr::from([10, 4, 7, u8::try_from(n % 250).unwrap()]);
        let device = Device {
            id: 100 + n,
            name: format!("srv-{}", 10_200 + n).into(),
            serial: Some(serial.into()),
            model: model.into(),
            site: site.into(),
            place: Some(format!("A{:02} U{:02}", 5 + n / 20, 2 + n % 40).into()),
            status: "discovered".into(),
            lifecycle_state: None,
            tenant: None,
            bmc_interface: 900 + n,
            oob_address: Some(address),
        };
        let bmc_mac = Mac([0x94, 0x40, 0xC9, 1, u8::try_from(n / 256 % 256).unwrap(), u8::try_from(n % 256).unwrap()]);
        let accepted = DiscoveryEvent::LeaseAccepted { device: Box::new(device), bmc_mac, address };
        self.emit(Subject::Unit(id), Actor::Wire, accepted);
    }

    pub fn park(&self, id: UnitId, step: Step, fault: Fault) {
        let subject = Subject::Unit(id);
        let intended =
            StepEvent::StepIntended { step, generation: 1, attempt: 4, rung: None, until: None, terms: None };
        self.emit(subject, Actor::Rackhand, intended);
        self.advance(Duration::from_secs(40));
        self.emit(subject, Actor::Rackhand, StepEvent::StepParked { step, generation: 1, fault, terms: None });
    }

    pub fn seed(&self, count: u64) {
        let stages = [
            Stage::Received,
            Stage::Racked,
            Stage::Cabled,
            Stage::PoweredOn,
            Stage::Discovered,
            Stage::PhysicalValidated,
            Stage::Staged,
            Stage::Ready,
            Stage::InService,
            Stage::ShipmentTracking,
        ];
        let models = [
            ("ProLiant DL360 Gen11", Vendor::Hpe, "CZ23"),
            ("PowerEdge R660", Vendor::Dell, "7XK2"),
            ("ProLiant DL380 Gen11", Vendor::Hpe, "CZ24"),
            ("PowerEdge R760", Vendor::Dell, "9QR1"),
        ];
        for n in 0..count.max(25) {
            let (model, vendor, prefix) = models[(n % 4) as usize];
            let site = if n % 5 == 3 { "ams2" } else { "fra1" };
            let serial = format!("{prefix}{:04X}", 0x1000 + n * 37);
            let id = self.add(n, site, &serial, vendor, model, stages[(n % 10) as usize]);
            if (4..8).contains(&(n % 10)) {
                self.lease(id, n, site, &serial, model);
            }
            self.advance(Duration::from_secs(311));
        }
        let at = |n: u64| {
            let (_, _, prefix) = models[(n % 4) as usize];
            self.unit(&format!("{prefix}{:04X}", 0x1000 + n * 37))
        };
        let dead = Fault::new(System::Bmc, Kind::Transient, "https://10.4.7.138 refused the connection 4 times")
            .advise("check the BMC's cable and that port 443 is open, then retry");
        self.park(at(4), Step::ReachBmc, dead);
        let away = Fault::new(
            System::Netbox,
            Kind::Rejected,
            "PATCH /api/dcim/devices/42/ answered 400: status: \"staged\" is not a valid choice",
        )
        .advise("add the status to NetBox (FIELD_CHOICES) or set the fallback map, then retry");
        self.park(at(5), Step::SyncStatus, away);
        self.advance(Duration::from_secs(700));
        let busy = Fault::new(System::Netbox, Kind::Transient, "503 Service Unavailable");
        let subject = Subject::Unit(at(14));
        let (step, again_at) = (Step::AssignBmcAddress, BEGIN + Duration::from_mins(210));
        let intended =
            StepEvent::StepIntended { step, generation: 1, attempt: 2, rung: None, until: None, terms: None };
        self.emit(subject, Actor::Rackhand, intended);
        let failed = StepEvent::StepFailed { step, generation: 1, fault: busy, again_at, terms: None };
        self.emit(subject, Actor::Rackhand, failed);
        let task = Task {
            kind: TaskKind::FixCable,
            role: Role::Technician,
            text: "NIC 2 (94:40:C9:01:00:0E) is in sw-a07-2 port 12; the plan says port 14".into(),
        };
        let blocked = Subject::Unit(at(24));
        let evidence = Evidence::new(Proof::EvidenceLost, "the report does not match");
        self.emit(blocked, Actor::Rackhand, BootEvent::ValidationRefused { points: 1 });
        self.emit(blocked, Actor::Rackhand, LifeEvent::TaskOpened { task });
        let back = LifeEvent::StageEntered { from: Stage::Staged, to: Stage::Cabled, evidence };
        self.emit(Subject::Unit(at(6)), Actor::Rackhand, back);
        let bmc = Subject::Bmc(Mac([0x4C, 0xD9, 0x8F, 0xAA, 0, 1]));
        let lease = DiscoveryEvent::BmcSighted {
            address: "10.4.7.200".parse().unwrap(),
            hostname: Some("idrac-9QR1999".into()),
            vendor_class: None,
        };
        self.emit(bmc, Actor::Wire, lease);
        let many =
            Fault::new(System::Netbox, Kind::Unauthorised, "403 Forbidden: the token may not view dcim.macaddress")
                .advise("give the token's user the permission, then retry");
        let parked = StepEvent::StepParked { step: Step::LookUpDevice, generation: 1, fault: many, terms: None };
        self.emit(bmc, Actor::Rackhand, parked);
        self.advance(Duration::from_secs(95));
    }

    pub fn moment(&self) -> Moment {
        let inside = self.inside.lock().unwrap();
        Moment {
            now: inside.now,
            entropy: Entropy::default(),
            actor: Actor::Person { name: "anna".into(), role: inside.role },
        }
    }

    pub fn carry_out(&self, request: String, command: Command) -> Result<Receipt, Refusal> {
        let moment = self.moment();
        let mut inside = self.inside.lock().unwrap();
        if inside.requests.contains(&request) {
            return Err(Refusal::new(Why::Conflict, "sent twice"));
        }
        inside.requests.push(request);
        let input = match command.clone() {
            Command::Place { choices } => Input::Place(choices, std::sync::Arc::new(crate::room::room(&inside))),
            command => {
                let tenants = Some([Text::new("acme")].into());
                Input::Informed(command, Arc::new(Shown { tenants, ..Shown::default() }))
            }
        };
        let decided = decide(&inside.world, &crate::trade::policy(), &moment, &input)?;
        let (mut drafts, mut world) = (decided.drafts, decided.world);
        if let Command::Locate { unit, on } = command {
            // Every BMC here does as it is told.
            let seen = Input::LocatorSeen(unit, on);
            let seen = decide(&world, &crate::trade::policy(), &moment, &seen)?;
            drafts.extend(seen.drafts);
            world = seen.world;
        }
        let mut seq = inside.world.head;
        for draft in drafts {
            seq += 1;
            inside.events.push(Recorded { seq, draft });
        }
        inside.world = world;
        drop(inside);
        self.head.send_replace(seq);
        Ok(Receipt { answer: decided.answer, head: seq })
    }

    /// What the daemon would answer, by the real function.
    pub fn answer_now(&self, question: &Question) -> Result<Reading, Refusal> {
        let events = match question {
            Question::Journal(query) => self.inside.lock().unwrap().found(query),
            _ => Vec::new(),
        };
        self.knowing(&events, |basis| question.answer(basis))
    }

    pub fn rack_views(&self) -> Vec<RackView> {
        self.knowing(&[], |basis| basis.racks().into_owned())
    }

    fn knowing<T>(&self, events: &[Recorded], tell: impl FnOnce(&Basis<'_>) -> T) -> T {
        let caller = self.moment().actor;
        let (i, site, policy) = (self.inside.lock().unwrap(), SiteId::new("fra1"), crate::trade::policy());
        let racks = i.elevations.as_ref().map(|(racks, at)| (racks, *at));
        let facts = Facts {
            demo: true,
            health: i.health.clone(),
            copy: NetboxCopy { racks, ..NetboxCopy::default() },
            events,
            ..Facts::new(&site, &policy)
        };
        tell(&Basis { world: &i.world, facts: &facts, caller: &caller, now: i.now })
    }

    pub fn ask<Q: Asks>(&self, question: Q) -> Result<Q::Answer, Refusal> {
        self.answer_now(&question.into()).map(|reading| reading.into_of::<Q>().unwrap().answer)
    }

    /// Ends all connections.
    pub fn drop_connections(&self) {
        self.cut.send_modify(|n| *n += 1);
    }

    /// Serves on a socket, for consoles in processes of their own.
    pub fn listen(&self, socket: &std::path::Path) {
        let listener = tokio::net::UnixListener::bind(socket).unwrap();
        let fake = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                if fake.open.load(std::sync::atomic::Ordering::SeqCst) {
                    tokio::spawn(fake.clone().talk(stream));
                }
            }
        });
    }

    async fn talk<S>(self, mut theirs: S)
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    {
        if hello::answer(&mut theirs, self.hello()).await.is_err() {
            return;
        }
        let mut cut = self.cut.subscribe();
        let serve =
            BaseChannel::with_defaults(codec::transport(theirs)).execute(self.serve()).for_each(|answer| async {
                tokio::spawn(answer);
            });
        tokio::select! {
            biased;
            _ = cut.changed() => {}
            () = serve => {}
        }
    }

    fn hello(&self) -> ServerHello {
        let i = self.inside.lock().unwrap();
        ServerHello {
            magic: String::new(),
            proto: 0,
            min: 0,
            build: "0".into(),
            site: SiteId::new("fra1"),
            epoch: i.epoch,
            head: i.world.head,
            user: "anna".into(),
            role: Some(i.role),
            demo: true,
        }
    }

    /// A connection over a pipe in memory.
    pub async fn connect(&self) -> Result<Connection, String> {
        if !self.open.load(std::sync::atomic::Ordering::SeqCst) {
            return Err("nobody listens at the socket".to_owned());
        }
        let (mut ours, theirs) = tokio::io::duplex(1 << 16);
        tokio::spawn(self.clone().talk(theirs));
        let hello = hello::greet(&mut ours).await.map_err(|e| e.to_string())?;
        let client = ConsoleClient::new(tarpc::client::Config::default(), codec::transport(ours)).spawn();
        Ok(Connection { client, hello })
    }
}

impl Console for Fake {
    async fn answer(self, _: Context, question: Question) -> Result<Reading, Refusal> {
        self.answer_now(&question)
    }
    async fn watch(self, _: Context, since: Seq, wait_ms: u32) -> Seq {
        let mut head = self.head.subscribe();
        if self.inside.lock().unwrap().hangs {
            std::future::pending::<()>().await;
        }
        let _ = tokio::time::timeout(Duration::from_millis(wait_ms.into()), head.wait_for(|h| *h > since)).await;
        let now: Seq = *head.borrow_and_update();
        now
    }
    async fn command(self, _: Context, request: String, command: Command) -> Result<Receipt, Refusal> {
        self.carry_out(request, command)
    }
    async fn verify(self, _: Context) -> Result<Verified, Refusal> {
        let i = self.inside.lock().unwrap();
        Ok(Verified { events: i.world.head, head: i.world.head, checkpoints: 1, broken: None })
    }

    crate::unasked::unasked!(
        import,
        dhcp_event,
        paper,
        pdf,
        placement,
        plan_take_over,
        confirm_take_over,
        give_password,
        doctor,
        netbox_check,
        netbox_init,
        bmc_reading
    );
}
