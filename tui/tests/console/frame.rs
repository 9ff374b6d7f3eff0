//! The frame around the screens: what is fresh, what is frozen, where one has been, what a key or a burst does.

use proptest::prelude::*;
use rackhand_core::text::Text;
use rackhand_core::view::filter::FIELDS;
use rackhand_tui::app::effect::Effect;
use rackhand_tui::app::model::Model;
use rackhand_tui::command::keymap::Keymap;
use rackhand_tui::event::{Event, Mouse, News};
use rackhand_tui::input::burst::Burst;
use rackhand_tui::input::key::Key;
use rackhand_tui::overlay::Layer;
use rackhand_tui::persist;
use rackhand_tui::screen::Place;
use rackhand_tui::theme::depth::Depth;
use rackhand_tui::theme::glyph::GlyphSet;

use crate::fixture::{Bench, buffer, look, plain, text};

fn shown(bench: &Bench) -> String {
    text(&bench.model, &plain(GlyphSet::Ascii))
}

#[test]
fn behind_a_lost_link_nothing_is_sent_until_the_page_has_been_told_anew() {
    let mut bench = Bench::live((80, 24));
    bench.event(Event::Link(News::Down { why: "gone".into(), again_in: 1 }));
    bench.answers = false;
    bench.up();
    bench.key("R");
    assert!(bench.called.is_empty());
    assert!(bench.toast().contains("from before the connection"), "{}", bench.toast());
    bench.answers = true;
    bench.up();
    bench.key("R");
    assert_eq!(bench.called.len(), 1);
}

#[test]
fn the_page_of_the_last_session_is_shown_as_old_and_takes_no_command() {
    let folder = tempfile::tempdir().unwrap();
    let path = persist::file(folder.path(), "unix:///d.sock");
    let mut before = Bench::live((80, 24));
    before.keys(&["s", "/"]);
    before.type_in("nothing-like-it");
    before.keys(&["Enter", "Esc"]);
    persist::keep(&before.model, &path, "unix:///d.sock").unwrap();
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    let mut bench = Bench::new(before.fake.clone(), (80, 24));
    bench.model.place = Place::Pipeline;
    persist::take_up(&mut bench.model, &path, "unix:///other.sock");
    assert!(!bench.model.kept);
    persist::take_up(&mut bench.model, &path, "unix:///d.sock");
    let screen = shown(&bench);
    assert!(screen.contains("STALE from") && screen.contains("connecting"), "{screen}");
    assert!(screen.contains(&*before.model.screens.pipeline.list.rows[0].label), "{screen}");
    bench.key("R");
    assert!(bench.called.is_empty());
    assert!(bench.toast().contains("not connected yet"), "{}", bench.toast());
    bench.key("/");
    bench.key("Up");
    assert_eq!(bench.model.filter.as_ref().map(|f| f.text().to_owned()).as_deref(), Some("nothing-like-it"));
    bench.key("Esc");
    bench.up();
    assert!(shown(&bench).contains("LIVE"));
}

#[test]
fn what_may_be_old_looks_old_and_what_is_live_never_does() {
    let mut bench = Bench::live((80, 24));
    let look = look("dark", Depth::X256, GlyphSet::Unicode);
    let colours = |bench: &Bench| {
        let buffer = buffer(&bench.model, &look);
        let body = (4..14).flat_map(|y| (3..80).map(move |x| (x, y)));
        let fg = body.map(|at| &buffer[at]).filter(|c| c.symbol() != " " && c.bg == ratatui::style::Color::Reset);
        fg.map(|c| format!("{:?}", c.fg)).collect::<std::collections::BTreeSet<_>>()
    };
    assert!(colours(&bench).len() > 3);
    bench.event(Event::Link(News::Late(13)));
    assert_eq!(colours(&bench).len(), 1, "{:?}", colours(&bench));
    bench.heard();
    assert!(colours(&bench).len() > 3);
}

#[test]
fn a_frozen_screen_stays_and_sends_nothing_until_it_follows_again() {
    let mut bench = Bench::live((80, 24));
    bench.key("F");
    let (before, asked) = (shown(&bench), bench.asked.len());
    assert!(before.contains("FROZEN"), "{before}");
    let id = bench.selected().unwrap();
    let fault = rackhand_core::fault::Fault::new(
        rackhand_core::fault::System::Netbox,
        rackhand_core::fault::Kind::Rejected,
        "no",
    );
    bench.fake.park(id, rackhand_core::flow::step::Step::SyncStatus, fault);
    bench.heard();
    assert_eq!((bench.asked.len(), shown(&bench)), (asked, before));
    bench.key("H");
    assert!(bench.toast().contains("frozen; F follows again"), "{}", bench.toast());
    bench.keys(&["F"]);
    assert!(bench.asked.len() > asked && shown(&bench).contains("LIVE"));
}

#[test]
fn filters_are_part_of_where_one_has_been() {
    let mut bench = Bench::live((80, 24));
    for filter in ["site:ams2", "dell"] {
        bench.keys(&["/", "Ctrl-U"]);
        bench.type_in(filter);
        bench.key("Enter");
    }
    bench.keys(&["7", "[", "["]);
    assert_eq!((bench.model.place, bench.model.screens.pipeline.filter.as_str()), (Place::Pipeline, "site:ams2"));
    bench.key("[");
    assert_eq!((bench.model.screens.pipeline.filter.as_str(), bench.model.screens.pipeline.list.total), ("", Some(36)));
    bench.keys(&["]", "]"]);
    assert_eq!(bench.model.screens.pipeline.filter, "dell");
    bench.key("]");
    assert_eq!(bench.model.place, Place::Journal);
}

#[test]
fn words_are_found_on_a_servers_page_forth_and_back_and_around() {
    let mut bench = Bench::live((80, 24));
    bench.keys(&["Enter", "/"]);
    bench.type_in("unit_imported");
    bench.key("Enter");
    assert!(bench.model.screens.server.in_timeline, "{}", shown(&bench));
    let first = bench.model.screens.server.found;
    bench.keys(&["n", "N"]);
    assert_eq!(bench.model.screens.server.found, first);
    bench.key("/");
    bench.key("Ctrl-U");
    bench.type_in("why it is");
    bench.key("Enter");
    assert!(!bench.model.screens.server.in_timeline);
    assert_eq!(bench.model.screens.server.found, Some(0));
    bench.keys(&["/", "Ctrl-U"]);
    bench.type_in("no such words");
    bench.key("Enter");
    assert!(bench.toast().contains("is not among"), "{}", bench.toast());
    bench.key("Esc");
    assert!(bench.model.screens.server.search.is_empty() && matches!(bench.model.place, Place::Server(_)));
}

#[test]
fn a_fact_is_chosen_and_copied_and_a_long_row_is_copied_whole_or_not_at_all() {
    let mut bench = Bench::live((80, 24));
    bench.keys(&["Enter", "f"]);
    let Some(Layer::Choose(choose)) = &bench.model.layer else { panic!("{}", bench.toast()) };
    let at = choose
        .items
        .iter()
        .position(|(name, _, _)| name.contains("mac"))
        .unwrap_or_else(|| panic!("{:?}", choose.items.iter().map(|i| &i.0).collect::<Vec<_>>()));
    let mac = choose.items[at].1.to_string();
    for _ in 0..at {
        bench.key("Down");
    }
    bench.key("Enter");
    assert!(bench.other.contains(&Effect::Copy(mac)));
    bench.key("Y");
    let Some(Effect::Copy(json)) = bench.other.iter().rev().find(|e| matches!(e, Effect::Copy(_))) else { panic!() };
    assert!(json.len() > 1_000 && serde_json::from_str::<serde_json::Value>(json).is_ok(), "{json}");
    let Some(Ok(unit)) = &mut bench.model.screens.server.detail else { panic!() };
    unit.facts = vec![("x".into(), "y".repeat(2_000).into()); 50];
    let copies = bench.other.len();
    bench.key("Y");
    assert!(bench.toast().contains("more than terminals take"), "{}", bench.toast());
    assert!(!bench.other[copies..].iter().any(|e| matches!(e, Effect::Copy(_))));
}

#[test]
fn a_slip_in_a_filter_is_told_and_leaves_the_list_as_it_was() {
    let mut bench = Bench::live((80, 24));
    for (slip, told) in [
        ("!sit:fra1", "`sit:` is no field here"),
        ("stage:recieved", "`recieved` is no stage; did you mean received?"),
        ("state:stock", "did you mean stuck?"),
    ] {
        bench.keys(&["/", "Ctrl-U"]);
        bench.type_in(slip);
        bench.key("Enter");
        assert!(bench.toast().contains(told), "{}", bench.toast());
        assert_eq!(
            (bench.model.screens.pipeline.filter.as_str(), bench.model.screens.pipeline.list.total),
            ("", Some(36))
        );
    }
    bench.keys(&["/", "Up"]);
    assert_eq!(bench.model.filter.as_ref().map(|f| f.text().to_owned()).as_deref(), Some("state:stock"));
    bench.key("Esc");
    for (place, slip) in [("7", "kind:step_parkt"), ("8", "state:decidet"), ("4", "site:fra1"), ("3", "stage:racked")] {
        bench.keys(&[place, "/"]);
        bench.type_in(slip);
        bench.key("Enter");
        let field = slip.split(':').next().unwrap();
        assert!(
            bench.toast().contains(&format!(" {field}")) && bench.toast().contains("is no")
                || bench.toast().contains(&format!("no field `{field}:`")),
            "{slip}: {}",
            bench.toast()
        );
    }
}

#[test]
fn every_field_of_the_filter_is_one_the_daemon_knows() {
    let mut bench = Bench::live((80, 24));
    for field in FIELDS {
        let value = match field {
            "stage" => "decommissioned",
            "state" => "retrying",
            "disposition" => "lost",
            _ => "no-such-value",
        };
        bench.keys(&["/", "Ctrl-U"]);
        bench.type_in(&format!("!{field}:{value}"));
        bench.key("Enter");
        assert!(
            bench.model.screens.pipeline.list.total >= Some(35),
            "{field}: a field nobody knows gives nothing, negated or not"
        );
    }
    bench.keys(&["/", "Ctrl-U"]);
    bench.type_in("stage:received");
    bench.key("Enter");
    let rows = &bench.model.screens.pipeline.list.rows;
    assert!(!rows.is_empty() && rows.iter().all(|r| r.stage.word() == "received"));
}

/// Keys as they come in one read: no time lies between them.
fn in_one_read(bench: &mut Bench, keys: &str) {
    let mut burst = Burst::default();
    let mut events = Vec::new();
    for c in keys.chars() {
        events.append(&mut burst.push(if c == '\n' { Key::Enter } else { Key::Char(c) }, 1_000_000));
    }
    events.append(&mut burst.flush());
    for event in events {
        bench.event(event);
    }
}

#[test]
fn a_filter_that_comes_in_one_read_is_a_filter_and_what_follows_it_acts_on_what_it_leaves() {
    for (filter, key) in [("/stage:racked\n", "*"), ("/dell\n", "*"), ("/site:ams2 !stage:racked\n", "*")] {
        let mut bench = Bench::live((80, 24));
        in_one_read(&mut bench, filter);
        assert_eq!(bench.model.screens.pipeline.filter, filter.trim_matches(['/', '\n']), "{}", bench.toast());
        let left = bench.model.screens.pipeline.list.total.unwrap();
        assert!(left < 36);
        bench.key(key);
        assert_eq!(bench.model.marks.len(), left, "{filter}");
    }
    // One behind the other: the second is not added to the first.
    let mut bench = Bench::live((80, 24));
    in_one_read(&mut bench, "/stage:racked\n");
    in_one_read(&mut bench, "/dell\n");
    assert_eq!(bench.model.screens.pipeline.filter, "dell", "{}", bench.toast());
    // All of it at once, on a screen without a filter, and a label.
    let mut bench = Bench::live((80, 24));
    in_one_read(&mut bench, "/stage:racked\n*");
    assert_eq!(Some(bench.model.marks.len()), bench.model.screens.pipeline.list.total);
    bench.key("6");
    in_one_read(&mut bench, "/stage:racked\n");
    assert!(bench.model.place == Place::Letters && bench.called.is_empty(), "{}", bench.toast());
    in_one_read(&mut bench, "7XK21025\n");
    assert!(matches!(bench.model.place, Place::Server(_)));
}

#[test]
fn good_news_of_a_moment_ago_does_not_cover_that_the_link_is_down() {
    let mut bench = Bench::live((80, 24));
    let down = || Event::Link(News::Down { why: "nobody listens".into(), again_in: 2 });
    bench.event(down());
    bench.up();
    assert!(shown(&bench).contains("connected again"));
    bench.event(down());
    assert!(shown(&bench).contains("no connection: nobody listens"), "{}", shown(&bench));
    // What a key is answered meanwhile stays to be read.
    bench.key("H");
    bench.event(down());
    assert!(shown(&bench).contains("the link is down: nothing can be sent"), "{}", shown(&bench));
}

#[test]
fn escape_goes_up_and_never_to_what_was_looked_at_before() {
    let mut bench = Bench::trading((120, 40));
    let orders: Vec<_> = bench.model.screens.orders.list.rows.iter().map(|r| r.id).take(2).collect();
    for (n, id) in orders.iter().enumerate() {
        bench.keys(&["8", "Home"]);
        for _ in 0..n {
            bench.key("Down");
        }
        bench.key("Enter");
        assert_eq!(bench.model.place, Place::Order(*id));
    }
    bench.keys(&["7", "8", "Enter"]);
    bench.key("Esc");
    assert_eq!(bench.model.place, Place::Orders, "not to the other order, where X would cancel it");
    bench.key("Esc");
    assert_eq!(bench.model.place, Place::Fleet);
    bench.key("[");
    assert_eq!(bench.model.place, Place::Orders, "history has keys of its own");
    // A server's page is below the list it was opened from, whatever was looked at in between.
    bench.keys(&["2", "Enter"]);
    let Place::Server(_) = bench.model.place else { panic!() };
    bench.keys(&["7", "[", "Esc"]);
    assert_eq!(bench.model.place, Place::Pipeline);
    bench.keys(&["6", "Enter", "Esc"]);
    assert_eq!(bench.model.place, Place::Letters);
    bench.keys(&["3", "Enter", "Esc"]);
    assert_eq!(bench.model.place, Place::Racks);
}

/// Answers every question that is on its way.
fn answer_all(bench: &mut Bench) {
    bench.answers = true;
    let asked: Vec<_> = bench.model.asked.values().map(|a| (a.id, a.ask.clone())).collect();
    for (id, ask) in asked {
        let data = crate::fixture::answer(&bench.fake, ask);
        bench.event(Event::Arrived(id, Ok(Box::new(data))));
    }
}

#[test]
fn keys_typed_ahead_of_a_page_wait_for_it_and_none_of_them_acts_unseen() {
    let mut bench = Bench::at((80, 24), Place::Fleet);
    bench.answers = false;
    bench.keys(&["2", "Down", "Down", "Enter", "K"]);
    assert_eq!(bench.model.place, Place::Pipeline);
    answer_all(&mut bench);
    assert_eq!(bench.model.place, Place::Server(bench.model.screens.pipeline.list.rows[2].id), "{}", bench.toast());
    assert!(bench.called.is_empty() && bench.model.ahead.is_empty());
    // What acts at once is not done to what nobody has seen.
    let mut bench = Bench::at((80, 24), Place::Fleet);
    bench.answers = false;
    bench.keys(&["4", "D"]);
    answer_all(&mut bench);
    assert!(bench.called.is_empty() && bench.toast().contains("press D again"), "{}", bench.toast());
    bench.key("D");
    assert!(!bench.called.is_empty() || bench.model.layer.is_some());
    // Esc forgets them.
    let mut bench = Bench::at((80, 24), Place::Fleet);
    bench.answers = false;
    bench.keys(&["2", "Enter", "Esc"]);
    answer_all(&mut bench);
    assert!(!matches!(bench.model.place, Place::Server(_)));
}

#[test]
fn a_form_that_asks_first_opens_for_keys_typed_ahead_on_the_page_it_is_about() {
    let mut bench = Bench::live((80, 24));
    let id = bench.fake.unit("7XK210B9");
    while bench.selected() != Some(id) {
        bench.key("Down");
    }
    bench.answers = false;
    bench.keys(&["Enter", "K", "y", "e", "s"]);
    answer_all(&mut bench);
    assert!(matches!(bench.model.layer, Some(Layer::Form(_))), "{}", bench.toast());
    assert!(bench.toast().contains("3 keys typed ahead are dropped"), "{}", bench.toast());
}

#[test]
fn the_mouse_is_the_terminals_until_it_is_asked_for() {
    let mut bench = Bench::live((80, 24));
    bench.event(Event::Mouse(Mouse::Wheel(1)));
    assert_eq!(bench.model.screens.pipeline.list.cursor, 0);
    bench.key(":");
    bench.type_in("mouse");
    bench.key("Enter");
    assert!(bench.other.contains(&Effect::Mouse(true)));
    bench.event(Event::Mouse(Mouse::Wheel(1)));
    assert_eq!(bench.model.screens.pipeline.list.cursor, 3);
    let screen = shown(&bench);
    let (y, line) = screen.lines().enumerate().find(|(_, l)| l.contains("7XK2")).unwrap();
    bench.event(Event::Mouse(Mouse::Press(10, y as u16)));
    let label = bench.model.screens.pipeline.list.current().unwrap().label.clone();
    assert!(line.contains(&*label), "{label} in {line}");
    bench.keys(&["?"]);
    bench.event(Event::Mouse(Mouse::Wheel(1)));
    assert_eq!(bench.model.layer, Some(Layer::Help(3)));
    bench.key("Esc");
    for y in 0..30 {
        bench.event(Event::Mouse(Mouse::Press(0, y)));
        assert!(bench.selected().is_some());
    }
}

#[test]
fn a_users_keys_are_shown_wherever_a_key_is_named() {
    let mut bench = Bench::live((120, 40));
    bench.model.keys = Keymap::new(&[("retry".to_owned(), vec!["T".to_owned()])].into()).unwrap();
    bench.keys(&["6"]);
    let screen = shown(&bench);
    assert!(screen.contains("T retry") && !screen.contains("R retry"), "{screen}");
    bench.key("R");
    assert!(bench.called.is_empty() && bench.toast().contains("means nothing"), "{}", bench.toast());
    bench.key("T");
    assert_eq!(bench.called.len(), 1);
}

#[test]
fn a_key_that_works_elsewhere_says_where() {
    let mut bench = Bench::live((80, 24));
    bench.keys(&["6", "s"]);
    assert!(bench.toast().contains("sort: it works on: pipeline"), "{}", bench.toast());
}

#[test]
fn a_paste_goes_into_a_field_or_nowhere() {
    let mut bench = Bench::live((80, 24));
    let model = bench.model.clone();
    bench.event(Event::Paste(Text::new("R\nX\nq")));
    bench.model.toast = None;
    assert_eq!(Model { last_id: model.last_id, ..bench.model.clone() }, model);
    bench.key("/");
    bench.event(Event::Paste(Text::new("site:fra1\n")));
    assert_eq!(bench.model.filter.as_ref().map(|f| f.text().to_owned()).as_deref(), Some("site:fra1 "));
}

#[test]
fn words_that_come_at_once_with_their_enter_filter_as_if_typed() {
    let mut bench = Bench::live((80, 24));
    bench.key("/");
    for event in [Event::Scan("site:ams2".into()), Event::EndMark] {
        bench.event(event);
    }
    assert_eq!((bench.model.screens.pipeline.filter.as_str(), bench.model.filter.is_some()), ("site:ams2", false));
    bench.key("/");
    bench.key("Ctrl-U");
    for event in [Event::Key(Key::Char('h')), Event::Rollback(1), Event::Scan("hpe-dl360".into()), Event::EndMark] {
        bench.event(event);
    }
    assert_eq!(bench.model.screens.pipeline.filter, "hpe-dl360");
    bench.key(":");
    for event in [Event::Burst("quit".into()), Event::EndMark] {
        bench.event(event);
    }
    assert!(!bench.other.contains(&Effect::Quit) && bench.model.layer.is_some());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Scans and bursts, with or without an end mark, on any screen or layer: nothing is sent, opened, quit or copied.
    #[test]
    fn no_scan_runs_a_command_wherever_it_lands(
        scans in prop::collection::vec(("([A-Z0-9a-z:*<>?.][A-Z0-9a-z:*<>?/.]{0,23})?[0-9][A-Z][0-9]", any::<bool>()), 1..6),
        way in 0_usize..8,
    ) {
        let ways: [&[&str]; 8] = [&[], &["Enter"], &["6"], &["7"], &["?"], &["X"], &["."], &["6", "X"]];
        let mut bench = Bench::live((80, 24));
        bench.keys(ways[way]);
        let layered = bench.model.layer.is_some();
        let mut burst = Burst::default();
        let mut at = 1_000_000;
        let mut events = Vec::new();
        for (scan, ended) in &scans {
            at += 700_000;
            for c in scan.chars() {
                at += 2_000;
                events.extend(burst.push(Key::Char(c), at));
            }
            if *ended {
                events.extend(burst.push(Key::Enter, at + 2_000));
            }
        }
        events.extend(burst.flush());
        for event in events {
            bench.event(event);
        }
        prop_assert!(bench.called.is_empty());
        prop_assert!(bench.other.iter().all(|e| matches!(e, Effect::After(..))), "{:?}", bench.other);
        prop_assert_eq!(bench.model.layer.is_some(), layered);
        prop_assert!(bench.model.filter.is_none() && bench.model.marks.is_empty());
    }
}
