//! Looking a device up; its address and status.

use super::*;

on_each_release! {
    a_bmc_mac_finds_its_device_with_all_that_c4_needs,
    an_unknown_or_unassigned_mac_is_nobodys_and_one_on_two_devices_is_an_error_of_the_inventory,
    an_address_is_made_with_the_mask_of_its_prefix_and_becomes_the_out_of_band_one,
    without_a_prefix_the_usual_mask_is_taken_but_never_one_that_makes_it_a_network_or_broadcast_address,
    an_address_that_moved_is_changed_in_place,
    an_unassigned_equal_address_is_reused_and_the_old_one_let_go,
    an_address_of_another_interface_is_a_conflict_that_names_it,
    a_released_address_is_left_unassigned_and_releasing_twice_does_no_harm,
    status_fields_and_tenant_are_written_once_and_other_fields_stay,
    a_status_a_field_or_a_tenant_that_is_missing_is_rejected_with_what_to_do,
    a_device_that_changed_meanwhile_is_read_again_and_written_once_more,
    a_status_that_was_taken_out_of_the_configuration_is_overwritten,
}

async fn a_bmc_mac_finds_its_device_with_all_that_c4_needs(release: Release) {
    let b = bench(release).with_fields();
    b.netbox.assign_bmc_address(b.device, b.bmc, ip("10.20.0.5")).await.unwrap();
    let Lookup::One(found) = b.netbox.device_by_bmc_mac(BMC).await.unwrap() else { panic!("not one device") };
    assert_eq!((found.id, found.bmc_interface), (b.device, b.bmc));
    assert_eq!((found.name.as_str(), found.serial.as_deref()), ("srv1", Some("CZ1")));
    assert_eq!((found.model.as_str(), found.site.as_str()), ("ProLiant DL360 Gen11", "fra1"));
    assert_eq!((found.place.as_deref(), found.status.as_str()), (Some("R01 U10"), "offline"));
    assert_eq!((found.lifecycle_state, found.tenant), (None, None));
    assert_eq!(found.oob_address, Some(ip("10.20.0.5")));
}

async fn an_unknown_or_unassigned_mac_is_nobodys_and_one_on_two_devices_is_an_error_of_the_inventory(release: Release) {
    let b = bench(release);
    let unassigned = Mac([2, 0, 0, 0, 0, 9]);
    b.lab.add_mac(unassigned, None);
    assert_eq!(b.netbox.device_by_bmc_mac(unassigned).await, Ok(Lookup::Nobody));
    assert_eq!(b.netbox.device_by_bmc_mac(Mac([2, 0, 0, 0, 0, 8])).await, Ok(Lookup::Nobody));
    // The same MAC again on the same interface is still one device.
    b.lab.add_mac(BMC, Some(b.bmc));
    assert!(matches!(b.netbox.device_by_bmc_mac(BMC).await, Ok(Lookup::One(_))));
    let other = b.lab.add_device(&DeviceSpec::offline("srv2", "CZ2", BMC));
    assert_eq!(b.netbox.device_by_bmc_mac(BMC).await, Ok(Lookup::Several(vec![b.device, other])));
}

// The address.

async fn an_address_is_made_with_the_mask_of_its_prefix_and_becomes_the_out_of_band_one(release: Release) {
    let b = bench(release);
    b.lab.add_prefix("10.0.0.0/8");
    b.lab.add_prefix("10.20.0.0/22");
    assert_eq!(b.netbox.bmc_address(b.device, b.bmc).await, Ok(None));
    for _ in 0..2 {
        b.netbox.assign_bmc_address(b.device, b.bmc, ip("10.20.0.5")).await.unwrap();
    }
    assert_eq!(b.lab.oob_of(b.device).as_deref(), Some("10.20.0.5/22"));
    assert_eq!(b.lab.addresses_on(b.bmc), ["10.20.0.5/22"]);
    assert_eq!(b.netbox.bmc_address(b.device, b.bmc).await, Ok(Some(ip("10.20.0.5"))));
    assert_eq!(b.netbox.bmc_address(b.device, b.nic("eth0")).await, Ok(None));
}

async fn without_a_prefix_the_usual_mask_is_taken_but_never_one_that_makes_it_a_network_or_broadcast_address(
    release: Release,
) {
    for (address, stored) in [
        ("10.20.0.5", "10.20.0.5/24"),
        ("10.20.0.255", "10.20.0.255/32"),
        ("10.20.1.0", "10.20.1.0/32"),
        ("fd00::5", "fd00::5/64"),
    ] {
        let b = bench(release);
        b.netbox.assign_bmc_address(b.device, b.bmc, ip(address)).await.unwrap();
        assert_eq!(b.lab.oob_of(b.device).as_deref(), Some(stored));
    }
}

async fn an_address_that_moved_is_changed_in_place(release: Release) {
    let b = bench(release);
    b.netbox.assign_bmc_address(b.device, b.bmc, ip("10.20.0.5")).await.unwrap();
    b.netbox.assign_bmc_address(b.device, b.bmc, ip("10.20.0.6")).await.unwrap();
    assert_eq!((b.lab.oob_of(b.device).as_deref(), b.lab.address_count()), (Some("10.20.0.6/24"), 1));
}

async fn an_unassigned_equal_address_is_reused_and_the_old_one_let_go(release: Release) {
    let b = bench(release);
    b.netbox.assign_bmc_address(b.device, b.bmc, ip("10.20.0.5")).await.unwrap();
    b.lab.add_ip("10.20.0.6/23", None);
    b.netbox.assign_bmc_address(b.device, b.bmc, ip("10.20.0.6")).await.unwrap();
    assert_eq!(b.lab.oob_of(b.device).as_deref(), Some("10.20.0.6/23"));
    assert_eq!((b.lab.addresses_on(b.bmc), b.lab.address_count()), (vec!["10.20.0.6/23".to_owned()], 2));
}

async fn an_address_of_another_interface_is_a_conflict_that_names_it(release: Release) {
    let b = bench(release);
    let other = b.lab.add_device(&DeviceSpec::offline("srv2", "CZ2", Mac([2; 6])));
    b.lab.add_ip("10.20.0.5/24", b.lab.interface_id(other, "bmc"));
    let fault = b.netbox.assign_bmc_address(b.device, b.bmc, ip("10.20.0.5")).await.unwrap_err();
    assert_eq!(fault.kind, Kind::Conflict);
    assert!(fault.what.contains("srv2 bmc"), "{fault}");
    assert_eq!(b.lab.oob_of(b.device), None);
}

async fn a_released_address_is_left_unassigned_and_releasing_twice_does_no_harm(release: Release) {
    let b = bench(release);
    b.netbox.assign_bmc_address(b.device, b.bmc, ip("10.20.0.5")).await.unwrap();
    for _ in 0..2 {
        b.netbox.release_bmc_address(b.device, b.bmc).await.unwrap();
    }
    assert_eq!((b.lab.oob_of(b.device), b.lab.addresses_on(b.bmc).len()), (None, 0));
    assert_eq!(b.lab.address_count(), 1);
    b.netbox.assign_bmc_address(b.device, b.bmc, ip("10.20.0.5")).await.unwrap();
    assert_eq!(b.lab.address_count(), 1);
}

// Status.

async fn status_fields_and_tenant_are_written_once_and_other_fields_stay(release: Release) {
    let b = bench(release).with_fields();
    b.lab.add_custom_field("owner_team", "text", &[]);
    for _ in 0..2 {
        b.netbox.write_status(b.device, &staged()).await.unwrap();
    }
    let found = b.netbox.status(b.device).await.unwrap();
    assert_eq!((found.status.as_str(), found.lifecycle_state.as_deref()), ("staged", Some("staged")));
    assert_eq!(found.tenant.as_deref(), Some(STAGING_TENANT));
    assert_eq!(b.lab.field_of(b.device, "discovered_at"), Some(json!("2026-11-18T11:06:40Z")));
    let before = b.lab.requests();
    b.netbox.write_status(b.device, &staged()).await.unwrap();
    assert_eq!(b.lab.requests() - before, 1, "a write that changes nothing is not sent");
    let clear = StatusWrite { tenant: TenantWrite::Clear, ..staged() };
    b.netbox.write_status(b.device, &clear).await.unwrap();
    assert_eq!(b.lab.tenant_of(b.device), None);
}

async fn a_status_a_field_or_a_tenant_that_is_missing_is_rejected_with_what_to_do(release: Release) {
    let b = bench(release);
    let plain = StatusWrite {
        status: Text::new("discovered"),
        lifecycle_state: None,
        stamps: Vec::new(),
        tenant: TenantWrite::Keep,
    };
    let fault = b.netbox.write_status(b.device, &plain).await.unwrap_err();
    assert_eq!(fault.kind, Kind::Rejected);
    assert!(fault.what.contains("discovered is not a valid choice") && fault.advice.contains("netbox init"), "{fault}");
    let field = StatusWrite { status: Text::new("staged"), lifecycle_state: Some("staged"), ..plain.clone() };
    let fault = b.netbox.write_status(b.device, &field).await.unwrap_err();
    assert!(fault.what.contains("Unknown field name 'lifecycle_state'"), "{fault}");
    let tenant = TenantWrite::Slug(Text::new("nobody"));
    let tenant = StatusWrite { status: Text::new("staged"), tenant, ..plain.clone() };
    assert_eq!(kind(b.netbox.write_status(b.device, &tenant).await), Kind::Rejected);
    b.lab.add_status("discovered", "Discovered");
    b.netbox.write_status(b.device, &plain).await.unwrap();
    assert_eq!(b.lab.status_of(b.device).as_deref(), Some("discovered"));
}

/// A NetBox on which somebody else writes to the device between our read and our write, so many times.
struct Meddler(Arc<Lab>, Mutex<u32>, u64);

impl Host for Meddler {
    fn answer(&self, request: &Request, now: Timestamp) -> Reply {
        let mut left = self.1.lock().unwrap();
        if request.method == Method::PATCH && *left > 0 {
            *left -= 1;
            self.0.set_status(self.2, "failed");
        }
        self.0.answer(request, now)
    }
}

async fn a_device_that_changed_meanwhile_is_read_again_and_written_once_more(release: Release) {
    // Before 4.6 nobody notices: the last one to write wins.
    let unprotected = release == Release::V4_2;
    for (times, written) in [(1, true), (2, unprotected)] {
        let b = bench(release).with_fields();
        let meddler = Arc::new(Meddler(b.lab.clone(), Mutex::new(times), b.device));
        let (netbox, _, _) = adapter(meddler, token(release));
        let done = netbox.write_status(b.device, &staged()).await;
        assert_eq!(done.is_ok(), written, "{done:?}");
        if let Err(fault) = done {
            assert_eq!(fault.kind, Kind::Transient, "nothing was written, and it may work later");
        }
        let status = if written { "staged" } else { "failed" };
        assert_eq!(b.lab.status_of(b.device).as_deref(), Some(status));
    }
}

async fn a_status_that_was_taken_out_of_the_configuration_is_overwritten(release: Release) {
    let b = bench(release).with_fields();
    b.lab.set_status(b.device, "quarantine");
    assert_eq!(b.netbox.status(b.device).await.unwrap().status.as_str(), "quarantine");
    b.netbox.write_status(b.device, &staged()).await.unwrap();
    assert_eq!(b.lab.status_of(b.device).as_deref(), Some("staged"));
}
