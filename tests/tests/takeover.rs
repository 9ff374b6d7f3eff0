//! Servers that run already come in: over the console's own protocol, with the lab's NetBox and BMCs.
#![allow(clippy::unwrap_used)]

use std::sync::{Arc, Mutex};

use rackhand_adapters::port::clock::Clock;
use rackhand_core::decide::Why;
use rackhand_core::decide::command::Command;
use rackhand_core::flow::next::for_unit;
use rackhand_core::id::{PlanId, Role, SiteId, Subject, UnitId};
use rackhand_core::lifecycle::stage::{Disposition, Stage};
use rackhand_core::lifecycle::unit::Unit;
use rackhand_core::policy::Policy;
use rackhand_core::secret::{Account, Secret};
use rackhand_core::takeover::{Login, Taken};
use rackhand_core::text::Text;
use rackhand_core::world::World;
use rackhand_daemon::journal::{Journal, Store};
use rackhand_daemon::random::Random;
use rackhand_daemon::site::Site;
use rackhand_lab::bmc::Pace;
use rackhand_lab::machine::LifePace;
use rackhand_lab::outside::{EPOCH, Outside};
use rackhand_rpc::ConsoleClient;
use rackhand_rpc::codec::transport;
use rackhand_rpc::hello::greet;
use rackhand_rpc::password::Given;
use rackhand_rpc::takeover::{Confirm, Filter, TakeOverPlan};
use serde_json::json;

#[allow(dead_code)]
#[path = "support/console.rs"]
mod support;

/// A site whose servers ran before there was Rackhand.
struct Bench {
    outside: Outside,
    site: Site,
    store: Arc<Mutex<Store>>,
}

impl Bench {
    /// So many servers, active and tenant `acme`'s, their BMCs' addresses in NetBox.
    fn with(servers: usize) -> Self {
        let fra1 = SiteId::new("fra1");
        let clock = Clock::scaled(EPOCH, 1.0);
        let mut outside = Outside::new(clock, Policy::standard(fra1.clone()), LifePace::default());
        let acme = outside.netbox.add_tenant("acme");
        for n in 0..servers {
            let (device, address) = {
                let server = outside.add_server(n, "fra1", Pace::default());
                (server.device, server.address)
            };
            let netbox = &outside.netbox;
            let bmc = netbox.interface_id(device, "bmc").unwrap();
            netbox.set_oob(device, netbox.add_ip(&format!("{address}/24"), Some(bmc)));
            netbox.edit(device, &json!({ "status": "active", "tenant": acme }), EPOCH);
        }
        let store = Arc::new(Mutex::new(Store::open_in_memory(&fra1).unwrap()));
        let site = outside.start(Journal::inline(store.clone()), World::default(), Random::from_seed(7), false);
        Self { outside, site, store }
    }

    #[allow(clippy::default_trait_access)] // its type is tarpc's
    async fn console(&self, name: &str, role: Role) -> ConsoleClient {
        let (mut ours, theirs) = tokio::io::duplex(1 << 20);
        tokio::spawn(self.site.desk.clone().serve(theirs, name.into(), Some(role)));
        greet(&mut ours).await.unwrap();
        ConsoleClient::new(Default::default(), transport(ours)).spawn()
    }

    fn serial(&self, n: usize) -> Text {
        self.outside.servers[n].serial.as_str().into()
    }

    fn unit(&self, n: usize) -> Option<Unit> {
        self.site.ledger.world().by_serial(&self.serial(n)).cloned()
    }

    /// Resets, armed boots, and logins that worked and that did not, of a server's BMC.
    fn touched(&self, n: usize) -> (u32, u32, u32, u32) {
        let seen = self.outside.fleet.get(&self.serial(n)).unwrap().counters();
        (seen.resets.values().sum(), seen.armed, seen.logins_ok, seen.logins_bad)
    }
}

async fn plan(console: &ConsoleClient, filter: Filter) -> TakeOverPlan {
    console.plan_take_over(support::soon(), filter).await.unwrap().unwrap()
}

async fn confirm(console: &ConsoleClient, plan: PlanId, serials: Vec<Text>) -> Vec<Taken> {
    let confirm = Confirm { plan, serials, reason: "it has run for years".into() };
    let taken = console.confirm_take_over(support::soon(), confirm).await.unwrap().unwrap();
    taken.into_iter().map(|(_, taken)| taken).collect()
}

#[tokio::test(start_paused = true)]
async fn the_running_fleet_comes_in_with_one_login_each_and_nothing_is_written() {
    let bench = Bench::with(3);
    let anna = bench.console("anna", Role::Operator).await;
    let seen = plan(&anna, Filter::default()).await;
    assert_eq!(seen.rows.len(), 3);
    assert!(seen.rows.iter().all(|row| row.candidate.obstacle.is_none() && row.bmc_address.is_some()), "{seen:?}");
    assert!((0..3).all(|n| bench.touched(n) == (0, 0, 0, 0)), "a plan asks no BMC");
    assert!(bench.site.ledger.world().units.is_empty());

    let before: Vec<_> = bench.outside.servers.iter().map(|s| bench.outside.netbox.notes_of(s.device).len()).collect();
    let serials: Vec<Text> = (0..3).map(|n| bench.serial(n)).collect();
    let taken = confirm(&anna, seen.plan.unwrap(), serials.clone()).await;
    assert!(taken.iter().all(|t| matches!(t, Taken::Entered(Stage::InService, Login::Proven { .. }))), "{taken:?}");
    for (n, noted) in before.into_iter().enumerate() {
        let unit = bench.unit(n).unwrap();
        assert_eq!((unit.stage, unit.disposition), (Stage::InService, Disposition::Normal));
        assert!(unit.certificate.is_some() && unit.identity.is_some() && unit.tenant == Some("acme".into()));
        assert!(for_unit(&unit, EPOCH).moves.is_empty());
        assert_eq!(bench.touched(n), (0, 0, 1, 0), "one login, and nothing else");
        let device = bench.outside.servers[n].device;
        assert_eq!(bench.outside.netbox.status_of(device).as_deref(), Some("active"));
        assert_eq!(bench.outside.netbox.field_of(device, "lifecycle_state"), None);
        assert_eq!(bench.outside.netbox.notes_of(device).len(), noted, "no note either");
    }
    assert_eq!(confirm(&anna, seen.plan.unwrap(), serials).await, vec![Taken::Already; 3]);
    assert!((0..3).all(|n| bench.touched(n).2 == 1), "who is in is not logged in to again");

    // Its lease comes, as it does every few hours: it is left alone.
    for server in &bench.outside.servers {
        bench.outside.lease(&bench.site, server).await;
    }
    let mut worlds = bench.site.ledger.worlds();
    worlds.wait_for(|w| w.sightings.values().filter(|s| s.verdict.is_some()).count() == 3).await.unwrap();
    for n in 0..3 {
        assert_eq!((bench.unit(n).unwrap().stage, bench.touched(n)), (Stage::InService, (0, 0, 1, 0)));
    }
    assert!(bench.store.lock().unwrap().verify().is_ok());
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_taken_over_is_told_why_and_what_drifts_is_refused() {
    let bench = Bench::with(4);
    let (netbox, device) = (&bench.outside.netbox, |n: usize| bench.outside.servers[n].device);
    netbox.set_serial(device(1), "");
    netbox.edit(device(2), &json!({ "tenant": null }), EPOCH);
    let anna = bench.console("anna", Role::Operator).await;
    let seen = plan(&anna, Filter::default()).await;
    let why = |n: usize| {
        let row = seen.rows.iter().find(|row| row.candidate.seen.device.id == device(n)).unwrap();
        row.candidate.obstacle.as_ref().map(ToString::to_string).unwrap_or_default()
    };
    assert!(why(1).starts_with("no serial") && why(2).starts_with("tenant missing"), "{} {}", why(1), why(2));
    assert_eq!((why(0), why(3)), (String::new(), String::new()));

    netbox.set_status(device(3), "failed");
    let taken = confirm(&anna, seen.plan.unwrap(), vec![bench.serial(0), bench.serial(2), bench.serial(3)]).await;
    let entered = taken.iter().filter(|t| matches!(t, Taken::Entered(..))).count();
    assert_eq!((entered, bench.site.ledger.world().units.len()), (1, 1), "{taken:?}");
    assert_eq!(
        (bench.touched(2), bench.touched(3)),
        ((0, 0, 0, 0), (0, 0, 0, 0)),
        "what is refused is not logged in to"
    );

    let tina = bench.console("tina", Role::Technician).await;
    let refused = tina.plan_take_over(support::soon(), Filter::default()).await.unwrap().unwrap_err();
    assert_eq!(refused.why, Why::NotAllowed);
    let elsewhere = Filter { site: Some(SiteId::new("ams2")), ..Filter::default() };
    let refused = anna.plan_take_over(support::soon(), elsewhere).await.unwrap().unwrap_err();
    assert!(refused.text.contains("another daemon's"), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn into_the_pool_two_operators_confirm_the_same_plan() {
    let bench = Bench::with(1);
    let device = bench.outside.servers[0].device;
    bench.outside.netbox.edit(device, &json!({ "status": "ready", "tenant": null }), EPOCH);
    let (anna, berta) = (bench.console("anna", Role::Operator).await, bench.console("berta", Role::Operator).await);
    let id = plan(&anna, Filter::default()).await.plan.unwrap();
    let all = || vec![bench.serial(0)];
    let half = confirm(&anna, id, all()).await;
    assert!(matches!(&half[..], [Taken::HalfWay(Stage::Ready, Login::Proven { .. })]), "{half:?}");
    assert_eq!(bench.unit(0).unwrap().disposition, Disposition::Quarantined);
    assert!(matches!(&confirm(&anna, id, all()).await[..], [Taken::Refused(_)]));
    assert_eq!(confirm(&berta, id, all()).await, [Taken::Second]);
    let unit = bench.unit(0).unwrap();
    assert_eq!((unit.stage, unit.disposition), (Stage::Ready, Disposition::Normal));
    assert_eq!(bench.touched(0), (0, 0, 1, 0), "one login for both");
    assert_eq!(bench.outside.netbox.status_of(device).as_deref(), Some("ready"));
}

/// Takes the one server over; its BMC refuses the password, which is tried once.
async fn refused_at_taking_over(bench: &Bench) -> (ConsoleClient, UnitId) {
    let anna = bench.console("anna", Role::Operator).await;
    let id = plan(&anna, Filter::default()).await.plan.unwrap();
    let taken = confirm(&anna, id, vec![bench.serial(0)]).await;
    assert!(matches!(&taken[..], [Taken::Entered(Stage::InService, Login::Refused { .. })]), "{taken:?}");
    assert_eq!(bench.touched(0), (0, 0, 0, 1), "tried once");
    (anna, bench.unit(0).unwrap().id)
}

#[tokio::test(start_paused = true)]
async fn a_refused_password_is_told_and_not_sent_again_until_a_person_gives_another() {
    let bench = Bench::with(1);
    let wrong = Account::new(None, "not-the-one").unwrap();
    bench.site.desk.ports.keys.give([(bench.serial(0), Some(wrong))]).unwrap();
    let (anna, unit) = refused_at_taking_over(&bench).await;
    // The given one was refused: what is left is the configured one, which is right.
    let right = bench.outside.keys().by_serial[bench.serial(0).as_str()].password.reveal().to_owned();
    let given = Given(Account::new(None, &right).unwrap());
    anna.give_password(support::soon(), unit, Some(given)).await.unwrap().unwrap();
    let reading = anna.bmc_reading(support::soon(), unit, None).await.unwrap();
    assert!(reading.is_ok(), "{reading:?}");
    assert_eq!(bench.touched(0).3, 1);
    let mut told = Vec::new();
    bench.store.lock().unwrap().replay(0, &mut |r| told.push(serde_json::to_string(&r).unwrap())).unwrap();
    assert!(told.iter().any(|line| line.contains("password_given")));
    assert!(!told.iter().any(|line| line.contains(&right) || line.contains("not-the-one")), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn a_configured_password_that_was_refused_at_taking_over_is_not_sent_again_before_a_retry() {
    let bench = Bench::with(1);
    let mut keys = bench.outside.keys();
    for account in keys.by_serial.values_mut().chain(keys.by_vendor.values_mut()) {
        account.password = Secret::new("not-the-one");
    }
    bench.site.desk.ports.keys.configure(keys);
    let (anna, unit) = refused_at_taking_over(&bench).await;
    for _ in 0..2 {
        assert!(anna.bmc_reading(support::soon(), unit, None).await.unwrap().is_err());
        assert_eq!(bench.touched(0).3, 1, "whoever asks gets that refusal");
    }
    let retry = Command::Retry { subject: Subject::Unit(unit) };
    anna.command(support::soon(), "r1".into(), retry).await.unwrap().unwrap();
    assert!(anna.bmc_reading(support::soon(), unit, None).await.unwrap().is_err());
    assert_eq!(bench.touched(0).3, 2, "a person wanted it");
}

#[tokio::test(start_paused = true)]
async fn a_bmc_of_another_server_at_the_address_keeps_the_row_out() {
    let bench = Bench::with(3);
    let (netbox, servers) = (&bench.outside.netbox, &bench.outside.servers);
    // Somebody gave the first device the third one's address; an iDRAC tells whose it is without a login.
    let bmc = netbox.interface_id(servers[0].device, "bmc").unwrap();
    netbox.set_oob(servers[0].device, netbox.add_ip(&format!("{}/24", servers[2].address), Some(bmc)));
    let anna = bench.console("anna", Role::Operator).await;
    let id = plan(&anna, Filter::default()).await.plan.unwrap();
    let taken = confirm(&anna, id, vec![bench.serial(0)]).await;
    let [Taken::Refused(why)] = &taken[..] else { panic!("{taken:?}") };
    assert!(why.contains(&format!("that of {}, not of {}", bench.serial(2), bench.serial(0))), "{why}");
    assert!(bench.unit(0).is_none());
    assert_eq!(bench.touched(2), (0, 0, 0, 0), "no password went there");
}
