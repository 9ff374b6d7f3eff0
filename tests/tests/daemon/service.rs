//! As a service of systemd's: it says when it is ready, that it is alive, and that it stops.

use std::time::Duration;

use rackhand_core::id::Role;
use rackhand_core::view::questions::Counts;
use tokio::net::{TcpStream, UnixDatagram};

use crate::process::import;
use crate::support::console::{connect, soon};
use crate::support::daemon::Place;

/// What the watchdog waits, in microseconds; the daemon tells it three times as often.
const PATIENCE: u64 = 600_000;
/// Long enough for anything that will come.
const EVER: Duration = Duration::from_secs(30);

/// Where systemd would listen.
struct Manager(UnixDatagram);

impl Manager {
    fn of(place: &mut Place) -> Self {
        let path = place.path("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        place.env = vec![("NOTIFY_SOCKET", path.to_str().unwrap().to_owned()), ("WATCHDOG_USEC", PATIENCE.to_string())];
        Self(socket)
    }

    /// The next message with this line in it.
    async fn hears(&self, line: &str) -> String {
        let heard = async {
            loop {
                let message = self.message().await;
                if message.lines().any(|l| l == line) {
                    return message;
                }
            }
        };
        tokio::time::timeout(EVER, heard).await.unwrap_or_else(|_| panic!("{line} is not told"))
    }

    async fn message(&self) -> String {
        let mut buffer = [0; 4_096];
        let n = self.0.recv(&mut buffer).await.unwrap();
        String::from_utf8(buffer[..n].to_vec()).unwrap()
    }
}

#[tokio::test]
async fn it_is_ready_when_all_doors_are_open_and_tells_that_it_lives_and_stops() {
    let mut place = Place::alone();
    let manager = Manager::of(&mut place);
    let mut daemon = place.start(None).await;
    let first = manager.message().await;
    assert!(first.starts_with("READY=1\nSTATUS=site fra1, 1 events, http "), "{first}");
    assert_eq!(connect(&place.socket()).await.unwrap().1.role, Some(Role::Admin));
    TcpStream::connect(place.http).await.unwrap();
    for _ in 0..3 {
        manager.hears("WATCHDOG=1").await;
    }
    let (console, _) = connect(&place.socket()).await.unwrap();
    import(&console, 2).await;
    let status = async { while !manager.hears("WATCHDOG=1").await.contains("STATUS=site fra1, 3 events") {} };
    tokio::time::timeout(EVER, status).await.expect("the status follows the journal");
    daemon.signal(rustix::process::Signal::TERM);
    manager.hears("STOPPING=1").await;
    assert!(daemon.child.wait().await.unwrap().success());
}

#[tokio::test]
async fn it_is_not_told_alive_while_the_ledger_hangs() {
    let mut place = Place::alone();
    let manager = Manager::of(&mut place);
    place.env.push(("RACKHAND_HANG_AT", "before:2".to_owned()));
    let mut daemon = place.start(None).await;
    manager.hears("READY=1").await;
    for _ in 0..3 {
        manager.hears("WATCHDOG=1").await;
    }
    let (console, _) = connect(&place.socket()).await.unwrap();
    // Its answer never comes: the journal's thread stops before it writes.
    let stuck = tokio::spawn(async move { import(&console, 1).await });
    // What was told before that may still be on its way; then there is silence for as long as the watchdog waits.
    let silence =
        async { while tokio::time::timeout(Duration::from_micros(2 * PATIENCE), manager.message()).await.is_ok() {} };
    tokio::time::timeout(EVER, silence).await.expect("it goes on telling that it lives");
    assert!(!stuck.is_finished(), "the ledger did not hang");
    assert!(daemon.child.try_wait().unwrap().is_none(), "the process itself lives");
    // Its other parts still answer: only a beat through all of them shows that it hangs.
    let (other, _) = connect(&place.socket()).await.unwrap();
    other.ask(soon(), Counts).await.unwrap();
    stuck.abort();
}
