//! `order stock`: what of a specification the ready pool has.

use rackhand_core::id::SiteId;
use rackhand_core::stock::questions::StockQuery;
use rackhand_core::stock::{Fit, Match};

use crate::cli::output::{Fail, Output, count};
use crate::cli::table::{Last, Table};
use crate::link::connect::Connection;

pub(super) async fn stock(
    link: &Connection,
    spec: &str,
    site: Option<SiteId>,
    out: &mut Output<'_>,
) -> Result<(), Fail> {
    let stock = link.ask(StockQuery { spec: spec.into(), site }).await?;
    if out.json {
        return out.document(&stock);
    }
    let understood = if stock.understood.is_empty() { "nothing" } else { stock.understood.as_str() };
    out.line(format!("understood: {understood}"))?;
    for unclear in &stock.unclear {
        out.line(format!("not understood: `{}`: {}", unclear.part, unclear.why))?;
    }
    let mut table = Table::new(&["SERIAL", "SITE", "FIT", "FREE", "DIFFERENCES"], Last::Wrap);
    for found in &stock.free {
        row(&mut table, found, "free".to_owned());
    }
    for (found, order) in &stock.kept {
        row(&mut table, found, format!("order {order}"));
    }
    if stock.free.len() + stock.kept.len() > 0 {
        out.table(&table)?;
    }
    let unknown = match stock.unknown {
        0 => String::new(),
        n => format!("; {} of which nobody knows what they are: `rackhand describe` them", count(n, "ready server")),
    };
    let told =
        if stock.free.len() < stock.free_total { format!(", {} shown", stock.free.len()) } else { String::new() };
    out.line(format!("{} free{told}, {} kept{unknown}", stock.free_total, stock.kept.len()))
}

fn row(table: &mut Table, found: &Match, free: String) {
    table.row([found.label.to_string(), found.site.to_string(), fit(found.fit).to_owned(), free, differs(found)]);
}

/// The word for how well a server serves.
pub(super) fn fit(fit: Fit) -> &'static str {
    match fit {
        Fit::Exact => "exact",
        Fit::Better => "better",
        Fit::Near => "near",
    }
}

/// In what a server is not what was asked for.
pub(super) fn differs(found: &Match) -> String {
    let points = found.differences.iter().map(|d| format!("{}: {} asked, has {}", d.what, d.asked, d.has));
    points.collect::<Vec<_>>().join("; ")
}
