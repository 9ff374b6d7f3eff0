//! The road of a server from a tenant's order to its rack, or back again where the order is cancelled.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::future::BoxFuture;
use rackhand_adapters::port::clock::Clock;
use rackhand_core::decide::command::Command;
use rackhand_core::event::{Event, LifeEvent, Recorded};
use rackhand_core::id::SiteId;
use rackhand_core::lifecycle::stage::{Disposition, Stage};
use rackhand_core::lifecycle::unit::Unit;
use rackhand_core::order::Order;
use rackhand_core::placement::propose::Request;
use rackhand_core::placement::reservation::Shown;
use rackhand_core::policy::Policy;
use rackhand_core::purchase::deal::Deal;
use rackhand_core::world::World;
use rackhand_lab::carrier;
use rackhand_lab::front::Station;
use rackhand_lab::host::Host;
use rackhand_lab::machine::LifePace;
use rackhand_lab::market::Market;
use rackhand_lab::outside::{Outside, TOKEN};
use rackhand_lab::sockets::{Listening, PlainServer};
use rackhand_lab::supplier::{self, Arrivals, Manner};
use rackhand_rpc::ConsoleClient;
use reqwest::Client;
use serde_json::json;

use crate::judge::{is_idle, label, notes};
use crate::path::{ANSWER, Road};
use crate::support::console::within;
use crate::support::daemon::{Place, folded};
use crate::support::lab::Tempo;

const SPEC: &str = "2x Xeon Gold 6430, 512GB DDR5, 2x 3.84TB NVMe, 2x 100GbE";
const TENANT_TOKEN: &str = "acme-0123456789abcdef0123456789abcdef";

/// Where the road leads.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// Every server stands in its rack.
    Racked,
    /// The order was cancelled after it had gone out to the vendor.
    Cancelled,
}

/// A site with vendors, a carrier and a rack, each behind a socket of its own, and a tenant who orders one server.
pub struct Shop {
    goal: Goal,
    outside: Outside,
    market: Market,
    place: Place,
    tenant: Client,
    model: String,
    /// Cables that the rack has before.
    cables: usize,
    looks: AtomicU64,
    _listening: Vec<Listening>,
}

impl Shop {
    pub async fn open(goal: Goal, tempo: Tempo) -> Box<dyn Road> {
        drop(rustls::crypto::ring::default_provider().install_default());
        let clock = tempo.clock();
        let mut outside = Outside::new(clock.clone(), Policy::standard(SiteId::new("fra1")), LifePace::default());
        outside.netbox.add_site("fra1");
        let rack = outside.netbox.furnish_rack("fra1", "A7", 24, 16);
        outside.netbox.set_weights(Some((rack, 900)), None);
        let soon = Some(Duration::from_secs(1));
        let ships_after = match goal {
            Goal::Racked => Duration::ZERO,
            // What has shipped is not cancelled.
            Goal::Cancelled => Duration::from_secs(30 * 86_400),
        };
        let manner =
            Manner { quotes_after: soon, confirms_after: soon, ships_after: vec![ships_after], ..Manner::default() };
        let mut market = outside.open_market(2, &manner);
        market.travel = Duration::from_secs(60);
        let model = market.boxes.values().next().unwrap().model.to_lowercase().replace(' ', "-");
        let cables = outside.netbox.cable_count();
        let mut place = Place::new();
        let mut listening = Vec::new();
        let netbox = PlainServer::bind("127.0.0.1:0".parse().unwrap(), outside.netbox_station()).await.unwrap();
        let mut urls = vec![format!("http://{}", netbox.address())];
        listening.push(netbox);
        let hosts: [(&str, std::sync::Arc<dyn Host>); 3] =
            [("hpe", market.hpe.clone()), ("dell", market.dell.clone()), ("ups", market.ups.clone())];
        for (name, host) in hosts {
            let station =
                Station { host, faults: market.faults[name].clone(), clock: clock.clone(), certificate: None };
            let at = PlainServer::bind("127.0.0.1:0".parse().unwrap(), station).await.unwrap();
            urls.push(format!("http://{}", at.address()));
            listening.push(at);
        }
        configure(&mut place, tempo, &clock, &urls);
        let tenant = Client::builder().pool_max_idle_per_host(0).build().unwrap();
        Box::new(Self {
            goal,
            outside,
            market,
            place,
            tenant,
            model,
            cables,
            looks: AtomicU64::new(0),
            _listening: listening,
        })
    }

    /// The tenant's program sends its order until it is answered, under one key.
    async fn order(&self) -> bool {
        let url = format!("http://{}/api/v1/orders", self.place.http);
        let wish = json!({ "lines": [{ "quantity": 1, "spec": SPEC, "model": self.model }], "all_new": true });
        let sent = self.tenant.post(url).bearer_auth(TENANT_TOKEN).header("Idempotency-Key", "one").json(&wish);
        match tokio::time::timeout(ANSWER, sent.send()).await {
            Ok(Ok(answer)) => {
                let status = answer.status().as_u16();
                assert!(matches!(status, 200 | 201 | 503), "{status} {:?}", answer.text().await);
                true
            }
            _ => false,
        }
    }

    /// What a person does next, if it is a person's.
    async fn wish(
        &self,
        console: &ConsoleClient,
        events: &[Recorded],
        world: &World,
        order: &Order,
    ) -> Option<Command> {
        let deals: Vec<&Deal> = world.deals_of(order).collect();
        if order.end.is_some() {
            return None;
        }
        if order.purchase.is_none() && !deals.is_empty() && deals.iter().all(|d| d.offer().is_some()) {
            let (deal, offer) = (deals[0], deals[0].offer()?);
            let amount = offer.quote.payable()?.plain().into();
            let (seller, revision) = (deal.id.seller, offer.revision);
            return Some(Command::Approve { order: order.id, seller, revision, amount });
        }
        if self.goal == Goal::Cancelled && deals.iter().any(|d| d.ordered.is_some()) {
            return Some(Command::CancelOrder { order: order.id, reason: "the tenant left".into() });
        }
        let unit = order.bought().find_map(|id| world.unit(id))?;
        self.wish_for(console, events, world, unit).await
    }

    async fn wish_for(
        &self,
        console: &ConsoleClient,
        events: &[Recorded],
        world: &World,
        unit: &Unit,
    ) -> Option<Command> {
        let id = unit.id;
        if unit.disposition == Disposition::OnHold {
            return Some(Command::Release { unit: id, reason: None });
        }
        match unit.stage {
            Stage::Ordered | Stage::QuoteRequested => {
                let was_held =
                    events.iter().any(|e| matches!(&e.draft.event, Event::Life(LifeEvent::DispositionChanged { .. })));
                (!was_held).then(|| Command::Hold { unit: id, reason: "is it needed?".into() })
            }
            Stage::ShipmentTracking => {
                let serial = unit.serial.clone()?;
                let mut shipments = world.deals.values().flat_map(|d| &d.shipments);
                let here = shipments.any(|s| s.is_delivered() && s.notice.items.iter().any(|i| i.serial == serial));
                let site = SiteId::new("fra1");
                here.then_some(Command::Receive { site, scan: serial, damaged: None, photo: None })
            }
            Stage::Received => match &unit.placement {
                Some(held) if held.shown == Shown::Seen => {
                    Some(Command::ScanRack { unit: id, rack: held.place.name.clone(), position: None })
                }
                Some(_) => None,
                None => {
                    unit.netbox_device()?;
                    let request = Request { units: vec![id], ..Request::default() };
                    let found = tokio::time::timeout(ANSWER, console.placement(within(ANSWER), request)).await;
                    // NetBox may not have been read again since; the next look finds it.
                    let Ok(Ok(Ok(found))) = found else { return None };
                    Some(Command::Place { choices: found.alternatives.first()?.places.clone() })
                }
            },
            _ => None,
        }
    }
}

fn configure(place: &mut Place, tempo: Tempo, clock: &Clock, urls: &[String]) {
    place.secret("token", TOKEN);
    place.secret("tenant", TENANT_TOKEN);
    place.secret("supplier", supplier::SECRET);
    place.secret("carrier", carrier::SECRET);
    let [netbox, hpe, dell, ups] = urls else { panic!("{urls:?}") };
    let today = clock.now().to_string()[..10].to_owned();
    let (client, account, Tempo { since, speed }) = (supplier::CLIENT, carrier::CLIENT, tempo);
    place.more = format!(
        r#"
[netbox]
url = "{netbox}"
token_file = "token"
[bmc]
networks = ["127.0.0.0/8"]
[api]
per_minute = 60000
[[api.tenants]]
tenant = "acme"
token_files = ["tenant"]
[vendors.hpe]
kind = "partner"
makes = "hpe"
url = "{hpe}/partner"
token_auth = "post"
client = "{client}"
secret_file = "supplier"
[vendors.dell]
kind = "partner"
makes = "dell"
url = "{dell}/partner"
client = "{client}"
secret_file = "supplier"
[carriers]
poll = 900
[carriers.ups]
client_id = "{account}"
secret_file = "carrier"
base = "{ups}"
[purchase]
base = "EUR"
rates = {{ date = "{today}", USD = "0.925" }}
role = "server"
bill_to = ["Example Hosting GmbH"]
[purchase.destinations.fra1]
address = ["Dock 2"]
country = "DE"
[lab]
speed = {speed:?}
since = {since}
"#
    );
}

impl Road for Shop {
    fn place(&self) -> &Place {
        &self.place
    }

    fn act<'a>(&'a self, console: &'a ConsoleClient, events: &'a [Recorded], _fresh: bool) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            self.market.dispatch(self.outside.clock.now());
            let world = folded(events);
            let Some(order) = world.orders.values().next() else { return self.order().await };
            let Some(wish) = self.wish(console, events, &world, order).await else { return true };
            let name = format!("look {}", self.looks.fetch_add(1, Ordering::Relaxed));
            match tokio::time::timeout(ANSWER, console.command(within(ANSWER), name, wish)).await {
                // What is refused as the world has changed meanwhile is decided anew.
                Ok(Ok(Ok(_) | Err(_))) => true,
                _ => false,
            }
        })
    }

    fn is_settled(&self, events: &[Recorded]) -> bool {
        let world = folded(events);
        let now = self.outside.clock.now();
        let Some(order) = world.orders.values().next() else { return false };
        let there = match self.goal {
            Goal::Racked => world.units.values().all(|u| u.stage == Stage::Racked),
            Goal::Cancelled => order.end.is_some(),
        };
        there
            && world.units.values().map(|u| &**u).all(is_idle)
            && world.deals.values().all(|d| d.wanted(order, now).is_none())
    }

    fn judge(&self, events: &[Recorded], wrong: &mut Vec<String>) {
        let mut check = |good: bool, what: String| {
            if !good {
                wrong.push(what);
            }
        };
        let world = folded(events);
        let (hpe, dell) = (self.market.hpe.arrivals(), self.market.dell.arrivals());
        let all = |of: fn(&Arrivals) -> &std::collections::BTreeMap<String, u32>| -> Vec<u32> {
            of(&hpe).values().chain(of(&dell).values()).copied().collect()
        };
        let cancelled = self.goal == Goal::Cancelled;
        let told = format!("{hpe:?} {dell:?}");
        check(all(|a| &a.requests) == [1, 1], format!("requests: {told}"));
        check(all(|a| &a.orders) == [1], format!("purchase orders: {told}"));
        check(all(|a| &a.chases).is_empty(), format!("reminders: {told}"));
        let (withdrawn, cancels): (&[u32], &[u32]) = if cancelled { (&[1, 1], &[1]) } else { (&[], &[]) };
        check(all(|a| &a.cancels) == cancels, format!("cancellations: {told}"));
        check(all(|a| &a.withdrawals) == withdrawn, format!("withdrawals: {told}"));
        check(world.orders.len() == 1 && world.units.len() == 1, "not one order for one server".to_owned());
        check(world.last_purchase == 1, format!("purchase order number {}", world.last_purchase));
        let mut stages: Vec<String> = events
            .iter()
            .filter(|e| matches!(e.draft.event, Event::Life(LifeEvent::StageEntered { .. })))
            .map(label)
            .collect();
        let entered = stages.len();
        stages.sort_unstable();
        stages.dedup();
        check(entered == stages.len(), format!("a stage was entered twice: {entered}, {stages:?}"));
        let Some(unit) = world.units.values().next() else { return };
        check(unit.steps.parked().next().is_none(), "something waits for a person".to_owned());
        let netbox = &self.outside.netbox;
        let devices = unit.serial.as_ref().map_or_else(Vec::new, |serial| netbox.devices_with_serial(serial));
        if cancelled {
            check(unit.disposition == Disposition::Cancelled, format!("it is {}", unit.disposition));
            check(devices.is_empty(), format!("devices in NetBox: {devices:?}"));
            return;
        }
        let [device] = devices[..] else { return check(false, format!("devices in NetBox: {devices:?}")) };
        check(
            unit.netbox_device() == Some(device),
            format!("its device is {device}, it says {:?}", unit.netbox_device()),
        );
        let held = unit.placement.as_ref().map(|held| &held.place);
        let place = netbox.place_of(device);
        let planned = held.map(|p| (p.name.to_string(), Some(f64::from(p.position) / 2.0)));
        check(place.is_some() && place == planned, format!("NetBox has it at {place:?}, planned is {planned:?}"));
        let cables = held.map_or(0, |p| p.network.len() + p.power.len());
        let there = netbox.cable_count() - self.cables;
        check(cables > 0 && there == cables, format!("{there} cables of {cables}"));
        notes(netbox, device, events, &mut check);
    }
}
