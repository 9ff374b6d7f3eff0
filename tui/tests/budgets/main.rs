//! What the console costs: first paint, idle, keys, pages, memory; beside btop and top in the same run where they are
//! installed. `cargo test -p rackhand-tui --test budgets -- --nocapture` prints the table. Bytes are held to their
//! limits; times on a machine that others use too only to a multiple.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, dead_code, missing_docs)]

#[path = "../pty/terminal.rs"]
mod terminal;
#[path = "../unasked.rs"]
mod unasked;
mod wide;

use std::time::{Duration, Instant};

use portable_pty::CommandBuilder;
use terminal::{Terminal, console, program};

const COLUMNS: u16 = 160;
const ROWS: u16 = 50;
/// Idle time that is measured, longer than a watch is held, and cursor keys that are pressed.
const OURS: (Duration, usize) = (Duration::from_secs(12), 40);
/// The same for other programs, which are slower and are not held to anything.
const THEIRS: (Duration, usize) = (Duration::from_secs(5), 6);
/// A busy machine, and a build without optimisation, may take so many times longer.
const SLACK: f64 = if cfg!(debug_assertions) { 8.0 } else { 3.0 };

#[derive(Debug, Default)]
struct Costs {
    first_paint: f64,
    start_bytes: usize,
    idle_rate: f64,
    idle_cpu: f64,
    rss_mb: f64,
    own_mb: f64,
    key_p50: f64,
    key_p95: f64,
    key_bytes: usize,
    page_bytes: usize,
}

/// Processor time in seconds.
fn cpu(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat[stat.rfind(')').unwrap() + 2..].split(' ').collect();
    (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
}

/// Resident memory: all of it, and what of it is the process's own. The rest are pages of the program file, as large as
/// the build made them, which all consoles of a host share.
fn memory_mb(pid: u32) -> (f64, f64) {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let of = |name: &str| {
        let line = status.lines().find(|l| l.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
    };
    (of("VmRSS"), of("RssAnon"))
}

/// Takes what comes until nothing has come for this long.
fn settle(terminal: &mut Terminal, quiet: Duration) {
    let end = Instant::now() + terminal::PATIENCE;
    while terminal.next(quiet).is_some() && Instant::now() < end {}
}

fn press(terminal: &mut Terminal, key: &str) -> Option<(f64, usize)> {
    settle(terminal, Duration::from_millis(60));
    let before = terminal.bytes.len();
    let at = Instant::now();
    terminal.write(key);
    let came = terminal.next(Duration::from_secs(2))?;
    settle(terminal, Duration::from_millis(60));
    Some((came.duration_since(at).as_secs_f64() * 1_000.0, terminal.bytes.len() - before))
}

fn measure(command: CommandBuilder, ready: &str, (idle, keys): (Duration, usize)) -> (Costs, Terminal) {
    let began = Instant::now();
    let mut terminal = Terminal::start(command, COLUMNS, ROWS);
    let mut costs = Costs::default();
    while terminal.bytes.len() < 200 {
        let came = terminal.next(terminal::PATIENCE).expect("a first frame");
        costs.first_paint = came.duration_since(began).as_secs_f64() * 1_000.0;
    }
    // Ours begins at the fleet; what is measured is the long list.
    if ready.ends_with("by attention") {
        terminal.until_shows("LIVE");
        terminal.key("2");
    }
    terminal.until_shows(ready);
    settle(&mut terminal, Duration::from_millis(300));
    costs.start_bytes = terminal.bytes.len();
    let (spent, bytes) = (cpu(terminal.pid()), terminal.bytes.len());
    let end = Instant::now() + idle;
    while let Some(left) = end.checked_duration_since(Instant::now()) {
        terminal.next(left);
    }
    costs.idle_rate = (terminal.bytes.len() - bytes) as f64 / idle.as_secs_f64();
    costs.idle_cpu = (cpu(terminal.pid()) - spent) / idle.as_secs_f64() * 100.0;
    let mut pressed: Vec<(f64, usize)> = (0..keys).filter_map(|_| press(&mut terminal, "\x1b[B")).collect();
    pressed.sort_by(|a, b| a.0.total_cmp(&b.0));
    if let (Some(half), Some(late)) = (pressed.get(pressed.len() / 2), pressed.get(pressed.len() * 95 / 100)) {
        (costs.key_p50, costs.key_p95) = (half.0, late.0);
        costs.key_bytes = pressed.iter().map(|k| k.1).max().unwrap_or(0);
    }
    costs.page_bytes = (0..keys.min(6)).filter_map(|_| press(&mut terminal, "\x1b[6~")).map(|k| k.1).max().unwrap_or(0);
    (costs.rss_mb, costs.own_mb) = memory_mb(terminal.pid());
    (costs, terminal)
}

fn print(name: &str, c: &Costs) {
    println!(
        "{name:<10} {:>8.1} ms {:>8} B {:>9.1} B/s {:>7.2} % {:>7.1} MB {:>7.1} MB {:>7.2} / {:>6.2} ms {:>7} B {:>7} B",
        c.first_paint,
        c.start_bytes,
        c.idle_rate,
        c.idle_cpu,
        c.rss_mb,
        c.own_mb,
        c.key_p50,
        c.key_p95,
        c.key_bytes,
        c.page_bytes
    );
}

#[test]
fn the_console_keeps_its_budgets_before_a_hundred_thousand_servers() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let home = tempfile::tempdir().unwrap();
    let socket = home.path().join("d.sock");
    {
        let _inside = runtime.enter();
        wide::Wide::listen(&socket);
    }
    let host = format!("unix://{}", socket.display());
    println!("{COLUMNS}x{ROWS}, {} servers, {} s idle", wide::ROWS, OURS.0.as_secs());
    println!(
        "{:<10} {:>11} {:>10} {:>13} {:>9} {:>10} {:>10} {:>19} {:>9} {:>9}",
        "program", "first paint", "start", "idle", "idle CPU", "RSS", "own", "key p50 / p95", "key", "page"
    );
    let (ours, mut terminal) = measure(console(home.path(), &["--host", &host]), "100000 by attention", OURS);
    print("rackhand", &ours);
    terminal.key("G");
    terminal.until_shows("99960 more above");
    let end = memory_mb(terminal.pid()).1;
    println!("at row 100,000: {end:.1} MB of its own");
    terminal.key("q");
    assert!(terminal.ended().success());
    // With a page kept, and no daemon at all.
    std::fs::remove_file(&socket).unwrap();
    let began = Instant::now();
    let mut kept = Terminal::start(console(home.path(), &["--host", &host]), COLUMNS, ROWS);
    kept.until_shows("CZ000000");
    let first = began.elapsed().as_secs_f64() * 1_000.0;
    println!("from the kept page, without a daemon: {first:.1} ms");
    drop(kept);
    for (name, path, ready) in [("btop", "/usr/bin/btop", "cpu"), ("top", "/usr/bin/top", "PID")] {
        if std::path::Path::new(path).exists() {
            let (theirs, _terminal) = measure(program(path, home.path(), &[]), ready, THEIRS);
            print(name, &theirs);
        } else {
            println!("{name:<10} is not installed");
        }
    }
    assert!(ours.idle_rate == 0.0, "{ours:?}");
    assert!(ours.key_bytes <= 500, "{ours:?}");
    assert!(ours.page_bytes <= 3_500, "{ours:?}");
    assert!(ours.idle_cpu <= 0.1 * SLACK, "{ours:?}");
    assert!(ours.first_paint <= 50.0 * SLACK && first <= 50.0 * SLACK, "{ours:?} {first}");
    assert!(ours.key_p95 <= 5.0 * SLACK, "{ours:?}");
    assert!(ours.own_mb.max(end) <= 8.0, "{ours:?} {end}");
}
