//! Where controllers differ, one difference in each test.

use std::time::Duration;

use rackhand_adapters::redfish::redact::{REDACTED, redact};
use rackhand_adapters::redfish::{Cursors, EVERYTHING, Reset, TaskMonitor, TaskState};
use rackhand_core::bmc::reading::{FanSpeed, PowerLimit, Section};
use rackhand_core::fault::Kind;
use rackhand_core::text::Text;
use rackhand_lab::bmc::Personality::{self, Idrac9, Idrac10, Ilo5, Ilo6, Ilo7};
use reqwest::Method;

use crate::bed::{ADDRESS, ALL, Bed, Job, failed};
use crate::recorded::{IDRAC9, recorded};

async fn running(personality: Personality) -> Bed {
    Bed::with(personality, |spec| spec.running = true).await
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_is_left_out_is_none_on_ilo_and_so_is_null_on_all() {
    for personality in ALL {
        let bed = running(personality).await;
        let limit = async || bed.redfish.read_power(&bed.at, &bed.credentials).await.unwrap().limit;
        assert_eq!(limit().await, PowerLimit::None, "{personality:?}");
        bed.redfish.cap_power(&bed.at, &bed.credentials, Some(400)).await.unwrap();
        assert_eq!((limit().await, bed.bmc.switched().1), (PowerLimit::Watts(400), Some(400)), "{personality:?}");
        bed.redfish.cap_power(&bed.at, &bed.credentials, None).await.unwrap();
        assert_eq!(limit().await, PowerLimit::None, "{personality:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn fans_are_told_in_percent_by_ilo_and_in_turns_by_idrac() {
    for personality in ALL {
        let bed = running(personality).await;
        let fan = bed.redfish.read_sensors(&bed.at, &bed.credentials).await.unwrap().fans[0].speed;
        let expected = if personality.is_ilo() { FanSpeed::Percent(26.0) } else { FanSpeed::Rpm(9_840.0) };
        assert_eq!(fan, Some(expected), "{personality:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn utilisation_is_unknown_while_off_and_in_self_test() {
    for personality in ALL {
        let bed = Bed::new(personality).await;
        let sensors = async || bed.redfish.read_sensors(&bed.at, &bed.credentials).await.unwrap();
        let off = sensors().await;
        assert_eq!((off.cpu_percent, off.inlet_celsius), (None, Some(21.0)), "{personality:?} off");
        assert!(off.temperatures.iter().all(|t| t.celsius != Some(0.0)), "an absent sensor is no 0: {off:?}");
        bed.reset(Reset::On).await.unwrap();
        bed.after(10).await;
        assert_eq!(sensors().await.cpu_percent, None, "{personality:?} in self-test");
        bed.after(120).await;
        assert_eq!(sensors().await.cpu_percent, Some(37.0), "{personality:?} running");
    }
}

#[tokio::test(start_paused = true)]
async fn boot_progress_is_the_post_state_where_there_is_no_other() {
    for (personality, word) in [
        (Ilo5, "FinishedPost"),
        (Ilo6, "OSRunning"),
        (Ilo7, "OSRunning"),
        (Idrac9, "OSRunning"),
        (Idrac10, "OSRunning"),
    ] {
        let bed = running(personality).await;
        let boot = bed.redfish.read_boot(&bed.at, &bed.credentials).await.unwrap();
        assert_eq!(boot.progress.as_deref(), Some(word), "{personality:?}");
        assert_eq!(boot.order[0].name.as_deref(), Some("NIC 1 Port 1 (PXE IPv4)"));
    }
}

#[tokio::test(start_paused = true)]
async fn the_override_is_on_the_settings_resource_on_idrac10_only() {
    for personality in ALL {
        let bed = running(personality).await;
        bed.run(Job::Arm).await.unwrap();
        let boot = bed.redfish.read_boot(&bed.at, &bed.credentials).await.unwrap();
        assert_eq!((boot.target.as_deref(), boot.enabled.as_deref()), (Some("Pxe"), Some("Once")), "{personality:?}");
        assert_eq!(boot.on_settings, personality == Idrac10);
    }
}

#[tokio::test(start_paused = true)]
async fn the_locator_is_switched_on_the_chassis() {
    for personality in ALL {
        let bed = running(personality).await;
        let locator = async || bed.redfish.read_identity(&bed.at, &bed.credentials).await.unwrap().locator;
        // iDRAC9's indicator is lit all the while, which says nothing of the locator.
        assert_eq!(locator().await, Some(false), "{personality:?}");
        bed.redfish.locate(&bed.at, &bed.credentials, true).await.unwrap();
        assert_eq!((locator().await, bed.bmc.switched().0), (Some(true), true), "{personality:?}");
        bed.redfish.locate(&bed.at, &bed.credentials, false).await.unwrap();
        assert_eq!(locator().await, Some(false));
    }
}

#[tokio::test(start_paused = true)]
async fn accounts_are_slots_on_idrac9_and_a_list_elsewhere() {
    for personality in ALL {
        let bed = running(personality).await;
        let read = bed.redfish.read_accounts(&bed.at, &bed.credentials).await.unwrap();
        let users: Vec<&str> = read.accounts.iter().map(|a| a.user.as_str()).collect();
        assert_eq!(users, [bed.credentials.user.as_str()], "what one logs in with, not what is shown");
        // Sixteen slots, of which the first is of no use and one is taken.
        assert_eq!(read.free_slots.len(), if personality == Idrac9 { 14 } else { 0 }, "{personality:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_managers_model_tells_which_idrac_it_is() {
    for (personality, name) in
        [(Ilo5, "iLO 5"), (Ilo6, "iLO 6"), (Ilo7, "iLO 7"), (Idrac9, "iDRAC9"), (Idrac10, "iDRAC10")]
    {
        let bed = running(personality).await;
        let read = bed.redfish.read_identity(&bed.at, &bed.credentials).await.unwrap();
        assert_eq!(read.controller.as_deref(), Some(name));
    }
}

#[tokio::test(start_paused = true)]
async fn firmware_that_does_not_run_is_told_apart_and_twins_are_left_out() {
    for personality in ALL {
        let bed = running(personality).await;
        let read = bed.redfish.read_firmware(&bed.at, &bed.credentials).await.unwrap();
        let runs: Vec<(&str, Option<bool>)> = read.iter().map(|c| (c.version.as_deref().unwrap(), c.current)).collect();
        if personality.is_ilo() {
            assert!(runs.contains(&("U46 v2.34 (03/11/2025)", Some(true))));
            assert!(runs.contains(&("U46 v1.80 (07/05/2023)", Some(false))));
        } else {
            let bios: Vec<_> = runs.iter().filter(|(v, _)| v.starts_with("1.")).take(2).collect();
            assert_eq!(bios, [&("1.13.2", Some(true)), &("1.6.5", Some(false))]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn neighbours_are_told_by_the_port_or_by_idracs_own_list() {
    for (personality, chassis, port) in [(Ilo6, "BC:D7:A5:72:F4:00", "1/1/1:4"), (Idrac9, "74:86:e2:bb:cc:20", "swp1")]
    {
        let bed = running(personality).await;
        let read = bed.redfish.read_inventory(&bed.at, &bed.credentials).await.unwrap();
        let heard = read.adapters[0].ports[0].neighbour.clone().unwrap();
        assert_eq!((heard.chassis.as_str(), heard.port.as_deref()), (chassis, Some(port)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_long_log_is_read_page_by_page_to_its_end_and_later_only_what_is_new() {
    let bed = running(Idrac9).await;
    let pages = || bed.tap.log.lock().unwrap().iter().filter(|(_, p)| p.contains("/Lclog/Entries")).count();
    let logs = bed.redfish.read_logs(&bed.at, &bed.credentials, &Cursors::new()).await.unwrap();
    let log = logs.iter().find(|l| l.name.as_str() == "Lclog").unwrap();
    // Of 180 entries each tenth says that the one before it came again.
    assert_eq!((log.entries.len(), log.cursor, log.more), (162, Some(180), false));
    assert_eq!(log.entries[0].repeats, Some(3));
    assert_eq!(pages(), 5, "four pages, and one behind the last");
    bed.tap.reset();
    let after = Cursors::from([(Text::new("Lclog"), 170)]);
    let logs = bed.redfish.read_logs(&bed.at, &bed.credentials, &after).await.unwrap();
    let log = logs.iter().find(|l| l.name.as_str() == "Lclog").unwrap();
    assert!(log.entries.iter().all(|e| e.number > Some(170)) && log.entries.len() == 9, "{:?}", log.entries);
    assert_eq!((log.cursor, pages()), (Some(180), 1));
}

#[tokio::test(start_paused = true)]
async fn ilos_logs_are_newest_first_in_our_words_and_know_what_is_repaired() {
    let bed = running(Ilo6).await;
    let logs = bed.redfish.read_logs(&bed.at, &bed.credentials, &Cursors::new()).await.unwrap();
    let log = logs.iter().find(|l| l.name.as_str() == "IML").unwrap();
    let told: Vec<_> = log.entries.iter().map(|e| (e.number, e.repaired)).collect();
    assert_eq!(told, [(Some(7_404), Some(true)), (Some(7_403), Some(false))]);
    let event = logs.iter().find(|l| l.name.as_str() == "Event").unwrap();
    assert_eq!((event.cursor, event.entries[0].message.clone()), (None, None));
}

#[tokio::test(start_paused = true)]
async fn filling_in_members_is_tried_once_for_a_collection_that_refuses_it_and_again_the_next_day() {
    let bed = running(Ilo5).await;
    let kept = bed.redfish.keep(ADDRESS);
    bed.bmc.behave(|b| b.no_expand = true);
    let expands = || {
        let log = bed.tap.log.lock().unwrap();
        log.iter().filter_map(|(_, p)| p.strip_suffix("?$expand=.").map(str::to_owned)).collect::<Vec<_>>()
    };
    bed.redfish.read_all(&bed.at, &bed.credentials, &Section::ALL, EVERYTHING).await.unwrap();
    let first = expands();
    assert!(first.iter().all(|path| first.iter().filter(|p| *p == path).count() == 1), "{first:?}");
    bed.redfish.read_all(&bed.at, &bed.credentials, &Section::ALL, EVERYTHING).await.unwrap();
    assert_eq!(expands(), first, "remembered over calls");
    bed.bmc.behave(|b| b.no_expand = false);
    kept.rest().await;
    bed.after(86_400).await;
    bed.tap.reset();
    bed.redfish.read_inventory(&bed.at, &bed.credentials).await.unwrap();
    assert!(!expands().is_empty(), "its next firmware may know better");

    // One collection that is not there says nothing of the others.
    let one = running(Ilo5).await;
    let _kept = one.redfish.keep(ADDRESS);
    one.refuse(Method::GET, "/Memory", 404, "", 1);
    one.redfish.read_inventory(&one.at, &one.credentials).await.unwrap();
    one.tap.reset();
    one.redfish.read_inventory(&one.at, &one.credentials).await.unwrap();
    let asked = one.tap.log.lock().unwrap().clone();
    assert!(asked.iter().any(|(_, p)| p.contains("/Processors?$expand")), "{asked:?}");

    let able = running(Ilo5).await;
    let read = able.redfish.read_inventory(&able.at, &able.credentials).await.unwrap();
    assert_eq!(read.memory.len(), 2);
    let asked = able.tap.log.lock().unwrap().clone();
    assert!(!asked.iter().any(|(_, p)| p.contains("/Memory/")), "no member is asked for alone: {asked:?}");
}

#[tokio::test(start_paused = true)]
async fn a_job_that_cannot_be_seen_yet_is_waiting_and_one_that_says_it_failed_has_failed() {
    for fails in [false, true] {
        let bed = running(Idrac9).await;
        let monitor = TaskMonitor::new(&bed.bmc.start_job(fails, bed.clock.now()), bed.clock.now()).unwrap();
        let look = async || bed.redfish.task(&bed.at, &bed.credentials, &monitor).await;
        assert_eq!(look().await.unwrap().state, TaskState::Waiting, "404 in its first seconds");
        bed.after(20).await;
        let running = look().await.unwrap();
        assert_eq!(running.state, TaskState::Running);
        assert!(running.percent > Some(20));
        bed.after(60).await;
        let ended = look().await.unwrap();
        assert_eq!(ended.state, if fails { TaskState::Failed } else { TaskState::Done }, "{ended:?}");
    }
    let bed = running(Idrac9).await;
    let gone = TaskMonitor::new("/redfish/v1/TaskService/Tasks/JID_1", bed.clock.now()).unwrap();
    bed.after(11).await;
    failed(bed.redfish.task(&bed.at, &bed.credentials, &gone).await, Kind::Gone);
}

#[tokio::test(start_paused = true)]
async fn a_success_may_need_a_restart_or_go_on_in_a_task() {
    let bed = running(Ilo5).await;
    let body = r#"{"error":{"@Message.ExtendedInfo":[{"MessageId":"iLO.2.31.SystemResetRequired"}]}}"#;
    bed.refuse(Method::PATCH, "/Power", 200, body, 1);
    let receipt = bed.redfish.cap_power(&bed.at, &bed.credentials, Some(400)).await.unwrap();
    assert!(receipt.needs_restart && receipt.task.is_none(), "{receipt:?}");
    let receipt = bed.redfish.cap_power(&bed.at, &bed.credentials, Some(400)).await.unwrap();
    assert!(!receipt.needs_restart, "{receipt:?}");
}

#[tokio::test(start_paused = true)]
async fn arguments_stand_in_for_the_text_that_ilo_leaves_out() {
    let bed = running(Ilo5).await;
    let body = r#"{"error":{"@Message.ExtendedInfo":[
        {"MessageId":"Base.1.18.PropertyValueNotInList","MessageArgs":["9","LimitInWatts"]}]}}"#;
    bed.refuse(Method::PATCH, "/Power", 400, body, 1);
    let fault = failed(bed.redfish.cap_power(&bed.at, &bed.credentials, Some(9)).await, Kind::Rejected);
    assert!(fault.what.contains("PropertyValueNotInList: 9, LimitInWatts"), "{fault}");
    // iDRAC writes them as one text.
    let body = r#"{"error":{"@Message.ExtendedInfo":[
        {"MessageId":"IDRAC.2.8.RAC0679","Message":"A job is running.","MessageArgs":"[]"}]}}"#;
    bed.refuse(Method::PATCH, "/Power", 400, body, 1);
    let fault = failed(bed.redfish.cap_power(&bed.at, &bed.credentials, Some(9)).await, Kind::Transient);
    assert!(fault.what.contains("(RAC0679)"), "{fault}");
}

#[tokio::test(start_paused = true)]
async fn callers_together_have_one_session_and_two_requests_in_flight() {
    for personality in ALL {
        let bed = running(personality).await;
        let (redfish, at, who) = (&bed.redfish, &bed.at, &bed.credentials);
        let (a, b, c, d) = tokio::join!(
            redfish.read_inventory(at, who),
            redfish.read_sensors(at, who),
            redfish.power(at, who),
            redfish.read_firmware(at, who),
        );
        assert!(a.is_ok() && b.is_ok() && c.is_ok() && d.is_ok());
        let counters = bed.counters();
        assert_eq!((counters.logins_ok, counters.sessions_open), (1, 0), "{personality:?}");
        let spans = bed.tap.spans.lock().unwrap().clone();
        let most = spans.iter().map(|(at, _)| spans.iter().filter(|(from, to)| from <= at && at < to).count()).max();
        assert_eq!(most, Some(2), "{personality:?}");
        redfish.finished().await;
        assert_eq!(redfish.in_use(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_kept_serves_what_follows_and_ends_with_its_keeper() {
    let bed = running(Idrac9).await;
    let kept = bed.redfish.keep(ADDRESS);
    bed.run(Job::Armed).await.unwrap();
    bed.run(Job::Arm).await.unwrap();
    bed.run(Job::Power).await.unwrap();
    assert_eq!((bed.counters().logins_ok, bed.counters().sessions_open), (1, 1));
    kept.rest().await;
    assert_eq!((bed.counters().logins_ok, bed.counters().sessions_open), (1, 0));
    bed.run(Job::Power).await.unwrap();
    assert_eq!((bed.counters().logins_ok, bed.counters().sessions_open), (2, 1));
    drop(kept);
    bed.redfish.finished().await;
    assert_eq!(bed.counters().sessions_open, 0);
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_goes_away_leaves_the_shared_session_to_the_others() {
    for millis in (0..1_200).step_by(40) {
        let bed = running(Idrac9).await;
        let (redfish, at, who) = (&bed.redfish, &bed.at, &bed.credentials);
        let leaving = bed.clock.timeout(Duration::from_millis(millis), redfish.read_inventory(at, who));
        let (left, stayed) = tokio::join!(leaving, redfish.read_inventory(at, who));
        assert!(stayed.is_ok(), "the other left after {millis} ms ({}): {stayed:?}", left.is_none());
        redfish.finished().await;
        let counters = bed.counters();
        assert_eq!((counters.sessions_open, counters.logins_ok - counters.sessions_closed), (0, 0), "{millis} ms");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_waits_for_sessions_that_callers_have_left() {
    let bed = running(Idrac9).await;
    drop(bed.clock.timeout(Duration::from_millis(150), bed.run(Job::Read)).await);
    assert_eq!(bed.counters().sessions_open, 1, "it is only being closed");
    bed.redfish.finished().await;
    assert_eq!(bed.counters().sessions_open, 0);
}

#[tokio::test(start_paused = true)]
async fn one_account_does_not_get_the_session_of_another() {
    let bed = running(Idrac9).await;
    let kept = bed.redfish.keep(ADDRESS);
    bed.run(Job::Power).await.unwrap();
    let wrong = rackhand_adapters::redfish::Credentials {
        user: bed.credentials.user.clone(),
        password: rackhand_core::secret::Secret::new("wrong"),
    };
    failed(bed.redfish.power(&bed.at, &wrong).await, Kind::Unauthorised);
    assert_eq!(bed.counters().logins_bad, 1);
    drop(kept);
}

#[test]
fn hashes_in_attributes_are_gone_before_anything_sees_them() {
    let Some(tree) = recorded(IDRAC9) else { return };
    let (mut hidden, mut names) = (0, 0);
    for (path, body) in tree.tree() {
        let mut body = body.clone();
        // Of the recording the values were taken out; what stands there in their place must go, too.
        redact(&mut body);
        let Some(attributes) = body["Attributes"].as_object() else { continue };
        for (name, value) in attributes {
            let secret = ["SHA256Password", "SHA256PasswordSalt", "IPMIKey", "MD5v3Key", "SHA1v3Key"]
                .iter()
                .any(|s| name.ends_with(s));
            if secret {
                names += 1;
                hidden += usize::from(value == REDACTED);
                assert!(value == REDACTED || value == "" || value.is_null(), "{path} {name}: {value}");
            }
        }
    }
    assert!(names >= 80 && hidden >= 10, "{names} names, {hidden} hidden");
}
