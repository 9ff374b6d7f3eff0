//! What people do with it.

use std::sync::atomic::Ordering;

use rackhand_core::event::{Event, StepEvent};
use rackhand_core::lifecycle::stage::Stage;

use crate::Site;
use crate::terminal::{Terminal, console};

#[test]
fn why_a_server_is_stuck_is_found_and_it_is_retried() {
    let site = Site::start();
    let mut terminal = site.console(&[]);
    terminal.key("/");
    terminal.typed("state:stuck");
    terminal.key("\r");
    terminal.until_shows("filter: state:stuck");
    terminal.until_shows("3 by attention");
    terminal.key("\r");
    terminal.until_shows("WHY IT IS NOT MOVING");
    terminal.until_shows("https://10.4.7.138 refused the connection 4 times");
    terminal.until_shows("R retry");
    terminal.key("R");
    terminal.until_shows("retry CZ231094: asked");
    terminal.until_shows("step_retried");
    let inside = site.fake.inside.lock().unwrap();
    let retried =
        inside.events.iter().filter(|e| matches!(e.draft.event, Event::Step(StepEvent::StepRetried { .. }))).count();
    assert_eq!((retried, inside.requests.len()), (1, 1));
}

#[test]
fn a_daemon_that_is_restarted_is_found_again_with_the_selection_kept() {
    let site = Site::start();
    let mut terminal = site.console(&[]);
    terminal.key("\x1b[B");
    terminal.key("\x1b[B");
    terminal.until_shows("── CZ231378");
    site.fake.open.store(false, Ordering::SeqCst);
    site.fake.inside.lock().unwrap().epoch = 8;
    site.fake.drop_connections();
    terminal.until_shows("DOWN");
    terminal.until_shows("as of 11-18 14:27 UTC; no connection");
    terminal.key("H");
    terminal.until_shows("the link is down: nothing can be sent");
    site.fake.open.store(true, Ordering::SeqCst);
    terminal.until_shows("connected again; the daemon was restarted");
    terminal.until_shows("LIVE");
    assert!(terminal.shows().contains("── CZ231378"), "{}", terminal.shows());
    assert!(site.fake.inside.lock().unwrap().requests.is_empty());
}

#[test]
fn a_wedge_scanner_opens_the_server_and_runs_nothing() {
    let site = Site::start();
    let mut terminal = site.console(&[]);
    terminal.write("7XK21025\r");
    terminal.until_shows("Server");
    terminal.until_shows("7XK21025  racked");
    terminal.write("XRKH231\r");
    terminal.until_shows("there is no server XRKH231 here");
    assert!(site.fake.inside.lock().unwrap().requests.is_empty());
}

#[test]
fn a_paste_runs_nothing_and_goes_into_an_open_field() {
    let site = Site::start();
    let mut terminal = site.console(&[]);
    terminal.write("\x1b[200~R\rXq\x1b[201~");
    terminal.until_shows("pasted text goes nowhere here");
    terminal.key("/");
    terminal.write("\x1b[200~site:ams2\x1b[201~");
    terminal.until_shows("filter: site:ams2");
    terminal.key("\r");
    terminal.until_shows("7 by attention");
    assert!(site.fake.inside.lock().unwrap().requests.is_empty());
}

#[test]
fn a_storm_of_sizes_ends_in_a_whole_screen() {
    let site = Site::start();
    let mut terminal = site.console(&[]);
    for n in 0..120_u16 {
        let (columns, rows) =
            [(1, 1), (80, 24), (250, 80), (20, 4), (19, 3), (60, 16), (2, 50), (200, 1)][n as usize % 8];
        terminal.resize(columns, rows);
    }
    terminal.resize(100, 30);
    let whole = |t: &Terminal| {
        let shown = t.shows();
        let lines: Vec<&str> = shown.lines().collect();
        lines.len() == 30 && lines[0].trim_end().ends_with("LIVE") && lines[29].contains("? help")
    };
    terminal.until("whole at 100x30", whole);
    terminal.key("q");
    assert!(terminal.ended().success());
    assert!(terminal.is_given_back());
}

#[test]
fn the_last_page_is_there_before_the_daemon_is_and_says_that_it_is_old() {
    let site = Site::start();
    let mut terminal = site.console(&[]);
    terminal.key("q");
    assert!(terminal.ended().success());
    site.fake.open.store(false, Ordering::SeqCst);
    let mut again = Terminal::start(console(site.home(), &site.args(&[])), 80, 24);
    again.until_shows("CZ231094");
    assert!(!again.shows().contains("LIVE"), "{}", again.shows());
    again.until_shows("DOWN");
    site.fake.open.store(true, Ordering::SeqCst);
    again.until_shows("LIVE");
}

#[test]
fn a_recorded_session_plays_to_the_same_screen() {
    let site = Site::start();
    let file = site.home().join("session.json").display().to_string();
    let mut terminal = site.console(&["--record", &file]);
    terminal.key("6");
    terminal.until_shows("Dead letters");
    terminal.until_shows("who decides: technician");
    let screen = terminal.shows();
    terminal.key("q");
    assert!(terminal.ended().success());
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    let played = site.run(&["--plain", "replay", &file]);
    let words = |text: &str| text.split_whitespace().map(ToOwned::to_owned).collect::<Vec<_>>();
    assert_eq!(words(&played), words(&screen));
    let mut replay = Terminal::start(console(site.home(), &["replay", &file, "--speed", "100"]), 80, 24);
    replay.until_shows("REPLAY");
    replay.until_shows("at its end");
    assert!(replay.shows().contains("Dead letters"), "{}", replay.shows());
    replay.key("q");
    assert!(replay.ended().success() && replay.is_given_back());
    assert!(site.fake.inside.lock().unwrap().requests.is_empty());
}

#[test]
fn the_mouse_selects_when_it_is_asked_for() {
    let site = Site::start();
    let mut terminal = site.console(&["--mouse"]);
    terminal.until("mouse reports", |t| t.screen().mouse_protocol_mode() != vt100::MouseProtocolMode::None);
    // The third row of the table, in the form of xterm's 1006.
    let line = terminal.shows().lines().position(|l| l.contains("CZ231378")).unwrap() + 1;
    terminal.write(&format!("\x1b[<0;10;{line}M"));
    terminal.until_shows("── CZ231378");
    terminal.key("q");
    assert!(terminal.ended().success() && terminal.is_given_back());
}

/// A session of tmux with the console in it; `None` where tmux is not installed.
struct Tmux {
    socket: String,
    home: std::path::PathBuf,
}

impl Tmux {
    fn start(site: &Site) -> Option<Self> {
        if std::process::Command::new("tmux").arg("-V").output().is_err() {
            crate::untested::untested("the console in tmux", "tmux is not installed");
            return None;
        }
        let tmux = Self { socket: site.home().join("tmux.sock").display().to_string(), home: site.home().into() };
        let line = format!("{} {}", env!("CARGO_BIN_EXE_rackhand"), site.args(&[]).join(" "));
        tmux.run(&["new-session", "-d", "-s", "s", "-x", "80", "-y", "24", &line]);
        Some(tmux)
    }

    fn run(&self, args: &[&str]) -> String {
        let output = std::process::Command::new("tmux")
            .args(["-S", &self.socket, "-f", "/dev/null"])
            .args(args)
            .env("HOME", &self.home)
            .env("LANG", "C.UTF-8")
            .env_remove("TMUX")
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    #[track_caller]
    fn until(&self, text: &str) -> String {
        let end = std::time::Instant::now() + crate::terminal::PATIENCE;
        loop {
            let shown = self.run(&["capture-pane", "-p", "-t", "s"]);
            if shown.contains(text) {
                return shown;
            }
            assert!(std::time::Instant::now() < end, "never `{text}`:\n{shown}");
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        self.run(&["kill-server"]);
    }
}

#[test]
fn tmux_shows_it_too() {
    let site = Site::start();
    let Some(tmux) = Tmux::start(&site) else { return };
    tmux.until("LIVE");
    tmux.run(&["send-keys", "-t", "s", "Enter"]);
    let shown = tmux.until("WHY IT IS NOT MOVING");
    assert!(shown.lines().next().unwrap().contains("Server"), "{shown}");
}

#[test]
fn attacks_in_outside_text_change_neither_title_nor_clipboard_nor_screen() {
    const ATTACKS: [&str; 15] = [
        "\u{1b}]0;PWNED\u{7}",
        "\u{1b}]2;PWNED\u{1b}\\",
        "\u{9d}0;PWNED\u{9c}",
        "\u{1b}]52;c;UFdORUQ=\u{7}",
        "\u{1b}]8;;http://x\u{7}PWNED\u{1b}]8;;\u{7}",
        "\u{1b}[2J\u{1b}[HPWNED",
        "\u{1b}[?1049lPWNED",
        "\u{1b}c",
        "\u{1b}[8;1;1t",
        "\u{1b}[31;5mPWNED",
        "\u{1b}P$q\"p\u{1b}\\",
        "\u{1b}[6n\u{1b}[c\u{1b}]10;?\u{7}",
        "\u{1b}k PWNED\u{1b}\\",
        "\r\n\u{8}\u{8}\u{c}\u{b}",
        "\u{202e}DENWP\u{2066}\u{200b}\u{e0041}",
    ];
    let site = Site::start();
    for (n, attack) in ATTACKS.iter().enumerate() {
        let fault = rackhand_core::fault::Fault::new(
            rackhand_core::fault::System::Bmc,
            rackhand_core::fault::Kind::Rejected,
            *attack,
        );
        let unit =
            site.fake.add(500 + n as u64, "fra1", attack, rackhand_core::bmc::Vendor::Hpe, attack, Stage::Discovered);
        site.fake.park(unit, rackhand_core::flow::step::Step::ReachBmc, fault);
    }
    let Some(tmux) = Tmux::start(&site) else { return };
    let title = || tmux.run(&["display-message", "-p", "-t", "s", "#{pane_title}"]);
    tmux.run(&["set-option", "-s", "set-clipboard", "on"]);
    tmux.until("LIVE");
    let before = title();
    let screens = [
        ("6", "Dead letters"),
        ("3", "Racks"),
        ("7", "Journal"),
        ("2", "Pipeline"),
        ("?", "help:"),
        ("q", "Pipeline"),
        ("Enter", "WHY IT"),
    ];
    for (key, word) in screens {
        tmux.run(&["send-keys", "-t", "s", key]);
        let shown = tmux.until(word);
        assert!(shown.lines().next().unwrap().starts_with(" Rackhand fra1"), "{shown}");
        assert!(shown.lines().next_back().unwrap().starts_with(" ? help"), "{shown}");
    }
    assert_eq!(title(), before);
    assert_eq!(tmux.run(&["show-buffer"]), "");
    assert_eq!(
        tmux.run(&["display-message", "-p", "-t", "s", "#{alternate_on} #{pane_width}x#{pane_height}"]).trim(),
        "1 80x24"
    );
}
