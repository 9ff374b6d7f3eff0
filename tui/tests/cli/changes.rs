//! Verbs that change something: the command that reaches the daemon, confirmations, refusals, lost answers.

use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Refusal, Why};
use rackhand_core::flow::step::Step;
use rackhand_core::id::Subject;
use rackhand_core::lifecycle::stage::Stage;
use rackhand_rpc::Receipt;

use crate::fake::{BMC, Fake, id};

const LABEL: &str = "CZ2D1X0GB1";

#[tokio::test]
async fn every_verb_becomes_its_command() {
    let fake = Fake::start();
    let (unit, subject) = (id(1), Subject::Unit(id(1)));
    let why = || "why".into();
    let step = Step::AssignBmcAddress;
    for (args, command) in [
        (&["retry", LABEL][..], Command::Retry { subject }),
        (&["retry", "bmc/94:40:c9:1:2:3"], Command::Retry { subject: Subject::Bmc(BMC) }),
        (
            &["skip", LABEL, "assign_bmc_address", "--reason", "why", "--confirm", "0gb1"],
            Command::Skip { subject, step, generation: 2, reason: why() },
        ),
        (&["cancel", LABEL, "--reason", "why", "--confirm", "0GB1"], Command::Cancel { unit, reason: why() }),
        (&["hold", LABEL, "--reason", "why"], Command::Hold { unit, reason: why() }),
        (&["release", LABEL], Command::Release { unit, reason: None }),
        (&["release", LABEL, "--reason", "why"], Command::Release { unit, reason: Some(why()) }),
        (&["reset-bmc", LABEL, "--reason", "why"], Command::ResetBmc { unit, reason: why() }),
        (&["quarantine", LABEL, "--reason", "why"], Command::Quarantine { unit, reason: why() }),
        (&["retire", LABEL, "--reason", "why", "--confirm", "0GB1"], Command::Retire { unit, reason: why() }),
        (&["done", LABEL, "12", "--note", "why"], Command::CloseTask { unit, task: 12, note: why() }),
        (
            &["move", LABEL, "cabled", "--reason", "why", "--confirm", "0GB1"],
            Command::Move { unit, to: Stage::Cabled, reason: why() },
        ),
        (&["move", LABEL, "staged", "--reason", "why"], Command::Move { unit, to: Stage::Staged, reason: why() }),
    ] {
        let (code, out, err) = fake.run(args).await;
        assert_eq!((code, err.as_str()), (0, ""), "{args:?}");
        if args[0] == "retry" {
            let told = format!(
                "asked: its parked steps are tried again now; `rackhand why {}` tells what comes of it\n",
                args[1]
            );
            assert_eq!(out, told, "whether it goes well nobody knows yet");
        } else {
            assert_eq!(out, "done; the journal is at event 5\n", "{args:?}");
        }
        assert_eq!(fake.held().commands.pop(), Some(command));
        let (code, out, _) = fake.run(&[&["--json"], args].concat()).await;
        let receipt: Receipt = serde_json::from_str(&out).unwrap();
        assert_eq!((code, receipt.head), (0, 5));
    }
}

#[tokio::test]
async fn a_refusal_ends_with_one_and_says_why() {
    let fake = Fake::start();
    fake.held().refuse = Some(Refusal::new(Why::NotAllowed, "this takes the role operator; you have technician"));
    let (code, out, err) = fake.run(&["retry", LABEL]).await;
    assert_eq!((code, out.as_str()), (1, ""));
    assert_eq!(err, "rackhand: this takes the role operator; you have technician\n");
    let (code, out, _) = fake.run(&["retry", LABEL, "--json"]).await;
    let told: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &told["error"]["why"]), (1, &"not_allowed".into()));
}

#[tokio::test]
async fn what_cannot_be_taken_back_is_confirmed_by_the_last_four_of_the_serial() {
    let fake = Fake::start();
    for verb in
        [&["cancel", LABEL][..], &["retire", LABEL], &["skip", LABEL, "assign_bmc_address"], &["move", LABEL, "racked"]]
    {
        let args = [verb, &["--reason", "broken"]].concat();
        let (code, _, err) = fake.run(&args).await;
        assert!(code == 2 && err.contains("give --confirm WORD, the last four of the serial"), "{err}");
        for other in [&["--confirm", "0GB2"][..], &["--yes"]] {
            assert_ne!(fake.run(&[&args[..], other].concat()).await.0, 0);
        }
        for wrong in ["", "\n", "0GB2\n", "y\n", "CZ2D1X0GB1\n"] {
            let (code, _, err) = fake.run_answering(&args, wrong).await;
            assert!(
                code == 1 && err.contains("not confirmed by the last four of the serial; nothing was done"),
                "{wrong:?} {err}"
            );
        }
        assert!(fake.held().commands.is_empty());
        let (code, _, err) = fake.run_answering(&args, " 0gb1\n").await;
        assert_eq!(code, 0);
        assert!(err.contains("CZ2D1X0GB1 at fra1, R12 U07, is discovered."), "{err}");
        assert!(fake.held().commands.pop().is_some());
    }
}

#[tokio::test]
async fn a_step_that_is_not_parked_is_not_skipped() {
    let fake = Fake::start();
    let (code, _, err) = fake.run(&["skip", LABEL, "sync_status", "--reason", "x"]).await;
    assert!(code == 1 && err.contains("sync_status of CZ2D1X0GB1 is not parked"), "{err}");
    assert!(fake.held().commands.is_empty());
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_and_the_command_is_done_once() {
    let fake = Fake::start();
    fake.held().breaks = 1;
    let (code, out, err) = fake.run(&["retry", LABEL]).await;
    assert!(code == 0 && out.starts_with("asked: ") && err.is_empty(), "{out}{err}");
    assert_eq!(fake.held().commands.len(), 1);
}

#[tokio::test]
async fn an_answer_that_stays_lost_is_unknown_not_failed() {
    let fake = Fake::start();
    fake.held().breaks = 2;
    let (code, _, err) = fake.run(&["retry", LABEL]).await;
    assert!(code == 3 && err.contains("It may have been done all the same"), "{err}");
    assert_eq!(fake.held().commands.len(), 1);
}
