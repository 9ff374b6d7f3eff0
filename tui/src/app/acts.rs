//! What each command does.

use rackhand_core::decide::command::Command;
use rackhand_core::id::{Subject, UnitId};
use rackhand_core::lifecycle::stage::{Disposition, Stage};
use rackhand_core::text::Text;
use rackhand_core::view::{Sort, UnitDetail};

use super::effect::Effect;
use super::fetch;
use super::list::List;
use super::log::Log;
use super::model::{Link, Model, Mood, Pending, Place, Server, Slot, Target};
use super::update::{open_filter, settle, toast};
use crate::command::keymap::possible;
use crate::command::registry::Act;
use crate::overlay::Layer;
use crate::overlay::choose::Choose;
use crate::overlay::form::{Deed, Form, Wish};
use crate::overlay::palette::Palette;
use crate::screen;

/// Runs a command, or says why not.
pub fn run(model: &mut Model, act: Act, out: &mut Vec<Effect>) {
    if let Err(why) = possible(act, model) {
        toast(model, format!("{}: {why}", act.spec().id), Mood::Plain, out);
        return;
    }
    match act {
        Act::Up => step(model, Step::By(-1), out),
        Act::Down => step(model, Step::By(1), out),
        Act::PageUp => step(model, Step::Pages(-1), out),
        Act::PageDown => step(model, Step::Pages(1), out),
        Act::First => step(model, Step::First, out),
        Act::Last => step(model, Step::Last, out),
        Act::Open => open(model, out),
        Act::Back => back(model, out),
        Act::HistoryBack => history(model, false, out),
        Act::HistoryForward => history(model, true, out),
        Act::ToPipeline => go(model, Place::Pipeline, out),
        Act::ToLetters => go(model, Place::Letters, out),
        Act::ToJournal => go(model, Place::Journal, out),
        Act::NextPane => model.server.in_timeline = !model.server.in_timeline,
        Act::Filter => open_filter(model),
        Act::SortNext => {
            const ORDER: [Sort; 5] = [Sort::Attention, Sort::Label, Sort::Stage, Sort::Age, Sort::Place];
            let at = ORDER.iter().position(|s| *s == model.pipeline.sort).unwrap_or(0);
            model.pipeline.sort = ORDER[(at + 1) % ORDER.len()];
            requery(model, out);
        }
        Act::SortTurn => {
            model.pipeline.descending = !model.pipeline.descending;
            requery(model, out);
        }
        Act::StageNext => stage(model, true, out),
        Act::StagePrevious => stage(model, false, out),
        Act::Mark => {
            if let Some(id) = model.pipeline.list.current().map(|r| r.id) {
                if !model.pipeline.marks.remove(&id) {
                    model.pipeline.marks.insert(id);
                }
                step(model, Step::By(1), out);
            }
        }
        Act::Unmark => model.pipeline.marks.clear(),
        Act::Help => model.layer = Some(Layer::Help(0)),
        Act::Palette => model.layer = Some(Layer::Palette(Palette::new(false))),
        Act::Actions => model.layer = Some(Layer::Palette(Palette::new(true))),
        Act::CopyId => copy(model, false, out),
        Act::CopyRow => copy(model, true, out),
        Act::Verify => {
            toast(model, "checking the whole journal", Mood::Plain, out);
            fetch::want(model, Slot::Verify, out);
        }
        Act::Redraw => out.push(Effect::Redraw),
        Act::Record => out.push(Effect::Save),
        Act::Quit => out.push(Effect::Quit),
        Act::Retry if matches!(model.link, Link::Down { .. }) => out.push(Effect::Reconnect),
        Act::Retry | Act::Hold | Act::Cancel | Act::Skip | Act::Move | Act::TaskDone => on_target(model, act, out),
    }
}

/// Commands on the selected server, or on the marked ones where that makes sense.
fn on_target(model: &mut Model, act: Act, out: &mut Vec<Effect>) {
    let Some(target) = model.target() else { return };
    // What was acted on stays chosen: the same key again must not hit whatever came up in its place.
    model.pipeline.list.first = false;
    model.letters.first = false;
    let marked: Vec<UnitId> = match model.place {
        Place::Pipeline => model.pipeline.marks.iter().copied().collect(),
        _ => Vec::new(),
    };
    match act {
        Act::Retry if !marked.is_empty() => {
            let told = Text::from(format!("retry {} marked", marked.len()));
            let commands = marked.into_iter().map(|id| Command::Retry { subject: Subject::Unit(id) }).collect();
            send(model, Wish { commands, told }, out);
        }
        Act::Retry => {
            let told = Text::from(format!("retry {}", target.label));
            send(model, Wish { commands: vec![Command::Retry { subject: target.subject }], told }, out);
        }
        Act::Hold => hold(model, &target, marked, out),
        _ if !marked.is_empty() => {
            toast(model, format!("{} works on one server at a time; u unmarks all", act.spec().id), Mood::Plain, out);
        }
        Act::Cancel => {
            if let Some(row) = &target.row {
                let means = vec![
                    Text::from(format!(
                        "{} is {}. It stops for good, and what was done is undone in reverse.",
                        row.label, row.stage
                    )),
                    Text::new("Only an operator can bring it back."),
                ];
                let form = Form::new(
                    Deed::Cancel(row.id),
                    format!("cancel {}", row.label),
                    "why (goes into the journal)",
                    means,
                );
                model.layer = Some(Layer::Form(Box::new(form.costly(&row.label))));
            }
        }
        Act::Skip => match &target.step {
            Some((step, generation, Some(means))) => {
                let form = skip_form(target.subject, &target.label, *step, *generation, means);
                model.layer = Some(Layer::Form(Box::new(form)));
            }
            _ => on_page(model, &target, act, out),
        },
        _ => on_page(model, &target, act, out),
    }
}

/// Commands that need the server's page: from elsewhere it is opened first.
fn on_page(model: &mut Model, target: &Target, act: Act, out: &mut Vec<Effect>) {
    let Subject::Unit(id) = target.subject else { return };
    let Some(unit) = model.unit().filter(|u| u.row.id == id && matches!(model.place, Place::Server(_))).cloned() else {
        model.then = Some(act);
        go(model, Place::Server(id), out);
        return;
    };
    let layer = match act {
        Act::Skip => skips(&unit),
        Act::Move => ways(&unit),
        Act::TaskDone => tasks(&unit),
        _ => None,
    };
    if layer.is_some() {
        model.layer = layer;
    } else {
        toast(model, format!("{}: there is nothing of the kind here", act.spec().id), Mood::Plain, out);
    }
}

fn skip_form(
    subject: Subject,
    label: &Text,
    step: rackhand_core::flow::step::Step,
    generation: u32,
    means: &Text,
) -> Form {
    let means = vec![Text::from(format!("Going on without {step} means: {means}."))];
    let title = format!("skip {step} of {label}");
    Form::new(Deed::Skip(subject, step, generation), title, "why (goes into the journal)", means).costly(label)
}

fn skips(unit: &UnitDetail) -> Option<Layer> {
    let (subject, label) = (Subject::Unit(unit.row.id), &unit.row.label);
    let parked = unit.steps.iter().filter(|s| &*s.phase == "parked");
    let items = parked
        .filter_map(|s| {
            let means = s.skip.as_ref()?;
            Some((Text::new(s.step.word()), means.clone(), skip_form(subject, label, s.step, s.generation, means)))
        })
        .collect();
    Choose::layer("skip which step", items)
}

fn ways(unit: &UnitDetail) -> Option<Layer> {
    let (id, label, from) = (unit.row.id, &unit.row.label, unit.row.stage);
    let items = unit
        .ways
        .iter()
        .map(|(to, proof, role)| {
            let means = vec![Text::from(format!("{label}: {from} -> {to}. Your word stands for: {proof}."))];
            let form = Form::new(Deed::Move(id, *to), format!("move {label} to {to}"), "what you saw, or why", means);
            // A way back throws away what later stages rested on.
            let form = if *to < from && from >= Stage::Discovered { form.costly(label) } else { form };
            (Text::new(to.word()), Text::from(format!("{proof} ({role})")), form)
        })
        .collect();
    Choose::layer(format!("move {label} from {from} to"), items)
}

fn tasks(unit: &UnitDetail) -> Option<Layer> {
    let (id, label) = (unit.row.id, &unit.row.label);
    let items = unit
        .tasks
        .iter()
        .map(|(n, task)| {
            let title = format!("task {n} of {label} is done");
            let form = Form::new(Deed::Close(id, *n), title, "what was done", vec![task.text.clone()]);
            (Text::new(task.kind.title()), task.text.clone(), form)
        })
        .collect();
    Choose::layer("which task is done", items)
}

fn hold(model: &mut Model, target: &Target, marked: Vec<UnitId>, out: &mut Vec<Effect>) {
    let why = "why (goes into the journal)";
    if !marked.is_empty() {
        let means = vec![Text::new("Automation leaves them alone until they are released.")];
        let title = format!("hold {} marked", marked.len());
        model.layer = Some(Layer::Form(Box::new(Form::new(Deed::Hold(marked), title, why, means))));
        return;
    }
    let Some(row) = &target.row else { return };
    if row.disposition == Disposition::Normal {
        let means = vec![Text::new("Automation leaves it alone until it is released (H again).")];
        let form = Form::new(Deed::Hold(vec![row.id]), format!("hold {}", row.label), why, means);
        model.layer = Some(Layer::Form(Box::new(form)));
    } else {
        let told = Text::from(format!("release {}", row.label));
        send(model, Wish { commands: vec![Command::Release { unit: row.id }], told }, out);
    }
}

/// Sends commands, each under a fresh request id, unless the link is not live.
pub fn send(model: &mut Model, wish: Wish, out: &mut Vec<Effect>) {
    let Some(epoch) = model.greeting.as_ref().map(|g| g.epoch).filter(|_| model.link == Link::Live) else {
        toast(model, format!("{}: not sent, the link is not live", wish.told), Mood::Bad, out);
        return;
    };
    for command in wish.commands {
        let id = model.mint();
        let request = format!("{}-{id}", model.session);
        out.push(Effect::Call(id, request.clone(), command.clone()));
        model.calls.insert(id, Pending { request, command, told: wish.told.clone(), epoch, again: false });
    }
    model.toast = None;
}

/// Goes to a screen; the one before can be gone back to.
pub fn go(model: &mut Model, place: Place, out: &mut Vec<Effect>) {
    if model.place != place {
        model.back.push(model.place);
        if model.back.len() > 64 {
            model.back.remove(0);
        }
        model.forward.clear();
        enter(model, place, out);
    }
}

fn enter(model: &mut Model, place: Place, out: &mut Vec<Effect>) {
    model.place = place;
    if let Place::Server(id) = place
        && model.server.id != Some(id)
    {
        model.server = Server { id: Some(id), ..Server::default() };
        model.asked.remove(&Slot::Unit);
        model.asked.remove(&Slot::Timeline);
    }
    settle(model);
    fetch::refresh(model, out);
}

fn open(model: &mut Model, out: &mut Vec<Effect>) {
    if let Some(Target { subject: Subject::Unit(id), .. }) = model.target() {
        go(model, Place::Server(id), out);
    }
}

fn back(model: &mut Model, out: &mut Vec<Effect>) {
    model.then = None;
    if !model.pipeline.filter.is_empty() && model.place == Place::Pipeline {
        filter(model, String::new(), out);
    } else if let Some(place) = model.back.pop() {
        model.forward.push(model.place);
        enter(model, place, out);
    } else if model.place != Place::Pipeline {
        enter(model, Place::Pipeline, out);
    }
}

fn history(model: &mut Model, forward: bool, out: &mut Vec<Effect>) {
    let from = model.place;
    let next = if forward { model.forward.pop() } else { model.back.pop() };
    if let Some(place) = next {
        if forward {
            model.back.push(from);
        } else {
            model.forward.push(from);
        }
        enter(model, place, out);
    }
}

/// Sets the filter of the screen.
pub fn filter(model: &mut Model, text: String, out: &mut Vec<Effect>) {
    if model.place == Place::Journal {
        model.journal.filter = text;
        model.journal.log = Log::default();
        fetch::replace(model, Slot::Journal, out);
    } else {
        model.pipeline.filter = text;
        requery(model, out);
    }
}

/// The pipeline's list is another one now: from its top.
fn requery(model: &mut Model, out: &mut Vec<Effect>) {
    model.pipeline.list = List::default();
    fetch::replace(model, Slot::Units, out);
}

/// The next stage that has servers, or none behind the last.
fn stage(model: &mut Model, forth: bool, out: &mut Vec<Effect>) {
    let counts = model.overview.as_ref().map(|o| &o.stages);
    let has = |s: &Stage| counts.is_some_and(|c| c.get(s).is_some_and(|n| *n > 0));
    let now = model.pipeline.stage;
    let mut stages = Stage::ALL.iter().copied().filter(has);
    model.pipeline.stage = match (now, forth) {
        (None, true) => stages.next(),
        (None, false) => stages.next_back(),
        (Some(at), true) => stages.find(|s| *s > at),
        (Some(at), false) => stages.rfind(|s| *s < at),
    };
    requery(model, out);
}

fn copy(model: &mut Model, row: bool, out: &mut Vec<Effect>) {
    let text = match (model.place, row) {
        (Place::Journal, true) => model.journal.log.current().and_then(|e| serde_json::to_string(e).ok()),
        (Place::Letters, true) => model.letters.current().and_then(|l| serde_json::to_string(l).ok()),
        (Place::Server(_), true) => model.unit().and_then(|u| serde_json::to_string(u).ok()),
        (Place::Pipeline, true) => model.pipeline.list.current().and_then(|r| serde_json::to_string(r).ok()),
        (_, false) => model.target().map(|t| t.label.to_string()),
    };
    if let Some(text) = text {
        let told = if row { format!("{} characters of JSON", text.chars().count()) } else { text.clone() };
        toast(model, format!("sent to the terminal's clipboard: {told}"), Mood::Good, out);
        // Cut by `Text`'s own bound where a row is very long.
        out.push(Effect::Copy(Text::from(text)));
    }
}

/// A movement of the cursor.
#[derive(Clone, Copy)]
enum Step {
    By(isize),
    Pages(isize),
    First,
    Last,
}

impl Step {
    fn from(self, at: usize, height: usize) -> usize {
        match self {
            Self::By(n) => at.saturating_add_signed(n),
            Self::Pages(n) => at.saturating_add_signed(n * isize::try_from(height.max(1)).unwrap_or(1)),
            Self::First => 0,
            Self::Last => usize::MAX,
        }
    }
}

fn step(model: &mut Model, step: Step, out: &mut Vec<Effect>) {
    match model.place {
        Place::Pipeline => {
            let height = screen::pipeline::height(model);
            let list = &mut model.pipeline.list;
            list.go(step.from(list.cursor, height), height);
        }
        Place::Letters => {
            let height = screen::letters::height(model);
            model.letters.go(step.from(model.letters.cursor, height), height);
        }
        Place::Journal => {
            let height = screen::journal::height(model);
            let log = &mut model.journal.log;
            log.go(step.from(log.cursor, height), height);
            anew(model, step, Slot::Journal, out);
        }
        Place::Server(_) if model.server.in_timeline => {
            let height = screen::server::timeline_height(model);
            let log = &mut model.server.timeline;
            log.go(step.from(log.cursor, height), height);
            anew(model, step, Slot::Timeline, out);
        }
        Place::Server(_) => {
            let height = screen::server::story_height(model);
            let last = screen::server::story(model).len().saturating_sub(height);
            model.server.scroll = step.from(model.server.scroll, height).min(last);
        }
    }
    fetch::fill(model, out);
}

/// The newest events, where what is held does not join on to them.
fn anew(model: &mut Model, step: Step, slot: Slot, out: &mut Vec<Effect>) {
    let log = if slot == Slot::Journal { &mut model.journal.log } else { &mut model.server.timeline };
    if matches!(step, Step::First) && log.newer {
        *log = Log::default();
        fetch::replace(model, slot, out);
    }
}
