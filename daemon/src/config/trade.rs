//! What vendors and rules for buying are made of, from their sections.

use std::collections::BTreeMap;
use std::sync::Arc;

use rackhand_adapters::port::clock::Clock;
use rackhand_adapters::port::dial::Dial;
use rackhand_adapters::supplier::cxml::Cxml;
use rackhand_adapters::supplier::mail::Mail;
use rackhand_adapters::supplier::partner::Partner;
use rackhand_adapters::supplier::{self, Seller, Sellers};
use rackhand_core::id::SellerId;
use rackhand_core::policy::{Purchasing, Terms};
use rackhand_core::purchase::approval::Limits;
use rackhand_core::purchase::money::{MAX_MINOR, Money};

use super::{Channel, Purchase, Vendor};

/// The ways to the vendors; those that people ask have none. A vendor without authorities of its own is reached over `dial`.
pub fn sellers(vendors: BTreeMap<SellerId, Vendor>, dial: &Arc<dyn Dial>, clock: &Clock) -> Sellers {
    let seller = |(id, vendor): (SellerId, Vendor)| {
        let dial = vendor.dial.map_or_else(|| dial.clone(), |own| Arc::new(own) as Arc<dyn Dial>);
        let channel = match vendor.channel {
            Channel::Hand => return None,
            Channel::Partner(settings) => supplier::Channel::Partner(Partner::new(id, dial, clock.clone(), settings)),
            Channel::Cxml(settings) => supplier::Channel::Cxml(Cxml::new(id, dial, clock.clone(), settings)),
            Channel::Mail(settings) => supplier::Channel::Mail(Mail::new(id, dial, clock.clone(), settings)),
        };
        Some((id, Seller { id, title: vendor.title, channel }))
    };
    Sellers(vendors.into_iter().filter_map(seller).collect())
}

/// The rules for buying. Vendors are asked only where there are some: prices mean nothing without them.
pub fn purchasing(purchase: Option<&Purchase>, vendors: &BTreeMap<SellerId, Vendor>) -> Purchasing {
    let Some(given) = purchase else { return Purchasing::default() };
    let base = given.rates.base;
    let mut rules = Purchasing {
        sellers: vendors.iter().map(|(id, vendor)| terms(*id, vendor)).collect(),
        limits: Limits {
            auto_below: given.auto_below.unwrap_or(Money::new(0, base)),
            two_above: given.two_above.unwrap_or(Money::new(MAX_MINOR, base)),
        },
        rates: given.rates.clone(),
        patience: given.chase_after,
        reserve_for: given.reserve_for,
        bill_to: given.bill_to.clone(),
        role: given.role.clone(),
        destinations: given.destinations.clone(),
        preference: given.preference.clone(),
        planned: given.planned,
        ..Purchasing::default()
    };
    // Millionths of a unit for a kilowatt hour are thousandths of it for a megawatt hour.
    rules.worth.megawatt_hour = given.energy_price_kwh.map(|p| p * 10_u64.pow(base.digits()) / 1_000);
    rules.worth.day = given.day_worth.map_or(rules.worth.day, |m| m.minor);
    rules.worth.warranty_month = given.warranty_month_worth.map_or(rules.worth.warranty_month, |m| m.minor);
    rules.worth.untried_days = given.untried_days.unwrap_or(rules.worth.untried_days);
    rules.worth.unknown_lead_days = given.unknown_lead_days.unwrap_or(rules.worth.unknown_lead_days);
    rules
}

fn terms(id: SellerId, vendor: &Vendor) -> Terms {
    Terms { id, title: vendor.title.clone(), vendor: vendor.makes, by_hand: matches!(vendor.channel, Channel::Hand) }
}
