//! One server's path under a daemon that is killed on it.

use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rackhand_core::event::{Recorded, Seq};
use rackhand_core::lifecycle::stage::Stage;
use rackhand_rpc::Import;

use crate::judge::{is_settled, judge, label};
use crate::support::console::{connect, within};
use crate::support::daemon::{Daemon, tool};
use crate::support::lab::Lab;
use crate::{Bed, CONTROLLERS};

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
    /// The path came to its end first.
    Staged(Box<Daemon>),
    /// It came to no end; how it stood then.
    Stuck(String),
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

impl Told {
    /// Reads what is on the disk. Nothing that was there may be gone.
    fn read(&mut self, lab: &Lab) {
        let before = std::mem::replace(&mut self.events, lab.place.events());
        if !self.events.starts_with(&before) {
            self.wrong.push("an event from before a kill is gone or altered".to_owned());
        }
    }

    /// The daemon is dead; a console had been told of event `head`.
    fn killed(&mut self, lab: &Lab, head: Seq, point: Option<Point>) {
        self.read(lab);
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

/// Lives the path of the `n`-th server, whose self-test takes `post`: killed at these points one after the other, then left alone to its end, and judged.
pub async fn live(n: usize, post: Duration, points: &[Point], bed: &Bed) -> Told {
    let begun = Instant::now();
    let mut lab = Lab::new(n, post, bed.tempo, &bed.issuer).await;
    // One of the three comes by a manifest, as a person imports it: again whenever the connection broke.
    if n.is_multiple_of(CONTROLLERS) {
        lab.by_manifest();
    }
    let mut told = Told::default();
    let mut points = points.iter().copied();
    loop {
        let point = points.next();
        let daemon = lab.place.start(point.map(|p| p.to_string()).as_deref()).await;
        match follow(&lab, daemon, point).await {
            Ended::Killed { told: head } => told.killed(&lab, head, point),
            Ended::Stuck(how) => {
                told.wrong.push(format!("no end within {PATIENCE:?}: {how}\n{}", lab.place.log()));
                break;
            }
            Ended::Staged(daemon) => {
                let status = daemon.terminate().await;
                match status.signal() {
                    // Its point came while it stopped.
                    Some(9) if point.is_some() => told.killed(&lab, 0, point),
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
    told
}

/// Follows the daemon until it is killed, or the server is staged and all notes are in NetBox.
async fn follow(lab: &Lab, mut daemon: Daemon, point: Option<Point>) -> Ended {
    let told = AtomicU64::new(0);
    let ended = tokio::time::timeout(PATIENCE, async {
        tokio::select! {
            biased;
            status = daemon.child.wait() => Some(status.unwrap()),
            () = settled(lab, point, &told) => None,
        }
    });
    match ended.await {
        Err(_) => Ended::Stuck(how_it_stands(lab, &mut daemon, told.into_inner()).await),
        Ok(None) => Ended::Staged(Box::new(daemon)),
        Ok(Some(status)) => {
            assert_eq!(status.signal(), Some(9), "it ended by itself: {status}\n{}", lab.place.log());
            Ended::Killed { told: told.into_inner() }
        }
    }
}

/// Watches over the socket, as a console does, until the path is at its end. `told` is the highest head it was told.
async fn settled(lab: &Lab, point: Option<Point>, told: &AtomicU64) {
    loop {
        // A busy machine may miss a handshake's time; a dead daemon is noticed by its process.
        let Ok((console, hello)) = connect(&lab.place.socket()).await else {
            tokio::task::yield_now().await;
            continue;
        };
        told.fetch_max(hello.head, Ordering::Relaxed);
        if let Some(row) = &lab.row {
            let (site, stage) = (hello.site.clone(), Stage::Received);
            let import = Import {
                rows: vec![row.clone()],
                site,
                stage,
                create: None,
                check: false,
                accounts: std::collections::BTreeMap::new(),
            };
            // tarpc's client may never answer a call that was made while the other side went away.
            let taken = tokio::time::timeout(WATCH * 2, console.import(within(WATCH * 2), import)).await;
            let Ok(Ok(Ok(answers))) = taken else { continue };
            assert!(answers.iter().all(Result::is_ok), "{answers:?}");
        }
        loop {
            let events = lab.place.events();
            // Its point may be in the very event that settles the path: then it is about to die.
            let dying = point.is_some_and(|p| p.after && p.seq <= events.len() as Seq);
            if !dying && is_settled(&events) {
                return;
            }
            let call = console.watch(within(WATCH * 2), told.load(Ordering::Relaxed), WATCH.as_millis() as u32);
            match tokio::time::timeout(WATCH * 2, call).await {
                Ok(Ok(head)) => told.fetch_max(head, Ordering::Relaxed),
                _ => break,
            };
        }
    }
}

/// What can be seen of a daemon that does not go on.
async fn how_it_stands(lab: &Lab, daemon: &mut Daemon, told: Seq) -> String {
    let process = daemon.child.try_wait();
    let asked = tokio::time::timeout(Duration::from_secs(5), async {
        let (console, hello) = connect(&lab.place.socket()).await.map_err(|e| e.to_string())?;
        let overview = console.overview(within(Duration::from_secs(5))).await.map_err(|e| e.to_string())?;
        Ok::<_, String>((hello.head, overview.head, overview.health))
    });
    let asked = asked.await;
    let (events, requests) = (lab.place.events().len(), lab.outside.netbox.requests());
    format!(
        "console was told of {told}, {events} on the disk; process {process:?}; asked: {asked:?}; NetBox had {requests} requests"
    )
}
