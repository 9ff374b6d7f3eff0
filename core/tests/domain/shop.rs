//! A world with two vendors to buy from.

use std::time::Duration;

use rackhand_core::bmc::Vendor;
use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Answer, Input, Refusal};
use rackhand_core::flow::next::{Due, Move, Next};
use rackhand_core::flow::rules::rule;
use rackhand_core::flow::step::{Observation, Outcome};
use rackhand_core::id::{Actor, DealId, OrderId, Role, SellerId, SiteId, Subject, UnitId};
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::lifecycle::unit::Unit;
use rackhand_core::mac::Mac;
use rackhand_core::order::{OrderRequest, OrderState, Wish};
use rackhand_core::policy::Terms;
use rackhand_core::purchase::money::Currency;
use rackhand_core::purchase::next::{for_deal, for_order, state};
use rackhand_core::purchase::paper::{
    Accepts, Carrier, Confirmation, Paper, Quote, QuoteLine, ShipNotice, ShippedItem,
};
use rackhand_core::world::World;

use crate::scene::{START, Scene};

pub const SPEC: &str = "2x Xeon Gold 6530, 512GB DDR5, 4x 3.84TB NVMe, 2x 100GbE";

pub fn seller(name: &str) -> SellerId {
    name.parse().unwrap()
}

pub fn deal(order: u32, name: &str) -> DealId {
    DealId { order: OrderId(order), seller: seller(name) }
}

pub fn by(name: &str, role: Role) -> Actor {
    Actor::Person { name: name.into(), role }
}

pub fn quote(quantity: u32, unit_price: u64) -> Paper {
    Paper::Quote(offer(quantity, unit_price))
}

pub fn offer(quantity: u32, unit_price: u64) -> Quote {
    let line = QuoteLine {
        line: Some(1),
        part: "P52562-B21".into(),
        description: "ProLiant DL360 Gen11".into(),
        spec: Some(SPEC.into()),
        quantity,
        unit_price: Some(unit_price),
        lead_days: Some(21),
        warranty_months: Some(36),
        watts: Some(450),
    };
    Quote {
        number: "Q-1".into(),
        request: None,
        currency: Currency::EUR,
        valid_until: Some(START + Duration::from_secs(30 * 86_400)),
        lines: vec![line],
        freight: None,
        total: None,
        note: None,
    }
}

pub struct Shop {
    pub scene: Scene,
}

impl Shop {
    pub fn new() -> Self {
        let mut scene = Scene::default();
        let terms = |id, title: &str, vendor| Terms { id: seller(id), title: title.into(), vendor, by_hand: false };
        scene.policy.purchase.sellers = vec![terms("hpe", "HPE", Vendor::Hpe), terms("dell", "Dell", Vendor::Dell)];
        Self { scene }
    }

    /// Four servers are ordered, and the vendor has the purchase order.
    pub fn bought() -> Self {
        let mut shop = Self::new();
        shop.quoted(4, 5_500_000);
        shop.approve("berta", "hpe", 1, "220000").unwrap();
        shop.approve("carl", "hpe", 1, "220000").unwrap();
        shop.carry_out("hpe");
        shop
    }

    /// Both vendors are asked, and one has answered.
    pub fn quoted(&mut self, quantity: u32, unit_price: u64) {
        self.order(quantity);
        self.carry_out("hpe");
        self.carry_out("dell");
        self.paper("hpe", quote(quantity, unit_price)).unwrap();
    }

    pub fn world(&self) -> &World {
        &self.scene.world
    }

    pub fn unit(&self, id: UnitId) -> &Unit {
        self.scene.unit(id)
    }

    pub fn put(&mut self, actor: Actor, command: Command) -> Result<Answer, Refusal> {
        self.scene.put(actor, &Input::Command(command))
    }

    #[allow(clippy::unused_self)] // of one form with the rest
    pub fn request(&self, quantity: u32, spec: &str) -> OrderRequest {
        let wish = Wish { quantity, spec: spec.into(), model: None };
        OrderRequest::new("acme", SiteId::new("fra1"), vec![wish])
    }

    pub fn order(&mut self, quantity: u32) -> OrderId {
        let request = self.request(quantity, SPEC);
        match self.put(by("anna", Role::Operator), Command::Order(request)) {
            Ok(Answer::Ordered(ordered)) => ordered.order,
            other => panic!("{other:?}"),
        }
    }

    pub fn last(&self) -> OrderId {
        self.world().orders.get_max().unwrap().0
    }

    pub fn units(&self, order: OrderId) -> Vec<UnitId> {
        self.world().order(order).unwrap().bought().collect()
    }

    pub fn state(&self, order: OrderId) -> OrderState {
        state(self.world(), self.world().order(order).unwrap())
    }

    /// A server of the pool that is said to be this.
    pub fn ready(&mut self, n: u8, spec: &str) -> UnitId {
        let unit = self.scene.import(n, Stage::Ready);
        self.put(by("anna", Role::Operator), Command::Describe { unit, spec: spec.into() }).unwrap();
        unit
    }

    pub fn next(&self, subject: Subject) -> Next {
        let world = self.world();
        match subject {
            Subject::Order(id) => for_order(world, world.order(id).unwrap(), self.scene.now),
            Subject::Deal(id) => {
                for_deal(world, world.order(id.order).unwrap(), world.deal(id).unwrap(), self.scene.now)
            }
            _ => unreachable!(),
        }
    }

    fn due(&self, id: DealId) -> Option<Due> {
        self.next(Subject::Deal(id)).moves.into_iter().find_map(|m| match m {
            Move::Begin(due) => Some(due),
            _ => None,
        })
    }

    /// What is to be sent, to whom.
    pub fn steps(&self) -> Vec<String> {
        let due = |id: &DealId| self.due(*id).map(|d| format!("{id} {}", d.step));
        self.world().deals.keys().filter_map(due).collect()
    }

    fn deal_of(&self, name: &str) -> DealId {
        DealId { order: self.last(), seller: seller(name) }
    }

    /// Journals that the vendor's next step is about to be taken.
    pub fn begin(&mut self, name: &str) -> Due {
        let id = self.deal_of(name);
        let due = self.due(id).expect("nothing is to be sent");
        self.scene.put(Actor::Rackhand, &Input::Begin(Subject::Deal(id), due)).unwrap();
        due
    }

    pub fn try_step(&mut self, name: &str, outcome: Outcome) {
        let due = self.begin(name);
        let (subject, step, generation) = (Subject::Deal(self.deal_of(name)), due.step, due.generation);
        self.scene.put(Actor::Rackhand, &Input::Ended { subject, step, generation, outcome }).unwrap();
    }

    /// The vendor's next step goes well.
    pub fn carry_out(&mut self, name: &str) {
        let due = self.due(self.deal_of(name)).expect("nothing is to be sent");
        let is_undo = rackhand_core::flow::rules::all().any(|r| r.undo == Some(due.step));
        let saw = if is_undo { Observation::Undone } else { Observation::Held("their number".into()) };
        assert_eq!(rule(due.step).step, due.step);
        self.try_step(name, Outcome::Observed(saw));
    }

    pub fn paper(&mut self, name: &str, paper: Paper) -> Result<Answer, Refusal> {
        self.scene.put(Actor::Wire, &Input::Paper(self.deal_of(name), Box::new(paper)))
    }

    pub fn approve(&mut self, who: &str, name: &str, revision: u32, amount: &str) -> Result<Answer, Refusal> {
        let (order, seller) = (self.last(), seller(name));
        let approve = Command::Approve { order, seller, revision, amount: amount.into() };
        self.put(by(who, Role::Approver), approve)
    }

    pub fn confirmation(&self, name: &str) -> Paper {
        let purchase = self.world().deal(self.deal_of(name)).unwrap().purchase.clone().unwrap();
        Paper::Confirmation(Confirmation {
            number: "SO-1".into(),
            purchase: purchase.number,
            verdict: Accepts::Yes,
            lines: Vec::new(),
            currency: Some(purchase.currency),
            total: Some(purchase.total),
            promised: Some(START + Duration::from_secs(21 * 86_400)),
            note: None,
        })
    }

    pub fn shipment(&self, name: &str, serials: &[&str]) -> Paper {
        let item = |s: &&str| ShippedItem { line: None, part: None, model: None, serial: (*s).into(), bmc_mac: None };
        let purchase = self.world().deal(self.deal_of(name)).unwrap().purchase.clone().unwrap();
        Paper::ShipNotice(ShipNotice {
            number: "SHIP-1".into(),
            purchase: purchase.number,
            carrier: Some(Carrier::Ups),
            tracking: vec!["1Z999AA10123456784".into()],
            shipped: None,
            eta: Some(START + Duration::from_secs(17 * 86_400)),
            items: serials.iter().map(item).collect(),
        })
    }

    pub fn shipment_with_mac(&self, name: &str, serial: &str, mac: Mac) -> Paper {
        match self.shipment(name, &[serial]) {
            Paper::ShipNotice(mut notice) => {
                notice.items[0].bmc_mac = Some(mac);
                Paper::ShipNotice(notice)
            }
            other => other,
        }
    }

    pub fn receive(&mut self, serial: &str) {
        let (site, scan) = (SiteId::new("fra1"), serial.into());
        self.put(by("tina", Role::Technician), Command::Receive { site, scan, damaged: None, photo: None }).unwrap();
    }
}
