//! Servers are bought in the demo: once by the script that the README names, once by keys at the consoles of an
//! operator, two approvers and a technician.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::terminal::{Terminal, console};

/// A demo without a console, and the directory of its sockets.
struct Demo {
    child: Child,
    dir: PathBuf,
}

impl Drop for Demo {
    fn drop(&mut self) {
        // It ends by itself and removes its directory.
        let ended = Command::new("kill").arg(self.child.id().to_string()).status();
        if ended.is_ok_and(|s| s.success()) {
            drop(self.child.wait());
        }
    }
}

fn serve() -> Demo {
    let mut child = Command::new(env!("CARGO_BIN_EXE_rackhand"))
        .args(["demo", "--serve", "--speed", "900", "--servers", "70", "--seed", "7"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let dir = lines.find_map(|line| {
        let line = line.ok()?;
        line.split_whitespace().find(|word| word.contains("rackhand-demo-")).map(PathBuf::from)
    });
    Demo { child, dir: dir.unwrap() }
}

#[test]
fn the_script_buys_four_servers_and_follows_them_to_staged_on_the_same_ids() {
    if Command::new("jq").arg("--version").stdout(Stdio::null()).status().is_err() {
        crate::untested::untested("an order by the command line alone", "tests/order.sh needs jq");
        return;
    }
    let demo = serve();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/order.sh");
    let output = Command::new("bash")
        .arg(script)
        .arg(&demo.dir)
        .env("RACKHAND", env!("CARGO_BIN_EXE_rackhand"))
        .output()
        .unwrap();
    let (said, wrong) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}\n{wrong}");
    assert!(said.contains("the four servers that were ordered are staged"), "{said}");
}

/// The console of one of the demo's people.
fn person(demo: &Demo, home: &Path, name: &str) -> Terminal {
    let host = format!("unix://{}/{name}.sock", demo.dir.display());
    let mut terminal = Terminal::start(console(home, &["--host", &host]), 100, 30);
    terminal.until_shows("LIVE");
    terminal
}

fn field(terminal: &mut Terminal, empty: usize, text: &str) {
    for _ in 0..empty {
        terminal.key("\x7f");
    }
    written(terminal, text);
    terminal.key("\t");
}

/// Types as who looks at what they write: on a busy machine keys would reach the console together, as a scanner's do.
fn written(terminal: &mut Terminal, text: &str) {
    for end in 1..=text.len() {
        terminal.key(&text[end - 1..end]);
        terminal.until_shows(&text[end.saturating_sub(8)..end]);
    }
}

#[test]
fn by_keys_anna_orders_berta_and_carl_approve_and_tina_receives_and_places() {
    let demo = serve();
    let home = tempfile::tempdir().unwrap();
    let mut anna = person(&demo, home.path(), "anna");
    anna.key("8");
    anna.until_shows("O order");
    anna.key("O");
    anna.until_shows("order servers");
    field(&mut anna, 0, "acme");
    field(&mut anna, 2, "fra1");
    field(&mut anna, 1, "4");
    field(&mut anna, 0, "2x Xeon Gold 6430, 512GB DDR5, 2x 3.84TB NVMe, 2x 100GbE");
    anna.until_shows("4 to be bought");
    for _ in 0..5 {
        anna.key("\t");
    }
    anna.key("\r");
    anna.until_shows("order 1 is placed");
    anna.key("\x1b");
    anna.until_shows("an offer to be approved");
    anna.until("both offers are in", |t| {
        ["offers 51,028.30 EUR", "offers 50,473.96 EUR"].iter().all(|offer| t.shows().contains(offer))
    });

    for (name, told) in [("berta", "one more person must approve"), ("carl", "approve Dell for order 1: done")] {
        let mut approver = person(&demo, home.path(), name);
        approver.key("8");
        approver.until_shows("deciding");
        approver.key("\r");
        approver.until_shows("order 1");
        approver.key("Q");
        approver.until_shows("rank");
        approver.key("a");
        approver.until_shows("to confirm, type the total in EUR: 50473.96");
        written(&mut approver, "50473.96");
        approver.key("\r");
        approver.until_shows(told);
    }

    anna.until_shows("PO-HQ-");
    anna.until_shows("to be scanned at the dock");
    let serials: Vec<String> =
        anna.shows().split_whitespace().filter(|w| w.starts_with("5J") && w.len() == 7).map(str::to_owned).collect();
    assert_eq!(serials.len(), 4, "{}", anna.shows());

    let mut tina = person(&demo, home.path(), "tina");
    tina.key("5");
    tina.until_shows("dock");
    while !tina.shows().contains("dock fra1") {
        let before = tina.shows();
        tina.key("\x1bOR");
        tina.until("another dock", |t| t.shows() != before);
    }
    for serial in &serials {
        // A wedge scanner's burst.
        tina.write(&format!("{serial}\r"));
        tina.until("it is received", |t| t.shows().lines().any(|l| l.contains(&format!("ok {serial}"))));
    }
    anna.until("all are here", |t| t.shows().contains("delivered   4 servers"));
}
