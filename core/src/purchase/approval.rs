//! Who must approve a purchase, and whether an approval counts. An approval is of one seller's quote in one revision, at
//! one total; it is worth nothing for any other.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::SellerId;
use crate::purchase::compare::Validity;
use crate::purchase::money::{Amiss, Currency, Money, minor};
use crate::text::Text;
use crate::time::Timestamp;

/// The business's limits, in the base currency. Where they contradict each other, the stricter rule holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Below this nobody is asked; exactly this much needs a person.
    pub auto_below: Money,
    /// Above this two persons are needed; exactly this much needs one.
    pub two_above: Money,
}

/// How many different people must approve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Needed {
    /// The rules approve.
    Nobody,
    /// A person.
    One,
    /// Two different persons.
    Two,
}

impl Needed {
    /// As a number.
    pub const fn people(self) -> usize {
        match self {
            Self::Nobody => 0,
            Self::One => 1,
            Self::Two => 2,
        }
    }
}

/// How many must approve a purchase of this total in the base currency. A total that is not known, or is in another
/// currency than a limit, is taken for a large one.
pub fn needed(total_in_base: Option<Money>, limits: &Limits) -> Needed {
    let Some(total) = total_in_base else { return Needed::Two };
    let alike = |limit: Money| limit.currency == total.currency;
    if !alike(limits.auto_below) || !alike(limits.two_above) || total.minor > limits.two_above.minor {
        Needed::Two
    } else if total.minor < limits.auto_below.minor {
        Needed::Nobody
    } else {
        Needed::One
    }
}

/// An approval that was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Who gave it: the user's name.
    pub by: Text,
    /// Whose quote.
    pub seller: SellerId,
    /// Which revision of that seller's quote.
    pub revision: u32,
    /// What was to be paid.
    pub total: Money,
}

/// The quote that is to be approved, as it stands now.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// Who asked for the servers.
    pub requester: &'a Text,
    /// Whose quote.
    pub seller: SellerId,
    /// Its revision.
    pub revision: u32,
    /// What is to be paid ([`crate::purchase::paper::Quote::payable`]).
    pub payable: Option<Money>,
    /// Until when it holds.
    pub valid_until: Option<Timestamp>,
    /// How many must approve.
    pub needed: Needed,
    /// The approvals so far, of whatever quote.
    pub given: &'a [Approval],
    /// The moment.
    pub now: Timestamp,
}

/// An approval as a person gives it.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// Who: the user's name.
    pub by: &'a Text,
    /// The revision that person saw.
    pub revision: u32,
    /// The amount as it was typed.
    pub amount: &'a str,
}

/// Where a case stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Nothing is missing.
    Approved,
    /// So many more different people must approve.
    Missing(usize),
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Approved => f.write_str("approved"),
            Self::Missing(1) => f.write_str("one more person must approve, not who asked for it"),
            Self::Missing(n) => write!(f, "{n} different people must approve, not who asked for it"),
        }
    }
}

/// Why an approval is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// By who asked for the servers.
    Own(Text),
    /// By the same person again.
    Twice(Text),
    /// Enough have approved.
    Enough,
    /// The quote has changed since that person saw it.
    Changed {
        /// What was seen.
        seen: u32,
        /// What there is now.
        now: u32,
    },
    /// The quote no longer holds.
    Expired(Timestamp),
    /// The quote does not say until when it holds.
    Unlimited,
    /// What is to be paid is not known.
    Unpriced,
    /// What was typed is no amount.
    Unread(Text),
    /// What was typed is another amount.
    Amount {
        /// What was typed.
        typed: Money,
        /// What is to be paid.
        payable: Money,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own(by) => write!(f, "{by} asked for these servers: somebody else must approve"),
            Self::Twice(by) => write!(f, "{by} has approved this quote already: somebody else must"),
            Self::Enough => f.write_str("this quote is approved already: nothing more is needed"),
            Self::Changed { seen, now } => {
                write!(f, "the quote has changed: revision {now}, you saw {seen}; look at it again")
            }
            Self::Expired(until) => write!(f, "the quote expired {until}: ask the vendor for a new one"),
            Self::Unlimited => {
                f.write_str("the quote does not say until when it holds: ask the vendor, and enter it again with that")
            }
            Self::Unpriced => f.write_str(
                "what is to be paid is not known: a price is missing, or the total is not what the lines add up to",
            ),
            Self::Unread(why) => write!(f, "{why}; type the total, such as 12500.00"),
            Self::Amount { typed, payable } => write!(f, "{typed} was typed, {payable} is to be paid"),
        }
    }
}

impl std::error::Error for Refusal {}

/// What is still missing. Approvals count that are of this quote, in this revision, at this total, each person's once,
/// and not the requester's.
pub fn standing(case: &Case<'_>) -> Standing {
    match case.needed.people().checked_sub(approvers(case).len()) {
        None | Some(0) => Standing::Approved,
        Some(missing) => Standing::Missing(missing),
    }
}

/// Judges an approval. It gives what is missing with it, or why it is refused; who it is from is looked at first, so that
/// the person who may not approve is not asked to mend the rest.
pub fn judge(case: &Case<'_>, attempt: &Attempt<'_>) -> Result<Standing, Refusal> {
    let approvers = approvers(case);
    if is_same(attempt.by, case.requester) {
        return Err(Refusal::Own(attempt.by.clone()));
    }
    if approvers.iter().any(|by| is_same(by, attempt.by)) {
        return Err(Refusal::Twice(attempt.by.clone()));
    }
    if attempt.revision != case.revision {
        return Err(Refusal::Changed { seen: attempt.revision, now: case.revision });
    }
    let payable = holds(case)?;
    if standing(case) == Standing::Approved {
        return Err(Refusal::Enough);
    }
    let typed = amount(attempt.amount, payable.currency).map_err(Refusal::Unread)?;
    if typed != payable {
        return Err(Refusal::Amount { typed, payable });
    }
    let left = case.needed.people().saturating_sub(approvers.len() + 1);
    Ok(if left == 0 { Standing::Approved } else { Standing::Missing(left) })
}

/// What is to be paid, where the quote can be bought at this moment at all. To be asked again when the order is sent:
/// an approval does not make a quote hold longer.
pub fn holds(case: &Case<'_>) -> Result<Money, Refusal> {
    match Validity::of(case.valid_until, case.now) {
        Validity::Until(_) => case.payable.ok_or(Refusal::Unpriced),
        Validity::Expired(until) => Err(Refusal::Expired(until)),
        Validity::Unknown => Err(Refusal::Unlimited),
    }
}

/// Who has approved this very quote.
fn approvers<'a>(case: &Case<'a>) -> Vec<&'a Text> {
    let mut approvers: Vec<&Text> = Vec::new();
    for approval in case.given {
        let is_of_this = approval.seller == case.seller
            && approval.revision == case.revision
            && case.payable.is_some_and(|payable| payable == approval.total);
        let is_new = !approvers.iter().any(|by| is_same(by, &approval.by));
        if is_of_this && is_new && !is_same(&approval.by, case.requester) {
            approvers.push(&approval.by);
        }
    }
    approvers
}

/// Whether two names are taken for one person: upper and lower case and spaces around make no second one.
fn is_same(a: &str, b: &str) -> bool {
    a.trim().to_lowercase() == b.trim().to_lowercase()
}

/// An amount as a person types it: `227038`, `227038.00`, `227,038.00`, with its currency before or after it or not.
pub fn amount(text: &str, currency: Currency) -> Result<Money, Text> {
    let text = text.trim();
    let is_letter = |c: char| c.is_ascii_alphabetic();
    let number = text.trim_matches(is_letter);
    let (before, after) = match text.find(number) {
        Some(at) if !number.is_empty() => (&text[..at], &text[at + number.len()..]),
        _ => return Err(Text::from(Amiss::NoNumber.to_string())),
    };
    for named in [before, after].into_iter().filter(|n| !n.is_empty()) {
        if !named.eq_ignore_ascii_case(&currency.to_string()) {
            return Err(Text::from(format!("{named} is not the quote's currency, {currency}")));
        }
    }
    let minor = minor(number, currency).map_err(|why| Text::from(why.to_string()))?;
    Ok(Money::new(minor, currency))
}
