//! Factory passwords: from a manifest's column into the sealed store and to the BMC, and nowhere else. And SIGHUP.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use rackhand_core::decide::Why;
use rackhand_core::entry::manifest::parse;
use rackhand_core::event::{CredentialEvent, Event, StepEvent};
use rackhand_core::flow::step::Step;
use rackhand_core::id::{Role, SiteId};
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::secret::Account;
use rackhand_core::text::Text;
use rackhand_core::view::questions::{Counts, Find};
use rackhand_lab::sockets::Issuer;
use rackhand_rpc::Import;
use rackhand_rpc::ask::AskError;
use rackhand_rpc::password::Given;
use rustix::process::Signal;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::support::console::{connect, soon, within};
use crate::support::daemon::Place;
use crate::support::lab::{Lab, QUICK, Tempo};

const CLI: &str = env!("CARGO_BIN_EXE_rackhand-under-test");
const WATCH: Duration = Duration::from_secs(5);

/// Every file of the daemon's directory that holds this text.
fn holding(dir: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let is = |bytes: Vec<u8>| bytes.windows(text.len()).any(|part| part == text.as_bytes());
        if path.is_dir() {
            found.extend(holding(&path, text));
        } else if std::fs::read(&path).is_ok_and(is) {
            found.push(path.display().to_string());
        }
    }
    found
}

#[tokio::test]
async fn a_factory_password_goes_from_the_manifest_to_the_bmc_and_lies_nowhere_open() {
    let issuer = Issuer::new().unwrap();
    let mut lab = Lab::new(0, QUICK, Tempo::from_now(60.0), &issuer).await;
    lab.by_manifest();
    let serial = lab.server.serial.clone();
    let account = lab.outside.keys().by_serial[&serial].clone();
    let password = account.password.reveal().to_owned();
    // Nothing is configured for it.
    let from = lab.place.more.find("[[credentials]]").unwrap();
    let to = lab.place.more.find("[intake]").unwrap();
    lab.place.more.replace_range(from..to, "");
    std::fs::remove_file(lab.place.path("password")).unwrap();
    lab.place.env.push(("RUST_LOG", "trace".to_owned()));
    let daemon = lab.place.start(None).await;

    let manifest =
        format!("Serial,iLO MAC,iLO User,iLO Password\n{serial},{},{},{password}\n", lab.server.bmc_mac, account.user);
    let read = parse(manifest.as_bytes()).unwrap();
    let line = &read.lines[0];
    let accounts: BTreeMap<Text, Given> =
        [(line.row.as_ref().unwrap().serial.clone(), Given(line.account.clone().unwrap()))].into();
    let rows = vec![line.row.clone().unwrap()];
    let (console, hello) = connect(&lab.place.socket()).await.unwrap();
    let import = Import { rows, site: hello.site, stage: Stage::Received, create: None, check: false, accounts };
    let entered = console.import(soon(), import).await.unwrap().unwrap();
    assert!(entered.iter().all(Result::is_ok), "{entered:?}");

    let logged_in = |e: &Event| matches!(e, Event::Step(StepEvent::StepObserved { step: Step::LogInToBmc, .. }));
    let mut head = hello.head;
    while !lab.place.events().iter().any(|e| logged_in(&e.draft.event)) {
        let parked =
            lab.place.events().into_iter().find(|e| matches!(e.draft.event, Event::Step(StepEvent::StepParked { .. })));
        assert!(parked.is_none(), "{parked:?}");
        head = console.watch(within(WATCH * 2), head, WATCH.as_millis() as u32).await.unwrap();
    }
    let given = lab
        .place
        .events()
        .iter()
        .filter(|e| matches!(e.draft.event, Event::Credential(CredentialEvent::PasswordGiven { .. })))
        .count();
    assert_eq!(given, 1);
    assert!(daemon.terminate().await.success());
    assert_eq!(lab.twin().counters().logins_bad, 0);
    assert_eq!(holding(lab.place.path("").as_path(), &password), Vec::<String>::new());
    for file in ["passwords.key", "passwords.sealed"] {
        assert_eq!(std::fs::metadata(lab.place.data().join(file)).unwrap().mode() & 0o777, 0o600, "{file}");
    }
}

#[tokio::test]
async fn a_row_that_fails_leaves_no_unit_and_no_password() {
    let place = Place::alone();
    let daemon = place.start(None).await;
    let (console, _) = connect(&place.socket()).await.unwrap();
    let good = parse(b"server_serial,server_bmc_mac\nOWNER,94:40:C9:00:07:01\n").unwrap().lines[0].row.clone().unwrap();
    let import =
        |rows, stage, accounts| Import { rows, site: SiteId::new("fra1"), stage, create: None, check: false, accounts };
    let entered = console.import(soon(), import(vec![good.clone()], Stage::Received, BTreeMap::new())).await.unwrap();
    assert!(entered.unwrap()[0].is_ok());
    let entered = || place.events().iter().filter(|e| e.draft.event.kind() == "unit_imported").count();
    let given = || place.events().iter().filter(|e| e.draft.event.kind() == "password_given").count();
    assert_eq!((entered(), given()), (1, 0));
    let other = |serial: &str| rackhand_core::entry::manifest::Row { serial: serial.into(), bmc_mac: good.bmc_mac };
    let new = rackhand_core::entry::manifest::Row {
        serial: "NEW".into(),
        bmc_mac: rackhand_core::mac::Mac([0x94, 0x40, 0xC9, 0, 8, 8]),
    };
    let accounts =
        || BTreeMap::from(["THIEF", "NEW"].map(|s| (Text::new(s), Given(Account::new(None, "xyz-7").unwrap()))));
    let refused =
        console.import(soon(), import(vec![other("THIEF")], Stage::Received, accounts())).await.unwrap().unwrap();
    assert!(refused[0].is_err());
    for stage in [Stage::Ready, Stage::InService] {
        let refused = console.import(soon(), import(vec![new.clone()], stage, accounts())).await.unwrap().unwrap();
        assert!(refused[0].is_err(), "{stage}");
    }
    assert_eq!((entered(), given()), (1, 0), "nothing of them is in the journal");
    for serial in ["THIEF", "NEW"] {
        assert_eq!(console.ask(soon(), Find(serial.into())).await.unwrap().answer, None);
    }
    // Were a password kept for it, the same one again would be no news.
    let taken = console.import(soon(), import(vec![new], Stage::Received, accounts())).await.unwrap().unwrap();
    assert!(taken[0].is_ok());
    assert_eq!((entered(), given()), (2, 1));
    assert!(daemon.terminate().await.success());
}

#[tokio::test]
async fn a_password_is_given_on_standard_input_and_journaled_without_itself() {
    let place = Place::alone();
    let daemon = place.start(None).await;
    let (console, _) = connect(&place.socket()).await.unwrap();
    let row = parse(b"server_serial,server_bmc_mac\nSN1,94:40:C9:00:07:01\n").unwrap().lines[0].row.clone().unwrap();
    let (site, stage, accounts) = (SiteId::new("fra1"), Stage::Received, BTreeMap::new());
    let import = Import { rows: vec![row], site, stage, create: None, check: false, accounts };
    assert!(console.import(soon(), import).await.unwrap().unwrap()[0].is_ok());
    let host = format!("unix://{}", place.socket().display());
    for (args, word, code) in [
        (&["password", "SN1", "--user", "root"][..], "correct horse 9\n", 0),
        (&["password", "SN1"], "\n", 2),
        (&["password", "NOBODY"], "x\n", 1),
        (&["password", "SN1", "--forget"], "", 0),
    ] {
        let mut child = Command::new(CLI)
            .args(["--host", &host])
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        // Who refuses before may have closed it.
        let _ = child.stdin.take().unwrap().write_all(word.as_bytes()).await;
        let told = child.wait_with_output().await.unwrap();
        let said = String::from_utf8_lossy(&[told.stdout, told.stderr].concat()).into_owned();
        assert_eq!(told.status.code(), Some(code), "{args:?}: {said}");
        assert!(!said.contains("correct horse"), "{said}");
    }
    assert!(daemon.terminate().await.success());
    let told: Vec<Event> = place.events().into_iter().map(|e| e.draft.event).collect();
    assert!(
        told.contains(&Event::Credential(CredentialEvent::PasswordGiven {
            user: Some("root".into()),
            from: "by hand".into()
        })),
        "{told:?}"
    );
    assert_eq!(told.iter().filter(|e| **e == Event::Credential(CredentialEvent::PasswordForgotten {})).count(), 1);
    assert_eq!(holding(place.path("").as_path(), "correct horse"), Vec::<String>::new());
}

#[tokio::test]
async fn a_hangup_reloads_roles_and_passwords_and_names_what_waits_for_a_restart() {
    let mut place = Place::alone();
    let daemon = place.start(None).await;
    let (console, hello) = connect(&place.socket()).await.unwrap();
    assert_eq!(hello.role, Some(Role::Admin));
    place.top = "own_role = \"operator\"".to_owned();
    place.more = place.more.replace("127.0.0.1:9\"", "127.0.0.1:10\"");
    place.configure();
    daemon.signal(Signal::HUP);
    // The same console's role is another from then on.
    while console.netbox_init(soon()).await.unwrap().unwrap_err().why != Why::NotAllowed {}
    let (_console, hello) = connect(&place.socket()).await.unwrap();
    assert_eq!(hello.role, Some(Role::Operator));

    // What is wrong changes nothing.
    place.top = "own_role = \"king\"".to_owned();
    place.configure();
    daemon.signal(Signal::HUP);
    while !place.log().contains("nothing was reloaded") {
        tokio::task::yield_now().await;
    }
    let (_console, hello) = connect(&place.socket()).await.unwrap();
    assert_eq!(hello.role, Some(Role::Operator));

    // Whose role is taken away is shown nothing more, though the connection stands.
    place.top = "own_role = \"none\"".to_owned();
    place.configure();
    daemon.signal(Signal::HUP);
    while console.ask(soon(), Counts).await.is_ok() {}
    let Err(AskError::Refused(refusal)) = console.ask(soon(), Counts).await else { panic!("it was shown something") };
    assert_eq!(refusal.why, Why::NotAllowed);
    assert!(daemon.terminate().await.success());
    let log = place.log();
    assert!(log.contains("reloaded: passwords of BMCs and roles"), "{log}");
    assert!(log.contains("restart for these") && log.contains("netbox"), "{log}");
}
