//! `order list`: orders in a table.

use rackhand_core::order::questions::OrderQuery;
use rackhand_core::view::filter::check_orders;

use super::args::List;
use crate::cli::fleet::{document, left_over};
use crate::cli::output::{Fail, Output};
use crate::cli::table::{Last, Table};
use crate::link::connect::Connection;

pub(super) async fn list(link: &Connection, which: List, out: &mut Output<'_>) -> Result<(), Fail> {
    let filter = which.filter.join(" ");
    check_orders(&filter).map_err(|why| Fail::Usage(why.to_string()))?;
    let query = OrderQuery { filter, all: which.all, tenant: None, offset: which.offset, limit: which.limit };
    let page = link.ask(query).await?;
    if out.json {
        return document(out, &page, "order");
    }
    let mut table = Table::new(&["ORDER", "TENANT", "SITE", "QTY", "STATE", "TOTAL", "WHO", "WAITS FOR"], Last::Wrap);
    for row in &page.rows {
        table.row([
            row.id.to_string(),
            row.tenant.to_string(),
            row.site.to_string(),
            row.quantity.to_string(),
            row.state.to_string(),
            row.total.map_or_else(|| "-".to_owned(), |t| t.to_string()),
            row.who.map_or_else(|| "-".to_owned(), |r| r.to_string()),
            if row.waits_for.is_empty() { row.what.to_string() } else { row.waits_for.to_string() },
        ]);
    }
    out.table(&table)?;
    left_over(out, page.offset, page.rows.len(), page.total, "order")
}
