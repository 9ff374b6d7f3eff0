//! The pane beside elevations: the selected device and its rack, in words.

use rackhand_core::inventory::rack::Face as Side;
use rackhand_core::placement::questions::Slot as Mount;
use rackhand_core::view::State;

use super::view::sides;
use crate::app::model::Model;
use crate::command::registry::Act;
use crate::screen::list::Keyed;
use crate::screen::racks::{fill, states, units, worst};
use crate::theme::token::Token;
use crate::widget::canvas::Canvas;
use crate::widget::chrome;
use crate::widget::words::{age, letter, until};
use crate::widget::wrap::hang;

/// Draws it in so many columns at the right.
pub fn view(model: &Model, canvas: &mut Canvas, columns: u16) {
    let (first, rows) = chrome::body(model.size);
    let x = canvas.area().width.saturating_sub(columns);
    for n in 0..rows {
        canvas.put(x.saturating_sub(1), first + n, 1, canvas.look().glyphs.bar, Token::UiBorder);
    }
    let room = columns.saturating_sub(1);
    for (n, (line, token)) in told(model, usize::from(room)).iter().take(usize::from(rows)).enumerate() {
        canvas.put(x, first + u16::try_from(n).unwrap_or(0), room, line, *token);
    }
}

/// The lines of the pane.
fn told(model: &Model, room: usize) -> Vec<(String, Token)> {
    let (r, e) = (&model.screens.racks, &model.screens.elevation);
    let key = |act| model.keys.name(act);
    let mut out: Vec<(String, Token)> = Vec::new();
    let mut say = |text: String, token: Token| out.extend(hang(&text, room, 2).into_iter().map(|l| (l, token)));
    match (e.slots.current(), e.slots.total) {
        (Some(slot), _) => device(slot, model, &mut say),
        (None, None) => say("this rack is being asked for".to_owned(), Token::UiDim),
        (None, Some(0)) => say(format!("nothing is on the {}", sides(model).word()), Token::UiDim),
        (None, Some(_)) => say("nothing is selected".to_owned(), Token::UiDim),
    }
    if let Some(row) = r.list.current() {
        say(String::new(), Token::UiText);
        say(format!("rack {}", row.name), Token::UiTitle);
        say(
            row.location.as_ref().map_or_else(|| row.site.to_string(), |l| format!("{}, {l}", row.site)),
            Token::UiText,
        );
        match row.height {
            Some(_) => say(format!("{} taken", fill(row)), Token::UiText),
            None => say(
                "journal only: NetBox has not told of this rack, so heights are unknown".to_owned(),
                Token::StateUnknown,
            ),
        }
        say(format!("servers: {}", states(row)), worst(row));
        let doubts = e.views.iter().find(|v| v.row.key() == row.key());
        let doubts = doubts.map_or(0, |v| v.slots.iter().filter(|s| s.doubt.is_some()).count());
        if doubts > 0 {
            say(format!("{doubts} with ?: the picture cannot be right"), Token::StateContradicting);
        }
        let over = if e.by_stage { "health" } else { "stages" };
        say(format!("{} {over}, {} next rack", key(Act::Overlay), key(Act::NextPane)), Token::UiDim);
        if row.height.is_some() {
            say(format!("{} other side", key(Act::Flip)), Token::UiDim);
        }
    }
    out
}

fn device(slot: &Mount, model: &Model, say: &mut impl FnMut(String, Token)) {
    say(slot.label.to_string(), Token::UiTitle);
    if let Some(name) = slot.name.as_ref().filter(|name| **name != slot.label) {
        say(name.to_string(), Token::UiText);
    }
    let unknown = || "unknown".to_owned();
    say(slot.model.as_ref().map_or_else(unknown, ToString::to_string), Token::UiText);
    let sides: Vec<&str> = slot.faces.iter().map(|f| if *f == Side::Front { "front" } else { "rear" }).collect();
    match slot.place() {
        Some(place) if slot.device.is_some() || slot.reserved => {
            say(format!("{place}, {}U, {}", units(slot.height), sides.join(" and ")), Token::UiText);
        }
        Some(place) => say(format!("{place}, height unknown"), Token::UiText),
        None => say("in the rack, without a unit".to_owned(), Token::UiText),
    }
    if slot.reserved {
        say("kept for it; it does not stand there yet".to_owned(), Token::RackReserved);
    } else if slot.device.is_none() {
        say("as the journal remembers it; NetBox does not show it here".to_owned(), Token::StateUnknown);
    }
    if let Some(doubt) = &slot.doubt {
        say(format!("? {doubt}"), Token::StateContradicting);
    }
    let Some(row) = &slot.row else {
        say("not one of our servers".to_owned(), Token::UiDim);
        return;
    };
    say(format!("{} for {}", row.stage, age(model.now.since(row.since))), Token::of_stage(row.stage));
    let beside = if row.disposition.may_move() { String::new() } else { format!(", {}", row.disposition) };
    if row.located {
        say(format!("its locator LED is on; {} switches it off", model.keys.name(Act::Locate)), Token::StateInfo);
    }
    say(format!("{} {}{beside}", letter(row.state), row.state.word()), Token::of_state(row.state));
    if !row.waits_for.is_empty() {
        say(format!("waits for: {}", row.waits_for), Token::UiText);
    }
    let next = row.next_try.map_or_else(String::new, |t| format!(", {}", until(t, model.now)));
    match row.who {
        Some(who) => say(format!("who acts: {who}{next}"), Token::UiText),
        None if next.is_empty() && row.state == State::Idle => {}
        None => say(format!("who acts: Rackhand{next}"), Token::UiDim),
    }
}
