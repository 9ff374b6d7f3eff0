//! Every call against every controller, and the controllers' refusals.

use rackhand_adapters::redfish::{Credentials, Reset};
use rackhand_core::bmc::{Power, Vendor};
use rackhand_core::fault::Kind;
use rackhand_core::secret::Secret;
use rackhand_core::text::Text;
use rackhand_lab::bmc::Personality;
use reqwest::Method;

use crate::bed::{ADDRESS, ALL, AUTHORITY, Bed, Job, failed};

#[tokio::test(start_paused = true)]
async fn every_controller_says_what_it_is_without_a_login() {
    let told = [
        (Personality::Ilo5, Vendor::Hpe, "iLO 5", Some("3.11"), None),
        (Personality::Ilo6, Vendor::Hpe, "iLO 6", Some("1.66"), None),
        (Personality::Ilo7, Vendor::Hpe, "iLO 7", Some("1.12.00"), None),
        (Personality::Idrac9, Vendor::Dell, "iDRAC9", None, Some("CZ2D1X0GK7")),
        (Personality::Idrac10, Vendor::Dell, "iDRAC", None, Some("CZ2D1X0GK7")),
    ];
    for (personality, vendor, controller, firmware, serial) in told {
        let bed = Bed::new(personality).await;
        let identity = &bed.at.identity;
        assert_eq!((identity.vendor, identity.controller.as_str()), (vendor, controller));
        assert_eq!(identity.firmware.as_deref(), firmware);
        assert_eq!(identity.serial.as_deref(), serial);
        assert_eq!(bed.counters().logins_ok + bed.counters().logins_bad, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_reading_tells_serial_model_power_and_macs_in_our_words() {
    for personality in ALL {
        let bed = Bed::with(personality, |spec| spec.running = true).await;
        let read = bed.redfish.read_system(&bed.at, &bed.credentials).await.unwrap();
        assert_eq!(read.serial.as_str(), "CZ2D1X0GK7");
        assert_eq!(read.model.as_str(), bed.bmc.spec().model);
        assert_eq!(read.power, Power::On);
        assert_eq!(read.nics, bed.bmc.spec().nics, "{personality:?}");
        assert_eq!(bed.counters().sessions_open, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn macs_are_unknown_on_ilo_before_the_first_self_test() {
    let bed = Bed::new(Personality::Ilo6).await;
    let read = bed.redfish.read_system(&bed.at, &bed.credentials).await.unwrap();
    assert_eq!((read.power, read.nics), (Power::Off, vec![]));
    bed.reset(Reset::On).await.unwrap();
    bed.after(120).await;
    let read = bed.redfish.read_system(&bed.at, &bed.credentials).await.unwrap();
    assert_eq!((read.power, read.nics.len()), (Power::On, 2));
}

#[tokio::test(start_paused = true)]
async fn an_override_is_armed_once_seen_and_consumed_by_one_boot() {
    for personality in ALL {
        let bed = Bed::new(personality).await;
        assert!(!bed.armed().await);
        let receipt = bed.run(Job::Arm).await.unwrap();
        assert_eq!(receipt.as_str(), if personality.is_ilo() { "200 Success" } else { "200 Success SYS413" });
        assert!(bed.armed().await, "{personality:?}");
        bed.reset(Reset::On).await.unwrap();
        bed.after(120).await;
        assert!(!bed.armed().await);
        assert_eq!((bed.counters().network_boots, bed.counters().disk_boots), (1, 0));
        bed.reset(Reset::ForceRestart).await.unwrap();
        bed.after(120).await;
        assert_eq!((bed.counters().network_boots, bed.counters().disk_boots), (1, 1));
        assert_eq!(bed.counters().override_refused, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn an_armed_override_can_be_taken_back() {
    for personality in ALL {
        let bed = Bed::new(personality).await;
        bed.run(Job::Arm).await.unwrap();
        bed.run(Job::Disarm).await.unwrap();
        assert!(!bed.armed().await);
        assert_eq!((bed.counters().armed, bed.counters().disarmed), (1, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn an_override_may_be_ignored_by_the_server() {
    let bed = Bed::new(Personality::Idrac9).await;
    bed.bmc.behave(|b| b.ignore_override = 1);
    for expected in [(0, 1), (1, 1)] {
        bed.run(Job::Arm).await.unwrap();
        let kind = if expected.1 > expected.0 { Reset::On } else { Reset::ForceRestart };
        bed.reset(kind).await.unwrap();
        bed.after(120).await;
        assert_eq!((bed.counters().network_boots, bed.counters().disk_boots), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn power_takes_time_to_come_and_to_go() {
    for personality in ALL {
        let bed = Bed::new(personality).await;
        assert_eq!(bed.power().await, Power::Off);
        bed.reset(Reset::On).await.unwrap();
        assert_eq!(bed.power().await, Power::PoweringOn);
        bed.after(10).await;
        assert_eq!(bed.power().await, Power::On);
        bed.reset(Reset::ForceOff).await.unwrap();
        bed.after(5).await;
        assert_eq!(bed.power().await, Power::Off);
        assert_eq!(bed.counters().resets_total(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_present_state_forbids_may_be_tried_again() {
    for personality in ALL {
        let bed = Bed::new(personality).await;
        failed(bed.reset(Reset::ForceRestart).await, Kind::Transient);
        bed.reset(Reset::On).await.unwrap();
        if personality.is_ilo() {
            let fault = failed(bed.reset(Reset::ForceRestart).await, Kind::Transient);
            assert!(fault.what.contains("present state (InvalidOperationForSystemState)"), "{fault}");
            let fault = failed(bed.run(Job::Arm).await, Kind::Transient);
            assert!(fault.what.contains("self-test"), "{fault}");
        } else {
            let fault = failed(bed.reset(Reset::On).await, Kind::Transient);
            assert!(fault.what.contains("on already (PSU501)"), "{fault}");
        }
        bed.after(120).await;
        bed.run(Job::Arm).await.unwrap();
        bed.reset(Reset::ForceRestart).await.unwrap();
        assert_eq!(bed.counters().sessions_open, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_wrong_password_is_sent_once_and_never_shown() {
    for personality in ALL {
        let bed = Bed::new(personality).await;
        let wrong = Credentials { user: Text::new("admin"), password: Secret::new("hunter2-hunter2") };
        let fault = failed(bed.redfish.read_system(&bed.at, &wrong).await, Kind::Unauthorised);
        assert_eq!((bed.counters().logins_bad, bed.counters().logins_ok), (1, 0));
        assert_eq!(bed.tap.log.lock().unwrap().iter().filter(|(m, _)| *m == Method::POST).count(), 1);
        assert!(!format!("{fault} {fault:?} {wrong:?}").contains("hunter2"));
        assert!(!fault.advice.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn three_wrong_passwords_lock_the_account_for_the_right_one_too() {
    let bed = Bed::new(Personality::Idrac9).await;
    let wrong = Credentials { user: bed.credentials.user.clone(), password: Secret::new("wrong") };
    for _ in 0..3 {
        failed(bed.redfish.power(&bed.at, &wrong).await, Kind::Unauthorised);
    }
    assert!(bed.bmc.locked(bed.clock.now()));
    failed(bed.run(Job::Power).await, Kind::Unauthorised);
    bed.after(601).await;
    bed.run(Job::Power).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn full_sessions_are_waited_for() {
    let bed = Bed::new(Personality::Idrac9).await;
    bed.bmc.occupy_sessions(8, bed.clock.now());
    let fault = failed(bed.run(Job::Read).await, Kind::Transient);
    assert!(fault.what.contains("sessions full"), "{fault}");
    assert!(fault.what.contains("RAC0218"), "{fault}");
    bed.after(1_801).await;
    bed.run(Job::Read).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_session_that_the_controller_ends_is_no_wrong_password() {
    let bed = Bed::new(Personality::Ilo6).await;
    let body = r#"{"error":{"@Message.ExtendedInfo":[{"MessageId":"Base.1.18.NoValidSession"}]}}"#;
    bed.refuse(Method::GET, "/redfish/v1/Systems/1", 401, body, 1);
    failed(bed.run(Job::Power).await, Kind::Transient);
    assert_eq!(bed.counters().logins_ok, 1);
}

#[tokio::test(start_paused = true)]
async fn a_missing_privilege_is_for_a_person() {
    let bed = Bed::new(Personality::Idrac9).await;
    let body = r#"{"error":{"code":"Base.1.18.InsufficientPrivilege","message":"no"}}"#;
    bed.refuse(Method::PATCH, "/Systems/", 403, body, 1);
    let fault = failed(bed.run(Job::Arm).await, Kind::Unauthorised);
    assert!(fault.what.contains("lacks a privilege"), "{fault}");
}

#[tokio::test(start_paused = true)]
async fn a_stale_tag_is_asked_again_with_a_fresh_one_and_then_without() {
    for times in 0..=3_u32 {
        let bed = Bed::new(Personality::Ilo5).await;
        bed.refuse(Method::PATCH, "/Systems/", 412, "", times.max(1));
        if times == 0 {
            bed.faults.clear();
        }
        let done = bed.run(Job::Arm).await;
        if times < 3 {
            done.unwrap();
            assert_eq!(bed.counters().armed, 1);
        } else {
            failed(done, Kind::Transient);
        }
        assert_eq!(bed.counters().sessions_open, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_error_on_a_change_leaves_it_open_and_on_a_reading_does_not() {
    let bed = Bed::new(Personality::Idrac9).await;
    bed.refuse(Method::POST, "ComputerSystem.Reset", 500, "", 1);
    failed(bed.reset(Reset::On).await, Kind::Unknown);
    bed.refuse(Method::POST, "ComputerSystem.Reset", 503, "", 1);
    failed(bed.reset(Reset::On).await, Kind::Transient);
    bed.refuse(Method::GET, "/Systems", 500, "", 1);
    failed(bed.run(Job::Power).await, Kind::Transient);
    bed.refuse(Method::GET, "/Systems/", 404, "", 1);
    failed(bed.run(Job::Power).await, Kind::Gone);
    bed.refuse(Method::POST, "ComputerSystem.Reset", 405, "", 1);
    failed(bed.reset(Reset::On).await, Kind::Rejected);
    assert_eq!(bed.counters().resets_total(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_success_that_carries_only_failures_is_a_refusal() {
    let bed = Bed::new(Personality::Ilo5).await;
    let body = r#"{"error":{"@Message.ExtendedInfo":[{"MessageId":"Base.1.18.PropertyNotWritableOrUnknown"}]}}"#;
    bed.refuse(Method::PATCH, "/Systems/", 200, body, 1);
    failed(bed.run(Job::Arm).await, Kind::Rejected);
    let body = r#"{"error":{"@Message.ExtendedInfo":[{"MessageId":"iLO.2.31.SystemResetRequired"}]}}"#;
    bed.refuse(Method::PATCH, "/Systems/", 200, body, 1);
    assert_eq!(bed.run(Job::Arm).await.unwrap().as_str(), "200 SystemResetRequired");
}

#[tokio::test(start_paused = true)]
async fn no_login_goes_to_a_controller_that_is_another_one() {
    let bed = Bed::new(Personality::Idrac9).await;
    bed.bmc.behave(|b| b.wrong_serial = Some("7XKQ2Z3".to_owned()));
    let fault = failed(bed.run(Job::Read).await, Kind::Conflict);
    assert!(fault.what.contains("7XKQ2Z3"), "{fault}");
    assert_eq!(bed.counters().logins_ok, 0);

    let other = Bed::new(Personality::Ilo6).await;
    let mut at = other.at.clone();
    at.identity.vendor = Vendor::Dell;
    failed(other.redfish.power(&at, &other.credentials).await, Kind::Conflict);
    assert_eq!(other.counters().logins_ok, 0);
}

#[tokio::test(start_paused = true)]
async fn another_certificate_than_the_pinned_one_is_a_conflict() {
    let mut bed = Bed::new(Personality::Ilo6).await;
    bed.at.pin = Some(rackhand_core::bmc::Fingerprint([8; 32]));
    for job in Job::ALL {
        failed(bed.run(job).await, Kind::Conflict);
    }
    failed(bed.redfish.identify(ADDRESS, bed.at.pin).await, Kind::Conflict);
    assert_eq!(bed.counters().logins_ok, 0);
    bed.network.detach(AUTHORITY);
    failed(bed.run(Job::Read).await, Kind::Transient);
}
