//! A road under a daemon that is killed on it, and the road of one server from its lease to `staged`.

use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use rackhand_core::event::{Recorded, Seq};
use rackhand_core::id::SiteId;
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::view::questions::Counts;
use rackhand_rpc::{ConsoleClient, Import};

use crate::judge::{is_settled, judge, label};
use crate::support::console::{connect, within};
use crate::support::daemon::{Daemon, Place, tool};
use crate::support::lab::Lab;

/// What a daemon lives through, with the outside that stays while it dies.
pub trait Road: Send + Sync {
    /// Its directory.
    fn place(&self) -> &Place;
    /// What people do on seeing these events; `fresh` on a new connection. False where nobody answered.
    fn act<'a>(&'a self, console: &'a ConsoleClient, events: &'a [Recorded], fresh: bool) -> BoxFuture<'a, bool>;
    /// Whether the road is at its end.
    fn is_settled(&self, events: &[Recorded]) -> bool;
    /// Holds every effect the outside has seen against the journal.
    fn judge(&self, events: &[Recorded], wrong: &mut Vec<String>);
}

/// By then a path has ended, in real time; a machine with other load gets its time.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a call waits for news.
const WATCH: Duration = Duration::from_secs(5);

/// Where the process ends.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Point {
    pub seq: Seq,
    /// After the commit that holds the event, or inside its transaction right before it.
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
    /// The road came to its end first.
    Settled(Box<Daemon>),
    /// It came to no end; how it stood then.
    Stuck(String),
}

/// What became of a road.
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

impl Told {
    /// Reads what is on the disk. Nothing that was there may be gone.
    fn read(&mut self, road: &dyn Road) {
        let before = std::mem::replace(&mut self.events, road.place().events());
        if !self.events.starts_with(&before) {
            self.wrong.push("an event from before a kill is gone or altered".to_owned());
        }
    }

    /// The daemon is dead; a console had been told of event `head`.
    fn killed(&mut self, road: &dyn Road, head: Seq, point: Option<Point>) {
        self.read(road);
        if (self.events.len() as Seq) < head {
            self.wrong.push(format!("a console was told of event {head}, {} are left", self.events.len()));
        }
        let last = self.events.last().map_or_else(|| "nothing".to_owned(), label);
        if let Some(point) = point.filter(|p| p.after != (p.seq <= self.events.len() as Seq)) {
            self.wrong.push(format!("killed {point}, and {} events are on the disk", self.events.len()));
        }
        self.last.push(last);
    }
}

/// How long a console waits for an answer.
pub const ANSWER: Duration = Duration::from_secs(10);

/// Lives a road: killed at these points one after the other, then left alone to its end, and judged.
pub async fn live(road: &dyn Road, points: &[Point]) -> Told {
    let begun = Instant::now();
    let mut told = Told::default();
    let mut points = points.iter().copied();
    loop {
        let point = points.next();
        let daemon = road.place().start(point.map(|p| p.to_string()).as_deref()).await;
        match follow(road, daemon, point).await {
            Ended::Killed { told: head } => told.killed(road, head, point),
            Ended::Stuck(how) => {
                told.wrong.push(format!("no end within {PATIENCE:?}: {how}\n{}", road.place().log()));
                break;
            }
            Ended::Settled(daemon) => {
                let status = daemon.terminate().await;
                match status.signal() {
                    // Its point came while it stopped.
                    Some(9) if point.is_some() => told.killed(road, 0, point),
                    _ if status.success() => {}
                    _ => told.wrong.push(format!("it did not stop in order: {status}")),
                }
                // A renewal that was looked up at the last moment may have left a note for the next start.
                if road.is_settled(&road.place().events()) {
                    break;
                }
            }
        }
    }
    told.read(road);
    let verified = tool(&["verify", "--data-dir", road.place().data().to_str().unwrap()]).await;
    if !verified.status.success() {
        told.wrong.push(format!("verify: {}", String::from_utf8_lossy(&verified.stderr)));
    }
    road.judge(&told.events, &mut told.wrong);
    told.took = begun.elapsed();
    told
}

/// Follows the daemon until it is killed, or the road is at its end.
async fn follow(road: &dyn Road, mut daemon: Daemon, point: Option<Point>) -> Ended {
    let told = AtomicU64::new(0);
    let ended = tokio::time::timeout(PATIENCE, async {
        tokio::select! {
            biased;
            status = daemon.child.wait() => Some(status.unwrap()),
            () = settled(road, point, &told) => None,
        }
    });
    match ended.await {
        Err(_) => Ended::Stuck(how_it_stands(road, &mut daemon, told.into_inner()).await),
        Ok(None) => Ended::Settled(Box::new(daemon)),
        Ok(Some(status)) => {
            assert_eq!(status.signal(), Some(9), "it ended by itself: {status}\n{}", road.place().log());
            Ended::Killed { told: told.into_inner() }
        }
    }
}

/// Watches over the socket, as a console does, until the road is at its end. `told` is the highest head it was told.
async fn settled(road: &dyn Road, point: Option<Point>, told: &AtomicU64) {
    loop {
        // A busy machine may miss a handshake's time; a dead daemon is noticed by its process.
        let Ok((console, hello)) = connect(&road.place().socket()).await else {
            tokio::task::yield_now().await;
            continue;
        };
        told.fetch_max(hello.head, Ordering::Relaxed);
        let mut fresh = true;
        loop {
            let events = road.place().events();
            // Its point may be in the very event that settles the road: then it is about to die.
            let dying = point.is_some_and(|p| p.after && p.seq <= events.len() as Seq);
            if !dying && road.is_settled(&events) {
                return;
            }
            if !road.act(&console, &events, fresh).await {
                break;
            }
            fresh = false;
            let call = console.watch(within(ANSWER), told.load(Ordering::Relaxed), WATCH.as_millis() as u32);
            // tarpc's client may never answer a call that was made while the other side went away.
            match tokio::time::timeout(ANSWER, call).await {
                Ok(Ok(head)) => told.fetch_max(head, Ordering::Relaxed),
                _ => break,
            };
        }
    }
}

/// What can be seen of a daemon that does not go on.
async fn how_it_stands(road: &dyn Road, daemon: &mut Daemon, told: Seq) -> String {
    let process = daemon.child.try_wait();
    let asked = tokio::time::timeout(Duration::from_secs(5), async {
        let (console, hello) = connect(&road.place().socket()).await.map_err(|e| e.to_string())?;
        let overview = console.ask(within(Duration::from_secs(5)), Counts).await.map_err(|e| e.to_string())?.answer;
        Ok::<_, String>((hello.head, overview.head, overview.health))
    });
    let asked = asked.await;
    let events = road.place().events().len();
    format!("console was told of {told}, {events} on the disk; process {process:?}; asked: {asked:?}")
}

impl Road for Lab {
    fn place(&self) -> &Place {
        &self.place
    }

    /// Where it comes by a manifest, a person imports that: again whenever the connection broke.
    fn act<'a>(&'a self, console: &'a ConsoleClient, _events: &'a [Recorded], fresh: bool) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            let Some(row) = self.row.as_ref().filter(|_| fresh) else { return true };
            let import = Import {
                rows: vec![row.clone()],
                site: SiteId::new("fra1"),
                stage: Stage::Received,
                create: None,
                check: false,
                accounts: std::collections::BTreeMap::new(),
            };
            let taken = tokio::time::timeout(ANSWER, console.import(within(ANSWER), import)).await;
            let Ok(Ok(Ok(answers))) = taken else { return false };
            assert!(answers.iter().all(Result::is_ok), "{answers:?}");
            true
        })
    }

    fn is_settled(&self, events: &[Recorded]) -> bool {
        is_settled(events)
    }

    fn judge(&self, events: &[Recorded], wrong: &mut Vec<String>) {
        judge(self, events, wrong);
    }
}
