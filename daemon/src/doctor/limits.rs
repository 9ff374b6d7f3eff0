//! The limits of the daemon's process: files it may open, and whether a crash would write its memory to disk.

use std::path::Path;

use rackhand_rpc::doctor::Check;

/// Connections of machines and consoles, BMCs, NetBox and the journal, with room to spare.
const FILES: u64 = 4_096;

/// Open files and core dumps, by /proc/PID/limits (proc(5)).
pub(super) fn check(proc: &Path, pid: Option<u32>) -> Vec<Check> {
    let Some(pid) = pid else {
        return vec![Check::not_checked("limits", "the daemon does not run, or the system does not tell its process")];
    };
    match std::fs::read_to_string(proc.join(pid.to_string()).join("limits")) {
        Ok(limits) => vec![files(soft(&limits, "Max open files")), core(soft(&limits, "Max core file size"))],
        Err(e) => vec![Check::not_checked("limits", format!("process {pid}: {e}"))],
    }
}

/// The soft limit of a line; `u64::MAX` is none.
fn soft(limits: &str, name: &str) -> Option<u64> {
    let word = limits.lines().find_map(|l| l.strip_prefix(name))?.split_whitespace().next()?;
    if word == "unlimited" { Some(u64::MAX) } else { word.parse().ok() }
}

fn files(limit: Option<u64>) -> Check {
    let name = "open files";
    match limit {
        None => Check::not_checked(name, "the system does not tell the limit"),
        Some(n) if n < FILES => {
            let found = format!("at most {n}, and a busy site may need {FILES}");
            Check::warning(name, found, format!("LimitNOFILE={FILES} or more in the unit"))
        }
        Some(u64::MAX) => Check::ok(name, "no limit"),
        Some(n) => Check::ok(name, format!("at most {n}")),
    }
}

fn core(limit: Option<u64>) -> Check {
    let name = "core dumps";
    match limit {
        None => Check::not_checked(name, "the system does not tell the limit"),
        Some(0) => Check::ok(name, "none is written"),
        Some(_) => {
            let found = "a crash may write memory to disk, and with it passwords";
            Check::warning(name, found, "LimitCORE=0 in the unit")
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use rackhand_rpc::doctor::State;

    use super::*;

    #[test]
    fn limits_are_read_from_the_systems_table() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("7")).unwrap();
        let states = |files: &str, core: &str| {
            let table = format!(
                "Limit                     Soft Limit           Hard Limit           Units     \n\
                 Max core file size        {core}                    unlimited            bytes     \n\
                 Max open files            {files}                 524288               files     \n"
            );
            std::fs::write(dir.path().join("7/limits"), table).unwrap();
            check(dir.path(), Some(7)).iter().map(|c| c.state).collect::<Vec<_>>()
        };
        assert_eq!(states("65536", "0"), [State::Ok, State::Ok]);
        assert_eq!(states("1024", "unlimited"), [State::Warning, State::Warning]);
        assert_eq!(states("unlimited", "0"), [State::Ok, State::Ok]);
        assert_eq!(check(dir.path(), None)[0].state, State::NotChecked);
        assert!(check(Path::new("/proc"), Some(std::process::id())).iter().all(|c| c.state != State::NotChecked));
    }
}
