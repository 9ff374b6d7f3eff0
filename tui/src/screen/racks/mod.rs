//! Racks: where they stand, how full they are, and how the servers in them do.

use rackhand_core::id::SiteId;
use rackhand_core::inventory::rack::HalfUnits;
use rackhand_core::placement::questions::RackRow;
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;
use rackhand_core::view::State;
use rackhand_core::view::filter::check_words;
use serde::{Deserialize, Serialize};

use super::face::{Face, Words, list_of};
use super::list::{Keyed, List};
use super::{Place, elevation, hidden, listing};
use crate::app::effect::Effect;
use crate::app::fetch::{Question, Slot, clock};
use crate::app::model::Model;
use crate::app::moves::go;
use crate::command::registry::{Act, Spec};
use crate::event::{Ask, Data};
use crate::theme::token::Token;
use crate::widget::canvas::Canvas;
use crate::widget::chrome;
use crate::widget::table::{Column, window};
use crate::widget::words::{age, letter};

/// The page of racks.
pub const RACKS: Slot = Slot("racks");

/// The screen.
pub const FACE: Face = Face {
    title: "Racks",
    about: "The racks by NetBox: their height, how much of it is taken on the fuller side, and our servers in them \
            counted by state, as letter and number. Enter draws a rack unit by unit. Where NetBox has not told of a \
            rack, it is only what the journal remembers, and its height is unknown. The filter takes words of site, \
            name or room; ! negates.",
    twin: "rackhand racks",
    go: Spec::go(Place::Racks, "racks", "screen: racks", &["3"]),
    takes: &[&[Act::Filter, Act::Open, Act::StagePrevious, Act::StageNext]],
    questions: &[Question {
        slot: RACKS,
        ask: |model| {
            let r = &model.screens.racks;
            let (offset, limit) = r.list.window(height(model));
            Some(Ask::Racks { site: r.site.clone(), filter: r.filter.clone(), offset, limit })
        },
        take: |model, _, data, _| {
            let Data::Racks(page) = data else { return };
            clock(model, page.now);
            let height = height(model);
            model.screens.racks.list.take(page, height);
            elevation::adopt(model);
        },
    }],
    wants: &[RACKS],
    list: Some(list_of!(Some(RACKS), racks.list, |model| (
        chrome::body(model.size).0,
        chrome::body(model.size).1.saturating_sub(1)
    ))),
    words: Some(Words { of: |screens| &mut screens.racks.filter, check: check_words, look: None, stage: None }),
    view,
    act: |model, act, out| {
        let r = &mut model.screens.racks;
        match act {
            Act::Back if r.filter.is_empty() && r.site.take().is_some() => listing::requery(model, out),
            Act::Open => go(model, Place::Elevation, out),
            Act::StageNext | Act::StagePrevious => site(model, act == Act::StageNext, out),
            _ => return false,
        }
        true
    },
    possible: |model, act| (act == Act::Open && model.screens.racks.list.current().is_some()).then_some(Ok(())),
    ..Face::PLAIN
};

/// State of the screen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Racks {
    /// The window on all racks; its cursor is the rack whose contents have the keys.
    pub list: List<RackRow>,
    /// Its filter.
    pub filter: String,
    /// Only this site.
    pub site: Option<SiteId>,
}

/// A rack by its site and name.
pub type RackKey = (SiteId, Text);

impl Keyed for RackRow {
    type Key = RackKey;
    fn key(&self) -> RackKey {
        (self.site.clone(), self.name.clone())
    }
}

/// The next site, or all behind the last.
fn site(model: &mut Model, forth: bool, out: &mut Vec<Effect>) {
    let mut sites = model.overview.iter().flat_map(|o| o.sites.keys());
    let next = match (&model.screens.racks.site, forth) {
        (None, true) => sites.next(),
        (None, false) => sites.next_back(),
        (Some(at), true) => sites.find(|s| *s > at),
        (Some(at), false) => sites.rfind(|s| *s < at),
    };
    model.screens.racks.site = next.cloned();
    listing::requery(model, out);
}

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
    let r = &model.screens.racks;
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
