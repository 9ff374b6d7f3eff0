//! What events do to the state, and what follows.

use std::time::Duration;

use rackhand_core::decide::command::Command;
use rackhand_core::id::Role;
use rackhand_core::lifecycle::stage::{Disposition, Stage};
use rackhand_core::text::Text;
use rackhand_tui::app::effect::Effect;
use rackhand_tui::app::model::Link;
use rackhand_tui::command::possible::possible;
use rackhand_tui::command::registry::{Act, COMMANDS};
use rackhand_tui::event::{Ask, CallEnd, Event, News};
use rackhand_tui::overlay::{Layer, help};
use rackhand_tui::screen::Place;

use crate::fake::Fake;
use crate::fixture::Bench;

fn down(bench: &mut Bench) {
    bench.event(Event::Link(News::Down { why: Text::new("gone"), again_in: 1 }));
}

#[test]
fn the_first_question_is_for_what_is_on_screen_and_no_more() {
    let bench = Bench::live((80, 24));
    assert_eq!(bench.asked.len(), 2, "{:?}", bench.asked);
    let Ask::Units(query) = &bench.asked[1] else { panic!("{:?}", bench.asked) };
    assert!(query.limit <= 64, "{}", query.limit);
}

#[test]
fn a_fleet_of_thousands_is_held_in_a_window() {
    let fake = Fake::new();
    fake.seed(3_000);
    let mut bench = Bench::new(fake, (80, 24));
    bench.model.place = Place::Pipeline;
    bench.up();
    bench.key("G");
    let list = &bench.model.screens.pipeline.list;
    assert_eq!((list.total, list.cursor), (Some(3_000), 2_999));
    assert!(list.rows.len() <= 64, "{}", list.rows.len());
    assert!(bench.selected().is_some());
    for _ in 0..40 {
        bench.key("PgUp");
        assert!(bench.selected().is_some());
    }
}

#[test]
fn news_asks_anew_and_keeps_the_selection() {
    let mut bench = Bench::live((80, 24));
    bench.keys(&["Down", "Down", "Down", "Down", "Down"]);
    let (before, asked) = (bench.selected(), bench.asked.len());
    let other = bench.model.screens.pipeline.list.rows[9].id;
    bench.fake.park(
        other,
        rackhand_core::flow::step::Step::SyncStatus,
        rackhand_core::fault::Fault::new(
            rackhand_core::fault::System::Netbox,
            rackhand_core::fault::Kind::Rejected,
            "no",
        ),
    );
    bench.heard();
    assert!(bench.asked.len() > asked);
    assert_eq!(bench.selected(), before);
}

#[test]
fn a_heartbeat_without_news_asks_for_the_counts_alone() {
    let mut bench = Bench::live((80, 24));
    let asked = bench.asked.len();
    bench.heard();
    assert_eq!(bench.asked[asked..], [Ask::Overview]);
}

#[test]
fn news_while_an_answer_is_on_its_way_is_asked_once_more_not_ten_times() {
    let mut bench = Bench::live((80, 24));
    bench.answers = false;
    bench.asked.clear();
    for _ in 0..10 {
        bench.fake.advance(Duration::from_secs(1));
        let id = bench.fake.unit("7XK21025");
        bench
            .fake
            .carry_out(format!("{:?}", bench.fake.moment().now), Command::Quarantine { unit: id, reason: "x".into() })
            .ok();
        bench
            .fake
            .carry_out(format!("b{:?}", bench.fake.moment().now), Command::Release { unit: id, reason: None })
            .ok();
        bench.heard();
    }
    assert_eq!(bench.asked.len(), 2, "{:?}", bench.asked);
}

#[test]
fn retry_is_sent_with_a_fresh_request_id_each_time() {
    let mut bench = Bench::live((80, 24));
    bench.answers = false;
    bench.keys(&["R", "R"]);
    assert_eq!(bench.called.len(), 2);
    assert_ne!(bench.called[0].0, bench.called[1].0);
    assert!(bench.called.iter().all(|(request, _)| request.starts_with("session-")));
}

#[test]
fn while_the_link_is_not_live_nothing_is_sent_and_the_reason_is_said() {
    for news in [News::Late(15), News::Down { why: "gone".into(), again_in: 2 }] {
        let mut bench = Bench::live((80, 24));
        bench.event(Event::Link(news.clone()));
        for key in ["K", "X", "H", "M", "D"] {
            bench.key(key);
            assert!(bench.model.layer.is_none(), "{key}");
            assert!(bench.toast().contains("link is"), "{key}: {}", bench.toast());
        }
        bench.key("R");
        assert!(bench.called.is_empty());
        if matches!(news, News::Down { .. }) {
            assert!(bench.other.contains(&Effect::Reconnect));
        }
    }
}

#[test]
fn a_form_that_was_open_when_the_link_went_sends_nothing() {
    let mut bench = Bench::live((80, 24));
    bench.key("H");
    bench.type_in("looks odd");
    down(&mut bench);
    bench.key("Enter");
    assert!(bench.called.is_empty());
    assert!(bench.toast().contains("not sent"), "{}", bench.toast());
    bench.answers = false;
    bench.up();
    bench.key("Enter");
    assert!(bench.called.is_empty() && bench.toast().contains("from before the connection"), "{}", bench.toast());
    bench.answers = true;
    bench.up();
    bench.key("Enter");
    assert!(matches!(&bench.called[0].1, Command::Hold { reason, .. } if &**reason == "looks odd"));
}

#[test]
fn a_command_without_an_answer_is_sent_again_under_the_same_id() {
    let mut bench = Bench::live((80, 24));
    bench.answers = false;
    bench.key("R");
    let id = *bench.model.calls.keys().next().unwrap();
    down(&mut bench);
    bench.event(Event::Called(id, CallEnd::Lost("the daemon closed the connection".into())));
    assert_eq!(bench.called.len(), 1);
    bench.up();
    assert_eq!(bench.called.len(), 2);
    assert_eq!(bench.called[0], bench.called[1]);
}

#[test]
fn behind_a_restart_a_lost_command_is_not_repeated_but_told() {
    let mut bench = Bench::live((80, 24));
    bench.answers = false;
    bench.key("R");
    let id = *bench.model.calls.keys().next().unwrap();
    down(&mut bench);
    bench.event(Event::Called(id, CallEnd::Lost("gone".into())));
    bench.fake.inside.lock().unwrap().epoch = 8;
    bench.up();
    assert_eq!(bench.called.len(), 1);
    assert!(bench.model.calls.is_empty());
    assert!(bench.toast().contains("not known whether"), "{}", bench.toast());
}

#[test]
fn holding_asks_a_reason_and_h_again_releases() {
    let mut bench = Bench::live((80, 24));
    let id = bench.selected().unwrap();
    bench.keys(&["H", "Enter"]);
    assert!(matches!(bench.model.layer, Some(Layer::Form(_))));
    bench.type_in("smells of smoke");
    bench.key("Enter");
    assert!(bench.toast().contains("done"), "{}", bench.toast());
    let disposition = |b: &Bench| b.fake.inside.lock().unwrap().world.unit(id).unwrap().disposition;
    assert_eq!(disposition(&bench), Disposition::OnHold);
    bench.key("Enter");
    assert_eq!(bench.model.place, Place::Server(id));
    bench.key("H");
    assert_eq!(disposition(&bench), Disposition::Normal);
}

#[test]
fn skipping_from_the_list_opens_the_server_and_asks_for_reason_and_serial() {
    let mut bench = Bench::live((80, 24));
    let id = bench.fake.unit("7XK210B9");
    while bench.selected() != Some(id) {
        bench.key("Down");
    }
    bench.key("K");
    assert_eq!(bench.model.place, Place::Server(id));
    assert!(matches!(bench.model.layer, Some(Layer::Form(_))), "{}", bench.toast());
    bench.type_in("older status is fine");
    bench.key("Enter");
    bench.type_in("10b9");
    bench.key("Enter");
    assert!(matches!(&bench.called[0].1, Command::Skip { reason, .. } if &**reason == "older status is fine"));
    assert!(bench.toast().contains("done"), "{}", bench.toast());
}

#[test]
fn a_step_that_nothing_replaces_is_not_offered_for_skipping() {
    let mut bench = Bench::live((80, 24));
    bench.keys(&["6", "K"]);
    assert!(bench.model.layer.is_none());
    assert!(bench.toast().contains("cannot be skipped"), "{}", bench.toast());
}

#[test]
fn moving_offers_the_ways_of_the_role_and_asks_what_was_seen() {
    let mut bench = Bench::live((80, 24));
    let id = bench.fake.unit("CZ231000");
    while bench.selected() != Some(id) {
        bench.key("Down");
    }
    bench.key("Enter");
    let Some(Ok(unit)) = &mut bench.model.screens.server.detail else { panic!("no page") };
    unit.ways = vec![(Stage::Racked, "scanned into its rack".into(), Role::Technician)];
    bench.key("M");
    bench.type_in("in rack A07");
    bench.key("Enter");
    assert!(matches!(bench.called[0].1, Command::Move { to: Stage::Racked, .. }), "{:?}", bench.called);
}

#[test]
fn a_task_is_closed_with_a_note() {
    let mut bench = Bench::live((80, 24));
    let id = bench.fake.unit("CZ231378");
    while bench.selected() != Some(id) {
        bench.key("Down");
    }
    bench.key("D");
    bench.type_in("moved to port 14");
    bench.key("Enter");
    assert!(matches!(&bench.called[0].1, Command::CloseTask { note, .. } if &**note == "moved to port 14"));
}

#[test]
fn a_role_too_low_is_told_which_role_it_takes() {
    let mut bench = Bench::live((80, 24));
    bench.fake.inside.lock().unwrap().role = Role::Technician;
    bench.up();
    bench.key("X");
    assert!(bench.toast().contains("operator"), "{}", bench.toast());
    bench.key("H");
    assert!(bench.model.layer.is_some());
}

#[test]
fn a_refusal_says_who_refused_and_why() {
    let mut bench = Bench::live((80, 24));
    bench.answers = false;
    bench.key("R");
    let id = *bench.model.calls.keys().next().unwrap();
    let refusal = rackhand_core::decide::Refusal::new(rackhand_core::decide::Why::Conflict, "nothing is parked here");
    bench.event(Event::Called(id, CallEnd::Refused(refusal)));
    assert!(bench.toast().contains("fra1 refused: nothing is parked here"), "{}", bench.toast());
}

#[test]
fn marked_servers_are_held_together_and_a_costly_command_takes_one_at_a_time() {
    let mut bench = Bench::live((80, 24));
    bench.keys(&["Space", "Space", "Space"]);
    assert_eq!(bench.model.marks.len(), 3);
    bench.key("X");
    assert!(bench.toast().contains("one server at a time"), "{}", bench.toast());
    bench.key("H");
    bench.type_in("rack work");
    bench.key("Enter");
    assert_eq!(bench.called.len(), 3);
    bench.key("u");
    assert!(bench.model.marks.is_empty());
}

#[test]
fn filter_stage_and_sort_are_the_daemons_work() {
    let mut bench = Bench::live((80, 24));
    bench.key("/");
    bench.type_in("model:poweredge !site:ams2");
    bench.key("Enter");
    assert!(bench.model.screens.pipeline.list.total.unwrap() < 36);
    bench.keys(&["s", "S", ">"]);
    let Some(Ask::Units(query)) = bench.asked.last() else { panic!() };
    assert_eq!(query.filter, "model:poweredge !site:ams2");
    assert!(query.descending && query.stages.len() == 1 && query.offset == 0);
    bench.key("Esc");
    let Some(Ask::Units(query)) = bench.asked.last() else { panic!() };
    assert!(query.filter.is_empty());
}

#[test]
fn history_goes_back_and_forward_and_escape_never_quits() {
    let mut bench = Bench::live((80, 24));
    bench.keys(&["Enter", "6", "7"]);
    bench.keys(&["[", "["]);
    assert!(matches!(bench.model.place, Place::Server(_)));
    bench.key("]");
    assert_eq!(bench.model.place, Place::Letters);
    for _ in 0..20 {
        bench.key("Esc");
    }
    assert_eq!(bench.model.place, Place::Fleet);
    assert!(!bench.other.contains(&Effect::Quit));
    bench.key("q");
    assert!(bench.other.contains(&Effect::Quit));
}

#[test]
fn a_scanned_serial_opens_its_server_and_a_strange_one_is_told() {
    let mut bench = Bench::live((80, 24));
    bench.event(Event::Scan("7XK21025".into()));
    assert_eq!(bench.model.place, Place::Server(bench.fake.unit("7XK21025")));
    bench.event(Event::Scan("NOSUCH99".into()));
    assert!(bench.toast().contains("no server NOSUCH99"), "{}", bench.toast());
    assert!(bench.called.is_empty());
}

#[test]
fn the_journal_pages_as_it_scrolls_and_ends() {
    let mut bench = Bench::new(Fake::new(), (80, 24));
    bench.fake.seed(300);
    bench.up();
    bench.key("7");
    let head = bench.model.head;
    for _ in 0..60 {
        bench.key("PgDn");
    }
    let log = &bench.model.screens.journal.log;
    assert!(log.ended);
    assert_eq!(log.rows.len() as u64, head);
    assert_eq!(log.current().map(|r| r.seq), Some(1));
    bench.key("/");
    bench.type_in("kind:step_parked actor:rackhand");
    bench.key("Enter");
    assert_eq!(bench.model.screens.journal.log.rows.len(), 3);
}

#[test]
fn copying_says_what_was_sent() {
    let mut bench = Bench::live((80, 24));
    bench.key("y");
    let label = bench.model.screens.pipeline.list.current().unwrap().label.clone();
    assert!(bench.other.contains(&Effect::Copy(label.to_string())));
    assert!(bench.toast().contains(&*label));
}

#[test]
fn every_command_is_in_the_help_of_its_screens_or_the_palette_and_has_a_reason_when_it_is_not_possible() {
    for keys in [&[][..], &["Enter"], &["6"], &["7"]] {
        let mut bench = Bench::live((120, 40));
        bench.keys(keys);
        let kind = bench.model.place.kind();
        let all: String = help::lines(&bench.model, 200).into_iter().map(|(l, _)| l + "\n").collect();
        for spec in COMMANDS.iter() {
            if spec.works_on(kind) && !spec.keys.is_empty() {
                assert!(all.contains(spec.title), "{} in {}", spec.id, kind.title());
            } else if !spec.works_on(kind) {
                assert!(possible(spec.act, &bench.model).is_err_and(|why| !why.is_empty()));
            }
        }
    }
}

#[test]
fn behind_a_selection_that_left_the_next_takes_commands_once_that_was_said() {
    let mut bench = Bench::live((80, 24));
    bench.key("/");
    bench.type_in("state:stuck");
    bench.key("Enter");
    assert!(bench.selected().is_some());
    bench.key("R");
    assert_eq!(bench.called.len(), 1);
    let next = bench.model.screens.pipeline.list.current().unwrap().label.clone();
    assert!(possible(Act::Hold, &bench.model).is_err_and(|why| why.contains("has left this list")));
    bench.key("R");
    assert_eq!(bench.called.len(), 1, "the same key again hits nothing else");
    assert!(bench.toast().contains(&format!("{next} is selected now; press again")), "{}", bench.toast());
    bench.key("H");
    assert!(matches!(&bench.model.layer, Some(Layer::Form(form)) if form.label == next), "{}", bench.toast());
    bench.keys(&["Esc", "Down", "y"]);
    assert!(bench.toast().contains("clipboard"), "{}", bench.toast());
    assert_eq!(bench.model.link, Link::Live);
}
