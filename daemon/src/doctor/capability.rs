//! The one privilege: CAP_NET_RAW, for the packet sockets of the DHCP tap.

use std::path::Path;

use rackhand_rpc::doctor::Check;

/// CAP_NET_RAW (linux/capability.h).
const NET_RAW: u32 = 13;

/// Whether the daemon has it, and no more.
pub(super) fn check(proc: &Path, pid: Option<u32>, needed: bool) -> Check {
    let name = "capability CAP_NET_RAW";
    let Some(pid) = pid else {
        return Check::not_checked(name, "the daemon does not run, or the system does not tell its process");
    };
    match std::fs::read_to_string(proc.join(pid.to_string()).join("status")) {
        Ok(status) => judge(name, effective(&status), needed),
        Err(e) => Check::not_checked(name, format!("process {pid}: {e}")),
    }
}

/// `CapEff` of /proc/PID/status (proc(5)).
fn effective(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|l| l.strip_prefix("CapEff:"))?;
    u64::from_str_radix(line.trim(), 16).ok()
}

fn judge(name: &str, effective: Option<u64>, needed: bool) -> Check {
    let Some(effective) = effective else { return Check::not_checked(name, "the system does not tell it") };
    let others = effective & !(1 << NET_RAW);
    match (effective & (1 << NET_RAW) != 0, needed) {
        _ if others != 0 => {
            let found = format!("the daemon has more than it needs (CapEff {effective:016x})");
            Check::warning(name, found, "run it by its unit, as a user of its own and not as root")
        }
        (true, _) => Check::ok(name, "the daemon has it, and no other"),
        (false, true) => {
            let advice = "AmbientCapabilities=CAP_NET_RAW in the unit, or `setcap cap_net_raw+ep` on the program";
            Check::wrong(name, "the daemon lacks it, so no interface can be listened on", advice)
        }
        (false, false) => Check::ok(name, "not there, and not needed: no interface is listened on"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use rackhand_rpc::doctor::State;

    use super::*;

    #[test]
    fn it_is_there_if_it_is_needed_and_nothing_else_is() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("7")).unwrap();
        let state = |caps: &str, needed| {
            std::fs::write(dir.path().join("7/status"), format!("Name:\trackhandd\nCapEff:\t{caps}\n")).unwrap();
            check(dir.path(), Some(7), needed).state
        };
        assert_eq!(state("0000000000002000", true), State::Ok);
        assert_eq!(state("0000000000000000", true), State::Wrong);
        assert_eq!(state("0000000000000000", false), State::Ok);
        assert_eq!(state("000001ffffffffff", true), State::Warning);
        assert_eq!(state("what", true), State::NotChecked);
        assert_eq!(check(dir.path(), None, true).state, State::NotChecked);
        assert_eq!(check(dir.path(), Some(8), true).state, State::NotChecked);
    }
}
