//! Whatever vendors, persons and time do in whatever order: no server is in two orders, no vendor is asked or ordered
//! from twice, nothing is bought that was not approved, and somebody always knows what is awaited.

use crate::scene;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::kinds::TRADE;
use crate::scene::fault;
use crate::shop::{SPEC, Shop, by, offer};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use rackhand_core::decide::Input;
use rackhand_core::decide::command::Command;
use rackhand_core::event::{DealEvent, Event, OrderEvent, StepEvent};
use rackhand_core::fault::Kind;
use rackhand_core::flow::attempt::Phase;
use rackhand_core::flow::next::Move;
use rackhand_core::flow::step::{Observation, Outcome, Step};
use rackhand_core::id::{Actor, DealId, OrderId, Role, Subject, UnitId};
use rackhand_core::purchase::money::{Currency, Money};
use rackhand_core::purchase::paper::{Accepts, Paper, Tracked, Transit};
use rackhand_core::world::World;

/// One thing that happens. Numbers choose among what there is.
#[derive(Clone, Debug)]
enum Happening {
    Order { quantity: u32, all_new: bool },
    Ready(u8),
    Begin(usize),
    End(usize, u8),
    Quote { deal: usize, price: u64 },
    Approve { deal: usize, who: usize },
    Reject(usize),
    Cancel(usize),
    Confirm { deal: usize, verdict: u8, dearer: bool },
    Accept(usize),
    Ship { deal: usize, first: u8, count: u8 },
    Track { deal: usize, status: u8 },
    Refused(usize),
    Receive(u8),
    Reserve { order: usize, unit: usize },
    Release(usize),
    Assign(usize),
    Retry(usize),
    Skip(usize),
    Bind { order: usize, serial: u8 },
    Later(u64),
}

fn happening() -> impl Strategy<Value = Happening> {
    use Happening as H;
    let n = 0..4_usize;
    prop_oneof![
        2 => (1..4_u32, any::<bool>()).prop_map(|(quantity, all_new)| H::Order { quantity, all_new }),
        2 => (1..6_u8).prop_map(H::Ready),
        8 => n.clone().prop_map(H::Begin),
        12 => (n.clone(), 0..8_u8).prop_map(|(deal, how)| H::End(deal, how)),
        6 => (n.clone(), 1..4_u64).prop_map(|(deal, price)| H::Quote { deal, price }),
        8 => (n.clone(), 0..4_usize).prop_map(|(deal, who)| H::Approve { deal, who }),
        1 => n.clone().prop_map(H::Reject),
        1 => n.clone().prop_map(H::Cancel),
        6 => (n.clone(), 0..8_u8, any::<bool>()).prop_map(|(deal, verdict, dearer)| H::Confirm { deal, verdict, dearer }),
        1 => n.clone().prop_map(H::Accept),
        4 => (n.clone(), 0..8_u8, 1..3_u8).prop_map(|(deal, first, count)| H::Ship { deal, first, count }),
        2 => (n.clone(), 0..5_u8).prop_map(|(deal, status)| H::Track { deal, status }),
        1 => n.clone().prop_map(H::Refused),
        2 => (0..10_u8).prop_map(H::Receive),
        2 => (n.clone(), 0..6_usize).prop_map(|(order, unit)| H::Reserve { order, unit }),
        1 => (0..6_usize).prop_map(H::Release),
        1 => n.clone().prop_map(H::Assign),
        2 => n.clone().prop_map(H::Retry),
        1 => n.clone().prop_map(H::Skip),
        1 => (n, 0..10_u8).prop_map(|(order, serial)| H::Bind { order, serial }),
        4 => prop_oneof![Just(60_u64), Just(3_600), Just(90_000), Just(300_000)].prop_map(H::Later),
    ]
}

struct Watched {
    shop: Shop,
    ready: Vec<UnitId>,
}

impl Watched {
    fn new() -> Self {
        let mut shop = Shop::new();
        shop.scene.policy.purchase.limits.auto_below = Money::new(2_500_000, Currency::EUR);
        Self { shop, ready: Vec::new() }
    }

    fn world(&self) -> &World {
        self.shop.world()
    }

    fn deal(&self, n: usize) -> Option<DealId> {
        let deals: Vec<DealId> = self.world().deals.keys().copied().collect();
        (!deals.is_empty()).then(|| deals[(deals.len() - 1).saturating_sub(n)])
    }

    fn order(&self, n: usize) -> Option<OrderId> {
        let orders: Vec<OrderId> = self.world().orders.keys().copied().collect();
        (!orders.is_empty()).then(|| orders[(orders.len() - 1).saturating_sub(n)])
    }

    fn say(&mut self, who: &str, role: Role, command: Command) {
        // Refusals are part of it.
        let _ = self.shop.put(by(who, role), command);
    }

    fn rackhand(&mut self, input: &Input) {
        let _ = self.shop.scene.put(Actor::Rackhand, input);
    }

    fn happen(&mut self, what: &Happening) -> Option<()> {
        use Happening as H;
        match *what {
            H::Order { quantity, all_new } => {
                let mut request = self.shop.request(quantity, SPEC);
                request.all_new = all_new;
                self.say("anna", Role::Operator, Command::Order(request));
            }
            H::Ready(n) => {
                let serial = scene::serial(n);
                if self.world().by_serial(&serial).is_none() {
                    self.ready.push(self.shop.ready(n, SPEC));
                }
            }
            H::Begin(n) => {
                let subject = Subject::Deal(self.deal(n)?);
                let due = self.shop.next(subject).moves.into_iter().find_map(|m| match m {
                    Move::Begin(due) => Some(due),
                    _ => None,
                })?;
                self.rackhand(&Input::Begin(subject, due));
            }
            H::End(n, how) => {
                let id = self.deal(n)?;
                let progress = self.world().deal(id)?.steps.progress().next()?.clone();
                let undo = matches!(progress.step, Step::WithdrawRequest | Step::CancelPurchase);
                let outcome = match how {
                    0 => Outcome::Accepted { receipt: "taken".into() },
                    1 => Outcome::Failed(fault(Kind::Transient)),
                    2 => Outcome::Failed(fault(Kind::Unknown)),
                    3 => Outcome::Failed(fault(Kind::Rejected)),
                    _ if undo => Outcome::Observed(Observation::Undone),
                    _ => Outcome::Observed(Observation::Held("theirs".into())),
                };
                let (subject, step, generation) = (Subject::Deal(id), progress.step, progress.generation);
                self.rackhand(&Input::Ended { subject, step, generation, outcome });
            }
            H::Quote { deal, price } => {
                let id = self.deal(deal)?;
                let wanted = self.world().order(id.order)?.bought().count() as u32;
                let mut quote = offer(wanted.max(1), price * 1_000_000);
                quote.number = format!("Q-{price}").into();
                let _ = self.shop.scene.put(Actor::Wire, &Input::Paper(id, Box::new(Paper::Quote(quote))));
            }
            H::Approve { deal, who } => {
                let id = self.deal(deal)?;
                let offer = self.world().deal(id)?.offer()?.clone();
                let amount = offer.quote.payable()?.plain().into();
                let (order, seller, revision) = (id.order, id.seller, offer.revision);
                let who = ["anna", "berta", "carl", "dora"][who];
                self.say(who, Role::Approver, Command::Approve { order, seller, revision, amount });
            }
            H::Reject(n) => {
                let order = self.order(n)?;
                self.say("berta", Role::Approver, Command::Reject { order, reason: "no".into() });
            }
            H::Cancel(n) => {
                let order = self.order(n)?;
                self.say("anna", Role::Operator, Command::CancelOrder { order, reason: "no".into() });
            }
            H::Confirm { deal, verdict, dearer } => {
                let id = self.deal(deal)?;
                let purchase = self.world().deal(id)?.purchase.clone()?;
                let says = rackhand_core::purchase::paper::Confirmation {
                    number: "SO".into(),
                    purchase: purchase.number,
                    verdict: match verdict {
                        0 => Accepts::No,
                        1 => Accepts::Cancelled,
                        2 => Accepts::Changed,
                        _ => Accepts::Yes,
                    },
                    lines: Vec::new(),
                    currency: None,
                    total: Some(purchase.total + u64::from(dearer)),
                    promised: None,
                    note: None,
                };
                let _ = self.shop.scene.put(Actor::Wire, &Input::Paper(id, Box::new(Paper::Confirmation(says))));
            }
            H::Accept(n) => {
                let id = self.deal(n)?;
                let total = self.world().deal(id)?.confirmation()?.paper.total?;
                let amount = Money::new(total, Currency::EUR).plain().into();
                let (order, seller, reason) = (id.order, id.seller, "fine".into());
                self.say("berta", Role::Approver, Command::AcceptConfirmation { order, seller, amount, reason });
            }
            H::Ship { deal, first, count } => {
                let id = self.deal(deal)?;
                let purchase = self.world().deal(id)?.purchase.clone()?;
                let item = |n: u8| rackhand_core::purchase::paper::ShippedItem {
                    line: None,
                    part: None,
                    model: None,
                    serial: format!("CZ{n}").into(),
                    bmc_mac: None,
                };
                let notice = rackhand_core::purchase::paper::ShipNotice {
                    number: format!("S{first}").into(),
                    purchase: purchase.number,
                    carrier: None,
                    tracking: vec![format!("T{}", id.seller).into()],
                    shipped: None,
                    eta: None,
                    items: (first..first + count).map(item).collect(),
                };
                let _ = self.shop.scene.put(Actor::Wire, &Input::Paper(id, Box::new(Paper::ShipNotice(notice))));
            }
            H::Track { deal, status } => {
                let deal = self.deal(deal)?;
                let status =
                    [Transit::Announced, Transit::Moving, Transit::Delivered, Transit::Trouble, Transit::Unknown]
                        [usize::from(status)];
                let reading = Tracked { status, eta: None, delivered: None, last: "somewhere".into() };
                self.rackhand(&Input::Tracked { deal, tracking: format!("T{}", deal.seller).into(), reading });
            }
            H::Refused(n) => {
                let deal = self.deal(n)?;
                self.rackhand(&Input::PaperRefused { deal, what: "a paper".into(), flaws: Vec::new() });
            }
            H::Receive(n) => self.shop.receive_any(&format!("CZ{n}")),
            H::Reserve { order, unit } => {
                let (order, unit) = (self.order(order)?, *self.ready.get(unit)?);
                self.say("anna", Role::Operator, Command::Reserve { order, line: 1, unit });
            }
            H::Release(n) => {
                let unit = *self.ready.get(n)?;
                self.say("anna", Role::Operator, Command::ReleaseStock { unit, reason: "no".into() });
            }
            H::Assign(n) => {
                let order = self.order(n)?;
                self.say("anna", Role::Operator, Command::AssignStock { order });
            }
            H::Retry(n) => {
                let subject = Subject::Deal(self.deal(n)?);
                self.say("anna", Role::Operator, Command::Retry { subject });
            }
            H::Skip(n) => {
                let id = self.deal(n)?;
                let progress = self.world().deal(id)?.steps.progress().next()?.clone();
                let (subject, step, generation) = (Subject::Deal(id), progress.step, progress.generation);
                self.say("anna", Role::Operator, Command::Skip { subject, step, generation, reason: "known".into() });
            }
            H::Bind { order, serial } => {
                let (order, serial) = (self.order(order)?, format!("CZ{serial}").into());
                let bind = Command::BindSerial { order, serial, bmc_mac: None, model: None };
                self.say("anna", Role::Operator, bind);
            }
            H::Later(secs) => {
                self.shop.scene.later(secs);
                let orders = self.world().orders.keys().map(|o| Subject::Order(*o));
                let subjects: Vec<_> = orders.chain(self.world().deals.keys().map(|d| Subject::Deal(*d))).collect();
                for subject in subjects {
                    if self.shop.next(subject).moves.contains(&Move::Review) {
                        self.rackhand(&Input::Review(subject));
                    }
                }
            }
        }
        Some(())
    }

    fn check(&self) {
        let world = self.world();
        let mut kept: BTreeMap<UnitId, OrderId> = BTreeMap::new();
        for order in world.orders.values() {
            for (_, reservation) in order.kept() {
                assert_eq!(kept.insert(reservation.unit, order.id), None, "a server is kept for two orders");
                assert_eq!(world.reserved_for(reservation.unit), Some(order.id));
            }
            let open = world.deals_of(order).filter(|d| d.purchase.is_some() && d.ended.is_none());
            assert!(open.count() <= 1, "two purchases of order {}", order.id);
            for line in &order.lines {
                assert!(line.units.len() + line.stock.len() <= line.quantity as usize, "more than were ordered");
            }
        }
        let free = self.ready.iter().filter(|u| !kept.contains_key(*u));
        assert!(free.clone().all(|u| world.reserved_for(*u).is_none()), "kept for nobody");
        self.every_due_step_is_taken_and_every_rest_is_explained();
    }

    fn every_due_step_is_taken_and_every_rest_is_explained(&self) {
        let world = self.world();
        for (subject, over) in world.orders.values().map(|o| (Subject::Order(o.id), o.end.is_some())) {
            let Subject::Order(id) = subject else { unreachable!() };
            let order = world.order(id).unwrap();
            let mut told = over || !self.shop.next(subject).waits.is_empty() || self.shop.state(id).is_over();
            let deals = world.deals_of(order).map(|d| Subject::Deal(d.id));
            for subject in std::iter::once(subject).chain(deals) {
                let next = self.shop.next(subject);
                told |= !next.waits.is_empty() || !next.moves.is_empty();
                for step in &next.moves {
                    let input = match step {
                        Move::Begin(due) => Input::Begin(subject, *due),
                        Move::Review => Input::Review(subject),
                        Move::Watch(..) | Move::Expire(..) => unreachable!("no step of a deal has a deadline"),
                    };
                    let moment = self.shop.scene.moment(Actor::Rackhand);
                    let decided = rackhand_core::decide::decide(world, &self.shop.scene.policy, &moment, &input);
                    let decided = decided.unwrap_or_else(|e| panic!("{step:?} is due and refused: {e}"));
                    let changes = *step != Move::Review || !decided.drafts.is_empty();
                    assert!(changes, "a review of {subject} that changes nothing would be made for ever");
                }
            }
            assert!(told, "order {id} rests at {} and nobody is told why", self.shop.state(id));
        }
    }

    /// What must hold of the journal as a whole.
    fn check_journal(&self) {
        let mut held: BTreeSet<(DealId, Step, u32)> = BTreeSet::new();
        let mut numbers = 0;
        let mut approvals: BTreeMap<OrderId, BTreeSet<String>> = BTreeMap::new();
        let mut purchases: BTreeMap<DealId, u32> = BTreeMap::new();
        for recorded in &self.shop.scene.log {
            match (&recorded.draft.event, recorded.draft.subject) {
                (
                    Event::Step(StepEvent::StepObserved { step, .. } | StepEvent::StepSkipped { step, .. }),
                    Subject::Deal(id),
                ) => {
                    let purchase = purchases.get(&id).copied().unwrap_or(0);
                    let new = held.insert((id, *step, purchase));
                    assert!(new, "{step} of {id} counted as done twice");
                }
                (Event::Step(StepEvent::StepIntended { step, .. }), Subject::Deal(id)) => {
                    let purchase = purchases.get(&id).copied().unwrap_or(0);
                    assert!(!held.contains(&(id, *step, purchase)), "{step} of {id} sent after it was seen there");
                }
                (Event::Order(OrderEvent::ApprovalGiven { .. }), Subject::Order(id)) => {
                    let who = recorded.draft.actor.to_string();
                    assert_ne!(who, "anna", "who ordered approved");
                    approvals.entry(id).or_default().insert(who);
                }
                (Event::Order(OrderEvent::PurchaseDecided { number, total, .. }), Subject::Order(id)) => {
                    numbers += 1;
                    assert_eq!(*number, numbers, "numbers have a gap");
                    let policy = &self.shop.scene.policy.purchase;
                    let given = approvals.remove(&id).unwrap_or_default();
                    let persons = given.iter().filter(|w| *w != "rackhand").count();
                    assert!(
                        persons >= policy.needed(Some(*total)).people(),
                        "bought for {total} on the word of {given:?}"
                    );
                }
                (Event::Deal(DealEvent::PurchaseMade { .. }), Subject::Deal(id)) => {
                    *purchases.entry(id).or_default() += 1;
                }
                _ => {}
            }
        }
        let mut resumed = World::default();
        self.shop.scene.log.iter().for_each(|r| resumed.apply(r));
        assert!(resumed == *self.world(), "the fold of the journal is another world");
        let phases = self.world().deals.values().flat_map(|d| d.steps.progress());
        assert!(phases.filter(|p| matches!(p.phase, Phase::Parked { .. })).all(|p| p.attempts > 0));
    }
}

impl Shop {
    fn receive_any(&mut self, serial: &str) {
        let (site, scan) = (rackhand_core::id::SiteId::new("fra1"), serial.into());
        let _ = self.put(by("tina", Role::Technician), Command::Receive { site, scan, damaged: None, photo: None });
    }
}

/// More sequences, or others, where the environment asks for them.
#[allow(clippy::disallowed_methods)] // a test may be told by its environment; core may not
fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(otherwise)
}

#[test]
fn whatever_happens_nothing_is_bought_twice_and_no_server_is_given_twice() {
    let seen: RefCell<BTreeSet<&str>> = RefCell::default();
    let config = Config {
        cases: u32::try_from(number("RACKHAND_CASES", 1_000)).unwrap(),
        rng_seed: RngSeed::Fixed(number("RACKHAND_SEED", 22)),
        failure_persistence: None,
        ..Config::default()
    };
    let mut runner = TestRunner::new(config);
    let done = runner.run(&prop::collection::vec(happening(), 10..120), |sequence| {
        let mut watched = Watched::new();
        for what in &sequence {
            watched.happen(what);
            watched.check();
        }
        watched.check_journal();
        seen.borrow_mut().extend(watched.shop.scene.log.iter().map(|r| r.draft.event.kind()));
        Ok(())
    });
    done.unwrap_or_else(|e| panic!("{e}"));
    // The sequences are worth something only if they come far.
    for kind in TRADE {
        assert!(seen.borrow().contains(kind), "never seen: {kind}");
    }
}
