//! The fake's orders: placed, quoted, approved and shipped by the real rules.

use std::collections::BTreeSet;
use std::time::Duration;

use rackhand_core::bmc::Vendor;
use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Answer, Input, Moment, Refusal, decide};
use rackhand_core::event::{EntryEvent, Recorded};
use rackhand_core::id::{Actor, DealId, Entropy, OrderId, Role, SiteId, Subject};
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::order::spec;
use rackhand_core::order::{OrderRequest, Wish};
use rackhand_core::policy::{Policy, Terms};
use rackhand_core::purchase::money::Currency;
use rackhand_core::purchase::paper::{
    Accepts, Carrier, Confirmation, Flaw, Paper, Quote, QuoteLine, ShipNotice, ShippedItem, Tracked, Transit,
};
use rackhand_core::text::Text;

use crate::fake::{BEGIN, Fake};

/// What most orders ask for.
pub const SPEC: &str = "2x Xeon Gold 6530, 512GB DDR5, 4x 3.84TB NVMe, 2x 100GbE";
const DAY: u64 = 86_400;

/// A policy with four vendors, two of them in dollars.
pub fn policy() -> Policy {
    let mut policy = Policy::standard(SiteId::new("fra1"));
    policy.also = BTreeSet::from([SiteId::new("ams2")]);
    let terms = |id: &str, title: &str, vendor, by_hand| Terms {
        id: id.parse().unwrap(),
        title: title.into(),
        vendor,
        by_hand,
    };
    let p = &mut policy.purchase;
    p.sellers = vec![
        terms("hpe", "HPE Direct", Vendor::Hpe, false),
        terms("dell", "Dell Premier", Vendor::Dell, false),
        terms("northside", "Northside Systems", Vendor::Dell, true),
        terms("boxes", "Boxes & More", Vendor::Hpe, true),
    ];
    p.rates.of = BEGIN;
    p.rates.millionths.insert(Currency::USD, 921_500);
    p.worth.megawatt_hour = Some(28_500);
    p.worth.day = 500;
    p.worth.warranty_month = 1_000;
    p.worth.untried_days = 5;
    policy
}

/// What a vendor offers for one line: number, currency, each in cents, days, months, watts, spec.
pub struct Offer<'a> {
    pub number: &'a str,
    pub currency: Currency,
    pub quantity: u32,
    pub each: Option<u64>,
    pub days: Option<u16>,
    pub months: Option<u16>,
    pub watts: Option<u32>,
    pub spec: Option<&'a str>,
    pub freight: Option<u64>,
}

impl Default for Offer<'_> {
    fn default() -> Self {
        Self {
            number: "Q-1",
            currency: Currency::EUR,
            quantity: 3,
            each: Some(941_200),
            days: Some(21),
            months: Some(36),
            watts: Some(388),
            spec: Some(SPEC),
            freight: None,
        }
    }
}

impl Offer<'_> {
    fn paper(&self) -> Paper {
        let line = QuoteLine {
            line: Some(1),
            part: "P52562-B21".into(),
            description: "1U dual socket".into(),
            spec: self.spec.map(Text::new),
            quantity: self.quantity,
            unit_price: self.each,
            lead_days: self.days,
            warranty_months: self.months,
            watts: self.watts,
        };
        Paper::Quote(Quote {
            number: self.number.into(),
            request: None,
            currency: self.currency,
            valid_until: Some(BEGIN + Duration::from_secs(20 * DAY)),
            lines: vec![line],
            freight: self.freight,
            total: None,
            note: None,
        })
    }
}

pub fn person(name: &str, role: Role) -> Actor {
    Actor::Person { name: name.into(), role }
}

pub fn request(tenant: &str, quantity: u32, spec: &str) -> OrderRequest {
    let wish = Wish { quantity, spec: spec.into(), model: None };
    OrderRequest::new(tenant, SiteId::new("fra1"), vec![wish])
}

impl Fake {
    /// Decides as somebody else than who sits at the console.
    pub fn put(&self, actor: Actor, input: Input) -> Result<Answer, Refusal> {
        self.advance(Duration::from_secs(420));
        let policy = policy();
        let mut inside = self.inside.lock().unwrap();
        let mut entropy = [0; 16];
        entropy[..8].copy_from_slice(&inside.world.head.to_be_bytes());
        let moment = Moment { now: inside.now, entropy: Entropy(entropy), actor };
        let decided = decide(&inside.world, &policy, &moment, &input)?;
        let first = inside.world.head + 1;
        inside.events.extend((first..).zip(decided.drafts).map(|(seq, draft)| Recorded { seq, draft }));
        inside.world = decided.world;
        Ok(decided.answer)
    }

    pub fn order(&self, by: &str, request: OrderRequest) -> OrderId {
        match self.put(person(by, Role::Operator), Input::Command(Command::Order(request))).unwrap() {
            Answer::Ordered(ordered) => ordered.order,
            other => panic!("{other:?}"),
        }
    }

    pub fn offer(&self, order: OrderId, seller: &str, offer: &Offer<'_>) {
        self.paper(order, seller, offer.paper());
    }

    pub fn paper(&self, order: OrderId, seller: &str, paper: Paper) {
        let command = Command::EnterPaper { order, seller: seller.parse().unwrap(), paper: Box::new(paper) };
        self.put(person("ivo", Role::Operator), Input::Command(command)).unwrap();
    }

    pub fn approve(&self, by: &str, order: OrderId, seller: &str, amount: &str) -> Result<Answer, Refusal> {
        let (seller, amount) = (seller.parse().unwrap(), amount.into());
        let command = Command::Approve { order, seller, revision: 1, amount };
        self.put(person(by, Role::Approver), Input::Command(command))
    }

    fn confirmation(&self, order: OrderId, total: Option<u64>) -> Confirmation {
        let purchase = self.inside.lock().unwrap().world.order(order).unwrap().purchase.clone().unwrap().name;
        Confirmation {
            number: format!("D-88{order}").into(),
            purchase,
            verdict: Accepts::Yes,
            lines: Vec::new(),
            currency: None,
            total,
            promised: Some(BEGIN + Duration::from_secs(18 * DAY)),
            note: None,
        }
    }

    /// Servers of the pool of which it is known what they are.
    pub fn stock_up(&self) {
        let pool = [
            ("STK1001", SPEC),
            ("STK1002", SPEC),
            ("STK1003", "2x Xeon Gold 6530, 1TB DDR5, 4x 3.84TB NVMe, 2x 100GbE"),
            ("STK1004", "2x Xeon Gold 6530, 256GB DDR5, 4x 3.84TB NVMe, 2x 100GbE"),
            ("STK1005", "2x Xeon Gold 6430, 512GB DDR5, 2x 3.84TB NVMe, 2x 100GbE"),
        ];
        for (n, (serial, words)) in (3_000..).zip(pool) {
            let id = self.add(n, "fra1", serial, Vendor::Dell, "PowerEdge R660", Stage::Ready);
            let spec = spec::read(words).spec;
            self.emit(Subject::Unit(id), person("ivo", Role::Operator), EntryEvent::SpecTold { spec });
            self.advance(Duration::from_secs(61));
        }
    }

    /// Orders in every state.
    pub fn trade(&self) {
        self.stock_up();
        self.inside.lock().unwrap().role = Role::Approver;
        // 1: two from the pool, three to be decided among four offers.
        let first = self.order("hanna", {
            let mut wanted = request("acme", 6, SPEC);
            wanted.needed_by = Some(BEGIN + Duration::from_secs(30 * DAY));
            wanted.note = Some("REQ-118".into());
            wanted
        });
        let flaws = vec![Flaw { row: Some(3), field: "unit_price".into(), why: "not an amount: `call us`".into() }];
        let deal = DealId { order: first, seller: "dell".parse().unwrap() };
        let refused = Input::PaperRefused { deal, what: "quote DQ-77 (quote.csv)".into(), flaws };
        self.put(Actor::Wire, refused).unwrap();
        self.offer(first, "hpe", &Offer { number: "HQ-2207", freight: Some(115_000), ..Offer::default() });
        let usd = Currency::USD;
        let spec = Some("2x Xeon Gold 6530, 512GB DDR5, 4x 3.84TB NVMe, 2x 25GbE");
        self.offer(
            first,
            "dell",
            &Offer {
                number: "DQ-78",
                currency: usd,
                each: Some(968_800),
                days: Some(14),
                months: Some(60),
                watts: Some(371),
                spec,
                ..Offer::default()
            },
        );
        let bare =
            Offer { number: "N/4/26", each: Some(899_000), days: None, months: None, watts: None, ..Offer::default() };
        self.offer(first, "northside", &bare);
        self.offer(first, "boxes", &Offer { number: "B-9", each: None, spec: None, ..Offer::default() });
        // 2: served by the pool alone.
        self.put(
            person("ivo", Role::Operator),
            Input::Command(Command::Order(request("globex", 1, "1x Xeon Gold 6430"))),
        )
        .unwrap();
        // 3: our own, with one offer.
        let own = self.order("anna", request("initech", 2, "2x EPYC 9554, 768GB DDR5, 8x 7.68TB NVMe, 2x 100GbE"));
        let epyc = Some("2x EPYC 9554, 768GB DDR5, 8x 7.68TB NVMe, 2x 100GbE");
        self.offer(
            own,
            "dell",
            &Offer { number: "DQ-80", quantity: 2, each: Some(1_912_000), spec: epyc, ..Offer::default() },
        );
        // 4: bought, confirmed and on its way.
        let way = self.order("hanna", request("acme", 2, "2x Xeon Gold 6444Y, 256GB DDR5, 2x 25GbE"));
        let gold = Some("2x Xeon Gold 6444Y, 256GB DDR5, 2x 25GbE");
        self.offer(
            way,
            "dell",
            &Offer { number: "DQ-60", quantity: 2, each: Some(700_000), spec: gold, ..Offer::default() },
        );
        self.approve("otto", way, "dell", "14000").unwrap();
        let says = self.confirmation(way, Some(1_400_000));
        let purchase = says.purchase.clone();
        self.paper(way, "dell", Paper::Confirmation(says));
        let item = |serial: &str| ShippedItem {
            line: Some(1),
            part: None,
            model: Some("PowerEdge R660".into()),
            serial: serial.into(),
            bmc_mac: None,
        };
        self.paper(
            way,
            "dell",
            Paper::ShipNotice(ShipNotice {
                number: "SHP-5501".into(),
                purchase,
                carrier: Some(Carrier::Ups),
                tracking: vec!["1Z999AA10123456784".into(), "1Z999AA10123456785".into()],
                shipped: Some(BEGIN),
                eta: Some(BEGIN + Duration::from_secs(6 * DAY)),
                items: vec![item("7XK9001"), item("7XK9002")],
            }),
        );
        let reading = Tracked {
            status: Transit::Moving,
            eta: Some(BEGIN + Duration::from_secs(5 * DAY)),
            delivered: None,
            last: "Departed, LOUISVILLE US".into(),
        };
        let deal = DealId { order: way, seller: "dell".parse().unwrap() };
        self.put(Actor::Wire, Input::Tracked { deal, tracking: "1Z999AA10123456784".into(), reading }).unwrap();
        // 5: the vendor confirms something else.
        let dear = self.order("hanna", request("hooli", 1, "2x Xeon Gold 6444Y, 256GB DDR5"));
        let other = Some("2x Xeon Gold 6444Y, 256GB DDR5");
        self.offer(
            dear,
            "hpe",
            &Offer { number: "HQ-9", quantity: 1, each: Some(650_000), spec: other, ..Offer::default() },
        );
        self.approve("otto", dear, "hpe", "6,500.00").unwrap();
        let says = self.confirmation(dear, Some(671_000));
        self.paper(dear, "hpe", Paper::Confirmation(says));
        // 6: cancelled. 7: quotes are awaited, and not all was understood.
        let gone = self.order("hanna", request("acme", 1, "4TB DDR5, 2x 400GbE"));
        let cancel = Command::CancelOrder { order: gone, reason: "ordered twice".into() };
        self.put(person("hanna", Role::Operator), Input::Command(cancel)).unwrap();
        let mut wanted = request("umbrella", 4, "2x Xeon Gold 6530, 2TB DDR5, a good warranty");
        wanted.as_understood = true;
        self.order("hanna", wanted);
        self.advance(Duration::from_secs(4_000));
    }
}
