//! NIC MACs, cables and journal notes.

use super::*;

on_each_release! {
    macs_become_objects_and_then_primary_and_nothing_is_doubled,
    a_mac_of_another_device_is_a_conflict_and_nothing_is_written,
    the_plan_has_all_but_management_interfaces_and_a_planned_cable_is_no_connected_one,
    proven_cables_are_confirmed_or_made_and_a_second_run_changes_nothing,
    what_stands_in_a_cables_way_is_told_and_the_other_cables_are_made,
    notes_are_written_in_one_request_and_found_by_their_keys,
    a_long_journal_is_read_page_by_page,
    a_switch_is_found_with_and_without_its_domain,
}

async fn macs_become_objects_and_then_primary_and_nothing_is_doubled(release: Release) {
    let b = bench(release);
    let (eth0, eth1) = (b.nic("eth0"), b.nic("eth1"));
    let other = Mac([0x94, 0x40, 0xC9, 0, 1, 2]);
    b.lab.add_mac(other, None);
    for _ in 0..2 {
        b.netbox.write_macs(b.device, &[(eth0, NIC), (eth1, other)]).await.unwrap();
    }
    assert_eq!((b.lab.primary_mac(eth0), b.lab.primary_mac(eth1)), (Some(NIC), Some(other)));
    assert_eq!((b.lab.mac_count(NIC), b.lab.mac_count(other)), (1, 1), "an unassigned object is reused");
    let plan = b.netbox.cabling_plan(b.device).await.unwrap();
    assert_eq!(plan.interfaces.iter().map(|i| i.mac).collect::<Vec<_>>(), [Some(NIC), Some(other)]);
}

async fn a_mac_of_another_device_is_a_conflict_and_nothing_is_written(release: Release) {
    let b = bench(release);
    let other = b.lab.add_device(&DeviceSpec {
        nics: vec![("eth0".into(), None)],
        ..DeviceSpec::offline("srv2", "CZ2", Mac([2; 6]))
    });
    b.lab.add_mac(NIC, b.lab.interface_id(other, "eth0"));
    let fresh = Mac([0x94, 0x40, 0xC9, 0, 1, 2]);
    let fault = b.netbox.write_macs(b.device, &[(b.nic("eth1"), fresh), (b.nic("eth0"), NIC)]).await.unwrap_err();
    assert_eq!(fault.kind, Kind::Conflict);
    assert!(fault.what.contains("srv2 eth0"), "{fault}");
    assert_eq!(b.lab.mac_count(fresh), 0);
}

async fn the_plan_has_all_but_management_interfaces_and_a_planned_cable_is_no_connected_one(release: Release) {
    let b = bench(release);
    let plan = b.netbox.cabling_plan(b.device).await.unwrap();
    let ends: Vec<_> = plan.interfaces.iter().map(|i| (i.name.as_str(), i.peer.clone())).collect();
    assert_eq!(ends, [("eth0", Some(port("Eth1"))), ("eth1", None)]);
    let cables = b.netbox.cables(b.device).await.unwrap();
    assert_eq!(cables[0].cable.map(|c| c.connected), Some(false));
    assert_eq!(cables[1].cable, None);
}

async fn proven_cables_are_confirmed_or_made_and_a_second_run_changes_nothing(release: Release) {
    let b = bench(release);
    let (eth0, eth1) = (b.nic("eth0"), b.nic("eth1"));
    // A switch's name may come in another case by LLDP.
    let far = Port { switch: Text::new("SW1"), port: Text::new("Eth2") };
    for _ in 0..2 {
        b.netbox.connect_cables(b.device, &[(eth0, port("Eth1")), (eth1, far.clone())]).await.unwrap();
    }
    let cables = b.netbox.cables(b.device).await.unwrap();
    assert!(cables.iter().all(|i| i.cable.is_some_and(|c| c.connected)));
    assert_eq!(cables[1].interface.peer, Some(port("Eth2")));
    assert_eq!(b.lab.cable_count(), 2);
}

async fn what_stands_in_a_cables_way_is_told_and_the_other_cables_are_made(release: Release) {
    let b = bench(release);
    let (eth0, eth1) = (b.nic("eth0"), b.nic("eth1"));
    let other = b.lab.add_device(&DeviceSpec {
        nics: vec![("eth0".into(), Some(port("Eth3")))],
        ..DeviceSpec::offline("srv2", "CZ2", Mac([2; 6]))
    });
    let fault = b.netbox.connect_cables(b.device, &[(eth1, port("Eth3")), (eth0, port("Eth1"))]).await.unwrap_err();
    assert_eq!(fault.kind, Kind::Conflict);
    let (held, _) = b.lab.cable_of(b.lab.interface_id(other, "eth0").unwrap()).unwrap();
    assert!(fault.what.contains(&format!("#{held}")) && fault.what.contains("srv2 eth0"), "{fault}");
    assert_eq!(b.lab.cable_of(eth0).unwrap().1, "connected");
    let fault = b.netbox.connect_cables(b.device, &[(eth0, port("Eth4"))]).await.unwrap_err();
    assert!(fault.kind == Kind::Conflict && fault.what.contains("sw1 Eth1"), "{fault}");
    let nowhere = Port { switch: Text::new("sw9"), port: Text::new("Eth1") };
    for (far, text) in [(nowhere, "no switch sw9"), (port("Eth9"), "no interface Eth9")] {
        let fault = b.netbox.connect_cables(b.device, &[(eth1, far)]).await.unwrap_err();
        assert_eq!(fault.kind, Kind::Rejected);
        assert!(fault.what.contains(text) && !fault.advice.is_empty(), "{fault}");
    }
    let both = [(eth1, port("Eth4")), (b.bmc, port("Eth4"))];
    assert_eq!(kind(b.netbox.connect_cables(b.device, &both).await), Kind::Conflict);
    assert_eq!(b.lab.cable_of(eth1).unwrap().1, "connected");
}

// Notes.

async fn notes_are_written_in_one_request_and_found_by_their_keys(release: Release) {
    let b = bench(release);
    let long = "x".repeat(3_000);
    let notes = [note(1, "lease seen"), note(12, &long)];
    let keys: Vec<Text> = [1, 12, 2].map(|n| note(n, "").key).to_vec();
    assert_eq!(b.netbox.notes_present(b.device, &keys).await, Ok(BTreeSet::new()));
    for _ in 0..2 {
        b.netbox.add_notes(b.device, &notes).await.unwrap();
    }
    let present = b.netbox.notes_present(b.device, &keys).await.unwrap();
    assert_eq!(present, [notes[0].key.clone(), notes[1].key.clone()].into());
    let there = b.lab.notes_of(b.device);
    assert_eq!((there.len(), there[0].1.as_str()), (2, "lease seen [rackhand fra1/1]"));
    assert_eq!(kind(b.netbox.add_notes(9_999, &[note(5, "gone")]).await), Kind::Gone);
}

async fn a_long_journal_is_read_page_by_page(release: Release) {
    let b = bench(release);
    let notes: Vec<Note> = (0..450).map(|n| note(n, "tick")).collect();
    b.netbox.add_notes(b.device, &notes).await.unwrap();
    let keys: Vec<Text> = notes.iter().map(|n| n.key.clone()).collect();
    let before = b.lab.requests();
    assert_eq!(b.netbox.notes_present(b.device, &keys).await.unwrap().len(), 450);
    assert_eq!(b.lab.requests() - before, 3);
}

async fn a_switch_is_found_with_and_without_its_domain(release: Release) {
    for (in_netbox, by_lldp) in [
        ("sw9", "SW9.fra1.example.net"),
        ("sw9.fra1.example.net", "SW9"),
        ("Sw9.fra1.example.net", "sw9.FRA1.example.net."),
    ] {
        let b = bench(release);
        b.lab.add_switch(in_netbox, &["Eth1"]);
        // One whose name only begins alike.
        b.lab.add_switch("sw90", &["Eth1"]);
        let heard = Port { switch: by_lldp.into(), port: "Eth1".into() };
        for _ in 0..2 {
            b.netbox.connect_cables(b.device, &[(b.nic("eth1"), heard.clone())]).await.unwrap();
        }
        let seen = b.netbox.cables(b.device).await.unwrap();
        assert!(seen[1].interface.peer.as_ref().is_some_and(|p| p.switch.as_str() == in_netbox && p.is(&heard)));
        assert_eq!(b.lab.cable_count(), 2);
    }
    let b = bench(release);
    b.lab.add_switch("sw9.fra1.example.net", &["Eth1"]);
    let heard = Port { switch: "sw9.waw1.example.net".into(), port: "Eth1".into() };
    let fault = b.netbox.connect_cables(b.device, &[(b.nic("eth1"), heard)]).await.unwrap_err();
    assert_eq!(fault.kind, Kind::Rejected, "another domain is another switch");
}
