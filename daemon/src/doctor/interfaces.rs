//! The interfaces that are listened on for DHCP: whether they are there, and up.

use std::path::Path;

use rackhand_rpc::doctor::Check;

/// IFF_UP (linux/if.h).
const UP: u32 = 1;

/// One check for each of these; `net` is /sys/class/net.
pub(super) fn check(net: &Path, names: &[String]) -> Vec<Check> {
    if names.is_empty() {
        let found = "none is listened on: no lease is seen";
        let advice = "name the ones beside the DHCP server under [intake] interfaces, unless leases come another way";
        return vec![Check::warning("interfaces", found, advice)];
    }
    names.iter().map(|name| one(net, name)).collect()
}

fn one(net: &Path, name: &str) -> Check {
    let check = &format!("interface {name}");
    let dir = net.join(name);
    if !dir.exists() {
        let advice = "correct [intake] interfaces; `ip link` lists what is there. The daemon waits for it";
        return Check::wrong(check, "is not there", advice);
    }
    let read = |file: &str| std::fs::read_to_string(dir.join(file)).unwrap_or_default().trim().to_owned();
    let flags = u32::from_str_radix(read("flags").trim_start_matches("0x"), 16);
    let state = read("operstate");
    match flags {
        Err(_) => Check::not_checked(check, "the system does not tell its flags"),
        Ok(flags) if flags & UP == 0 => Check::wrong(check, "is down", format!("ip link set {name} up")),
        Ok(_) if matches!(state.as_str(), "down" | "lowerlayerdown" | "dormant") => {
            Check::warning(check, format!("is up, but has no link ({state})"), "look at its cable and its far end")
        }
        Ok(_) => Check::ok(check, format!("is up ({state})")),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use rackhand_rpc::doctor::State;

    use super::*;

    #[test]
    fn an_interface_is_missing_down_without_a_link_or_well() {
        let net = tempfile::tempdir().unwrap();
        let make = |name: &str, flags: &str, state: &str| {
            std::fs::create_dir(net.path().join(name)).unwrap();
            std::fs::write(net.path().join(name).join("flags"), flags).unwrap();
            std::fs::write(net.path().join(name).join("operstate"), state).unwrap();
        };
        make("eno1", "0x1003\n", "up\n");
        make("eno2", "0x1002\n", "down\n");
        make("eno3", "0x1003\n", "down\n");
        make("lo", "0x9\n", "unknown\n");
        make("odd", "", "");
        let names = ["eno1", "eno2", "eno3", "lo", "odd", "eno9"].map(str::to_owned);
        let states: Vec<State> = check(net.path(), &names).iter().map(|c| c.state).collect();
        assert_eq!(states, [State::Ok, State::Wrong, State::Warning, State::Ok, State::NotChecked, State::Wrong]);
        assert_eq!(check(net.path(), &[])[0].state, State::Warning);
    }
}
