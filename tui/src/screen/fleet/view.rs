//! How the fleet is drawn.

use rackhand_core::lifecycle::stage::LifePart;
use rackhand_core::view::{Doing, Overview, State, SystemHealth, TapState};

use super::{place, sites};
use crate::app::model::{Link, Model};
use crate::command::registry::Act;
use crate::screen::pipeline::columns as unit_columns;
use crate::screen::{Place, hidden};
use crate::theme::token::Token;
use crate::widget::canvas::Canvas;
use crate::widget::chrome;
use crate::widget::table::{Column, fit, row, window};
use crate::widget::words::age;

/// Rows of the screen's parts, from the top.
struct Layout {
    sites: u16,
    site_rows: u16,
    orders: Option<u16>,
    stuck: u16,
    stuck_rows: u16,
    around: u16,
    around_rows: u16,
}

fn layout(model: &Model) -> Layout {
    let (first, rows) = chrome::body(model.size);
    let known = u16::try_from(sites(model).len()).unwrap_or(u16::MAX);
    // A head, the sites, and their sum where there is more than one.
    let wanted = known.saturating_add(1 + u16::from(known > 1)).max(2);
    let sites = wanted.min((rows / 2).max(2)).min(rows);
    // A line for the orders, where there is room for one.
    let orders = u16::from(rows - sites >= 7);
    let left = rows - sites - orders;
    let lines = u16::try_from(around(model).len()).unwrap_or(u16::MAX).saturating_add(1);
    let around = if left < 8 { 0 } else { lines.min(left - 5) };
    let people = left - around;
    Layout {
        sites: first,
        site_rows: sites,
        orders: (orders > 0).then_some(first + sites),
        stuck: first + sites + orders,
        stuck_rows: people.saturating_sub(2),
        around: first + sites + orders + people,
        around_rows: around,
    }
}

/// The row of the heads above what is stuck, and rows below them.
pub fn area(model: &Model) -> (u16, u16) {
    let at = layout(model);
    (at.stuck + 1, at.stuck_rows)
}

/// Draws it.
pub fn view(model: &Model, canvas: &mut Canvas) {
    let all = model.overview.as_ref().map(|o| o.states.values().sum::<u32>());
    let servers = all.map_or_else(|| "? servers".to_owned(), |n| format!("{n} servers"));
    let count = sites(model).len();
    let about = if count == 1 { format!("{servers} at 1 site") } else { format!("{servers} at {count} sites") };
    chrome::header(model, canvas, if model.overview.is_some() { &about } else { "" });
    let at = layout(model);
    let mut hid = draw_sites(model, canvas, &at);
    match at.orders {
        Some(y) => draw_orders(model, canvas, y),
        None => hid.push("orders"),
    }
    hid.extend(draw_stuck(model, canvas, &at));
    if at.around_rows > 0 {
        draw_around(model, canvas, &at);
    } else {
        hid.push("the systems around");
    }
    hid.dedup();
    chrome::status(model, canvas, &hidden(&hid));
}

/// One line of the sites' table: its name, its servers by part of life and by state; `None` where not known.
struct Row {
    name: String,
    parts: Vec<u32>,
    states: Option<Vec<u32>>,
}

const PARTS: [(LifePart, &str); 5] = [
    (LifePart::Order, " ORDER"),
    (LifePart::Install, "INSTALL"),
    (LifePart::Prove, " PROVE"),
    (LifePart::Serve, " SERVE"),
    (LifePart::Retire, "RETIRE"),
];
const STATES: [(State, &str, u8); 5] = [
    (State::Stuck, "STUCK", 254),
    (State::Retrying, "RETRY", 10),
    (State::Moving, "MOVING", 9),
    (State::Person, "PERSON", 11),
    (State::Aside, "ASIDE", 3),
];

fn rows(overview: &Overview) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for (site, stages) in &overview.sites {
        let part = |part| stages.iter().filter(|(s, _)| s.part() == part).map(|(_, n)| n).sum();
        let count = |states: &std::collections::BTreeMap<State, u32>| {
            STATES.iter().map(|(s, ..)| states.get(s).copied().unwrap_or(0)).collect()
        };
        let states = overview.site_states.get(site).map(count);
        rows.push(Row { name: site.to_string(), parts: PARTS.iter().map(|(p, _)| part(*p)).collect(), states });
    }
    if rows.len() > 1 {
        let parts = (0..PARTS.len()).map(|n| rows.iter().map(|r| r.parts[n]).sum()).collect();
        let states = STATES.iter().map(|(s, ..)| overview.states.get(s).copied().unwrap_or(0)).collect();
        rows.push(Row { name: "all".to_owned(), parts, states: Some(states) });
    }
    rows
}

fn draw_sites(model: &Model, canvas: &mut Canvas, at: &Layout) -> Vec<&'static str> {
    let room = canvas.area().width.saturating_sub(2);
    let Some(overview) = &model.overview else {
        canvas.put(2, at.sites, room, "nothing is known yet", Token::UiDim);
        return Vec::new();
    };
    let rows = rows(overview);
    if rows.is_empty() {
        canvas.put(2, at.sites, room, "no servers yet: `rackhand import` enters a vendor's manifest", Token::UiDim);
        return Vec::new();
    }
    let number = |n: u32, width: usize, token: Token| {
        let token = if n == 0 { Token::UiDim } else { token };
        (format!("{n:>width$}"), token)
    };
    let mut columns = vec![
        Column::new("SITE", 255, rows.iter().map(|r| (r.name.clone(), Token::UiTitle))).least(6),
        Column::new("  ALL", 20, rows.iter().map(|r| number(r.parts.iter().sum(), 5, Token::UiText))),
    ];
    for (n, (part, title)) in PARTS.iter().enumerate() {
        let token = token_of(*part);
        let rank = if *part == LifePart::Retire { 4 } else { 6 };
        columns.push(Column::new(title, rank, rows.iter().map(|r| number(r.parts[n], title.len(), token))));
    }
    for (n, (state, title, rank)) in STATES.iter().enumerate() {
        let cell = |r: &Row| match &r.states {
            Some(states) => number(states[n], title.len(), Token::of_state(*state)),
            None => (format!("{:>width$}", "?", width = title.len()), Token::StateUnknown),
        };
        columns.push(Column::new(title, *rank, rows.iter().map(cell)));
    }
    let (widths, hid) = fit(&columns, room);
    row(canvas, 2, at.sites, room, &columns, &widths, None);
    let space = usize::from(at.site_rows.saturating_sub(1));
    let sum = usize::from(rows.len() > 1);
    // The sum stays; what is above it scrolls with the cursor.
    let (held, places) = (space.saturating_sub(sum), rows.len() - sum);
    let top = (place(model) + 1).saturating_sub(held.max(1)).min(places.saturating_sub(held));
    let mut shown: Vec<usize> = (top..places.min(top + held)).collect();
    if sum > 0 && space > 0 {
        shown.push(rows.len() - 1);
    }
    for (line, n) in shown.iter().enumerate() {
        let y = at.sites + 1 + u16::try_from(line).unwrap_or(0);
        row(canvas, 2, y, room, &columns, &widths, Some(*n));
        if model.screens.fleet.in_sites && *n == place(model) {
            canvas.put(0, y, 1, canvas.look().glyphs.cursor, Token::UiMark);
            canvas.paint(2, y, widths.first().copied().flatten().unwrap_or(0), Token::UiSelection);
        }
    }
    let mut hid: Vec<&'static str> = hid.into_iter().map(str::trim).collect();
    if places > held {
        hid.push("all sites at once");
    }
    hid
}

fn token_of(part: LifePart) -> Token {
    match part {
        LifePart::Order => Token::StageOrder,
        LifePart::Install => Token::StageInstall,
        LifePart::Prove => Token::StageProve,
        LifePart::Serve => Token::StageServe,
        LifePart::Retire => Token::StageRetire,
    }
}

/// How many orders need a person, and how many deliveries are late.
fn draw_orders(model: &Model, canvas: &mut Canvas, y: u16) {
    let key = model.keys.name(Act::To(Place::Orders));
    let (told, token) = match model.screens.fleet.due {
        None => ("not known yet".to_owned(), Token::StateUnknown),
        Some(due) => {
            let more = if due.more { " or more" } else { "" };
            let verb = if due.people == 1 && !due.more { "needs" } else { "need" };
            let token = if due.people > 0 { Token::StateWarn } else { Token::UiDim };
            let late = model.overview.as_ref().and_then(|o| o.orders).map_or(0, |o| o.late);
            let (late, token) = match late {
                0 => (String::new(), token),
                1 => (", 1 delivery late".to_owned(), Token::StateCrit),
                n => (format!(", {n} deliveries late"), Token::StateCrit),
            };
            (format!("{}{more} {verb} a person, {} open{late}", due.people, due.open), token)
        }
    };
    let room = canvas.area().width.saturating_sub(2);
    let name = format!("orders ({key})  ");
    canvas.pieces(2, y, room, &[(&name, Token::UiTitle), (&told, token)]);
}

fn draw_stuck(model: &Model, canvas: &mut Canvas, at: &Layout) -> Vec<&'static str> {
    let list = &model.screens.fleet.stuck;
    let key = |act| model.keys.name(act);
    let letters = model.overview.as_ref().map_or_else(|| "?".to_owned(), |o| o.dead_letters.to_string());
    let person = model.overview.as_ref().and_then(|o| o.states.get(&State::Person).copied()).unwrap_or(0);
    let total = list.total.map_or_else(|| "?".to_owned(), |t| t.to_string());
    let mut title = format!("needs a person: {total} stuck, {letters} dead letters ({})", key(Act::To(Place::Letters)));
    if model.overview.is_some() {
        title.push_str(&format!(", {person} wait for work ({})", key(Act::To(Place::Work))));
    }
    canvas.rule(at.stuck, &title, Token::UiTitle);
    let (y, room) = (at.stuck + 1, canvas.area().width.saturating_sub(2));
    if list.total.unwrap_or(0) == 0 {
        let told = if list.total.is_some() { "nothing is stuck" } else { "nothing is known yet" };
        canvas.put(2, y, room, told, Token::UiDim);
        return Vec::new();
    }
    let columns = unit_columns(&list.rows, model, canvas.area().width);
    window(canvas, list, (2, y, room, at.stuck_rows), &columns, None, !model.screens.fleet.in_sites)
}

/// The systems around, what is wrong first: name, what is to say, and how it looks.
fn around(model: &Model) -> Vec<(String, String, Token)> {
    let Some(overview) = &model.overview else { return Vec::new() };
    let (health, now) = (&overview.health, model.now);
    let mut rows: Vec<(bool, String, String)> = Vec::new();
    match &health.intake_stopped {
        Some(why) => rows.push((false, "journal".into(), format!("NOT WRITABLE, nothing new is accepted: {why}"))),
        None => rows.push((true, "journal".into(), "ok, writable".into())),
    }
    if let Some(held) = &health.held {
        rows.push((false, "effects".into(), format!("ON HOLD {held}")));
    }
    for SystemHealth { name, doing, .. } in &health.systems {
        let told = match doing {
            // What nothing is known of is told on its own screen.
            Doing::Unknown => continue,
            Doing::Good { .. } => "ok".to_owned(),
            Doing::Bad { since, why } => format!("NOT WELL since {since}: {why}"),
        };
        rows.push((matches!(doing, Doing::Good { .. }), name.to_string(), told));
    }
    for tap in &health.taps {
        let good = tap.state == TapState::Listening && tap.trouble.is_none();
        let word = if good { tap.state.word().to_owned() } else { tap.state.word().to_uppercase() };
        let lost = tap.dropped + tap.missed;
        let lost = if lost > 0 { format!(", {lost} frames lost") } else { String::new() };
        let why = tap.trouble.as_ref().map_or_else(String::new, |t| format!(": {t}"));
        rows.push((
            good,
            format!("tap {}", tap.interface),
            format!("{word} for {}{lost}{why}", age(now.since(tap.since))),
        ));
    }
    for rogue in &health.rogue_servers {
        let server = rogue.address.map_or_else(|| "without a name".to_owned(), |a| a.to_string());
        let told = format!("ROGUE: gave {} leases, the last {} ago", rogue.leases, age(now.since(rogue.last)));
        rows.push((false, format!("DHCP {server}"), told));
    }
    let unknown = format!("{} of MACs nobody knows, since the daemon started", health.unknown_leases);
    rows.push((true, "leases".into(), unknown));
    if let Some(greeting) = &model.greeting {
        let told = format!("{} to {} as {}, {}", chrome::link(model).0, greeting.site, greeting.user, greeting.role);
        rows.push((model.link == Link::Live, "link".into(), told));
    }
    rows.sort_by_key(|(good, ..)| *good);
    let token = |good| if good { Token::StateOk } else { Token::StateCrit };
    rows.into_iter().map(|(good, name, told)| (name, told, token(good))).collect()
}

fn draw_around(model: &Model, canvas: &mut Canvas, at: &Layout) {
    canvas.rule(at.around, "around", Token::UiTitle);
    let rows = around(model);
    let space = usize::from(at.around_rows - 1);
    let room = canvas.area().width.saturating_sub(2);
    let wide = rows.iter().map(|(name, ..)| crate::widget::canvas::width(name)).max().unwrap_or(0).min(24);
    for (n, (name, told, token)) in rows.iter().take(space).enumerate() {
        let y = at.around + 1 + u16::try_from(n).unwrap_or(0);
        let sign = if *token == Token::StateOk { " " } else { "!" };
        canvas.put(0, y, 1, sign, *token);
        canvas.put(2, y, wide.min(room), name, Token::UiText);
        let left = rows.len() - space.min(rows.len());
        let more = if n + 1 == space && left > 0 { format!("   (and {left} more)") } else { String::new() };
        canvas.put(2 + wide + 2, y, room.saturating_sub(wide + 2), &format!("{told}{more}"), *token);
    }
}
