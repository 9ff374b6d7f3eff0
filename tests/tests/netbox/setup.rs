//! Setting NetBox up, and many calls at once.

use super::*;

on_each_release! {
    init_makes_what_is_missing_once_and_says_what_only_configuration_can_add,
    a_field_of_another_type_in_our_name_is_a_conflict,
    many_calls_at_once_share_a_few_connections_and_all_are_answered,
}

async fn init_makes_what_is_missing_once_and_says_what_only_configuration_can_add(release: Release) {
    let b = bench(release);
    let before = b.netbox.check().await.unwrap();
    assert_eq!(before.version.as_str(), release.version());
    assert_eq!(before.missing_statuses, Some(vec!["discovered".into(), "ready".into()]));
    assert_eq!(before.missing_fields.len(), 6);
    let setup = b.netbox.init().await.unwrap();
    assert_eq!(setup.created.len(), 8, "six fields, the choices, the tenant: {setup:?}");
    assert!(
        setup.to_configure[0].contains("'dcim.Device.status+': [['discovered', 'Discovered', 'cyan']"),
        "{setup:?}"
    );
    let after = b.netbox.check().await.unwrap();
    assert!(after.missing_fields.is_empty());
    b.lab.add_status("discovered", "Discovered");
    b.lab.add_status("ready", "Ready");
    let again = b.netbox.init().await.unwrap();
    assert!(again.created.is_empty() && again.to_configure.is_empty(), "{again:?}");
    assert_eq!(b.netbox.check().await.unwrap().missing_statuses, Some(Vec::new()));
    for stage in Stage::ALL {
        let write = StatusWrite { lifecycle_state: Some(stage.word()), ..staged() };
        b.netbox.write_status(b.device, &write).await.unwrap();
        assert_eq!(b.netbox.status(b.device).await.unwrap().lifecycle_state.as_deref(), Some(stage.word()));
    }
}

async fn a_field_of_another_type_in_our_name_is_a_conflict(release: Release) {
    let b = bench(release);
    b.lab.add_custom_field("discovered_at", "text", &[]);
    let fault = b.netbox.init().await.unwrap_err();
    assert!(fault.kind == Kind::Conflict && fault.what.contains("discovered_at"), "{fault}");
}

async fn many_calls_at_once_share_a_few_connections_and_all_are_answered(release: Release) {
    let b = bench(release);
    b.lab.set_think_time(Duration::from_millis(300));
    let calls = (0..100).map(|_| b.netbox.status(b.device));
    let started = tokio::time::Instant::now();
    let done = futures::future::join_all(calls).await;
    assert!(done.iter().all(Result::is_ok));
    let took = started.elapsed();
    assert!((Duration::from_millis(3_900)..Duration::from_millis(4_100)).contains(&took), "8 at a time: {took:?}");
}
