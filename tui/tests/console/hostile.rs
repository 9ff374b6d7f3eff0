//! Text from outside, at its worst, through every screen and layer: the bytes for the terminal hold nothing but what we
//! mean to send.

use std::collections::BTreeSet;

use rackhand_core::id::UnitId;
use rackhand_core::text::Text;
use rackhand_core::view::{DeadLetter, EventRow, UnitDetail, UnitRow};
use rackhand_tui::event::Event;
use rackhand_tui::term::screen::Screen;
use rackhand_tui::theme::depth::Depth;
use rackhand_tui::theme::glyph::GlyphSet;
use serde_json::Value;

use crate::bytes::Counter;
use crate::fixture::{Bench, look};

/// What real attacks are made of.
const PIECES: &[&str] = &[
    "\u{1b}]0;PWNED\u{7}",
    "\u{1b}]52;c;cm0gLXJm\u{7}",
    "\u{1b}[2J\u{1b}[H",
    "\u{1b}[?1049l",
    "\u{1b}P+q544e\u{1b}\\",
    "\u{1b}_Gf=100;AAAA\u{1b}\\",
    "\u{1b}[6n",
    "\u{1b}[c",
    "\u{9b}31m",
    "\u{9d}0;x\u{9c}",
    "\u{90}q\u{9c}",
    "\r",
    "\n",
    "\t",
    "\u{8}\u{8}\u{8}",
    "\u{7f}",
    "\u{0}",
    "\u{e}\u{f}",
    "\u{202e}txet",
    "\u{2066}x\u{2069}",
    "\u{200b}\u{200d}\u{feff}",
    "\u{e0041}\u{e0042}",
    "a\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}",
    "\u{fe0f}\u{20e3}",
    "\u{ad}",
    "服务器",
    "👩‍👩‍👧‍👦",
    "ﷺ",
    "x\u{115f}\u{3164}",
    "=cmd|' /C calc'!A0",
    "%n%s$(id)`id`",
    "\\x1b[31m",
    "sw-a07-1",
];

struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }

    fn hostile(&mut self) -> String {
        let mut out = String::new();
        for _ in 0..=self.below(4) {
            match self.below(4) {
                0 => out.push(char::from_u32(self.below(0x11_0000) as u32).unwrap_or('\u{1b}')),
                1 => out.push(char::from_u32(self.below(0xA0) as u32).unwrap_or('\u{9b}')),
                _ => out.push_str(PIECES[self.below(PIECES.len())]),
            }
        }
        out
    }
}

/// Replaces every text that is not one of our own words, as a daemon would that has been lied to.
fn poison(value: &mut Value, random: &mut Random, count: &mut usize, key: &str) {
    const TEXTS: &[&str] = &[
        "label",
        "model",
        "place",
        "waits_for",
        "what",
        "detail",
        "text",
        "kind",
        "actor",
        "phase",
        "skip",
        "reason",
        "serial",
        "title",
    ];
    match value {
        Value::String(text) if TEXTS.contains(&key) => {
            *text = random.hostile();
            *count += 1;
        }
        Value::Array(items) if key == "facts" => {
            for pair in items.iter_mut().filter_map(Value::as_array_mut) {
                for text in pair {
                    *text = Value::String(random.hostile());
                    *count += 1;
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| poison(item, random, count, key)),
        Value::Object(fields) => fields.iter_mut().for_each(|(key, value)| poison(value, random, count, &key.clone())),
        _ => {}
    }
}

/// The same value with hostile texts, through the door they come in by: its JSON.
fn poisoned<T: serde::Serialize + serde::de::DeserializeOwned>(value: &T, random: &mut Random, count: &mut usize) -> T {
    let mut json = serde_json::to_value(value).unwrap();
    poison(&mut json, random, count, "");
    // A task's or fault's kind is a word of ours; only what reads back is an answer.
    serde_json::from_value(json)
        .unwrap_or_else(|_| serde_json::from_value(serde_json::to_value(value).unwrap()).unwrap())
}

/// Everything in the bytes that is not printable text: each sequence by its form.
fn sequences(bytes: &[u8]) -> BTreeSet<String> {
    let text = std::str::from_utf8(bytes).expect("UTF-8");
    let mut found = BTreeSet::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\u{1b}' {
            let printable = !c.is_control() && Text::new(&c.to_string()).as_str() == c.to_string();
            if !printable {
                found.insert(format!("U+{:04X}", u32::from(c)));
            }
            continue;
        }
        let mut form = String::from("ESC");
        match chars.next() {
            Some('[') => {
                form.push('[');
                for c in chars.by_ref() {
                    if c.is_ascii_digit() || c == ';' {
                        continue;
                    }
                    form.push(c);
                    if ('@'..='~').contains(&c) {
                        break;
                    }
                }
            }
            other => form.push(other.unwrap_or('?')),
        }
        found.insert(form);
    }
    found
}

#[test]
fn a_hundred_thousand_hostile_texts_leave_the_terminal_as_we_mean_it() {
    let allowed: BTreeSet<String> = ["ESC[H", "ESC[J", "ESC[K", "ESC[m", "ESC[?h", "ESC[?l", "ESC[r", "ESC[S", "ESC[T"]
        .iter()
        .map(ToString::to_string)
        .collect();
    let look = look("dark", Depth::X256, GlyphSet::Unicode);
    let mut random = Random(7);
    let mut count = 0;
    let ways: [&[&str]; 11] = [
        &[],
        &["Enter"],
        &["6"],
        &["7"],
        &["X"],
        &["."],
        &["Enter", "f"],
        &["Enter", "Tab"],
        &["1"],
        &["4"],
        &["5", "S", "1", "Enter", "S", "2", "Enter"],
    ];
    let mut benches: Vec<Bench> = ways
        .iter()
        .map(|keys| {
            let mut bench = Bench::live((160, 50));
            bench.keys(keys);
            bench
        })
        .collect();
    let mut rounds = 0;
    while count < 100_000 {
        for bench in &mut benches {
            let m = &mut bench.model;
            let rows: Vec<UnitRow> =
                m.screens.pipeline.list.rows.iter().map(|r| poisoned(r, &mut random, &mut count)).collect();
            m.screens.pipeline.list.rows = rows;
            let letters: Vec<DeadLetter> =
                m.screens.letters.list.rows.iter().map(|r| poisoned(r, &mut random, &mut count)).collect();
            m.screens.letters.list.rows = letters;
            let shown: Vec<EventRow> =
                m.screens.journal.log.rows.iter().take(50).map(|r| poisoned(r, &mut random, &mut count)).collect();
            m.screens.journal.log.rows = shown;
            let past: Vec<EventRow> =
                m.screens.server.timeline.rows.iter().take(30).map(|r| poisoned(r, &mut random, &mut count)).collect();
            m.screens.server.timeline.rows = past;
            m.screens.fleet.stuck.rows =
                m.screens.fleet.stuck.rows.iter().map(|r| poisoned(r, &mut random, &mut count)).collect();
            m.screens.work.list.rows =
                m.screens.work.list.rows.iter().map(|r| poisoned(r, &mut random, &mut count)).collect();
            m.screens.receiving.dock = m.screens.receiving.dock.as_ref().map(|d| poisoned(d, &mut random, &mut count));
            m.screens.receiving.scans =
                m.screens.receiving.scans.iter().map(|e| poisoned(e, &mut random, &mut count)).collect();
            if let Some(Ok(unit)) = &mut m.screens.server.detail {
                let detail: UnitDetail = poisoned(unit, &mut random, &mut count);
                *unit = detail;
            }
            let counter = Counter::default();
            let mut screen = Screen::new(counter.clone(), m.size);
            bench.event(Event::Paste(Text::new(&random.hostile())));
            screen.paint(&bench.model, &look).unwrap();
            let found = sequences(&counter.last.lock().unwrap());
            let strange: Vec<&String> = found.difference(&allowed).collect();
            assert!(strange.is_empty(), "{strange:?} on {:?}", bench.model.place);
        }
        rounds += 1;
    }
    println!("{count} hostile texts in {} frames", rounds * ways.len());
}

#[test]
fn the_canvas_cleans_what_was_never_a_text() {
    let mut bench = Bench::live((80, 24));
    let id: UnitId = bench.selected().unwrap();
    bench.model.marks.insert(id, Text::new("x"));
    // A filter comes from the keyboard or a recording, not from the daemon.
    let json =
        serde_json::to_string(&bench.model).unwrap().replace("\"filter\":\"\"", "\"filter\":\"\\u001b]0;x\\u0007\"");
    bench.model = serde_json::from_str(&json).unwrap();
    assert!(bench.model.screens.pipeline.filter.contains('\u{1b}'));
    let counter = Counter::default();
    let look = look("dark", Depth::X256, GlyphSet::Unicode);
    Screen::new(counter.clone(), (80, 24)).paint(&bench.model, &look).unwrap();
    let found = sequences(&counter.last.lock().unwrap());
    assert!(!found.contains("ESC]") && !found.contains("U+0007"), "{found:?}");
    assert!(String::from_utf8_lossy(&counter.last.lock().unwrap()).contains("\u{FFFD}]0;x\u{FFFD}"));
}
