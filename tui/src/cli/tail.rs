//! `tail`: the journal as it grows. Each event once and in order, also over a connection that breaks.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Duration, Instant};

use rackhand_core::event::Seq;
use rackhand_core::id::Subject;
use rackhand_core::view::{EventRow, Page};
use rackhand_rpc::{JournalQuery, MAX_EVENTS, MAX_WATCH_MS};

use super::output::{Fail, Output};
use crate::link::connect::{Connection, HostSpec, connect};
use crate::link::sync::pause;
use crate::link::{answered, watch, watched};

/// Events `tail` begins with.
const LAST: usize = 10;

/// Follows until nobody reads any more. Only the first attempt to connect may fail: a lost connection is made again.
pub(super) async fn tail(
    host: &HostSpec,
    label: Option<&str>,
    since: Option<Seq>,
    out: &mut Output<'_>,
) -> Result<(), Fail> {
    let mut link = connect(host).await?;
    let subject = match label {
        Some(label) => Some(super::subject(&link, label).await?),
        None => None,
    };
    let mut seen = match since {
        Some(since) => since,
        None => {
            let page = page(&link, subject, None, LAST).await?;
            for row in page.rows.iter().rev() {
                print(row, out)?;
            }
            page.head
        }
    };
    loop {
        let tail = Tail { link: &link, subject };
        match tail.follow(seen, out).await {
            Ok(head) => seen = head,
            Err((at, Fail::Lost(why))) => {
                seen = at;
                out.tell(format!("rackhand: {why}: connecting again; event {seen} was the last"));
                link = again(host, out).await;
                let head = link.hello.head;
                if head < seen {
                    out.tell(format!(
                        "rackhand: the journal ends at event {head} now: it was restored, or is another; going on there"
                    ));
                    seen = head;
                }
            }
            Err((_, other)) => return Err(other),
        }
    }
}

/// Connects, however long it takes. A reason is told when it is another one than before.
async fn again(host: &HostSpec, out: &mut Output<'_>) -> Connection {
    let (mut failures, mut told) = (0, String::new());
    loop {
        tokio::time::sleep(pause(failures, RandomState::new().build_hasher().finish())).await;
        failures += 1;
        match connect(host).await {
            Ok(link) => {
                out.tell("rackhand: connected again");
                return link;
            }
            Err(error) if error.to_string() == told => {}
            Err(error) => {
                told = error.to_string();
                out.tell(format!("rackhand: {told}"));
            }
        }
    }
}

async fn page(
    link: &Connection,
    subject: Option<Subject>,
    before: Option<Seq>,
    limit: usize,
) -> Result<Page<EventRow>, Fail> {
    let query = JournalQuery { subject, before, limit, ..JournalQuery::default() };
    Ok(link.ask(query).await?)
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
        let asked_for = self.link.client.watch(watch(MAX_WATCH_MS), seen, MAX_WATCH_MS);
        let head = answered(watched(MAX_WATCH_MS), asked_for).await;
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
