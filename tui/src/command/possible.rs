//! Why a command is not possible now.

use rackhand_core::id::{Role, Subject};
use rackhand_core::lifecycle::stage::{Disposition, Stage};
use rackhand_core::text::Text;
use rackhand_core::view::State;

use super::registry::{Act, Spec};
use crate::app::model::{Link, Model, Target};
use crate::screen::{self, Place, listing, server};

/// Whether the command is possible now; else why not.
pub fn possible(act: Act, model: &Model) -> Result<(), Text> {
    let spec = act.spec();
    let no = |why: &str| Err(Text::new(why));
    if !spec.works_on(model.place.kind()) {
        return Err(Text::from(format!("it works on: {}", places(spec))));
    }
    if act == Act::Retry && matches!(model.link, Link::Down { .. }) {
        return Ok(());
    }
    let face = screen::of(model.place.kind());
    if face.outlasts_link
        && let Some(found) = (face.possible)(model, act)
    {
        return found;
    }
    if let Some(role) = spec.role {
        match &model.link {
            Link::Live => {}
            Link::Connecting => return no("not connected yet"),
            Link::Stale(secs) => {
                return Err(Text::from(format!("the link is stale: nothing heard for {secs} s, so nothing is sent")));
            }
            Link::Down { .. } => return no("the link is down: nothing can be sent"),
        }
        if model.frozen {
            return Err(Text::from(format!("the screen is frozen; {} follows again", model.keys.name(Act::Follow))));
        }
        // A new order is about nothing on screen: it waits for no page, and no row can have slipped from under it.
        if act == Act::NewOrder {
            return model.role().demand(role);
        }
        if !model.is_fresh() {
            return no("what is shown is from before the connection; it is being asked for anew");
        }
        model.role().demand(role)?;
        if listing::has_slipped(model) && !model.acts_on_marks() {
            return Err(slipped(model));
        }
        if let Some(found) = (face.possible)(model, act) {
            return found;
        }
        // Marked ones need no cursor; whether one of them can have it done to it, the daemon says for each.
        if matches!(act, Act::Retry | Act::Hold | Act::Place) && model.acts_on_marks() {
            return Ok(());
        }
        return match model.target() {
            Some(target) => on_target(act, model, &target),
            None => Err(nothing_chosen(model)),
        };
    }
    if let Some(found) = (face.possible)(model, act) {
        return found;
    }
    match act {
        Act::CopyRow if (face.row)(model).is_some() => Ok(()),
        Act::ToRack if model.target().is_none() => Err(nothing_chosen(model)),
        Act::ToRack if model.link != Link::Live => no("the link is not live"),
        Act::Open | Act::CopyId | Act::CopyRow | Act::Mark if model.target().is_none() => Err(nothing_chosen(model)),
        Act::Open if matches!(model.target(), Some(Target { subject: Subject::Bmc(_), .. })) => {
            no("no server belongs to this BMC yet")
        }
        Act::Undo if model.undo.is_none() => no("there is nothing to take back, or its time is over"),
        Act::Undo if model.link != Link::Live => no("the link is not live: nothing can be sent"),
        Act::Results if model.report.is_none() => no("nothing is left to be shown"),
        Act::Unmark if model.marks.is_empty() => no("nothing is marked"),
        Act::HistoryBack if model.back.is_empty() => no("there is no screen before"),
        Act::HistoryForward if model.forward.is_empty() => no("there is no screen after"),
        _ => Ok(()),
    }
}

/// Why a search cannot go on, where nothing is looked for.
pub fn looks_for(model: &Model, words: &str) -> Option<Result<(), Text>> {
    let filter = model.keys.name(Act::Filter);
    words.is_empty().then(|| Err(Text::from(format!("nothing is looked for; {filter} asks for words"))))
}

fn nothing_chosen(model: &Model) -> Text {
    Text::new((screen::of(model.place.kind()).nothing)(model))
}

/// Why nothing is done to a row that came up by itself: the key was meant for the one that stood there before.
fn slipped(model: &Model) -> Text {
    match model.target() {
        Some(target) => {
            Text::from(format!("{} is selected now; press again (the one before has left this list)", target.label))
        }
        None => Text::new("the one before has left this list; nothing is selected now"),
    }
}

fn on_target(act: Act, model: &Model, target: &Target) -> Result<(), Text> {
    let no = |why: &str| Err(Text::new(why));
    let row = target.row.as_ref();
    match (act, row) {
        (Act::Retry, Some(row)) if row.state != State::Stuck => {
            no("nothing is parked here; what waits is tried again by itself")
        }
        (Act::Retry, _) => Ok(()),
        (_, None) => no("no server belongs to this BMC yet; only retry is possible"),
        (Act::Skip, Some(row)) => match &target.step {
            Some((step, _, None)) => {
                Err(Text::from(format!("{step} cannot be skipped: nothing else shows what it shows")))
            }
            Some(_) => Ok(()),
            None if matches!(model.place, Place::Server(_)) => skippable(model),
            None if row.state == State::Stuck => Ok(()),
            None => no("no step is parked here"),
        },
        (Act::Cancel, Some(row)) if row.disposition == Disposition::Cancelled => no("it is cancelled already"),
        (Act::Cancel, Some(row)) if row.stage >= Stage::AssignedToTenant => {
            no("a tenant has it, or had it: it is not cancelled but given back")
        }
        (Act::ResetBmc, Some(row)) if row.disposition == Disposition::OnHold => {
            no("it is on hold: release it first (H)")
        }
        (Act::Place, Some(row)) if row.stage > Stage::Received => no("it stands in its place already"),
        (Act::Move, Some(row)) if !row.disposition.may_move() => {
            Err(Text::from(format!("it is {}: release it first (H)", row.disposition)))
        }
        (Act::Move, Some(_)) if server::unit(model).is_some_and(|u| on_page(model) && u.ways.is_empty()) => {
            no("no way leads from this stage on your word")
        }
        (Act::TaskDone, Some(_)) if server::unit(model).is_some_and(|u| on_page(model) && u.tasks.is_empty()) => {
            no("it has no open task")
        }
        (Act::Hold, Some(row)) => match row.disposition {
            Disposition::Normal | Disposition::OnHold => Ok(()),
            _ if model.role() >= Role::Operator => Ok(()),
            other => Err(Text::from(format!("it is {other}: an operator releases it"))),
        },
        _ => Ok(()),
    }
}

fn on_page(model: &Model) -> bool {
    matches!(model.place, Place::Server(_))
}

fn skippable(model: &Model) -> Result<(), Text> {
    let Some(unit) = server::unit(model) else { return Err(Text::new("not here yet")) };
    let mut parked = unit.steps.iter().filter(|s| &*s.phase == "parked").peekable();
    match parked.peek() {
        None => Err(Text::new("no step is parked here")),
        Some(first) => {
            let step = first.step;
            if parked.any(|s| s.skip.is_some()) {
                Ok(())
            } else {
                Err(Text::from(format!("{step} cannot be skipped: nothing else shows what it shows")))
            }
        }
    }
}

/// The screens a command works on, as words.
pub fn places(spec: &Spec) -> String {
    let titles: Vec<String> = spec.screens().map(|kind| kind.title().to_lowercase()).collect();
    titles.join(", ")
}
