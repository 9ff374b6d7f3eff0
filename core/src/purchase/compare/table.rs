//! The comparison as a table: a row for each point, a cell for each offer, with its mark.

use serde::{Deserialize, Serialize};

use super::offer::{Basis, Compared, MISSING, Validity};
use crate::order::spec::{Spec, read};
use crate::purchase::money::Money;
use crate::stock::Sense;
use crate::text::Text;
use crate::time::human;

/// One point in which offers are compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The point, such as `memory` or `total EUR`; with `line 2 ` before it where more than one line was asked.
    pub what: Text,
    /// What was asked for, where it is a thing that is asked for.
    pub asked: Option<Text>,
    /// Each offer's, in the offers' order.
    pub cells: Vec<Cell>,
}

/// What one offer says to one point.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// What it says; `missing` where it says nothing.
    pub text: Text,
    /// How that is.
    pub mark: Mark,
    /// How far it is behind the best, such as `+5,474.00 EUR`, where that can be told.
    pub behind: Option<Text>,
}

/// How a cell is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// As asked, or nothing to say of it.
    Plain,
    /// The best of the eligible offers, where they are not all alike.
    Best,
    /// The worst of the eligible offers, where they are not all alike.
    Worst,
    /// More than was asked for.
    More,
    /// Less or other than what was asked for.
    Differs,
    /// The paper does not tell, in whole or in part.
    Missing,
}

/// Which end of a row is the better one.
#[derive(Clone, Copy)]
enum Better {
    Low,
    High,
}

/// The points of a specification, each with the names its differences go by.
const POINTS: &[(&str, &[&str])] = &[
    ("processors", &["processors", "processor", "cores each"]),
    ("memory", &["memory", "memory kind", "memory modules"]),
    ("drives", &["drives"]),
    ("ports", &["ports"]),
    ("height", &["height"]),
];

/// All rows, those of the lines first.
pub(super) fn rows(basis: &Basis<'_>, offers: &[Compared]) -> Vec<Row> {
    let mut rows = Vec::new();
    for (at, asked) in basis.asked.iter().enumerate() {
        let prefix = if basis.asked.len() > 1 { format!("line {} ", asked.line) } else { String::new() };
        for (point, names) in POINTS {
            if let Some(wanted) = only(&asked.spec, point) {
                let cells = offers.iter().map(|o| specified(o, at, point, names)).collect();
                rows.push(Row { what: format!("{prefix}{point}").into(), asked: Some(wanted), cells });
            }
        }
        let cells = offers.iter().map(|o| quantity(o, at)).collect();
        let asked = Some(Text::from(asked.quantity.to_string()));
        rows.push(Row { what: format!("{prefix}quantity").into(), asked, cells });
        let first = |o: &Compared| o.lines.get(at).and_then(|l| l.parts.first()).cloned();
        let unit = offers.iter().map(|o| first(o).and_then(|p| p.unit_price));
        rows.push(plain(&format!("{prefix}unit price"), unit));
        let unit = |o: &Compared| first(o).and_then(|p| p.unit_price_in_base);
        rows.push(money(basis, offers, &format!("{prefix}unit price"), unit));
        let watts = |o: &Compared| first(o).and_then(|p| p.watts).map(u64::from);
        rows.push(numbers(offers, &format!("{prefix}watts each"), Better::Low, watts, &|n| format!("{n} W")));
    }
    rows.push(plain("freight", offers.iter().map(|o| o.freight)));
    rows.push(stated(offers));
    rows.push(plain("total", offers.iter().map(|o| o.total)));
    rows.push(rates(basis, offers));
    rows.push(money(basis, offers, "total", |o| o.total_in_base));
    let months = basis.policy.months;
    if basis.policy.megawatt_hour.is_some() {
        rows.push(money(basis, offers, &format!("energy {months} months"), |o| o.energy));
        rows.push(money(basis, offers, &format!("cost {months} months"), |o| o.cost));
    }
    let days = |n: u64| format!("{n} d");
    rows.push(numbers(offers, "lead time", Better::Low, |o| o.lead_days.map(u64::from), &days));
    let term = |n: u64| format!("{n} months");
    rows.push(numbers(offers, "warranty", Better::High, |o| o.warranty_months.map(u64::from), &term));
    rows.push(validity(basis, offers));
    rows
}

/// One point of a specification in words; `None` where it says nothing of it.
fn only(spec: &Spec, point: &str) -> Option<Text> {
    let mut one = Spec::default();
    match point {
        "processors" => one.processors.clone_from(&spec.processors),
        "memory" => one.memory.clone_from(&spec.memory),
        "drives" => one.drives.clone_from(&spec.drives),
        "ports" => one.ports.clone_from(&spec.ports),
        _ => one.height = spec.height,
    }
    (!one.is_empty()).then(|| Text::from(one.to_string()))
}

fn missing() -> Cell {
    Cell { text: Text::new(MISSING), mark: Mark::Missing, behind: None }
}

fn specified(offer: &Compared, at: usize, point: &str, names: &[&str]) -> Cell {
    let Some(line) = offer.lines.get(at) else { return missing() };
    let mut words: Vec<Text> = Vec::new();
    for part in &line.parts {
        let told = part.spec.as_ref().and_then(|s| only(&read(s).spec, point));
        words.extend(told.filter(|w| !words.contains(w)));
    }
    if words.is_empty() {
        return missing();
    }
    let has = |sense| line.differences.iter().any(|d| d.sense == sense && names.contains(&d.what.as_str()));
    let mark = if has(Sense::Less) || has(Sense::Other) {
        Mark::Differs
    } else if has(Sense::Unknown) {
        Mark::Missing
    } else if has(Sense::More) {
        Mark::More
    } else {
        Mark::Plain
    };
    let text = words.iter().map(Text::as_str).collect::<Vec<_>>().join(" / ").into();
    Cell { text, mark, behind: None }
}

fn quantity(offer: &Compared, at: usize) -> Cell {
    let Some(line) = offer.lines.get(at) else { return missing() };
    let Some(offered) = line.offered else { return missing() };
    let mark = match offered.cmp(&line.quantity) {
        std::cmp::Ordering::Less => Mark::Differs,
        std::cmp::Ordering::Equal => Mark::Plain,
        std::cmp::Ordering::Greater => Mark::More,
    };
    Cell { text: offered.to_string().into(), mark, behind: None }
}

/// Amounts in the offers' own currencies: they are not compared.
fn plain(what: &str, amounts: impl Iterator<Item = Option<Money>>) -> Row {
    let cell = |m: Option<Money>| {
        m.map_or_else(missing, |m| Cell { text: m.to_string().into(), mark: Mark::Plain, behind: None })
    };
    Row { what: Text::new(what), asked: None, cells: amounts.map(cell).collect() }
}

/// The total a paper states differs where its lines add up to another.
fn stated(offers: &[Compared]) -> Row {
    let mut row = plain("stated total", offers.iter().map(|o| o.stated));
    for (cell, offer) in row.cells.iter_mut().zip(offers) {
        if let (Some(stated), Some(sum)) = (offer.stated, offer.sum)
            && stated != sum
        {
            *cell = Cell { text: format!("{stated}, lines {sum}").into(), mark: Mark::Differs, behind: None };
        }
    }
    row
}

/// By which rate, of which day.
fn rates(basis: &Basis<'_>, offers: &[Compared]) -> Row {
    let cell = |o: &Compared| match o.rate {
        Some(r) => {
            let (whole, rest) = (r.millionths / 1_000_000, r.millionths % 1_000_000);
            let day = r.of.to_string();
            let day = day.split('T').next().unwrap_or_default();
            Cell { text: format!("{whole}.{rest:06} of {day}").into(), mark: Mark::Plain, behind: None }
        }
        None if o.currency == basis.rates.base => Cell { text: Text::new("-"), mark: Mark::Plain, behind: None },
        None => missing(),
    };
    Row { what: Text::new("rate"), asked: None, cells: offers.iter().map(cell).collect() }
}

fn money(basis: &Basis<'_>, offers: &[Compared], what: &str, of: impl Fn(&Compared) -> Option<Money>) -> Row {
    let base = basis.rates.base;
    let show = |minor| Money::new(minor, base).to_string();
    numbers(offers, &format!("{what} {base}"), Better::Low, |o| of(o).map(|m| m.minor), &show)
}

/// A row of figures. Only eligible offers compete: the price of what cannot be bought is not the best.
fn numbers(
    offers: &[Compared],
    what: &str,
    better: Better,
    of: impl Fn(&Compared) -> Option<u64>,
    show: &dyn Fn(u64) -> String,
) -> Row {
    let running = || offers.iter().filter(|o| o.eligible).filter_map(&of);
    let (low, high) = (running().min(), running().max());
    let (best, worst) = match better {
        Better::Low => (low, high),
        Better::High => (high, low),
    };
    let cell = |o: &Compared| {
        let Some(n) = of(o) else { return missing() };
        let competes = o.eligible && best != worst;
        let mark = match Some(n) {
            n if competes && n == best => Mark::Best,
            n if competes && n == worst => Mark::Worst,
            _ => Mark::Plain,
        };
        let sign = if matches!(better, Better::Low) { '+' } else { '-' };
        let behind = best.filter(|b| competes && *b != n).map(|b| Text::from(format!("{sign}{}", show(b.abs_diff(n)))));
        Cell { text: show(n).into(), mark, behind }
    };
    Row { what: Text::new(what), asked: None, cells: offers.iter().map(cell).collect() }
}

fn validity(basis: &Basis<'_>, offers: &[Compared]) -> Row {
    let cell = |o: &Compared| match (o.validity, o.validity.left(basis.now)) {
        (Validity::Unknown, _) => missing(),
        (_, Some(left)) => Cell { text: format!("{} left", human(left)).into(), mark: Mark::Plain, behind: None },
        (expired, None) => Cell { text: expired.to_string().into(), mark: Mark::Differs, behind: None },
    };
    Row { what: Text::new("validity"), asked: None, cells: offers.iter().map(cell).collect() }
}
