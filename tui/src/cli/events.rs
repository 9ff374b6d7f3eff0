//! Verbs about events: `history`, `journal`.

use clap::Args;
use clap::builder::PossibleValuesParser;
use rackhand_core::event::{Event, Seq};
use rackhand_core::time::Timestamp;
use rackhand_core::view::EventRow;
use rackhand_rpc::JournalQuery;

use super::output::{Fail, Output, count};
use super::table::{Last, Table};
use super::values::rows;
use crate::link::connect::Connection;

/// Which part of a list of events.
#[derive(Clone, Copy, Debug, Args)]
pub struct EventPage {
    /// Rows
    #[arg(long, default_value_t = 50, value_parser = rows(256))]
    pub limit: usize,
    /// Only events before this one
    #[arg(long, value_name = "SEQ")]
    pub before: Option<Seq>,
}

/// Whose events.
#[derive(Debug, Args)]
pub struct History {
    /// Serial, unit id or bmc/MAC
    pub label: String,
    /// How many, and from where.
    #[command(flatten)]
    pub page: EventPage,
}

/// Which events.
#[derive(Debug, Args)]
pub struct Journal {
    /// Only this kind
    #[arg(long, value_parser = PossibleValuesParser::new(Event::KINDS), hide_possible_values = true)]
    pub kind: Option<String>,
    /// Only by this user, or by `rackhand` or `wire`
    #[arg(long)]
    pub actor: Option<String>,
    /// Only those that hold this text
    #[arg(long)]
    pub text: Option<String>,
    /// How many, and from where.
    #[command(flatten)]
    pub page: EventPage,
}

impl History {
    pub(super) async fn read(self, link: &Connection, out: &mut Output<'_>) -> Result<(), Fail> {
        let (subject, page) = (super::subject(link, &self.label).await?, self.page);
        let query =
            JournalQuery { subject: Some(subject), before: page.before, limit: page.limit, ..Default::default() };
        show(link, query, false, out).await
    }
}

impl Journal {
    pub(super) async fn read(self, link: &Connection, out: &mut Output<'_>) -> Result<(), Fail> {
        let Self { kind, actor, text, page } = self;
        let query = JournalQuery { subject: None, kind, actor, text, before: page.before, limit: page.limit };
        show(link, query, true, out).await
    }
}

async fn show(link: &Connection, query: JournalQuery, labels: bool, out: &mut Output<'_>) -> Result<(), Fail> {
    let page = link.ask(query).await?;
    if out.json {
        return out.document(&page);
    }
    out.table(&table(&page.rows, labels))?;
    let older = page.rows.last().filter(|_| page.rows.len() < page.total);
    let more = older.map_or(String::new(), |row| format!("; older with --before {}", row.seq));
    out.line(format!("{}{more}", count(page.rows.len(), "event")))
}

/// Events as lines; `labels` where they are about more than one thing.
pub(super) fn table(rows: &[EventRow], labels: bool) -> Table {
    let head: &[&str] =
        if labels { &["SEQ", "TIME (UTC)", "BY", "ABOUT", "EVENT"] } else { &["SEQ", "TIME (UTC)", "BY", "EVENT"] };
    let mut table = Table::new(head, Last::Wrap);
    for row in rows {
        let (seq, at, actor, text) = (row.seq.to_string(), short(row.at), row.actor.to_string(), row.text.to_string());
        if labels {
            table.row([seq, at, actor, row.label.to_string(), text]);
        } else {
            table.row([seq, at, actor, text]);
        }
    }
    table
}

/// Month, day and time: the year is clear from the rest, and 80 columns are few.
fn short(at: Timestamp) -> String {
    let full = at.to_string();
    full.get(5..19).map_or(full.clone(), |short| short.replace('T', " "))
}
