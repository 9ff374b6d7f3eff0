//! Which line of a paper answers which line that was asked, and in what it differs.

use serde::{Deserialize, Serialize};

use super::offer::{Asked, Basis};
use crate::order::spec::{Spec, read};
use crate::purchase::money::Money;
use crate::purchase::paper::{Quote, QuoteLine};
use crate::stock::{Difference, Sense, deviations};
use crate::text::Text;

/// One line that was asked, with what answers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Its number in our order.
    pub line: u16,
    /// How many were asked for.
    pub quantity: u32,
    /// What was asked for.
    pub asked: Text,
    /// How many are offered; `None` where no line of the paper answers this one.
    pub offered: Option<u32>,
    /// The servers: one entry, or several where a delivery is split. Empty where nothing answers this line.
    pub parts: Vec<Part>,
    /// What goes with them under the same number, such as rails.
    pub with: Vec<Part>,
    /// In what the servers are not what was asked for.
    pub differences: Vec<Difference>,
}

/// One line of a paper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The vendor's part number.
    pub part: Text,
    /// The vendor's words.
    pub description: Text,
    /// What each is, as it was understood; `None` where that is not told.
    pub spec: Option<Text>,
    /// Words of its specification that were not understood.
    pub unclear: Vec<Text>,
    /// How many.
    pub quantity: u32,
    /// For each.
    pub unit_price: Option<Money>,
    /// For each, in the base currency.
    pub unit_price_in_base: Option<Money>,
    /// For all of them.
    pub total: Option<Money>,
    /// The same in the base currency.
    pub total_in_base: Option<Money>,
    /// Days to its delivery.
    pub lead_days: Option<u16>,
    /// Months of warranty.
    pub warranty_months: Option<u16>,
    /// What each draws on the average, in watts.
    pub watts: Option<u32>,
}

impl Line {
    /// Whether as many are offered as were asked for; `None` where nobody knows.
    pub fn is_enough(&self) -> Option<bool> {
        self.offered.map(|n| n >= self.quantity)
    }

    /// Whether any difference goes this way.
    pub fn has(&self, sense: Sense) -> bool {
        self.differences.iter().any(|d| d.sense == sense)
    }
}

/// Each line that was asked, and what else is on the paper.
pub(super) fn of(basis: &Basis<'_>, quote: &Quote) -> (Vec<Line>, Vec<Part>) {
    let mut answers: Vec<Vec<&QuoteLine>> = vec![Vec::new(); basis.asked.len()];
    let mut extra = Vec::new();
    for (line, place) in quote.lines.iter().zip(places(basis.asked, &quote.lines)) {
        match place {
            Some(place) => answers[place].push(line),
            None => extra.push(part(basis, quote, line)),
        }
    }
    let lines = basis.asked.iter().zip(answers).map(|(asked, lines)| answered(basis, quote, asked, &lines));
    (lines.collect(), extra)
}

/// For each line of a paper the place of the line it answers: by the number it names, else by its order where there are
/// as many lines as were asked and no other names that line.
fn places(asked: &[Asked], lines: &[QuoteLine]) -> Vec<Option<usize>> {
    let named = |l: &QuoteLine| asked.iter().position(|a| Some(a.line) == l.line);
    let alike = asked.len() == lines.len();
    let by_order = |at: usize| alike && !lines.iter().any(|l| named(l) == Some(at));
    let place = |(at, l): (usize, &QuoteLine)| match l.line {
        Some(_) => named(l),
        None => by_order(at).then_some(at),
    };
    lines.iter().enumerate().map(place).collect()
}

/// Which of our order's lines each line of a paper is about; `None` where that is not told.
pub fn answers(asked: &[Asked], lines: &[QuoteLine]) -> Vec<Option<u16>> {
    places(asked, lines).into_iter().map(|place| place.and_then(|n| asked.get(n)).map(|a| a.line)).collect()
}

/// What a line of a paper says each server is.
pub fn spec_of(line: &QuoteLine) -> Spec {
    read(words(line)).spec
}

/// The first line of a paper that names ours is the server. Others of its part number are more of it (a delivery that is
/// split); what else is under our number goes with it.
fn answered(basis: &Basis<'_>, quote: &Quote, asked: &Asked, lines: &[&QuoteLine]) -> Line {
    let first = lines.first();
    let more = |l: &&QuoteLine| first.is_some_and(|f| f.part == l.part);
    let (servers, with): (Vec<&QuoteLine>, Vec<&QuoteLine>) = lines.iter().copied().partition(more);
    let mut differences: Vec<Difference> = Vec::new();
    for server in &servers {
        for difference in deviations(&asked.spec, &read(words(server)).spec) {
            if !differences.contains(&difference) {
                differences.push(difference);
            }
        }
    }
    let parts = |of: &[&QuoteLine]| of.iter().map(|l| part(basis, quote, l)).collect();
    Line {
        line: asked.line,
        quantity: asked.quantity,
        asked: Text::from(asked.spec.to_string()),
        offered: first.map(|_| servers.iter().fold(0_u32, |sum, l| sum.saturating_add(l.quantity))),
        parts: parts(&servers),
        with: parts(&with),
        differences,
    }
}

/// Where a line has no specification, its description may be one.
fn words(line: &QuoteLine) -> &str {
    line.spec.as_ref().unwrap_or(&line.description)
}

fn part(basis: &Basis<'_>, quote: &Quote, line: &QuoteLine) -> Part {
    let money = |minor: u64| Money::new(minor, quote.currency);
    let understood = read(words(line));
    let unit_price = line.unit_price.map(money);
    let total = line.unit_price.and_then(|each| each.checked_mul(line.quantity.into())).map(money);
    Part {
        part: line.part.clone(),
        description: line.description.clone(),
        spec: (!understood.spec.is_empty()).then(|| Text::from(understood.spec.to_string())),
        // A description is no specification that somebody got wrong.
        unclear: understood.unclear.into_iter().filter(|_| line.spec.is_some()).map(|u| u.part).collect(),
        quantity: line.quantity,
        unit_price,
        unit_price_in_base: unit_price.and_then(|m| basis.rates.in_base(m)),
        total,
        total_in_base: total.and_then(|m| basis.rates.in_base(m)),
        lead_days: line.lead_days,
        warranty_months: line.warranty_months,
        watts: line.watts,
    }
}
