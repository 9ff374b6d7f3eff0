//! What the daemon may do: listen on interfaces, and nothing else that its user may not.

use rackhand_core::view::questions::Counts;
use rackhand_core::view::{TapState, TapStatus};
use rackhand_rpc::ConsoleClient;

use crate::client::Client;
use crate::namespace::{alone, run};
use crate::segment::{self, INTERFACE, PATIENCE};
use crate::server::{Kind, Server};
use crate::support::console::{connect, soon};
use crate::support::daemon::{Daemon, PROGRAM, Place};

/// Nobody's user and group.
const NOBODY: &str = "65534";

/// A daemon that belongs to nobody, with these of root's privileges left (as setpriv(1) names them).
async fn nobodys(privileges: &[&str]) -> (Place, Daemon, ConsoleClient) {
    // Where nobody can reach it, whatever the mode of the directories above the build.
    let program = "/dev/shm/rackhandd";
    std::fs::write(program, "").unwrap();
    run(&format!("mount --bind {PROGRAM} {program}"));
    let mut place = Place::alone();
    place.more += &format!("[roles]\nroot = \"admin\"\n[intake]\ninterfaces = [\"{INTERFACE}\"]\n");
    place.configure();
    let home = place.path("");
    run(&format!("chown -R {NOBODY}:{NOBODY} {}", home.display()));
    let user = ["setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", "--no-new-privs"];
    place.launcher = user.iter().chain(privileges).chain(&[program]).map(ToString::to_string).collect();
    let daemon = place.start(None).await;
    assert!(daemon.ready.is_some(), "{}", place.log());
    let (console, _) = connect(&place.socket()).await.unwrap();
    (place, daemon, console)
}

async fn tap(console: &ConsoleClient) -> TapStatus {
    let overview = console.ask(soon(), Counts).await.unwrap().answer;
    overview.health.taps.first().expect("one is configured").clone()
}

async fn until(console: &ConsoleClient, state: TapState) -> TapStatus {
    let wait = async {
        loop {
            let now = tap(console).await;
            if now.state == state {
                return now;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    if let Ok(status) = tokio::time::timeout(PATIENCE, wait).await {
        return status;
    }
    panic!("never {state:?}: {:?}", tap(console).await)
}

/// A line of the process's status in /proc.
fn status(daemon: &Daemon, key: &str) -> String {
    let status = std::fs::read_to_string(format!("/proc/{}/status", daemon.child.id().unwrap())).unwrap();
    let line = status.lines().find_map(|l| l.strip_prefix(&format!("{key}:"))).unwrap();
    line.split_whitespace().next().unwrap().to_owned()
}

#[test]
fn without_the_capability_the_daemon_runs_on_and_says_what_is_missing() {
    alone(&["setpriv"], || async {
        segment::lay();
        let (place, daemon, console) = nobodys(&["--inh-caps=-all", "--bounding-set=-all"]).await;
        assert_eq!((status(&daemon, "Uid").as_str(), status(&daemon, "CapEff").as_str()), (NOBODY, "0000000000000000"));
        let told = until(&console, TapState::NotPermitted).await;
        let trouble = told.trouble.unwrap();
        assert!(trouble.contains("CAP_NET_RAW is missing") && trouble.contains("AmbientCapabilities="), "{trouble}");
        assert!(place.log().contains("CAP_NET_RAW is missing"), "{}", place.log());
        // All else works.
        assert_eq!(console.ask(soon(), Counts).await.unwrap().answer.health.intake_stopped, None);
        tokio::net::TcpStream::connect(place.http).await.unwrap();
        assert!(daemon.terminate().await.success());
    });
}

#[test]
fn the_one_capability_is_enough_and_is_kept_for_an_interface_that_comes_back() {
    const NET_RAW: &str = "0000000000002000";
    alone(&["setpriv", "dnsmasq", "udhcpc"], || async {
        segment::lay();
        let only = ["--inh-caps=-all,+net_raw", "--ambient-caps=-all,+net_raw", "--bounding-set=-all,+net_raw"];
        let (place, daemon, console) = nobodys(&only).await;
        until(&console, TapState::Listening).await;
        assert_eq!(status(&daemon, "Uid"), NOBODY);
        for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
            assert_eq!(status(&daemon, set), NET_RAW, "{set}");
        }
        assert_eq!(status(&daemon, "NoNewPrivs"), "1");

        run(&format!("ip link del {INTERFACE}"));
        until(&console, TapState::NoSuchInterface).await;
        segment::lay();
        segment::plug("bmc", "94:40:c9:11:22:33");
        until(&console, TapState::Listening).await;
        let before = console.ask(soon(), Counts).await.unwrap().as_of;
        let _server = Server::start(Kind::Dnsmasq, "");
        let _client = Client::udhcpc("bmc");
        let head = console.watch(soon(), before, 29_000).await.unwrap();
        assert!(head > before, "{:?}\n{}", tap(&console).await, place.log());
        assert!(tap(&console).await.frames > 0);
        assert!(daemon.terminate().await.success());
    });
}
