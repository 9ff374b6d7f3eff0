//! Outside systems: how each does, since when, and what a person does about it. What is not told is unknown, never good.

use rackhand_core::fault::System;
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;
use rackhand_core::view::{Doing, Health, SystemHealth, TapState};
use serde::{Deserialize, Serialize};

use super::Place;
use super::face::Face;
use crate::app::fetch::OVERVIEW;
use crate::app::model::{Link, Model};
use crate::command::registry::Spec;
use crate::theme::token::Token;
use crate::widget::canvas::{Canvas, width};
use crate::widget::chrome;
use crate::widget::words::{age, short};
use crate::widget::wrap::{hang, wrap};

/// The screen.
pub const FACE: Face = Face {
    title: "Outside",
    about: "The systems that Rackhand works with, what is wrong first: how each does, since when, and what to do. Below \
            stand those that the daemon tells nothing of: they are unknown, and none is good before it is told so. \
            While the link is not live, what was told before is unknown too.",
    twin: "rackhand status",
    go: Spec::go(Place::Outside, "outside", "screen: outside systems", &["9"]),
    view,
    settle: |model| {
        let height = usize::from(chrome::body(model.size).1);
        let last = lines(model).len().saturating_sub(height);
        model.screens.outside.top = model.screens.outside.top.min(last);
    },
    step: |model, motion, _| {
        let height = usize::from(chrome::body(model.size).1);
        let last = lines(model).len().saturating_sub(height);
        model.screens.outside.top = motion.from(model.screens.outside.top, height).min(last);
    },
    row: |model| serde_json::to_string(&model.overview.as_ref()?.health).ok(),
    ..Face::PLAIN
};

/// State of the screen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Outside {
    /// First line on screen.
    pub top: usize,
}

/// How a system does, the worst first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Bad,
    Unknown,
    Good,
}

struct Row {
    name: Text,
    state: State,
    /// Its state in a word or two.
    word: String,
    since: Option<Timestamp>,
    told: String,
    /// What a person does about it; empty where nothing is to be done.
    advice: String,
}

/// Systems that the daemon may tell of. Those it does not are unknown.
const KNOWN: [System; 5] = [System::Netbox, System::Bmc, System::Maas, System::Vendor, System::Carrier];

fn rows(model: &Model) -> Vec<Row> {
    let Some(overview) = &model.overview else { return Vec::new() };
    let mut rows = told(&overview.health, model.now);
    for system in KNOWN.into_iter().filter(|kind| overview.health.systems.iter().all(|s| s.system != *kind)) {
        let advice = match system {
            System::Bmc => "each server's page tells of its own",
            _ => "`rackhand doctor` looks at what is configured",
        };
        rows.push(unknown(system.to_string(), "the daemon does not tell of it", advice));
    }
    // Told over another connection, it says nothing of now.
    if model.link != Link::Live || !model.fresh.contains(&OVERVIEW) {
        for row in rows.iter_mut().filter(|row| row.state == State::Good) {
            row.told = format!("was {} when it was last told", row.word);
            (row.state, row.word) = (State::Unknown, "unknown".to_owned());
        }
    }
    rows.sort_by_key(|row| row.state);
    rows
}

fn unknown(name: impl Into<Text>, told: &str, advice: &str) -> Row {
    let (word, state) = ("unknown".to_owned(), State::Unknown);
    Row { name: name.into(), state, word, since: None, told: told.to_owned(), advice: advice.to_owned() }
}

fn own(name: &str, wrong: Option<&Text>, words: (&str, &str), good: &str, advice: &str) -> Row {
    let (state, word, told, advice) = match wrong {
        None => (State::Good, words.0, good, ""),
        Some(wrong) => (State::Bad, words.1, wrong.as_str(), advice),
    };
    let (word, told, advice) = (word.to_owned(), told.to_owned(), advice.to_owned());
    Row { name: name.into(), state, word, since: None, told, advice }
}

fn system(health: &SystemHealth, now: Timestamp) -> Row {
    let name = health.name.clone();
    match &health.doing {
        Doing::Unknown => unknown(name, "nothing was heard of it yet, or there was nothing to ask it", ""),
        Doing::Good { at } => {
            let (word, told) = ("ok".to_owned(), format!("heard of {} ago", age(now.since(*at))));
            Row { name, state: State::Good, word, since: None, told, advice: String::new() }
        }
        Doing::Bad { since, why } => {
            let advice = match health.system {
                System::Netbox => {
                    "mend it, or `rackhand netbox check` for what it refuses; Rackhand goes on when it answers"
                }
                _ => "mend it; Rackhand goes on when it answers",
            };
            let (word, told, advice) = ("NOT WELL".to_owned(), why.to_string(), advice.to_owned());
            Row { name, state: State::Bad, word, since: Some(*since), told, advice }
        }
    }
}

/// What the daemon tells of itself and its neighbours.
fn told(health: &Health, now: Timestamp) -> Vec<Row> {
    let room = "make room on the daemon's disk, or mend it; `rackhand doctor` looks at it";
    let resume = "check what it names, then `rackhand resume --reason TEXT`";
    let journal = own("journal", health.intake_stopped.as_ref(), ("ok", "NOT WRITABLE"), "events are written", room);
    let effects = own("effects", health.held.as_ref(), ("ok", "ON HOLD"), "go out as they are due", resume);
    let mut rows = vec![journal, effects];
    rows.extend(health.systems.iter().map(|health| system(health, now)));
    for tap in &health.taps {
        let lost = tap.dropped + tap.missed;
        let mut told = format!("{} frames heard, {lost} lost", tap.frames);
        tap.trouble.iter().for_each(|trouble| told.push_str(&format!("; {trouble}")));
        let state = match tap.state {
            TapState::Listening if tap.trouble.is_none() => State::Good,
            TapState::Opening => State::Unknown,
            _ => State::Bad,
        };
        let word = tap.state.word();
        let word = if state == State::Bad { word.to_uppercase() } else { word.to_owned() };
        let advice = if state == State::Bad { "`rackhand doctor` looks at the interface" } else { "" };
        let (name, advice) = (format!("tap {}", tap.interface).into(), advice.to_owned());
        rows.push(Row { name, state, word, since: Some(tap.since), told, advice });
    }
    if health.taps.is_empty() {
        rows.push(unknown("taps", "none is told of: leases come by hooks, files or not at all", ""));
    }
    for rogue in &health.rogue_servers {
        let server = rogue.address.map_or_else(|| "without a name".to_owned(), |a| a.to_string());
        let told =
            format!("gave {} leases, the last {} ago; none was taken in", rogue.leases, age(now.since(rogue.last)));
        let advice = "switch it off, or put it on the list of servers that may give addresses".to_owned();
        let (name, word) = (format!("DHCP {server}").into(), "ROGUE".to_owned());
        rows.push(Row { name, state: State::Bad, word, since: None, told, advice });
    }
    rows
}

/// A line as pieces with their looks.
type Line = Vec<(String, Token)>;

fn lines(model: &Model) -> Vec<Line> {
    let rows = rows(model);
    let room = usize::from(model.size.0.saturating_sub(2));
    let widest = |texts: &mut dyn Iterator<Item = u16>| usize::from(texts.max().unwrap_or(0).min(24));
    let name_room = widest(&mut rows.iter().map(|row| width(&row.name)));
    let word_room = widest(&mut rows.iter().map(|row| width(&row.word)));
    let mut lines = Vec::new();
    for row in &rows {
        let token = match row.state {
            State::Bad => Token::StateCrit,
            State::Unknown => Token::StateUnknown,
            State::Good => Token::StateOk,
        };
        let since = row.since.map(|since| format!("since {} ({})", short(since), age(model.now.since(since))));
        // What is wrong is told since when, where that is known; else what is told stands beside the state.
        let (beside, below) = match since {
            Some(since) => (since, Some(&row.told)),
            None => (row.told.clone(), None),
        };
        let indent = name_room + word_room + 4;
        for (n, text) in wrap(&beside, room.saturating_sub(indent).max(12)).into_iter().enumerate() {
            let (name, word) = if n == 0 { (row.name.as_str(), row.word.as_str()) } else { ("", "") };
            let (name, word) = (format!("{name:<name_room$}  "), format!("{word:<word_room$}  "));
            lines.push(vec![(name, Token::UiTitle), (word, token), (text, Token::UiText)]);
        }
        let advice = format!("to do: {}", row.advice);
        let more = below.into_iter().map(|told| (told, Token::UiText));
        for (text, token) in more.chain((!row.advice.is_empty()).then_some((&advice, Token::UiDim))) {
            let told = hang(&format!("  {text}"), room, 4);
            lines.extend(told.into_iter().map(|line| vec![(line, token)]));
        }
    }
    lines
}

fn view(model: &Model, canvas: &mut Canvas) {
    let (rows, lines) = (rows(model), lines(model));
    let count = |state| rows.iter().filter(|row| row.state == state).count();
    let (bad, unknown, good) = (count(State::Bad), count(State::Unknown), count(State::Good));
    chrome::header(model, canvas, &format!("{bad} not well, {unknown} unknown, {good} ok"));
    let (y, height) = chrome::body(model.size);
    let room = canvas.area().width.saturating_sub(2);
    if lines.is_empty() {
        canvas.put(1, y, room, "nothing is known yet", Token::UiDim);
    }
    for (n, line) in (0..height).zip(lines.iter().skip(model.screens.outside.top)) {
        let pieces: Vec<(&str, Token)> = line.iter().map(|(text, token)| (text.as_str(), *token)).collect();
        canvas.pieces(1, y + n, room, &pieces);
    }
    let below = lines.len().saturating_sub(model.screens.outside.top + usize::from(height));
    let more = if below > 0 { format!("{below} more lines below") } else { String::new() };
    chrome::status(model, canvas, &more);
}
