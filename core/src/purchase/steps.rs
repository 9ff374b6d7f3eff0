//! What is done about an order at a vendor. When, [`super::deal::Deal::wanted`] says.

use crate::flow::rule::{Lane, Rule, secs};
use crate::flow::step::Step;

/// A vendor's system may be down for a night; the order waits, and says so.
const fn of(step: Step, skip: &'static str) -> Rule {
    Rule { lane: Lane::Vendor, first: secs(30), cap: secs(900), skip: Some(skip), ..Rule::of(step) }
}

/// Ask for a quote.
pub(crate) const REQUEST_QUOTE: Rule = Rule {
    undo: Some(Step::WithdrawRequest),
    ..of(Step::RequestQuote, "the vendor counts as asked, whether it was or not")
};

/// Remind who has not answered.
pub(crate) const CHASE_QUOTE: Rule = of(Step::ChaseQuote, "the vendor is not reminded");

/// Send the purchase order.
pub(crate) const PLACE_PURCHASE: Rule = Rule {
    undo: Some(Step::CancelPurchase),
    ..of(Step::PlacePurchase, "the vendor counts as having the purchase order, whether it has or not")
};

/// The way back from a request.
pub(crate) const WITHDRAW_REQUEST: Rule = of(Step::WithdrawRequest, "the vendor may still answer");

/// The way back from a purchase order.
pub(crate) const CANCEL_PURCHASE: Rule = of(Step::CancelPurchase, "the vendor may deliver, and is to be paid then");
