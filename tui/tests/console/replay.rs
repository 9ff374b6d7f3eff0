//! A recording plays to the state it was made in.

use rackhand_tui::app::model::Model;
use rackhand_tui::app::update::update;
use rackhand_tui::record::{Recorder, Replay};
use rackhand_tui::screen::Place;
use rackhand_tui::theme::glyph::GlyphSet;

use crate::fixture::{Bench, plain, text};

#[test]
fn a_recording_plays_to_the_same_screen() {
    let mut bench = Bench::live((80, 24));
    bench.keys(&["Down", "Enter", "Tab", "Down", "Esc", "/"]);
    bench.type_in("site:fra1 dell");
    bench.keys(&["Enter", "H"]);
    bench.type_in("looks odd");
    bench.key("Enter");
    let mut model = Model::new((80, 24), "session".into());
    model.place = Place::Pipeline;
    let mut recorder = Recorder::new(&model);
    for (at, event) in (0..).zip(&bench.events) {
        recorder.push(&model, event, at);
        update(&mut model, event.clone());
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recording.json");
    recorder.save(&path).unwrap();
    let mut replay = Replay::read(&path).unwrap();
    let mut steps = 0;
    let look = plain(GlyphSet::Unicode);
    while replay.step().is_some() {
        text(&replay.model, &look);
        steps += 1;
    }
    assert_eq!(steps, bench.events.len());
    assert_eq!(replay.model, bench.model);
    assert_eq!(text(&replay.model, &look), text(&bench.model, &look));
}

#[test]
fn a_recording_of_an_approval_plays_to_the_same_screen() {
    let mut bench = Bench::trading((80, 24));
    bench.keys(&["End", "Up", "Enter", "Q", "Right", "Left", "a"]);
    bench.type_in("29386");
    bench.keys(&["Enter", "8", "O"]);
    bench.type_in("acme");
    bench.keys(&["Enter", "Enter", "Enter"]);
    bench.type_in("256GB DDR5, rails");
    assert!(bench.called.len() == 1 && bench.model.layer.is_some());
    let mut model = Model::new((80, 24), "session".into());
    model.place = Place::Orders;
    let mut recorder = Recorder::new(&model);
    for (at, event) in (0..).zip(&bench.events) {
        recorder.push(&model, event, at);
        update(&mut model, event.clone());
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recording.json");
    recorder.save(&path).unwrap();
    let mut replay = Replay::read(&path).unwrap();
    while replay.step().is_some() {}
    assert_eq!(replay.model, bench.model);
    let look = plain(GlyphSet::Unicode);
    assert_eq!(text(&replay.model, &look), text(&bench.model, &look));
}

#[test]
fn a_long_session_keeps_its_end_and_stays_small() {
    let mut bench = Bench::live((80, 24));
    let mut recorder = Recorder::new(&bench.model);
    for n in 0..9_000 {
        let event = rackhand_tui::event::Event::Key(if n % 2 == 0 { "Down" } else { "Up" }.parse().unwrap());
        recorder.push(&bench.model, &event, n);
        bench.event(event);
        bench.events.clear();
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recording.json");
    recorder.save(&path).unwrap();
    assert!(std::fs::metadata(&path).unwrap().len() < 1 << 20);
    let mut replay = Replay::read(&path).unwrap();
    let mut steps = 0;
    while replay.step().is_some() {
        steps += 1;
    }
    assert!((2_000..=4_000).contains(&steps), "{steps}");
    assert_eq!(replay.model.screens.pipeline.list.cursor, bench.model.screens.pipeline.list.cursor);
}
