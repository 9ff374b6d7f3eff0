//! Verbs that only read: what they print, what they ask for, how they end.

use std::fmt::Write as _;

use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::placement::questions::{RackRow, RackView};
use rackhand_core::view::waits::Awaited;
use rackhand_core::view::{Overview, Page, Sort, UnitDetail, UnitRow};
use rackhand_tui::cli;
use serde_json::Value;

use crate::fake::{Closing, Fake, id, line};

#[tokio::test]
async fn every_reading_verb_prints_aligned_lines() {
    let fake = Fake::start();
    let mut all = String::new();
    let label = "CZ2D1X0GB1";
    for args in [
        &["status"][..],
        &["units"],
        &["units", "--limit", "1", "--offset", "1"],
        &["racks"],
        &["racks", "fra1", "R12"],
        &["racks", "fra1", "R13"],
        &["show", label],
        &["why", label],
        &["why", "7XK2M54"],
        &["history", label],
        &["journal", "--limit", "2"],
        &["dead-letters"],
        &["verify"],
    ] {
        let (code, out, err) = fake.run_answering(args, "").await;
        assert_eq!((code, err.as_str()), (0, ""), "{args:?}");
        assert!(out.lines().all(|l| l.chars().count() <= 80), "{out}");
        assert!(!out.contains('\u{1b}'));
        writeln!(all, "$ rackhand {}\n{out}", args.join(" ")).unwrap();
    }
    insta::assert_snapshot!(all);
}

#[tokio::test]
async fn without_a_terminal_nothing_is_cut() {
    let fake = Fake::start();
    let (_, out, _) = fake.run(&["dead-letters"]).await;
    assert!(out.contains("belongs to another device (settle it in NetBox, then retry)\n"), "{out}");
}

#[tokio::test]
async fn every_reading_verb_gives_one_json_document() {
    let fake = Fake::start();
    async fn read(fake: &Fake, args: &[&str]) -> Value {
        let (code, out, err) = fake.run(&[&["--json"], args].concat()).await;
        assert_eq!((code, err.as_str()), (0, ""), "{args:?}");
        assert_eq!(out.lines().count(), 1, "{args:?}");
        serde_json::from_str(&out).unwrap()
    }
    let label = "CZ2D1X0GB1";
    let overview: Overview = serde_json::from_value(read(&fake, &["status"]).await).unwrap();
    assert_eq!(overview.dead_letters, 2);
    let page: Page<UnitRow> = serde_json::from_value(read(&fake, &["units"]).await).unwrap();
    assert_eq!(page.rows.len(), 3);
    let page: Page<RackRow> = serde_json::from_value(read(&fake, &["racks", "fra1"]).await).unwrap();
    assert_eq!((page.rows[0].used, page.rows[1].height), (Some(13), None));
    let rack: RackView = serde_json::from_value(read(&fake, &["racks", "fra1", "R12"]).await).unwrap();
    assert_eq!(rack.slots.len(), 4);
    let shown = read(&fake, &["show", label]).await;
    let unit: UnitDetail = serde_json::from_value(shown["unit"].clone()).unwrap();
    assert_eq!((unit.row.id, shown["events"].as_array().unwrap().len()), (id(1), 3));
    let why = read(&fake, &["why", label]).await;
    assert_eq!((&why["row"]["label"], &why["waits"][0]["resolve"][0]), (&"CZ2D1X0GB1".into(), &"retry".into()));
    assert_eq!(read(&fake, &["history", label]).await["rows"][0]["seq"], 4);
    assert_eq!(read(&fake, &["journal"]).await["total"], 4);
    assert_eq!(read(&fake, &["dead-letters"]).await["rows"][1]["subject"], "bmc/94:40:C9:01:02:03");
    assert_eq!(read(&fake, &["verify"]).await["broken"], Value::Null);
    assert_eq!(read(&fake, &["explain", "stages"]).await["topic"], "stages");
    // Without a verb, where no screen is wanted.
    assert_eq!(read(&fake, &[]).await["head"], 4);
}

#[tokio::test]
async fn filters_sorting_and_pages_reach_the_daemon() {
    let fake = Fake::start();
    let args = ["units", "--stage", "racked", "--stage", "ready", "site:fra1", "!model:dell", "--sort", "place"];
    fake.run(&[&args[..], &["--descending", "--limit", "7", "--offset", "2"]].concat()).await;
    let query = fake.held().queries.pop().unwrap();
    assert_eq!((query.filter.as_str(), query.sort), ("site:fra1 !model:dell", Sort::Place));
    assert_eq!(query.stages, [Stage::Racked, Stage::Ready]);
    assert_eq!((query.descending, query.limit, query.offset), (true, 7, 2));
    let args =
        ["journal", "--kind", "step_parked", "--actor", "anna", "--text", "iLO", "--before", "9", "--limit", "3"];
    fake.run(&args).await;
    let query = fake.held().journal_queries.pop().unwrap();
    assert_eq!((query.kind.as_deref(), query.actor.as_deref()), (Some("step_parked"), Some("anna")));
    assert_eq!((query.text.as_deref(), query.before, query.limit), (Some("iLO"), Some(9), 3));
}

#[tokio::test]
async fn a_document_that_holds_a_part_of_a_list_says_so_beside_it() {
    let fake = Fake::start();
    for (args, told) in [
        (&["units", "--limit", "2"][..], "2 of 3 units, from 0; --offset 2 goes on"),
        (&["units", "--limit", "1", "--offset", "1"], "1 of 3 units, from 1; --offset 2 goes on"),
        (&["units", "--offset", "2"], ""),
        (&["dead-letters", "--limit", "1"], "1 of 2 dead letters, from 0; --offset 1 goes on"),
    ] {
        let (code, out, err) = fake.run(&[&["--json"], args].concat()).await;
        assert!(code == 0 && serde_json::from_str::<Value>(&out).is_ok(), "{out}");
        assert!(if told.is_empty() { err.is_empty() } else { err.contains(told) }, "{args:?}: {err}");
    }
}

#[tokio::test]
async fn a_unit_is_found_by_its_id_and_by_its_serial_in_lower_case() {
    let fake = Fake::start();
    let id = id(1).to_string();
    for label in [id.as_str(), &format!("unit/{id}"), "cz2d1x0gb1"] {
        let (code, out, _) = fake.run(&["why", label]).await;
        assert_eq!(code, 0, "{label}");
        assert!(out.starts_with("CZ2D1X0GB1: discovered for 2h46m, stuck\n"), "{out}");
    }
    let (code, out, _) = fake.run(&["history", "bmc/94:40:C9:01:02:03"]).await;
    assert!(code == 0 && out.contains("BMC seen at"), "{out}");
}

#[tokio::test]
async fn what_is_not_there_ends_with_one() {
    let fake = Fake::start();
    for verb in ["show", "why", "history", "tail"] {
        let (code, out, err) = fake.run(&[verb, "NOSUCH"]).await;
        assert_eq!((code, out.as_str()), (1, ""), "{verb}");
        assert!(err.contains("no unit of fra1 has the serial or id NOSUCH"), "{err}");
    }
    let (code, out, _) = fake.run(&["--json", "show", "NOSUCH"]).await;
    let told: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &told["error"]["why"]), (1, &"not_found".into()));
}

#[tokio::test]
async fn a_damaged_journal_ends_with_four() {
    let fake = Fake::start();
    fake.held().broken = Some("event 3 does not match its hash".into());
    let (code, out, _) = fake.run(&["verify"]).await;
    assert!(code == 4 && out.starts_with("DAMAGED: event 3 does not match its hash"), "{out}");
    let (code, out, _) = fake.run(&["verify", "--json"]).await;
    assert!(code == 4 && out.contains("\"broken\":\"event 3"), "{out}");
}

#[tokio::test]
async fn a_stopped_intake_is_the_loudest_line_of_status() {
    let fake = Fake::start();
    fake.held().intake_stopped = Some("the disk is full".into());
    let (_, out, _) = fake.run(&["status"]).await;
    assert!(out.contains("STOPPED: the disk is full"), "{out}");
}

#[tokio::test]
async fn wrong_usage_ends_with_two_and_help_with_zero() {
    let fake = Fake::start();
    for args in [
        &["nonsense"][..],
        &["show"],
        &["units", "--limit", "0"],
        &["units", "--limit", "513"],
        &["units", "--stage", "nowhere"],
        &["units", "stat:stuck"],
        &["units", "!stat:stuck"],
        &["units", "stage:recieved"],
        &["work", "site:fra1"],
        &["order", "list", "state:decidet"],
        &["journal", "--kind", "nothing"],
        &["skip", "X", "no_step", "--reason", "y"],
        &["hold", "X"],
        &["history", "bmc/nonsense"],
        &["--host", "ssh://-oProxyCommand=x", "status"],
        &["--json", "--plain", "status"],
    ] {
        let (code, out, err) = fake.run(args).await;
        assert_eq!((code, out.as_str()), (2, ""), "{args:?}");
        assert!(!err.is_empty());
    }
    let (code, out, err) = fake.run(&["--help"]).await;
    assert!(code == 0 && err.is_empty() && out.contains("dead-letters"));
    let (code, out, _) = fake.run(&["--version"]).await;
    assert!(code == 0 && out.starts_with("rackhand 0."));
}

#[tokio::test]
async fn without_a_daemon_every_verb_but_explain_ends_with_three_and_says_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    async fn run(socket: &std::path::Path, args: &[&str]) -> (u8, String) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let code = cli::run(line(socket, args), &mut out, &mut err).await;
        (code, String::from_utf8(err).unwrap())
    }
    let missing = dir.path().join("none.sock");
    for args in [&["status"][..], &["tail"], &["retry", "X"], &["cancel", "X", "--reason", "y", "--confirm", "X"]] {
        let (code, err) = run(&missing, args).await;
        assert_eq!(code, 3, "{args:?}");
        assert!(err.contains("rackhandd does not run here or its socket is elsewhere"), "{err}");
    }
    assert_eq!(run(&missing, &["explain", "lifecycle"]).await.0, 0);
    let left = dir.path().join("left.sock");
    drop(std::os::unix::net::UnixListener::bind(&left).unwrap());
    let (code, err) = run(&left, &["status"]).await;
    assert!(code == 3 && err.contains("nobody listens"), "{err}");
}

#[tokio::test]
async fn what_is_no_daemon_of_ours_is_told_apart_from_one_that_went_away() {
    let dir = tempfile::tempdir().unwrap();
    for (answer, told) in [("", "does not answer"), ("SSH-2.0-OpenSSH_9.2\r\n", "what answers there is not rackhandd")]
    {
        let socket = dir.path().join(format!("{}.sock", answer.len()));
        let listener = tokio::net::UnixListener::bind(&socket).unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::io::AsyncWriteExt::write_all(&mut stream, answer.as_bytes()).await.unwrap();
        });
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let code = cli::run(line(&socket, &["status"]), &mut out, &mut err).await;
        let err = String::from_utf8(err).unwrap();
        assert!(code == 3 && err.contains(told), "{err}");
    }
}

#[tokio::test]
async fn a_user_without_a_role_is_told_who_gives_one() {
    let fake = Fake::start();
    fake.held().role = None;
    let (code, _, err) = fake.run(&["status"]).await;
    assert!(code == 3 && err.contains("user anna has no role here: an administrator adds it"), "{err}");
}

#[tokio::test]
async fn a_reader_who_goes_away_is_no_error() {
    let fake = Fake::start();
    for lines in [0, 1, 3] {
        for args in
            [&["units"][..], &["show", "CZ2D1X0GB1"], &["--json", "journal"], &["explain", "steps"], &["--help"]]
        {
            let (mut out, mut err) = (Closing { lines, text: Vec::new() }, Vec::new());
            let code = cli::run(fake.line(args), &mut out, &mut err).await;
            assert_eq!((code, err.as_slice()), (0, &b""[..]), "{args:?}");
        }
    }
}

#[tokio::test]
async fn explain_prints_the_tables_that_are_built_in() {
    let fake = Fake::start();
    let (_, lifecycle, _) = fake.run(&["explain", "lifecycle"]).await;
    assert_eq!(lifecycle, rackhand_core::lifecycle::table::as_text());
    let (_, steps, _) = fake.run(&["explain", "steps"]).await;
    assert!(steps.starts_with(&rackhand_core::flow::rules::as_text()));
    let (_, stages, _) = fake.run(&["explain", "stages"]).await;
    assert_eq!(stages.lines().count(), 1 + Stage::ALL.len());
}

#[tokio::test]
async fn what_is_left_for_a_person_shows_in_the_exit_code() {
    let fake = Fake::start();
    let mut all = String::new();
    for (args, left) in [
        (&["netbox", "check"][..], 6),
        (&["netbox", "init"], 6),
        (&["netbox", "diff"], 6),
        (&["netbox", "diff", "--offset", "1"], 6),
        (&["netbox", "diff", "--kind", "unit-missing"], 6),
        (&["sightings"], 0),
    ] {
        let (code, out, err) = fake.run_answering(args, "").await;
        assert_eq!((code, err.as_str()), (left, ""), "{args:?}");
        assert!(out.lines().all(|l| l.chars().count() <= 110), "{out}");
        writeln!(all, "$ rackhand {}\n{out}", args.join(" ")).unwrap();
        let (code, out, _) = fake.run(&[&["--json"], args].concat()).await;
        assert_eq!((code, out.lines().count()), (left, 1));
        assert!(serde_json::from_str::<Value>(&out).unwrap().is_object());
    }
    for told in [
        "2 differences",
        "1 difference\n",
        "unit-missing",
        "1 point to put right",
        "TO DO",
        "this is srv-17",
        "FIELD_CHOICES",
        "4m00s ago",
    ] {
        assert!(all.contains(told), "{told}: {all}");
    }
    fake.held().broken = Some("the chain".into());
    assert_eq!(fake.run(&["netbox", "check"]).await.0, 0);
    let (_, out, _) = fake.run(&["netbox", "diff"]).await;
    assert!(out.contains("NOT KEPT UP"), "{out}");
}

#[tokio::test]
async fn a_bmc_is_told_section_by_section_and_the_unknown_is_said() {
    let fake = Fake::start();
    let (code, out, err) = fake.run(&["bmc", "CZ2D1X0GB1"]).await;
    assert_eq!((code, err.as_str()), (0, ""));
    let words: Vec<String> = out.lines().map(|l| l.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for line in [
        "POWER",
        "now 252 W",
        "limit none",
        "capacity unknown",
        "supply bay 1 ok, gives unknown of unknown, unknown, serial unknown",
        "NOT READ",
    ] {
        assert!(words.iter().any(|l| l == line), "{line} in\n{out}");
    }
    let (_, out, _) = fake.run(&["bmc", "CZ2D1X0GB1", "sensors"]).await;
    assert!(!out.contains("POWER") && !out.contains("NOT READ"), "{out}");
    let (_, out, _) = fake.run(&["--json", "bmc", "CZ2D1X0GB1", "power"]).await;
    let read: rackhand_core::bmc::reading::BmcReading = serde_json::from_str(&out).unwrap();
    assert_eq!(read.power.unwrap().watts, Some(252.0));
    let (code, _, err) = fake.run(&["bmc", "CZ2D1X0GB1", "soul"]).await;
    assert_eq!(code, cli::exit::USAGE, "{err}");
}

#[tokio::test]
async fn every_screen_has_a_verb_that_says_the_same_as_text() {
    let fake = Fake::start();
    crate::orders::with_offers(&fake).await;
    for face in rackhand_tui::screen::FACES {
        let twin = face.twin.replace("SERIAL", "CZ2D1X0GB1").replace("SITE RACK", "fra1 R12");
        let twin = twin.replace("NUMBER", "1").replace("SPEC", "512GB");
        let args: Vec<&str> = twin.split(' ').skip(1).chain(["--plain"]).collect();
        let (code, out, err) = fake.run(&args).await;
        assert_eq!((code, err.as_str()), (0, ""), "{twin}");
        assert!(out.lines().count() > 2 && !out.contains('\u{1b}'), "{out}");
    }
}

#[tokio::test]
async fn a_rack_that_is_not_there_is_said_to_be_so() {
    let fake = Fake::start();
    let (code, out, err) = fake.run(&["racks", "fra1", "R99"]).await;
    assert_eq!((code, out.as_str()), (cli::exit::REFUSED, ""));
    assert!(err.contains("fra1 has no rack R99") && err.contains("rackhand racks fra1"), "{err}");
}

#[tokio::test]
async fn what_is_awaited_is_told_by_how_many_wait_and_who_must_act() {
    let fake = Fake::start();
    let order = fake.held().shop.order(4).to_string();
    let (code, out, err) = fake.run(&["waits"]).await;
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    let words: Vec<String> = out.lines().map(|l| l.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert!(words.iter().any(|l| l.starts_with("2 - ") && l.ends_with(" CZ2D1X0GB8 an order")), "{out}");
    assert_eq!(words.last().unwrap(), "2 waits");
    let (_, out, _) = fake.run(&["waits", "--order", &order]).await;
    assert!(out.contains(&format!("(order {order})")) && !out.contains("an order"), "{out}");
    let (_, out, _) = fake.run(&["--json", "waits", "--order", &order]).await;
    let page: Page<Awaited> = serde_json::from_str(&out).unwrap();
    assert_eq!(page.rows.iter().map(|row| row.servers).collect::<Vec<_>>(), [4], "{out}");
    let (code, out, _) = fake.run(&["waits", "--site", "ams2"]).await;
    assert!(code == 0 && out.ends_with("0 waits\n"), "{out}");
    assert_eq!(fake.run(&["waits", "--site", "fra1", "--order", &order]).await.0, cli::exit::USAGE);
}
