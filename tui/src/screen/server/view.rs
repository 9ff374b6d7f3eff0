//! How a server's page is drawn, and the lines of its story.

use std::time::Duration;

use rackhand_core::boot::report::StepVerdict;
use rackhand_core::view::UnitDetail;

use super::unit;
use crate::app::model::Model;
use crate::command::registry::Act;
use crate::screen::hidden;
use crate::screen::waits::waits;
use crate::theme::token::Token;
use crate::widget::canvas::Canvas;
use crate::widget::words::{age, letter};
use crate::widget::wrap::hang;
use crate::widget::{chrome, log};

/// From this width facts stand beside the story.
const WIDE: u16 = 120;
/// Columns of the facts then.
const FACTS: u16 = 48;

/// First row and rows of the upper part, then rows of the lower with its rule and heads. Each part gives the other what
/// it does not need; in steps of four, so that a line more or less moves nothing.
pub fn layout(model: &Model) -> (u16, u16, u16) {
    let (first, rows) = chrome::body(model.size);
    // The first row is the server itself.
    let rows = rows.saturating_sub(1);
    if rows < 8 {
        return (first + 1, rows, 0);
    }
    let fours = |n: usize| u16::try_from(n.next_multiple_of(4)).unwrap_or(u16::MAX);
    let beside = if model.size.0 >= WIDE { unit(model).map_or(0, |u| u.facts.len() + 3) } else { 0 };
    let (upper, share) = (fours(story(model).len().max(beside)), rows * 2 / 5);
    let log = &model.screens.server.timeline;
    let events = if log.loaded && log.ended { fours(log.rows.len() + 2) } else { u16::MAX };
    let lower = if upper < rows - share { rows - upper } else { share.min(events.max(4)) };
    (first + 1, rows - lower, lower)
}

/// Events on screen.
pub fn timeline_height(model: &Model) -> usize {
    usize::from(layout(model).2.saturating_sub(2))
}

/// Lines of the upper part on screen.
pub fn story_height(model: &Model) -> usize {
    usize::from(layout(model).1)
}

fn story_width(size: (u16, u16)) -> usize {
    usize::from(if size.0 >= WIDE { size.0 - FACTS - 3 } else { size.0.saturating_sub(2) })
}

/// All lines of the upper part.
pub fn story(model: &Model) -> Vec<(String, Token)> {
    let room = story_width(model.size);
    let mut out = Vec::new();
    match &model.screens.server.detail {
        None => out.push(("nothing is known yet".to_owned(), Token::UiDim)),
        Some(Err(refusal)) => {
            out.extend(hang(&refusal.text, room, 2).into_iter().map(|l| (l, Token::StateCrit)));
        }
        Some(Ok(unit)) => {
            waits(&unit.waits, &format!("it is: {}", unit.row.waits_for), model, room, &mut out);
            steps(unit, room, &mut out);
            tasks(unit, model, room, &mut out);
            tests(unit, room, &mut out);
            if model.size.0 < WIDE {
                out.push(("FACTS".to_owned(), Token::UiTitle));
                out.extend(facts(unit, model, room));
            }
        }
    }
    out
}

fn steps(unit: &UnitDetail, room: usize, out: &mut Vec<(String, Token)>) {
    if unit.steps.is_empty() {
        return;
    }
    out.push(("STEPS".to_owned(), Token::UiTitle));
    for step in &unit.steps {
        let token = match &*step.phase {
            "parked" => Token::JobFailed,
            "waiting" => Token::JobPaused,
            _ => Token::JobRunning,
        };
        // What has been said above is not said again.
        let said = step.detail.is_empty() || unit.waits.iter().any(|w| w.what.contains(&*step.detail));
        let detail = if said { String::new() } else { format!(": {}", step.detail) };
        let told = format!(
            "{} {} (generation {}, attempts {}){detail}",
            step.step, step.phase, step.generation, step.attempts
        );
        out.extend(hang(&told, room, 2).into_iter().map(|l| (l, token)));
        if let Some(means) = step.skip.as_ref().filter(|_| &*step.phase == "parked") {
            out.extend(hang(&format!("  skipping it means: {means}"), room, 4).into_iter().map(|l| (l, Token::UiDim)));
        }
    }
}

fn tasks(unit: &UnitDetail, model: &Model, room: usize, out: &mut Vec<(String, Token)>) {
    if unit.tasks.is_empty() {
        return;
    }
    out.push((format!("TASKS ({} done)", model.keys.name(Act::TaskDone)), Token::UiTitle));
    for (id, task) in &unit.tasks {
        let blocks = if task.kind.blocks() { "it stands still until done" } else { "it goes on meanwhile" };
        let told = format!("{id} {} ({}; {blocks}): {}", task.kind.title(), task.role, task.text);
        let token = if task.kind.blocks() { Token::StateWarn } else { Token::UiText };
        out.extend(hang(&told, room, 2).into_iter().map(|l| (l, token)));
    }
}

/// What the machine tested of itself: a line for each step, one for each thing it measured.
fn tests(unit: &UnitDetail, room: usize, out: &mut Vec<(String, Token)>) {
    if unit.tests.is_empty() {
        return;
    }
    out.push(("TESTS".to_owned(), Token::UiTitle));
    for step in &unit.tests {
        let token = match step.verdict {
            StepVerdict::Passed => Token::StateOk,
            StepVerdict::Failed => Token::StateCrit,
            StepVerdict::Stopped => Token::StateWarn,
        };
        let said = step.message.as_ref().map_or(String::new(), |m| format!(": {m}"));
        let took = age(Duration::from_millis(step.took_ms));
        let told = format!("{} {} in {took}{said}", step.step, step.verdict.word());
        out.extend(hang(&told, room, 2).into_iter().map(|l| (l, token)));
        let label = step.told().map(|(name, _)| name.chars().count()).max().unwrap_or(0).min(room / 2);
        for (name, value) in step.told() {
            let line = format!("  {:<label$}  {value}", name.as_str());
            out.extend(hang(&line, room, label + 4).into_iter().map(|l| (l, Token::UiText)));
        }
    }
}

fn facts(unit: &UnitDetail, model: &Model, room: usize) -> Vec<(String, Token)> {
    let label = unit.facts.iter().map(|(l, _)| l.chars().count()).max().unwrap_or(0);
    let mut out = Vec::new();
    for (name, value) in &unit.facts {
        let token = if &**value == "unknown" { Token::StateUnknown } else { Token::UiText };
        let line = format!("{name:<label$}  {value}");
        out.extend(hang(&line, room, label + 2).into_iter().map(|l| (l, token)));
    }
    let ways: Vec<String> = unit.ways.iter().map(|(stage, _, _)| stage.to_string()).collect();
    if !ways.is_empty() {
        let moves = format!("{} moves it to", model.keys.name(Act::Move));
        let line = format!("{moves:<label$}  {}", ways.join(", "));
        out.extend(hang(&line, room, label + 2).into_iter().map(|l| (l, Token::UiDim)));
    }
    out
}

/// Draws it.
pub fn view(model: &Model, canvas: &mut Canvas) {
    chrome::header(model, canvas, "");
    let (y, upper, lower) = layout(model);
    let full = canvas.area().width;
    if let Some(unit) = unit(model) {
        let row = &unit.row;
        let unknown =
            |t: &Option<rackhand_core::text::Text>| t.as_ref().map_or("unknown".to_owned(), ToString::to_string);
        let beside = if row.disposition.may_move() { String::new() } else { format!(" {}", row.disposition) };
        let state = format!("{} {}", letter(row.state), row.state.word());
        let stage = format!("  {}", row.stage);
        let led = if row.located { " LED on" } else { "" };
        let rest = format!(
            " for {}   {}   {} {}",
            age(model.now.since(row.since)),
            unknown(&row.model),
            row.site,
            unknown(&row.place)
        );
        let pieces = [
            (&*row.label, Token::UiSelection),
            (stage.as_str(), Token::of_stage(row.stage)),
            (beside.as_str(), Token::StateContradicting),
            ("  ", Token::UiText),
            (state.as_str(), Token::of_state(row.state)),
            (led, Token::StateInfo),
            (rest.as_str(), Token::UiText),
        ];
        canvas.pieces(1, y - 1, full.saturating_sub(2), &pieces);
        if full >= WIDE {
            let x = full - FACTS;
            for n in 0..upper {
                canvas.put(x - 2, y + n, 1, canvas.look().glyphs.bar, Token::UiBorder);
            }
            canvas.put(x, y, FACTS, "FACTS", Token::UiTitle);
            let all = facts(unit, model, usize::from(FACTS - 1));
            let room = usize::from(upper.saturating_sub(1));
            let fits = all.len() <= room;
            for (n, (line, token)) in all.iter().take(if fits { room } else { room.saturating_sub(1) }).enumerate() {
                canvas.put(x, y + 1 + u16::try_from(n).unwrap_or(0), FACTS - 1, line, *token);
            }
            if !fits && upper > 1 {
                let left = all.len() - room + 1;
                canvas.put(x, y + upper - 1, FACTS - 1, &format!("{left} more lines: a taller window"), Token::UiDim);
            }
        }
    }
    let lines = story(model);
    let room = u16::try_from(story_width(model.size)).unwrap_or(0);
    for (n, (line, token)) in lines.iter().skip(model.screens.server.scroll).take(usize::from(upper)).enumerate() {
        let token =
            if model.screens.server.found == Some(model.screens.server.scroll + n) { Token::UiMatch } else { *token };
        canvas.put(1, y + u16::try_from(n).unwrap_or(0), room, line, token);
    }
    let below = lines.len().saturating_sub(model.screens.server.scroll + usize::from(upper));
    let search = &model.screens.server.search;
    let mut said = if !search.is_empty() {
        let key = |act| model.keys.name(act);
        format!("looking for {search}: {} next, {} before", key(Act::FindNext), key(Act::FindPrevious))
    } else if below > 0 {
        format!("{below} more lines above the timeline: Down, Tab changes parts")
    } else {
        String::new()
    };
    if lower >= 2 {
        let log = &model.screens.server.timeline;
        let focus = model.screens.server.in_timeline;
        let newer = if log.newer { ", newer ones not shown: Home" } else { "" };
        canvas.rule(
            y + upper,
            &format!("timeline, newest first{newer}"),
            if focus { Token::UiBorderFocus } else { Token::UiTitle },
        );
        let hid = log::view(log, canvas, y + upper + 1, lower - 1, focus, false);
        if !hid.is_empty() {
            said = format!("{said}{}{}", if said.is_empty() { "" } else { "   " }, hidden(&hid));
        }
    }
    chrome::status(model, canvas, &said);
}
