//! One server's path under a daemon that is killed on it.

use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};

use rackhand_core::event::{Recorded, Seq};

use crate::Bed;
use crate::judge::{is_settled, judge, label};
use crate::support::console::{connect, within};
use crate::support::daemon::{Daemon, tool};
use crate::support::lab::Lab;

/// By then a path has ended, in real time; a machine with other load gets its time.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where the process ends.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Point {
    pub seq: Seq,
    /// Whether the event is on the disk by then.
    pub after: bool,
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", if self.after { "after" } else { "before" }, self.seq)
    }
}

/// How a daemon's life ended.
enum Ended {
    /// Killed at its point, having told a console of this head.
    Killed { told: Seq },
    /// The path came to its end first.
    Staged(Box<Daemon>),
    /// It came to no end: it waits for something that never happens.
    Stuck,
}

/// What became of a path.
#[derive(Default)]
pub struct Told {
    /// The last event on the disk at each kill.
    pub last: Vec<String>,
    /// All events; after a kill, those it left.
    pub events: Vec<Recorded>,
    /// What must never be.
    pub wrong: Vec<String>,
    /// In real time.
    pub took: Duration,
}

/// The kill cut a decision's events in two. They are one transaction on the disk, so this cannot happen to a daemon;
/// only the failpoint can make it. What can happen, none or all of them, are points of their own.
pub struct Torn;

impl Told {
    /// Reads what is on the disk. Nothing that was there may be gone.
    fn read(&mut self, lab: &Lab) {
        let before = std::mem::replace(&mut self.events, lab.place.events());
        if !self.events.starts_with(&before) {
            self.wrong.push("an event from before a kill is gone or altered".to_owned());
        }
    }

    /// The daemon is dead; a console had been told of event `head`.
    fn killed(&mut self, lab: &Lab, head: Seq, bed: &Bed) -> Result<(), Torn> {
        self.read(lab);
        if (self.events.len() as Seq) < head {
            self.wrong.push(format!("a console was told of event {head}, {} are left", self.events.len()));
        }
        let last = self.events.last().map_or_else(|| "nothing".to_owned(), label);
        if bed.inner.contains(&last) {
            return Err(Torn);
        }
        self.last.push(last);
        Ok(())
    }
}

/// Lives one path: killed at these points one after the other, then left alone to its end, and judged.
pub async fn live(n: usize, points: &[Point], bed: &Bed) -> Result<Told, Torn> {
    let begun = Instant::now();
    let lab = Lab::new(n, bed.tempo, &bed.issuer).await;
    let mut told = Told::default();
    let mut points = points.iter().copied();
    loop {
        let point = points.next();
        let daemon = lab.place.start(point.map(|p| p.to_string()).as_deref()).await;
        match follow(&lab, daemon, point).await {
            Ended::Killed { told: head } => told.killed(&lab, head, bed)?,
            Ended::Stuck => {
                told.wrong.push(format!("no end within {PATIENCE:?}:\n{}", lab.place.log()));
                break;
            }
            Ended::Staged(daemon) => {
                let status = daemon.terminate().await;
                match status.signal() {
                    // Its point came while it stopped.
                    Some(9) if point.is_some() => told.killed(&lab, 0, bed)?,
                    _ if status.success() => {}
                    _ => told.wrong.push(format!("it did not stop in order: {status}")),
                }
                // A renewal that was looked up at the last moment may have left a note for the next start.
                if is_settled(&lab.place.events()) {
                    break;
                }
            }
        }
    }
    told.read(&lab);
    let verified = tool(&["verify", "--data-dir", lab.place.data().to_str().unwrap()]).await;
    if !verified.status.success() {
        told.wrong.push(format!("verify: {}", String::from_utf8_lossy(&verified.stderr)));
    }
    judge(&lab, &told.events, &mut told.wrong);
    told.took = begun.elapsed();
    Ok(told)
}

/// Follows the daemon until it is killed, or the server is staged and all notes are in NetBox.
async fn follow(lab: &Lab, mut daemon: Daemon, point: Option<Point>) -> Ended {
    let mut told = 0;
    // Its point may be in the very event that settles the path: then it is about to die.
    let is_done = |events: &[Recorded]| {
        let dying = point.is_some_and(|p| p.after && p.seq <= events.len() as Seq);
        !dying && is_settled(events)
    };
    let end = tokio::time::timeout(PATIENCE, async {
        let Ok((console, hello)) = connect(&lab.place.socket()).await else { return false };
        told = hello.head;
        while !is_done(&lab.place.events()) {
            match console.watch(within(Duration::from_secs(20)), told, 10_000).await {
                Ok(head) => told = told.max(head),
                Err(_) => return false,
            }
        }
        true
    });
    match end.await {
        Err(_) => return Ended::Stuck,
        Ok(true) => return Ended::Staged(Box::new(daemon)),
        Ok(false) => {}
    }
    let status = daemon.child.wait().await.unwrap();
    assert_eq!(status.signal(), Some(9), "it ended by itself: {status}\n{}", lab.place.log());
    Ended::Killed { told }
}
