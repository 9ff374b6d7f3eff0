//! What the ends of commands on orders lead to.

use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Answer, Refusal};
use rackhand_core::order::commands::Ordered;
use rackhand_core::text::Text;

use super::note;
use crate::app::effect::Effect;
use crate::app::model::{Model, Mood, Pending};
use crate::app::moves::go;
use crate::app::update::toast;
use crate::event::CallId;
use crate::overlay::Layer;
use crate::screen::Place;

/// A form was sent: it is kept until its end is known, so that a refusal costs no typing.
pub fn sent(model: &mut Model, layer: Layer) {
    if matches!(layer, Layer::Order(_) | Layer::Quote(_))
        && let Some(call) = model.calls.keys().next_back()
    {
        model.draft = Some((*call, layer));
    }
}

/// Takes the end of a command on an order. Returns whether there is nothing more to say of it.
pub fn done(model: &mut Model, id: CallId, call: &Pending, answer: &Answer, out: &mut Vec<Effect>) -> bool {
    if model.draft.as_ref().is_some_and(|(of, _)| *of == id) {
        model.draft = None;
    }
    match answer {
        Answer::Ordered(ordered) => {
            go(model, Place::Order(ordered.order), out);
            if model.layer.is_none() {
                let told = became(ordered);
                model.layer = Some(note(format!("order {} is placed", ordered.order), told));
            }
            toast(model, format!("order {} is placed", ordered.order), Mood::Good, out);
            true
        }
        Answer::Told(text) => {
            toast(model, format!("{}: {text}", call.told), Mood::Good, out);
            true
        }
        _ => false,
    }
}

/// What became of an order, line by line.
fn became(ordered: &Ordered) -> Vec<Text> {
    let mut told = Vec::new();
    if let (Some(site), Some(why)) = (&ordered.site, &ordered.routed) {
        told.push(Text::from(format!("it goes to {site}: {why}")));
    }
    told.extend(ordered.unproven.clone());
    for (n, line) in (1..).zip(&ordered.lines) {
        told.push(Text::from(format!("line {n}: {}", line.understood)));
        told.extend(line.unclear.iter().map(|u| Text::from(format!("  left out `{}`: {}", u.part, u.why))));
        let names: Vec<&str> = line.reserved.iter().map(Text::as_str).collect();
        if !names.is_empty() {
            told.push(format!("  reserved from the pool: {}", names.join(", ")).into());
        }
        match line.to_buy {
            0 => told.push("  nothing is to be bought".into()),
            n => told.push(format!("  to be bought: {n}").into()),
        }
        told.extend(line.taken.iter().map(|t| Text::from(format!("  would serve, but {t}"))));
    }
    told
}

/// Shows why a command on an order was refused, whole: the status line has no room for it.
pub fn refused(model: &mut Model, id: CallId, call: &Pending, refusal: &Refusal) {
    if let Some((_, mut layer)) = model.draft.take_if(|(of, _)| *of == id) {
        if model.layer.is_none() {
            layer.complain(refusal.text.clone());
            model.layer = Some(layer);
        } else {
            model.draft = Some((id, layer));
        }
        return;
    }
    if model.layer.is_none() && is_trade(&call.command) {
        model.layer =
            Some(note(format!("refused: {}", call.told), vec![refusal.text.clone(), "Nothing was done.".into()]));
    }
}

fn is_trade(command: &Command) -> bool {
    matches!(
        command,
        Command::Approve { .. }
            | Command::Reject { .. }
            | Command::CancelOrder { .. }
            | Command::AssignStock { .. }
            | Command::Reserve { .. }
            | Command::ReleaseStock { .. }
            | Command::AcceptConfirmation { .. }
    )
}
