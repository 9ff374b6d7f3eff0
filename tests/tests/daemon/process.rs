//! Start, refusal to start, stop, and what is on the disk afterwards.

use std::os::unix::fs::PermissionsExt;
use std::process::Output;
use std::time::Duration;

use rackhand_core::decide::command::Command;
use rackhand_core::id::{Role, SiteId};
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::view::questions::Counts;
use rackhand_core::world::FOLD;
use rackhand_daemon::journal::Store;
use rackhand_daemon::site::fold;
use rackhand_rpc::ConsoleClient;

use crate::support::console::{connect, soon};
use crate::support::daemon::{Place, folded, tool};

/// Enters some units, so that there is something to keep.
pub async fn import(console: &ConsoleClient, count: usize) {
    for n in 0..count {
        let command = Command::Import {
            site: SiteId::new("fra1"),
            serial: format!("SER{n:03}").as_str().into(),
            bmc_mac: None,
            vendor: None,
            model: None,
            stage: Stage::Ordered,
        };
        console.command(soon(), format!("import {n}"), command).await.unwrap().unwrap();
    }
}

fn mode(path: &std::path::Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test]
async fn it_says_that_it_is_ready_and_greets_a_console() {
    let place = Place::alone();
    let daemon = place.start(None).await;
    let ready = daemon.ready.clone().unwrap_or_else(|| panic!("{}", place.log()));
    let expected = format!("ms: site fra1, 1 events, http {}, socket {}", place.http, place.socket().display());
    assert!(ready.starts_with("rackhandd: ready in ") && ready.ends_with(&expected), "{ready}");
    let (console, hello) = connect(&place.socket()).await.unwrap();
    assert_eq!((hello.site.as_str(), hello.head, hello.role), ("fra1", 1, Some(Role::Admin)));
    assert_eq!(console.ask(soon(), Counts).await.unwrap().as_of, 1, "its epoch");
    assert!(daemon.terminate().await.success());
}

#[tokio::test]
async fn a_clock_that_is_not_the_real_one_is_taken_only_where_a_lab_is_asked_for() {
    let mut place = Place::alone();
    place.more += "[lab]\nspeed = 60.0\nsince = 1795000000\n";
    let file = place.configure();
    let refused = tool(&["--config", file.to_str().unwrap()]).await;
    assert_eq!(refused.status.code(), Some(2));
    assert!(said(&refused).contains("[lab] is for labs only") && !place.data().exists(), "{}", said(&refused));
    let daemon = place.start(None).await;
    assert!(daemon.ready.is_some(), "{}", place.log());
    assert!(daemon.terminate().await.success());
}

#[tokio::test]
async fn a_file_where_the_socket_should_be_is_left_alone() {
    let place = Place::alone();
    std::fs::create_dir(place.path("run")).unwrap();
    std::fs::write(place.socket(), "dear").unwrap();
    let refused = place.refuse().await;
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("what is there is no socket"), "{}", said(&refused));
    assert_eq!(std::fs::read_to_string(place.socket()).unwrap(), "dear");
}

#[tokio::test]
async fn socket_directory_and_journal_are_their_owners_alone() {
    let place = Place::alone();
    let daemon = place.start(None).await;
    assert_eq!(mode(&place.socket()), 0o600);
    assert_eq!(mode(place.socket().parent().unwrap()), 0o700);
    assert_eq!(mode(&place.data()), 0o700);
    assert_eq!(mode(&place.data().join("journal.db")), 0o600);
    assert!(daemon.terminate().await.success());
}

#[tokio::test]
async fn sigterm_and_sigint_stop_it_with_a_snapshot_and_the_next_start_has_the_same_head() {
    let place = Place::alone();
    // A new journal begins with its epoch.
    let mut head = 1;
    for signal in [rustix::process::Signal::TERM, rustix::process::Signal::INT] {
        let mut daemon = place.start(None).await;
        let (console, hello) = connect(&place.socket()).await.unwrap();
        assert_eq!(hello.head, head, "what it stopped with is what it starts with");
        if head == 1 {
            import(&console, 5).await;
            head = console.ask(soon(), Counts).await.unwrap().as_of;
            assert_eq!(head, 6);
        }
        daemon.signal(signal);
        assert!(daemon.child.wait().await.unwrap().success());
        assert!(!place.socket().exists(), "its socket goes with it");
        let store = Store::open(&place.data(), &SiteId::new("fra1")).unwrap();
        assert_eq!(
            store.load_snapshot(FOLD).unwrap().map(|(at, _)| at),
            Some(6),
            "where nothing happened none is kept"
        );
        head = 7;
        assert_eq!(store.head(), head, "the event that vouches for the snapshot");
        assert_eq!(fold(&store).unwrap(), folded(&place.events()), "the snapshot is what the events fold to");
        store.verify().unwrap();
    }
}

#[tokio::test]
async fn two_daemons_never_share_a_directory_a_port_or_a_socket() {
    let place = Place::alone();
    let daemon = place.start(None).await;
    let output = place.refuse().await;
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("is in use by another process; stop it first"), "{}", said(&output));

    let mut other = Place::alone();
    other.http = place.http;
    let output = other.refuse().await;
    assert_eq!(output.status.code(), Some(1));
    let expected = format!("rackhandd: {} is taken by another program", place.http);
    assert!(said(&output).lines().any(|l| l.starts_with(&expected)), "{}", said(&output));

    let third = Place::alone();
    let config = std::fs::read_to_string(third.configure()).unwrap();
    let config = config.replace("run/rackhandd.sock", &place.socket().to_string_lossy());
    std::fs::write(third.path("third.toml"), config).unwrap();
    let output = tool(&["--config", &third.path("third.toml").to_string_lossy()]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("another rackhandd listens on"), "{}", said(&output));

    let (console, _) = connect(&place.socket()).await.unwrap();
    console.ask(soon(), Counts).await.unwrap();
    assert!(daemon.terminate().await.success());
}

#[tokio::test]
async fn a_socket_left_behind_by_a_kill_is_replaced() {
    let place = Place::alone();
    let mut daemon = place.start(None).await;
    daemon.child.kill().await.unwrap();
    assert!(place.socket().exists());
    let daemon = place.start(None).await;
    connect(&place.socket()).await.unwrap();
    assert!(daemon.terminate().await.success());
}

#[tokio::test]
async fn a_bad_configuration_ends_it_with_one_sentence_and_status_2() {
    let mut place = Place::alone();
    place.top = "colour = \"blue\"".to_owned();
    let output = place.refuse().await;
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(said(&output).lines().count(), 1, "{}", said(&output));
    assert!(said(&output).contains("rackhandd.toml:4:1: unknown field `colour`"), "{}", said(&output));
    assert_eq!(tool(&["--no-such-thing"]).await.status.code(), Some(2));
    assert_eq!(tool(&["--version"]).await.stdout, format!("rackhandd {}\n", env!("CARGO_PKG_VERSION")).into_bytes());
}

#[tokio::test]
async fn a_directory_that_takes_nothing_ends_it_with_one_sentence_and_status_1() {
    let place = Place::alone();
    std::fs::write(place.data(), "a file where the directory should be").unwrap();
    let output = place.refuse().await;
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(said(&output).lines().count(), 1, "{}", said(&output));
    assert!(said(&output).starts_with(&format!("rackhandd: {}: ", place.data().display())), "{}", said(&output));
}

#[tokio::test]
async fn the_journal_is_verified_copied_and_put_back_by_the_same_program() {
    let place = Place::alone();
    let (data, copy) = (place.data(), place.path("copy.db"));
    let (data, copy) = (data.to_str().unwrap(), copy.to_str().unwrap());
    let nothing = tool(&["verify", "--data-dir", data]).await;
    assert_eq!(nothing.status.code(), Some(1));
    assert!(said(&nothing).contains("there is no journal in"), "{}", said(&nothing));

    let daemon = place.start(None).await;
    let (console, _) = connect(&place.socket()).await.unwrap();
    import(&console, 3).await;
    let sound = tool(&["verify", "--data-dir", data]).await;
    let line = String::from_utf8_lossy(&sound.stdout).into_owned();
    assert!(sound.status.success() && line.starts_with("sound: 4 events, head 4"), "{line} {}", said(&sound));
    assert!(tool(&["backup", "--data-dir", data, "--to", copy]).await.status.success());
    import(&console, 4).await;
    let busy = tool(&["restore", "--from", copy, "--data-dir", data]).await;
    assert_eq!(busy.status.code(), Some(1), "a daemon runs on it");
    assert!(daemon.terminate().await.success());

    let back = tool(&["restore", "--from", copy, "--data-dir", data]).await;
    assert!(back.status.success(), "{}", said(&back));
    assert!(String::from_utf8_lossy(&back.stdout).contains("starts with effects on hold"));
    // It begins an epoch, and says to all that nothing goes out.
    let daemon = place.start(None).await;
    let (console, hello) = connect(&place.socket()).await.unwrap();
    assert_eq!(hello.head, 5);
    let held = |health: rackhand_core::view::Health| health.held.map(|h| h.to_string());
    let told = held(console.ask(soon(), Counts).await.unwrap().answer.health).unwrap();
    assert!(told.contains("restored from a backup") && told.contains("rackhand resume --reason"), "{told}");
    let health = super::machines::client().get(format!("http://{}/healthz", place.http)).send().await.unwrap();
    assert!(health.status().is_success() && health.text().await.unwrap().contains("effects are on hold"));
    let resume = ["resume", "--data-dir", data, "--reason", "looked at"];
    assert_eq!(tool(&resume).await.status.code(), Some(1), "the daemon has the journal; it is asked itself");
    let reason = "all was looked at".into();
    console.command(soon(), "one".into(), Command::Resume { reason }).await.unwrap().unwrap();
    assert_eq!(held(console.ask(soon(), Counts).await.unwrap().answer.health), None);
    assert!(daemon.terminate().await.success());

    // A person may say so before the start as well.
    assert!(tool(&["restore", "--from", copy, "--data-dir", data]).await.status.success());
    let resumed = tool(&resume).await;
    assert!(resumed.status.success(), "{}", said(&resumed));
    let daemon = place.start(None).await;
    let (console, _) = connect(&place.socket()).await.unwrap();
    assert_eq!(held(console.ask(soon(), Counts).await.unwrap().answer.health), None);
    let last = place.told().len() + 3;
    assert_eq!(place.events().len(), last, "two epochs and the resumption");
    assert!(daemon.terminate().await.success());
}

#[tokio::test]
async fn a_second_signal_ends_it_even_while_a_call_hangs() {
    // A listener that takes connections and never answers.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut place = Place::alone();
    place.more = place.more.replace("127.0.0.1:9", &silent.local_addr().unwrap().to_string());
    let mac = rackhand_core::mac::Mac([0x94, 0x40, 0xC9, 1, 2, 3]);
    let lease = rackhand_adapters::dhcp::compose::Lease {
        vendor_class: Some("CPQRIB3"),
        ..rackhand_adapters::dhcp::compose::Lease::new(mac, [127, 77, 0, 9].into(), [127, 77, 255, 254].into())
    };
    let file = std::fs::File::create(place.path("leases.pcap")).unwrap();
    let frame = lease.ack();
    rackhand_adapters::dhcp::pcap::write(file, [(rackhand_core::time::Timestamp::from_secs(1), &*frame)]).unwrap();
    place.more += "[intake]\npcap = [\"leases.pcap\"]\n";
    let mut daemon = place.start(None).await;
    let _held = silent.accept().await.unwrap();
    daemon.signal(rustix::process::Signal::TERM);
    let early = tokio::time::timeout(Duration::from_millis(300), daemon.child.wait()).await;
    assert!(early.is_err(), "a call in the air is awaited");
    daemon.signal(rustix::process::Signal::TERM);
    assert_eq!(daemon.child.wait().await.unwrap().code(), Some(1));
    assert!(place.log().contains("a second signal ends at once"), "{}", place.log());
}

#[tokio::test]
async fn a_configuration_is_explained_described_and_checked_by_the_same_program() {
    let example = tool(&["config", "example"]).await;
    assert_eq!(String::from_utf8_lossy(&example.stdout), rackhand_daemon::config::EXAMPLE);
    let schema = tool(&["config", "schema"]).await;
    let schema: serde_json::Value = serde_json::from_slice(&schema.stdout).unwrap();
    assert_eq!(schema["properties"]["http"]["$ref"], "#/$defs/Http", "{schema:#}");
    let mut place = Place::alone();
    let file = place.configure();
    let sound = tool(&["config", "check", file.to_str().unwrap()]).await;
    assert!(sound.status.success() && sound.stdout.ends_with(b": sound; site fra1\n"), "{}", said(&sound));
    place.top = "data_dri = \"x\"".to_owned();
    place.configure();
    let wrong = tool(&["config", "check", file.to_str().unwrap()]).await;
    assert_eq!(wrong.status.code(), Some(2));
    assert!(said(&wrong).contains("rackhandd.toml:4:1: unknown field `data_dri`; did you mean `data_dir`?"));
}

#[tokio::test]
async fn backups_into_a_directory_are_named_by_time_and_kept_in_number() {
    let place = Place::alone();
    assert!(place.start(None).await.terminate().await.success());
    let (data, into) = (place.data(), place.path("copies"));
    std::fs::create_dir(&into).unwrap();
    // Three older ones, and two files that are not ours.
    for name in ["journal-20260101T000000Z.db", "journal-20260102T000000Z.db", "journal-20260103T000000Z.db"] {
        std::fs::write(into.join(name), "").unwrap();
        std::fs::write(into.join(format!("{name}.sha256")), "").unwrap();
    }
    for name in ["journal-keep-me.db", "journal-20250101T000000Z.db.old"] {
        std::fs::write(into.join(name), "").unwrap();
    }
    let arguments = ["backup", "--data-dir", data.to_str().unwrap(), "--into", into.to_str().unwrap(), "--keep", "2"];
    let copied = tool(&arguments).await;
    assert!(copied.status.success(), "{}", said(&copied));
    let mut names: Vec<String> =
        into.read_dir().unwrap().map(|f| f.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    let newest = names.iter().filter(|n| n.ends_with("Z.db")).max().unwrap().clone();
    let expected = [
        "journal-20250101T000000Z.db.old".to_owned(),
        "journal-20260103T000000Z.db".to_owned(),
        "journal-20260103T000000Z.db.sha256".to_owned(),
        newest.clone(),
        format!("{newest}.sha256"),
        "journal-keep-me.db".to_owned(),
    ];
    assert_eq!(names, expected);
    let back = place.path("back");
    let copy = into.join(newest);
    let restored = tool(&["restore", "--from", copy.to_str().unwrap(), "--data-dir", back.to_str().unwrap()]).await;
    assert!(restored.status.success(), "{}", said(&restored));
    assert_eq!(tool(&["backup", "--data-dir", data.to_str().unwrap()]).await.status.code(), Some(2), "no place named");
}

#[tokio::test]
async fn a_level_that_nobody_understands_is_told_and_the_usual_is_logged() {
    for (level, is_told, is_more) in [
        ("loud=very", true, false),
        ("verbose", true, false),
        ("trace,", false, true),
        ("rackhand_daemon=info, trace", false, true),
        ("", false, false),
    ] {
        let mut place = Place::alone();
        place.env.push(("RUST_LOG", level.to_owned()));
        let daemon = place.start(None).await;
        assert!(daemon.ready.is_some(), "{}", place.log());
        // A console makes it say something.
        connect(&place.socket()).await.unwrap().0.ask(soon(), Counts).await.unwrap();
        assert!(daemon.terminate().await.success());
        let log = place.log();
        assert_eq!(log.contains("RUST_LOG is not understood"), is_told, "{level}: {log}");
        assert_eq!(log.contains("TRACE "), is_more, "{level}: {log}");
    }
}
