//! Verbs about events: `history`, `journal`, `tail`.

use std::time::{Duration, Instant};

use rackhand_core::event::Seq;
use rackhand_core::id::Subject;
use rackhand_core::time::Timestamp;
use rackhand_core::view::{EventRow, Page};
use rackhand_rpc::{JournalQuery, MAX_EVENTS, MAX_WATCH_MS};

use super::args::{EventPage, Journal};
use super::output::{Fail, Output, count};
use super::table::{Last, Table};
use crate::link::connect::Connection;
use crate::link::{CALL, answered, call, watch, watched};

/// Events `tail` begins with.
const LAST: usize = 10;

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

pub(super) async fn tail(
    link: &Connection,
    label: Option<&str>,
    since: Option<Seq>,
    out: &mut Output<'_>,
) -> Result<(), Fail> {
    let subject = match label {
        Some(label) => Some(super::subject(link, label).await?),
        None => None,
    };
    let mut seen = if let Some(since) = since {
        since
    } else {
        let page = page(link, subject, None, LAST).await?;
        for row in page.rows.iter().rev() {
            print(row, out)?;
        }
        page.head
    };
    let tail = Tail { link, subject };
    loop {
        seen = match tail.follow(seen, out).await {
            Ok(head) => head,
            Err((at, Fail::Lost(why))) => return Err(Fail::Lost(format!("{why}; `--since {at}` goes on from here"))),
            Err((_, other)) => return Err(other),
        };
    }
}

async fn page(
    link: &Connection,
    subject: Option<Subject>,
    before: Option<Seq>,
    limit: usize,
) -> Result<Page<EventRow>, Fail> {
    let query = JournalQuery { subject, before, limit, ..JournalQuery::default() };
    Ok(answered(CALL, link.client.journal(call(), query)).await??)
}

fn print(row: &EventRow, out: &mut Output<'_>) -> Result<(), Fail> {
    if out.json {
        return out.document(row);
    }
    out.line(format!("{}  {}  {}  {}  {}", row.seq, row.at, row.actor, row.label, row.text))?;
    out.flush()
}

struct Tail<'a> {
    link: &'a Connection,
    subject: Option<Subject>,
}

impl Tail<'_> {
    /// Waits until there is more than `seen`, and prints it, oldest first. Gives what has been seen then; on failure
    /// too, so that it can be gone on from.
    async fn follow(&self, seen: Seq, out: &mut Output<'_>) -> Result<Seq, (Seq, Fail)> {
        let asked = Instant::now();
        let head =
            answered(watched(MAX_WATCH_MS), self.link.client.watch(watch(MAX_WATCH_MS), seen, MAX_WATCH_MS)).await;
        let head = head.map_err(|error| (seen, error.into()))?;
        if head <= seen {
            // A daemon that does not hold the call must not be asked without a pause.
            if asked.elapsed() < Duration::from_millis(200) {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            return Ok(seen);
        }
        let mut seen = seen;
        while seen < head {
            // Places have no gaps, so a window of them is a page; one subject's events are few, whatever the window.
            let end = if self.subject.is_some() { head } else { head.min(seen.saturating_add(MAX_EVENTS as u64)) };
            for row in self.between(seen, end).await.map_err(|fail| (seen, fail))? {
                print(&row, out).map_err(|fail| (seen, fail))?;
                seen = row.seq;
            }
            seen = end;
        }
        Ok(seen)
    }

    /// The events after `since` up to `end`, oldest first, each once, however few the daemon gives at a time.
    async fn between(&self, since: Seq, end: Seq) -> Result<Vec<EventRow>, Fail> {
        let mut newest_first: Vec<EventRow> = Vec::new();
        let mut before = end.saturating_add(1);
        while before > since + 1 {
            let page = page(self.link, self.subject, Some(before), MAX_EVENTS).await?;
            let Some(oldest) = page.rows.last().map(|row| row.seq).filter(|oldest| *oldest < before) else { break };
            newest_first.extend(page.rows.into_iter().filter(|row| row.seq > since && row.seq < before));
            before = oldest;
        }
        newest_first.reverse();
        Ok(newest_first)
    }
}
