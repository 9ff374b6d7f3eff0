//! No session is left behind: every request of every call is lost, cut or never answered in turn.

use std::time::Duration;

use rackhand_core::fault::Kind;
use rackhand_lab::host::Fate;
use reqwest::Method;

use crate::bed::{ALL, Aim, Bed, Job, failed};

/// Connecting and an answer, for the failed request and for both attempts at closing.
const BOUND: Duration = Duration::from_secs(90);

const FATES: [(Fate, bool); 5] =
    [(Fate::Lost, true), (Fate::Cut, true), (Fate::Hang, true), (Fate::Lost, false), (Fate::Hang, false)];

#[tokio::test(start_paused = true)]
async fn a_call_that_works_closes_its_session_and_uses_one_connection_at_a_time() {
    for personality in ALL {
        for job in Job::ALL {
            let bed = Bed::new(personality).await;
            bed.run(job).await.unwrap();
            let counters = bed.counters();
            assert_eq!((counters.logins_ok, counters.sessions_closed, counters.sessions_open), (1, 1, 0));
            assert_eq!(bed.tap.log.lock().unwrap().last().unwrap().0, Method::DELETE);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_at_any_request_leaves_no_session_and_the_right_kind() {
    let mut points = 0;
    for personality in ALL {
        for job in Job::ALL {
            let whole = Bed::new(personality).await;
            whole.run(job).await.unwrap();
            let requests = whole.tap.log.lock().unwrap().clone();
            for (nth, (method, path)) in requests.iter().enumerate() {
                for (fate, arrives) in FATES {
                    points += 1;
                    let bed = Bed::new(personality).await;
                    bed.tap.aim(Aim { nth: u32::try_from(nth).unwrap(), fate, arrives });
                    let began = bed.clock.now();
                    let result = bed.run(job).await;
                    let at = format!("{personality:?} {job:?} {fate:?} (arrives: {arrives}) at {method} {path}");
                    assert!(bed.clock.now().since(began) <= BOUND, "{at}");
                    let login = path.ends_with("/Sessions");
                    let optional = path.contains("EthernetInterfaces");
                    // A body cut from an empty answer is whole.
                    let nothing_to_cut =
                        fate == Fate::Cut && *method == Method::POST && !login && !personality.is_ilo();
                    if *method == Method::DELETE || optional || nothing_to_cut {
                        result.expect(&at);
                    } else {
                        let change = !login && *method != Method::GET;
                        failed(result, if change { Kind::Unknown } else { Kind::Transient });
                    }
                    // Of a login whose answer was lost nobody has the token: the controller's timeout ends it.
                    assert_eq!(bed.counters().sessions_open, usize::from(login && arrives), "{at}");
                    bed.after(1_801).await;
                    assert_eq!(bed.counters().sessions_open, 0, "{at}");
                    bed.tap.reset();
                }
            }
        }
    }
    assert!(points > 500, "only {points} points");
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_goes_away_at_any_moment_leaves_no_session() {
    for personality in ALL {
        for job in Job::ALL {
            for millis in (0..400).step_by(20) {
                let bed = Bed::new(personality).await;
                let dropped = bed.clock.timeout(Duration::from_millis(millis), bed.run(job)).await;
                bed.after(120).await;
                let counters = bed.counters();
                assert_eq!(counters.sessions_open, 0, "{personality:?} {job:?} dropped after {millis} ms: {dropped:?}");
                assert_eq!(counters.logins_ok, counters.sessions_closed);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_hanging_controller_costs_its_deadline_and_no_more() {
    let bed = Bed::new(ALL[0]).await;
    bed.bmc.behave(|b| b.hang = true);
    let began = bed.clock.now();
    failed(bed.run(Job::Read).await, Kind::Transient);
    assert_eq!(bed.clock.now().since(began).as_secs(), 30);
    bed.bmc.behave(|b| {
        b.hang = false;
        b.slow = Duration::from_secs(25);
    });
    bed.run(Job::Power).await.unwrap();
}
