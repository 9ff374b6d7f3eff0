//! The path: from a lease to `staged` through every room, in virtual time, and what stops it.
#![allow(clippy::unwrap_used)]

#[path = "path/bmc.rs"]
mod bmc;
#[path = "path/parts.rs"]
mod parts;
#[path = "path/restart.rs"]
mod restart;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rackhand_adapters::port::clock::Clock;
use rackhand_core::bmc::Vendor;
use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Input, Refusal, Why};
use rackhand_core::event::{DiscoveryEvent, Draft, Event, JournalEvent, StepEvent};
use rackhand_core::fault::Kind;
use rackhand_core::flow::step::Step;
use rackhand_core::id::{Actor, Role, SiteId, Subject};
use rackhand_core::lifecycle::stage::{Disposition, Stage};
use rackhand_core::lifecycle::task::TaskKind;
use rackhand_core::lifecycle::unit::Unit;
use rackhand_core::policy::Policy;
use rackhand_core::stream::Origin;
use rackhand_core::world::World;
use rackhand_daemon::journal::{Journal, JournalError, Store};
use rackhand_daemon::ledger::Patience;
use rackhand_daemon::random::Random;
use rackhand_daemon::site::{Site, fold};
use rackhand_lab::bmc::Pace;
use rackhand_lab::faults::{Effect, Rule};
use rackhand_lab::machine::LifePace;
use rackhand_lab::outside::{EPOCH, NETBOX, Outside};

/// A site with its outside, and a journal that outlives it.
struct Bench {
    outside: Outside,
    site: Site,
    store: Arc<Mutex<Store>>,
    journal: Journal,
}

impl Bench {
    fn with(servers: usize) -> Self {
        Self::fitted(servers, |_| {})
    }

    /// The same, after something has been changed about the outside, before its servers are made.
    fn fitted(servers: usize, change: impl FnOnce(&mut Outside)) -> Self {
        let fra1 = SiteId::new("fra1");
        let clock = Clock::scaled(EPOCH, 1.0);
        let mut outside = Outside::new(clock, Policy::standard(fra1.clone()), LifePace::default());
        change(&mut outside);
        for n in 0..servers {
            outside.add_server(n, "fra1", Pace::default());
        }
        let store = Arc::new(Mutex::new(Store::open_in_memory(&fra1).unwrap()));
        let journal = Journal::inline(store.clone());
        let site = outside.start(journal.clone(), World::default(), Random::from_seed(7), false);
        Self { outside, site, store, journal }
    }

    async fn lease(&self, n: usize) {
        self.outside.lease(&self.site, &self.outside.servers[n]).await;
    }

    fn unit(&self, n: usize) -> Option<Unit> {
        self.site.ledger.world().by_serial(&self.outside.servers[n].serial).cloned()
    }

    /// Waits, in virtual time, until the unit is so; says what it is where it never becomes so.
    async fn until(&self, n: usize, so: impl Fn(&Unit) -> bool) {
        let serial = self.outside.servers[n].serial.clone();
        let mut worlds = self.site.ledger.worlds();
        let is = worlds.wait_for(|w| w.by_serial(&serial).is_some_and(&so));
        let day = Duration::from_secs(48 * 3_600);
        let became = self.outside.clock.timeout(day, async { is.await.is_ok() }).await;
        assert!(became == Some(true), "{:#?}", self.unit(n));
    }

    async fn staged(&self, n: usize) {
        self.until(n, |u| u.stage == Stage::Staged && u.notes.owed.is_empty()).await;
    }

    async fn say(&self, command: Command) -> Result<(), Refusal> {
        let anna = Actor::Person { name: "anna".into(), role: Role::Admin };
        self.site.ledger.submit(anna, Patience::Refuse, Input::Command(command)).await.map(|_| ())
    }

    /// The daemon dies, and another one starts from the same journal.
    fn restart(&mut self) {
        self.outside.door.close();
        let world = fold(&self.store.lock().unwrap()).unwrap();
        self.journal = Journal::inline(self.store.clone());
        let next = self.outside.start(self.journal.clone(), world, Random::from_seed(8), false);
        std::mem::replace(&mut self.site, next).crash();
    }

    fn events(&self, n: usize) -> Vec<Event> {
        let id = self.unit(n).unwrap().id;
        let mut events = Vec::new();
        let about = |subject| subject == Subject::Unit(id);
        let store = self.store.lock().unwrap();
        store.replay(0, &mut |r| events.extend(about(r.draft.subject).then_some(r.draft.event))).unwrap();
        events
    }
}

#[tokio::test(start_paused = true)]
async fn a_lease_leads_every_kind_of_server_to_staged_and_each_effect_happens_once() {
    let b = Bench::with(3);
    for n in 0..3 {
        b.lease(n).await;
    }
    for n in 0..3 {
        b.staged(n).await;
        let (server, netbox) = (&b.outside.servers[n], &b.outside.netbox);
        let bmc = netbox.interface_id(server.device, "bmc").unwrap();
        assert_eq!(netbox.addresses_on(bmc), [format!("{}/24", server.address)]);
        assert_eq!(netbox.oob_of(server.device), Some(format!("{}/24", server.address)));
        assert_eq!(netbox.status_of(server.device).as_deref(), Some("staged"));
        assert_eq!(netbox.tenant_of(server.device).as_deref(), Some("baremetal-staging"));
        assert_eq!(netbox.field_of(server.device, "lifecycle_state"), Some("staged".into()));
        for name in ["eno1", "eno2"] {
            let port = netbox.interface_id(server.device, name).unwrap();
            assert_eq!(netbox.cable_of(port).map(|(_, status)| status).as_deref(), Some("connected"));
            assert!(netbox.primary_mac(port).is_some());
        }
        // Six transitions and five steps of the validation image.
        assert_eq!(netbox.notes_of(server.device).len(), 11);
        b.outside.clock.sleep(Duration::from_secs(61)).await;
        let bmc = b.outside.fleet.get(&server.serial).unwrap().counters();
        assert_eq!((bmc.resets_total(), bmc.armed, bmc.logins_bad, bmc.sessions_open), (1, 1, 0, 0));
    }
    assert_eq!(b.outside.netbox.cable_count(), 6);
    assert_eq!(b.outside.netbox.address_count(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_life_costs_netbox_few_requests_and_its_journal_gets_what_was_measured() {
    let b = Bench::with(1);
    b.lease(0).await;
    b.staged(0).await;
    let (asked, device) = (b.outside.netbox.asked(), b.outside.servers[0].device);
    let of = |key: &str| asked.get(key).copied().unwrap_or_default();
    assert!(b.outside.netbox.requests() <= 50, "{} {asked:?}", b.outside.netbox.requests());
    assert!(of("GET extras/journal-entries") <= 3 * of("POST extras/journal-entries"), "{asked:?}");
    let notes = b.outside.netbox.notes_of(device);
    let memory = notes.iter().find(|(_, text)| text.contains("02-memory passed")).unwrap();
    assert!(memory.1.contains("; "), "{memory:?}");
}

#[tokio::test(start_paused = true)]
async fn a_cable_in_the_wrong_port_is_a_task_and_staging_waits_for_the_machine_to_show_it_mended() {
    let b = Bench::with(1);
    let twin = b.outside.fleet.get(&b.outside.servers[0].serial).unwrap();
    let mut wrong = b.outside.servers[0].plan[0].clone();
    wrong.port = "Ethernet48".into();
    twin.flaw(|f| f.neighbour = Some((0, Some(wrong))));
    b.lease(0).await;
    b.until(0, Unit::is_blocked).await;
    let unit = b.unit(0).unwrap();
    assert_eq!((unit.stage, unit.tasks.len()), (Stage::Discovered, 1));
    let (id, task) = unit.tasks[0].clone();
    assert_eq!((task.kind, task.role), (TaskKind::FixCable, Role::Technician));
    assert!(task.text.contains("fra1-r01") && task.text.contains("Ethernet48") && task.text.contains("Ethernet1"));

    twin.flaw(|f| f.neighbour = None);
    b.say(Command::CloseTask { unit: unit.id, task: id, note: "moved".into() }).await.unwrap();
    b.staged(0).await;
    assert_eq!(twin.counters().resets_total(), 2, "the machine had to show it itself");
}

#[tokio::test(start_paused = true)]
async fn a_wrong_password_is_tried_once_and_parks_until_a_person_retries() {
    let mut b = Bench::with(1);
    let twin = b.outside.fleet.get(&b.outside.servers[0].serial).unwrap();
    twin.behave(|x| x.bad_credentials = true);
    b.lease(0).await;
    b.until(0, |u| u.steps.parked().next().is_some()).await;
    b.outside.clock.sleep(Duration::from_secs(86_400)).await;
    assert_eq!(twin.counters().logins_bad, 1);
    let unit = b.unit(0).unwrap();
    let (progress, fault) = unit.steps.parked().next().map(|(p, f)| (p.clone(), f.clone())).unwrap();
    assert_eq!(progress.step, Step::LogInToBmc);
    assert!(fault.advice.contains("password"), "{fault}");
    b.restart();
    let asked = b.site.desk.ports.keepers.session(&b.unit(0).unwrap()).map(drop);
    assert_eq!(asked.map_err(|f| f.kind), Err(Kind::Unauthorised), "nor after a restart");
    let twin = b.outside.fleet.get(&b.outside.servers[0].serial).unwrap();
    assert_eq!(twin.counters().logins_bad, 1);
    twin.behave(|x| x.bad_credentials = false);
    b.say(Command::Retry { subject: Subject::Unit(unit.id) }).await.unwrap();
    b.staged(0).await;
}

#[tokio::test(start_paused = true)]
async fn a_machine_that_stays_silent_climbs_the_ladder_once_and_then_waits_for_a_person() {
    let b = Bench::with(1);
    let twin = b.outside.fleet.get(&b.outside.servers[0].serial).unwrap();
    twin.behave(|x| x.ignore_override = u32::MAX);
    b.lease(0).await;
    b.until(0, |u| u.steps.parked().next().is_some()).await;
    b.outside.clock.sleep(Duration::from_secs(3 * 86_400)).await;
    let resets = twin.counters().resets;
    // On from off; then off and on again.
    assert_eq!(resets.values().sum::<u32>(), 3, "{resets:?}");
    let said = b.unit(0).unwrap().steps.parked().next().map(|(_, f)| f.to_string()).unwrap();
    assert!(said.contains("power cycle") && said.contains("console"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn netbox_away_for_hours_loses_nothing() {
    let b = Bench::with(20);
    b.outside.disconnect_netbox();
    for n in 0..20 {
        b.lease(n).await;
    }
    b.outside.clock.sleep(Duration::from_secs(6 * 3_600)).await;
    assert!(b.site.desk.gates.netbox.trouble().is_some());
    let events = b.site.ledger.world().head;
    // Twenty sightings, and one failed probe in five minutes, however many servers wait.
    assert!(events < 20 + 6 * 12 + 20, "an outage must not fill the journal: {events} events");
    b.outside.connect_netbox();
    for n in 0..20 {
        b.staged(n).await;
    }
    assert!(b.site.desk.gates.netbox.trouble().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_stops_intake_and_loses_nothing_it_acknowledged() {
    let b = Bench::with(2);
    b.lease(0).await;
    b.until(0, |u| u.stage == Stage::Discovered).await;
    let full = Arc::new(Mutex::new(true));
    let flag = full.clone();
    b.journal.inject(Box::new(move |_| flag.lock().unwrap().then(|| JournalError::Full { what: "no space".into() })));
    let told = b.say(Command::Import {
        site: SiteId::new("fra1"),
        serial: "CZ2X000001".into(),
        bmc_mac: None,
        vendor: Some(Vendor::Hpe),
        model: None,
        stage: Stage::Received,
    });
    assert_eq!(told.await.map_err(|r| r.why), Err(Why::Unavailable));
    assert!(b.site.ledger.stopped().is_some_and(|why| why.contains("no space")));
    b.outside.clock.sleep(Duration::from_secs(3_600)).await;
    let head = b.site.ledger.world().head;
    assert_eq!(head, b.store.lock().unwrap().head(), "nobody hears of what is not on disk");
    *full.lock().unwrap() = false;
    b.staged(0).await;
    assert!(b.site.ledger.stopped().is_none());
    assert!(b.unit(1).is_none());
    b.lease(1).await;
    b.staged(1).await;
}

#[tokio::test(start_paused = true)]
async fn once_there_is_space_again_intake_is_open_before_anybody_writes() {
    let b = Bench::with(1);
    let full = Arc::new(Mutex::new(true));
    let flag = full.clone();
    b.journal.inject(Box::new(move |_| flag.lock().unwrap().then(|| JournalError::Full { what: "no space".into() })));
    let order = || Command::Import {
        site: SiteId::new("fra1"),
        serial: "CZ2X000001".into(),
        bmc_mac: None,
        vendor: None,
        model: None,
        stage: Stage::Received,
    };
    assert_eq!(b.say(order()).await.map_err(|r| r.why), Err(Why::Unavailable));
    b.outside.clock.sleep(Duration::from_secs(60)).await;
    assert!(b.site.ledger.stopped().is_some(), "nothing has changed");
    *full.lock().unwrap() = false;
    b.outside.clock.sleep(Duration::from_secs(2)).await;
    assert_eq!(b.site.ledger.stopped(), None);
    assert_eq!(b.site.ledger.world().head, 0, "the probe is no event");
    b.say(order()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_steps_call_is_told_counted_and_tried_again() {
    // Whichever of the connections of a life it falls on: a life for each.
    let mut fallen: BTreeSet<Step> = BTreeSet::new();
    for netbox in [true, false] {
        for after in 0.. {
            let b = Bench::with(1);
            let server = b.outside.servers[0].clone();
            let authority = if netbox { format!("{NETBOX}:80") } else { format!("{}:443", server.address) };
            let hang_up = Rule { method: None, path: String::new(), effect: Effect::HangUp, times: u32::MAX };
            b.outside.netbox_faults.add(hang_up.clone());
            let twin = b.outside.fleet.get(&server.serial).unwrap();
            twin.faults.add(hang_up);
            b.outside.network.plant_bug(&authority, after);
            b.lease(0).await;
            b.staged(0).await;
            if b.outside.network.holds_bug(&authority) {
                assert!(after > 5, "{authority}: a life has only {after} connections");
                break;
            }
            let told = |event: &Event| match event {
                Event::Step(StepEvent::StepFailed { step, fault, .. } | StepEvent::StepUnknown { step, fault, .. }) => {
                    fault.what.contains("Rackhand itself failed in").then_some(*step)
                }
                _ => None,
            };
            let mut all = Vec::new();
            b.store.lock().unwrap().replay(0, &mut |r| all.push(r.draft.event)).unwrap();
            let told: Vec<Step> = all.iter().filter_map(told).collect();
            // What is beside the steps, as the end of a session, falls without one.
            assert!(told.len() <= 1, "{authority}, connection {after}: {told:?}");
            assert!(twin.counters().resets_total() <= 3, "{authority}, connection {after}: {told:?}");
            fallen.extend(told);
        }
    }
    use Step::{
        ArmNetworkBoot, AssignBmcAddress, EnterStaging, LogInToBmc, LookUpDevice, ReachBmc, ResetForBoot, WriteNotes,
    };
    for step in
        [LookUpDevice, AssignBmcAddress, WriteNotes, ReachBmc, LogInToBmc, ArmNetworkBoot, ResetForBoot, EnterStaging]
    {
        assert!(fallen.contains(&step), "{step} never fell: {fallen:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_daemon_that_dies_while_a_reset_is_on_its_way_does_not_send_it_again() {
    let mut b = Bench::with(1);
    b.lease(0).await;
    let serial = b.outside.servers[0].serial.clone();
    b.until(0, |u| u.steps.at(Step::ResetForBoot).is_some()).await;
    b.restart();
    b.staged(0).await;
    let resets = b.outside.fleet.get(&serial).unwrap().counters().resets_total();
    assert!(resets <= 3, "one restart, or off and on by the next rung: {resets}");
    let unknown = |e: &Event| matches!(e, Event::Step(StepEvent::StepUnknown { step: Step::ResetForBoot, .. }));
    assert!(b.events(0).iter().any(unknown), "what is not known is said");
}

#[tokio::test(start_paused = true)]
async fn a_mistaken_offline_on_a_server_in_service_touches_nothing() {
    let b = Bench::with(1);
    let server = b.outside.servers[0].clone();
    b.say(Command::Import {
        site: SiteId::new("fra1"),
        serial: server.serial.as_str().into(),
        bmc_mac: Some(server.bmc_mac),
        vendor: None,
        model: None,
        stage: Stage::InService,
    })
    .await
    .unwrap();
    assert_eq!(b.outside.netbox.status_of(server.device).as_deref(), Some("offline"));
    b.lease(0).await;
    b.until(0, |u| !u.tasks.is_empty()).await;
    b.outside.clock.sleep(Duration::from_secs(86_400)).await;
    let unit = b.unit(0).unwrap();
    assert_eq!((unit.stage, unit.tasks[0].1.kind), (Stage::InService, TaskKind::SettleInventory));
    assert_eq!(b.outside.fleet.get(&server.serial).unwrap().counters().requests, 0, "its BMC was not spoken to");
    assert_eq!(b.outside.netbox.status_of(server.device).as_deref(), Some("offline"));
    assert_eq!(b.outside.netbox.address_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn cancelling_on_the_way_undoes_what_was_done_in_reverse() {
    let b = Bench::with(1);
    let server = b.outside.servers[0].clone();
    b.lease(0).await;
    b.until(0, |u| u.boot.armed).await;
    let unit = b.unit(0).unwrap();
    b.say(Command::Cancel { unit: unit.id, reason: "wrong order".into() }).await.unwrap();
    b.until(0, |u| u.disposition == Disposition::Cancelled && u.steps.undo().is_empty()).await;
    assert_eq!(b.outside.netbox.address_count(), 1, "the address is kept for whom it belongs to");
    assert_eq!(b.outside.netbox.oob_of(server.device), None);
    let undone: Vec<Step> = b
        .events(0)
        .iter()
        .filter_map(|e| match e {
            Event::Step(StepEvent::StepObserved {
                step: s @ (Step::DisarmNetworkBoot | Step::ReleaseBmcAddress),
                ..
            }) => Some(*s),
            _ => None,
        })
        .collect();
    assert_eq!(undone, [Step::DisarmNetworkBoot, Step::ReleaseBmcAddress]);
    b.outside.clock.sleep(Duration::from_secs(86_400)).await;
    assert_eq!(b.unit(0).unwrap().stage, Stage::Discovered);
}

#[tokio::test(start_paused = true)]
async fn a_machine_without_a_boot_on_its_way_gets_no_image() {
    let b = Bench::with(1);
    b.lease(0).await;
    b.staged(0).await;
    let unit = b.unit(0).unwrap();
    let again = Input::BootRequest {
        serial: unit.serial.clone().unwrap(),
        nic: unit.nics().next(),
        token: rackhand_core::bmc::Fingerprint([9; 32]),
    };
    let answer = b.site.ledger.submit(Actor::Wire, Patience::Refuse, again).await.unwrap().answer;
    assert!(matches!(answer, rackhand_core::decide::Answer::BootLocal(_)), "{answer:?}");
    assert_eq!(b.unit(0).unwrap().revision, unit.revision);
}

#[tokio::test(start_paused = true)]
async fn reports_that_come_during_a_hold_are_kept_and_judged_at_its_release() {
    let b = Bench::with(1);
    b.lease(0).await;
    b.until(0, |u| u.boot.token.is_some()).await;
    let id = b.unit(0).unwrap().id;
    b.say(Command::Hold { unit: id, reason: "power work".into() }).await.unwrap();
    b.until(0, |u| u.validation.report.is_some()).await;
    b.outside.clock.sleep(Duration::from_secs(86_400)).await;
    assert_eq!(b.unit(0).unwrap().stage, Stage::Discovered);
    b.say(Command::Release { unit: id, reason: None }).await.unwrap();
    b.staged(0).await;
    assert_eq!(b.outside.fleet.get(&b.outside.servers[0].serial).unwrap().counters().resets_total(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_stop_does_not_wait_for_a_netbox_that_is_away() {
    let b = Bench::with(12);
    b.outside.disconnect_netbox();
    for n in 0..12 {
        b.lease(n).await;
    }
    b.outside.clock.sleep(Duration::from_secs(3_600)).await;
    assert!(b.site.desk.gates.netbox.trouble().is_some());
    let told = b.outside.clock.now();
    b.site.stop().await.unwrap();
    let took = b.outside.clock.now().since(told);
    assert!(took < Duration::from_secs(60), "{took:?}");
    let store = b.store.lock().unwrap();
    let snapshot = store.load_snapshot(rackhand_core::world::FOLD).unwrap().map(|(seq, _)| seq);
    assert_eq!(snapshot, Some(store.head() - 1), "the next start folds nothing but the event that vouches for it");
    assert_eq!(fold(&store).unwrap().sightings.len(), 12);
}

#[tokio::test(start_paused = true)]
async fn a_note_of_a_new_journal_is_not_taken_for_that_of_a_lost_one_with_the_same_number() {
    let mut b = Bench::with(1);
    b.lease(0).await;
    b.staged(0).await;
    let (device, mac) = (b.outside.servers[0].device, b.outside.servers[0].bmc_mac);
    let before = b.outside.netbox.notes_of(device);
    let number =
        before.iter().find_map(|(_, text)| text.split("[rackhand fra1/").nth(1)?.strip_suffix(']')?.parse().ok());
    let number: u64 = number.unwrap();
    b.outside.door.close();
    // The new journal's first note is about an event with a number that the old one used.
    let journal_itself = |event| (Subject::Journal, event);
    let other = Subject::Bmc(rackhand_core::mac::Mac([2; 6]));
    let begin = journal_itself(Event::Journal(JournalEvent::EpochBegun { epoch: 9, origin: Origin::First }));
    let rest = (2..number - 2).map(|_| (other, Event::Discovery(DiscoveryEvent::SightingForgotten {})));
    let draft = |(subject, event)| Draft { at: EPOCH, subject, actor: Actor::Rackhand, cause: None, event };
    let drafts: Vec<Draft> = std::iter::once(begin).chain(rest).map(draft).collect();
    b.store = Arc::new(Mutex::new(Store::open_in_memory(&SiteId::new("fra1")).unwrap()));
    b.store.lock().unwrap().append(&drafts).unwrap();
    b.restart();
    b.lease(0).await;
    let mut worlds = b.site.ledger.worlds();
    let noted =
        worlds.wait_for(|w| w.sightings.get(&mac).is_some_and(|s| !s.warned.is_empty() && s.notes.owed.is_empty()));
    assert_eq!(b.outside.clock.timeout(Duration::from_secs(3_600), async { noted.await.is_ok() }).await, Some(true));
    let after = b.outside.netbox.notes_of(device);
    assert_eq!(after.len(), before.len() + 1, "{after:#?}");
    let key = format!("[rackhand fra1/9/{number}]");
    assert!(after.iter().any(|(_, text)| text.ends_with(&key)), "{key}: {after:#?}");
}
