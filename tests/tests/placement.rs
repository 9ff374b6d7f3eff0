//! Placement through every room: proposed over the console, kept in the journal, written to NetBox, held against the
//! cables that the machine hears by LLDP.
#![allow(clippy::unwrap_used)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rackhand_adapters::port::clock::Clock;
use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Answer, Refusal, Why};
use rackhand_core::document::plain::{Letters, render};
use rackhand_core::entry::manifest::Row;
use rackhand_core::flow::step::Step;
use rackhand_core::id::{Role, SiteId, UnitId};
use rackhand_core::inventory::Port;
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::lifecycle::task::TaskKind;
use rackhand_core::lifecycle::unit::Unit;
use rackhand_core::order::questions::OneOrder;
use rackhand_core::order::{OrderRequest, Wish};
use rackhand_core::placement::propose::{Proposals, Request};
use rackhand_core::placement::questions::WorkOrder;
use rackhand_core::placement::reservation::Shown;
use rackhand_core::policy::Policy;
use rackhand_core::text::Text;
use rackhand_core::world::World;
use rackhand_daemon::journal::{Journal, Store};
use rackhand_daemon::random::Random;
use rackhand_daemon::site::Site;
use rackhand_lab::bmc::Pace;
use rackhand_lab::machine::LifePace;
use rackhand_lab::outside::{EPOCH, Outside};
use rackhand_rpc::ConsoleClient;
use rackhand_rpc::Printed;
use rackhand_rpc::ask::AskError;
use rackhand_rpc::codec::transport;
use rackhand_rpc::hello::greet;
use serde::de::DeserializeOwned;
use serde_json::json;

struct Bench {
    outside: Outside,
    site: Site,
    console: ConsoleClient,
    asked: Mutex<u32>,
}

/// A port of the rack that is furnished.
fn port(half: &str, n: u16) -> Port {
    Port { switch: format!("sw-A7-{half}").into(), port: format!("Ethernet{n}").into() }
}

fn soon<T: DeserializeOwned>() -> T {
    serde_json::from_value(json!({
        "deadline": { "secs": 100, "nanos": 0 },
        "trace_context": { "trace_id": vec![0_u8; 16], "span_id": 0, "sampling_decision": "Unsampled" },
    }))
    .unwrap()
}

impl Bench {
    /// A site with one rack, and servers that are received and in no rack, plugged into these ports once they stand.
    async fn new(plugged: &[[Port; 2]]) -> Self {
        let fra1 = SiteId::new("fra1");
        let mut outside = Outside::new(Clock::scaled(EPOCH, 1.0), Policy::standard(fra1.clone()), LifePace::default());
        let rack = outside.netbox.furnish_rack("fra1", "A7", 12, 8);
        outside.netbox.set_weights(Some((rack, 900)), None);
        for (n, ports) in plugged.iter().enumerate() {
            outside.add_unplaced(n, "fra1", Pace::default(), ports);
        }
        let store = Arc::new(Mutex::new(Store::open_in_memory(&fra1).unwrap()));
        let site = outside.start(Journal::inline(store), World::default(), Random::from_seed(7), false);
        let (mut ours, theirs) = tokio::io::duplex(64 << 10);
        tokio::spawn(site.desk.clone().serve(theirs, Text::new("anna"), Some(Role::Operator)));
        greet(&mut ours).await.unwrap();
        #[allow(clippy::default_trait_access)] // its type is tarpc's, which these tests do not know
        let console = ConsoleClient::new(Default::default(), transport(ours)).spawn();
        let bench = Self { outside, site, console, asked: Mutex::default() };
        for server in &bench.outside.servers {
            let row = Row { serial: server.serial.as_str().into(), bmc_mac: server.bmc_mac };
            let (site, stage) = (SiteId::new("fra1"), Stage::Received);
            bench.say(Command::ImportRow { row, site, stage, create: None }).await.unwrap();
        }
        bench
    }

    async fn say(&self, command: Command) -> Result<Answer, Refusal> {
        let request = {
            let mut asked = self.asked.lock().unwrap();
            *asked += 1;
            format!("r{asked}")
        };
        self.console.command(soon(), request, command).await.unwrap().map(|receipt| receipt.answer)
    }

    async fn propose(&self, ns: &[usize], more: Request) -> Result<Proposals, Refusal> {
        let units = ns.iter().map(|n| self.unit(*n).id).collect();
        self.console.placement(soon(), Request { units, ..more }).await.unwrap()
    }

    /// Has the best proposal kept.
    async fn place(&self, ns: &[usize]) -> Proposals {
        let found = self.propose(ns, Request::default()).await.unwrap();
        let choices = found.alternatives[0].places.clone();
        assert_eq!(self.say(Command::Place { choices }).await, Ok(Answer::Done));
        found
    }

    fn unit(&self, n: usize) -> Unit {
        self.site.ledger.world().by_serial(&self.outside.servers[n].serial).cloned().unwrap()
    }

    async fn until(&self, n: usize, so: impl Fn(&Unit) -> bool) -> Unit {
        let serial = self.outside.servers[n].serial.clone();
        let mut worlds = self.site.ledger.worlds();
        let is = worlds.wait_for(|w| w.by_serial(&serial).is_some_and(&so));
        let became = self.outside.clock.timeout(Duration::from_secs(48 * 3_600), async { is.await.is_ok() }).await;
        assert!(became == Some(true), "{:#?}", self.unit(n));
        self.unit(n)
    }

    async fn shown(&self, n: usize) {
        self.until(n, |u| u.placement.as_ref().is_some_and(|held| held.shown == Shown::Seen)).await;
    }

    async fn scan(&self, n: usize, rack: &str) -> Result<Answer, Refusal> {
        let unit: UnitId = self.unit(n).id;
        self.say(Command::ScanRack { unit, rack: rack.into(), position: None }).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_is_placed_racked_by_its_label_and_staged_when_it_is_cabled_as_planned() {
    let b = Bench::new(&[[port("a", 1), port("b", 1)]]).await;
    let found = b.place(&[0]).await;
    let place = &found.alternatives[0].places[0].place;
    assert_eq!((place.spot().as_str(), place.network.len(), place.power.len()), ("A7 U1", 2, 2));
    assert!(place.doubts.iter().any(|d| d.contains("BMC's cable is not planned")), "{:?}", place.doubts);
    b.shown(0).await;
    let server = &b.outside.servers[0];
    assert_eq!(b.outside.netbox.place_of(server.device), Some(("A7".into(), Some(1.0))));
    let cords: Vec<String> = b.outside.netbox.cords_of(server.device).into_iter().map(|c| c.1).collect();
    assert_eq!(cords, ["pdu-A7-a", "pdu-A7-b"]);
    assert!(b.scan(0, "A8").await.unwrap_err().text.contains("goes to A7 U1"));
    assert_eq!(b.scan(0, "fra1/A7").await, Ok(Answer::Done));
    b.outside.lease(&b.site, server).await;
    let unit = b.until(0, |u| u.stage == Stage::Staged).await;
    assert!(unit.tasks.iter().all(|(_, t)| t.kind != TaskKind::FixCable), "{:?}", unit.tasks);
    for name in ["eno1", "eno2"] {
        let interface = b.outside.netbox.interface_id(server.device, name).unwrap();
        assert_eq!(b.outside.netbox.cable_of(interface).unwrap().1, "connected", "the planned cable is confirmed");
    }
}

#[tokio::test(start_paused = true)]
async fn a_cable_in_another_port_than_planned_is_a_task_that_names_both() {
    let b = Bench::new(&[[port("a", 9), port("b", 1)]]).await;
    b.place(&[0]).await;
    b.shown(0).await;
    b.scan(0, "A7").await.unwrap();
    b.outside.lease(&b.site, &b.outside.servers[0]).await;
    let unit = b.until(0, Unit::is_blocked).await;
    let task = unit.tasks.iter().map(|(_, t)| t).find(|t| t.kind == TaskKind::FixCable).unwrap();
    assert_eq!(task.role, Role::Technician);
    assert!(task.text.contains("eno1") && task.text.contains("is in SW-A7-A Ethernet9"), "{}", task.text);
    assert!(task.text.contains("the plan says sw-A7-a Ethernet1"), "{}", task.text);
    assert_eq!(unit.stage, Stage::Discovered);
}

#[tokio::test(start_paused = true)]
async fn four_servers_of_one_request_get_ports_and_outlets_of_their_own() {
    let b = Bench::new(&[1, 2, 3, 4].map(|n| [port("a", n), port("b", n)])).await;
    let found = b.place(&[0, 1, 2, 3]).await;
    let spots: Vec<String> = found.alternatives[0].places.iter().map(|c| c.place.spot().to_string()).collect();
    assert_eq!(spots, ["A7 U1", "A7 U2", "A7 U3", "A7 U4"]);
    for n in 0..4 {
        b.shown(n).await;
        b.scan(n, "A7").await.unwrap();
        b.outside.lease(&b.site, &b.outside.servers[n]).await;
    }
    for n in 0..4 {
        b.until(n, |u| u.stage == Stage::Staged).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_place_that_was_chosen_on_an_older_proposal_is_refused_and_says_what_is_taken() {
    let b = Bench::new(&[[port("a", 1), port("b", 1)], [port("a", 2), port("b", 2)]]).await;
    let (first, second) = (b.propose(&[0], Request::default()).await, b.propose(&[1], Request::default()).await);
    b.say(Command::Place { choices: first.unwrap().alternatives[0].places.clone() }).await.unwrap();
    let choices = second.unwrap().alternatives[0].places.clone();
    let refusal = b.say(Command::Place { choices }).await.unwrap_err();
    assert_eq!((refusal.why, refusal.text.contains("A7 U1: U1 is taken")), (Why::Conflict, true), "{refusal}");
}

#[tokio::test(start_paused = true)]
async fn what_somebody_does_in_netbox_meanwhile_parks_with_a_sentence_and_another_place_is_the_way_out() {
    let b = Bench::new(&[[port("a", 1), port("b", 1)], [port("a", 2), port("b", 2)]]).await;
    let found = b.propose(&[0], Request::default()).await.unwrap();
    let other = b.outside.servers[1].device;
    let rack = found.alternatives[0].places[0].place.rack;
    b.outside.netbox.edit(other, &json!({ "rack": rack, "position": 1.0, "face": "front" }), b.outside.clock.now());
    b.say(Command::Place { choices: found.alternatives[0].places.clone() }).await.unwrap();
    let unit = b.until(0, |u| u.steps.parked().next().is_some()).await;
    let (progress, fault) = unit.steps.parked().next().unwrap();
    assert_eq!(progress.step, Step::PlaceDevice);
    assert!(fault.what.contains("NetBox does not take it at A7 U1"), "{fault}");
    b.outside.clock.sleep(Duration::from_secs(61)).await;
    let found = b.place(&[0]).await;
    assert_eq!(found.alternatives[0].places[0].place.spot().as_str(), "A7 U2");
    b.shown(0).await;
    assert_eq!(b.outside.netbox.place_of(b.outside.servers[0].device), Some(("A7".into(), Some(2.0))));
}

#[tokio::test(start_paused = true)]
async fn a_place_given_back_is_out_of_netbox_and_free_for_the_next() {
    let b = Bench::new(&[[port("a", 1), port("b", 1)], [port("a", 1), port("b", 1)]]).await;
    b.place(&[0]).await;
    b.shown(0).await;
    let units = vec![b.unit(0).id];
    b.say(Command::ReleasePlacement { units, reason: "not here".into() }).await.unwrap();
    b.until(0, |u| u.steps.undo().is_empty() && u.unplacing.is_none()).await;
    let device = b.outside.servers[0].device;
    assert_eq!((b.outside.netbox.place_of(device), b.outside.netbox.cords_of(device).len()), (None, 0));
    b.outside.clock.sleep(Duration::from_secs(61)).await;
    b.place(&[1]).await;
    b.shown(1).await;
}

#[tokio::test(start_paused = true)]
async fn a_named_rack_and_unit_is_proposed_or_says_why_not() {
    let b = Bench::new(&[[port("a", 1), port("b", 1)]]).await;
    let at =
        |rack: &str, unit: u16| Request { rack: Some(rack.into()), position: Some(2 * unit), ..Request::default() };
    let found = b.propose(&[0], at("a7", 30)).await.unwrap();
    assert_eq!(found.alternatives[0].places[0].place.spot().as_str(), "A7 U30");
    let found = b.propose(&[0], at("A7", 42)).await.unwrap();
    assert!(found.alternatives.is_empty());
    assert_eq!(found.refused, [("A7".into(), "U42 is taken".into())]);
    assert_eq!(b.propose(&[0], at("B1", 1)).await.unwrap_err().why, Why::NotFound);
    b.outside.disconnect_netbox();
    b.outside.clock.sleep(Duration::from_secs(61)).await;
    assert_eq!(b.propose(&[0], Request::default()).await.unwrap_err().why, Why::Unavailable);
}

#[tokio::test(start_paused = true)]
async fn the_work_order_says_where_each_goes_and_which_cables_as_text_and_as_pdf() {
    let b = Bench::new(&[[port("a", 1), port("b", 1)], [port("a", 2), port("b", 2)]]).await;
    let units = vec![b.unit(1).id, b.unit(0).id];
    let Err(AskError::Refused(refusal)) = b.console.ask(soon(), WorkOrder(units.clone())).await else {
        panic!("it was made")
    };
    assert!(refusal.text.contains("has no place kept for it: rackhand place"), "{refusal}");
    b.place(&[0, 1]).await;
    let paper = b.console.ask(soon(), WorkOrder(units.clone())).await.unwrap().answer;
    let text = render(&paper, 96, Letters::Ascii);
    let at = |words: &str| text.find(words).unwrap_or_else(|| panic!("{words}: {text}"));
    let (first, second) = (&b.outside.servers[0].serial, &b.outside.servers[1].serial);
    assert!(
        at(&format!("Server {first}")) < at(&format!("Server {second}")),
        "from the bottom up, whoever was named first"
    );
    for words in ["pdu-A7-a", "sw-A7-b", "Ethernet2", "A7-b"] {
        at(words);
    }
    let pdf = b.console.pdf(soon(), Printed::WorkOrder(WorkOrder(units))).await.unwrap().unwrap().0;
    assert!(pdf.starts_with(b"%PDF-"), "{} bytes", pdf.len());
}

#[tokio::test(start_paused = true)]
async fn an_order_for_any_site_counts_the_racks_that_netbox_shows() {
    let b = Bench::new(&[]).await;
    b.outside.netbox.add_tenant("acme");
    let order = |tenant: &str, quantity| {
        let wish = Wish { quantity, spec: "2x Xeon Gold 6530, 512GB DDR5".into(), model: None };
        Command::Order(OrderRequest::new(tenant, SiteId::new("any"), vec![wish]))
    };
    let Ok(Answer::Ordered(ordered)) = b.say(order("acme", 2)).await else { panic!("it was refused") };
    assert_eq!((ordered.site, ordered.unproven), (Some(SiteId::new("fra1")), None));
    let why = ordered.routed.unwrap();
    assert!(why.starts_with("room and power for all 2, 0 in stock, 2 to buy"), "{why}");
    let shown = b.console.ask(soon(), OneOrder(ordered.order)).await.unwrap().answer;
    assert_eq!(shown.routed.as_ref(), Some(&why), "the order's page");
    let refused = b.say(order("acme", 400)).await.unwrap_err();
    assert_eq!(refused.why, Why::Conflict, "{refused}");
    assert!(refused.text.contains("of 400"), "{refused}");
    let refused = b.say(order("amce", 1)).await.unwrap_err();
    assert_eq!(refused.text.as_str(), "NetBox has no tenant amce: did you mean acme?");
    let assign = b.say(Command::AssignStock { order: ordered.order }).await.unwrap_err();
    assert_eq!(assign.why, Why::Conflict, "nothing is reserved: {assign}");
}
