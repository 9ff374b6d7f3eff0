//! What is in a server and how it is cabled, held against NetBox and its plan.

use rackhand_core::boot::report::Nic;
use rackhand_core::event::{Event, LifeEvent};
use rackhand_core::inventory::Port;
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::lifecycle::task::TaskKind;
use rackhand_core::lifecycle::unit::Unit;
use rackhand_core::mac::Mac;
use rackhand_lab::bmc::Pace;

use super::Bench;

/// What was said when the hardware passed.
fn passed(events: &[Event]) -> String {
    let proof = events.iter().find_map(|e| match e {
        Event::Life(LifeEvent::StageEntered { to: Stage::PhysicalValidated, evidence, .. }) => {
            Some(evidence.note.to_string())
        }
        _ => None,
    });
    proof.unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn a_nic_that_netbox_lacks_is_made_there_with_its_mac_and_its_cable() {
    let spine = Port { switch: "spine-1".into(), port: "Ethernet9".into() };
    let b = Bench::fitted(1, |outside| {
        outside.netbox.add_switch("spine-1", &["Ethernet9"]);
        outside.fit = |_, hardware| {
            let neighbour = Some(Port { switch: "spine-1".into(), port: "Ethernet9".into() });
            let mac = Mac([0x3C, 0xEC, 0xEF, 9, 9, 9]);
            hardware.nics.push(Nic { name: "ens1f0".into(), mac, link: true, neighbour });
        };
    });
    b.lease(0).await;
    b.staged(0).await;
    let netbox = &b.outside.netbox;
    let made = netbox.interface_id(b.outside.servers[0].device, "ens1f0").unwrap();
    assert_eq!(netbox.primary_mac(made), Some(Mac([0x3C, 0xEC, 0xEF, 9, 9, 9])));
    assert_eq!(netbox.cable_of(made).map(|(_, status)| status).as_deref(), Some("connected"), "to {spine:?}");
}

#[tokio::test(start_paused = true)]
async fn a_nic_that_may_be_one_of_netboxs_interfaces_is_named_for_a_person() {
    let b = Bench::fitted(1, |outside| outside.fit = |_, hardware| hardware.nics[1].name = "ens1f1".into());
    let device = |b: &Bench| b.outside.servers[0].device;
    b.lease(0).await;
    b.until(0, Unit::is_blocked).await;
    let unit = b.unit(0).unwrap();
    let task = unit.tasks.iter().find(|(_, t)| t.kind == TaskKind::SettleInventory).map(|(_, t)| t.text.to_string());
    let task = task.unwrap();
    assert!(task.contains("ens1f1") && task.contains("eno2") && task.contains("MAC"), "{task}");
    assert_eq!(b.outside.netbox.interface_id(device(&b), "ens1f1"), None, "nothing is guessed");
}

#[tokio::test(start_paused = true)]
async fn where_there_is_no_cabling_plan_that_is_said_and_never_that_cables_match() {
    let mut b = Bench::with(1);
    let plugged = ["Ethernet7", "Ethernet8"].map(|port| Port { switch: "sw-x".into(), port: port.into() });
    b.outside.netbox.add_switch("sw-x", &["Ethernet7", "Ethernet8"]);
    b.outside.add_unplaced(1, "fra1", Pace::default(), &plugged);
    b.restart();
    b.lease(0).await;
    b.lease(1).await;
    b.staged(0).await;
    b.staged(1).await;
    let planned = passed(&b.events(0));
    assert!(planned.contains("2 cables as planned") && planned.contains("no order to hold"), "{planned}");
    let free = passed(&b.events(1));
    assert!(free.contains("no cabling plan") && !free.contains("as planned"), "{free}");
}

#[tokio::test(start_paused = true)]
async fn the_bmcs_own_port_is_held_against_its_plan_where_it_hears_its_switch() {
    let planned = |port: &str| Port { switch: "mgmt-1".into(), port: port.into() };
    // One of each maker; each BMC hears Ethernet1, and the third's cable is planned elsewhere.
    let b = Bench::fitted(3, |outside| {
        outside.hears = |_| Some(Port { switch: "mgmt-1".into(), port: "Ethernet1".into() });
        outside.netbox.add_switch("mgmt-1", &["Ethernet1", "Ethernet2", "Ethernet3"]);
    });
    for (n, port) in ["Ethernet1", "", "Ethernet2"].into_iter().enumerate().filter(|(_, port)| !port.is_empty()) {
        let bmc = b.outside.netbox.interface_id(b.outside.servers[n].device, "bmc").unwrap();
        b.outside.netbox.add_planned_cable(bmc, &planned(port));
    }
    for n in 0..3 {
        b.lease(n).await;
    }
    b.staged(0).await;
    b.staged(1).await;
    assert!(passed(&b.events(0)).contains("its BMC is in mgmt-1 Ethernet1 as planned"), "{}", passed(&b.events(0)));
    assert!(passed(&b.events(1)).contains("no plan for its BMC's cable"), "{}", passed(&b.events(1)));
    b.until(2, Unit::is_blocked).await;
    let unit = b.unit(2).unwrap();
    let (_, task) = &unit.tasks[0];
    assert_eq!(task.kind, TaskKind::FixCable);
    assert!(task.text.contains("its BMC") && task.text.contains("Ethernet2"), "{}", task.text);
}
