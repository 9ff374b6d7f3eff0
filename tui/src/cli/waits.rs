//! `rackhand waits`: what servers wait for, how many, and whose turn it is.

use clap::Args;
use rackhand_core::id::{OrderId, SiteId};
use rackhand_core::time::human;
use rackhand_core::view::Cut;
use rackhand_core::view::waits::{Scope, WaitQuery};

use super::fleet::{document, left_over};
use super::output::{Fail, Output};
use super::table::{Last, Table};
use super::values::{rows, site};
use crate::link::connect::Connection;

/// Whose waits.
#[derive(Debug, Args)]
pub struct Waits {
    /// Only by servers of this site
    #[arg(long, value_name = "SITE", value_parser = site)]
    pub site: Option<SiteId>,
    /// Only by the servers that are bought for this order
    #[arg(long, value_name = "ORDER", conflicts_with = "site")]
    pub order: Option<OrderId>,
    /// Rows
    #[arg(long, default_value_t = 50, value_parser = rows(512))]
    pub limit: usize,
    /// First row
    #[arg(long, default_value_t = 0)]
    pub offset: usize,
}

impl Waits {
    pub(super) async fn read(self, link: &Connection, out: &mut Output<'_>) -> Result<(), Fail> {
        let Self { site, order, limit, offset } = self;
        let scope = site.map(Scope::Site).or(order.map(Scope::Order)).unwrap_or_default();
        let page = link.ask(WaitQuery { scope, cut: Cut { offset, limit } }).await?;
        if out.json {
            return document(out, &page, "wait");
        }
        let mut table = Table::new(&["SERVERS", "WHO ACTS", "LONGEST", "SERIAL", "WHAT IT WAITS FOR"], Last::Wrap);
        for row in &page.rows {
            table.row([
                row.servers.to_string(),
                row.who.map_or_else(|| "-".to_owned(), |role| role.to_string()),
                human(page.now.since(row.since)),
                row.label.to_string(),
                row.text.to_string(),
            ]);
        }
        out.table(&table)?;
        left_over(out, page.offset, page.rows.len(), page.total, "wait")
    }
}
