//! The daemon's own copy of NetBox: it follows, it outlives a restart, and nothing but what is shown rests on it.

use rackhand_core::decide::{Refusal, Why};
use rackhand_core::id::Role;
use rackhand_core::inventory::questions::{DiffQuery, NetboxCheck, NetboxDiff, SightingQuery};
use rackhand_core::inventory::rack::Elevations;
use rackhand_core::inventory::reconcile::Field;
use rackhand_core::placement::questions::{OneRack, RackOf, RackQuery};
use rackhand_core::policy::Policy;
use rackhand_core::view::Cut;
use rackhand_core::world::World;
use rackhand_daemon::journal::{Journal, Store};
use rackhand_daemon::projection::{Held, Projection, Settings as Keeping};
use rackhand_daemon::random::Random;
use rackhand_daemon::site::Site;
use rackhand_lab::bmc::Pace;
use rackhand_lab::machine::LifePace;
use rackhand_lab::outside::{EPOCH, Outside};
use rackhand_rpc::ask::AskError;
use rackhand_rpc::codec::transport;
use rackhand_rpc::hello::greet;
use rackhand_rpc::{ConsoleClient, JournalQuery};
use serde::de::DeserializeOwned;

use super::*;

const TEN: Cut = Cut { offset: 0, limit: 10 };

fn of_site(site: SiteId) -> RackQuery {
    RackQuery { site: Some(site), cut: TEN, ..RackQuery::default() }
}

const MINUTE: Duration = Duration::from_mins(1);

fn keeping(file: Option<std::path::PathBuf>) -> Keeping {
    Keeping { file, changes: 5 * MINUTE, whole: 24 * 60 * MINUTE }
}

pub fn outside() -> Outside {
    let mut outside = Outside::new(Clock::scaled(EPOCH, 1.0), Policy::standard(site()), LifePace::default());
    for n in 0..3 {
        outside.add_server(n, "fra1", Pace::default());
    }
    outside
}

pub fn start(outside: &Outside) -> Site {
    let store = Arc::new(Mutex::new(Store::open_in_memory(&site()).unwrap()));
    outside.start(Journal::inline(store), World::default(), Random::from_seed(7), false)
}

/// Waits for a copy that is so.
async fn until(projection: &Projection, clock: &Clock, so: impl Fn(&Held) -> bool) -> Arc<Held> {
    let mut states = projection.states();
    let found = clock.timeout(5_000 * MINUTE, states.wait_for(|s| s.held.as_ref().is_some_and(|h| so(h)))).await;
    found.expect("it becomes so").unwrap().held.clone().unwrap()
}

pub async fn console(site: &Site, role: Role) -> ConsoleClient {
    let (ours, theirs) = tokio::io::duplex(64 << 10);
    tokio::spawn(site.desk.clone().serve(theirs, Text::new("anna"), Some(role)));
    let mut ours = ours;
    greet(&mut ours).await.unwrap();
    #[allow(clippy::default_trait_access)] // its type is tarpc's, which these tests do not know
    ConsoleClient::new(Default::default(), transport(ours)).spawn()
}

pub fn soon<T: DeserializeOwned>() -> T {
    serde_json::from_value(json!({
        "deadline": { "secs": 100, "nanos": 0 },
        "trace_context": { "trace_id": vec![0_u8; 16], "span_id": 0, "sampling_decision": "Unsampled" },
    }))
    .unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_copy_follows_netbox_and_says_how_old_it_is() {
    let mut outside = outside();
    outside.projection = Some(keeping(None));
    let running = start(&outside);
    let projection = running.desk.projection.clone().unwrap();
    let first = until(&projection, &outside.clock, |_| true).await;
    assert!(first.inventory.devices.len() >= 3);
    let device = outside.servers[1].device;
    let requests = outside.netbox.requests();
    outside.netbox.edit(device, &json!({ "status": "failed" }), outside.clock.now());
    let failed = |h: &Held| h.inventory.devices[&device].status.as_str() == "failed";
    let second = until(&projection, &outside.clock, failed).await;
    assert_eq!(second.whole_at, first.whole_at);
    assert!(second.read_at.since(first.read_at) <= 6 * MINUTE);
    assert!(outside.netbox.requests() - requests <= 2 + 2, "two looks at the most");
    // While it is away the copy grows old and says why; a day later everything is read anew.
    outside.disconnect_netbox();
    let mut states = projection.states();
    states.wait_for(|s| s.trouble.is_some()).await.unwrap();
    assert_eq!(projection.state().held, Some(second.clone()));
    outside.connect_netbox();
    until(&projection, &outside.clock, |h| h.whole_at > second.whole_at).await;
    running.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn while_netbox_is_away_a_sighting_says_which_device_it_probably_is_and_nothing_follows_from_it() {
    let home = tempfile::tempdir().unwrap();
    let mut outside = outside();
    outside.projection = Some(keeping(Some(home.path().join("copy"))));
    let before = start(&outside);
    let copy = until(before.desk.projection.as_ref().unwrap(), &outside.clock, |_| true).await;
    before.stop().await.unwrap();
    // The next daemon starts with NetBox away, and has the copy of the one before.
    outside.disconnect_netbox();
    let running = start(&outside);
    assert_eq!(running.desk.projection.as_ref().unwrap().state().held, Some(copy.clone()));
    outside.lease(&running, &outside.servers[0]).await;
    outside.clock.sleep(MINUTE).await;
    let console = console(&running, Role::ReadOnly).await;
    let seen = console.ask(soon(), SightingQuery(TEN)).await.unwrap().answer;
    let told = seen.rows[0].probably.clone().unwrap_or_else(|| panic!("{seen:?}"));
    assert!(told.contains(&copy.read_at.to_string()) && told.contains("this is srv-0000"), "{told}");
    assert!(running.ledger.world().units.is_empty(), "it is only shown");
    outside.connect_netbox();
    outside.clock.sleep(10 * MINUTE).await;
    let seen = console.ask(soon(), SightingQuery(TEN)).await.unwrap().answer;
    assert_eq!(
        (seen.rows[0].probably.clone(), seen.rows[0].verdict.as_deref()),
        (None, Some("promoted to discovered"))
    );
    running.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn consoles_check_set_up_and_compare_by_role() {
    let mut outside = outside();
    let bare = start(&outside);
    let none = console(&bare, Role::Admin).await.ask(soon(), DiffQuery(TEN)).await;
    assert!(matches!(none, Err(AskError::Refused(refusal)) if refusal.why == Why::Unavailable));
    bare.stop().await.unwrap();
    outside.projection = Some(keeping(None));
    let running = start(&outside);
    until(running.desk.projection.as_ref().unwrap(), &outside.clock, |_| true).await;
    for role in [Role::ReadOnly, Role::Technician, Role::Operator, Role::Approver, Role::Admin] {
        let console = console(&running, role).await;
        let refused = |r: Option<Refusal>| r.map(|r| r.why);
        let check: Result<NetboxCheck, _> = console.netbox_check(soon()).await.unwrap();
        assert_eq!(
            refused(check.as_ref().err().cloned()),
            (role < Role::Operator).then_some(Why::NotAllowed),
            "{role}"
        );
        if let Ok(check) = check {
            assert!(check.is_ready(), "{check:?}");
        }
        let init = console.netbox_init(soon()).await.unwrap();
        assert_eq!(refused(init.err()), (role < Role::Admin).then_some(Why::NotAllowed), "{role}");
        let diff: NetboxDiff = console.ask(soon(), DiffQuery(TEN)).await.unwrap().answer;
        // The servers NetBox knows and the journal does not yet.
        assert_eq!((diff.total, diff.rows.len()), (3, 3));
        assert!(diff.rows.iter().all(|d| d.then.contains("first lease")));
    }
    running.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_a_person_has_made_in_netbox_stands_in_the_journal_under_their_name() {
    let outside = outside();
    outside.netbox.remove_custom_field("discovered_at");
    let running = start(&outside);
    let console = console(&running, Role::Admin).await;
    let made = console.netbox_init(soon()).await.unwrap().unwrap().created;
    assert!(made.len() == 1 && made[0].contains("discovered_at"), "{made:?}");
    assert!(console.netbox_init(soon()).await.unwrap().unwrap().created.is_empty());
    let query = JournalQuery { kind: Some("netbox_prepared".into()), limit: 10, ..JournalQuery::default() };
    let rows = console.ask(soon(), query).await.unwrap().answer.rows;
    assert_eq!(rows.len(), 1, "nothing is told of a run that made nothing: {rows:?}");
    assert!(rows[0].actor.as_str() == "anna" && rows[0].text.contains("discovered_at"), "{rows:?}");
    running.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_journal_and_a_netbox_that_have_gone_a_way_together_agree() {
    let mut outside = outside();
    outside.projection = Some(keeping(None));
    let running = start(&outside);
    for server in &outside.servers {
        outside.lease(&running, server).await;
    }
    let mut worlds = running.ledger.worlds();
    let staged = |w: &Arc<World>| w.units.len() == 3 && w.units.values().all(|u| u.stage == Stage::Staged);
    outside.clock.timeout(1_000 * MINUTE, worlds.wait_for(staged)).await.expect("they get there").unwrap();
    let (now, projection) = (outside.clock.now(), running.desk.projection.clone().unwrap());
    // The copy is older than what was just written, and says nothing of it.
    assert!(projection.state().held.unwrap().read_at < now);
    let early = console(&running, Role::ReadOnly).await.ask(soon(), DiffQuery(TEN)).await.unwrap().answer;
    assert!(early.rows.iter().all(|row| row.field == Field::Device), "{:?}", early.rows);
    until(&projection, &outside.clock, |h| h.read_at.since(now) > 6 * MINUTE).await;
    let diff = console(&running, Role::ReadOnly).await.ask(soon(), DiffQuery(TEN)).await.unwrap().answer;
    assert_eq!(diff.rows, Vec::new());
    running.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_moved_device_is_followed_in_its_rack_and_the_racks_are_read_again_where_it_goes_to_an_unknown_one() {
    let home = tempfile::tempdir().unwrap();
    let mut outside = outside();
    outside.projection = Some(keeping(Some(home.path().join("copy"))));
    let running = start(&outside);
    let projection = running.desk.projection.clone().unwrap();
    let first = until(&projection, &outside.clock, |_| true).await;
    let (elevations, at) = first.elevations.clone().unwrap();
    let device = outside.servers[1].device;
    let place = |e: &Elevations| e.mounted.iter().find(|m| m.device == device).unwrap().position;
    assert_eq!((elevations.racks.len(), place(&elevations), at), (1, Some(6), first.read_at));
    // A status is no place: the racks are known to be as they were, without being read.
    let before = outside.netbox.requests();
    outside.netbox.edit(device, &json!({ "status": "failed" }), outside.clock.now());
    let second = until(&projection, &outside.clock, |h| h.read_at > first.read_at).await;
    assert_eq!(second.elevations, Some((elevations, second.read_at)));
    assert!(outside.netbox.requests() - before <= 3, "{}", outside.netbox.requests() - before);
    let moved = outside.netbox.requests();
    outside.netbox.edit(device, &json!({ "position": 20.0 }), outside.clock.now());
    let third = until(&projection, &outside.clock, |h| place(&h.elevations.as_ref().unwrap().0) == Some(40)).await;
    assert_eq!(third.whole_at, first.whole_at);
    // The change log, and the device.
    let cost = outside.netbox.requests() - moved;
    assert!(cost <= 4, "{cost}");
    let rack = outside.netbox.add_rack(&rackhand_lab::netbox::RackSpec::standard("fra1", "new"));
    outside.netbox.edit(device, &json!({ "rack": rack, "position": 3.0 }), outside.clock.now());
    let there = |h: &Held| h.elevations.as_ref().unwrap().0.mounted.iter().any(|m| m.rack == rack);
    let third = until(&projection, &outside.clock, there).await;
    assert_eq!(third.elevations.as_ref().unwrap().0.racks.len(), 2);
    running.stop().await.unwrap();
    // They outlive a restart.
    outside.disconnect_netbox();
    let again = start(&outside);
    assert_eq!(again.desk.projection.as_ref().unwrap().state().held.unwrap().elevations, third.elevations);
    again.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_token_that_may_not_see_racks_costs_the_racks_and_not_the_devices() {
    let mut outside = outside();
    outside.projection = Some(keeping(None));
    outside.netbox.deny(rackhand_lab::outside::TOKEN, "view", "dcim/racks");
    let running = start(&outside);
    let projection = running.desk.projection.clone().unwrap();
    let held = until(&projection, &outside.clock, |h| h.inventory.devices.len() >= 3).await;
    assert_eq!(held.elevations, None);
    assert!(projection.state().trouble.unwrap().contains("dcim/racks"));
    running.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn consoles_see_racks_by_the_copy_and_without_one_what_the_journal_remembers() {
    let mut outside = outside();
    let bare = start(&outside);
    outside.lease(&bare, &outside.servers[0]).await;
    let mut worlds = bare.ledger.worlds();
    let known = worlds.wait_for(|w| w.units.values().any(|u| u.place().is_some())).await.unwrap().clone();
    let unit = *known.units.keys().next().unwrap();
    let asked = console(&bare, Role::ReadOnly).await;
    let page = asked.ask(soon(), RackQuery { cut: TEN, ..RackQuery::default() }).await.unwrap().answer;
    assert_eq!((page.total, page.rows[0].height, page.rows[0].read_at), (1, None, None));
    let at = asked.ask(soon(), RackOf(unit)).await.unwrap().answer.unwrap();
    assert_eq!((at.0.as_str(), at.1.as_str()), ("fra1", "fra1-r01"));
    let rack = asked.ask(soon(), OneRack { site: at.0, name: at.1 }).await.unwrap().answer.unwrap();
    assert_eq!((rack.slots.len(), rack.slots[0].unit()), (1, Some(unit)));
    assert_eq!(asked.ask(soon(), OneRack { site: site(), name: "none".into() }).await.unwrap().answer, None);
    bare.stop().await.unwrap();
    outside.projection = Some(keeping(None));
    let running = start(&outside);
    let copy = until(running.desk.projection.as_ref().unwrap(), &outside.clock, |_| true).await;
    let asked = console(&running, Role::ReadOnly).await;
    let page = asked.ask(soon(), of_site(site())).await.unwrap().answer;
    assert_eq!((page.rows[0].height, page.rows[0].used, page.rows[0].read_at), (Some(84), Some(6), Some(copy.read_at)));
    assert_eq!(asked.ask(soon(), of_site(SiteId::new("ams2"))).await.unwrap().answer.total, 0);
    running.stop().await.unwrap();
}
