//! The rules for buying, as core has them, from the sections about vendors and purchases.

use std::collections::BTreeMap;

use rackhand_core::bmc;
use rackhand_core::policy::{Purchasing, Terms};
use rackhand_core::procurement::approval::Limits;
use rackhand_core::procurement::money::{MAX_MINOR, Money};
use rackhand_core::procurement::paper::SellerId;

use super::{Purchase, Vendor};

/// The rules for buying. Vendors are asked only where there are some: prices mean nothing without them.
pub fn purchasing(purchase: Option<&Purchase>, vendors: &BTreeMap<SellerId, Vendor>) -> Purchasing {
    let Some(given) = purchase else { return Purchasing::default() };
    let base = given.rates.base;
    let mut rules = Purchasing::default();
    let terms = |(id, vendor): (&SellerId, &Vendor)| Terms {
        id: *id,
        title: vendor.title.clone(),
        vendor: makes(*id),
        by_hand: false,
    };
    rules.sellers = vendors.iter().map(terms).collect();
    rules.limits = Limits {
        auto_below: given.auto_below.unwrap_or(Money::new(0, base)),
        two_above: given.two_above.unwrap_or(Money::new(MAX_MINOR, base)),
    };
    rules.rates = given.rates.clone();
    rules.patience = given.chase_after;
    rules.reserve_for = given.reserve_for;
    // Millionths of a unit for a kilowatt hour are thousandths of it for a megawatt hour.
    rules.worth.megawatt_hour = given.energy_price_kwh.map(|p| p * 10_u64.pow(base.digits()) / 1_000);
    rules.bill_to = given.bill_to.clone();
    rules.destinations = given.destinations.clone();
    rules
}

/// Whose servers a vendor sells, by the name it has here; one with another name sells anyone's.
fn makes(id: SellerId) -> bmc::Vendor {
    match id.as_str().split('-').next() {
        Some("hpe") => bmc::Vendor::Hpe,
        Some("dell") => bmc::Vendor::Dell,
        _ => bmc::Vendor::Other,
    }
}
