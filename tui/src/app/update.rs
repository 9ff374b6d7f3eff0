//! What an event does to the state, and what follows from it. Pure.

use rackhand_core::text::Text;

use super::effect::Effect;
use super::fetch;
use super::model::{Link, Model, Mood, Toast};
use super::moves::{self, Motion};
use super::{acts, ahead, bulk, data, find};
use crate::command::possible::places;
use crate::command::registry::Act;
use crate::event::{Event, Mouse, News, Timer};
use crate::input::burst::label;
use crate::input::key::Key;
use crate::input::line::Line;
use crate::overlay::order::IN_STOCK;
use crate::overlay::{Did, Layer, Origin};
use crate::screen::face::Field;
use crate::screen::{self, listing, order, receiving, work};

/// How long a result is shown, in milliseconds: good news, and bad.
pub const SHOWN: (u64, u64) = (6_000, 20_000);

/// Text that came too fast for a person. What lies over the screen may take it; then its end is told of, since it presses
/// nothing there.
fn rush(model: &mut Model, text: &Text, origin: Origin, out: &mut Vec<Effect>) {
    let (over, said) = (model.layer.is_some(), model.toast.as_ref().map(|toast| toast.n));
    typed(model, text, origin, out);
    model.rushed = over && said == model.toast.as_ref().map(|toast| toast.n);
}

/// Applies an event.
pub fn update(model: &mut Model, event: Event) -> Vec<Effect> {
    let mut out = Vec::new();
    match event {
        Event::Key(key) => press(model, key, &mut out),
        Event::Paste(text) => typed(model, &text, Origin::Paste, &mut out),
        Event::Scan(text) => rush(model, &text, Origin::Scanner, &mut out),
        Event::Burst(text) => rush(model, &text, Origin::Burst, &mut out),
        // In a list they moved the cursor, which harms nothing; in a field they stand.
        Event::Rollback(keys) => {
            for _ in 0..keys.min(8) {
                if model.layer.is_some() || model.filter.is_some() {
                    press(model, Key::Backspace, &mut out);
                }
            }
        }
        // A filter changes nothing, so there it does what it would behind typed words; over a slow line they are.
        Event::EndMark => {
            if std::mem::take(&mut model.rushed) && model.layer.is_some() {
                let told = "Enter or Tab came too fast to be typed, so it pressed nothing: press it again";
                toast(model, told, Mood::Plain, &mut out);
            } else if model.layer.is_none() && (model.filter.is_some() || field(model).is_some()) {
                press(model, Key::Enter, &mut out);
            }
        }
        Event::Mouse(mouse) => moused(model, mouse, &mut out),
        Event::Resize(width, height) => {
            model.size = (width, height);
            listing::settle(model);
            listing::fill(model, &mut out);
        }
        Event::Focus(_) => {}
        Event::Link(news) => link(model, news, &mut out),
        Event::Arrived(id, answer) => data::arrived(model, id, answer, &mut out),
        Event::Called(id, end) => data::called(model, id, end, &mut out),
        Event::Timer(Timer::Toast(n)) => {
            if model.toast.as_ref().is_some_and(|t| t.n == n) {
                model.toast = None;
            }
        }
        Event::Timer(Timer::Grace(n)) => {
            if model.undo.as_ref().is_some_and(|u| u.n == n) {
                model.undo = None;
            }
        }
        Event::Timer(Timer::Second) => receiving::second(model, &mut out),
        Event::Timer(Timer::Scanned(n)) => work::ready(model, n),
        Event::Saved(Ok(path)) => toast(model, format!("recording written to {path}"), Mood::Good, &mut out),
        Event::Saved(Err(why)) => toast(model, format!("no recording: {why}"), Mood::Bad, &mut out),
        Event::Suspend => out.push(Effect::Suspend),
        Event::Stayed => toast(model, "suspend: no shell here could resume the console", Mood::Plain, &mut out),
        Event::Resumed => out.push(Effect::Retake),
        Event::Quit => out.push(Effect::Quit),
    }
    out
}

/// Shows a result for a while.
pub fn toast(model: &mut Model, text: impl Into<Text>, mood: Mood, out: &mut Vec<Effect>) {
    let n = model.mint();
    model.toast = Some(Toast { n, text: text.into(), mood });
    let shown = if mood == Mood::Bad { SHOWN.1 } else { SHOWN.0 };
    out.push(Effect::After(shown, Timer::Toast(n)));
}

/// Takes a key.
pub(super) fn press(model: &mut Model, key: Key, out: &mut Vec<Effect>) {
    // What is about the terminal, not about what is on it, works in every layer.
    if !matches!(key, Key::Char(_))
        && let Some(act @ (Act::Suspend | Act::Redraw | Act::Record)) = model.keys.find(key)
    {
        return acts::run(model, act, out);
    }
    if let Some(mut layer) = model.layer.take() {
        let did = layer.key(key, model);
        match did {
            Did::Stays => {
                model.layer = Some(layer);
                fetch::want(model, IN_STOCK.slot, out);
            }
            Did::Closes => {}
            Did::Opens(next) => model.layer = Some(next),
            Did::Runs(act) => acts::run(model, act, out),
            Did::Sends(wish) => match bulk::sendable(model) {
                Ok(()) => {
                    bulk::send(model, wish, out);
                    order::sent(model, layer);
                }
                // What was typed is kept for when it can be sent.
                Err(why) => {
                    layer.complain(why.clone());
                    model.layer = Some(layer);
                    toast(model, format!("{}: not sent, {why}", wish.told), Mood::Bad, out);
                }
            },
            Did::Receives(serial, damage) => receiving::scan(model, &serial, Some(damage), out),
            Did::Copies(text) => acts::copy(model, text.to_string(), &text, out),
        }
        return;
    }
    if let Some(mut line) = model.filter.take() {
        match key {
            Key::Esc => {}
            Key::Enter => moves::filter(model, line.text().trim().to_owned(), out),
            Key::Up | Key::Down => {
                model.filter = Some(line);
                moves::recall(model, key == Key::Up);
            }
            key => {
                line.key(key);
                model.filter = Some(line);
            }
        }
        return;
    }
    if field(model).is_some_and(|field| (field.key)(model, key, out)) {
        return;
    }
    if ahead::holds(model, key, out) {
        return;
    }
    // At the top, where there is nowhere to go back to, Esc takes away what was said; elsewhere it also goes back.
    if key == Key::Esc && model.toast.take().is_some() && moves::is_top(model) {
        return;
    }
    match model.keys.find(key) {
        Some(act) if act.spec().works_on(model.place.kind()) => acts::run(model, act, out),
        Some(act) => {
            let told = format!("{}: it works on: {}", act.spec().id, places(act.spec()));
            toast(model, told, Mood::Plain, out);
        }
        None => {
            let help = model.keys.name(Act::Help);
            let told = match key {
                Key::Char(_) => format!("{key} means nothing here; {help} lists the keys"),
                Key::Ctrl('c') => format!("{} quits", model.keys.name(Act::Quit)),
                _ => return,
            };
            toast(model, told, Mood::Plain, out);
        }
    }
}

/// The field of the screen that letters belong to.
fn field(model: &Model) -> Option<&'static Field> {
    screen::of(model.place.kind()).field.as_ref()
}

/// Text that came at once: into a field that takes it; a scan elsewhere is a serial to be looked up.
fn typed(model: &mut Model, text: &Text, from: Origin, out: &mut Vec<Effect>) {
    if let Some(mut layer) = model.layer.take() {
        let taken = layer.text(text, from);
        model.layer = Some(layer);
        fetch::want(model, IN_STOCK.slot, out);
        if !taken {
            toast(model, format!("{text} goes nowhere here; Esc closes this first"), Mood::Plain, out);
        }
    } else if let Some(line) = &mut model.filter {
        line.insert(text);
    } else if let Some(field) = field(model) {
        (field.insert)(model, text, out);
    } else if let Some(words) = filter_in_one_read(model, text, from) {
        // It is the whole of it: nobody has seen the field to add to what it held.
        model.filter = Some(Line::holding(words));
    } else {
        match from {
            Origin::Scanner => find::scanned(model, &label(text), out),
            Origin::Burst => {
                let told = format!("`{text}` came too fast to be typed, and is no label: nothing was done");
                toast(model, told, Mood::Plain, out);
            }
            Origin::Paste => {
                let filter = model.keys.name(Act::Filter);
                toast(model, format!("pasted text goes nowhere here; {filter} opens a field"), Mood::Plain, out);
            }
        }
    }
}

/// The words of a filter that came in one read with the key that opens it, as over a slow line: no scanner begins so.
/// A filter changes nothing, so it is taken at its word; what is lost instead would let the next key act on all.
fn filter_in_one_read<'a>(model: &Model, text: &'a str, from: Origin) -> Option<&'a str> {
    let first = text.chars().next().filter(|_| from != Origin::Paste)?;
    let opens = model.keys.find(Key::Char(first)) == Some(Act::Filter);
    (opens && Act::Filter.spec().works_on(model.place.kind())).then(|| &text[first.len_utf8()..])
}

fn moused(model: &mut Model, mouse: Mouse, out: &mut Vec<Effect>) {
    if !model.mouse || model.filter.is_some() {
        return;
    }
    match (&model.layer, mouse) {
        // What scrolls by the cursor keys scrolls by the wheel; a form is nobody's list.
        (Some(Layer::Form(_) | Layer::Order(_) | Layer::Quote(_)), _) | (Some(_), Mouse::Press(..)) => return,
        (Some(_), Mouse::Wheel(way)) => {
            for _ in 0..3 {
                press(model, if way < 0 { Key::Up } else { Key::Down }, out);
            }
            return;
        }
        (None, _) => {}
    }
    match mouse {
        Mouse::Wheel(way) => listing::step(model, Motion::By(3 * isize::from(way.signum())), out),
        Mouse::Press(_, y) => listing::press(model, y, out),
    }
}

fn link(model: &mut Model, news: News, out: &mut Vec<Effect>) {
    match news {
        News::Up(greeting) => {
            let was_down = matches!(model.link, Link::Down { .. });
            let restarted = model.greeting.as_ref().is_some_and(|g| g.epoch != greeting.epoch);
            model.link = Link::Live;
            model.head = greeting.head;
            model.greeting = Some(greeting);
            model.asked.clear();
            model.fresh.clear();
            model.kept = false;
            if was_down && restarted {
                toast(model, "connected again; the daemon was restarted", Mood::Good, out);
            } else if was_down {
                toast(model, "connected again", Mood::Good, out);
            }
            data::repeat_calls(model, out);
            bulk::resume(model, out);
            receiving::pump(model, out);
            if !model.frozen {
                fetch::refresh(model, out);
            }
        }
        News::Heard(head) => {
            let late = model.link != Link::Live;
            let minute = model.link != Link::Live || head == model.head;
            model.link = Link::Live;
            let changed = head != model.head;
            model.head = head;
            if late {
                bulk::resume(model, out);
            }
            receiving::pump(model, out);
            // Without news only the ages have changed, and the overview carries the daemon's clock.
            if model.frozen {
                return;
            }
            if changed {
                fetch::refresh(model, out);
            } else if minute {
                fetch::want(model, fetch::OVERVIEW, out);
            }
        }
        News::Late(secs) => model.link = Link::Stale(secs),
        News::Down { why, again_in } => {
            // Good news of a moment ago must not cover it.
            if !matches!(model.link, Link::Down { .. }) {
                model.toast.take_if(|toast| toast.mood == Mood::Good);
            }
            model.link = Link::Down { why, again_in };
            model.asked.clear();
            model.ahead.clear();
        }
    }
}
