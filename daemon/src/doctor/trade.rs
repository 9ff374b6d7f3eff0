//! Vendors and carriers: whether each is reached and lets us in, and whether the rules for buying are whole. Nothing is
//! asked that counts: no request, no parcel.

use std::sync::Arc;
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt, join_all};
use rackhand_adapters::carrier::{self, Carriers};
use rackhand_adapters::port::clock::Clock;
use rackhand_adapters::port::dial::{Dial, Target};
use rackhand_adapters::supplier::partner::Partner;
use rackhand_adapters::tcp::proxy::Proxy;
use rackhand_core::fault::{Fault, Kind};
use rackhand_core::id::{SellerId, SiteId};
use rackhand_core::purchase::paper::Carrier;
use rackhand_core::time::{Timestamp, human};
use rackhand_rpc::doctor::Check;

use crate::config::{Channel, Config, Purchase, Vendor};

/// How long one of them may take to let us in; all are tried at once.
const EACH: Duration = Duration::from_secs(6);
/// How old rates of exchange may be.
const RATES: Duration = Duration::from_hours(7 * 24);

/// All of it; nothing is told where nothing is bought.
pub(super) async fn check(config: Arc<Result<Config, String>>) -> Vec<Check> {
    let Ok(config) = &*config else {
        return vec![Check::not_checked("vendors", "it follows from the configuration")];
    };
    let own = Arc::new(config.dial.clone()) as Arc<dyn Dial>;
    let vendors = config.vendors.iter().map(|(id, v)| vendor(*id, v, own.clone())).collect::<Vec<_>>();
    let carriers = config.carriers.iter().flat_map(|found| carriers(Arc::new(found.dial.clone()), &found.settings));
    let tried = join_all(vendors.into_iter().chain(carriers)).await;
    let vendors = !config.vendors.is_empty();
    let rules = rules(config.purchase.as_ref(), vendors, &config.policy.site, Clock::wall().now());
    let proxy = config.proxy.as_ref().map(|proxy| by_proxy(config, proxy));
    proxy.into_iter().chain(tried).chain(rules).collect()
}

/// Who is reached by the proxy. Whether it lets us through is shown by the lines of those.
fn by_proxy(config: &Config, proxy: &Proxy) -> Check {
    let accounts = config.carriers.iter().map(|found| &found.settings).flat_map(|s| {
        let of = |carrier, target: Option<&Target>| target.map(|t| (format!("carrier {carrier}"), t.clone()));
        [
            of(Carrier::Ups, s.ups.as_ref().map(|a| &a.target)),
            of(Carrier::Fedex, s.fedex.as_ref().map(|a| &a.target)),
            of(Carrier::Dhl, s.dhl.as_ref().map(|k| &k.target)),
        ]
    });
    let vendors = config.vendors.iter().map(|(id, vendor)| {
        let target = match &vendor.channel {
            Channel::Partner(settings) => &settings.target,
            Channel::Cxml(settings) => &settings.target,
            Channel::Mail(_) | Channel::Hand => return None,
        };
        Some((format!("vendor {id}"), target.clone()))
    });
    let all: Vec<(String, Target)> = vendors.chain(accounts).flatten().collect();
    let (by, without): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, target)| proxy.serves(target));
    let names = |of: Vec<(String, Target)>| of.into_iter().map(|(name, _)| name).collect::<Vec<_>>().join(", ");
    let what = match (by.is_empty(), without.is_empty()) {
        (true, _) => format!("{}: nobody is reached by it", proxy.name()),
        (false, true) => format!("{}: {}", proxy.name(), names(by)),
        (false, false) => format!("{}: {}; without it: {}", proxy.name(), names(by), names(without)),
    };
    Check::ok("proxy", what)
}

fn vendor(id: SellerId, vendor: &Vendor, own: Arc<dyn Dial>) -> BoxFuture<'static, Check> {
    let dial = vendor.dial.clone().map_or(own, |dial| Arc::new(dial) as Arc<dyn Dial>);
    let name = format!("vendor {id}");
    match &vendor.channel {
        Channel::Partner(settings) => {
            let partner = Partner::new(id, dial, Clock::wall(), settings.clone());
            let whom = settings.target.authority();
            login(name, whom, "client and secret_file", async move { partner.log_in().await })
        }
        Channel::Cxml(settings) => reach(name, dial, settings.target.clone()),
        Channel::Mail(settings) => reach(name, dial, settings.target.clone()),
        Channel::Hand => async move { Check::ok(&name, "a person asks it, and enters what it answers") }.boxed(),
    }
}

fn carriers(dial: Arc<dyn Dial>, settings: &carrier::Settings) -> Vec<BoxFuture<'static, Check>> {
    let asked = Carriers::new(dial.clone(), Clock::wall(), settings.clone());
    let account = |of, target: &Target| {
        let (asked, name) = (asked.clone(), format!("carrier {of}"));
        login(name, target.authority(), "client_id and secret_file", async move { asked.log_in(of).await })
    };
    let ups = settings.ups.as_ref().map(|a| account(Carrier::Ups, &a.target));
    let fedex = settings.fedex.as_ref().map(|a| account(Carrier::Fedex, &a.target));
    // Each question to DHL counts against the day's, so its key is not tried.
    let dhl = settings.dhl.as_ref().map(|k| reach(format!("carrier {}", Carrier::Dhl), dial, k.target.clone()));
    [ups, fedex, dhl].into_iter().flatten().collect()
}

/// Logs in where there is a login.
fn login(
    name: String,
    whom: String,
    keys: &'static str,
    entry: impl Future<Output = Result<(), Fault>> + Send + 'static,
) -> BoxFuture<'static, Check> {
    async move {
        match tokio::time::timeout(EACH, entry).await {
            Ok(Ok(())) => Check::ok(&name, format!("{whom} answers and lets us in")),
            Ok(Err(fault)) => entry_refused(&name, &whom, keys, &fault),
            Err(_) => late(&name, &whom),
        }
    }
    .boxed()
}

fn entry_refused(name: &str, whom: &str, keys: &str, fault: &Fault) -> Check {
    let advice = match fault.kind {
        _ if !fault.advice.is_empty() => fault.advice.to_string(),
        Kind::Unauthorised => format!("correct {keys}"),
        _ => "see that its address is right and that this host may reach it".to_owned(),
    };
    Check::wrong(name, format!("{whom}: {}", fault.what), advice)
}

/// Only connects, TLS included: whatever is sent there is a paper.
fn reach(name: String, dial: Arc<dyn Dial>, target: Target) -> BoxFuture<'static, Check> {
    async move {
        let whom = target.authority();
        match tokio::time::timeout(EACH, dial.dial(&target)).await {
            Ok(Ok(_)) => Check::ok(&name, format!("{whom} answers")),
            Ok(Err(error)) => {
                let advice = "see that its address is right, that this host may reach it, and that ca_file knows it";
                Check::wrong(&name, format!("{whom}: {}", error.what), advice)
            }
            Err(_) => late(&name, &whom),
        }
    }
    .boxed()
}

fn late(name: &str, whom: &str) -> Check {
    let advice = "see that its address is right and that this host may reach it";
    Check::wrong(name, format!("{whom}: no answer within {} s", EACH.as_secs()), advice)
}

/// Whether what the rules for buying rest on is there.
fn rules(purchase: Option<&Purchase>, vendors: bool, site: &SiteId, now: Timestamp) -> Vec<Check> {
    let name = "rules for buying";
    let Some(purchase) = purchase else {
        let what = "vendors are configured, and there is no [purchase]: none of them is asked";
        let advice = "write [purchase]; `rackhandd config example` explains every key";
        return if vendors { vec![Check::warning(name, what, advice)] } else { Vec::new() };
    };
    let mut found = Vec::new();
    if vendors && !purchase.destinations.contains_key(site) {
        let what = format!("[purchase.destinations.{site}] is missing: purchase orders would say no address");
        found.push(Check::wrong(name, what, "give address and country of the site"));
    }
    let age = now.since(purchase.rates.of);
    if !purchase.rates.millionths.is_empty() && age > RATES {
        let what = format!("[purchase.rates] are {} old; offers are compared and approved by them", human(age));
        found.push(Check::warning(name, what, "bring the rates and their date up to date, and restart the daemon"));
    }
    if found.is_empty() {
        found.push(Check::ok(name, "whole"));
    }
    found
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeMap;

    use futures::future::pending;
    use rackhand_adapters::port::dial::Trust;
    use rackhand_adapters::tcp::Tcp;
    use rackhand_core::fault::System;
    use rackhand_core::purchase::money::{Currency, Rates};
    use rackhand_core::purchase::paper::Destination;
    use rackhand_rpc::doctor::State;

    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_795_000_000);

    fn purchase(days: u64, to: &str) -> Purchase {
        let of = NOW - Duration::from_hours(24 * days);
        let millionths = BTreeMap::from([("USD".parse::<Currency>().unwrap(), 925_000)]);
        let to = Destination { site: to.into(), address: vec!["A street".into()], country: "DE".into() };
        Purchase {
            rates: Rates { base: Currency::EUR, of, millionths },
            auto_below: None,
            two_above: None,
            chase_after: Duration::from_hours(24),
            reserve_for: Duration::from_hours(72),
            energy_price_kwh: None,
            day_worth: None,
            warranty_month_worth: None,
            untried_days: None,
            unknown_lead_days: None,
            preference: Vec::new(),
            planned: rackhand_core::policy::Planned::default(),
            role: None,
            bill_to: vec!["Example GmbH".into()],
            destinations: BTreeMap::from([(SiteId::new(&to.site), to)]),
        }
    }

    #[test]
    fn what_buying_rests_on_is_told_where_it_is_missing_or_old() {
        let told = |purchase: Option<&Purchase>, vendors| {
            let found = rules(purchase, vendors, &SiteId::new("fra1"), NOW);
            found.iter().map(|c| (c.state, c.found.to_string())).collect::<Vec<_>>()
        };
        assert_eq!(told(None, false), [], "who buys nothing needs no rules");
        assert!(matches!(&told(None, true)[..], [(State::Warning, what)] if what.contains("none of them is asked")));
        assert_eq!(told(Some(&purchase(7, "fra1")), true), [(State::Ok, "whole".to_owned())]);
        let old = told(Some(&purchase(8, "fra1")), true);
        assert!(matches!(&old[..], [(State::Warning, what)] if what.contains("8d0h old")), "{old:?}");
        let nowhere = told(Some(&purchase(1, "ams1")), true);
        assert!(matches!(&nowhere[..], [(State::Wrong, what)] if what.contains("[purchase.destinations.fra1]")));
        assert_eq!(told(Some(&purchase(1, "ams1")), false).len(), 1, "where a person buys by hand no order says it");
    }

    #[tokio::test(start_paused = true)]
    async fn who_does_not_answer_is_left_and_who_refuses_says_what_to_correct() {
        let hung = login("vendor hpe".into(), "hpe:443".into(), "client and secret_file", pending()).await;
        assert_eq!((hung.state, hung.found.as_str()), (State::Wrong, "hpe:443: no answer within 6 s"));
        let fault = Fault::new(System::Vendor, Kind::Unauthorised, "no token: 401");
        let refused = async { Err(fault) };
        let refused = login("vendor hpe".into(), "hpe:443".into(), "client and secret_file", refused).await;
        assert_eq!(refused.sentence(), "hpe:443: no token: 401: correct client and secret_file");
        let entered = login("vendor hpe".into(), "hpe:443".into(), "", async { Ok(()) }).await;
        assert_eq!(entered.state, State::Ok);
    }

    #[tokio::test]
    async fn a_vendor_that_is_only_written_to_is_connected_to_and_sent_nothing() {
        let door = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = door.local_addr().unwrap().port();
        let target = Target { host: "127.0.0.1".into(), port, trust: Trust::Plain };
        let dial: Arc<dyn Dial> = Arc::new(Tcp::new(None, Vec::new()).unwrap());
        let found = reach("vendor edi".into(), dial.clone(), target.clone()).await;
        assert_eq!(found.state, State::Ok, "{}", found.sentence());
        let (mut stream, _) = door.accept().unwrap();
        assert_eq!(std::io::Read::read(&mut stream, &mut [0; 16]).unwrap(), 0, "closed, with nothing said");
        drop((stream, door));
        let found = reach("vendor edi".into(), dial, target).await;
        assert_eq!(found.state, State::Wrong, "{}", found.sentence());
    }
}
