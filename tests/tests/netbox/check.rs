//! What an operator is told before the first server.

use rackhand_adapters::netbox::{permissions, unreachable};
use rackhand_core::inventory::questions::Standing;

use super::*;

on_each_release! {
    a_fresh_netbox_lacks_what_init_makes_and_then_nothing,
    each_missing_permission_is_named,
    a_read_only_token_lacks_all_that_writes,
    a_bad_token_and_a_netbox_that_is_away_are_points_too,
    a_slow_netbox_is_told_of,
    a_choice_set_that_lacks_a_stage_is_seen_and_completed,
    a_token_with_exactly_what_is_asked_for_is_ready,
}

/// The points of which something is to be done.
async fn to_do(b: &Bench, netbox: &Adapter) -> Vec<String> {
    let check = match netbox.check().await {
        Ok(readiness) => readiness.findings(),
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
    let other = |policy| Adapter::new(Arc::new(b.network.clone()), clock(), settings(token(release)), policy);
    assert!(!other(Policy::standard(SiteId::new("waw1"))).check().await.unwrap().has_site);
    // A daemon that is configured for a stock NetBox needs no more than it has.
    let fresh = bench(release);
    let stock = Adapter::new(Arc::new(fresh.network.clone()), clock(), settings(token(release)), Policy::stock(site()));
    stock.init().await.unwrap();
    assert!(stock.check().await.unwrap().findings().is_ready());
    // One with words of its own needs those, and a tenant of its own.
    let mut own = policy();
    own.statuses.insert(Stage::Ready, "in-pool".into());
    own.staging_tenant = "infra".into();
    let own = other(own);
    let found = own.check().await.unwrap();
    assert_eq!(found.missing_statuses, Some(vec!["in-pool".into()]));
    assert!(!found.has_staging_tenant);
    let setup = own.init().await.unwrap();
    assert!(setup.to_configure[0].contains("['in-pool', 'In pool', 'gray']"), "{setup:?}");
    assert_eq!(setup.created, [Text::new("tenant infra")]);
    let found = b.netbox.check().await.unwrap();
    assert_eq!(found.release.map(|r| r.to_string()).as_deref(), Some(&release.version()[..3]));
    assert_eq!(found.user.as_deref(), (release != Release::V4_2).then_some("rackhand"));
}

async fn each_missing_permission_is_named(release: Release) {
    let mut named = 0;
    for used in permissions::USES.iter().filter(|used| used.model != "core.objectchange") {
        for verb in used.verbs {
            let b = bench(release);
            for token in [TOKEN, V1] {
                b.lab.deny(token, verb.word(), used.path.trim_end_matches('/'));
            }
            let found = b.netbox.check().await.unwrap();
            assert_eq!(found.missing_permissions, [Text::from(format!("{} {}", verb.word(), used.model))]);
            named += 1;
        }
    }
    assert_eq!(named, 37);
    let b = bench(release);
    for token in [TOKEN, V1] {
        b.lab.deny(token, "view", "core/object-changes");
    }
    assert!(!b.netbox.check().await.unwrap().reads_change_log);
    let read = b.netbox.read_all(&site()).await.unwrap();
    assert!(read.as_of.is_none() && !read.devices.is_empty());
}

async fn a_read_only_token_lacks_all_that_writes(release: Release) {
    let b = bench(release);
    b.lab.add_token("read-only", false);
    let (netbox, _, _) = adapter(b.lab.clone(), Token::V1(Secret::new("read-only")));
    let found = netbox.check().await.unwrap();
    assert_eq!(found.missing_permissions.len(), 17, "{:?}", found.missing_permissions);
    assert!(found.missing_permissions.iter().all(|p| !p.starts_with("view")));
    assert_eq!(found.missing_statuses, None, "what may not be asked is unknown, not missing");
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
    Adapter::new(Arc::new(network.clone()), clock(), settings(token(release)), policy())
}

async fn a_slow_netbox_is_told_of(release: Release) {
    let b = bench(release);
    b.netbox.init().await.unwrap();
    b.lab.set_think_time(Duration::from_secs(3));
    let began = tokio::time::Instant::now();
    assert_eq!(to_do(&b, &b.netbox).await, ["answer", "statuses"]);
    let took = began.elapsed();
    assert!(took < Duration::from_secs(60), "a few at a time: {took:?}");
}

async fn a_choice_set_that_lacks_a_stage_is_seen_and_completed(release: Release) {
    let b = bench(release).with_fields();
    b.lab.add_status("discovered", "Discovered");
    b.lab.add_status("ready", "Ready");
    b.netbox.init().await.unwrap();
    assert!(to_do(&b, &b.netbox).await.is_empty());
    let old = bench(release);
    old.lab.add_custom_field("lifecycle_state", "select", &["received", "staged", "our own word"]);
    let found = old.netbox.check().await.unwrap();
    assert_eq!(found.missing_choices.len(), Stage::ALL.len() - 2, "{:?}", found.missing_choices);
    let fields = found.findings().findings.into_iter().find(|f| f.point.as_str() == "custom fields").unwrap();
    assert!(fields.standing == Standing::ToDo && fields.found.contains("in lifecycle_state: "), "{fields:?}");
    let setup = old.netbox.init().await.unwrap();
    assert!(setup.created[0].contains("in choice set lifecycle_state choices: ordered, "), "{setup:?}");
    assert!(old.netbox.check().await.unwrap().missing_choices.is_empty());
    for word in Stage::ALL.iter().map(|s| s.word()).chain(["our own word"]) {
        let write =
            StatusWrite { lifecycle_state: Some(word), stamps: Vec::new(), tenant: TenantWrite::Keep, ..staged() };
        old.netbox.write_status(old.device, &write).await.unwrap();
    }
    assert!(old.netbox.init().await.unwrap().created.is_empty());
}

async fn a_token_with_exactly_what_is_asked_for_is_ready(release: Release) {
    let b = bench(release);
    let all = permissions::USES.iter().flat_map(|used| used.verbs.iter().map(|verb| (verb.word(), used.path)));
    let all: Vec<(&str, &str)> = all.map(|(verb, path)| (verb, path.trim_end_matches('/'))).collect();
    for token in [TOKEN, V1] {
        b.lab.grant(token, all.iter().copied());
    }
    b.lab.add_status("discovered", "Discovered");
    b.lab.add_status("ready", "Ready");
    b.netbox.init().await.unwrap();
    assert!(to_do(&b, &b.netbox).await.is_empty());
    assert!(b.netbox.check().await.unwrap().reads_change_log);
}
