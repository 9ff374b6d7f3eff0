//! What each command does.

use rackhand_core::text::Text;

use super::bulk::{self, Marking};
use super::deeds;
use super::effect::Effect;
use super::fetch;
use super::model::{Link, Model, Mood, Place, Slot};
use super::moves::{self, Motion};
use super::racks;
use super::receive;
use super::trade;
use super::undo;
use super::update::{settle, toast};
use crate::command::possible::possible;
use crate::command::registry::Act;
use crate::overlay::Layer;
use crate::overlay::palette::Palette;
use crate::screen;
use crate::term::clipboard::MOST;

/// Runs a command, or says why not.
pub fn run(model: &mut Model, act: Act, out: &mut Vec<Effect>) {
    if let Err(why) = possible(act, model) {
        toast(model, format!("{}: {why}", act.spec().id), Mood::Plain, out);
        if act.spec().role.is_some() {
            model.take_what_slipped();
        }
        return;
    }
    match act {
        Act::Up => moves::step(model, Motion::By(-1), out),
        Act::Down => moves::step(model, Motion::By(1), out),
        Act::PageUp => moves::step(model, Motion::Pages(-1), out),
        Act::PageDown => moves::step(model, Motion::Pages(1), out),
        Act::First => moves::step(model, Motion::First, out),
        Act::Last => moves::step(model, Motion::Last, out),
        Act::Open => moves::open(model, out),
        Act::Back => moves::back(model, out),
        Act::HistoryBack => moves::history(model, false, out),
        Act::HistoryForward => moves::history(model, true, out),
        Act::ToFleet => moves::go(model, Place::Fleet, out),
        Act::ToWork => moves::go(model, Place::Work, out),
        Act::ToReceiving => moves::go(model, Place::Receiving, out),
        Act::ToOrders => moves::go(model, Place::Orders, out),
        Act::Roles if model.place == Place::Orders => {
            model.orders.all = !model.orders.all;
            super::orders::requery(model, out);
        }
        Act::Roles => {
            model.work.all_roles = !model.work.all_roles;
            super::work::requery(model, out);
        }
        Act::Damaged => receive::damaged(model),
        Act::Dock => receive::next_site(model, out),
        Act::UndoReceipt => receive::undo(model, out),
        Act::Leave => receive::leave(model, out),
        Act::ToPipeline => moves::go(model, Place::Pipeline, out),
        Act::ToLetters => moves::go(model, Place::Letters, out),
        Act::ToRacks => moves::go(model, Place::Racks, out),
        Act::ToRack => racks::ask_rack(model, out),
        Act::Flip => racks::flip(model),
        Act::Overlay => model.racks.by_stage = !model.racks.by_stage,
        Act::ToJournal => moves::go(model, Place::Journal, out),
        Act::NextPane | Act::PreviousPane if model.place == Place::Elevation => {
            racks::turn(model, act == Act::NextPane, out);
        }
        Act::NextPane | Act::PreviousPane if model.place == Place::Fleet => {
            model.fleet.in_sites = !model.fleet.in_sites;
        }
        Act::NextPane | Act::PreviousPane if matches!(model.place, Place::Quotes(_)) => {
            super::orders::vendor(model, act == Act::NextPane);
        }
        Act::NextPane | Act::PreviousPane if model.place == Place::Work => {
            model.work.guide = !model.work.guide;
            settle(model);
            fetch::fill(model, out);
        }
        Act::NextPane | Act::PreviousPane => model.server.in_timeline = !model.server.in_timeline,
        Act::Filter => moves::open_filter(model),
        Act::FindNext | Act::FindPrevious if model.place == Place::Elevation => {
            racks::again(model, act == Act::FindNext, out);
        }
        Act::FindNext => moves::find(model, true, out),
        Act::FindPrevious => moves::find(model, false, out),
        Act::Follow => moves::follow(model, out),
        Act::SortNext => moves::sort(model, out),
        Act::SortTurn => {
            model.pipeline.descending = !model.pipeline.descending;
            moves::requery(model, out);
        }
        Act::StageNext | Act::StagePrevious if model.place == Place::Racks => {
            racks::site(model, act == Act::StageNext, out);
        }
        Act::StageNext => moves::stage(model, true, out),
        Act::StagePrevious => moves::stage(model, false, out),
        Act::Mark => {
            bulk::mark(model);
            moves::step(model, Motion::By(1), out);
        }
        Act::MarkRange => bulk::range(model, out),
        Act::MarkAll => bulk::mark_all(model, Marking::All, out),
        Act::MarkOthers => bulk::mark_all(model, Marking::Others, out),
        Act::Unmark => model.pipeline.marks.clear(),
        Act::Undo => undo::take_back(model, out),
        Act::Place => super::places::ask(model, out),
        Act::Results => model.layer = Some(Layer::Report(0)),
        Act::Help => model.layer = Some(Layer::Help(0)),
        Act::Palette => model.layer = Some(Layer::Palette(Palette::new(false))),
        Act::Actions => model.layer = Some(Layer::Palette(Palette::new(true))),
        Act::CopyId => {
            if let Some(label) = model.target().map(|t| t.label) {
                copy(model, label.to_string(), &label, out);
            }
        }
        Act::CopyRow => {
            if let Some(json) = (screen::of(model.place.kind()).row)(model) {
                let told = format!("{} characters of JSON", json.chars().count());
                copy(model, json, &told, out);
            }
        }
        Act::CopyFact => model.layer = deeds::facts(model),
        Act::Verify => {
            toast(model, "checking the whole journal", Mood::Plain, out);
            fetch::want(model, Slot::Verify, out);
        }
        Act::Mouse => {
            model.mouse = !model.mouse;
            let told = if model.mouse {
                "mouse on: a click selects, the wheel scrolls; most terminals select text with Shift then"
            } else {
                "mouse off: the terminal selects text"
            };
            toast(model, told, Mood::Plain, out);
            out.push(Effect::Mouse(model.mouse));
        }
        Act::Redraw => out.push(Effect::Redraw),
        Act::Suspend => out.push(Effect::Suspend),
        Act::Record => out.push(Effect::Save),
        Act::Quit if model.receiving.open() > 0 && !model.receiving.warned => {
            model.receiving.warned = true;
            let key = model.keys.name(Act::Quit);
            let told = format!(
                "{} scans are not sent yet; {key} again quits, and the next session here sends them",
                model.receiving.open()
            );
            toast(model, told, Mood::Bad, out);
        }
        Act::Quit => out.push(Effect::Quit),
        Act::NewOrder
        | Act::Approve
        | Act::Reject
        | Act::Quotes
        | Act::Quote
        | Act::Reserve
        | Act::ReleaseStock
        | Act::Assign
        | Act::Accept => trade::run(model, act, out),
        Act::Cancel if super::orders::is_about_one(model) => trade::run(model, act, out),
        Act::Retry if matches!(model.link, Link::Down { .. }) => out.push(Effect::Reconnect),
        Act::Retry | Act::Hold | Act::Cancel | Act::Skip | Act::Move | Act::TaskDone | Act::Locate => {
            deeds::on_target(model, act, out);
        }
    }
}

/// Sends text to the terminal's clipboard, and says what was sent: whether the terminal takes it, it does not tell.
pub fn copy(model: &mut Model, text: String, told: &str, out: &mut Vec<Effect>) {
    if text.len() > MOST {
        let told = format!("{} bytes are more than terminals take ({MOST}); `rackhand show --json` has it", text.len());
        return toast(model, told, Mood::Bad, out);
    }
    toast(model, Text::from(format!("sent to the terminal's clipboard: {told}")), Mood::Good, out);
    out.push(Effect::Copy(text));
}
