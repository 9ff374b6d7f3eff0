//! `rackhand work`: what is for persons to do, in the order to walk it.

use clap::Args;
use rackhand_core::id::{Role, SiteId};
use rackhand_core::text::Text;
use rackhand_core::time::{Timestamp, human};
use rackhand_core::view::filter::check_words;
use rackhand_core::view::guide::told;
use rackhand_core::view::work::{Ends, WorkQuery, WorkRow};

use super::fleet::{document, left_over};
use super::output::{Fail, Output};
use super::table::{Last, Table};
use super::values::{rows, site};
use crate::link::connect::Connection;

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
    /// Also how each is done, and what to do where it does not work; so it is where the filter is one whole serial
    #[arg(long, short)]
    pub verbose: bool,
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

impl Work {
    pub(super) async fn read(self, link: &Connection, out: &mut Output<'_>) -> Result<(), Fail> {
        work(link, self, out).await
    }
}

async fn work(link: &Connection, which: Work, out: &mut Output<'_>) -> Result<(), Fail> {
    let one = match which.filter.as_slice() {
        [word] => Some(word.clone()),
        _ => None,
    };
    let verbose = which.verbose;
    let filter = which.filter.join(" ");
    check_words(&filter).map_err(|why| Fail::Usage(format!("{why}; --site names one")))?;
    let query = WorkQuery { site: which.site, role: which.role, filter, offset: which.offset, limit: which.limit };
    let page = link.ask(query).await?;
    if out.json {
        return document(out, &page, "item");
    }
    let is_one = |label: &Text| one.as_ref().is_some_and(|word| label.eq_ignore_ascii_case(word));
    if verbose || (!page.rows.is_empty() && page.rows.iter().all(|row| is_one(&row.label))) {
        for (n, row) in page.rows.iter().enumerate() {
            if n > 0 {
                out.line("")?;
            }
            in_full(row, page.now, out)?;
        }
        return left_over(out, page.offset, page.rows.len(), page.total, "item");
    }
    let mut table =
        Table::new(&["SITE", "PLACE", "SERIAL", "WORK", "ROLE", "DUE", "ENDS BY", "WHAT TO DO"], Last::Wrap);
    for row in &page.rows {
        let ends = match row.ends {
            Ends::Close(task) => format!("done {task}"),
            Ends::Move(to) => format!("move {to}"),
            Ends::Receipts => "receive".to_owned(),
        };
        let title = if row.blocks { format!("{} (blocks)", row.title) } else { row.title.to_string() };
        table.row([
            row.site.to_string(),
            row.place
                .as_ref()
                .map_or_else(|| "-".to_owned(), |p| if row.located { format!("{p} LED") } else { p.to_string() }),
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

/// One piece of work as the console's work screen tells it.
fn in_full(row: &WorkRow, now: Timestamp, out: &mut Output<'_>) -> Result<(), Fail> {
    let due = human(now.since(row.since));
    let model = row.model.as_ref().map_or("model unknown", Text::as_str);
    let blocks = if row.blocks { ", and stands still until it is done" } else { "" };
    out.line(format!("{}: {}, for a {}", row.label, row.title, row.role))?;
    let mut table = Table::new(&[], Last::Wrap);
    table.row(["  since".to_owned(), format!("{due}{blocks}; {model}")]);
    for (word, sentence) in told(row) {
        table.row([format!("  {word}"), sentence]);
    }
    out.table(&table)
}
