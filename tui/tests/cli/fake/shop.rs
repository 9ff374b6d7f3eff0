//! A shop behind the fake daemon: orders are decided as a daemon decides them, over a world of its own.

use std::sync::Arc;

use rackhand_core::bmc::Vendor;
use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Answer, Input, Moment, Refusal, decide};
use rackhand_core::event::{Draft, EntryEvent, Event};
use rackhand_core::id::{Actor, Entropy, OrderId, Role, SiteId, Subject, UnitId};
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::order::candidate::Shown;
use rackhand_core::order::questions::{OneOrder, OrderDetail};
use rackhand_core::order::{OrderRequest, Wish};
use rackhand_core::placement::questions::RackView;
use rackhand_core::policy::{Policy, Terms};
use rackhand_core::question::{Basis, Facts, Question, Reading};
use rackhand_core::text::Text;
use rackhand_core::world::World;

use super::NOW;

pub const SPEC: &str = "2x Xeon Gold 6530, 512GB DDR5, 4x 3.84TB NVMe, 2x 100GbE";

/// Two vendors that a person asks, and two ready servers that are what [`SPEC`] says.
pub struct Shop {
    pub world: World,
    policy: Policy,
    drawn: u8,
}

impl Shop {
    pub fn new() -> Self {
        let mut policy = Policy::standard(SiteId::new("fra1"));
        let terms = |id: &str, title: &str, vendor| Terms {
            id: id.parse().unwrap(),
            title: title.into(),
            vendor,
            by_hand: true,
        };
        policy.purchase.sellers = vec![terms("hpe", "HPE", Vendor::Hpe), terms("dell", "Dell", Vendor::Dell)];
        let mut shop = Self { world: World::default(), policy, drawn: 0 };
        for serial in ["CZ2D1X0GB8", "CZ2D1X0GB9"] {
            let (site, serial) = (SiteId::new("fra1"), Text::new(serial));
            let (bmc_mac, vendor, model, stage) = (None, None, None, Stage::Ready);
            shop.drawn += 1;
            let unit = UnitId::mint(NOW, Entropy([shop.drawn; 16]));
            // Two people have said so.
            let event = Event::Entry(EntryEvent::UnitImported { site, serial, bmc_mac, vendor, model, stage });
            let draft = Draft { at: NOW, subject: Subject::Unit(unit), actor: Actor::Rackhand, cause: None, event };
            shop.world.apply_draft(shop.world.head + 1, &draft);
            shop.put("root", &Command::Describe { unit, spec: SPEC.into() }).unwrap();
        }
        shop
    }

    pub fn find(&self, serial: &str) -> Option<UnitId> {
        self.world.by_serial(serial).map(|u| u.id)
    }

    pub fn put(&mut self, name: &str, command: &Command) -> Result<Answer, Refusal> {
        self.drawn += 1;
        let actor = Actor::Person { name: name.into(), role: Role::Admin };
        let moment = Moment { now: NOW, entropy: Entropy([self.drawn; 16]), actor };
        let tenants = Some(["acme", "beta", "t"].map(Text::new).into());
        let shown = Arc::new(Shown { tenants, ..Shown::default() });
        let decided = decide(&self.world, &self.policy, &moment, &Input::Informed(command.clone(), shown))?;
        self.world = decided.world;
        Ok(decided.answer)
    }

    /// An order of bert's, so that anna may approve it.
    pub fn order(&mut self, quantity: u32) -> OrderId {
        let wish = Wish { quantity, spec: SPEC.into(), model: None };
        let request = OrderRequest { all_new: true, ..OrderRequest::new("acme", SiteId::new("fra1"), vec![wish]) };
        match self.put("bert", &Command::Order(request)) {
            Ok(Answer::Ordered(ordered)) => ordered.order,
            other => panic!("{other:?}"),
        }
    }

    /// What the daemon would answer, by the real function, with these racks.
    pub fn answer(&self, question: &Question, racks: &[RackView]) -> Result<Reading, Refusal> {
        let (site, caller) = (SiteId::new("fra1"), Actor::Person { name: "anna".into(), role: Role::Admin });
        let facts = Facts { racks: Some(racks), ..Facts::new(&site, &self.policy) };
        question.answer(&Basis { world: &self.world, facts: &facts, caller: &caller, now: NOW })
    }

    pub fn detail(&self, id: OrderId) -> Result<OrderDetail, Refusal> {
        self.answer(&OneOrder(id).into(), &[]).map(|found| found.into_of::<OneOrder>().unwrap().answer)
    }
}

/// Whether the shop decides this, not the lists.
pub fn is_its_own(command: &Command) -> bool {
    matches!(
        command,
        Command::Order(_)
            | Command::Reserve { .. }
            | Command::ReleaseStock { .. }
            | Command::AssignStock { .. }
            | Command::BindSerial { .. }
            | Command::EnterPaper { .. }
            | Command::Approve { .. }
            | Command::Reject { .. }
            | Command::CancelOrder { .. }
            | Command::AcceptConfirmation { .. }
            | Command::Describe { .. }
    )
}
