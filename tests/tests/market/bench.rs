//! A site with a market and the people who buy, receive, rack and cable; and a journal that outlives the daemon.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rackhand_adapters::port::clock::Clock;
use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Answer, Input, Refusal, Why};
use rackhand_core::event::{Draft, Event, Seq};
use rackhand_core::id::{Actor, OrderId, Role, SellerId, SiteId, Subject, UnitId};
use rackhand_core::inventory::Port;
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::lifecycle::unit::Unit;
use rackhand_core::order::{OrderRequest, OrderState, Wish};
use rackhand_core::placement::propose::Request;
use rackhand_core::placement::reservation::Shown;
use rackhand_core::policy::Policy;
use rackhand_core::purchase::next::state;
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;
use rackhand_core::world::World;
use rackhand_daemon::journal::{Journal, JournalError, Store};
use rackhand_daemon::ledger::Patience;
use rackhand_daemon::random::Random;
use rackhand_daemon::site::{Site, fold};
use rackhand_lab::machine::{Hardware, LifePace};
use rackhand_lab::market::{Market, rules};
use rackhand_lab::outside::{EPOCH, Outside};
use rackhand_lab::supplier::Manner;
use rackhand_rpc::ConsoleClient;
use rackhand_rpc::codec::transport;
use rackhand_rpc::hello::greet;
use serde::de::DeserializeOwned;
use serde_json::json;

/// What is ordered.
pub const FOUR: (u32, &str) = (4, "2x Xeon Gold 6430, 512GB DDR5, 2x 3.84TB NVMe, 2x 100GbE");

/// Longer than any step of an order takes, in the lab's time.
const PATIENCE: Duration = Duration::from_secs(90 * 86_400);
/// How often people look.
const LOOK: Duration = Duration::from_secs(1_800);

/// A person with a role.
#[derive(Clone, Copy)]
pub struct Person(&'static str, Role);

impl Person {
    /// Who orders.
    pub const ANNA: Self = Self("anna", Role::Operator);
    /// Who approves.
    const BERTA: Self = Self("berta", Role::Approver);
    /// Who approves too.
    const CARL: Self = Self("carl", Role::Approver);
    /// The technician.
    pub const TINA: Self = Self("tina", Role::Technician);

    fn actor(self) -> Actor {
        Actor::Person { name: self.0.into(), role: self.1 }
    }
}

pub struct Bench {
    pub outside: Outside,
    pub market: Market,
    site: Site,
    store: Arc<Mutex<Store>>,
    /// From this event on the journal takes nothing, until the daemon has died; 0 is never.
    kill: Arc<AtomicU64>,
    killed: Arc<AtomicBool>,
}

fn journal(store: &Arc<Mutex<Store>>, kill: &Arc<AtomicU64>, killed: &Arc<AtomicBool>) -> Journal {
    let journal = Journal::inline(store.clone());
    let (store, kill, killed) = (store.clone(), kill.clone(), killed.clone());
    journal.inject(Box::new(move |_| {
        let at = kill.load(Ordering::Relaxed);
        let dead = at > 0 && !killed.load(Ordering::Relaxed) && store.lock().unwrap().head() >= at;
        dead.then(|| JournalError::Full { what: "it is dead".into() })
    }));
    journal
}

impl Bench {
    pub fn new(manner: Manner) -> Self {
        Self::made(manner, &[], |_, _| {})
    }

    /// The same, with servers to be sold that are made otherwise than usual.
    pub fn fitted(manner: Manner, fit: fn(usize, &mut Hardware)) -> Self {
        Self::made(manner, &[], fit)
    }

    /// A daemon that starts from a journal which begins with these events about itself.
    pub fn over(manner: Manner, begins: &[Event]) -> Self {
        Self::made(manner, begins, |_, _| {})
    }

    fn made(manner: Manner, begins: &[Event], fit: fn(usize, &mut Hardware)) -> Self {
        let fra1 = SiteId::new("fra1");
        let mut policy = Policy::standard(fra1.clone());
        rules(&mut policy);
        let mut outside = Outside::new(Clock::scaled(EPOCH, 1.0), policy, LifePace::default());
        outside.fit = fit;
        outside.netbox.add_site("fra1");
        let rack = outside.netbox.furnish_rack("fra1", "A7", 24, 16);
        outside.netbox.set_weights(Some((rack, 900)), None);
        let market = outside.open_market(4, &manner);
        let store = Arc::new(Mutex::new(Store::open_in_memory(&fra1).unwrap()));
        let about = |event: &Event| Draft {
            at: EPOCH,
            subject: Subject::Journal,
            actor: Actor::Rackhand,
            cause: None,
            event: event.clone(),
        };
        store.lock().unwrap().append(&begins.iter().map(about).collect::<Vec<_>>()).unwrap();
        let world = fold(&store.lock().unwrap()).unwrap();
        let (kill, killed) = (Arc::default(), Arc::default());
        let journal = journal(&store, &kill, &killed);
        let site = outside.start(journal, world, Random::from_seed(7), false);
        Self { outside, market, site, store, kill, killed }
    }

    /// The daemon dies once this event is on its disk, and another one starts.
    pub fn kill_after(&mut self, seq: Seq) {
        self.kill.store(seq, Ordering::Relaxed);
    }

    pub fn killed(&self) -> bool {
        self.killed.load(Ordering::Relaxed)
    }

    pub fn world(&self) -> Arc<World> {
        self.site.ledger.world()
    }

    pub fn now(&self) -> Timestamp {
        self.outside.clock.now()
    }

    pub fn events(&self) -> Vec<Event> {
        let mut events = Vec::new();
        self.store.lock().unwrap().replay(0, &mut |r| events.push(r.draft.event)).unwrap();
        events
    }

    pub async fn say(&self, who: Person, command: Command) -> Result<Answer, Refusal> {
        let done = self.site.ledger.submit(who.actor(), Patience::Refuse, Input::Command(command)).await;
        done.map(|committed| committed.answer)
    }

    /// Orders; where the daemon dies before it is taken, it is ordered again.
    pub async fn order(&mut self, (quantity, spec): (u32, &str)) -> OrderId {
        let model = self.market.boxes.values().next().map(|b| b.model.to_lowercase().replace(' ', "-").into());
        let wish = Wish { quantity, spec: spec.into(), model };
        let request = OrderRequest::new("acme", SiteId::new("fra1"), vec![wish]);
        match self.say(Person::ANNA, Command::Order(request)).await {
            Ok(Answer::Ordered(ordered)) => ordered.order,
            other => panic!("{other:?}"),
        }
    }

    pub fn units(&self, order: OrderId) -> Vec<UnitId> {
        self.world().order(order).unwrap().bought().collect()
    }

    pub fn state(&self, order: OrderId) -> OrderState {
        let world = self.world();
        state(&world, world.order(order).unwrap())
    }

    /// People do what is theirs until this has come true of the order.
    pub async fn until_point(&mut self, order: OrderId, point: &str) {
        self.people(order, |bench| bench.has(order, point)).await;
    }

    /// People do what is theirs until all of its servers are staged.
    pub async fn live(&mut self, order: OrderId) {
        self.people(order, |bench| {
            let world = bench.world();
            bench.units(order).iter().all(|u| world.unit(*u).is_some_and(|u| u.stage == Stage::Staged))
        })
        .await;
    }

    fn has(&self, order: OrderId, point: &str) -> bool {
        let world = self.world();
        let it = world.order(order).unwrap();
        let mut deals = world.deals_of(it);
        match point {
            "placed" => true,
            "asked" => deals.all(|d| d.asked.is_some()),
            "quoted" => deals.all(|d| d.offer().is_some()),
            "approved" => it.purchase.is_some(),
            "ordered" => deals.any(|d| d.ordered.is_some()),
            "confirmed" => deals.any(rackhand_core::purchase::deal::Deal::is_confirmed),
            "shipped" => {
                let bound = |u: UnitId| world.unit(u).is_some_and(|u| u.serial.is_some());
                deals.any(|d| !d.shipments.is_empty()) && it.bought().all(bound)
            }
            "judged" => it
                .bought()
                .all(|u| world.unit(u).is_some_and(|u| u.stage >= Stage::PhysicalValidated || u.is_blocked())),
            "racked" => it.bought().all(|u| world.unit(u).is_some_and(|u| u.stage >= Stage::Racked)),
            other => panic!("{other} is no point"),
        }
    }

    /// Lets everything that is on its way end.
    pub async fn rest(&mut self) {
        self.outside.clock.sleep(Duration::from_secs(6 * 3_600)).await;
    }

    /// People do what is theirs until this is so.
    pub async fn people(&mut self, order: OrderId, done: impl Fn(&Self) -> bool) {
        let begun = self.now();
        while !done(self) {
            assert!(self.now().since(begun) < PATIENCE, "order {order} rests: {}", self.told(order));
            if self.is_dead() {
                self.restart().await;
            }
            self.market.dispatch(self.now());
            let mut worlds = self.site.ledger.worlds();
            // What is known now is not news.
            worlds.mark_unchanged();
            self.act(order).await;
            self.outside.clock.timeout(LOOK, async { worlds.changed().await.is_ok() }).await;
        }
        if self.is_dead() {
            self.restart().await;
        }
    }

    fn told(&self, order: OrderId) -> String {
        let world = self.world();
        let actor = Person::BERTA.actor();
        let detail =
            rackhand_core::order::questions::order(&world, &self.site.desk.ports.policy, order, &actor, self.now());
        let units: Vec<String> = self
            .units(order)
            .iter()
            .filter_map(|u| world.unit(*u))
            .map(|u| format!("{} {} {:?}", u.label(), u.stage, rackhand_core::view::row(u, self.now()).waits_for))
            .collect();
        let seen: Vec<_> = world.sightings.values().map(|s| format!("{} {:?}", s.address, s.verdict)).collect();
        format!("{:?}\n{units:#?}\n{seen:#?}", detail.map(|d| d.waits))
    }

    fn is_dead(&self) -> bool {
        let at = self.kill.load(Ordering::Relaxed);
        at > 0 && !self.killed() && self.world().head >= at
    }

    /// What was in the air ends, and nobody hears of it; then another daemon starts from what is on the disk.
    async fn restart(&mut self) {
        self.outside.clock.sleep(Duration::from_secs(60)).await;
        self.outside.door.close();
        self.killed.store(true, Ordering::Relaxed);
        let world = fold(&self.store.lock().unwrap()).unwrap();
        let journal = journal(&self.store, &self.kill, &self.killed);
        let next = self.outside.start(journal, world, Random::from_seed(8), false);
        std::mem::replace(&mut self.site, next).crash();
    }

    /// What each person does on seeing the world as it is. What is refused while the daemon dies is done again.
    async fn act(&mut self, order: OrderId) {
        let world = self.world();
        let it = world.order(order).unwrap().clone();
        if it.end.is_some() {
            return;
        }
        if it.purchase.is_none() && world.deals_of(&it).all(|d| d.offer().is_some()) {
            self.approve(order).await;
        }
        let units: Vec<Unit> = it.bought().filter_map(|u| world.unit(u).cloned()).collect();
        for unit in &units {
            self.handle(unit).await;
        }
        let stands = |u: &&Unit| u.stage == Stage::Received && u.placement.is_none() && u.netbox_device().is_some();
        let homeless: Vec<UnitId> = units.iter().filter(stands).map(|u| u.id).collect();
        if homeless.len() == units.len() && !units.is_empty() {
            self.place(homeless).await;
        }
    }

    /// Two approve the first offer.
    pub async fn approve(&self, order: OrderId) {
        let world = self.world();
        let now = self.now();
        let best = rackhand_core::purchase::tender::comparison(
            &world,
            &self.site.desk.ports.policy,
            world.order(order).unwrap(),
            now,
        );
        let first = &best.unwrap().offers[0];
        assert!(first.eligible, "{:?}", first.obstacles);
        let seller: SellerId = first.seller;
        let offer =
            world.deals_of(world.order(order).unwrap()).find(|d| d.id.seller == seller).unwrap().offer().cloned();
        let offer = offer.unwrap();
        let total = offer.quote.payable().unwrap();
        assert!(total.minor > 5_000_000, "above the limit for two persons: {total}");
        for who in [Person::BERTA, Person::CARL] {
            let (revision, amount) = (offer.revision, total.plain().into());
            let said = self.say(who, Command::Approve { order, seller, revision, amount }).await;
            let fine = match &said {
                Ok(_) => true,
                Err(refusal) => matches!(refusal.why, Why::Unavailable | Why::NotAllowed | Why::Conflict),
            };
            assert!(fine, "{said:?}");
        }
    }

    /// The technician's part in one server.
    async fn handle(&self, unit: &Unit) {
        let Some(serial) = unit.serial.clone() else { return };
        let here = |n: &Text| {
            let deals = self.world();
            let all = deals.deals.values().flat_map(|d| d.shipments.clone()).collect::<Vec<_>>();
            all.iter().any(|s| s.is_delivered() && s.notice.items.iter().any(|i| i.serial == *n))
        };
        match unit.stage {
            Stage::ShipmentTracking if here(&serial) => {
                let receive = Command::Receive { site: SiteId::new("fra1"), scan: serial, damaged: None, photo: None };
                drop(self.say(Person::TINA, receive).await);
            }
            Stage::Received => {
                let shown = unit.placement.as_ref().filter(|held| held.shown == Shown::Seen);
                if let Some(held) = shown {
                    let (rack, position) = (held.place.name.clone(), None);
                    drop(self.say(Person::TINA, Command::ScanRack { unit: unit.id, rack, position }).await);
                }
            }
            Stage::Racked => {
                let boxed = &self.market.boxes[serial.as_str()];
                let place = &unit.placement.as_ref().unwrap().place;
                let port = |name: &str| {
                    let cable = place.network.iter().find(|c| c.interface.as_str() == name);
                    cable.map(|c| c.port.clone())
                };
                let ports: Vec<Port> = ["eno1", "eno2"].into_iter().filter_map(port).collect();
                self.outside.plug_in(boxed, &ports);
                self.site.intake.frame(&self.outside.ack_boxed(boxed), self.now()).await;
            }
            _ => {}
        }
    }

    async fn place(&self, units: Vec<UnitId>) {
        let console = self.console(Person::ANNA).await;
        let request = Request { units, ..Request::default() };
        // NetBox may not have been read again since; the next look finds it.
        let Ok(found) = console.placement(soon(), request).await.unwrap() else { return };
        let Some(best) = found.alternatives.first() else { panic!("no place: {:?}", found.refused) };
        let command = Command::Place { choices: best.places.clone() };
        let said = console.command(soon(), format!("place {}", self.now()), command).await.unwrap();
        assert!(said.as_ref().err().is_none_or(|r| r.why == Why::Unavailable), "{said:?}");
    }

    async fn console(&self, who: Person) -> ConsoleClient {
        let (mut ours, theirs) = tokio::io::duplex(64 << 10);
        tokio::spawn(self.site.desk.clone().serve(theirs, Text::new(who.0), Some(who.1)));
        greet(&mut ours).await.unwrap();
        #[allow(clippy::default_trait_access)] // its type is tarpc's, which these tests do not know
        ConsoleClient::new(Default::default(), transport(ours)).spawn()
    }
}

fn soon<T: DeserializeOwned>() -> T {
    serde_json::from_value(json!({
        "deadline": { "secs": 100, "nanos": 0 },
        "trace_context": { "trace_id": vec![0_u8; 16], "span_id": 0, "sampling_decision": "Unsampled" },
    }))
    .unwrap()
}
