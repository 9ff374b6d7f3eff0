//! Verbs that need no daemon, and what is documented of all verbs: run as the program itself, in a home of its own.

use std::path::Path;
use std::process::{Command, Output};

use clap::CommandFactory;
use rackhand_tui::cli::exit;
use rackhand_tui::command::keymap::Keymap;
use rackhand_tui::command::registry;
use rackhand_tui::theme::file::SHIPPED;
use serde_json::Value;

use crate::fake::Fake;

/// Runs the program with nothing set but this home.
fn run(home: &Path, args: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } = Command::new(env!("CARGO_BIN_EXE_rackhand"))
        .args(args)
        .env_clear()
        .env("HOME", home)
        .env("RUST_BACKTRACE", "0")
        .output()
        .unwrap();
    (status.code().unwrap(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

fn configure(home: &Path, text: &str) {
    let dir = home.join(".config/rackhand");
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join("console.toml"), text).unwrap();
}

#[test]
fn keys_are_printed_with_the_users_own_in_place() {
    let home = tempfile::tempdir().unwrap();
    assert_eq!(run(home.path(), &["keys"]), (0, registry::as_text(&Keymap::default()), String::new()));
    configure(home.path(), "[keys]\nretry = \"T\"\n");
    let (code, out, _) = run(home.path(), &["keys"]);
    assert!(code == 0 && out.lines().any(|l| l.split_whitespace().take(2).eq(["T", "retry"])), "{out}");
    // However long the keys of a command are, they stand apart from its name.
    let (code, shipped, _) = run(tempfile::tempdir().unwrap().path(), &["keys"]);
    assert!(
        code == 0 && shipped.lines().any(|l| l.split_whitespace().take(4).eq(["Tab", "Right", "l", "pane"])),
        "{shipped}"
    );
    configure(home.path(), "colour = 1\n");
    let (code, _, err) = run(home.path(), &["keys"]);
    assert!(code == 2 && err.contains("console.toml") && err.contains("unknown field `colour`"), "{code} {err}");
    configure(home.path(), "[keys]\nretry = \"q\"\nskip = \"Ctrl-S\"\n");
    let (code, _, err) = run(home.path(), &["keys"]);
    assert!(code == 2 && err.contains("q is both retry and quit") && err.contains("Ctrl-S belongs"), "{code} {err}");
}

#[test]
fn themes_are_printed_and_checked() {
    let home = tempfile::tempdir().unwrap();
    let (code, out, _) = run(home.path(), &["theme", "check"]);
    assert!(code == 0 && out.lines().count() == SHIPPED.len() && !out.contains("NOT GOOD"), "{out}");
    let (code, dark, _) = run(home.path(), &["theme", "print", "dark"]);
    assert_eq!((code, dark.as_str()), (0, SHIPPED[0].1));
    let mine = home.path().join("mine.toml");
    std::fs::write(&mine, dark.replace("#9e9e9e", "#303030")).unwrap();
    let mine = mine.display().to_string();
    let (code, out, _) = run(home.path(), &["theme", "check", &mine]);
    assert!(code == 4 && out.contains("NOT GOOD") && out.contains("ui.dim at truecolor: contrast 1."), "{out}");
    let (code, out, _) = run(home.path(), &["--json", "theme", "check", &mine]);
    let found: Value = serde_json::from_str(&out).unwrap();
    assert!(code == 4 && !found[0]["faults"].as_array().unwrap().is_empty());
    assert_eq!(run(home.path(), &["theme", "check", "nosuch"]).0, 2);
    assert_eq!(run(home.path(), &["theme", "print", "nosuch"]).0, 2);
}

#[test]
fn completions_and_manual_pages_are_made_for_every_verb() {
    let home = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let (code, out, _) = run(home.path(), &["completions", shell]);
        assert!(code == 0 && out.contains("dead-letters") && out.contains("replay"), "{shell}");
    }
    let (code, page, _) = run(home.path(), &["man"]);
    assert!(code == 0 && page.contains(".TH rackhand 1") && page.contains("Exit codes"), "{page}");
    let dir = home.path().join("man1");
    let (code, out, _) = run(home.path(), &["man", &dir.display().to_string()]);
    assert!(code == 0 && out.contains("pages written"), "{out}");
    for page in ["rackhand.1", "rackhand-retry.1", "rackhand-tail.1", "rackhand-theme.1", "rackhand-order-place.1"] {
        let text = std::fs::read_to_string(dir.join(page)).unwrap();
        assert!(text.contains(".SH SYNOPSIS") && text.contains(page.trim_end_matches(".1")), "{page}: {text}");
    }
}

#[test]
fn exit_codes_are_told_in_one_way_everywhere() {
    let home = tempfile::tempdir().unwrap();
    let (_, table, _) = run(home.path(), &["explain", "exit-codes"]);
    let (_, help, _) = run(home.path(), &["--help"]);
    let codes = help.split("Exit codes:").nth(1).unwrap().split('`').next().unwrap();
    for (code, means) in exit::ALL {
        assert!(table.contains(&format!("{code}     {means}")), "{table}");
        assert!(codes.contains(&format!("{code} ")), "{codes}");
    }
}

#[test]
fn what_cannot_be_drawn_is_refused_before_the_terminal_is_taken() {
    let home = tempfile::tempdir().unwrap();
    for args in [&["--theme", "nosuch"][..], &["--depth", "12"], &["--glyphs", "emoji"], &["replay", "/nonexistent"]] {
        let (code, out, err) = run(home.path(), args);
        assert_eq!((code, out.as_str()), (2, ""), "{args:?}");
        assert!(err.len() > 10 && !err.contains('\u{1b}'), "{err}");
    }
}

#[test]
fn every_verb_that_prints_a_document_is_told_of() {
    /// They print none, or each line of `commands` is theirs.
    const NONE: [&str; 6] = ["completions", "man", "replay", "demo", "dial-stdio", "help"];
    const COMMANDS: [&str; 17] = [
        "resume",
        "password",
        "retry",
        "skip",
        "cancel",
        "hold",
        "release",
        "quarantine",
        "reset-bmc",
        "retire",
        "done",
        "move",
        "locate",
        "trust",
        "describe",
        "unplace",
        "scan-rack",
    ];
    let home = tempfile::tempdir().unwrap();
    let (_, told, _) = run(home.path(), &["explain", "json"]);
    let first: Vec<&str> = told.lines().filter_map(|l| l.split("  ").next()).flat_map(|v| v.split(", ")).collect();
    for verb in rackhand_tui::cli::args::Cli::command().get_subcommands().map(clap::Command::get_name) {
        let is = |word: &str| first.iter().any(|f| *f == word || f.starts_with(&format!("{word} ")));
        assert!(NONE.contains(&verb) || COMMANDS.contains(&verb) || is(verb), "{verb} in\n{told}");
    }
}

/// The top-level names of the documents, as `explain json` tells them, are those that come.
#[tokio::test]
async fn json_documents_are_as_documented() {
    let fake = Fake::start();
    let (_, told, _) = fake.run(&["explain", "json"]).await;
    let of = |verb: &str| {
        let line = told.lines().find(|l| l.split("  ").next().is_some_and(|v| v.split(", ").any(|v| v == verb)));
        let line = line.unwrap_or_else(|| panic!("{verb} in\n{told}"));
        line[line.find("  ").unwrap()..].trim().to_owned()
    };
    let names = |text: &str| {
        let text = text.trim_start_matches("a page: ");
        let mut depth = 0;
        let flat: String = text
            .chars()
            .filter(|c| {
                match c {
                    '{' | '[' => depth += 1,
                    '}' | ']' => {
                        depth -= 1;
                        return false;
                    }
                    _ => {}
                }
                depth == 0
            })
            .collect();
        let mut names: Vec<String> =
            flat.split(',').filter_map(|n| Some(n.split_whitespace().next()?.to_owned())).collect();
        names.sort();
        names
    };
    let keys = |value: &Value| {
        let mut keys: Vec<String> = value.as_object().unwrap().keys().cloned().collect();
        keys.sort();
        keys
    };
    for (args, verb) in [
        (&["status"][..], "status"),
        (&["units"], "units"),
        (&["show", "CZ2D1X0GB1"], "show"),
        (&["journal"], "journal"),
        (&["dead-letters"], "dead-letters"),
        (&["waits"], "waits"),
        (&["verify"], "verify"),
        (&["sightings"], "sightings"),
        (&["netbox", "check"], "netbox check"),
        (&["netbox", "diff"], "netbox diff"),
        (&["explain", "stages"], "explain"),
        (&["keys"], "keys"),
        (&["retry", "CZ2D1X0GB1"], "commands"),
        (&["order", "place", "--tenant", "acme", "--line", "1: 2x Xeon Gold 6530"], "order place"),
        (&["order", "list"], "order list"),
        (&["order", "show", "1"], "order show"),
        (&["order", "stock", "2x Xeon Gold 6530"], "order stock"),
        (&["order", "wait", "1", "delivered", "--timeout", "0s"], "order wait"),
    ] {
        let line: Vec<&str> = ["--json"].iter().chain(args).copied().collect();
        let (_, out, _) = fake.run(&line).await;
        let document: Value = serde_json::from_str(&out).unwrap();
        assert_eq!(keys(&document), names(&of(verb)), "{verb}");
        match verb {
            "units" => assert_eq!(keys(&document["rows"][0]), names(&of("unit"))),
            "journal" => assert_eq!(keys(&document["rows"][0]), names(&of("event"))),
            _ => {}
        }
    }
    let (code, out, _) = fake.run(&["--json", "show", "NOSUCH"]).await;
    let failed: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, keys(&failed)), (1, vec!["error".to_owned()]));
}
