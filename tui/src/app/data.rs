//! Answers: where they go, and what they lead to.

use rackhand_core::text::Text;

use super::effect::Effect;
use super::model::{Link, Model, Mood};
use super::update::toast;
use super::{ahead, bulk, fetch};
use crate::event::{CallEnd, CallId, Data};
use crate::screen::{listing, order, receiving};

/// Takes an answer. One to a question that was put anew meanwhile is left aside.
pub fn arrived(model: &mut Model, id: CallId, answer: Result<Box<Data>, Text>, out: &mut Vec<Effect>) {
    let Some(slot) = model.asked.iter().find(|(_, asked)| asked.id == id).map(|(slot, _)| *slot) else { return };
    let Some(asked) = model.asked.remove(&slot) else { return };
    match answer {
        Ok(data) => {
            model.fresh.insert(slot);
            if let Some(question) = slot.question() {
                (question.take)(model, &asked.ask, *data, out);
            }
        }
        Err(why) => {
            model.ahead.clear();
            // Loss of the link is told by the link itself.
            if model.link == Link::Live {
                toast(model, format!("no answer: {why}"), Mood::Bad, out);
            }
        }
    }
    if asked.again {
        fetch::want(model, slot, out);
    }
    listing::fill(model, out);
    ahead::go_on(model, out);
}

/// Takes the end of a command.
pub fn called(model: &mut Model, id: CallId, end: CallEnd, out: &mut Vec<Effect>) {
    if receiving::ended(model, id, &end, out) {
        return;
    }
    match end {
        CallEnd::Lost(why) => {
            let Some(call) = model.calls.get_mut(&id) else { return };
            call.again = true;
            let told = format!("{}: no answer ({why}); sent again under the same number when connected", call.told);
            toast(model, told, Mood::Bad, out);
            // The connection may be back already.
            if model.link == Link::Live {
                repeat_calls(model, out);
            }
        }
        CallEnd::Done(receipt) => {
            let Some(call) = model.calls.remove(&id) else { return };
            if !order::done(model, id, &call, &receipt.answer, out) {
                bulk::ended(model, call, Ok(receipt), out);
            }
            fetch::refresh(model, out);
        }
        CallEnd::Refused(refusal) => {
            let Some(call) = model.calls.remove(&id) else { return };
            order::refused(model, id, &call, &refusal);
            bulk::ended(model, call, Err(refusal), out);
            fetch::refresh(model, out);
        }
    }
}

/// Sends commands again whose answer was lost. The daemon remembers request ids for as long as it runs; behind a
/// restart nobody can tell, and a person must look.
pub fn repeat_calls(model: &mut Model, out: &mut Vec<Effect>) {
    let epoch = model.greeting.as_ref().map(|g| g.epoch);
    let lost: Vec<CallId> = model.calls.iter().filter(|(_, c)| c.again).map(|(id, _)| *id).collect();
    for id in lost {
        let Some(call) = model.calls.get_mut(&id) else { continue };
        if Some(call.epoch) == epoch {
            call.again = false;
            out.push(Effect::Call(id, call.request.clone(), call.command.clone()));
        } else {
            let Some(call) = model.calls.remove(&id) else { continue };
            bulk::unknown(model, call, out);
        }
    }
}
