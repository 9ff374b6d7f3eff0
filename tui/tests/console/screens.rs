//! Every screen, at four sizes, in both glyph sets.

use rackhand_core::text::Text;
use rackhand_core::view::Doing;
use rackhand_tui::event::{Event, News};
use rackhand_tui::screen::Place;
use rackhand_tui::theme::depth::Depth;
use rackhand_tui::theme::file::SHIPPED;
use rackhand_tui::theme::glyph::GlyphSet;

use crate::fixture::{Bench, buffer, look, plain, text};

const SIZES: [(u16, u16); 4] = [(60, 16), (80, 24), (120, 40), (200, 60)];

fn at_all_sizes(name: &str, keys: &[&str]) {
    for size in SIZES {
        let mut bench = Bench::live(size);
        bench.keys(keys);
        bench.model.toast = None;
        for (set, word) in [(GlyphSet::Unicode, "unicode"), (GlyphSet::Ascii, "ascii")] {
            let shown = text(&bench.model, &plain(set));
            if set == GlyphSet::Ascii {
                assert!(shown.is_ascii());
            }
            insta::assert_snapshot!(format!("{name}_{}x{}_{word}", size.0, size.1), shown);
        }
    }
}

#[test]
fn the_pipeline_at_all_sizes() {
    at_all_sizes("pipeline", &["Down", "Space"]);
}

#[test]
fn a_server_at_all_sizes() {
    at_all_sizes("server", &["Enter"]);
}

#[test]
fn dead_letters_at_all_sizes() {
    at_all_sizes("letters", &["6", "Down"]);
}

#[test]
fn the_journal_at_all_sizes() {
    at_all_sizes("journal", &["7", "Down", "v"]);
}

#[test]
fn outside_systems_at_all_sizes() {
    at_all_sizes("outside", &["9"]);
}

#[test]
fn racks_at_all_sizes() {
    // The list, a rack with its servers, both sides with stages, one counted from the top with what cannot be.
    let ways: [(&str, &[&str]); 4] = [
        ("racks", &["3", "Down"]),
        ("elevation", &["3", "Down", "Enter", "Down", "Down"]),
        ("elevation_both", &["3", "Down", "Enter", "r", "r", "p"]),
        ("elevation_odd", &["3", "/", "S", "1", "Enter", "Enter", "Down"]),
    ];
    for (name, keys) in ways {
        for size in SIZES {
            let mut bench = Bench::furnished(size);
            bench.keys(keys);
            bench.model.toast = None;
            for (set, word) in [(GlyphSet::Unicode, "unicode"), (GlyphSet::Ascii, "ascii")] {
                let shown = text(&bench.model, &plain(set));
                assert!(set == GlyphSet::Unicode || shown.is_ascii());
                insta::assert_snapshot!(format!("{name}_{}x{}_{word}", size.0, size.1), shown);
            }
        }
    }
    let mut bench = Bench::live((80, 24));
    bench.keys(&["3", "Enter"]);
    insta::assert_snapshot!("elevation_journal_only", text(&bench.model, &plain(GlyphSet::Unicode)));
}

#[test]
fn the_fleet_at_all_sizes() {
    at_all_sizes("fleet", &["1"]);
    at_all_sizes("fleet_sites", &["1", "Tab", "Down"]);
}

#[test]
fn the_work_at_all_sizes() {
    at_all_sizes("work", &["4", "Down"]);
}

#[test]
fn the_dock_at_all_sizes() {
    for size in SIZES {
        let mut bench = Bench::at(size, Place::Receiving);
        crate::dock::scan_all_kinds(&mut bench);
        bench.model.toast = None;
        for (set, word) in [(GlyphSet::Unicode, "unicode"), (GlyphSet::Ascii, "ascii")] {
            let shown = text(&bench.model, &plain(set));
            insta::assert_snapshot!(format!("receiving_{}x{}_{word}", size.0, size.1), shown);
        }
    }
    let mut bench = Bench::at((80, 24), Place::Receiving);
    bench.key("F1");
    insta::assert_snapshot!("receiving_help_80x24", text(&bench.model, &plain(GlyphSet::Ascii)));
}

#[test]
fn the_layers_at_all_sizes() {
    at_all_sizes("help", &["?"]);
    at_all_sizes("palette", &[":", "d", "o"]);
    at_all_sizes("actions", &["."]);
    at_all_sizes("cancel", &["X"]);
    at_all_sizes("filter", &["/"]);
    at_all_sizes("facts", &["Enter", "f"]);
    at_all_sizes("many", &["*", "R", "Enter"]);
    at_all_sizes("results", &["*", "R", "3", "6", "Enter", "w"]);
}

#[test]
fn what_was_kept_and_what_is_frozen_at_all_sizes() {
    for size in SIZES {
        let mut bench = Bench::live(size);
        bench.key("F");
        insta::assert_snapshot!(format!("frozen_{}x{}", size.0, size.1), text(&bench.model, &plain(GlyphSet::Unicode)));
        bench.model.link = rackhand_tui::app::model::Link::Connecting;
        bench.model.kept = true;
        insta::assert_snapshot!(format!("kept_{}x{}", size.0, size.1), text(&bench.model, &plain(GlyphSet::Unicode)));
    }
}

#[test]
fn warnings_and_a_lost_link_are_in_the_header() {
    let mut bench = Bench::live((80, 24));
    {
        let mut inside = bench.fake.inside.lock().unwrap();
        inside.health.intake_stopped = Some("the disk is full".into());
        inside.health.systems[0].doing = Doing::Bad { since: inside.now, why: "503".into() };
    }
    bench.heard();
    let head = |bench: &Bench| text(&bench.model, &plain(GlyphSet::Ascii)).lines().next().unwrap().to_owned();
    let line = head(&bench);
    for word in ["DEMO", "!INTAKE STOPPED", "!NetBox away", "LIVE"] {
        assert!(line.contains(word), "{word} in {line}");
    }
    let all = text(&bench.model, &plain(GlyphSet::Ascii));
    assert!(all.contains("intake stopped, nothing new is accepted: the disk is full"), "{all}");
    bench.event(Event::Link(News::Late(14)));
    assert!(head(&bench).contains("STALE 14 s"));
    bench.event(Event::Link(News::Down { why: Text::new("nobody listens at the socket"), again_in: 3 }));
    assert!(head(&bench).contains("DOWN, again in 3 s"));
    assert!(text(&bench.model, &plain(GlyphSet::Ascii)).contains("no connection: nobody listens at the socket"));
    insta::assert_snapshot!("down_80x24_ascii", text(&bench.model, &plain(GlyphSet::Ascii)));
}

#[test]
fn before_the_first_answer_nothing_is_claimed() {
    let bench = Bench::new(crate::fake::Fake::new(), (80, 24));
    let shown = text(&bench.model, &plain(GlyphSet::Ascii));
    assert!(shown.contains("CONNECTING") && shown.contains("nothing is known yet"), "{shown}");
    assert!(!shown.contains(" 0 ") && !shown.contains("LIVE"), "{shown}");
}

#[test]
fn every_theme_at_every_depth_draws_the_same_words() {
    let bench = Bench::live((80, 24));
    let words = text(&bench.model, &plain(GlyphSet::Unicode));
    for (theme, _) in SHIPPED {
        for depth in [Depth::Mono, Depth::Ansi16, Depth::X256, Depth::True] {
            let look = look(theme, depth, GlyphSet::Unicode);
            assert_eq!(text(&bench.model, &look), words, "{theme} {depth}");
        }
    }
    for (theme, _) in SHIPPED {
        let styled = buffer(&bench.model, &look(theme, Depth::X256, GlyphSet::Unicode));
        insta::assert_snapshot!(format!("styled_{theme}"), format!("{styled:?}"));
    }
}

#[test]
fn a_servers_page_shows_what_it_tested_with_measurements_and_limits() {
    use rackhand_core::boot::report::{Measurement, StepReport, StepVerdict, ValidationStep};
    let mut bench = Bench::live((80, 24));
    bench.key("Enter");
    let step = |step, verdict, message: Option<&str>, measured: &[(&str, &str, Option<&str>)]| StepReport {
        step,
        verdict,
        took_ms: 61_000,
        measurements: measured
            .iter()
            .map(|(name, value, limit)| Measurement {
                name: (*name).into(),
                value: (*value).into(),
                limit: limit.map(Into::into),
            })
            .collect(),
        message: message.map(Into::into),
    };
    let Some(Ok(unit)) = &mut bench.model.screens.server.detail else { panic!("a server is open") };
    (unit.waits, unit.steps, unit.tasks, unit.facts) = Default::default();
    unit.tests = vec![
        step(ValidationStep::Init, StepVerdict::Passed, None, &[("memory", "512 GiB", None)]),
        step(
            ValidationStep::Disk,
            StepVerdict::Failed,
            Some("nvme0n1 is slow"),
            &[
                ("nvme0n1 (S6X1) sequential read", "312 MB/s", Some("at least 1000 MB/s")),
                ("nvme1n1 (S6X2)", "holds data, not written", None),
            ],
        ),
        step(ValidationStep::Lldp, StepVerdict::Stopped, Some("no answer within 240 s"), &[]),
    ];
    insta::assert_snapshot!("server_tests_80x24", text(&bench.model, &plain(GlyphSet::Unicode)));
}
