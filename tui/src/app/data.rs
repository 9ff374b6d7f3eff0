//! Answers: where they go, and what they lead to.

use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;

use super::acts;
use super::ahead;
use super::bulk;
use super::effect::Effect;
use super::fetch;
use super::model::{Link, Model, Mood, Place, Slot};
use super::moves;
use super::orders;
use super::racks;
use super::trade;
use super::update::{settle, toast};
use crate::event::{Ask, CallEnd, CallId, Data};
use crate::screen;

/// Takes an answer. One to a question that was put anew meanwhile is left aside.
pub fn arrived(model: &mut Model, id: CallId, answer: Result<Box<Data>, Text>, out: &mut Vec<Effect>) {
    let Some(slot) = model.asked.iter().find(|(_, asked)| asked.id == id).map(|(slot, _)| *slot) else { return };
    let Some(asked) = model.asked.remove(&slot) else { return };
    match answer {
        Ok(data) => {
            model.fresh.insert(slot);
            take(model, slot, &asked.ask, *data, out);
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
    fetch::fill(model, out);
    ahead::go_on(model, out);
}

fn clock(model: &mut Model, now: Timestamp) {
    model.now = model.now.max(now);
}

fn take(model: &mut Model, slot: Slot, ask: &Ask, data: Data, out: &mut Vec<Effect>) {
    match data {
        Data::Overview(overview) => {
            clock(model, overview.now);
            model.overview = Some(overview);
            settle(model);
        }
        Data::Units(page) if slot == Slot::Marks => {
            if let Ask::Marks(_, marking) = ask {
                bulk::marked(model, page, *marking, out);
            }
        }
        Data::Units(page) if slot == Slot::Stuck => {
            clock(model, page.now);
            let height = screen::fleet::height(model);
            model.fleet.stuck.take(page, height);
        }
        Data::Work(page) => {
            clock(model, page.now);
            super::work::take(model, page, out);
        }
        Data::Orders(page) => {
            clock(model, page.now);
            orders::take(model, slot, page);
        }
        Data::Order(answer) => {
            if let Ask::Order(id) = ask {
                orders::take_order(model, *id, answer.map(|detail| *detail), out);
            }
        }
        Data::Stock(stock) => {
            if let Ask::Stock(words, site) = ask {
                orders::take_stock(model, slot, (words, site.as_ref()), stock, out);
            }
        }
        Data::Receiving(dock) => {
            clock(model, dock.now);
            // The site may have been changed meanwhile.
            if super::receive::site(model).as_ref() == Some(&dock.site) {
                model.receiving.dock = Some(dock);
                settle(model);
            }
        }
        Data::Units(page) => {
            clock(model, page.now);
            let p = &mut model.pipeline;
            if page.offset == 0 && p.filter.is_empty() && p.stage.is_none() {
                p.first = Some((page.rows.iter().take(crate::persist::ROWS).cloned().collect(), page.total));
            }
            let height = screen::pipeline::height(model);
            model.pipeline.list.take(page, height);
        }
        Data::Letters(page) => {
            clock(model, page.now);
            let height = screen::letters::height(model);
            model.letters.take(page, height);
        }
        Data::Unit(answer) => {
            if *ask != model.server.id.map_or(Ask::Overview, Ask::Unit) {
                return;
            }
            model.server.detail = Some(answer);
            settle(model);
            if let Some(act) = model.then.take() {
                acts::run(model, act, out);
            }
        }
        Data::Journal(Ok(page)) => {
            clock(model, page.now);
            let Ask::Journal(query) = ask else { return };
            let (height, log) = match slot {
                Slot::Timeline => (screen::server::timeline_height(model), &mut model.server.timeline),
                _ => (screen::journal::height(model), &mut model.journal.log),
            };
            if query.before.is_some() {
                log.older(page.rows, height);
            } else {
                log.newest(page.rows, height);
            }
        }
        Data::Journal(Err(refusal)) => toast(model, refusal.text, Mood::Bad, out),
        Data::Found(Some(unit)) => {
            model.toast = None;
            moves::go(model, Place::Server(unit), out);
        }
        Data::Found(None) => {
            let Ask::Find(label) = ask else { return };
            toast(model, format!("there is no server {label} here"), Mood::Bad, out);
        }
        Data::Verified(Ok(found)) => {
            let (told, good) = match found.broken {
                None => (
                    format!("checked {} events and {} checkpoints: all as written", found.events, found.checkpoints),
                    true,
                ),
                Some(broken) => (format!("THE JOURNAL IS NOT AS IT WAS WRITTEN: {broken}"), false),
            };
            model.journal.verified = Some((Text::from(told.clone()), good));
            toast(model, told, if good { Mood::Good } else { Mood::Bad }, out);
        }
        Data::Racks(page) if slot == Slot::Find => super::work::take_racks(model, &page.rows, out),
        Data::Racks(page) => {
            clock(model, page.now);
            let height = screen::racks::height(model);
            model.racks.list.take(page, height);
            racks::adopt(model);
        }
        Data::Elevations(views) => racks::take(model, views),
        Data::Places(found) => {
            let Ask::Places(_, from) = ask else { return };
            super::places::take(model, *from, found, out);
        }
        Data::Stands(at) => {
            let Ask::Stands(label) = ask else { return };
            racks::stands(model, label, at, out);
        }
        Data::Verified(Err(refusal)) => toast(model, refusal.text, Mood::Bad, out),
    }
}

/// Takes the end of a command.
pub fn called(model: &mut Model, id: CallId, end: CallEnd, out: &mut Vec<Effect>) {
    if super::receive::ended(model, id, &end, out) {
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
            if !trade::done(model, id, &call, &receipt.answer, out) {
                bulk::ended(model, call, Ok(receipt), out);
            }
            fetch::refresh(model, out);
        }
        CallEnd::Refused(refusal) => {
            let Some(call) = model.calls.remove(&id) else { return };
            trade::refused(model, id, &call, &refusal);
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
