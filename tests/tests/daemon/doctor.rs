//! `rackhandd doctor`, beside a daemon that runs, one that does not, and in it.

use rackhand_lab::sockets::Issuer;
use rackhand_rpc::doctor::{Check, Report, State};
use serde_json::json;

use crate::support::console::{connect, soon};
use crate::support::daemon::{Place, tool};
use crate::support::lab::{Lab, QUICK, Tempo};

async fn examine(place: &Place) -> (Report, Option<i32>) {
    let file = place.path("rackhandd.toml");
    if !file.exists() {
        place.configure();
    }
    let output = tool(&["doctor", "--json", "--config", file.to_str().unwrap()]).await;
    let report = serde_json::from_slice(&output.stdout);
    (report.unwrap_or_else(|e| panic!("{e}: {output:?}")), output.status.code())
}

fn check<'a>(report: &'a Report, name: &str) -> &'a Check {
    report.checks.iter().find(|c| c.name.as_str() == name).unwrap_or_else(|| panic!("{name} in {report:#?}"))
}

fn state(report: &Report, name: &str) -> State {
    check(report, name).state
}

#[tokio::test]
async fn before_the_first_start_it_says_what_is_missing_and_makes_nothing() {
    let place = Place::alone();
    let (report, code) = examine(&place).await;
    assert_eq!(code, Some(1), "NetBox is not there, and base is loopback: {report:#?}");
    assert_eq!(state(&report, "configuration"), State::Ok);
    assert_eq!(state(&report, "file netbox.token_file"), State::Ok);
    assert_eq!(state(&report, "HTTP address"), State::Ok);
    assert_eq!(state(&report, "NetBox"), State::Wrong);
    assert_eq!(state(&report, "base URL"), State::Wrong);
    assert_eq!(state(&report, "daemon"), State::Warning);
    assert_eq!(state(&report, "disk sync"), State::NotChecked);
    assert!(!place.data().exists() && !place.socket().exists(), "it changes nothing");
    assert_eq!(report, Report::new(report.checks.clone()), "the worst first");
    assert!(report.checks.iter().all(|c| c.state == State::Ok || !c.found.is_empty()));
    let wrong = report.checks.iter().filter(|c| matches!(c.state, State::Wrong | State::Warning));
    assert!(wrong.clone().all(|c| !c.advice.is_empty()), "each fault says what to do: {report:#?}");
}

#[tokio::test]
async fn lines_for_people_name_state_check_finding_and_advice() {
    let place = Place::alone();
    let file = place.configure();
    let output = tool(&["doctor", "--config", file.to_str().unwrap()]).await;
    let text = String::from_utf8(output.stdout).unwrap();
    let first = text.lines().next().unwrap();
    assert!(first.starts_with("WRONG        "), "{text}");
    assert!(text.lines().any(|l| l.starts_with("ok           configuration ")), "{text}");
    assert_eq!(output.status.code(), Some(1));
}

#[tokio::test]
async fn beside_a_running_daemon_and_in_it_the_same_things_are_well() {
    let place = Place::alone();
    let daemon = place.start(None).await;
    let (beside, _) = examine(&place).await;
    let (console, _) = connect(&place.socket()).await.unwrap();
    let inside = console.doctor(soon()).await.unwrap();
    for report in [&beside, &inside] {
        for name in ["configuration", "daemon", "HTTP address", "data directory", "journal", "socket directory"] {
            assert_eq!(state(report, name), State::Ok, "{name}: {report:#?}");
        }
        for name in ["disk sync", "open files", "core dumps", "capability CAP_NET_RAW"] {
            assert_ne!(state(report, name), State::NotChecked, "{name}: {report:#?}");
        }
    }
    let pid = daemon.child.id().unwrap().to_string();
    assert!(check(&beside, "daemon").found.contains(&pid), "{beside:#?}");
    assert!(place.data().read_dir().unwrap().all(|f| !f.unwrap().path().to_string_lossy().contains("probe")));

    // It has read the file once; what stands there now is for the next start.
    let file = std::fs::File::options().append(true).open(place.path("rackhandd.toml")).unwrap();
    file.set_modified(std::time::SystemTime::now() + std::time::Duration::from_secs(60)).unwrap();
    let told = console.doctor(soon()).await.unwrap();
    assert_eq!(check(&told, "configuration").advice.as_str(), "restart the daemon to run with it");
    assert!(daemon.terminate().await.success());
}

#[tokio::test]
async fn it_tells_of_a_secret_that_others_may_read_and_of_another_sites_journal() {
    let place = Place::alone();
    assert!(place.start(None).await.terminate().await.success());
    std::fs::set_permissions(place.path("token"), std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let (report, code) = examine(&place).await;
    assert_eq!((state(&report, "file netbox.token_file"), code), (State::Wrong, Some(1)), "{report:#?}");
    assert_eq!(state(&report, "NetBox"), State::NotChecked, "no secret is sent that may be known");
    let text = std::fs::read_to_string(place.path("rackhandd.toml")).unwrap().replace("fra1", "ams1");
    std::fs::write(place.path("other.toml"), text).unwrap();
    let output = tool(&["doctor", "--json", "--config", place.path("other.toml").to_str().unwrap()]).await;
    let report: Report = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(state(&report, "journal"), State::Wrong);
}

#[tokio::test]
async fn a_configuration_that_cannot_be_read_is_told_with_its_place() {
    let mut place = Place::alone();
    place.top = "colour = \"blue\"".to_owned();
    let (report, code) = examine(&place).await;
    assert_eq!(code, Some(1));
    assert!(check(&report, "configuration").found.contains(":4:1: unknown field `colour`"), "{report:#?}");
    assert_eq!(json!(report.checks[0].state), json!("wrong"));
}

#[tokio::test]
async fn a_netbox_that_has_all_is_well_and_a_wrong_token_is_told() {
    let mut lab = Lab::new(61, QUICK, Tempo::from_now(60.0), &Issuer::new().unwrap()).await;
    // On a real site's clock, so that it can be held against NetBox's.
    let (real, _) = lab.place.more.split_once("[lab]").unwrap();
    lab.place.more = real.to_owned();
    let (report, _) = examine(&lab.place).await;
    for name in ["NetBox", "NetBox's statuses", "NetBox's custom fields", "clock"] {
        assert_eq!(state(&report, name), State::Ok, "{name}: {report:#?}");
    }
    lab.place.secret("token", "ffffffffffffffffffffffffffffffffffffffff");
    let (report, code) = examine(&lab.place).await;
    assert_eq!((state(&report, "NetBox"), code), (State::Wrong, Some(1)), "{report:#?}");
    assert!(!format!("{report:?}").contains("ffffffff"), "no secret is told");
}

#[tokio::test]
async fn a_slow_netbox_is_looked_at_to_the_end() {
    let mut lab = Lab::new(62, QUICK, Tempo::from_now(60.0), &Issuer::new().unwrap()).await;
    let (real, _) = lab.place.more.split_once("[lab]").unwrap();
    lab.place.more = real.to_owned();
    // Half a second for each of its answers: all of them take longer than any other check may.
    lab.outside.netbox.set_think_time(std::time::Duration::from_secs(30));
    let (report, _) = examine(&lab.place).await;
    for name in ["NetBox", "NetBox's answer", "NetBox's permissions", "NetBox's site"] {
        assert_eq!(state(&report, name), State::Ok, "{name}: {report:#?}");
    }
}
