//! NetBox: reached, trusted, logged in to, of a release we know, and with what we need in it.

use std::sync::Arc;

use rackhand_adapters::netbox::NetBox;
use rackhand_adapters::port::clock::Clock;
use rackhand_core::fault::{Fault, Kind};
use rackhand_core::inventory::questions::{Finding, NetboxCheck, Standing};
use rackhand_rpc::doctor::Check;

use crate::config::Config;

pub(super) async fn check(config: Arc<Result<Config, String>>) -> Vec<Check> {
    let Ok(config) = &*config else {
        return vec![Check::not_checked("NetBox", "it follows from the configuration")];
    };
    let netbox =
        NetBox::new(Arc::new(config.dial.clone()), Clock::wall(), config.netbox.clone(), config.policy.clone());
    match netbox.check().await {
        Ok(found) => ready(&found.findings()),
        Err(fault) => vec![unready(&config.netbox.target.authority(), &fault)],
    }
}

fn unready(whom: &str, fault: &Fault) -> Check {
    let advice = match fault.kind {
        _ if !fault.advice.is_empty() => fault.advice.as_str(),
        Kind::Unauthorised => "make a new token in NetBox and put it into token_file",
        Kind::Transient | Kind::Unknown => "see that NetBox runs and that its address, port and certificate are right",
        _ => "see that [netbox] url is NetBox's own address",
    };
    Check::wrong("NetBox", format!("{whom}: {}", fault.what), advice)
}

/// NetBox's own points, in its order.
fn ready(found: &NetboxCheck) -> Vec<Check> {
    let check = |f: &Finding| {
        let name = format!("NetBox's {}", f.point);
        match f.standing {
            Standing::Good => Check::ok(&name, f.found.clone()),
            Standing::ToDo => Check::wrong(&name, f.found.clone(), f.todo.clone()),
            Standing::Unknown => Check { advice: f.todo.clone(), ..Check::not_checked(&name, f.found.clone()) },
        }
    };
    let reached = Check::ok("NetBox", "answers and takes the token");
    std::iter::once(reached).chain(found.findings.iter().map(check)).collect()
}

#[cfg(test)]
mod tests {
    use rackhand_core::fault::System;
    use rackhand_rpc::doctor::State;

    use super::*;

    #[test]
    fn each_point_of_netbox_keeps_its_standing_and_its_advice() {
        let finding = |standing, todo: &str| Finding {
            point: "statuses".into(),
            standing,
            found: "`ready` is missing".into(),
            todo: todo.into(),
        };
        let findings = vec![
            finding(Standing::Good, ""),
            finding(Standing::ToDo, "add it"),
            finding(Standing::Unknown, "give the token its permission"),
        ];
        let told = ready(&NetboxCheck { findings });
        let lines: Vec<_> = told.iter().map(|c| (c.state, c.name.as_str(), c.advice.as_str())).collect();
        assert_eq!(
            lines,
            [
                (State::Ok, "NetBox", ""),
                (State::Ok, "NetBox's statuses", ""),
                (State::Wrong, "NetBox's statuses", "add it"),
                (State::NotChecked, "NetBox's statuses", "give the token its permission"),
            ]
        );
    }

    #[test]
    fn a_fault_says_what_to_do() {
        let fault = Fault::new(System::Netbox, Kind::Unauthorised, "Invalid token");
        let told = unready("netbox:443", &fault);
        assert_eq!(told.sentence(), "netbox:443: Invalid token: make a new token in NetBox and put it into token_file");
        assert_eq!(unready("x", &fault.advise("Do this.")).advice.as_str(), "Do this.");
    }
}
