//! Commands on servers: what is asked before they are sent.

use rackhand_core::decide::command::Command;
use rackhand_core::decide::confirm::About;
use rackhand_core::id::{Subject, UnitId};
use rackhand_core::lifecycle::stage::Disposition;
use rackhand_core::sentence::on_or_off;
use rackhand_core::text::Text;
use rackhand_core::view::UnitDetail;

use super::bulk::{Part, Wish, send};
use super::effect::Effect;
use super::model::{Model, Mood, Target};
use super::moves::go;
use super::undo::opposite;
use super::update::toast;
use crate::command::registry::Act;
use crate::overlay::Layer;
use crate::overlay::choose::{Choose, Leads};
use crate::overlay::form::{Deed, Form};
use crate::screen::{Place, listing, server};

/// What a reason is called.
const WHY: &str = "why (goes into the journal)";

/// Servers with what they are called.
type Units = Vec<(UnitId, Text)>;

/// Commands on the selected server, or on the marked ones where there are any.
pub fn on_target(model: &mut Model, act: Act, out: &mut Vec<Effect>) {
    listing::stay(model);
    if model.acts_on_marks() {
        let marked = model.marks.iter().map(|(id, label)| (*id, label.clone())).collect();
        return on_marked(model, act, marked, out);
    }
    let Some(target) = model.target() else { return };
    match act {
        Act::Retry => {
            let told = Text::from(format!("retry {}", target.label));
            let command = Command::Retry { subject: target.subject };
            send(model, Wish { parts: vec![Part { label: target.label, command, undo: None }], told }, out);
        }
        Act::Hold => hold(model, &target, out),
        Act::Locate => locate(model, &target, out),
        Act::ResetBmc => {
            if let Some(row) = &target.row {
                let means = vec![
                    Text::new("It is gone for one to five minutes; that alone does nothing to the server."),
                    Text::new("What had stopped at its BMC is begun anew afterwards, a network boot too."),
                ];
                let title = format!("restart the BMC of {}", row.label);
                let form = Form::new(Deed::ResetBmc(row.id), &row.label, title, WHY, means);
                model.layer = Some(Layer::Form(Box::new(form)));
            }
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
                let about = About { label: row.label.clone(), stage: Some(row.stage), ..About::default() };
                let form = Form::new(Deed::Cancel(row.id), &row.label, format!("cancel {}", row.label), WHY, means);
                model.layer = Some(Layer::Form(Box::new(form.sure(&about))));
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
    let Some(unit) = server::unit(model).filter(|u| u.row.id == id && matches!(model.place, Place::Server(_))).cloned()
    else {
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
    let about = About { label: label.clone(), ..About::default() };
    Form::new(Deed::Skip(subject, step, generation), label, title, WHY, means).sure(&about)
}

fn skips(unit: &UnitDetail) -> Option<Layer> {
    let (subject, label) = (Subject::Unit(unit.row.id), &unit.row.label);
    let parked = unit.steps.iter().filter(|s| &*s.phase == "parked");
    let items = parked
        .filter_map(|s| {
            let means = s.skip.as_ref()?;
            let form = skip_form(subject, label, s.step, s.generation, means);
            Some((Text::new(s.step.word()), means.clone(), Leads::Form(Box::new(form))))
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
            let form =
                Form::new(Deed::Move(id, *to), label, format!("move {label} to {to}"), "what you saw, or why", means);
            let about = About { label: label.clone(), stage: Some(from), ..About::default() };
            let form = form.sure(&about);
            (Text::new(to.word()), Text::from(format!("{proof} ({role})")), Leads::Form(Box::new(form)))
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
            let form = Form::new(Deed::Close(id, *n), label, title, "what was done", vec![task.text.clone()]);
            (Text::new(task.kind.title()), task.text.clone(), Leads::Form(Box::new(form)))
        })
        .collect();
    Choose::layer("which task is done", items)
}

/// A choice of facts to be copied.
pub fn facts(model: &Model) -> Option<Layer> {
    let unit = server::unit(model)?;
    let items =
        unit.facts.iter().map(|(name, value)| (name.clone(), value.clone(), Leads::Copy(value.clone()))).collect();
    Choose::layer(format!("copy which fact of {}", unit.row.label), items)
}

fn on_marked(model: &mut Model, act: Act, marked: Units, out: &mut Vec<Effect>) {
    let count = marked.len();
    let form = match act {
        Act::Retry => {
            let means = vec![
                Text::new("Every parked step of each of them is tried again now, with a fresh budget."),
                Text::new("That cannot be taken back; those without a parked step refuse."),
            ];
            let about = About { count, ..About::default() };
            Form::new(Deed::Retry(marked), "", format!("retry {count} marked"), "", means).sure(&about)
        }
        Act::Hold => {
            let means = vec![Text::new("Automation leaves them alone until they are released.")];
            Form::new(Deed::Hold(marked), "", format!("hold {count} marked"), WHY, means)
        }
        _ => {
            let unmark = model.keys.name(Act::Unmark);
            let told = format!("{} works on one server at a time; {unmark} unmarks all", act.spec().id);
            return toast(model, told, Mood::Plain, out);
        }
    };
    model.layer = Some(Layer::Form(Box::new(form)));
}

/// The locator LED: off where it was seen on, else on.
fn locate(model: &mut Model, target: &Target, out: &mut Vec<Effect>) {
    let Subject::Unit(unit) = target.subject else { return };
    let located = target.located;
    let label = target.label.clone();
    let told = Text::from(format!("locator LED of {label} {}", on_or_off(!located)));
    let command = Command::Locate { unit, on: !located };
    let undo = opposite(&command, Disposition::Normal);
    send(model, Wish { parts: vec![Part { label, command, undo }], told: told.clone() }, out);
    // A BMC takes some seconds for a login.
    toast(model, format!("{told}: the BMC is asked, which takes some seconds"), Mood::Plain, out);
}

fn hold(model: &mut Model, target: &Target, out: &mut Vec<Effect>) {
    let Some(row) = &target.row else { return };
    if row.disposition == Disposition::Normal {
        let means = vec![Text::new("Automation leaves it alone until it is released (the same key again).")];
        let units = vec![(row.id, row.label.clone())];
        let form = Form::new(Deed::Hold(units), &row.label, format!("hold {}", row.label), WHY, means);
        model.layer = Some(Layer::Form(Box::new(form)));
    } else {
        let told = Text::from(format!("release {}", row.label));
        let command = Command::Release { unit: row.id, reason: None };
        let undo = opposite(&command, row.disposition);
        send(model, Wish { parts: vec![Part { label: row.label.clone(), command, undo }], told }, out);
    }
}
