//! The systemd units: accepted by systemd itself, and closed to all but what the daemon needs.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "what was found, and what was not tested, is said")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use rackhand_tests::untested::untested;

use crate::support::daemon::PROGRAM;

/// The most that `systemd-analyze security` may find exposed, of 10.
const EXPOSED: f64 = 2.0;

/// Runs `systemd-analyze`; `None`, said aloud, where there is none.
fn analyze(arguments: &[&str], file: &Path) -> Option<Output> {
    match Command::new("systemd-analyze").args(arguments).arg(file).env("SYSTEMD_COLORS", "0").output() {
        Ok(output) => Some(output),
        Err(error) => {
            untested("the systemd units", &format!("systemd-analyze: {error}"));
            None
        }
    }
}

/// The units as they are shipped, with the program that is tested in place of the installed one.
fn units(dir: &Path) -> Vec<PathBuf> {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../daemon/systemd");
    let names = ["rackhandd.service", "rackhand-backup.service", "rackhand-backup.timer"];
    let copy = |name: &&str| {
        let text = std::fs::read_to_string(shipped.join(name)).unwrap();
        assert!(!name.ends_with(".service") || text.contains("=/usr/bin/rackhandd "), "{name}");
        let text = text.replace("/usr/bin/rackhandd", PROGRAM).replace("User=rackhand\n", "User=daemon\n");
        std::fs::write(dir.join(name), text.replace("Group=rackhand\n", "Group=daemon\n")).unwrap();
        dir.join(name)
    };
    names.iter().map(copy).collect()
}

#[test]
fn systemd_takes_the_units_without_a_complaint() {
    let dir = tempfile::tempdir().unwrap();
    for unit in units(dir.path()) {
        let Some(output) = analyze(&["verify", "--man=no", "--recursive-errors=no"], &unit) else { return };
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() && said.is_empty(), "{}: {said}", unit.display());
    }
}

#[test]
fn little_is_exposed() {
    let dir = tempfile::tempdir().unwrap();
    for unit in units(dir.path()).iter().filter(|u| u.extension().is_some_and(|e| e == "service")) {
        let Some(output) = analyze(&["security", "--offline=true", "--no-pager"], unit) else { return };
        let table = String::from_utf8_lossy(&output.stdout).into_owned();
        let overall = table.lines().find_map(|l| l.split_once("exposure level for ")).unwrap_or_else(|| {
            panic!("{table}{}", String::from_utf8_lossy(&output.stderr));
        });
        let level = overall.1.split_whitespace().nth(1).and_then(|n| n.parse::<f64>().ok());
        println!("{}: exposure {level:?} of 10", unit.file_name().unwrap().display());
        assert!(level.is_some_and(|level| level < EXPOSED), "{table}");
    }
}

#[test]
fn what_the_units_and_their_readme_name_is_there() {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../daemon/systemd");
    let readme = std::fs::read_to_string(shipped.join("README.md")).unwrap();
    for entry in std::fs::read_dir(&shipped).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(name == "README.md" || readme.contains(&name), "README.md does not name {name}");
    }
}
