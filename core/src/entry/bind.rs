//! Which of an order's servers a serial is. It is bound once; from then on serial and unit are one.

use crate::decide::{Answer, Deciding, Refusal, Why};
use crate::event::EntryEvent;
use crate::id::{OrderId, Subject, UnitId};
use crate::inventory::NewDevice;
use crate::lifecycle::stage::Disposition;
use crate::lifecycle::unit::Unit;
use crate::mac::Mac;
use crate::purchase::deal::Deal;
use crate::purchase::paper::ShippedItem;
use crate::purchase::tender::bought;
use crate::text::Text;

impl Deciding<'_> {
    /// The servers of an order, or of one of its lines, that no serial is known of yet, in order.
    pub(crate) fn unbound(&self, id: OrderId, line: Option<u16>) -> impl Iterator<Item = &Unit> {
        let bought = self.world.order(id).into_iter().flat_map(crate::order::Order::bought);
        let free = move |u: &&Unit| {
            let of_line = line.is_none_or(|line| u.order.is_some_and(|(_, number)| number == line));
            // Which server is stopped or not, the vendor ships them all.
            let comes =
                u.disposition.may_move() || matches!(u.disposition, Disposition::OnHold | Disposition::Quarantined);
            of_line && u.serial.is_none() && u.stage.is_on_order() && comes
        };
        bought.filter_map(|u| self.world.unit(u)).filter(free)
    }

    /// Which line of the order a shipped server is of: by the line of our purchase order that the paper names, else by
    /// its part number. `None` where neither tells, and then any line may be meant.
    pub(crate) fn line_of(&self, id: OrderId, item: &ShippedItem) -> Result<Option<u16>, String> {
        let Some(order) = self.world.order(id) else { return Ok(None) };
        let bought = bought(&self.world, order);
        if let Some(named) = item.line {
            let found = usize::from(named).checked_sub(1).and_then(|n| bought.get(n));
            return match found {
                Some((Some(line), _)) => Ok(Some(*line)),
                Some((None, line)) if bought.iter().any(|(answers, _)| answers.is_some()) => {
                    Err(format!("line {named} of the purchase order is {}, and no server", line.part))
                }
                Some((None, _)) => Ok(None),
                None => Err(format!("the purchase order has no line {named}")),
            };
        }
        let mut of_part =
            bought.iter().filter(|(_, l)| Some(&l.part) == item.part.as_ref()).filter_map(|(line, _)| *line);
        let first = of_part.next();
        Ok(first.filter(|first| of_part.all(|line| line == *first)))
    }

    /// Whether this serial can be one of the order's servers: the one it is already, or `None` for one to come.
    pub(crate) fn bindable(&self, id: OrderId, serial: &Text, bmc_mac: Option<Mac>) -> Result<Option<UnitId>, Refusal> {
        let conflict = |text: String| Err(Refusal::new(Why::Conflict, text));
        let by_mac = bmc_mac.and_then(|m| self.world.by_bmc(m));
        let Some(unit) = self.world.by_serial(serial) else {
            return match by_mac {
                Some(other) => conflict(format!("its BMC's MAC belongs to {}", other.label())),
                None => Ok(None),
            };
        };
        if let Some(other) = by_mac.filter(|u| u.id != unit.id) {
            return conflict(format!("its BMC's MAC belongs to {}", other.label()));
        }
        match unit.order {
            Some((order, _)) if order == id => Ok(Some(unit.id)),
            Some((order, _)) => conflict(format!("{serial} is of order {order}")),
            None => conflict(format!("{serial} is known, {} in {}, and of no order", unit.stage, unit.site)),
        }
    }

    /// Binds a serial to the first server of the order, or of its line, that has none. The caller has seen that it can
    /// be.
    pub(crate) fn bind(
        &mut self,
        (id, line): (OrderId, Option<u16>),
        serial: &Text,
        bmc_mac: Option<Mac>,
        model: Option<&Text>,
        source: &Text,
    ) -> Option<UnitId> {
        let known = self.world.by_serial(serial).map(|u| u.id);
        let unit = match known {
            Some(unit) => unit,
            None => self.unbound(id, line).next()?.id,
        };
        let subject = Subject::Unit(unit);
        if known.is_none() {
            let order = self.world.order(id)?;
            let seller = order.purchase.as_ref().map(|p| p.seller);
            let vendor = self.world.deals_of(order).find(|d: &&Deal| Some(d.id.seller) == seller).map(|d| d.vendor);
            let (serial, model, source) = (serial.clone(), model.cloned(), source.clone());
            self.emit(subject, EntryEvent::SerialBound { serial, bmc_mac, vendor, model, source });
        }
        if let Some(bmc_mac) = bmc_mac
            && self.world.unit(unit).is_some_and(|u| u.registration.is_none())
        {
            let create = self.new_device(unit);
            let serial = serial.clone();
            self.emit(subject, EntryEvent::ManifestRowTaken { serial, bmc_mac, create });
        }
        Some(unit)
    }

    /// A manifest's word on one serial.
    pub(crate) fn bind_serial(
        &mut self,
        id: OrderId,
        serial: &Text,
        bmc_mac: Option<Mac>,
        model: Option<&Text>,
    ) -> Result<Answer, Refusal> {
        let Some(serial) = crate::entry::manifest::serial(serial) else {
            return Err(Refusal::new(Why::Invalid, "a serial has 1 to 64 characters and no spaces"));
        };
        self.open_order(id)?;
        let before = self.world.head;
        if self.bindable(id, &serial, bmc_mac)?.is_none() && self.unbound(id, None).next().is_none() {
            return Err(Refusal::new(Why::Conflict, format!("order {id} awaits no more servers")));
        }
        self.bind((id, None), &serial, bmc_mac, model, &Text::new("manifest"));
        Ok(if self.world.head == before { Answer::Already } else { Answer::Done })
    }

    /// What NetBox is to be told of a bought server, where order and configuration say enough.
    fn new_device(&self, id: UnitId) -> Option<NewDevice> {
        let unit = self.world.unit(id)?;
        let (order, line) = unit.order?;
        // As the order has it, else as the vendor calls it, in the form of NetBox's slugs.
        let asked = self.world.order(order)?.line(line)?.model.clone();
        let told = || unit.model.as_ref().map(|m| Text::from(m.trim().to_lowercase().replace(' ', "-")));
        let device_type = asked.or_else(told)?;
        let (role, site) = (self.policy.purchase.role.clone()?, unit.site.as_str().into());
        Some(NewDevice { device_type, role, site })
    }
}
