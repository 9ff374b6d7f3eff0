//! A small world to decide in: what comes in is decided and recorded, and servers are led along their path.

// Each test file uses its part of it.
pub mod room;

use std::net::IpAddr;
use std::time::Duration;

use rackhand_core::bmc::{Identity, Power, SystemReading, Vendor};
use rackhand_core::boot::parts::Parts;
use rackhand_core::boot::report::{Drive, Nic, StepReport, StepVerdict, ValidationReport, ValidationStep};
use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Answer, Decided, Input, Moment, Refusal, decide};
use rackhand_core::entry::manifest::Row;
use rackhand_core::event::{Draft, EntryEvent, Event, LifeEvent, Recorded, TokenHash};
use rackhand_core::fault::{Fault, Kind, System};
use rackhand_core::flow::next::{Due, Move, Next, Wait, for_sighting, for_unit};
use rackhand_core::flow::rules::Lane;
use rackhand_core::flow::step::{Observation, Outcome, Step};
use rackhand_core::id::{Actor, Entropy, Role, SiteId, Subject, UnitId};
use rackhand_core::inventory::{BmcPort, CablingPlan, Device, Interface, Lookup, NewDevice, Port};
use rackhand_core::lifecycle::evidence::{Evidence, Proof};
use rackhand_core::lifecycle::stage::{Disposition, Stage};
use rackhand_core::lifecycle::unit::Unit;
use rackhand_core::mac::Mac;
use rackhand_core::policy::Policy;
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;
use rackhand_core::world::World;

pub const START: Timestamp = Timestamp::from_secs(1_795_000_000);

pub struct Scene {
    pub world: World,
    pub log: Vec<Recorded>,
    pub policy: Policy,
    pub now: Timestamp,
    pub draws: u64,
}

impl Default for Scene {
    fn default() -> Self {
        let policy = Policy::standard(SiteId::new("fra1"));
        Self { world: World::default(), log: Vec::new(), policy, now: START, draws: 0 }
    }
}

pub fn bmc_mac(n: u8) -> Mac {
    Mac([0x94, 0x40, 0xC9, 0, 0, n])
}

pub fn nic_mac(n: u8) -> Mac {
    Mac([0x3C, 0xEC, 0xEF, 0, 0, n])
}

pub fn address(n: u8) -> IpAddr {
    IpAddr::from([10, 0, 0, n])
}

pub fn serial(n: u8) -> Text {
    format!("SN{n:04}").into()
}

pub fn token(n: u8) -> TokenHash {
    rackhand_core::bmc::Fingerprint([n; 32])
}

pub fn person(role: Role) -> Actor {
    Actor::Person { name: "anna".into(), role }
}

pub fn device(n: u8, status: &str) -> Device {
    Device {
        id: 100 + u64::from(n),
        name: format!("srv{n}").into(),
        serial: Some(serial(n)),
        model: "ProLiant DL360 Gen11".into(),
        site: "fra1".into(),
        place: Some("rack A1 unit 7".into()),
        status: status.into(),
        lifecycle_state: None,
        tenant: None,
        bmc_interface: 1_000 + u64::from(n),
        oob_address: None,
    }
}

/// The BMC's interface of this server's device, with this MAC.
pub fn bmc_port(n: u8, mac: Mac) -> BmcPort {
    let device = device(n, "offline");
    BmcPort { device: device.id, interface: device.bmc_interface, name: "iLO".into(), mac }
}

pub fn row(n: u8) -> Row {
    Row { serial: serial(n), bmc_mac: bmc_mac(n) }
}

pub fn new_device() -> NewDevice {
    NewDevice { device_type: "dl360".into(), role: "server".into(), site: "fra1".into() }
}

pub fn port(n: u8) -> Port {
    Port { switch: "leaf1".into(), port: format!("Ethernet{n}").into() }
}

pub fn plan(n: u8) -> CablingPlan {
    let nic = Interface { id: 7, name: "eth0".into(), mac: Some(nic_mac(n)), peer: Some(port(n)) };
    CablingPlan { interfaces: vec![nic], bmc: None }
}

pub fn step_report(step: ValidationStep) -> StepReport {
    StepReport { step, verdict: StepVerdict::Passed, took_ms: 1_000, measurements: Vec::new(), message: None }
}

pub fn report(n: u8) -> ValidationReport {
    ValidationReport {
        serial: serial(n),
        model: "ProLiant DL360 Gen11".into(),
        bmc_mac: Some(bmc_mac(n)),
        processors: Vec::new(),
        memory_bytes: 1 << 39,
        drives: vec![Drive { serial: "D1".into(), model: "SSD".into(), bytes: 1 << 40, holds_data: false }],
        nics: vec![Nic { name: "eth0".into(), mac: nic_mac(n), link: true, neighbour: Some(port(n)) }],
        steps: ValidationStep::ALL.into_iter().map(step_report).collect(),
    }
}

/// What shows that a step worked, for the server with this number; `None` where the machine itself speaks.
pub fn good(n: u8, unit: &Unit, step: Step) -> Option<Observation> {
    Some(match step {
        Step::LookUpDevice | Step::ResetForBoot | Step::Validate => return None,
        // A deal's, not a unit's.
        Step::RequestQuote | Step::ChaseQuote | Step::PlacePurchase | Step::WithdrawRequest | Step::CancelPurchase => {
            return None;
        }
        Step::RegisterBmc => Observation::Registered(bmc_port(n, unit.bmc_mac?)),
        Step::AssignBmcAddress => Observation::Address(unit.bmc_address?),
        Step::SyncStatus => Observation::Status(unit.stage),
        Step::PlaceDevice => Observation::Placed,
        Step::ReadCablingPlan => Observation::Plan(plan(n)),
        Step::ReachBmc => {
            let controller = "iLO 6".into();
            let identity = Identity { vendor: Vendor::Hpe, controller, firmware: None, serial: None };
            Observation::Root { identity, certificate: Some(token(200)) }
        }
        Step::LogInToBmc => {
            let model = "ProLiant DL360 Gen11".into();
            Observation::System(SystemReading { serial: serial(n), model, power: Power::Off, nics: vec![nic_mac(n)] })
        }
        Step::ResetBmc => Observation::Down,
        Step::AwaitBmc => Observation::Up,
        Step::ReadParts => Observation::Parts(Box::new(Parts::reported(&report(n)))),
        Step::ArmNetworkBoot => Observation::Armed,
        Step::WriteInterfaces => Observation::Interfaces,
        Step::WriteCables => Observation::Cables,
        Step::EnterStaging => Observation::Staging,
        Step::WriteNotes => Observation::Notes(unit.notes.owed.last().map_or(0, |n| n.seq)),
        Step::DisarmNetworkBoot | Step::ReleaseBmcAddress | Step::LeaveStaging | Step::UnplaceDevice => {
            Observation::Undone
        }
    })
}

pub fn fault(kind: Kind) -> Fault {
    Fault::new(System::Bmc, kind, "it did not work")
}

pub fn failed(kind: Kind) -> Outcome {
    Outcome::Failed(fault(kind))
}

pub fn due(moves: &[Move]) -> Vec<Due> {
    let begins = moves.iter().filter_map(|m| match m {
        Move::Begin(due) => Some(*due),
        Move::Watch(..) | Move::Expire(..) | Move::Review => None,
    });
    begins.collect()
}

/// Whether a step touches a BMC, or the address, status, tenant or cables that NetBox holds. Notes do not.
pub fn touches(step: Step) -> bool {
    !matches!(step, Step::WriteNotes | Step::LookUpDevice)
}

impl Scene {
    pub fn stock() -> Self {
        Self { policy: Policy::stock(SiteId::new("fra1")), ..Self::default() }
    }

    pub fn moment(&self, actor: Actor) -> Moment {
        let mut entropy = [0; 16];
        entropy[..8].copy_from_slice(&self.draws.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes());
        entropy[8..].copy_from_slice(&self.draws.to_be_bytes());
        Moment { now: self.now, entropy: Entropy(entropy), actor }
    }

    /// Decides, and records what was decided.
    pub fn put(&mut self, actor: Actor, input: &Input) -> Result<Answer, Refusal> {
        self.draws += 1;
        let Decided { drafts, world, answer } = decide(&self.world, &self.policy, &self.moment(actor), input)?;
        let first = self.world.head + 1;
        self.log.extend((first..).zip(drafts).map(|(seq, draft)| Recorded { seq, draft }));
        self.world = world;
        Ok(answer)
    }

    /// Events recorded since the log was this long.
    pub fn since(&self, mark: usize) -> Vec<&Event> {
        self.log[mark..].iter().map(|r| &r.draft.event).collect()
    }

    pub fn mark(&self) -> usize {
        self.log.len()
    }

    /// Records what no command of today leads to.
    pub fn record(&mut self, subject: Subject, event: Event) {
        let draft = Draft { at: self.now, subject, actor: Actor::Rackhand, cause: None, event };
        let seq = self.world.head + 1;
        self.world.apply_draft(seq, &draft);
        self.log.push(Recorded { seq, draft });
    }

    pub fn command(&mut self, role: Role, command: Command) -> Result<Answer, Refusal> {
        self.put(person(role), &Input::Command(command))
    }

    pub fn later(&mut self, secs: u64) {
        self.now = self.now + Duration::from_secs(secs);
    }

    pub fn import(&mut self, n: u8, stage: Stage) -> UnitId {
        let (site, model) = (SiteId::new("fra1"), Some("ProLiant DL360 Gen11".into()));
        let (serial, bmc_mac, vendor) = (serial(n), Some(bmc_mac(n)), Some(Vendor::Hpe));
        if stage == Stage::Ready {
            // Two people have said so.
            self.draws += 1;
            let id = UnitId::mint(self.now, self.moment(Actor::Rackhand).entropy);
            self.record(
                Subject::Unit(id),
                Event::Entry(EntryEvent::UnitImported { site, serial, bmc_mac, vendor, model, stage }),
            );
            return id;
        }
        let import = Command::Import { site, serial: serial.clone(), bmc_mac, vendor, model, stage };
        self.command(Role::Admin, import).unwrap();
        self.world.by_serial(&serial).unwrap().id
    }

    /// An operator of this name releases a unit.
    pub fn release_as(&mut self, name: &str, unit: UnitId, reason: &str) -> Result<Answer, Refusal> {
        let actor = Actor::Person { name: name.into(), role: Role::Operator };
        self.put(actor, &Input::Command(Command::Release { unit, reason: Some(reason.into()) }))
    }

    /// A manifest names the server with this number.
    pub fn import_row(&mut self, row: Row, create: Option<NewDevice>) -> Result<Answer, Refusal> {
        let (site, stage) = (SiteId::new("fra1"), Stage::Received);
        self.command(Role::Operator, Command::ImportRow { row, site, stage, create })
    }

    pub fn lease(&mut self, n: u8, address: IpAddr) -> Answer {
        let input = Input::Lease { mac: bmc_mac(n), address, hostname: None, vendor_class: None };
        self.put(Actor::Wire, &input).unwrap()
    }

    /// NetBox's answer to the lookup that a sighting made due.
    pub fn answer(&mut self, n: u8, lookup: Lookup) -> Answer {
        let (subject, step) = (Subject::Bmc(bmc_mac(n)), Step::LookUpDevice);
        let outcome = Outcome::Observed(Observation::Lookup(lookup));
        let generation = self.world.steps(subject).map_or(1, |steps| steps.generation(step));
        self.put(Actor::Rackhand, &Input::Ended { subject, step, generation, outcome }).unwrap()
    }

    /// NetBox's answer to a lookup made because a known lease was renewed.
    pub fn renewed(&mut self, n: u8, lookup: Lookup) -> Answer {
        self.put(Actor::Wire, &Input::LookedUpAgain(bmc_mac(n), lookup)).unwrap()
    }

    pub fn unit(&self, id: UnitId) -> &Unit {
        self.world.unit(id).unwrap()
    }

    pub fn next(&self, id: UnitId) -> Next {
        for_unit(self.unit(id), self.now)
    }

    /// What is to be done, notes apart: they have a lane of their own beside everything.
    pub fn moves(&self, id: UnitId) -> Vec<Move> {
        let notes = |m: &Move| matches!(m, Move::Begin(due) if due.step == Step::WriteNotes);
        self.next(id).moves.into_iter().filter(|m| !notes(m)).collect()
    }

    pub fn due(&self, id: UnitId) -> Vec<Due> {
        due(&self.next(id).moves)
    }

    /// Steps due that touch a BMC or what NetBox holds of a server.
    pub fn touching(&self, id: UnitId) -> Vec<Step> {
        self.due(id).iter().map(|d| d.step).filter(|s| touches(*s)).collect()
    }

    pub fn due_for_sighting(&self, n: u8) -> Vec<Step> {
        let sighting = self.world.sightings.get(&bmc_mac(n)).unwrap();
        due(&for_sighting(sighting, self.now).moves).iter().map(|d| d.step).collect()
    }

    pub fn waits(&self, id: UnitId) -> Vec<Wait> {
        self.next(id).waits
    }

    pub fn wait_of(&self, id: UnitId, step: Step) -> Wait {
        self.waits(id).into_iter().find(|w| w.step == Some(step)).unwrap_or_else(|| panic!("{step} waits for nothing"))
    }

    pub fn begin(&mut self, id: UnitId, due: Due) -> Result<Answer, Refusal> {
        self.put(Actor::Rackhand, &Input::Begin(Subject::Unit(id), due))
    }

    pub fn ended(&mut self, id: UnitId, step: Step, outcome: Outcome) -> Answer {
        let (subject, generation) = (Subject::Unit(id), self.unit(id).steps.generation(step));
        self.put(Actor::Rackhand, &Input::Ended { subject, step, generation, outcome }).unwrap()
    }

    /// Begins a step that is due now, and ends it so.
    pub fn attempt(&mut self, id: UnitId, step: Step, outcome: Outcome) {
        let due = self.due(id).into_iter().find(|d| d.step == step);
        let due = due.unwrap_or_else(|| panic!("{step} is not due: {:?}", self.next(id)));
        self.begin(id, due).unwrap();
        self.ended(id, step, outcome);
    }

    pub fn boot_request(&mut self, n: u8, token: TokenHash) -> Answer {
        let input = Input::BootRequest { serial: serial(n), nic: Some(nic_mac(n)), token };
        self.put(Actor::Wire, &input).unwrap()
    }

    pub fn final_report(&mut self, token: TokenHash, report: ValidationReport) -> Result<Answer, Refusal> {
        self.put(Actor::Wire, &Input::FinalReport(token, Box::new(report)))
    }

    /// A unit that a lease has just led to `discovered`, with nothing done yet.
    pub fn discovered(&mut self, n: u8) -> UnitId {
        let id = self.import(n, Stage::Cabled);
        self.lease(n, address(n));
        self.answer(n, Lookup::One(device(n, "offline")));
        assert_eq!(self.unit(id).stage, Stage::Discovered);
        id
    }

    /// A server in service that has gone the whole way here.
    pub fn in_service(&mut self, n: u8) -> UnitId {
        let id = self.discovered(n);
        self.lead_to_stage(n, id, Stage::Staged);
        self.settle(n, id);
        for (from, to, proof) in [
            (Stage::Staged, Stage::Ready, Proof::AllChecked),
            (Stage::Ready, Stage::AssignedToTenant, Proof::Assigned),
            (Stage::AssignedToTenant, Stage::InService, Proof::HandedOver),
        ] {
            let evidence = Evidence::new(proof, "a test says so");
            self.record(Subject::Unit(id), Event::Life(LifeEvent::StageEntered { from, to, evidence }));
        }
        self.settle(n, id);
        id
    }

    /// Does everything that is due with good outcomes, until this step is due itself.
    pub fn lead_to(&mut self, n: u8, id: UnitId, step: Step) {
        for _ in 0..64 {
            if self.due(id).iter().any(|d| d.step == step) {
                return;
            }
            self.go_on(n, id);
        }
        panic!("{step} never becomes due: {:?}", self.next(id));
    }

    /// Does everything with good outcomes until the unit is in this stage.
    pub fn lead_to_stage(&mut self, n: u8, id: UnitId, stage: Stage) {
        for _ in 0..64 {
            if self.unit(id).stage == stage {
                return;
            }
            self.go_on(n, id);
        }
        panic!("{stage} is never reached: {:?}", self.next(id));
    }

    /// Does everything that is due until nothing is.
    pub fn settle(&mut self, n: u8, id: UnitId) {
        for _ in 0..64 {
            if self.due(id).is_empty() {
                return;
            }
            self.go_on(n, id);
        }
        panic!("it never ends: {:?}", self.next(id));
    }

    fn go_on(&mut self, n: u8, id: UnitId) {
        let on_its_way = self.unit(id).steps.lane(Lane::Bmc).map(|p| p.step);
        match self.due(id).first().copied() {
            Some(due) if due.step == Step::ResetForBoot => {
                self.attempt(id, due.step, Outcome::Accepted { receipt: "ok".into() });
            }
            Some(due) => {
                let saw = good(n, self.unit(id), due.step).unwrap();
                self.attempt(id, due.step, Outcome::Observed(saw));
            }
            None if on_its_way == Some(Step::ResetForBoot) => {
                assert_eq!(self.boot_request(n, token(n)), Answer::BootValidation);
            }
            None if on_its_way == Some(Step::Validate) => {
                self.final_report(token(n), report(n)).unwrap();
            }
            None => match self.next(id).wake {
                Some(wake) if wake > self.now => self.now = wake,
                _ => panic!("nothing is due: {:?}", self.next(id)),
            },
        }
    }

    pub fn stand(&mut self, id: UnitId, to: Disposition) {
        let (from, reason) = (self.unit(id).disposition, Text::new("a test says so"));
        self.record(Subject::Unit(id), Event::Life(LifeEvent::DispositionChanged { from, to, reason }));
    }

    pub fn cancel(&mut self, id: UnitId) -> Result<Answer, Refusal> {
        self.command(Role::Operator, Command::Cancel { unit: id, reason: "not wanted".into() })
    }

    pub fn retire(&mut self, id: UnitId) -> Result<Answer, Refusal> {
        self.command(Role::Operator, Command::Retire { unit: id, reason: "burnt".into() })
    }

    pub fn hold(&mut self, id: UnitId) -> Result<Answer, Refusal> {
        self.command(Role::Technician, Command::Hold { unit: id, reason: "wait".into() })
    }

    pub fn release(&mut self, id: UnitId) -> Result<Answer, Refusal> {
        self.command(Role::Operator, Command::Release { unit: id, reason: None })
    }

    pub fn retry(&mut self, id: UnitId) -> Result<Answer, Refusal> {
        self.command(Role::Technician, Command::Retry { subject: Subject::Unit(id) })
    }

    pub fn skip(&mut self, id: UnitId, step: Step) -> Result<Answer, Refusal> {
        let (subject, generation) = (Subject::Unit(id), self.unit(id).steps.generation(step));
        self.command(Role::Operator, Command::Skip { subject, step, generation, reason: "we live with it".into() })
    }

    pub fn go(&mut self, id: UnitId, to: Stage) -> Result<Answer, Refusal> {
        self.command(Role::Operator, Command::Move { unit: id, to, reason: "seen on site".into() })
    }
}
