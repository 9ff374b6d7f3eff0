//! How the pipeline is drawn.

use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::view::{Sort, UnitRow};

use crate::app::model::Model;
use crate::command::registry::Act;
use crate::screen::hidden;
use crate::theme::token::Token;
use crate::widget::canvas::{Canvas, width};
use crate::widget::chrome;
use crate::widget::table::{Column, window};
use crate::widget::words::{age, letter, until};
use crate::widget::wrap::hang;

/// From this width the sites are summed up above the table.
const WIDE: u16 = 120;
/// Sites shown in the summary at the most.
const SITES: u16 = 6;

/// Rows of the screen's parts, from the top.
struct Layout {
    sites: u16,
    stages: u16,
    table: u16,
    rows: u16,
    foot: u16,
}

fn layout(model: &Model) -> Layout {
    let (first, rows) = chrome::body(model.size);
    let mut left = rows;
    let mut take = |wanted: u16, keep: u16| {
        let got = if left >= wanted + keep { wanted } else { 0 };
        left -= got;
        got
    };
    let known = model.overview.as_ref().map_or(0, |o| u16::try_from(o.sites.len()).unwrap_or(SITES).min(SITES));
    let sites = if model.size.0 >= WIDE && known > 1 { take(known, 16) } else { 0 };
    let lines = u16::try_from(stage_lines(model, rows / 8).len()).unwrap_or(1).max(1);
    let stages = take(lines, 4);
    let mut foot = take(5, 12);
    if foot == 0 {
        foot = take(3, 6);
    }
    Layout { sites, stages, table: first + sites + stages, rows: left.saturating_sub(1), foot }
}

/// The row of the heads of the table, and rows below them.
pub fn area(model: &Model) -> (u16, u16) {
    let at = layout(model);
    (at.table, at.rows)
}

/// The sort's word.
pub const fn sort_word(sort: Sort) -> &'static str {
    match sort {
        Sort::Attention => "attention",
        Sort::Label => "serial",
        Sort::Stage => "stage",
        Sort::Age => "age",
        Sort::Place => "place",
    }
}

/// Draws it.
pub fn view(model: &Model, canvas: &mut Canvas) {
    let p = &model.screens.pipeline;
    let g = canvas.look().glyphs;
    let turn = g.sorts[usize::from(p.descending)];
    let stage = p.stage.map_or_else(String::new, |s| format!(" stage: {s}"));
    let filter = if p.filter.is_empty() { String::new() } else { format!(" filter: {}", p.filter) };
    let total = p.list.total.map_or_else(|| "?".to_owned(), |t| t.to_string());
    chrome::header(model, canvas, &format!("{total} by {} {turn}{stage}{filter}", sort_word(p.sort)));
    let at = layout(model);
    let mut y = chrome::body(model.size).0;
    if at.sites > 0 {
        sites(model, canvas, y, at.sites);
        y += at.sites;
    }
    if at.stages > 0 {
        stages(model, canvas, y, at.stages);
    }
    let hid = table(model, canvas, &at);
    if at.foot > 0 {
        foot(model, canvas, at.table + 1 + at.rows, at.foot);
    }
    let marks = if model.marks.is_empty() {
        String::new()
    } else {
        let key = |act| model.keys.name(act);
        format!("{} marked: {} and {} act on all of them   ", model.marks.len(), key(Act::Retry), key(Act::Hold))
    };
    let range = match &p.anchor {
        Some(_) => format!("marking: {} again marks up to the cursor   ", model.keys.name(Act::MarkRange)),
        None => String::new(),
    };
    let below = p.list.total.map_or(0, |t| t.saturating_sub(p.list.top + usize::from(at.rows)));
    let more = match (p.list.top, below) {
        (0, 0) => String::new(),
        (0, below) => format!("{below} more below   "),
        (above, 0) => format!("{above} more above   "),
        (above, below) => format!("{above} more above, {below} below   "),
    };
    chrome::status(model, canvas, &format!("{range}{marks}{more}{}", hidden(&hid)));
}

/// A line for each site.
fn sites(model: &Model, canvas: &mut Canvas, y: u16, rows: u16) {
    let Some(overview) = &model.overview else { return };
    let room = canvas.area().width;
    let left = overview.sites.len().saturating_sub(usize::from(rows));
    for (n, (site, stages)) in overview.sites.iter().take(usize::from(rows)).enumerate() {
        let y = y + u16::try_from(n).unwrap_or(0);
        let total: u32 = stages.values().sum();
        let mut x = 1 + canvas.put(1, y, 12, &format!("{site:<8}"), Token::UiTitle);
        x += canvas.put(x, y, room.saturating_sub(x), &format!("{total:>6} servers  "), Token::UiText);
        let counts: Vec<Count> = stages.iter().map(|(s, n)| count(*s, *n, None)).collect();
        draw_counts(canvas, x, y, room.saturating_sub(x), &counts);
        x += used(&counts);
        if n + 1 == usize::from(rows) && left > 0 {
            canvas.put(x + 1, y, room.saturating_sub(x + 1), &format!("(and {left} more sites)"), Token::UiDim);
        }
    }
}

/// A stage's count as a word, its look, and whether it is the chosen one.
type Count = (String, Token, bool);

/// The counts of the stages that have any, in order, on as many lines as they need and may have. What has no room is
/// counted at the end; the chosen stage is always there.
fn stage_lines(model: &Model, most: u16) -> Vec<Vec<Count>> {
    let Some(overview) = &model.overview else { return Vec::new() };
    let chosen = model.screens.pipeline.stage;
    let counts: Vec<Count> = Stage::ALL
        .iter()
        .map(|s| (*s, overview.stages.get(s).copied().unwrap_or(0)))
        .filter(|(s, n)| *n > 0 || Some(*s) == chosen)
        .map(|(s, n)| count(s, n, chosen))
        .collect();
    let room = model.size.0.saturating_sub(2);
    let most = usize::from(most.max(1));
    let mut from = 0;
    loop {
        let mut lines = break_up(&counts[from..], room);
        if from > 0
            && let Some(first) = lines.first_mut()
        {
            first.insert(0, (format!("{from} more"), Token::UiDim, false));
        }
        let left: usize = lines.iter().skip(most).map(Vec::len).sum();
        let kept = counts.len() - left;
        if counts.iter().position(|c| c.2).is_some_and(|at| at >= kept) {
            from += 1;
            continue;
        }
        lines.truncate(most);
        if left > 0
            && let Some(last) = lines.last_mut()
        {
            let mut cut = left;
            while used(last) + 10 > room && last.pop().is_some() {
                cut += 1;
            }
            last.push((format!("{cut} more"), Token::UiDim, false));
        }
        return lines;
    }
}

fn count(stage: Stage, n: u32, chosen: Option<Stage>) -> Count {
    let is = Some(stage) == chosen;
    let word = if is { format!("[{} {n}]", stage.short()) } else { format!("{} {n}", stage.short()) };
    (word, if is { Token::UiSelection } else { Token::of_stage(stage) }, is)
}

fn used(line: &[Count]) -> u16 {
    line.iter().map(|(word, _, _)| width(word) + 2).sum()
}

fn break_up(counts: &[Count], room: u16) -> Vec<Vec<Count>> {
    let mut lines: Vec<Vec<Count>> = vec![Vec::new()];
    for count in counts {
        match lines.last_mut() {
            Some(last) if last.is_empty() || used(last) + width(&count.0) <= room => last.push(count.clone()),
            _ => lines.push(vec![count.clone()]),
        }
    }
    lines
}

fn stages(model: &Model, canvas: &mut Canvas, y: u16, rows: u16) {
    let room = canvas.area().width.saturating_sub(1);
    if model.overview.is_none() {
        canvas.put(1, y, room, "counts are not here yet", Token::UiDim);
        return;
    }
    for (n, line) in stage_lines(model, rows).iter().enumerate() {
        draw_counts(canvas, 1, y + u16::try_from(n).unwrap_or(0), room, line);
    }
}

fn draw_counts(canvas: &mut Canvas, x: u16, y: u16, room: u16, line: &[Count]) {
    let mut at = 0;
    for (word, token, _) in line {
        if at < room {
            at += canvas.put(x + at, y, room - at, word, *token) + 2;
        }
    }
}

fn table(model: &Model, canvas: &mut Canvas, at: &Layout) -> Vec<&'static str> {
    let list = &model.screens.pipeline.list;
    let room = canvas.area().width.saturating_sub(3);
    if list.total == Some(0) {
        let filtered = !model.screens.pipeline.filter.is_empty() || model.screens.pipeline.stage.is_some();
        let told = if filtered { "nothing matches; / changes the filter, < > the stage" } else { "no servers yet" };
        canvas.put(2, at.table, room, told, Token::UiDim);
        return Vec::new();
    }
    if list.total.is_none() {
        canvas.put(2, at.table, room, "nothing is known yet", Token::UiDim);
        return Vec::new();
    }
    // Widths come from all rows held, not only those on screen, so that columns stand still while scrolling.
    let columns = columns(&list.rows, model, canvas.area().width);
    canvas.put(0, at.table, 2, "MK", Token::UiDim);
    let marked = canvas.look().glyphs.mark;
    let mark = |unit: &UnitRow| model.marks.contains_key(&unit.id).then_some((marked, Token::UiMark));
    window(canvas, list, (3, at.table, room, at.rows), &columns, Some(&mark), true)
}

/// The columns of a table of servers.
pub fn columns(rows: &[UnitRow], model: &Model, screen: u16) -> Vec<Column> {
    let full = screen >= 100;
    let now = model.now;
    let unknown = |text: Option<&str>| match text {
        Some(text) => (text.to_owned(), Token::UiText),
        None => ("unknown".to_owned(), Token::StateUnknown),
    };
    let stage =
        |r: &UnitRow| (if full { r.stage.word() } else { r.stage.short() }.to_owned(), Token::of_stage(r.stage));
    let state = |r: &UnitRow| (format!("{} {}", letter(r.state), r.state.word()), Token::of_state(r.state));
    let who = |r: &UnitRow| {
        let who = r.who.map_or_else(|| "rackhand".to_owned(), |w| w.to_string());
        (who, if r.who.is_some() { Token::UiText } else { Token::UiDim })
    };
    vec![
        Column::new("SERIAL", 255, rows.iter().map(|r| (r.label.to_string(), Token::UiText))),
        Column::new("SITE", 3, rows.iter().map(|r| (r.site.to_string(), Token::UiText))),
        Column::new("MODEL", 1, rows.iter().map(|r| unknown(r.model.as_deref()))),
        Column::new("PLACE", 2, rows.iter().map(|r| unknown(r.place.as_deref()))),
        Column::new("STAGE", 9, rows.iter().map(stage)).least(if full { 18 } else { 6 }),
        Column::new("STATE", 10, rows.iter().map(state)).least(10),
        Column::new("AGE", 5, rows.iter().map(|r| (age(now.since(r.since)), Token::UiText))).least(5),
        Column::new("WHO", 4, rows.iter().map(who)).least(10),
        Column::new("WAITS FOR", 8, rows.iter().map(|r| (r.waits_for.to_string(), Token::UiText)))
            .rest(if screen < 60 { 12 } else { 24 }),
    ]
}

/// The selected server, in words.
fn foot(model: &Model, canvas: &mut Canvas, y: u16, rows: u16) {
    let room = canvas.area().width.saturating_sub(2);
    let list = &model.screens.pipeline.list;
    let Some(unit) = list.current() else {
        canvas.rule(y, "", Token::UiTitle);
        canvas.put(1, y + 1, room, "nothing is selected", Token::UiDim);
        return;
    };
    canvas.rule(y, &unit.label, Token::UiTitle);
    let unknown = |t: &Option<rackhand_core::text::Text>| t.as_ref().map_or("unknown".to_owned(), ToString::to_string);
    let stage = format!("{} for {}", unit.stage, age(model.now.since(unit.since)));
    let beside = if unit.disposition.may_move() { String::new() } else { format!(", {}", unit.disposition) };
    let facts = format!("{stage}{beside}   {}   {} {}   ", unit.state.word(), unit.site, unknown(&unit.place));
    let used = canvas.put(1, y + 1, room, &facts, Token::UiText);
    canvas.put(1 + used, y + 1, room.saturating_sub(used), &unknown(&unit.model), Token::UiDim);
    let who = unit.who.map_or_else(|| "Rackhand".to_owned(), |w| format!("a person: {w}"));
    let next = unit.next_try.map_or_else(String::new, |t| format!(", {}", until(t, model.now)));
    let told = format!("waits for: {}", unit.waits_for);
    let lines = hang(&told, usize::from(room), 11);
    let space = usize::from(rows.saturating_sub(3)).max(1);
    for (n, line) in lines.iter().take(space).enumerate() {
        let used = canvas.put(1, y + 2 + u16::try_from(n).unwrap_or(0), room, line, Token::UiText);
        if n + 1 == space && lines.len() > space {
            let cut = canvas.look().glyphs.cut;
            canvas.put(1 + used.min(room - 1), y + 2 + u16::try_from(n).unwrap_or(0), 1, cut, Token::UiText);
        }
    }
    if rows > 3 {
        let at = y + 2 + u16::try_from(lines.len().min(space)).unwrap_or(0);
        let cut = if lines.len() > space { "   (Enter shows all of it)" } else { "" };
        canvas.put(1, at, room, &format!("who acts: {who}{next}{cut}"), Token::UiDim);
    }
}
