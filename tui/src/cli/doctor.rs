//! `doctor`: the daemon's own view of its surroundings, or, where no daemon answers, why, and what `rackhandd` beside
//! this program sees; and this user's way to the daemon, and this terminal.

use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rackhand_core::text::Text;
use rackhand_rpc::doctor::{Check, Report};
use tokio::io::AsyncReadExt;
use tokio::process::Command;

use super::exit;
use super::output::{Fail, Output};
use super::table::{Last, Table};
use crate::link::connect::{Connection, HostSpec, LinkError, connect};
use crate::link::within;
use crate::theme::depth::Depth;
use crate::theme::glyph::GlyphSet;

/// How long the daemon's checks may take, or `rackhandd`'s: NetBox alone may take most of it.
const PATIENCE: Duration = Duration::from_mins(2);
/// Octets of a report at the most.
const MAX_REPORT: u64 = 1 << 20;
/// Where a packaged daemon has its configuration.
pub(super) const CONFIG: &str = "/etc/rackhand/rackhandd.toml";

pub(super) async fn doctor(host: &HostSpec, config: &Path, out: &mut Output<'_>) -> Result<u8, Fail> {
    let mut checks = Vec::new();
    match connect(host).await {
        Ok(link) => {
            checks.push(way(host, &link));
            match link.client.doctor(within(PATIENCE)).await {
                Ok(report) => checks.extend(report.checks),
                Err(error) => {
                    let why = format!("the daemon gives none; it may be older than this program: {error}");
                    checks.push(Check::not_checked("the daemon's view", why));
                    checks.extend(beside(host, config).await);
                }
            }
        }
        Err(error) => {
            checks.push(no_way(host, &error, &groups()));
            checks.extend(beside(host, config).await);
        }
    }
    checks.push(terminal(out.width(), crossterm::terminal::size, |name| std::env::var(name).ok()));
    let report = Report::new(checks);
    show(&report, out)?;
    Ok(if report.is_wrong() { exit::REFUSED } else { exit::DONE })
}

fn show(report: &Report, out: &mut Output<'_>) -> Result<(), Fail> {
    if out.json {
        return out.document(report);
    }
    let mut table = Table::new(&[], Last::Wrap);
    for check in &report.checks {
        table.row([check.state.to_string(), check.name.to_string(), check.sentence()]);
    }
    out.table(&table)
}

fn way(host: &HostSpec, link: &Connection) -> Check {
    let (site, user) = (&link.hello.site, &link.hello.user);
    let name = "your way to the daemon";
    match link.hello.role {
        Some(role) => Check::ok(name, format!("{host}: site {site}, where you, {user}, are {role}")),
        None => Check::wrong(name, format!("{user} has no role at {site}"), "an administrator adds one under [roles]"),
    }
}

fn no_way(host: &HostSpec, error: &LinkError, groups: &str) -> Check {
    let name = "your way to the daemon";
    let advice = match (host, error) {
        (HostSpec::Unix(path), LinkError::Denied(_)) => match keeper(path, groups) {
            Some(group) => format!("as root: usermod --append --groups {group} USER; then log in again"),
            None => "ask who runs the daemon".to_owned(),
        },
        (HostSpec::Unix(_), _) => "`systemctl status rackhandd` and its log tell more".to_owned(),
        (HostSpec::Ssh(_), _) => "run `rackhand doctor` on that machine".to_owned(),
    };
    Check::wrong(name, error.to_string(), advice)
}

/// The group that may pass to the socket: that of the nearest thing on the way to it that can be seen.
fn keeper(socket: &Path, groups: &str) -> Option<String> {
    let gid = socket.ancestors().find_map(|p| std::fs::metadata(p).ok()).map(|meta| meta.gid())?;
    let line = groups.lines().find(|l| l.split(':').nth(2).and_then(|n| n.parse().ok()) == Some(gid));
    Some(line.and_then(|l| l.split(':').next()).map_or_else(|| gid.to_string(), str::to_owned))
}

fn groups() -> String {
    std::fs::read_to_string("/etc/group").unwrap_or_default()
}

/// What `rackhandd doctor` on this machine sees.
async fn beside(host: &HostSpec, config: &Path) -> Vec<Check> {
    let name = "the daemon's surroundings";
    if host.is_remote() {
        return vec![Check::not_checked(name, "they are on another machine")];
    }
    let here = std::env::current_exe().ok();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let Some(program) = program(here.as_deref(), std::env::split_paths(&path)) else {
        return vec![Check::not_checked(name, "there is no rackhandd beside this program or on the PATH")];
    };
    match tokio::time::timeout(PATIENCE, examine(&program, config)).await {
        Ok(Ok(report)) => report.checks,
        Ok(Err(why)) => vec![Check::not_checked(name, format!("{}: {why}", program.display()))],
        Err(_) => vec![Check::not_checked(name, format!("{} does not end", program.display()))],
    }
}

/// `rackhandd` beside this program, else the first on the PATH. Only absolute places: the working directory is
/// anyone's.
fn program(here: Option<&Path>, path: impl Iterator<Item = PathBuf>) -> Option<PathBuf> {
    let own = here.and_then(Path::parent).map(Path::to_path_buf);
    let runs = |file: &PathBuf| {
        std::fs::metadata(file).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
    };
    own.into_iter().chain(path).filter(|dir| dir.is_absolute()).map(|dir| dir.join("rackhandd")).find(runs)
}

async fn examine(program: &Path, config: &Path) -> Result<Report, Text> {
    let told = |e: io::Error| Text::from(format!("cannot be run: {e}"));
    let mut child = Command::new(program)
        .arg("doctor")
        .arg("--json")
        .arg("--config")
        .arg(config)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(told)?;
    let mut document = Vec::new();
    if let Some(out) = child.stdout.take() {
        out.take(MAX_REPORT).read_to_end(&mut document).await.map_err(told)?;
    }
    let ended = child.wait().await.map_err(told)?;
    serde_json::from_slice(&document).map_err(|_| format!("gave no report; it ended with {ended}").into())
}

fn terminal(
    width: Option<usize>,
    size: impl Fn() -> io::Result<(u16, u16)>,
    var: impl Fn(&str) -> Option<String>,
) -> Check {
    let name = "terminal";
    if width.is_none() {
        return Check::not_checked(name, "this output goes to none");
    }
    let term = var("TERM").filter(|t| !t.is_empty());
    let Ok((columns, rows)) = size() else { return Check::not_checked(name, "its size is not told") };
    let colours = Depth::choose(None, &var);
    let utf8 = GlyphSet::choose(None, &var) == GlyphSet::Unicode;
    let letters = if utf8 { "Unicode" } else { "ASCII only" };
    let shown = term.as_deref().unwrap_or("not set");
    let found = format!("{columns}x{rows}, colours {colours}, {letters}, TERM {shown}");
    match term.as_deref() {
        None | Some("dumb") => {
            Check::warning(name, found, "set TERM to what the terminal is; the console needs a cursor that moves")
        }
        _ if columns < 60 || rows < 16 => {
            Check::warning(name, found, "make it larger: the console needs 60x16, and is at ease with 80x24")
        }
        _ if !utf8 => Check::warning(name, found, "a locale in UTF-8 (LANG=C.UTF-8) shows names as they are written"),
        _ => Check::ok(name, found),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs::Permissions;

    use rackhand_rpc::doctor::State;

    use super::*;

    #[test]
    fn a_terminal_is_judged_by_its_size_its_letters_and_its_name() {
        let state = |size: (u16, u16), vars: &[(&str, &str)]| {
            let var = |name: &str| vars.iter().find(|(k, _)| *k == name).map(|(_, v)| (*v).to_owned());
            terminal(Some(80), || Ok(size), var).state
        };
        let good = [("TERM", "xterm-256color"), ("LANG", "en_GB.UTF-8")];
        assert_eq!(state((80, 24), &good), State::Ok);
        assert_eq!(state((59, 24), &good), State::Warning);
        assert_eq!(state((80, 24), &good[..1]), State::Warning, "no UTF-8");
        assert_eq!(state((80, 24), &good[1..]), State::Warning, "no TERM");
        assert_eq!(state((80, 24), &[("TERM", "dumb"), ("LANG", "C.UTF-8")]), State::Warning);
        assert_eq!(terminal(None, || Ok((80, 24)), |_| None).state, State::NotChecked);
    }

    #[test]
    fn the_daemons_program_is_beside_this_one_or_at_an_absolute_place_on_the_path() {
        let (own, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let make = |dir: &Path, mode| {
            std::fs::write(dir.join("rackhandd"), "").unwrap();
            std::fs::set_permissions(dir.join("rackhandd"), Permissions::from_mode(mode)).unwrap();
        };
        let here = own.path().join("rackhand");
        let found = |path: &[&Path]| program(Some(&here), path.iter().map(|p| p.to_path_buf()));
        assert_eq!(found(&[other.path()]), None);
        make(other.path(), 0o644);
        assert_eq!(found(&[other.path()]), None, "it cannot be run");
        make(other.path(), 0o755);
        assert_eq!(found(&[Path::new("."), Path::new("bin"), other.path()]), Some(other.path().join("rackhandd")));
        make(own.path(), 0o755);
        assert_eq!(found(&[other.path()]), Some(own.path().join("rackhandd")));
    }

    #[test]
    fn who_may_not_pass_is_told_the_group() {
        let dir = tempfile::tempdir().unwrap();
        let gid = std::fs::metadata(dir.path()).unwrap().gid();
        let socket = dir.path().join("rackhandd.sock");
        let told = |groups: &str| {
            no_way(&HostSpec::Unix(socket.clone()), &LinkError::Denied(socket.clone()), groups).advice.to_string()
        };
        assert!(told(&format!("other:x:{}:\nracks:x:{gid}:\n", gid + 1)).contains("--groups racks USER"));
        assert!(told("").contains(&format!("--groups {gid} USER")));
    }

    #[tokio::test]
    async fn a_program_that_gives_no_report_is_told_and_one_that_does_is_believed() {
        let dir = tempfile::tempdir().unwrap();
        let program = dir.path().join("rackhandd");
        let runs = async |script: &str| {
            std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
            std::fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
            examine(&program, Path::new("/etc/x y;z")).await
        };
        assert!(runs("exit 7").await.unwrap_err().contains("exit status: 7"));
        let report = runs(
            r#"printf '{"checks":[{"state":"ok","name":"%s","found":"%s %s","advice":""}]}' "$4" "$1" "$2"; exit 1"#,
        );
        let report = report.await.unwrap();
        assert_eq!(report.checks[0], Check::ok("/etc/x y;z", "doctor --json"), "each argument is one word");
    }
}
