//! How the dock is drawn.

use rackhand_core::receiving::commands::Finding;
use rackhand_core::receiving::questions::{LATE, Line, Told};
use rackhand_core::text::Text;

use super::state::{Entry, State};
use super::update::site;
use crate::app::model::{Link, Model};
use crate::command::registry::Act;
use crate::screen::hidden;
use crate::theme::token::Token;
use crate::widget::canvas::Canvas;
use crate::widget::chrome;
use crate::widget::table::{Column, fit, row};
use crate::widget::words::clock;

/// From this width the serials still expected stand on the right.
const WIDE: u16 = 150;
/// Columns of those.
const ASIDE: u16 = 44;

/// Rows of the screen's parts, from the top.
struct Layout {
    field: u16,
    /// The last scan in full.
    last: Option<u16>,
    lines: u16,
    rule: u16,
    scans: u16,
    rows: u16,
    /// The counts of what waits.
    counts: Option<u16>,
}

fn layout(model: &Model) -> Layout {
    let (first, rows) = chrome::body(model.size);
    let known = model.screens.receiving.dock.as_ref().map_or(0, |d| d.lines.len() + usize::from(d.lines.len() > 1));
    let known = u16::try_from(known).unwrap_or(u16::MAX);
    let lines = match rows {
        0..=7 => 0,
        _ => known.clamp(1, rows / 3) + 1,
    };
    let counts = (rows >= 6).then(|| first + rows - 1);
    let last = (rows >= 10).then_some(first + 1);
    let above = 1 + u16::from(last.is_some()) + lines;
    let rule = first + above;
    let left = rows.saturating_sub(above + u16::from(counts.is_some()));
    let head = u16::from(left > 2);
    Layout { field: first, last, lines, rule, scans: rule + head, rows: left - head, counts }
}

/// Scans on screen.
pub fn height(model: &Model) -> usize {
    usize::from(layout(model).rows)
}

/// Draws it.
pub fn view(model: &Model, canvas: &mut Canvas) {
    let r = &model.screens.receiving;
    let site = site(model).map_or_else(|| "unknown".to_owned(), |s| s.to_string());
    let got = r.dock.as_ref().map_or_else(|| "?/?".to_owned(), |d| format!("{}/{}", d.sum.got, d.sum.wanted));
    chrome::header(model, canvas, &format!("dock {site}  {got}"));
    let at = layout(model);
    let all = canvas.area().width;
    let room = if all >= WIDE { all - ASIDE } else { all };
    let prompt = canvas.put(1, at.field, room, "SCAN ", Token::UiPrompt);
    let says = "scan, or type and press Enter";
    let tail = if room > 70 { 32 } else { 2 };
    canvas.input(1 + prompt, at.field, room.saturating_sub(prompt + 1 + tail), &r.line, model.layer.is_none());
    if tail > 2 {
        canvas.put(room - tail + 1, at.field, tail, says, Token::UiDim);
    }
    if let (Some(y), Some(entry)) = (at.last, r.scans.last()) {
        let ((word, token, _), (told, token_of_told)) = (words(entry), said(model, entry));
        let word = format!("{} {word} ", letter(entry));
        let serial = format!("{}  ", entry.serial);
        let pieces = [(word.as_str(), token), (serial.as_str(), Token::UiTitle), (told.as_str(), token_of_told)];
        canvas.pieces(1, y, room.saturating_sub(1), &pieces);
    }
    let mut hid = Vec::new();
    if at.lines > 0 {
        hid = lines(model, canvas, at.rule - at.lines, at.lines, room);
    }
    if at.scans > at.rule {
        tally(model, canvas, at.rule, room);
    }
    scans(model, canvas, &at, room);
    if all >= WIDE {
        expected(model, canvas, room + 2, at.field, at.counts.unwrap_or(at.field + at.rows));
    }
    if let Some(y) = at.counts {
        counts(model, canvas, y, all);
    }
    let below = r.scans.len().saturating_sub(r.scroll + usize::from(at.rows));
    let older = if below > 0 { format!("{below} older scans below   ") } else { String::new() };
    chrome::status(model, canvas, &format!("{}{older}{}", undo(model), hidden(&hid)));
}

/// What F4 would take back.
fn undo(model: &Model) -> String {
    let Some(entry) = model.screens.receiving.undoable().and_then(|n| model.screens.receiving.scans.get(n)) else {
        return String::new();
    };
    let key = model.keys.name(Act::UndoReceipt);
    if entry.grace > 0 {
        format!("{key} takes back {} ({} s left)   ", entry.serial, entry.grace)
    } else {
        format!("{key} drops {}, which is not sent yet   ", entry.serial)
    }
}

fn lines(model: &Model, canvas: &mut Canvas, y: u16, rows: u16, room: u16) -> Vec<&'static str> {
    let Some(dock) = &model.screens.receiving.dock else {
        canvas.put(1, y, room.saturating_sub(1), "what is expected here is not known yet", Token::UiDim);
        return Vec::new();
    };
    if dock.lines.is_empty() {
        let told = "nothing is expected here: servers on their way are entered with `rackhand import --stage shipment_tracking`";
        canvas.put(1, y, room.saturating_sub(1), told, Token::UiDim);
        return Vec::new();
    }
    let all = Line { model: Some("all".into()), ..dock.sum.clone() };
    let mut told: Vec<&Line> = dock.lines.iter().collect();
    let space = usize::from(rows - 1);
    let more = told.len() > space;
    if told.len() > 1 {
        told.truncate(space.saturating_sub(1));
        told.push(&all);
    }
    let name = |l: &Line| match &l.model {
        Some(model) => (model.to_string(), Token::UiText),
        None => ("model unknown".to_owned(), Token::StateUnknown),
    };
    let number = |n: u32| (format!("{n:>5}"), Token::UiText);
    let state = |l: &Line| match (l.got, l.left) {
        (_, 0) => ("done".to_owned(), Token::StateOk),
        (0, _) => ("expected".to_owned(), Token::UiDim),
        _ => ("receiving".to_owned(), Token::StateInfo),
    };
    let orders = |l: &Line| {
        let names: Vec<&str> = l.orders.iter().map(Text::as_str).collect();
        (names.join(", "), Token::UiText)
    };
    let mut columns = vec![
        Column::new("MODEL", 255, told.iter().map(|l| name(l))).least(22),
        Column::new(" WANT", 3, told.iter().map(|l| number(l.wanted))),
        Column::new("  GOT", 4, told.iter().map(|l| number(l.got))),
        Column::new(" LEFT", 5, told.iter().map(|l| number(l.left))),
        Column::new("STATE", 2, told.iter().map(|l| state(l))).least(9),
    ];
    if told.iter().any(|l| !l.orders.is_empty()) {
        columns.push(Column::new("OF", 1, told.iter().map(|l| orders(l))).rest(12));
    }
    let (widths, mut hid) = fit(&columns, room.saturating_sub(1));
    row(canvas, 1, y, room.saturating_sub(1), &columns, &widths, None);
    for n in 0..told.len().min(space) {
        row(canvas, 1, y + 1 + u16::try_from(n).unwrap_or(0), room.saturating_sub(1), &columns, &widths, Some(n));
    }
    if more {
        hid.push("some models");
    }
    hid
}

/// A scan's word, its letter's token, and what is said of it.
fn words(entry: &Entry) -> (String, Token, String) {
    let told = |word: &str, token, text: &str| (word.to_owned(), token, text.to_owned());
    match &entry.state {
        State::Waiting if entry.epoch.is_some() => told("QUEUED", Token::StateWarn, "sent, not answered; sent again"),
        State::Waiting => told("QUEUED", Token::StateWarn, "not sent yet"),
        State::Sent(_) => told("sent", Token::StateInfo, ""),
        State::Refused(why) => told("REFUSED", Token::StateCrit, why),
        State::Undoing(..) => told("UNDOING", Token::StateInfo, "is being taken back"),
        State::Undone(Some(_)) => told("UNDONE", Token::UiDim, "taken back: expected again"),
        State::Undone(None) => told("UNDONE", Token::UiDim, "never sent"),
        State::Judged(scan) => {
            let token = match scan.finding {
                Finding::Received => Token::StateOk,
                Finding::Already { .. } | Finding::Damaged { .. } => Token::StateWarn,
                _ => Token::StateCrit,
            };
            (scan.finding.word().to_owned(), token, told_short(scan))
        }
    }
}

/// A scan's letter.
fn letter(entry: &Entry) -> char {
    match &entry.state {
        State::Judged(scan) => scan.finding.letter(),
        State::Refused(_) => 'R',
        State::Waiting | State::Sent(_) => 'Q',
        State::Undoing(..) | State::Undone(_) => 'Z',
    }
}

/// What is said of a judged scan, with the time of day in place of the whole date where it is of today.
fn told_short(scan: &rackhand_core::receiving::commands::Scan) -> String {
    match &scan.finding {
        Finding::Already { at: Some(at), by } if scan.at.since(*at) < std::time::Duration::from_hours(12) => {
            let by = by.as_ref().map_or_else(String::new, |b| format!(" by {b}"));
            let place = scan.place.as_ref().map_or_else(String::new, |p| format!(" at {p}"));
            let stage = scan.stage.map_or("unknown", |s| s.word());
            format!("received {}{by}, now {stage}{place}", clock(*at))
        }
        _ => scan.told().to_string(),
    }
}

/// How NetBox stands to what came in by this scan; `None` where it did not, or the dock's last answer is older.
fn netbox(model: &Model, entry: &Entry) -> Option<(String, Token)> {
    let dock = model.screens.receiving.dock.as_ref().filter(|dock| entry.is_receipt() && dock.site == entry.site)?;
    let arrived = dock.arrived.iter().find(|a| a.serial == entry.serial)?;
    let why = if arrived.text.is_empty() { String::new() } else { format!(": {}", arrived.text) };
    Some(match arrived.netbox {
        Told::There => ("in NetBox".to_owned(), Token::UiText),
        Told::Nothing => (format!("not in NetBox{why}"), Token::UiDim),
        Told::Behind => (format!("NetBox is behind{why}"), Token::StateWarn),
        Told::Failed => (format!("NETBOX LACKS IT{why}"), Token::StateCrit),
    })
}

/// What is said of a scan, and of what NetBox knows of it.
fn said(model: &Model, entry: &Entry) -> (String, Token) {
    let own = words(entry).2;
    match netbox(model, entry) {
        None => (own, Token::UiText),
        Some(netbox) if own.is_empty() => netbox,
        Some((netbox, token)) => (format!("{own}; {netbox}"), token),
    }
}

fn scans(model: &Model, canvas: &mut Canvas, at: &Layout, room: u16) {
    let r = &model.screens.receiving;
    let room = room.saturating_sub(1);
    if r.scans.is_empty() {
        canvas.put(1, at.scans, room, "nothing was scanned in this session", Token::UiDim);
        return;
    }
    // Widths come from all of them, so that columns stand still.
    let newest: Vec<&Entry> = r.scans.iter().rev().collect();
    let shown = || newest.iter();
    let known = |e: &Entry| match &e.state {
        State::Judged(scan) | State::Undoing(scan, _) | State::Undone(Some(scan)) => scan.model.clone(),
        _ => None,
    };
    let columns = vec![
        Column::new("", 6, shown().map(|e| (clock(e.at), Token::UiDim))),
        Column::new("", 254, shown().map(|e| (format!("{} {}", letter(e), words(e).0), words(e).1))).least(12),
        Column::new("", 255, shown().map(|e| (e.serial.to_string(), Token::UiText))).least(10),
        Column::new("", 3, shown().map(|e| (known(e).map_or("-".to_owned(), |m| m.to_string()), Token::UiText))),
        Column::new("", 5, shown().map(|e| said(model, e))).rest(28),
    ];
    let (widths, _) = fit(&columns, room);
    for n in 0..usize::from(at.rows) {
        let place = r.scroll + n;
        if place >= newest.len() {
            break;
        }
        row(canvas, 1, at.scans + u16::try_from(n).unwrap_or(0), room, &columns, &widths, Some(place));
    }
}

/// How often each word.
fn tally(model: &Model, canvas: &mut Canvas, y: u16, room: u16) {
    let mut counts: Vec<(String, usize)> = Vec::new();
    for entry in &model.screens.receiving.scans {
        let word = words(entry).0;
        match counts.iter_mut().find(|(known, _)| *known == word) {
            Some((_, n)) => *n += 1,
            None => counts.push((word, 1)),
        }
    }
    counts.sort();
    counts.sort_by_key(|(word, _)| word != "ok");
    let told: Vec<String> = counts.iter().map(|(word, n)| format!("{word} {n}")).collect();
    let rule = canvas.look().glyphs.rule.repeat(usize::from(room));
    canvas.put(0, y, room, &rule, Token::UiBorder);
    let title = if told.is_empty() { "last scans".to_owned() } else { format!("last scans: {}", told.join("  ")) };
    canvas.put(2, y, room.saturating_sub(3), &format!(" {title} "), Token::UiTitle);
}

/// What waits, and why.
fn counts(model: &Model, canvas: &mut Canvas, y: u16, room: u16) {
    let r = &model.screens.receiving;
    let open = r.open();
    let token = if open > 0 { Token::StateWarn } else { Token::UiDim };
    let queue = match (open, &model.link) {
        (0, _) => "queue 0".to_owned(),
        (n, Link::Live) => format!("queue {n}: being sent"),
        (n, _) => format!("queue {n}: kept here, sent when the link is back"),
    };
    let mut x = 1 + canvas.put(1, y, room.saturating_sub(1), &queue, token) + 3;
    let Some(dock) = &r.dock else { return };
    let mut told = Vec::new();
    if dock.aside > 0 {
        told.push(format!("on their way but held {}", dock.aside));
    }
    for part in told {
        x += canvas.put(x, y, room.saturating_sub(x), &part, Token::StateWarn) + 3;
    }
    let behind = dock.arrived.iter().filter(|a| a.netbox <= Told::Behind);
    let late = behind.filter(|a| dock.now.since(a.at) > LATE).count();
    if late > 0 {
        let part = format!("NetBox is behind with {}, {late} for over an hour", dock.behind);
        canvas.put(x, y, room.saturating_sub(x), &part, Token::StateCrit);
    } else if dock.behind > 0 {
        canvas.put(x, y, room.saturating_sub(x), &format!("NetBox is behind with {}", dock.behind), Token::StateWarn);
    }
}

/// The serials still expected.
fn expected(model: &Model, canvas: &mut Canvas, x: u16, y: u16, end: u16) {
    let Some(dock) = &model.screens.receiving.dock else { return };
    let room = canvas.area().width.saturating_sub(x + 1);
    canvas.put(x, y, room, &format!("STILL EXPECTED {}", dock.sum.left), Token::UiTitle);
    let rows = usize::from(end.saturating_sub(y + 1));
    let each = dock.expected.iter().map(|s| crate::widget::canvas::width(s)).max().unwrap_or(0).clamp(8, 20) + 2;
    let across = usize::from((room / each).max(1));
    let most = (rows * across).saturating_sub(1);
    for (n, serial) in dock.expected.iter().take(most).enumerate() {
        let (column, line) = (n / rows.max(1), n % rows.max(1));
        let at = x + u16::try_from(column).unwrap_or(0) * each;
        canvas.put(at, y + 1 + u16::try_from(line).unwrap_or(0), each - 1, serial, Token::UiText);
    }
    let left = usize::try_from(dock.sum.left).unwrap_or(usize::MAX).saturating_sub(dock.expected.len().min(most));
    if left > 0 {
        let told = format!("and {left} more");
        let at = x + u16::try_from(across - 1).unwrap_or(0) * each;
        canvas.put(at, end.saturating_sub(1), room, &told, Token::UiDim);
    }
}
