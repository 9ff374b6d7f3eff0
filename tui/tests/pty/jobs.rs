//! Ctrl-Z, as a shell's user expects it.

use crate::Site;
use crate::terminal::{Terminal, program};

/// A shell with job control, and the console started in it.
fn shell(site: &Site) -> Terminal {
    let mut terminal = Terminal::start(program("/bin/bash", site.home(), &["--norc", "--noprofile", "-i"]), 80, 24);
    terminal.write("PS1='ready# '\r");
    terminal.until("a prompt", |t| t.shows().trim_end().ends_with("\nready#"));
    let line = format!("{} {}\r", env!("CARGO_BIN_EXE_rackhand"), site.args(&[]).join(" "));
    terminal.write(&line);
    terminal.until_shows("LIVE");
    terminal.key("2");
    terminal.until_shows("36 by attention");
    terminal
}

#[test]
fn ctrl_z_gives_the_terminal_to_the_shell_and_fg_takes_it_again() {
    let site = Site::start();
    let mut terminal = shell(&site);
    terminal.key("\x1b[B");
    terminal.key("\x1a");
    terminal.until_shows("Stopped");
    assert!(!terminal.screen().alternate_screen() && !terminal.screen().hide_cursor());
    terminal.write("echo still-$((40 + 2))\r");
    terminal.until_shows("still-42");
    terminal.resize(100, 30);
    terminal.write("fg\r");
    terminal.until("whole again at the new size", |t| {
        t.screen().alternate_screen() && t.shows().lines().count() == 30 && t.shows().contains("LIVE")
    });
    terminal.until_shows("── 7XK210B9");
    terminal.key("q");
    terminal.until("a prompt again", |t| !t.screen().alternate_screen() && t.shows().trim_end().ends_with('#'));
    terminal.write("exit\r");
    assert!(terminal.ended().success());
}

#[test]
fn without_a_shell_that_could_resume_it_ctrl_z_says_so() {
    let site = Site::start();
    let mut terminal = site.console(&[]);
    terminal.key("\x1a");
    terminal.until_shows("no shell here could resume the console");
    assert!(terminal.shows().contains("LIVE"));
}

/// As in a container that is entered from its host: the session is not in our PID namespace, and its number is 0.
#[test]
fn in_a_session_of_another_pid_namespace_ctrl_z_says_so() {
    const APART: &[&str] = &["--user", "--map-root-user", "--pid", "--fork", "--mount-proc"];
    let may = std::process::Command::new("unshare").args(APART).arg("true").status().is_ok_and(|s| s.success());
    if !may {
        crate::untested::untested("Ctrl-Z in a session of another PID namespace", "no namespace may be made here");
        return;
    }
    let site = Site::start();
    let inside = [APART, &[env!("CARGO_BIN_EXE_rackhand")], &site.args(&[])].concat();
    let mut terminal = Terminal::start(program("/usr/bin/unshare", site.home(), &inside), 80, 24);
    terminal.until_shows("LIVE");
    terminal.key("\x1a");
    terminal.until_shows("no shell here could resume the console");
    terminal.key("q");
    assert!(terminal.ended().success());
}
