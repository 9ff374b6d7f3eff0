//! Sending commands, for one server or for many, and what became of each.

use std::collections::{BTreeMap, VecDeque};

use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Answer, Refusal};
use rackhand_core::id::{Subject, UnitId};
use rackhand_core::text::Text;
use rackhand_rpc::Receipt;
use serde::{Deserialize, Serialize};

use super::effect::Effect;
use super::model::{Link, Model, Mood, Pending, Target};
use super::undo;
use super::update::toast;
use crate::command::registry::Act;
use crate::event::CallId;

/// Commands of one action on their way at a time: the daemon has others to serve.
pub const AT_ONCE: usize = 16;

/// One command of an action.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// The server's serial, or what stands for it.
    pub label: Text,
    /// The command.
    pub command: Command,
    /// What would take it back.
    pub undo: Option<Command>,
}

/// What is to be sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Wish {
    /// The commands.
    pub parts: Vec<Part>,
    /// What they are, for the result's sentence.
    pub told: Text,
}

/// An action on many under way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Batch {
    told: Text,
    waiting: VecDeque<Part>,
    out: usize,
    ended: Vec<(Text, Outcome)>,
    undo: Vec<Part>,
}

/// How one command ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Outcome {
    /// Done.
    Done,
    /// Begun: what comes of it is seen on its server.
    Asked,
    /// It was so before.
    Already,
    /// Refused, and why.
    Refused(Text),
    /// Nobody can tell, and why.
    Unknown(Text),
}

/// What became of an action on many.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// What it was.
    pub told: Text,
    /// Each server: what did not go well first.
    pub rows: Vec<(Text, Outcome)>,
}

impl Outcome {
    /// Its word.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Asked => "asked",
            Self::Already => "was so already",
            Self::Refused(_) => "refused",
            Self::Unknown(_) => "not known",
        }
    }

    const fn rank(&self) -> u8 {
        match self {
            Self::Unknown(_) => 0,
            Self::Refused(_) => 1,
            Self::Already => 2,
            Self::Asked => 3,
            Self::Done => 4,
        }
    }
}

impl Report {
    /// Counts, as a sentence.
    pub fn sentence(&self) -> String {
        let mut counts: BTreeMap<u8, (&str, usize)> = BTreeMap::new();
        for (_, outcome) in &self.rows {
            counts.entry(outcome.rank()).or_insert((outcome.word(), 0)).1 += 1;
        }
        let told: Vec<String> = counts.values().rev().map(|(word, n)| format!("{n} {word}")).collect();
        format!("{}: {}", self.told, told.join(", "))
    }

    /// Whether all went well.
    pub fn is_good(&self) -> bool {
        self.rows.iter().all(|(_, outcome)| outcome.rank() >= 2)
    }
}

/// Whether anything may be sent now; else why not.
pub fn sendable(model: &Model) -> Result<(), Text> {
    let why = match (&model.link, model.frozen, model.is_fresh()) {
        (Link::Live, false, true) => return Ok(()),
        (Link::Live, true, _) => "the screen is frozen",
        (Link::Live, false, false) => "what is shown is from before the connection; it is being asked for anew",
        _ => "the link is not live",
    };
    Err(Text::new(why))
}

/// Sends commands, each under a fresh request id, unless nothing may be sent.
pub fn send(model: &mut Model, wish: Wish, out: &mut Vec<Effect>) {
    if let Err(why) = sendable(model) {
        toast(model, format!("{}: not sent, {why}", wish.told), Mood::Bad, out);
        return;
    }
    model.toast = None;
    if wish.parts.len() > 1 {
        let id = model.mint();
        let batch = Batch { told: wish.told, waiting: wish.parts.into(), out: 0, ended: Vec::new(), undo: Vec::new() };
        model.batches.insert(id, batch);
        feed(model, id, out);
    } else {
        for part in wish.parts {
            start(model, part, wish.told.clone(), None, out);
        }
    }
}

fn start(model: &mut Model, part: Part, told: Text, batch: Option<CallId>, out: &mut Vec<Effect>) {
    let Some(epoch) = model.greeting.as_ref().map(|g| g.epoch) else { return };
    let id = model.mint();
    let request = format!("{}-{id}", model.session);
    out.push(Effect::Call(id, request.clone(), part.command.clone()));
    let Part { label, command, undo } = part;
    model.calls.insert(id, Pending { request, command, label, told, epoch, again: false, batch, undo });
}

/// Sends on what waits, as far as there is room; nothing while the link is not live.
fn feed(model: &mut Model, id: CallId, out: &mut Vec<Effect>) {
    while model.link == Link::Live {
        let Some(batch) = model.batches.get_mut(&id).filter(|b| b.out < AT_ONCE) else { return };
        let Some(part) = batch.waiting.pop_front() else { return };
        batch.out += 1;
        let told = batch.told.clone();
        start(model, part, told, Some(id), out);
    }
}

/// Goes on with what waited for the link.
pub fn resume(model: &mut Model, out: &mut Vec<Effect>) {
    let ids: Vec<CallId> = model.batches.keys().copied().collect();
    for id in ids {
        feed(model, id, out);
    }
}

/// A command has ended for good.
pub fn ended(model: &mut Model, call: Pending, end: Result<Receipt, Refusal>, out: &mut Vec<Effect>) {
    let by = model.greeting.as_ref().map_or_else(|| "the daemon".to_owned(), |g| format!("{} refused", g.site));
    match (call.batch, end) {
        (Some(_), end) => {
            let outcome = match end {
                Ok(Receipt { answer: Answer::Already, .. }) => Outcome::Already,
                Ok(Receipt { answer: Answer::Unseen(text), .. }) => Outcome::Unknown(text),
                Ok(_) if matches!(call.command, Command::Retry { .. }) => Outcome::Asked,
                Ok(_) => Outcome::Done,
                Err(refusal) => Outcome::Refused(refusal.text),
            };
            count(model, call, outcome, out);
        }
        (None, Err(refusal)) => {
            let told = format!("{}: {by}: {}", call.told, refusal.text);
            one(model, call, Outcome::Refused(refusal.text), told, Mood::Bad, out);
        }
        (None, Ok(receipt)) if receipt.answer == Answer::Already => {
            toast(model, format!("{}: it was so already", call.told), Mood::Good, out);
        }
        (None, Ok(Receipt { answer: Answer::Unseen(text), .. })) => {
            let told = format!("{}: {text}", call.told);
            one(model, call, Outcome::Unknown(text), told, Mood::Plain, out);
        }
        // Whether it goes well this time shows in a moment, or in minutes.
        (None, Ok(_)) if matches!(call.command, Command::Retry { .. }) => {
            toast(model, format!("{}: asked; what comes of it shows here", call.told), Mood::Plain, out);
        }
        (None, Ok(_)) => {
            let taken = call.undo.map(|command| Part { label: call.label, command, undo: None });
            let grace = if taken.is_some() {
                format!("; {} takes it back within 10 s", model.keys.name(Act::Undo))
            } else {
                String::new()
            };
            toast(model, format!("{}: done{grace}", call.told), Mood::Good, out);
            undo::offer(model, call.told, taken.into_iter().collect(), out);
        }
    }
}

/// Says how a command on one server ended. What the line has no room for is kept, and a key shows it.
fn one(model: &mut Model, call: Pending, outcome: Outcome, told: String, mood: Mood, out: &mut Vec<Effect>) {
    let fits = told.chars().count() < usize::from(model.size.0.saturating_sub(2));
    let told = if fits { told } else { format!("{} shows all: {told}", model.keys.name(Act::Results)) };
    if !fits {
        model.report = Some(Report { told: call.told, rows: vec![(call.label, outcome)] });
    }
    toast(model, told, mood, out);
}

/// A command of which nobody can tell whether it was carried out.
pub fn unknown(model: &mut Model, call: Pending, out: &mut Vec<Effect>) {
    let why = "not known whether it was done before the restart; the timeline tells";
    if call.batch.is_some() {
        count(model, call, Outcome::Unknown(Text::new(why)), out);
    } else {
        toast(model, format!("{}: {why}", call.told), Mood::Bad, out);
    }
}

fn count(model: &mut Model, call: Pending, outcome: Outcome, out: &mut Vec<Effect>) {
    let Some(id) = call.batch else { return };
    let Some(batch) = model.batches.get_mut(&id) else { return };
    batch.out -= 1;
    if outcome == Outcome::Done {
        batch.undo.extend(call.undo.map(|command| Part { label: call.label.clone(), command, undo: None }));
    }
    batch.ended.push((call.label, outcome));
    if batch.out > 0 || !batch.waiting.is_empty() {
        return feed(model, id, out);
    }
    let Some(mut batch) = model.batches.remove(&id) else { return };
    batch.ended.sort_by_key(|(_, outcome)| outcome.rank());
    let report = Report { told: batch.told.clone(), rows: batch.ended };
    let mut told = format!("{}; {} shows each", report.sentence(), model.keys.name(Act::Results));
    if !batch.undo.is_empty() {
        told.push_str(&format!(", {} takes it back within 10 s", model.keys.name(Act::Undo)));
    }
    let mood = if report.is_good() { Mood::Good } else { Mood::Bad };
    model.report = Some(report);
    toast(model, told, mood, out);
    undo::offer(model, batch.told, batch.undo, out);
}

/// What is on its way of an action on many, as a sentence.
pub fn progress(model: &Model) -> Option<String> {
    let batch = model.batches.values().next()?;
    let (done, all) = (batch.ended.len(), batch.ended.len() + batch.out + batch.waiting.len());
    Some(format!("{}: {done} of {all}", batch.told))
}

/// Which rows a question for marks is to mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Marking {
    /// All.
    All,
    /// Those that are not marked; the others are unmarked.
    Others,
    /// From one to the other.
    Range(UnitId, UnitId),
}

/// Marks the current row, or unmarks it.
pub fn mark(model: &mut Model) {
    if let Some(Target { subject: Subject::Unit(id), label, .. }) = model.target()
        && model.marks.remove(&id).is_none()
    {
        model.marks.insert(id, label);
    }
}
