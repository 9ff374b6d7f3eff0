//! NetBox: reached, trusted, logged in to, of a release we know, and with what we need in it.

use std::sync::Arc;

use rackhand_adapters::netbox::{NetBox, Readiness};
use rackhand_adapters::port::clock::Clock;
use rackhand_core::fault::{Fault, Kind};
use rackhand_core::text::Text;
use rackhand_rpc::doctor::Check;

use crate::config::Config;

/// Releases this was made for, as major and minor number.
const RELEASES: std::ops::RangeInclusive<(u32, u32)> = (4, 2)..=(4, 7);

pub(super) async fn check(config: Arc<Result<Config, String>>) -> Vec<Check> {
    let Ok(config) = &*config else {
        return vec![Check::not_checked("NetBox", "it follows from the configuration")];
    };
    let netbox = NetBox::new(Arc::new(config.dial.clone()), Clock::wall(), config.netbox.clone());
    match netbox.check().await {
        Ok(found) => ready(&found, config.policy.own_statuses),
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

fn ready(found: &Readiness, own_statuses: bool) -> Vec<Check> {
    vec![release(found.version.as_str()), statuses(found.has_own_statuses(), own_statuses), fields(found)]
}

fn release(version: &str) -> Check {
    let name = "NetBox";
    let mut numbers = version.split(['.', '-']).map_while(|n| n.parse::<u32>().ok());
    let found = format!("answers and takes the token; release {version}");
    match (numbers.next(), numbers.next()) {
        (Some(major), Some(minor)) if RELEASES.contains(&(major, minor)) => Check::ok(name, found),
        (Some(_), Some(_)) => Check::warning(name, found, "made for 4.2 to 4.7; another one was not tried"),
        _ => Check::warning(name, found, "the release is not understood; made for 4.2 to 4.7"),
    }
}

fn statuses(there: Option<bool>, wanted: bool) -> Check {
    let name = "NetBox's statuses";
    match (there, wanted) {
        (None, _) => Check::warning(
            name,
            "the token may not add devices, so they cannot be seen",
            "give the token's user the permissions that `rackhandd netbox init` names",
        ),
        (Some(false), true) => Check::wrong(
            name,
            "`discovered` or `ready` is missing",
            "add the lines that `rackhand netbox init` prints to NetBox's configuration.py, or set stock_statuses = true",
        ),
        (Some(true), false) => Check::warning(
            name,
            "`discovered` and `ready` are there, and stock_statuses says they are not",
            "take stock_statuses out of [netbox]",
        ),
        (Some(true), true) => Check::ok(name, "`discovered` and `ready` are there"),
        (Some(false), false) => Check::ok(name, "those of stock NetBox, as stock_statuses says"),
    }
}

fn fields(found: &Readiness) -> Check {
    let name = "NetBox's custom fields";
    if found.missing_fields.is_empty() {
        return Check::ok(name, "all are there");
    }
    let missing: Vec<&str> = found.missing_fields.iter().map(Text::as_str).collect();
    Check::wrong(name, format!("missing: {}", missing.join(", ")), "run `rackhand netbox init`; it makes them")
}

#[cfg(test)]
mod tests {
    use rackhand_core::fault::System;
    use rackhand_rpc::doctor::State;

    use super::*;

    #[test]
    fn releases_statuses_and_fields_are_told_apart() {
        let states = |version: &str, known: Option<&[&str]>, missing: &[&str], own| {
            let readiness = Readiness {
                version: version.into(),
                statuses: known.map(|words| words.iter().map(|w| (*w).into()).collect()),
                missing_fields: missing.iter().map(|f| (*f).into()).collect(),
            };
            ready(&readiness, own).iter().map(|c| c.state).collect::<Vec<_>>()
        };
        let both: Option<&[&str]> = Some(&["offline", "discovered", "ready"]);
        let stock: Option<&[&str]> = Some(&["offline"]);
        assert_eq!(states("4.6.8", both, &[], true), [State::Ok, State::Ok, State::Ok]);
        assert_eq!(states("4.1.11", stock, &["hardened_at"], true), [State::Warning, State::Wrong, State::Wrong]);
        assert_eq!(states("4.8.0-beta1", stock, &[], false), [State::Warning, State::Ok, State::Ok]);
        assert_eq!(states("4.7-dev", both, &[], false), [State::Ok, State::Warning, State::Ok]);
        assert_eq!(states("five", None, &[], true), [State::Warning, State::Warning, State::Ok]);
    }

    #[test]
    fn a_fault_says_what_to_do() {
        let fault = Fault::new(System::Netbox, Kind::Unauthorised, "Invalid token");
        let told = unready("netbox:443", &fault);
        assert_eq!(told.sentence(), "netbox:443: Invalid token: make a new token in NetBox and put it into token_file");
        assert_eq!(unready("x", &fault.advise("Do this.")).advice.as_str(), "Do this.");
    }
}
