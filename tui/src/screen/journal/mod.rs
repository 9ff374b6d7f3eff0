//! The journal: everything that happened, newest first.

use rackhand_core::id::Subject;
use rackhand_core::text::Text;
use rackhand_core::view::filter::check_events;
use rackhand_rpc::JournalQuery;
use serde::{Deserialize, Serialize};

use super::face::{Face, Words, list_of};
use super::log::{Log, PAGE, older};
use super::{Place, hidden};
use crate::app::fetch::{self, Question, Slot};
use crate::app::model::{Link, Model, Mood, Target};
use crate::app::update::toast;
use crate::command::registry::{Act, Spec};
use crate::event::{Ask, Data};
use crate::theme::token::Token;
use crate::widget::canvas::Canvas;
use crate::widget::wrap::hang;
use crate::widget::{chrome, log};

/// The run of events.
pub const JOURNAL: Slot = Slot("journal");
/// The check of all of it.
pub const VERIFY: Slot = Slot("verify");

/// The screen.
pub const FACE: Face = Face {
    title: "Journal",
    about: "Everything that happened, newest first; it is the audit trail. The filter takes subject:unit/ID, kind:WORD, \
            actor:NAME and text. `v` checks the whole journal for tampering.",
    twin: "rackhand journal",
    go: Spec::go(Place::Journal, "journal", "screen: journal", &["7"]),
    takes: &[&[Act::Filter, Act::Open, Act::Verify]],
    questions: &[
        Question {
            slot: JOURNAL,
            ask: |model| Some(Ask::Journal(query(&model.screens.journal.filter))),
            take: |model, ask, data, out| {
                let height = height(model);
                super::log::take(model, ask, data, |screens| &mut screens.journal.log, height, out);
            },
        },
        Question {
            slot: VERIFY,
            ask: |_| Some(Ask::Verify),
            take: |model, _, data, out| match data {
                Data::Verified(Ok(found)) => {
                    let (events, checkpoints) = (found.events, found.checkpoints);
                    let (told, mood) = match found.broken {
                        None => (
                            format!("checked {events} events and {checkpoints} checkpoints: all as written"),
                            Mood::Good,
                        ),
                        Some(broken) => (format!("THE JOURNAL IS NOT AS IT WAS WRITTEN: {broken}"), Mood::Bad),
                    };
                    model.screens.journal.verified = Some((Text::from(told.clone()), mood == Mood::Good));
                    toast(model, told, mood, out);
                }
                Data::Verified(Err(refusal)) => toast(model, refusal.text, Mood::Bad, out),
                _ => {}
            },
        },
    ],
    wants: &[JOURNAL],
    list: Some(list_of!(Some(JOURNAL), journal.log, |model| (layout(model).0, layout(model).1.saturating_sub(1)))),
    words: Some(Words { of: |screens| &mut screens.journal.filter, check: check_events, look: None, stage: None }),
    view,
    target: |model| model.screens.journal.log.current().map(|event| Target::new(event.subject, event.label.clone())),
    fill: |model, out| {
        let journal = &model.screens.journal;
        if let Some(ask) = older(model, JOURNAL, &journal.log, height(model), Some(query(&journal.filter))) {
            fetch::put(model, JOURNAL, ask, out);
        }
    },
    act: |model, act, out| {
        let is_ours = act == Act::Verify;
        if is_ours {
            toast(model, "checking the whole journal", Mood::Plain, out);
            fetch::want(model, VERIFY, out);
        }
        is_ours
    },
    possible: |model, act| (act == Act::Verify && model.link != Link::Live).then(|| Err("the link is not live".into())),
    ..Face::PLAIN
};

/// State of the screen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Journal {
    /// The run of events.
    pub log: Log,
    /// Its filter.
    pub filter: String,
    /// The last full check, as a sentence, and whether it was good.
    pub verified: Option<(Text, bool)>,
}

/// The journal's filter: `subject:unit/ID`, `kind:WORD`, `actor:NAME`; all else is text to be found.
fn query(filter: &str) -> JournalQuery {
    let mut query = JournalQuery { limit: PAGE, ..JournalQuery::default() };
    let mut text: Vec<&str> = Vec::new();
    for word in filter.split_whitespace() {
        match word.split_once(':') {
            Some(("subject", value)) if value.parse::<Subject>().is_ok() => {
                query.subject = value.parse().ok();
            }
            Some(("kind", value)) if !value.is_empty() => query.kind = Some(value.to_owned()),
            Some(("actor", value)) if !value.is_empty() => query.actor = Some(value.to_owned()),
            _ => text.push(word),
        }
    }
    if !text.is_empty() {
        query.text = Some(text.join(" "));
    }
    query
}

fn layout(model: &Model) -> (u16, u16, u16) {
    let (first, rows) = chrome::body(model.size);
    let foot = if rows >= 12 { 4 } else { 0 };
    (first, rows - foot, foot)
}

/// Events on screen.
fn height(model: &Model) -> usize {
    usize::from(layout(model).1.saturating_sub(1))
}

fn view(model: &Model, canvas: &mut Canvas) {
    let j = &model.screens.journal;
    let filter = if j.filter.is_empty() { "newest first".to_owned() } else { format!("filter: {}", j.filter) };
    chrome::header(model, canvas, &filter);
    let (y, rows, foot) = layout(model);
    let room = canvas.area().width.saturating_sub(2);
    let mut said = match &j.verified {
        Some((told, _)) => told.to_string(),
        None => format!("not checked in this session; {} checks the whole journal", model.keys.name(Act::Verify)),
    };
    if j.log.newer {
        said = format!("newer events are not shown; Home shows them   {said}");
    }
    if j.log.rows.is_empty() {
        let told = match (j.log.loaded, j.filter.is_empty()) {
            (false, _) => "nothing is known yet",
            (true, true) => "nothing has happened yet",
            (true, false) => "nothing matches; / changes the filter",
        };
        canvas.put(2, y, room, told, Token::UiDim);
    } else {
        let hid = log::view(&j.log, canvas, y, rows, true, true);
        if !hid.is_empty() {
            said = format!("{}   {said}", hidden(&hid));
        }
    }
    if foot > 0 {
        canvas.rule(y + rows, "", Token::UiTitle);
        if let Some(event) = j.log.current() {
            let told = format!("{} {} {} {}: {}", event.seq, event.at, event.subject, event.kind, event.text);
            for (n, line) in hang(&told, usize::from(room), 2).iter().take(usize::from(foot - 1)).enumerate() {
                canvas.put(1, y + rows + 1 + u16::try_from(n).unwrap_or(0), room, line, Token::UiText);
            }
        }
    }
    chrome::status(model, canvas, &said);
}
