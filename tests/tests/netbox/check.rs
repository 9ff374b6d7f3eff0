//! What an operator is told before the first server.

use rackhand_adapters::netbox::unreachable;
use rackhand_core::view::netbox::Standing;

use super::*;

on_each_release! {
    a_fresh_netbox_lacks_what_init_makes_and_then_nothing,
    each_missing_permission_is_named,
    a_read_only_token_lacks_all_that_writes,
    a_bad_token_and_a_netbox_that_is_away_are_points_too,
    a_slow_netbox_is_told_of,
}

/// The points of which something is to be done.
async fn to_do(b: &Bench, netbox: &Adapter) -> Vec<String> {
    let check = match netbox.check(&site()).await {
        Ok(readiness) => readiness.findings(true),
        Err(fault) => unreachable(&fault),
    };
    assert!(check.findings.iter().all(|f| (f.standing == Standing::Good) == f.todo.is_empty()), "{check:?}");
    assert_eq!(b.lab.cable_count(), 1, "a check changes nothing");
    check.findings.iter().filter(|f| f.standing == Standing::ToDo).map(|f| f.point.to_string()).collect()
}

async fn a_fresh_netbox_lacks_what_init_makes_and_then_nothing(release: Release) {
    let b = bench(release);
    assert_eq!(to_do(&b, &b.netbox).await, ["statuses", "custom fields", "staging tenant"]);
    let setup = b.netbox.init().await.unwrap();
    assert!(!setup.created.is_empty() && !setup.to_configure.is_empty());
    assert_eq!(to_do(&b, &b.netbox).await, ["statuses"]);
    b.lab.add_status("discovered", "Discovered");
    b.lab.add_status("ready", "Ready");
    assert!(to_do(&b, &b.netbox).await.is_empty());
    let elsewhere = b.netbox.check(&SiteId::new("waw1")).await.unwrap();
    assert!(!elsewhere.has_site);
    // A daemon that is configured for a stock NetBox needs no more than it has.
    let stock = bench(release);
    stock.netbox.init().await.unwrap();
    assert!(stock.netbox.check(&site()).await.unwrap().findings(false).is_ready());
    let found = b.netbox.check(&site()).await.unwrap();
    assert_eq!(found.release.map(|r| r.to_string()).as_deref(), Some(&release.version()[..3]));
    assert_eq!(found.user.as_deref(), (release != Release::V4_2).then_some("rackhand"));
}

async fn each_missing_permission_is_named(release: Release) {
    for (verb, collection) in [
        ("change", "dcim/devices"),
        ("change", "dcim/interfaces"),
        ("add", "dcim/mac-addresses"),
        ("change", "ipam/ip-addresses"),
        ("add", "dcim/cables"),
        ("add", "extras/journal-entries"),
        ("view", "extras/custom-fields"),
        ("add", "tenancy/tenants"),
        ("view", "tenancy/tenants"),
    ] {
        let b = bench(release);
        for token in [TOKEN, V1] {
            b.lab.deny(token, verb, collection);
        }
        let found = b.netbox.check(&site()).await.unwrap();
        assert_eq!(found.missing_permissions, [Text::from(format!("{verb} {collection}"))]);
    }
    let b = bench(release);
    for token in [TOKEN, V1] {
        b.lab.deny(token, "view", "core/object-changes");
    }
    assert!(!b.netbox.check(&site()).await.unwrap().reads_change_log);
    let read = b.netbox.read_all(&site()).await.unwrap();
    assert!(read.as_of.is_none() && !read.devices.is_empty());
}

async fn a_read_only_token_lacks_all_that_writes(release: Release) {
    let b = bench(release);
    b.lab.add_token("read-only", false);
    let (netbox, _, _) = adapter(b.lab.clone(), Token::V1(Secret::new("read-only")));
    let found = netbox.check(&site()).await.unwrap();
    assert_eq!(found.missing_permissions.len(), 14, "{:?}", found.missing_permissions);
    assert!(found.missing_permissions.iter().all(|p| !p.starts_with("view")));
    assert_eq!(found.has_own_statuses(), None, "what may not be asked is unknown, not missing");
}

async fn a_bad_token_and_a_netbox_that_is_away_are_points_too(release: Release) {
    let b = bench(release);
    let (bad, _, network) = adapter(b.lab.clone(), Token::V1(Secret::new("bad")));
    assert_eq!(to_do(&b, &bad).await, ["token"]);
    network.detach("netbox.lab:8000");
    assert_eq!(to_do(&b, &adapter_on(&network, release)).await, ["answer"]);
    b.lab.set_redis_down(true);
    assert_eq!(to_do(&b, &b.netbox).await, ["answer"]);
}

fn adapter_on(network: &Network, release: Release) -> Adapter {
    Adapter::new(Arc::new(network.clone()), clock(), settings(token(release)))
}

async fn a_slow_netbox_is_told_of(release: Release) {
    let b = bench(release);
    b.netbox.init().await.unwrap();
    b.lab.set_think_time(Duration::from_secs(3));
    assert_eq!(to_do(&b, &b.netbox).await, ["answer", "statuses"]);
}
