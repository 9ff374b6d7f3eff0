//! The inventory as a whole, by GraphQL and over REST; what changed; one device with its cables.

use rackhand_core::inventory::listed::{Changes, Delta, Inventory};

use super::*;

on_each_release! {
    the_whole_site_is_read_with_its_interfaces_and_macs,
    thousands_of_devices_take_few_requests,
    what_changed_is_read_again_and_nothing_else,
    what_many_devices_have_in_common_is_a_reason_to_read_everything,
    a_snapshot_has_all_that_a_units_steps_look_at,
    an_inventory_in_use_is_read_with_every_worker_failing_once,
}

#[tokio::test(start_paused = true)]
async fn a_list_that_is_cut_in_silence_is_never_taken_for_the_whole() {
    for release in [Release::V4_6, Release::V4_7] {
        let b = bench(release);
        let names: Vec<String> = (0..60).map(|n| format!("eth{n}")).collect();
        b.lab.add_device(&DeviceSpec {
            nics: names.iter().map(|n| (n.clone(), None)).collect(),
            ..DeviceSpec::offline("wide", "CZ2", Mac([2; 6]))
        });
        for n in 0..30 {
            b.lab.add_device(&DeviceSpec::offline(&format!("more{n}"), "", Mac([4, 0, 0, 0, 0, n])));
        }
        let whole = b.netbox.read_all(&site()).await.unwrap();
        b.lab.set_largest_page(7);
        let cut = b.netbox.read_all(&site()).await.unwrap();
        assert_eq!(cut, whole, "pages of 7 devices, 7 interfaces nested");
        assert_eq!(whole.devices.len(), 33);
        assert_eq!(whole.with_mac(Mac([2; 6])).next().unwrap().interfaces.len(), 61);
    }
}

#[tokio::test(start_paused = true)]
async fn a_release_that_refuses_our_queries_is_not_asked_again_until_it_is_another() {
    let b = bench(Release::V4_2);
    let count = || b.lab.requests();
    b.netbox.read_all(&site()).await.unwrap();
    let before = count();
    b.netbox.read_all(&site()).await.unwrap();
    assert_eq!(count() - before, 3, "newest change, devices, interfaces");
    b.lab.upgrade(Release::V4_7);
    b.netbox.status(b.device).await.unwrap();
    let before = count();
    b.netbox.device_snapshot(b.device).await.unwrap();
    assert_eq!(count() - before, 1, "one query");
}

/// Fails each query as a database that is away does, with an error that has a place in the data.
struct Stumbling(Arc<Lab>);

impl Host for Stumbling {
    fn answer(&self, request: &Request, now: Timestamp) -> Reply {
        let whole = self.0.answer(request, now);
        if !request.path.contains("graphql") {
            return whole;
        }
        let error = json!({ "message": "the connection is closed", "path": ["device_list"] });
        Reply::json(StatusCode::OK, &json!({ "data": null, "errors": [error] }))
    }
}

#[tokio::test(start_paused = true)]
async fn a_query_that_failed_once_is_made_over_rest_and_tried_again_the_next_time() {
    let b = bench(Release::V4_6);
    let (netbox, faults, _) = adapter(Arc::new(Stumbling(b.lab.clone())), token(Release::V4_6));
    let there = b.netbox.read_all(&site()).await.unwrap();
    assert_eq!(netbox.read_all(&site()).await.unwrap(), there);
    drop(faults);
    let before = b.lab.requests();
    netbox.device_snapshot(b.device).await.unwrap();
    assert_eq!(b.lab.requests() - before, 3, "the query and two reads");
}

async fn the_whole_site_is_read_with_its_interfaces_and_macs(release: Release) {
    let b = bench(release).with_fields();
    b.netbox.write_status(b.device, &staged()).await.unwrap();
    b.netbox.assign_bmc_address(b.device, b.bmc, ip("10.20.0.5")).await.unwrap();
    b.netbox.write_macs(b.device, &[(b.nic("eth0"), NIC)]).await.unwrap();
    b.lab.add_mac(Mac([2; 6]), Some(b.nic("eth0")));
    b.lab.add_device(&DeviceSpec { site: "waw1".into(), ..DeviceSpec::offline("far", "CZ9", Mac([6; 6])) });
    let read = b.netbox.read_all(&site()).await.unwrap();
    assert_eq!(read.devices.len(), 2, "the switch and the server; not the other site's");
    let device = &read.devices[&b.device];
    assert_eq!((device.label().as_str(), device.serial.as_deref()), ("srv1", Some("CZ1")));
    assert_eq!((device.status.as_str(), device.lifecycle_state.as_deref()), ("staged", Some("staged")));
    assert_eq!(device.tenant.as_deref(), Some(STAGING_TENANT));
    assert_eq!(device.stamps[&Text::new("discovered_at")].as_str(), "2026-11-18T11:06:40Z");
    assert_eq!((device.place().as_deref(), device.half_units), (Some("R01 U10"), Some(20)));
    assert_eq!((device.face.as_deref(), device.oob_address), (Some("front"), Some(ip("10.20.0.5"))));
    let interfaces: Vec<_> = device.interfaces.iter().map(|i| (i.name.as_str(), i.mgmt_only, i.primary)).collect();
    assert_eq!(interfaces, [("bmc", true, Some(BMC)), ("eth0", false, Some(NIC)), ("eth1", false, None)]);
    assert_eq!(device.macs().collect::<Vec<_>>(), [BMC, NIC, Mac([2; 6])]);
    assert_eq!(device.bmc().map(|i| i.id), Some(b.bmc));
    assert_eq!(kind(b.netbox.read_all(&SiteId::new("nowhere")).await), Kind::Rejected);
}

/// So many devices with three interfaces each.
fn fleet(lab: &Lab, devices: u32) {
    for n in 0..devices {
        let [_, a, b, c] = n.to_be_bytes();
        lab.add_device(&DeviceSpec {
            nics: vec![("eth0".into(), None), ("eth1".into(), None)],
            ..DeviceSpec::offline(&format!("srv-{n}"), &format!("CZ{n}"), Mac([2, 0, 1, a, b, c]))
        });
    }
}

async fn thousands_of_devices_take_few_requests(release: Release) {
    let lab = Arc::new(Lab::of(release));
    lab.add_token(TOKEN, true);
    lab.add_token(V1, true);
    fleet(&lab, 2_500);
    let (netbox, _, _) = adapter(lab.clone(), token(release));
    let read = netbox.read_all(&site()).await.unwrap();
    assert_eq!((read.devices.len(), read.interfaces()), (2_500, 7_500));
    // The newest change; then three pages and an empty one, or a refused query and 3 + 8 pages.
    assert_eq!(lab.requests(), if release == Release::V4_2 { 1 + 1 + 3 + 8 } else { 1 + 4 });
    let before = lab.requests();
    assert!(matches!(netbox.changed_since(&read).await, Ok(Changes::Some(delta)) if delta.changed.is_empty()));
    assert_eq!(lab.requests() - before, 1, "nothing changed");
}

async fn delta(b: &Bench, known: &Inventory) -> Delta {
    match b.netbox.changed_since(known).await.unwrap() {
        Changes::Some(delta) => delta,
        Changes::Read(why) => panic!("{why}"),
    }
}

async fn what_changed_is_read_again_and_nothing_else(release: Release) {
    let b = bench(release).with_fields();
    let gone = b.lab.add_device(&DeviceSpec::offline("gone", "CZ3", Mac([3; 6])));
    b.lab.add_device(&DeviceSpec::offline("quiet", "CZ4", Mac([4; 6])));
    let mut known = b.netbox.read_all(&site()).await.unwrap();
    let now = Timestamp::from_secs(1_795_000_100);
    b.netbox.write_status(b.device, &staged()).await.unwrap();
    b.lab.remove_device(gone, now);
    let before = b.lab.requests();
    let changes = delta(&b, &known).await;
    assert_eq!(b.lab.requests() - before, 2, "the change log, and the device");
    assert_eq!(changes.changed.iter().map(|d| d.id).collect::<Vec<_>>(), [b.device]);
    assert_eq!(changes.gone, [gone]);
    known.apply(changes);
    assert_eq!(known.devices, b.netbox.read_all(&site()).await.unwrap().devices);
    // A MAC is an object of its own, and so is an address; neither touches the device.
    b.netbox.write_macs(b.device, &[(b.nic("eth1"), NIC)]).await.unwrap();
    b.netbox.assign_bmc_address(b.device, b.bmc, ip("10.20.0.5")).await.unwrap();
    let interface = json!({ "device": b.device, "name": "eth9", "type": "other" });
    b.post("dcim/interfaces/", &interface);
    let before = b.lab.requests();
    let changes = delta(&b, &known).await;
    assert!(b.lab.requests() - before <= if release == Release::V4_2 { 3 } else { 2 });
    known.apply(changes);
    assert_eq!(known.devices, b.netbox.read_all(&site()).await.unwrap().devices);
    assert_eq!(known.devices[&b.device].interfaces.len(), 4);
    let before = b.lab.requests();
    assert_eq!(delta(&b, &known).await.changed, []);
    assert_eq!(b.lab.requests() - before, 1, "what was seen is not read again");
}

impl Bench {
    fn post(&self, path: &str, body: &Value) {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", HeaderValue::from_str(&format!("Token {V1}")).unwrap());
        let (path, body) = (format!("/api/{path}"), body.to_string().into());
        let request = Request { method: Method::POST, path, query: String::new(), headers, body };
        let reply = self.lab.answer(&request, Timestamp::from_secs(1_795_000_200));
        assert_eq!(reply.status, StatusCode::CREATED, "{:?}", reply.body);
    }
}

async fn what_many_devices_have_in_common_is_a_reason_to_read_everything(release: Release) {
    let b = bench(release).with_fields();
    let known = b.netbox.read_all(&site()).await.unwrap();
    b.post("tenancy/tenants/", &json!({ "name": "acme", "slug": "acme" }));
    assert!(matches!(b.netbox.changed_since(&known).await, Ok(Changes::Read(why)) if why.contains("tenant")));
    let blind = Inventory { as_of: None, ..known };
    assert!(matches!(b.netbox.changed_since(&blind).await, Ok(Changes::Read(_))));
    let many = bench(release);
    fleet(&many.lab, 250);
    let known = many.netbox.read_all(&site()).await.unwrap();
    let writes: Vec<_> = known
        .devices
        .keys()
        .map(|id| (*id, StatusWrite { lifecycle_state: None, stamps: vec![], tenant: TenantWrite::Keep, ..staged() }))
        .collect();
    assert!(many.netbox.write_statuses(&writes).await.iter().all(Result::is_ok));
    assert!(matches!(many.netbox.changed_since(&known).await, Ok(Changes::Read(why)) if why.contains("devices")));
}

async fn a_snapshot_has_all_that_a_units_steps_look_at(release: Release) {
    let b = bench(release).with_fields();
    b.netbox.write_status(b.device, &staged()).await.unwrap();
    b.netbox.assign_bmc_address(b.device, b.bmc, ip("10.20.0.5")).await.unwrap();
    let (eth0, eth1) = (b.nic("eth0"), b.nic("eth1"));
    b.netbox.device_snapshot(b.device).await.unwrap();
    b.netbox.connect_cables(b.device, &[(eth1, port("Eth2"))]).await.unwrap();
    let before = b.lab.requests();
    let snapshot = b.netbox.device_snapshot(b.device).await.unwrap();
    assert_eq!(b.lab.requests() - before, if release == Release::V4_2 { 2 } else { 1 });
    let held = b.netbox.status(b.device).await.unwrap();
    assert_eq!((snapshot.device.status.clone(), snapshot.device.tenant.clone()), (held.status, held.tenant));
    assert_eq!(snapshot.device.lifecycle_state, held.lifecycle_state);
    assert_eq!(snapshot.device.oob_address, b.netbox.bmc_address(b.device, b.bmc).await.unwrap());
    for reading in b.netbox.cables(b.device).await.unwrap() {
        let seen = snapshot.cables.get(&reading.interface.id);
        assert_eq!(seen.map(|c| (c.id, c.connected)), reading.cable.map(|c| (c.id, c.connected)));
        assert_eq!(seen.and_then(|c| c.peer.clone()), reading.interface.peer);
    }
    assert_eq!((snapshot.cables[&eth0].connected, snapshot.cables[&eth1].connected), (false, true));
    assert_eq!(kind(b.netbox.device_snapshot(9_999).await), Kind::Gone);
}

async fn an_inventory_in_use_is_read_with_every_worker_failing_once(release: Release) {
    let b = bench(release);
    b.netbox.read_all(&site()).await.unwrap();
    b.lab.restart_database(6);
    // The first call of it fails, as any single read does; its caller tries again.
    for n in 0..7 {
        match b.netbox.read_all(&site()).await {
            Ok(read) => return assert_eq!(read.devices.len(), 2),
            Err(fault) => assert!(fault.kind == Kind::Transient && n < 6, "{fault}"),
        }
    }
    panic!("never read");
}
