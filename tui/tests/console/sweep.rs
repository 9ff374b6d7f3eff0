//! No size of the terminal makes anything panic.

use rackhand_core::text::Text;
use rackhand_tui::event::Event;
use rackhand_tui::theme::glyph::GlyphSet;

use crate::fixture::{Bench, buffer, hostile, plain};

#[test]
fn no_size_panics_on_any_screen_or_layer() {
    let looks = [plain(GlyphSet::Unicode), plain(GlyphSet::Ascii)];
    let ways: [&[&str]; 21] = [
        &[],
        &["9"],
        &["Enter"],
        &["6"],
        &["7"],
        &["1"],
        &["1", "Tab"],
        &["3"],
        &["3", "Enter"],
        &["3", "Enter", "r", "r", "p"],
        &["3", "G", "Up", "Up", "Enter"],
        &["4"],
        &["5", "X", "Enter", "x", "Enter"],
        &["?"],
        &[":"],
        &["X"],
        &["Enter", "M"],
        &["/"],
        &["Enter", "f"],
        &["*", "R"],
        &["*", "R", "3", "6", "Enter", "w"],
    ];
    let mut renders = 0;
    for (n, keys) in ways.iter().enumerate() {
        let mut bench = Bench::furnished((120, 40));
        bench.keys(keys);
        bench.event(Event::Paste(hostile()));
        // Screens at every size, layers at every third.
        let step = if n < 9 { 1 } else { 3 };
        for width in (0..=120).step_by(step) {
            for height in (0..=40).step_by(step) {
                bench.model.size = (width, height);
                rackhand_tui::screen::listing::settle(&mut bench.model);
                buffer(&bench.model, &looks[usize::from((width + height) % 2)]);
                renders += 1;
            }
        }
    }
    assert!(renders > 20_000, "{renders}");
}

#[test]
fn no_size_panics_where_orders_are() {
    let looks = [plain(GlyphSet::Unicode), plain(GlyphSet::Ascii)];
    let ways: [&[&str]; 10] = [
        &["Down"],
        &["Down", "Enter", "G"],
        &["Enter", "Q"],
        &["Enter", "Q", "Right", "G"],
        &["Enter", "I"],
        &["Enter", "a"],
        &["Enter", "Q", "a"],
        &["Enter", "E", "="],
        &["O", "x", "Enter", "Enter", "Enter", "x"],
        &["Enter", "x"],
    ];
    for (n, keys) in ways.iter().enumerate() {
        let mut bench = Bench::trading((120, 40));
        bench.keys(keys);
        bench.event(Event::Paste(hostile()));
        let step = if n < 5 { 1 } else { 3 };
        for width in (0..=120).step_by(step) {
            for height in (0..=40).step_by(2 * step - 1) {
                bench.model.size = (width, height);
                rackhand_tui::screen::listing::settle(&mut bench.model);
                buffer(&bench.model, &looks[usize::from((width + height) % 2)]);
            }
        }
    }
}

#[test]
fn wide_terminals_are_filled_and_hold_a_whole_header() {
    for (n, keys) in
        [&[][..], &["Enter"], &["6"], &["7"], &["3"], &["3", "Enter"], &["1"], &["4"], &["5"], &["8"], &["9"]]
            .iter()
            .enumerate()
    {
        let mut bench = Bench::furnished((250, 80));
        bench.keys(keys);
        for width in (60..=250).step_by(5) {
            for height in [16, 24, 60, 80] {
                bench.event(Event::Resize(width, height));
                let shown = crate::fixture::text(&bench.model, &plain(GlyphSet::Ascii));
                let lines: Vec<&str> = shown.lines().collect();
                assert_eq!(lines.len(), usize::from(height));
                assert!(
                    lines[0].ends_with("LIVE") && lines[0].len() <= usize::from(width),
                    "{n} {width}: {}",
                    lines[0]
                );
                let help = lines[lines.len() - 1];
                assert!(help.starts_with(" ? help") || help.starts_with(" F1 help"), "{n} {width}: {shown}");
            }
        }
    }
}

#[test]
fn a_storm_of_sizes_and_keys_panics_nowhere() {
    let mut bench = Bench::furnished((80, 24));
    bench.fake.trade();
    let keys = [
        "Down", "PgDn", "G", "g", "Tab", "Enter", "Esc", "[", "]", "6", "7", "3", "r", "e", "2", "4", "5", "F10", "1",
        "8", "Q", "I", "P", "Left", "s", ">", "Space", "?", "Esc", ":", "Esc", ".",
    ];
    let look = plain(GlyphSet::Unicode);
    let mut random = 7_u64;
    for n in 0..4_000 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let pick = usize::try_from(random >> 33).unwrap();
        if n % 7 == 0 {
            bench.event(Event::Resize((pick % 131) as u16, (pick / 131 % 45) as u16));
        } else {
            bench.key(keys[pick % keys.len()]);
        }
        bench.events.clear();
        if n % 5 == 0 {
            buffer(&bench.model, &look);
        }
    }
}

#[test]
fn hostile_text_stays_in_its_cell() {
    let mut bench = Bench::live((80, 24));
    bench.model.screens.pipeline.list.rows[0].label = hostile();
    bench.model.screens.pipeline.list.rows[0].waits_for = Text::new(&"服".repeat(300));
    for set in [GlyphSet::Unicode, GlyphSet::Ascii] {
        let buffer = buffer(&bench.model, &plain(set));
        assert!(buffer.content.iter().all(|c| !c.symbol().contains(char::is_control)));
    }
}
