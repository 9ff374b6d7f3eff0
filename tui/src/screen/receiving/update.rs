//! Serials go through a queue that outlasts the link. Each is sent under one request id until it is answered,
//! one after the other, so that none is lost, none counts twice, and they are judged in the order they were scanned.

use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Answer, Why};
use rackhand_core::id::{Role, SiteId};
use rackhand_core::receiving::commands::{Finding, serial_in};
use rackhand_core::text::Text;

use super::DOCK;
use super::state::{Damage, Entry, State};
use crate::app::effect::Effect;
use crate::app::fetch;
use crate::app::model::{Link, Model, Mood};
use crate::app::moves::Motion;
use crate::app::update::toast;
use crate::command::registry::Act;
use crate::event::{CallEnd, CallId, Timer};
use crate::input::key::Key;
use crate::input::line::{Line, MAX_CHARS};
use crate::overlay::Layer;
use crate::overlay::form::{Deed, Form};

/// Seconds a receipt can be taken back by a key.
pub const GRACE: u8 = 10;
/// Scans that are over and still shown.
pub const KEPT: usize = 500;
/// Scans that wait at the most; then no more are taken, and that is said.
pub const QUEUE: usize = 5_000;

/// The dock shown: the one chosen; else the daemon's site where it has servers, else the first that has.
pub fn site(model: &Model) -> Option<SiteId> {
    if let Some(site) = &model.screens.receiving.site {
        return Some(site.clone());
    }
    let own = model.greeting.as_ref().map(|g| g.site.clone());
    let sites = model.overview.as_ref().map(|o| &o.sites);
    match (own, sites) {
        (Some(own), Some(sites)) if !sites.contains_key(&own) => Some(sites.keys().next().cloned().unwrap_or(own)),
        (own, _) => own,
    }
}

/// To the next site's dock.
pub fn next_site(model: &mut Model, out: &mut Vec<Effect>) {
    let now = site(model);
    let mut sites: Vec<SiteId> = model.overview.iter().flat_map(|o| o.sites.keys().cloned()).collect();
    if sites.is_empty() {
        sites.extend(model.greeting.iter().map(|g| g.site.clone()));
    }
    let next = sites.iter().find(|s| Some(*s) > now.as_ref()).or_else(|| sites.first()).cloned();
    if next.is_some() && next != now {
        model.screens.receiving.site = next;
        model.screens.receiving.dock = None;
        fetch::replace(model, DOCK, out);
    } else {
        toast(model, "there is no other site here", Mood::Plain, out);
    }
}

/// Takes a key that belongs to the scan field. Letters never are commands here.
pub fn key(model: &mut Model, key: Key, out: &mut Vec<Effect>) -> bool {
    match key {
        Key::Enter | Key::Tab => submit(model, out),
        Key::Esc if !model.screens.receiving.line.text().is_empty() => model.screens.receiving.line = Line::default(),
        key => return model.screens.receiving.line.key(key),
    }
    true
}

/// Text that came at once, from a scanner or a paste: into the field, until its end mark or Enter.
pub fn insert(model: &mut Model, text: &str, out: &mut Vec<Effect>) {
    let room = MAX_CHARS.saturating_sub(model.screens.receiving.line.text().chars().count());
    if text.chars().count() > room {
        let told = "that is more than the field holds; `rackhand receive -` takes lists";
        return toast(model, told, Mood::Bad, out);
    }
    model.screens.receiving.line.insert(text);
}

/// Scans what is in the field; more than one serial where spaces stand between them.
pub fn submit(model: &mut Model, out: &mut Vec<Effect>) {
    let line = std::mem::take(&mut model.screens.receiving.line);
    for word in line.text().split_whitespace() {
        scan(model, word, None, out);
    }
}

/// Takes one serial into the queue, and sends it where it can be sent.
pub fn scan(model: &mut Model, word: &str, damage: Option<Damage>, out: &mut Vec<Effect>) {
    let Some(site) = site(model) else {
        return toast(model, "not connected yet: which dock this is, is not known", Mood::Bad, out);
    };
    if model.screens.receiving.open() >= QUEUE {
        let told = format!("{QUEUE} scans wait already: this one was NOT taken; write it down");
        return toast(model, told, Mood::Bad, out);
    }
    let n = model.mint();
    let (serial, state) = match serial_in(word) {
        Some(serial) => (serial, State::Waiting),
        None => (Text::new(word), State::Refused("this is no serial; scan the label again".into())),
    };
    let request = format!("{}-{n}", model.session);
    let at = model.now;
    let r = &mut model.screens.receiving;
    let (damaged, photo) = damage.map_or((None, None), |d| (Some(d.note), d.photo));
    r.scans.push(Entry { request, site, at, serial, damaged, photo, state, epoch: None, grace: 0 });
    r.scroll = 0;
    r.warned = false;
    let over = r.scans.len().saturating_sub(r.open()).saturating_sub(KEPT);
    if over > 0
        && let Some(oldest) = r.scans.iter().position(|e| !e.is_open())
    {
        r.scans.remove(oldest);
    }
    model.toast = None;
    pump(model, out);
}

/// Sends the next scan that waits, unless one is on its way or nothing can be sent.
pub fn pump(model: &mut Model, out: &mut Vec<Effect>) {
    let flying = |e: &Entry| matches!(e.state, State::Sent(_) | State::Undoing(_, Some(_)));
    if model.link != Link::Live || model.screens.receiving.scans.iter().any(flying) {
        return;
    }
    let Some(epoch) = model.greeting.as_ref().map(|g| g.epoch) else { return };
    let waits = |e: &Entry| matches!(e.state, State::Waiting | State::Undoing(_, None));
    let Some(next) = model.screens.receiving.scans.iter().position(waits) else { return };
    let id = model.mint();
    let entry = &mut model.screens.receiving.scans[next];
    let (request, command) = match &mut entry.state {
        State::Undoing(scan, call) => {
            let Some(unit) = scan.unit else { return };
            *call = Some(id);
            (format!("{}-undo", entry.request), Command::UndoReceipt { unit })
        }
        _ => {
            entry.epoch.get_or_insert(epoch);
            entry.state = State::Sent(id);
            let (site, scan, damaged) = (entry.site.clone(), entry.serial.clone(), entry.damaged.clone());
            (entry.request.clone(), Command::Receive { site, scan, damaged, photo: entry.photo.clone() })
        }
    };
    out.push(Effect::Call(id, request, command));
}

/// Takes the end of a call, if it is one of the dock's.
pub fn ended(model: &mut Model, id: CallId, end: &CallEnd, out: &mut Vec<Effect>) -> bool {
    let ours = |e: &Entry| matches!(&e.state, State::Sent(n) | State::Undoing(_, Some(n)) if *n == id);
    let Some(place) = model.screens.receiving.scans.iter().position(ours) else { return false };
    let restarted = model.screens.receiving.scans[place].epoch != model.greeting.as_ref().map(|g| g.epoch);
    let user = model.greeting.as_ref().map(|g| g.user.clone());
    let first = is_first(&model.screens.receiving.scans, place);
    let entry = &mut model.screens.receiving.scans[place];
    let mut bad = None;
    let state = std::mem::replace(&mut entry.state, State::Waiting);
    let undoing = match state {
        State::Undoing(scan, _) => Some(scan),
        _ => None,
    };
    entry.state = match (end, undoing) {
        (CallEnd::Lost(_), Some(scan)) => State::Undoing(scan, None),
        (CallEnd::Lost(_), None) => State::Waiting,
        // The daemon's own disk does not take it now: it comes again with the next news.
        (CallEnd::Refused(refusal), Some(scan)) if refusal.why == Why::Unavailable => State::Undoing(scan, None),
        (CallEnd::Refused(refusal), None) if refusal.why == Why::Unavailable => State::Waiting,
        (CallEnd::Refused(refusal), Some(scan)) => {
            bad = Some(format!("not taken back: {}", refusal.text));
            entry.grace = 0;
            State::Judged(scan)
        }
        (CallEnd::Refused(refusal), None) => State::Refused(refusal.text.clone()),
        (CallEnd::Done(_), Some(scan)) => State::Undone(Some(scan)),
        (CallEnd::Done(receipt), None) => match &receipt.answer {
            Answer::Scanned(scan) => {
                let mut scan = scan.clone();
                // It was received by this very scan: the daemon was restarted before it could say so.
                if let Finding::Already { at: Some(at), by } = &scan.finding
                    && restarted
                    && first
                    && *by == user
                    && *at >= entry.at
                {
                    scan.finding = match &entry.damaged {
                        Some(note) => Finding::Damaged { note: note.clone(), photo: entry.photo.clone() },
                        None => Finding::Received,
                    };
                }
                entry.at = scan.at;
                if scan.finding.is_receipt() {
                    entry.grace = GRACE;
                }
                State::Judged(scan)
            }
            _ => State::Refused("the daemon answered something else; it is of another version".into()),
        },
    };
    let (open, graced) = (entry.is_open(), entry.grace == GRACE);
    if graced && !std::mem::replace(&mut model.screens.receiving.ticking, true) {
        out.push(Effect::After(1_000, Timer::Second));
    }
    if let Some(told) = bad {
        toast(model, told, Mood::Bad, out);
    }
    if !open {
        pump(model, out);
        fetch::refresh(model, out);
    }
    true
}

/// Whether no other scan of the same serial was answered before.
fn is_first(scans: &[Entry], place: usize) -> bool {
    let serial = &scans[place].serial;
    !scans.iter().enumerate().any(|(n, e)| n != place && e.serial == *serial && e.is_receipt())
}

/// A second of grace is over.
pub fn second(model: &mut Model, out: &mut Vec<Effect>) {
    for entry in &mut model.screens.receiving.scans {
        entry.grace = entry.grace.saturating_sub(1);
    }
    model.screens.receiving.ticking = model.screens.receiving.scans.iter().any(|e| e.grace > 0);
    if model.screens.receiving.ticking {
        out.push(Effect::After(1_000, Timer::Second));
    }
}

/// Whether this can be done now; else why not.
pub fn possible(act: Act, model: &Model) -> Result<(), Text> {
    if let Some(greeting) = &model.greeting {
        greeting.role.demand(Role::Technician)?;
    }
    let r = &model.screens.receiving;
    match act {
        Act::Damaged if r.damageable().is_none() => Err("scan or type a serial first".into()),
        Act::UndoReceipt if r.undoable().is_none() => {
            let told = "nothing to take back, or its time is over; `rackhand receive --undo` may still do it";
            Err(Text::new(told))
        }
        _ => Ok(()),
    }
}

/// Asks what is damaged.
pub fn damaged(model: &mut Model) {
    let Some(serial) = model.screens.receiving.damageable() else { return };
    let means = vec![Text::new("It is received and held until an operator has decided what becomes of it.")];
    let title = format!("{serial} is damaged");
    let form = Form::new(Deed::Damaged(serial.clone()), &serial, title, "what is seen", means);
    let form = form.asking("the photo's path or number, where there is one");
    model.screens.receiving.line = Line::default();
    model.layer = Some(Layer::Form(Box::new(form)));
}

/// Takes back the last scan.
pub fn undo(model: &mut Model, out: &mut Vec<Effect>) {
    let Some(place) = model.screens.receiving.undoable() else { return };
    let entry = &mut model.screens.receiving.scans[place];
    entry.grace = 0;
    let serial = entry.serial.clone();
    // What was sent before, and not answered, may have arrived: it is sent on, and taken back after its answer.
    entry.state = match std::mem::replace(&mut entry.state, State::Waiting) {
        State::Judged(scan) => State::Undoing(scan, None),
        State::Waiting if entry.epoch.is_none() => State::Undone(None),
        other => {
            entry.state = other;
            let told = format!("{serial} was sent and not answered yet; it can be taken back after its answer");
            return toast(model, told, Mood::Plain, out);
        }
    };
    pump(model, out);
}

/// Scrolls the last scans.
pub fn scroll(model: &mut Model, motion: Motion, height: usize) {
    let most = model.screens.receiving.scans.len().saturating_sub(height);
    // The newest is at the top: down is back in time.
    model.screens.receiving.scroll = motion.from(model.screens.receiving.scroll, height).min(most);
}
