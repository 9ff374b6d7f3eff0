//! What servers have that no recorded one has: many drives and cards, cards listed twice, licences in an older place,
//! tags on everything.

use std::sync::Arc;
use std::time::Duration;

use rackhand_adapters::port::clock::Clock;
use rackhand_adapters::redfish::Redfish;
use rackhand_core::bmc::reading::{BmcReading, Section};
use rackhand_core::fault::Kind;
use rackhand_core::mac::Mac;
use rackhand_lab::bmc::Personality::{self, Idrac9, Idrac10, Ilo5, Ilo6, Ilo7};
use rackhand_lab::bmc::{Fitted, LabBmc, Late, Spec};
use rackhand_lab::front::{Network, Station};
use rackhand_lab::host::{Host, Request};
use reqwest::header::{HeaderMap, HeaderValue, IF_MATCH};
use reqwest::{Method, StatusCode};

use crate::bed::{ADDRESS, ALL, AUTHORITY, Bed, EPOCH, Job, MAC, PIN, failed};

async fn fitted(personality: Personality, fitted: Fitted) -> Bed {
    Bed::with(personality, |spec| (spec.running, spec.fitted) = (true, fitted)).await
}

async fn read(bed: &Bed, section: Section) -> BmcReading {
    bed.redfish.read_all(&bed.at, &bed.credentials, &[section]).await.unwrap()
}

fn left_out(read: &BmcReading) -> Vec<String> {
    read.unread.iter().map(|u| format!("{}: {}", u.what, u.fault)).collect()
}

#[tokio::test(start_paused = true)]
async fn sixteen_nvme_drives_are_read_beside_sixteen_of_a_raid_controller() {
    for personality in ALL {
        for expands in [true, false] {
            let bed = fitted(personality, Fitted::full()).await;
            bed.bmc.behave(|b| b.no_expand = !expands);
            let read = read(&bed, Section::Inventory).await;
            let drives = read.inventory.as_ref().unwrap().drives.iter();
            let protocols: Vec<&str> = drives.filter_map(|d| d.protocol.as_deref()).collect();
            let count = |protocol: &str| protocols.iter().filter(|p| **p == protocol).count();
            assert_eq!((count("SATA"), count("NVMe")), (16, 16), "{personality:?}");
            assert_eq!(left_out(&read), [""; 0], "{personality:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn every_card_and_every_port_of_a_full_server_is_read() {
    for personality in ALL {
        let bed = fitted(personality, Fitted { cards: 40, ..Fitted::default() }).await;
        let read = read(&bed, Section::Inventory).await;
        let adapters = &read.inventory.as_ref().unwrap().adapters;
        let ports = adapters.iter().map(|a| a.ports.len()).sum::<usize>();
        assert_eq!((adapters.len(), ports), (41, 2 + 40 * 4), "{personality:?}");
        assert_eq!(left_out(&read), [""; 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn every_partition_of_a_nic_has_its_mac_read() {
    for personality in ALL {
        let bed = Bed::with(personality, |spec| {
            spec.running = true;
            let partition = |n: u8| Mac([0x94, 0x40, 0xC9, 2, 0, n]);
            spec.nics = (0..64).map(partition).collect();
        })
        .await;
        let read = bed.redfish.read_system(&bed.at, &bed.credentials).await.unwrap();
        assert_eq!(read.nics, bed.bmc.spec().nics, "{personality:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_limit_leaves_out_is_said_beside_the_reading() {
    let bed = fitted(Ilo6, Fitted { nvme: 200, ..Fitted::default() }).await;
    let read = read(&bed, Section::Inventory).await;
    assert_eq!(read.inventory.as_ref().unwrap().drives.len(), 2 + 127);
    let said = left_out(&read);
    assert!(said.len() == 1 && said[0].contains("it lists 201, of which the first 128 were read"), "{said:?}");
}

#[tokio::test(start_paused = true)]
async fn an_infiniband_card_that_ilo_lists_twice_is_one_card_with_its_addresses() {
    for personality in [Ilo5, Ilo6, Ilo7] {
        let bed = fitted(personality, Fitted { infiniband: 2, ..Fitted::default() }).await;
        let read = read(&bed, Section::Inventory).await;
        let adapters = read.inventory.unwrap().adapters;
        let serials: Vec<&str> = adapters.iter().map(|a| a.serial.as_deref().unwrap()).collect();
        assert_eq!(serials, ["ILC220027S", "IBHDR000001", "IBHDR000002"], "{personality:?}");
        for card in &adapters[1..] {
            let macs: Vec<usize> = card.ports.iter().map(|p| p.macs.len()).collect();
            assert_eq!(macs, [1, 1], "{personality:?}: {card:?}");
        }
    }
}

async fn old_idrac() -> Bed {
    let old = |spec: &mut Spec| {
        spec.running = true;
        "6.00.30.00".clone_into(&mut spec.firmware);
    };
    Bed::with(Idrac9, old).await
}

#[tokio::test(start_paused = true)]
async fn licences_of_an_idrac_of_firmware_6_are_in_its_managers_oem_part() {
    for bed in [old_idrac().await, fitted(Idrac9, Fitted::default()).await] {
        let read = read(&bed, Section::Identity).await;
        let licences = &read.identity.as_ref().unwrap().licences;
        let names: Vec<&str> = licences.iter().filter_map(|l| l.name.as_deref()).collect();
        assert_eq!((names, left_out(&read)), (vec!["iDRAC9 15g Enterprise License"], vec![]));
    }
}

#[tokio::test(start_paused = true)]
async fn licences_that_are_listed_nowhere_are_unknown_and_not_none() {
    for (personality, places) in [(Ilo6, vec!["LicenseService"]), (Idrac10, vec!["LicenseService", "DellLicenses"])] {
        let bed = fitted(personality, Fitted::default()).await;
        for place in places {
            bed.refuse(Method::GET, place, 404, "", u32::MAX);
        }
        let read = read(&bed, Section::Identity).await;
        assert!(read.identity.as_ref().unwrap().licences.is_empty());
        let said = left_out(&read);
        assert!(said.len() == 1 && said[0].starts_with("licences: "), "{personality:?}: {said:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_idrac_of_firmware_6_is_booted_and_found_by_what_it_has() {
    let bed = old_idrac().await;
    bed.run(Job::Arm).await.unwrap();
    assert!(bed.armed().await);
    let boot = read(&bed, Section::Boot).await.boot.unwrap();
    assert_eq!((boot.progress, boot.on_settings), (None, false));
    bed.redfish.locate(&bed.at, &bed.credentials, true).await.unwrap();
    assert!(bed.bmc.switched().0);
}

/// A change sent by hand, under a tag or none.
fn change(bed: &Bed, token: &str, path: &str, tag: Option<&str>, body: &str) -> StatusCode {
    let mut headers = HeaderMap::new();
    headers.insert("x-auth-token", HeaderValue::from_str(token).unwrap());
    headers.extend(tag.map(|tag| (IF_MATCH, HeaderValue::from_str(tag).unwrap())));
    let (path, body) = (path.to_owned(), body.to_owned().into());
    bed.bmc.answer(&Request { method: Method::PATCH, path, query: String::new(), headers, body }, EPOCH).status
}

fn token(bed: &Bed) -> String {
    let body = format!(r#"{{"UserName":"{}","Password":"{}"}}"#, bed.bmc.spec().user, bed.bmc.spec().password);
    let path = "/redfish/v1/SessionService/Sessions".to_owned();
    let headers = HeaderMap::new();
    let login = Request { method: Method::POST, path, query: String::new(), headers, body: body.into() };
    bed.bmc.answer(&login, EPOCH).headers["x-auth-token"].to_str().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn every_change_on_ilo_may_meet_a_stale_tag_or_be_refused_without_one() {
    for personality in [Ilo5, Ilo6, Ilo7] {
        let bed = fitted(personality, Fitted::default()).await;
        let token = token(&bed);
        let changes = [
            (
                "/redfish/v1/Systems/1",
                r#"{"Boot":{"BootSourceOverrideTarget":"Pxe","BootSourceOverrideEnabled":"Once"}}"#,
            ),
            ("/redfish/v1/Chassis/1", r#"{"LocationIndicatorActive":true}"#),
            ("/redfish/v1/Chassis/1/Power", r#"{"PowerControl":[{"PowerLimit":{"LimitInWatts":400}}]}"#),
        ];
        for (path, body) in changes {
            let stale = change(&bed, &token, path, Some("W/\"00000000\""), body);
            assert_eq!(stale, StatusCode::PRECONDITION_FAILED, "{personality:?} {path}");
        }
        bed.bmc.behave(|b| b.wants_if_match = true);
        for (path, body) in changes {
            let blind = change(&bed, &token, path, None, body);
            assert_eq!(blind, StatusCode::PRECONDITION_REQUIRED, "{personality:?} {path}");
        }
        // The adapter sends the tag that it has read.
        bed.run(Job::Arm).await.unwrap();
        bed.redfish.locate(&bed.at, &bed.credentials, true).await.unwrap();
        bed.redfish.cap_power(&bed.at, &bed.credentials, Some(400)).await.unwrap();
        assert_eq!((bed.bmc.switched(), bed.counters().armed), ((true, Some(400)), 1), "{personality:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_collection_that_is_not_found_when_its_members_are_asked_for_is_read_one_by_one() {
    for personality in ALL {
        let bed = fitted(personality, Fitted::default()).await;
        bed.bmc.behave(|b| b.expand_gone = vec!["/Processors".to_owned(), "/Storage".to_owned()]);
        let inventory = read(&bed, Section::Inventory).await.inventory.unwrap();
        assert_eq!((inventory.processors.len(), inventory.drives.len()), (2, 2), "{personality:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_controller_has_its_address_minutes_before_it_answers_and_so_after_each_cold_start() {
    for silent in [false, true] {
        let clock = Clock::scaled(EPOCH, 1.0);
        let late = Late { by: Duration::from_mins(2), silent };
        let bmc = Arc::new(LabBmc::new(Spec { late, ..Spec::new(Ilo6, "CZ2D1X0GK7", MAC) }));
        let network = Network::default();
        let (host, faults) = (Arc::clone(&bmc) as Arc<dyn Host>, Arc::default());
        network.attach(AUTHORITY, Station { host, faults, clock: clock.clone(), certificate: Some(PIN) });
        let redfish = Redfish::new(Arc::new(network), clock.clone(), 443);
        for answered in 1..=2 {
            failed(redfish.identify(ADDRESS, None).await, Kind::Transient);
            clock.sleep(Duration::from_secs(100)).await;
            failed(redfish.identify(ADDRESS, None).await, Kind::Transient);
            clock.sleep(Duration::from_secs(20)).await;
            redfish.identify(ADDRESS, None).await.unwrap();
            assert_eq!(bmc.counters(clock.now()).requests, answered, "silent: {silent}");
            bmc.cold_start();
        }
    }
}

#[test]
fn most_controllers_of_a_fleet_come_up_late_by_minutes_and_each_always_alike() {
    let fleet: Vec<Late> = (0..=255).map(|n| Late::of(Mac([0x94, 0x40, 0xC9, 0x10, 0, n]))).collect();
    let late: Vec<&Late> = fleet.iter().filter(|l| !l.by.is_zero()).collect();
    assert!((128..=240).contains(&late.len()), "{} of 256 are late", late.len());
    assert!(late.iter().all(|l| (45..=360).contains(&l.by.as_secs())), "{late:?}");
    let silent = late.iter().filter(|l| l.silent).count();
    assert!((late.len() / 4..=late.len() * 3 / 4).contains(&silent), "{silent} of {} are silent", late.len());
    assert_eq!(Late::of(MAC), Late::of(MAC));
}
