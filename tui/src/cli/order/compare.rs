//! `order compare`: the offers of an order side by side, each point marked.

use rackhand_core::id::OrderId;
use rackhand_core::purchase::compare::{Cell, Comparison, Mark};
use rackhand_core::text::Text;

use super::read;
use crate::cli::output::{Fail, Output, not_found};
use crate::cli::table::{Last, Table};
use crate::link::connect::Connection;

pub(super) async fn compare(link: &Connection, id: OrderId, out: &mut Output<'_>) -> Result<(), Fail> {
    let order = read(link, id).await?;
    let none = || not_found(format!("order {id} has no offer to compare: it is {}", order.row.state));
    let comparison = order.comparison.as_ref().filter(|c| !c.offers.is_empty()).ok_or_else(none)?;
    if out.json {
        return out.document(comparison);
    }
    let names: Vec<String> = comparison.offers.iter().map(|o| o.title.to_string()).collect();
    out.line(format!("order {id}: {}, best first; compared in {}", names.join(", "), comparison.base))?;
    let text = side_by_side(comparison).lines(out.width());
    out.verbatim(&text)?;
    out.line("* best  ! worst  + more than asked  # less or other than asked  ? not told")?;
    for offer in &comparison.offers {
        let may = if offer.eligible { "" } else { ", may not be chosen" };
        out.line("")?;
        let named = format!("{}. {} (quote {}; --vendor {}){may}", offer.rank, offer.title, offer.number, offer.seller);
        out.line(named)?;
        let mut notes = Table::new(&[], Last::Wrap);
        for (what, all) in
            [("because", &offer.reasons), ("not because", &offer.obstacles), ("not told", &offer.missing)]
        {
            for text in all {
                notes.row([format!("  {what}"), text.to_string()]);
            }
        }
        out.table(&notes)?;
    }
    Ok(())
}

/// A row for each point. An offer's cells stand below each other; the last offer's go on below where there is no room.
fn side_by_side(comparison: &Comparison) -> Table {
    let mut head = vec!["POINT".to_owned(), "ASKED".to_owned()];
    head.extend(comparison.offers.iter().map(|o| o.title.to_string()));
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    let mut table = Table::new(&head, Last::Wrap);
    for row in &comparison.rows {
        let asked = row.asked.as_ref().map_or_else(String::new, Text::to_string);
        let cells = row.cells.iter().map(cell);
        table.row_of([row.what.to_string(), asked].into_iter().chain(cells));
    }
    table
}

fn cell(cell: &Cell) -> String {
    let mark = match cell.mark {
        Mark::Plain => "",
        Mark::Best => "* ",
        Mark::Worst => "! ",
        Mark::More => "+ ",
        Mark::Differs => "# ",
        Mark::Missing => "? ",
    };
    let behind = cell.behind.as_ref().map_or_else(String::new, |b| format!(" ({b})"));
    format!("{mark}{}{behind}", cell.text)
}
