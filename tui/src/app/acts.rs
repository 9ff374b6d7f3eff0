//! What each command does.

use rackhand_core::text::Text;

use super::effect::Effect;
use super::model::{Link, Model, Mood};
use super::moves::{self, Motion};
use super::update::toast;
use super::{bulk, deeds, places, undo};
use crate::command::possible::possible;
use crate::command::registry::Act;
use crate::overlay::Layer;
use crate::overlay::order::OrderForm;
use crate::overlay::palette::Palette;
use crate::screen::{listing, of};
use crate::term::clipboard::MOST;

/// Runs a command, or says why not.
pub fn run(model: &mut Model, act: Act, out: &mut Vec<Effect>) {
    if let Err(why) = possible(act, model) {
        toast(model, format!("{}: {why}", act.spec().id), Mood::Plain, out);
        if act.spec().role.is_some() {
            listing::take_what_slipped(model);
        }
        return;
    }
    if act != Act::Back && (of(model.place.kind()).act)(model, act, out) {
        return;
    }
    match act {
        Act::Up => listing::step(model, Motion::By(-1), out),
        Act::Down => listing::step(model, Motion::By(1), out),
        Act::PageUp => listing::step(model, Motion::Pages(-1), out),
        Act::PageDown => listing::step(model, Motion::Pages(1), out),
        Act::First => listing::step(model, Motion::First, out),
        Act::Last => listing::step(model, Motion::Last, out),
        Act::Open => moves::open(model, out),
        Act::To(place) => moves::go(model, place, out),
        Act::Back => moves::back(model, out),
        Act::HistoryBack => moves::history(model, false, out),
        Act::HistoryForward => moves::history(model, true, out),
        Act::ToRack => crate::screen::elevation::ask_rack(model, out),
        Act::Filter => moves::open_filter(model),
        Act::Follow => moves::follow(model, out),
        Act::Mark => {
            bulk::mark(model);
            listing::step(model, Motion::By(1), out);
        }
        Act::Unmark => model.marks.clear(),
        Act::Undo => undo::take_back(model, out),
        Act::Place => places::ask(model, out),
        Act::NewOrder => {
            let site = model.greeting.as_ref().map_or_else(String::new, |g| g.site.to_string());
            model.layer = Some(Layer::Order(Box::new(OrderForm::new(&site))));
        }
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
            if let Some(json) = (of(model.place.kind()).row)(model) {
                let told = format!("{} characters of JSON", json.chars().count());
                copy(model, json, &told, out);
            }
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
        Act::Quit if model.screens.receiving.open() > 0 && !model.screens.receiving.warned => {
            model.screens.receiving.warned = true;
            let key = model.keys.name(Act::Quit);
            let told = format!(
                "{} scans are not sent yet; {key} again quits, and the next session here sends them",
                model.screens.receiving.open()
            );
            toast(model, told, Mood::Bad, out);
        }
        Act::Quit => out.push(Effect::Quit),
        Act::Retry if matches!(model.link, Link::Down { .. }) => out.push(Effect::Reconnect),
        Act::Retry | Act::Hold | Act::Cancel | Act::Skip | Act::Move | Act::TaskDone | Act::Locate | Act::ResetBmc => {
            deeds::on_target(model, act, out);
        }
        // A screen's own, which it has no use for now.
        _ => toast(model, format!("{}: there is nothing of the kind here", act.spec().id), Mood::Plain, out),
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
