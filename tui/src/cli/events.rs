//! Verbs about events: `history`, `journal`.

use rackhand_core::time::Timestamp;
use rackhand_core::view::EventRow;
use rackhand_rpc::JournalQuery;

use super::args::{EventPage, Journal};
use super::output::{Fail, Output, count};
use super::table::{Last, Table};
use crate::link::connect::Connection;
use crate::link::{CALL, answered, call};

pub(super) async fn history(link: &Connection, label: &str, page: EventPage, out: &mut Output<'_>) -> Result<(), Fail> {
    let subject = super::subject(link, label).await?;
    let query = JournalQuery { subject: Some(subject), before: page.before, limit: page.limit, ..Default::default() };
    show(link, query, false, out).await
}

pub(super) async fn journal(link: &Connection, which: Journal, out: &mut Output<'_>) -> Result<(), Fail> {
    let Journal { kind, actor, text, page } = which;
    let query = JournalQuery { subject: None, kind, actor, text, before: page.before, limit: page.limit };
    show(link, query, true, out).await
}

async fn show(link: &Connection, query: JournalQuery, labels: bool, out: &mut Output<'_>) -> Result<(), Fail> {
    let page = answered(CALL, link.client.journal(call(), query)).await??;
    if out.json {
        return out.document(&page);
    }
    out.table(&table(&page.rows, labels))?;
    let older = page.rows.last().filter(|_| page.rows.len() < page.total);
    let more = older.map_or(String::new(), |row| format!("; older with --before {}", row.seq));
    out.line(format!("{} of {}{more}", page.rows.len(), count(page.total, "event")))
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
