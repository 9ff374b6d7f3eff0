//! The order of offers, and the sentences that say why.
//!
//! Four things decide, one after the other: what stands in the way of choosing an offer at all; points in which it offers
//! something other than was asked; how much that counts it leaves untold; and what it costs, with days of waiting and
//! months of warranty turned into money by the business's policy. Each gets worse, or stays, where a paper tells less.

use std::cmp::Ordering;
use std::fmt::Write as _;

use super::offer::{Basis, Compared, MISSING, Validity};
use crate::purchase::money::Money;
use crate::stock::Sense;
use crate::text::Text;

/// What an offer's place rests on. Smaller is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Weight {
    obstacles: u32,
    other: u32,
    missing: usize,
    /// Without a price there is none; that is an obstacle already.
    score: i128,
}

/// Judges the offers and puts them in order. Those of equal weight stay in the order in which they come.
pub(super) fn ranked(basis: &Basis<'_>, offers: Vec<Compared>) -> Vec<Compared> {
    let mut weighed: Vec<(Weight, Compared)> = offers
        .into_iter()
        .map(|mut o| {
            let grade;
            (grade, o.obstacles) = obstacles(basis, &o);
            o.eligible = grade == 0;
            o.missing = missing(basis, &o);
            let others = o.lines.iter().flat_map(|l| &l.differences).filter(|d| d.sense == Sense::Other).count();
            let other = if o.eligible { others as u32 } else { 0 };
            (Weight { obstacles: grade, other, missing: o.missing.len(), score: score(basis, &o) }, o)
        })
        .collect();
    weighed.sort_by_key(|(weight, _)| *weight);
    for at in 0..weighed.len() {
        let reasons = reasons(basis, &weighed, at);
        let offer = &mut weighed[at].1;
        (offer.rank, offer.reasons) = (u16::try_from(at + 1).unwrap_or(u16::MAX), reasons);
    }
    weighed.into_iter().map(|(_, offer)| offer).collect()
}

/// What stands in the way, as a grade and in words. In each point not to know is graded worse than to know the worst, so
/// that a paper gains nothing by keeping silent.
fn obstacles(basis: &Basis<'_>, offer: &Compared) -> (u32, Vec<Text>) {
    let (mut grade, mut said) = (0, Vec::new());
    let mut obstacle = |grave: u32, why: String| {
        grade += grave;
        said.push(Text::from(why));
    };
    if let Some(why) = &offer.refused {
        obstacle(2, why.to_string());
    }
    match (offer.sum, offer.stated) {
        (None, _) => obstacle(2, unpriced(offer)),
        (Some(sum), Some(stated)) if stated != sum => {
            obstacle(1, format!("it states {stated}, and its lines add up to {sum}"));
        }
        _ => {}
    }
    if offer.rate.is_none() && offer.currency != basis.rates.base {
        obstacle(2, format!("there is no rate for {}: add one to the configuration", offer.currency));
    } else if offer.total.is_some() && offer.total_in_base.is_none() {
        obstacle(2, format!("in {} it costs more than any order", basis.rates.base));
    }
    match offer.validity {
        Validity::Until(_) => {}
        Validity::Expired(until) => obstacle(1, format!("it expired {until}")),
        Validity::Unknown => obstacle(2, "it does not say until when it holds".to_owned()),
    }
    for line in &offer.lines {
        let (n, quantity) = (line.line, line.quantity);
        match (line.offered, line.is_enough()) {
            (Some(offered), Some(false)) => {
                obstacle(1, format!("line {n}: {offered} of {quantity} servers are offered"));
            }
            (Some(_), _) => {}
            (None, _) => {
                // Of what is not there nothing else is known either.
                obstacle(4, format!("line {n}: no line of the quote answers it"));
                continue;
            }
        }
        let points = |sense: Sense| -> String {
            let points = line.differences.iter().filter(|d| d.sense == sense);
            points.map(|d| format!("{} {}, asked {}", d.what, d.has, d.asked)).collect::<Vec<_>>().join("; ")
        };
        if line.has(Sense::Less) {
            obstacle(
                u32::from(!line.has(Sense::Unknown)),
                format!("line {n}: less than asked: {}", points(Sense::Less)),
            );
        }
        if line.has(Sense::Unknown) {
            obstacle(2, format!("line {n}: not told: {}", points(Sense::Unknown)));
        }
    }
    if basis.asked.is_empty() {
        obstacle(1, "nothing was asked for".to_owned());
    }
    (grade, said)
}

fn unpriced(offer: &Compared) -> String {
    let parts = offer.lines.iter().flat_map(|l| l.parts.iter().chain(&l.with)).chain(&offer.extra);
    let names: Vec<&str> = parts.filter(|p| p.unit_price.is_none()).map(|p| p.part.as_str()).collect();
    if names.is_empty() {
        "its prices add up to more than any order".into()
    } else {
        format!("no price for {}", names.join(", "))
    }
}

/// What the paper leaves untold though it counts.
fn missing(basis: &Basis<'_>, offer: &Compared) -> Vec<Text> {
    let facts = [
        ("lead time", offer.lead_days.is_some()),
        ("warranty", offer.warranty_months.is_some()),
        ("energy use", offer.energy.is_some() || basis.policy.megawatt_hour.is_none()),
        // A stated total says that freight is in it.
        ("freight", offer.freight.is_some() || offer.stated.is_some()),
    ];
    facts.into_iter().filter(|(_, told)| !told).map(|(what, _)| Text::new(what)).collect()
}

/// What an offer costs the business, in minor units of the base: money, energy, days of waiting, less its warranty.
fn score(basis: &Basis<'_>, offer: &Compared) -> i128 {
    let minor = |m: Option<Money>| m.map(|m| i128::from(m.minor));
    let Some(total) = minor(offer.total_in_base) else { return i128::MAX };
    let servers: i128 = basis.asked.iter().map(|a| i128::from(a.quantity)).sum();
    let day = i128::from(basis.policy.day).saturating_mul(servers);
    let month = i128::from(basis.policy.warranty_month).saturating_mul(servers);
    let late = match offer.record {
        Some(r) => day.saturating_mul(r.days_late.into()) / i128::from(r.orders.max(1)),
        None => day.saturating_mul(basis.policy.untried_days.into()),
    };
    let lead = offer.lead_days.map_or(basis.policy.unknown_lead_days, u32::from);
    let wait = day.saturating_mul(lead.into()).saturating_add(late);
    let warranty = month.saturating_mul(offer.warranty_months.unwrap_or(0).into());
    total.saturating_add(minor(offer.energy).unwrap_or(0)).saturating_add(wait).saturating_sub(warranty)
}

/// Why the offer at this place is there: against the first, for the first against the second.
fn reasons(basis: &Basis<'_>, weighed: &[(Weight, Compared)], at: usize) -> Vec<Text> {
    let (weight, offer) = &weighed[at];
    let mut said: Vec<String> = Vec::new();
    if offer.eligible {
        let rival = weighed.get(usize::from(at == 0)).filter(|(_, o)| o.eligible);
        match rival {
            None if weighed.len() > 1 => said.push("the only eligible offer".into()),
            None => said.push("the only offer".into()),
            Some((other, rival)) => against(basis, (weight, offer), (other, rival), &name(weighed, rival), &mut said),
        }
        if weight.other > 0 {
            said.push(format!(
                "{} other than asked: ranked after offers without",
                counted(weight.other.into(), "point")
            ));
        }
        if !offer.missing.is_empty() {
            let what = offer.missing.iter().map(Text::as_str).collect::<Vec<_>>().join(", ");
            said.push(format!("{what} {MISSING}: ranked after offers that tell more"));
        }
        said.push(lateness(basis, offer));
    } else {
        said.extend(offer.obstacles.iter().map(|o| format!("not eligible: {o}")));
    }
    let neighbours = [at.checked_sub(1), Some(at + 1)].into_iter().flatten().filter_map(|n| weighed.get(n));
    for (_, equal) in neighbours.filter(|(other, _)| other == weight) {
        said.push(format!("equal to {} in all that counts: the name decides", name(weighed, equal)));
    }
    said.into_iter().map(Text::from).collect()
}

fn against(
    basis: &Basis<'_>,
    (weight, offer): (&Weight, &Compared),
    (other, rival): (&Weight, &Compared),
    name: &str,
    said: &mut Vec<String>,
) {
    let months = basis.policy.months;
    let (span, ours, theirs) = match (offer.energy, rival.energy) {
        (Some(_), Some(_)) => (format!(" over {months} months"), offer.cost, rival.cost),
        _ => (", without energy,".to_owned(), offer.total_in_base, rival.total_in_base),
    };
    if let (Some(ours), Some(theirs)) = (ours, theirs) {
        let by = Money::new(ours.minor.abs_diff(theirs.minor), ours.currency);
        said.push(match ours.minor.cmp(&theirs.minor) {
            Ordering::Less => format!("{by} cheaper{span} than {name}"),
            Ordering::Equal => format!("costs the same{span} as {name}"),
            Ordering::Greater => format!("{by} dearer{span} than {name}"),
        });
    }
    if let (Some(ours), Some(theirs)) = (offer.lead_days, rival.lead_days)
        && ours != theirs
    {
        let days = counted(ours.abs_diff(theirs).into(), "day");
        said.push(format!("{days} {}", if ours < theirs { "earlier" } else { "later" }));
    }
    if let (Some(ours), Some(theirs)) = (offer.warranty_months, rival.warranty_months)
        && ours != theirs
    {
        let months = counted(ours.abs_diff(theirs).into(), "month");
        said.push(format!("{months} {} warranty", if ours > theirs { "more" } else { "less" }));
    }
    let alike = (weight.other, weight.missing) == (other.other, other.missing);
    if alike && weight.score != other.score {
        let by = u64::try_from(weight.score.abs_diff(other.score)).unwrap_or(u64::MAX);
        let by = Money::new(by, basis.rates.base);
        let way = if weight.score < other.score { "better" } else { "worse" };
        said.push(format!("{by} {way} in all, time, lateness and warranty counted"));
    }
}

fn lateness(basis: &Basis<'_>, offer: &Compared) -> String {
    let Some(record) = offer.record else {
        let days = counted(basis.policy.untried_days.into(), "day");
        return match basis.policy.day {
            0 => "no history".to_owned(),
            _ => format!("no history: counted as {days} late"),
        };
    };
    let mut said = match record.late {
        0 => return format!("never late in {}", counted(record.orders.into(), "order")),
        late => format!("late {late} of last {}", counted(record.orders.into(), "order")),
    };
    // Rounded up: half a day late is late.
    let _ = write!(said, " ({} d on average)", record.days_late.div_ceil(record.late));
    said
}

fn counted(n: u64, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// The seller's name, with the quote's number where it has several offers here.
fn name(weighed: &[(Weight, Compared)], offer: &Compared) -> String {
    match weighed.iter().filter(|(_, o)| o.seller == offer.seller).count() {
        1 => offer.title.to_string(),
        _ => format!("{} {}", offer.title, offer.number),
    }
}
