//! All state of the console.

use std::collections::{BTreeMap, BTreeSet};

use rackhand_core::decide::command::Command;
use rackhand_core::event::Seq;
use rackhand_core::flow::step::Step;
use rackhand_core::id::{Role, Subject, UnitId};
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;
use rackhand_core::view::{Overview, SystemHealth, UnitRow};
use serde::{Deserialize, Serialize};

use super::bulk::{Batch, Report};
use super::fetch::Slot;
use super::undo::Undo;
use crate::command::keymap::Keymap;
use crate::command::registry::Act;
use crate::event::{Ask, CallId, Greeting};
use crate::input::key::Key;
use crate::input::line::Line;
use crate::overlay::Layer;
use crate::screen::{self, Place, Screens};

/// All state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// The connection.
    pub link: Link,
    /// Who answered last.
    pub greeting: Option<Greeting>,
    /// The daemon's head, as last heard.
    pub head: Seq,
    /// The daemon's clock, as last told.
    pub now: Timestamp,
    /// Counts and health.
    pub overview: Option<Overview>,
    /// Which key does what.
    pub keys: Keymap,
    /// What is shown was kept from an earlier session and nothing was heard since.
    pub kept: bool,
    /// Questions answered since the connection stands.
    pub fresh: BTreeSet<Slot>,
    /// Whether the screen stays as it is until the user lets it follow again.
    pub frozen: bool,
    /// Whether the mouse is ours.
    pub mouse: bool,
    /// What stands in place of the hints, where this is no live session.
    pub banner: Option<Text>,
    /// The screen.
    pub place: Place,
    /// Where to go back to, the last one last.
    pub back: Vec<Visit>,
    /// Where to go forward to, the next one last.
    pub forward: Vec<Visit>,
    /// The screens' own; beside the model, which is part of the loop's future.
    pub screens: Box<Screens>,
    /// Marked servers, with what they are called.
    pub marks: BTreeMap<UnitId, Text>,
    /// The form that was sent as this call: it is shown again where it is refused.
    pub draft: Option<(CallId, Layer)>,
    /// What lies above the screen.
    pub layer: Option<Layer>,
    /// The field in the status line, while it is typed in.
    pub filter: Option<Line>,
    /// Whether what came last came too fast for a person, and was taken by what lies over the screen.
    #[serde(default)]
    pub rushed: bool,
    /// What is to be done when the server's page is there.
    pub then: Option<Act>,
    /// Keys that were pressed before there was anything to press them on.
    #[serde(default)]
    pub ahead: Vec<Key>,
    /// The last result, while it is shown.
    pub toast: Option<Toast>,
    /// What `z` would take back.
    pub undo: Option<Undo>,
    /// Filters typed before, the last one last.
    pub filters: Vec<String>,
    /// Commands without an end yet.
    pub calls: BTreeMap<CallId, Pending>,
    /// Actions on many that have not ended.
    pub batches: BTreeMap<CallId, Batch>,
    /// What became of the last action on many.
    pub report: Option<Report>,
    /// Questions on their way, one for each kind.
    pub asked: BTreeMap<Slot, Asked>,
    /// Makes request ids of this session unlike those of any other.
    pub session: String,
    /// The last number given to a question or call.
    pub last_id: CallId,
}

/// The connection, as the user must know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Link {
    /// The first attempt is under way.
    Connecting,
    /// What is on screen is true now.
    Live,
    /// Nothing was heard for this many seconds.
    Stale(u32),
    /// No connection.
    Down {
        /// Why.
        why: Text,
        /// Seconds until the next try; 0 is that it is under way.
        again_in: u32,
    },
}

/// A screen with what it showed, to come back to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Visit {
    /// Which.
    pub place: Place,
    /// Its filter.
    pub filter: String,
    /// The stage it was narrowed to.
    pub stage: Option<Stage>,
}

/// A result, shown in the status line for a while.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Toast {
    /// Its number.
    pub n: u64,
    /// What it says.
    pub text: Text,
    /// How it went.
    pub mood: Mood,
}

/// How it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mood {
    /// As wished.
    Good,
    /// Neither.
    Plain,
    /// Not as wished.
    Bad,
}

/// A command that has been sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pending {
    /// Its request id: the same for every repetition.
    pub request: String,
    /// The command.
    pub command: Command,
    /// The server's serial, or what stands for it.
    pub label: Text,
    /// What it is, for the result's sentence.
    pub told: Text,
    /// The daemon's start it was sent in.
    pub epoch: u64,
    /// Whether it is to be sent again when there is a connection.
    pub again: bool,
    /// The action on many it is part of.
    pub batch: Option<CallId>,
    /// What would take it back.
    pub undo: Option<Command>,
}

/// A question on its way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// Its number.
    pub id: CallId,
    /// The question.
    pub ask: Ask,
    /// Whether to ask again when the answer is here.
    pub again: bool,
}

/// What a command would act on.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// What.
    pub subject: Subject,
    /// Its serial, or what stands for it.
    pub label: Text,
    /// Its row, where it is a unit's.
    pub row: Option<UnitRow>,
    /// The parked step meant, where the screen points at one.
    pub step: Option<(Step, u32, Option<Text>)>,
    /// Whether its locator LED was seen on.
    pub located: bool,
}

impl Target {
    /// Something by its name alone.
    pub fn new(subject: Subject, label: impl Into<Text>) -> Self {
        Self { subject, label: label.into(), row: None, step: None, located: false }
    }

    /// A unit, by its row.
    pub fn of_row(row: &UnitRow) -> Self {
        let named = Self::new(Subject::Unit(row.id), row.label.clone());
        Self { row: Some(row.clone()), located: row.located, ..named }
    }
}

impl Model {
    /// State at the start. `session` is fresh randomness in letters.
    pub fn new(size: (u16, u16), session: String) -> Self {
        Self {
            size,
            link: Link::Connecting,
            greeting: None,
            head: 0,
            now: Timestamp::default(),
            keys: Keymap::default(),
            rushed: false,
            kept: false,
            fresh: BTreeSet::new(),
            frozen: false,
            mouse: false,
            banner: None,
            overview: None,
            place: Place::Fleet,
            back: Vec::new(),
            forward: Vec::new(),
            screens: Box::default(),
            marks: BTreeMap::new(),
            draft: None,
            layer: None,
            filter: None,
            then: None,
            ahead: Vec::new(),
            toast: None,
            undo: None,
            filters: Vec::new(),
            calls: BTreeMap::new(),
            batches: BTreeMap::new(),
            report: None,
            asked: BTreeMap::new(),
            session,
            last_id: 0,
        }
    }

    /// A fresh number.
    pub fn mint(&mut self) -> CallId {
        self.last_id += 1;
        self.last_id
    }

    /// Our role; read-only until the daemon has told.
    pub fn role(&self) -> Role {
        self.greeting.as_ref().map_or(Role::ReadOnly, |g| g.role)
    }

    /// Whether what is shown belongs to a demo.
    pub fn is_demo(&self) -> bool {
        self.overview.as_ref().map_or_else(|| self.greeting.as_ref().is_some_and(|g| g.demo), |o| o.demo)
    }

    /// What a command would act on.
    pub fn target(&self) -> Option<Target> {
        (screen::of(self.place.kind()).target)(self)
    }

    /// Whether marked servers are what a command on this screen acts on.
    pub fn acts_on_marks(&self) -> bool {
        Act::Mark.spec().works_on(self.place.kind()) && !self.marks.is_empty()
    }

    /// Whether what a command would act on was told over this connection.
    pub fn is_fresh(&self) -> bool {
        screen::of(self.place.kind()).acts_on.is_none_or(|slot| self.fresh.contains(&slot))
    }

    /// What is wrong with the daemon or its neighbours: short words for the header, and the sentence.
    pub fn warnings(&self) -> Vec<(Text, Text)> {
        let Some(health) = self.overview.as_ref().map(|o| &o.health) else { return Vec::new() };
        let intake = health.intake_stopped.iter().map(|why| {
            let told = format!("intake stopped, nothing new is accepted: {why}");
            (Text::new("INTAKE STOPPED"), Text::from(told))
        });
        let systems = health.systems.iter().filter_map(|SystemHealth { name, doing, .. }| {
            let wrong = doing.wrong()?;
            Some((Text::from(format!("{name} away")), Text::from(format!("{name}: {wrong}"))))
        });
        let held = health.held.iter().map(|why| (Text::new("EFFECTS ON HOLD"), why.clone()));
        intake.chain(held).chain(systems).collect()
    }
}
