//! `rackhand work`: what is for persons to do, in the order to walk it.

use clap::Args;
use rackhand_core::id::{Role, SiteId};
use rackhand_core::time::human;
use rackhand_core::view::work::{Ends, WorkQuery};

use super::args::{rows, site};
use super::fleet::left_over;
use super::output::{Fail, Output};
use super::table::{Last, Table};
use crate::link::connect::Connection;
use crate::link::{CALL, answered, call};

/// Which work.
#[derive(Debug, Args)]
pub struct Work {
    /// Words that must all be in serial, place, title or text
    pub filter: Vec<String>,
    /// Only this site's
    #[arg(long, value_name = "SITE", value_parser = site)]
    pub site: Option<SiteId>,
    /// Only what this role may end
    #[arg(long, value_name = "ROLE", value_parser = role)]
    pub role: Option<Role>,
    /// Rows
    #[arg(long, default_value_t = 50, value_parser = rows(512))]
    pub limit: usize,
    /// First row
    #[arg(long, default_value_t = 0)]
    pub offset: usize,
}

fn role(word: &str) -> Result<Role, &'static str> {
    word.parse()
}

pub(super) async fn work(link: &Connection, which: Work, out: &mut Output<'_>) -> Result<(), Fail> {
    let query = WorkQuery {
        site: which.site,
        role: which.role,
        filter: which.filter.join(" "),
        offset: which.offset,
        limit: which.limit,
    };
    let page = answered(CALL, link.client.work(call(), query)).await?;
    if out.json {
        return out.document(&page);
    }
    let mut table =
        Table::new(&["SITE", "PLACE", "SERIAL", "WORK", "ROLE", "DUE", "ENDS BY", "WHAT TO DO"], Last::Wrap);
    for row in &page.rows {
        let ends = match row.ends {
            Ends::Close(task) => format!("done {task}"),
            Ends::Move(to) => format!("move {to}"),
        };
        let title = if row.blocks { format!("{} (blocks)", row.title) } else { row.title.to_string() };
        table.row([
            row.site.to_string(),
            row.place.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string),
            row.label.to_string(),
            title,
            row.role.to_string(),
            human(page.now.since(row.since)),
            ends,
            row.text.to_string(),
        ]);
    }
    out.table(&table)?;
    left_over(out, page.offset, page.rows.len(), page.total, "item")
}
