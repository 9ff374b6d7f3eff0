//! What an event does to the state, and what follows from it. Pure.

use rackhand_core::text::Text;

use super::acts;
use super::data;
use super::effect::Effect;
use super::fetch;
use super::model::{Link, Model, Mood, Place, Slot, Toast};
use crate::command::keymap::lookup;
use crate::command::registry::Act;
use crate::event::{Ask, Event, News, Timer};
use crate::input::key::Key;
use crate::input::line::Line;
use crate::overlay::Did;
use crate::screen;

/// How long a result is shown, in milliseconds: good news, and bad.
pub const SHOWN: (u64, u64) = (6_000, 20_000);

/// Applies an event.
pub fn update(model: &mut Model, event: Event) -> Vec<Effect> {
    let mut out = Vec::new();
    match event {
        Event::Key(key) => press(model, key, &mut out),
        Event::Paste(text) => typed(model, &text, false, &mut out),
        Event::Scan(text) => typed(model, &text, true, &mut out),
        Event::Resize(width, height) => {
            model.size = (width, height);
            settle(model);
            fetch::fill(model, &mut out);
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
        Event::Saved(Ok(path)) => toast(model, format!("recording written to {path}"), Mood::Good, &mut out),
        Event::Saved(Err(why)) => toast(model, format!("no recording: {why}"), Mood::Bad, &mut out),
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

fn press(model: &mut Model, key: Key, out: &mut Vec<Effect>) {
    if let Some(mut layer) = model.layer.take() {
        let did = layer.key(key, model);
        match did {
            Did::Stays => model.layer = Some(layer),
            Did::Closes => {}
            Did::Opens(next) => model.layer = Some(next),
            Did::Runs(act) => acts::run(model, act, out),
            Did::Sends(wish) => acts::send(model, wish, out),
        }
        return;
    }
    if let Some(mut line) = model.filter.take() {
        match key {
            Key::Esc => {}
            Key::Enter => acts::filter(model, line.text().trim().to_owned(), out),
            key => {
                line.key(key);
                model.filter = Some(line);
            }
        }
        return;
    }
    if key == Key::Esc && model.toast.is_some() {
        model.toast = None;
        return;
    }
    match lookup(key, model.place.kind()) {
        Some(act) => acts::run(model, act, out),
        None => {
            let told = match key {
                Key::Char(_) => format!("{key} means nothing on this screen; ? lists the keys"),
                _ => return,
            };
            toast(model, told, Mood::Plain, out);
        }
    }
}

/// Text that came at once: into a field where one is open; a scan elsewhere is a serial to be looked up.
fn typed(model: &mut Model, text: &Text, scanned: bool, out: &mut Vec<Effect>) {
    if let Some(layer) = &mut model.layer {
        layer.text(text, scanned);
    } else if let Some(line) = &mut model.filter {
        line.insert(text);
    } else if scanned {
        if model.link == Link::Live {
            fetch::put(model, Slot::Find, Ask::Find(text.clone()), out);
            toast(model, format!("scanned {text}: looking for it"), Mood::Plain, out);
        } else {
            toast(model, format!("scanned {text}, but the link is not live"), Mood::Bad, out);
        }
    } else {
        toast(model, "pasted text goes nowhere here; / opens the filter", Mood::Plain, out);
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
            if was_down && restarted {
                toast(model, "connected again; the daemon was restarted", Mood::Good, out);
            } else if was_down {
                toast(model, "connected again", Mood::Good, out);
            }
            data::repeat_calls(model, out);
            fetch::refresh(model, out);
        }
        News::Heard(head) => {
            let minute = model.link != Link::Live || head == model.head;
            model.link = Link::Live;
            let changed = head != model.head;
            model.head = head;
            // Without news only the ages have changed, and the overview carries the daemon's clock.
            if changed {
                fetch::refresh(model, out);
            } else if minute {
                fetch::want(model, Slot::Overview, out);
            }
        }
        News::Late(secs) => model.link = Link::Stale(secs),
        News::Down { why, again_in } => {
            model.link = Link::Down { why, again_in };
            model.asked.clear();
        }
    }
}

/// Keeps cursors on screen.
pub fn settle(model: &mut Model) {
    let heights = (
        screen::pipeline::height(model),
        screen::letters::height(model),
        screen::journal::height(model),
        screen::server::timeline_height(model),
    );
    model.pipeline.list.settle(heights.0);
    model.letters.settle(heights.1);
    model.journal.log.settle(heights.2);
    model.server.timeline.settle(heights.3);
    let last = screen::server::story(model).len().saturating_sub(screen::server::story_height(model));
    model.server.scroll = model.server.scroll.min(last);
}

/// Opens the filter field.
pub fn open_filter(model: &mut Model) {
    let held = match model.place {
        Place::Journal => &model.journal.filter,
        _ => &model.pipeline.filter,
    };
    model.filter = Some(Line::holding(held));
}

/// The command that waits for the server's page.
pub fn take_then(model: &mut Model) -> Option<Act> {
    model.then.take()
}
