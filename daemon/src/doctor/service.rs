//! Whether systemd watches the daemon. Only the daemon itself sees what systemd told it.

use rackhand_rpc::doctor::Check;

/// `var` gives an environment variable.
pub(super) fn check(inside: bool, var: impl Fn(&str) -> Option<String>) -> Check {
    let name = "systemd's watchdog";
    if !inside {
        return Check::not_checked(name, "only a running daemon can tell");
    }
    if var("INVOCATION_ID").is_none() && var("NOTIFY_SOCKET").is_none() {
        let found = "the daemon does not run as a service: nothing restarts it where it hangs";
        return Check::warning(name, found, "install the unit: daemon/systemd/README.md tells how");
    }
    match var("WATCHDOG_USEC").and_then(|n| n.parse::<u64>().ok()) {
        Some(micros) => {
            Check::ok(name, format!("on: the daemon is restarted if it makes no headway for {} s", micros / 1_000_000))
        }
        None => {
            let advice = "Type=notify and WatchdogSec=30 in the unit";
            Check::warning(name, "off: a daemon that hangs is not restarted", advice)
        }
    }
}

#[cfg(test)]
mod tests {
    use rackhand_rpc::doctor::State;

    use super::*;

    #[test]
    fn a_service_is_watched() {
        let state = |inside, vars: &[&str]| {
            let vars: Vec<(&str, &str)> = vars.iter().filter_map(|v| v.split_once('=')).collect();
            check(inside, |name| vars.iter().find(|(k, _)| *k == name).map(|(_, v)| (*v).to_owned())).state
        };
        assert_eq!(state(true, &["NOTIFY_SOCKET=/x", "INVOCATION_ID=1", "WATCHDOG_USEC=30000000"]), State::Ok);
        assert_eq!(state(true, &["NOTIFY_SOCKET=/x", "INVOCATION_ID=1"]), State::Warning);
        assert_eq!(state(true, &[]), State::Warning);
        assert_eq!(state(false, &[]), State::NotChecked);
    }
}
