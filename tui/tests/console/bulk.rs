//! Marks, actions on many, and taking back.

use rackhand_core::decide::command::Command;
use rackhand_core::lifecycle::stage::Disposition;
use rackhand_tui::app::bulk::{AT_ONCE, Outcome};
use rackhand_tui::app::effect::Effect;
use rackhand_tui::event::{CallEnd, Event, News, Timer};
use rackhand_tui::overlay::Layer;
use rackhand_tui::screen::Place;
use rackhand_tui::theme::glyph::GlyphSet;

use crate::fake::Fake;
use crate::fixture::{Bench, plain, text};

fn held(bench: &Bench) -> usize {
    let inside = bench.fake.inside.lock().unwrap();
    inside.world.units.values().filter(|u| u.disposition == Disposition::OnHold).count()
}

fn hold(bench: &mut Bench, reason: &str) {
    bench.key("H");
    assert!(bench.model.layer.is_some(), "{}", bench.toast());
    bench.type_in(reason);
    bench.key("Enter");
}

#[test]
fn a_range_is_marked_from_one_to_the_other_and_everything_and_the_rest() {
    let mut bench = Bench::live((80, 24));
    bench.keys(&["Down", "V", "Down", "Down", "Down", "V"]);
    assert_eq!(bench.model.marks.len(), 4);
    bench.key("i");
    assert_eq!(bench.model.marks.len(), 32);
    bench.key("*");
    assert_eq!(bench.model.marks.len(), 36);
    bench.keys(&["u", "/"]);
    bench.type_in("site:ams2");
    bench.keys(&["Enter", "*"]);
    let total = bench.model.screens.pipeline.list.total.unwrap();
    assert_eq!(bench.model.marks.len(), total);
    assert!(bench.toast().contains(&format!("{total} marked")), "{}", bench.toast());
}

#[test]
fn a_range_reaches_beyond_what_is_held_and_escape_drops_it() {
    let fake = Fake::new();
    fake.seed(600);
    let mut bench = Bench::new(fake, (80, 24));
    bench.model.place = Place::Pipeline;
    bench.up();
    bench.key("V");
    for _ in 0..20 {
        bench.key("PgDn");
    }
    let cursor = bench.model.screens.pipeline.list.cursor;
    bench.key("V");
    assert_eq!(bench.model.marks.len(), cursor + 1);
    bench.keys(&["u", "V", "Esc"]);
    assert!(bench.model.screens.pipeline.anchor.is_none());
    bench.key("*");
    assert!(bench.toast().contains("at most 512"), "{}", bench.toast());
    assert!(bench.model.marks.is_empty());
}

#[test]
fn many_are_retried_only_when_their_number_is_typed_and_each_one_is_accounted_for() {
    let mut bench = Bench::live((80, 24));
    bench.keys(&["*", "R"]);
    assert!(matches!(bench.model.layer, Some(Layer::Form(_))));
    bench.keys(&["Enter", "R", "Enter"]);
    assert!(bench.called.is_empty());
    bench.keys(&["Ctrl-U", "3", "6", "Enter"]);
    assert_eq!(bench.called.len(), 36);
    assert!(bench.toast().contains("retry 36 marked:") && bench.toast().contains("refused"), "{}", bench.toast());
    let report = bench.model.report.clone().unwrap();
    assert_eq!(report.rows.len(), 36);
    assert!(matches!(report.rows[0].1, Outcome::Refused(_)));
    assert!(report.rows.iter().any(|(_, outcome)| *outcome == Outcome::Asked));
    bench.key("w");
    let shown = text(&bench.model, &plain(GlyphSet::Ascii));
    assert!(shown.contains(&*report.rows[0].0) && shown.contains("refused:"), "{shown}");
}

#[test]
fn an_action_on_many_sends_a_few_at_a_time_and_goes_on_behind_a_lost_link() {
    let mut bench = Bench::live((80, 24));
    bench.keys(&["*", "H"]);
    bench.type_in("rack work");
    bench.answers = false;
    bench.key("Enter");
    assert_eq!(bench.called.len(), AT_ONCE);
    let ids: Vec<u64> = bench.model.calls.keys().copied().collect();
    bench.event(Event::Link(News::Down { why: "gone".into(), again_in: 1 }));
    for id in &ids {
        bench.event(Event::Called(*id, CallEnd::Lost("gone".into())));
    }
    assert_eq!(bench.called.len(), AT_ONCE);
    bench.answers = true;
    bench.up();
    assert_eq!(held(&bench), 36);
    let requests: std::collections::BTreeSet<_> = bench.called.iter().map(|(request, _)| request).collect();
    assert_eq!(requests.len(), 36);
    assert!(bench.toast().contains("36 done"), "{}", bench.toast());
}

#[test]
fn a_hold_is_taken_back_within_its_grace_and_not_behind_it() {
    let mut bench = Bench::live((80, 24));
    hold(&mut bench, "smoke");
    assert_eq!(held(&bench), 1);
    assert!(bench.toast().contains("z takes it back"), "{}", bench.toast());
    bench.key("z");
    assert_eq!(held(&bench), 0);
    bench.key("z");
    assert!(bench.toast().contains("nothing to take back"), "{}", bench.toast());
    bench.keys(&["*"]);
    hold(&mut bench, "rack work");
    assert_eq!(held(&bench), 36, "{} {:?}", bench.toast(), bench.model.layer);
    bench.key("z");
    assert_eq!(held(&bench), 0);
    bench.keys(&["u"]);
    hold(&mut bench, "again");
    let timers: Vec<Timer> = bench
        .other
        .iter()
        .filter_map(|e| match e {
            Effect::After(_, timer @ Timer::Grace(_)) => Some(*timer),
            _ => None,
        })
        .collect();
    bench.event(Event::Timer(*timers.last().unwrap()));
    bench.key("z");
    assert_eq!(held(&bench), 1);
}

#[test]
fn a_release_is_taken_back_by_a_hold_and_a_retry_not_at_all() {
    let mut bench = Bench::live((80, 24));
    hold(&mut bench, "smoke");
    bench.keys(&["Enter", "H"]);
    assert_eq!(held(&bench), 0);
    bench.key("z");
    assert_eq!(held(&bench), 1);
    assert!(matches!(bench.called.last().unwrap().1, Command::Hold { .. }));
    bench.keys(&["6", "End", "R"]);
    assert!(bench.toast().contains("asked; what comes of it shows here"), "{}", bench.toast());
}
