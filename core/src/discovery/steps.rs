//! What is asked about a BMC that was seen.

use crate::flow::rule::{Class, Rule, secs};
use crate::flow::step::Step;

/// Whose it is, NetBox is asked.
pub(crate) const LOOK_UP_DEVICE: Rule = Rule { class: Class::Read, first: secs(1), ..Rule::of(Step::LookUpDevice) };
