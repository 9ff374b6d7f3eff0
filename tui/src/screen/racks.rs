//! Racks: where they stand, how full they are, and how the servers in them do.

use rackhand_core::inventory::rack::HalfUnits;
use rackhand_core::placement::questions::RackRow;
use rackhand_core::time::Timestamp;
use rackhand_core::view::State;

use super::{Face, hidden};
use crate::app::model::{Model, Slot};
use crate::app::racks;
use crate::command::registry::{Act, Kind};
use crate::theme::token::Token;
use crate::widget::canvas::Canvas;
use crate::widget::chrome;
use crate::widget::table::{Column, window};
use crate::widget::words::{age, letter};

/// The screen.
pub const FACE: Face = Face {
    kind: Kind::Racks,
    title: "Racks",
    about: "The racks by NetBox: their height, how much of it is taken on the fuller side, and our servers in them \
            counted by state, as letter and number. Enter draws a rack unit by unit. Where NetBox has not told of a \
            rack, it is only what the journal remembers, and its height is unknown. The filter takes words of site, \
            name or room; ! negates.",
    twin: "rackhand racks",
    acts_on: None,
    wants: &[Slot::Racks],
    view,
    settle: |model| {
        let height = height(model);
        model.racks.list.settle(height);
    },
    step: |model, motion, _| {
        let height = height(model);
        let list = &mut model.racks.list;
        list.go(motion.from(list.cursor, height), height);
    },
    fill: racks::fill,
    target: |_| None,
    row: |model| serde_json::to_string(model.racks.list.current()?).ok(),
    press: |model, y| {
        let (top, rows) = chrome::body(model.size);
        let place = model.racks.list.top + usize::from(y.saturating_sub(top + 1));
        if y > top && y < top + rows && place < model.racks.list.total.unwrap_or(0) {
            let height = height(model);
            model.racks.list.go(place, height);
        }
    },
};

/// Cells of the picture of how full a rack is.
const GAUGE: u32 = 10;

/// Rows of the table on screen.
pub fn height(model: &Model) -> usize {
    usize::from(chrome::body(model.size).1.saturating_sub(1))
}

/// Units, whole or halves.
pub fn units(halves: HalfUnits) -> String {
    (f64::from(halves) / 2.0).to_string()
}

/// How much is taken: `32/42U`; `unknown` where NetBox has not told.
pub fn fill(rack: &RackRow) -> String {
    match (rack.used, rack.height) {
        (Some(used), Some(height)) => format!("{}/{}U", units(used), units(height)),
        _ => "unknown".to_owned(),
    }
}

/// How old NetBox's word is.
pub fn source(read_at: Option<Timestamp>, now: Timestamp) -> String {
    read_at.map_or_else(|| "journal only".to_owned(), |at| format!("NetBox {} ago", age(now.since(at))))
}

/// Our servers by state, as letter and number.
pub fn states(rack: &RackRow) -> String {
    let told: Vec<String> = rack.states.iter().map(|(s, n)| format!("{}{n}", letter(*s))).collect();
    if told.is_empty() { "none".to_owned() } else { told.join(" ") }
}

/// The most pressing state in a rack.
pub fn worst(rack: &RackRow) -> Token {
    let pressing = |s: &&State| matches!(s, State::Stuck | State::Retrying);
    rack.states.keys().find(pressing).map_or(Token::UiText, |s| Token::of_state(*s))
}

fn gauge(rack: &RackRow) -> (String, Token) {
    let (Some(used), Some(height)) = (rack.used, rack.height.filter(|h| *h > 0)) else {
        return ("unknown".to_owned(), Token::StateUnknown);
    };
    // What is there at all has one cell at least, and only what is full has all of them.
    let cells = (u32::from(used) * GAUGE / u32::from(height)).max(u32::from(used > 0)).min(GAUGE);
    let all = "#".repeat(cells as usize) + &".".repeat((GAUGE - cells) as usize);
    (format!("{all} {}", fill(rack)), Token::UiText)
}

fn view(model: &Model, canvas: &mut Canvas) {
    let r = &model.racks;
    let total = r.list.total.map_or_else(|| "?".to_owned(), |t| t.to_string());
    let site = r.site.as_ref().map_or_else(String::new, |s| format!(" site: {s}"));
    let filter = if r.filter.is_empty() { String::new() } else { format!(" filter: {}", r.filter) };
    let read = r.list.current().map_or_else(String::new, |rack| format!("  {}", source(rack.read_at, model.now)));
    chrome::header(model, canvas, &format!("{total}{site}{filter}{read}"));
    let (y, rows) = chrome::body(model.size);
    let room = canvas.area().width.saturating_sub(2);
    if r.list.total.unwrap_or(0) == 0 {
        let key = |act| model.keys.name(act);
        let told = match (r.list.total, r.filter.is_empty() && r.site.is_none()) {
            (None, _) => "nothing is known yet".to_owned(),
            (Some(_), true) => "no racks: NetBox tells of none, and no server has a place".to_owned(),
            (Some(_), false) => {
                let (filter, last, next) = (key(Act::Filter), key(Act::StagePrevious), key(Act::StageNext));
                format!("nothing matches; {filter} changes the filter, {last} {next} the site")
            }
        };
        canvas.put(2, y, room, &told, Token::UiDim);
        chrome::status(model, canvas, "");
        return;
    }
    let columns = columns(&r.list.rows, model);
    let on_screen = u16::try_from(height(model)).unwrap_or(u16::MAX);
    let hid = window(canvas, &r.list, (2, y, room, on_screen), &columns, None, true);
    let below = r.list.total.unwrap_or(0).saturating_sub(r.list.top + usize::from(rows).saturating_sub(1));
    let more = if below > 0 { format!("{below} more below   ") } else { String::new() };
    chrome::status(model, canvas, &format!("{more}{}", hidden(&hid)));
}

fn columns(rows: &[RackRow], model: &Model) -> Vec<Column> {
    let location = |r: &RackRow| match &r.location {
        Some(location) => (location.to_string(), Token::UiText),
        None if r.read_at.is_some() => ("-".to_owned(), Token::UiDim),
        None => ("unknown".to_owned(), Token::StateUnknown),
    };
    let servers = |r: &RackRow| (r.states.values().sum::<u32>().to_string(), Token::UiText);
    vec![
        Column::new("RACK", 255, rows.iter().map(|r| (r.name.to_string(), Token::UiText))),
        Column::new("SITE", 6, rows.iter().map(|r| (r.site.to_string(), Token::UiText))),
        Column::new("ROOM", 2, rows.iter().map(location)),
        Column::new("TAKEN", 9, rows.iter().map(gauge)),
        Column::new("SERVERS", 3, rows.iter().map(servers)),
        Column::new("STATES", 8, rows.iter().map(|r| (states(r), worst(r)))).rest(12),
        Column::new("SOURCE", 1, rows.iter().map(|r| (source(r.read_at, model.now), Token::UiDim))).least(15),
    ]
}
