//! Many devices in one request.

use std::collections::BTreeMap;

use super::*;

on_each_release! {
    fifty_macs_are_looked_up_in_two_requests,
    statuses_are_written_a_hundred_at_a_time_and_only_where_they_differ,
    a_bad_device_does_not_keep_the_others,
    a_device_that_changes_under_a_bulk_write_is_written_singly,
    a_netbox_that_is_away_is_not_asked_for_each_device,
}

fn mac(n: u8) -> Mac {
    Mac([2, 0, 0, 0, 1, n])
}

fn racks(b: &Bench, devices: u8) -> Vec<u64> {
    let add = |n| b.lab.add_device(&DeviceSpec::offline(&format!("srv-{n}"), &format!("CZ{n}"), mac(n)));
    (0..devices).map(add).collect()
}

async fn fifty_macs_are_looked_up_in_two_requests(release: Release) {
    let b = bench(release);
    let devices = racks(&b, 48);
    let twice = b.lab.add_device(&DeviceSpec::offline("twin", "CZ99", mac(7)));
    let macs: Vec<Mac> = (0..50).map(mac).collect();
    let before = b.lab.requests();
    let found = b.netbox.devices_by_bmc_macs(&macs).await.unwrap();
    assert_eq!(b.lab.requests() - before, 2);
    assert_eq!(found.len(), 50);
    for n in 0..50 {
        match &found[&mac(n)] {
            Lookup::Several(ids) if n == 7 => assert_eq!(ids, &[devices[7], twice]),
            Lookup::Nobody => assert!(n >= 48, "{n}"),
            one => assert_eq!(*one, b.netbox.device_by_bmc_mac(mac(n)).await.unwrap(), "as the single call"),
        }
    }
    let many: Vec<Mac> = (0..=255).map(mac).collect();
    assert_eq!(b.netbox.devices_by_bmc_macs(&many).await.unwrap().len(), 256);
    assert_eq!(b.netbox.devices_by_bmc_macs(&[]).await.unwrap(), BTreeMap::new());
}

async fn statuses_are_written_a_hundred_at_a_time_and_only_where_they_differ(release: Release) {
    let b = bench(release).with_fields();
    let devices = racks(&b, 150);
    let writes: Vec<_> = devices.iter().map(|id| (*id, staged())).collect();
    let before = b.lab.requests();
    assert!(b.netbox.write_statuses(&writes).await.iter().all(Result::is_ok));
    assert_eq!(b.lab.requests() - before, 4, "a read and a write for each hundred");
    for id in &devices {
        assert_eq!(b.lab.status_of(*id).as_deref(), Some("staged"));
        assert_eq!(b.lab.tenant_of(*id).as_deref(), Some(STAGING_TENANT));
    }
    let before = b.lab.requests();
    assert!(b.netbox.write_statuses(&writes).await.iter().all(Result::is_ok));
    assert_eq!(b.lab.requests() - before, 2, "nothing differs any more");
}

async fn a_bad_device_does_not_keep_the_others(release: Release) {
    let b = bench(release).with_fields();
    let devices = racks(&b, 10);
    let mut writes: Vec<_> = devices.iter().map(|id| (*id, staged())).collect();
    writes[3].1.status = Text::new("nosuch");
    writes[5].0 = 9_999;
    writes.push((devices[0], StatusWrite { status: Text::new("active"), ..staged() }));
    for last in [false, true] {
        // With the same device twice, and without.
        let some = if last { &writes[..] } else { &writes[..10] };
        let done = b.netbox.write_statuses(some).await;
        for (n, outcome) in done.iter().enumerate() {
            match n {
                3 => assert_eq!(outcome.as_ref().unwrap_err().kind, Kind::Rejected),
                5 => assert_eq!(outcome.as_ref().unwrap_err().kind, Kind::Gone),
                _ => assert_eq!(*outcome, Ok(()), "{n}"),
            }
        }
        let status = if last { "active" } else { "staged" };
        assert_eq!(b.lab.status_of(devices[0]).as_deref(), Some(status));
    }
    assert_eq!(b.lab.status_of(devices[3]).as_deref(), Some("offline"));
    assert_eq!(b.lab.status_of(devices[9]).as_deref(), Some("staged"));
}

/// Somebody else writes to the device right before the first write comes in.
struct Meddler(Arc<Lab>, Mutex<bool>, u64);

impl Host for Meddler {
    fn answer(&self, request: &Request, now: Timestamp) -> Reply {
        let mut done = self.1.lock().unwrap();
        if request.method == Method::PATCH && !*done {
            *done = true;
            self.0.edit(self.2, &json!({ "custom_fields": { "owner_team": "ops" } }), now);
        }
        self.0.answer(request, now)
    }
}

async fn a_device_that_changes_under_a_bulk_write_is_written_singly(release: Release) {
    let b = bench(release).with_fields();
    b.lab.add_custom_field("owner_team", "text", &[]);
    let devices = racks(&b, 5);
    let meddler = Meddler(b.lab.clone(), Mutex::new(false), devices[2]);
    let (netbox, _, _) = adapter(Arc::new(meddler), token(release));
    let writes: Vec<_> = devices.iter().map(|id| (*id, staged())).collect();
    let before = b.lab.requests();
    assert!(netbox.write_statuses(&writes).await.iter().all(Result::is_ok));
    // Before 4.6 nobody notices; from then on the whole is refused and each is read and written by itself.
    assert_eq!(b.lab.requests() - before, if release == Release::V4_2 { 2 } else { 2 + 2 * 5 });
    for id in devices {
        assert_eq!(b.lab.status_of(id).as_deref(), Some("staged"));
    }
}

async fn a_netbox_that_is_away_is_not_asked_for_each_device(release: Release) {
    let b = bench(release).with_fields();
    let writes: Vec<_> = racks(&b, 250).into_iter().map(|id| (id, staged())).collect();
    b.lab.set_redis_down(true);
    let before = b.lab.requests();
    let done = b.netbox.write_statuses(&writes).await;
    assert!(done.len() == 250 && done.iter().all(|o| o.as_ref().unwrap_err().kind == Kind::Transient));
    assert_eq!(b.lab.requests() - before, 1);
    b.lab.set_redis_down(false);
    b.once(Method::PATCH, "dcim/devices", Effect::Answer(Fate::Lost));
    let done = b.netbox.write_statuses(&writes).await;
    assert!(done.iter().all(|o| o.as_ref().unwrap_err().kind == Kind::Unknown), "a lost answer is looked for");
    assert!(b.netbox.write_statuses(&writes).await.iter().all(Result::is_ok));
}
