//! What a screen is to the rest of the console, as data.

use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::text::Text;

use super::list::Rows;
use super::{Place, Screens, listing};
use crate::app::effect::Effect;
use crate::app::fetch::{Question, Slot};
use crate::app::model::{Model, Target};
use crate::app::moves::Motion;
use crate::command::registry::{Act, Spec};
use crate::input::key::Key;
use crate::widget::canvas::Canvas;

/// A screen. `view` takes a shared reference; the others do no I/O. What a screen does not name is as in [`Face::PLAIN`].
pub struct Face {
    /// Its title.
    pub title: &'static str,
    /// What it shows, for the help.
    pub about: &'static str,
    /// The command line that says the same as text.
    pub twin: &'static str,
    /// The command that goes to it from anywhere; without keys there is none.
    pub go: Spec,
    /// The commands that work on it besides those that work everywhere.
    pub takes: &'static [&'static [Act]],
    /// The questions that fill its state.
    pub questions: &'static [Question],
    /// The question whose answer commands act on.
    pub acts_on: Option<Slot>,
    /// The questions it shows the answers of, besides the overview.
    pub wants: &'static [Slot],
    /// The list that cursor keys, mouse and filter work on.
    pub list: Option<Listing>,
    /// The words typed behind the filter's key.
    pub words: Option<Words>,
    /// The field that letters belong to.
    pub field: Option<Field>,
    /// Whether it is about the one thing that the person opened, and not a list of several.
    pub is_page: bool,
    /// Whether it is above the page of a server that was opened from it.
    pub lists_servers: bool,
    /// Whether what is done on it waits for the link by itself, so that it may be done without one.
    pub outlasts_link: bool,
    /// Draws it.
    pub view: fn(&Model, &mut Canvas),
    /// What a command would act on.
    pub target: fn(&Model) -> Option<Target>,
    /// What is said where a command needs a target and there is none.
    pub nothing: fn(&Model) -> &'static str,
    /// The selected row as JSON.
    pub row: fn(&Model) -> Option<String>,
    /// The screen above.
    pub above: fn(&Model) -> Place,
    /// Called where it is entered, before anything is asked.
    pub enter: fn(&mut Model),
    /// Keeps what moves besides its list on screen after the size or the data have changed.
    pub settle: fn(&mut Model),
    /// Whether another part of it than its list has the cursor keys.
    pub aside: fn(&Screens) -> bool,
    /// Moves the cursor where its list has not the keys.
    pub step: fn(&mut Model, Motion, &mut Vec<Effect>),
    /// Asks on for what is on screen besides its list.
    pub fill: fn(&mut Model, &mut Vec<Effect>),
    /// Called where this row of the terminal is hit, before its list is.
    pub press: fn(&mut Model, u16),
    /// Called where its list becomes another one.
    pub restarted: fn(&mut Screens),
    /// Runs a command of its own; also `back`, where something narrower than the screen is left. Returns whether it did.
    pub act: fn(&mut Model, Act, &mut Vec<Effect>) -> bool,
    /// Whether a command is possible here, where that is its own to say.
    pub possible: fn(&Model, Act) -> Option<Result<(), Text>>,
    /// Takes a scanned label; where it does not, the label's server is looked for. Returns whether it did.
    pub scanned: fn(&mut Model, &Text, &mut Vec<Effect>) -> bool,
}

/// A list on screen.
pub struct Listing {
    /// The question that fills it; `None` where its rows are cut from another answer.
    pub slot: Option<Slot>,
    /// Its rows.
    pub of: fn(&Screens) -> &dyn Rows,
    /// The same, to be moved in.
    pub of_mut: fn(&mut Screens) -> &mut dyn Rows,
    /// The row of the terminal its heads stand in, and the rows below that it has.
    pub area: fn(&Model) -> (u16, u16),
}

/// The list in a field of a screen's state, by the question that fills it and where it stands.
macro_rules! list_of {
    ($slot:expr, $screen:ident.$list:ident, $area:expr) => {
        $crate::screen::face::Listing {
            slot: $slot,
            of: |screens| &screens.$screen.$list,
            of_mut: |screens| &mut screens.$screen.$list,
            area: $area,
        }
    };
}
pub(crate) use list_of;

/// Words typed behind the filter's key.
pub struct Words {
    /// What they are now.
    pub of: fn(&mut Screens) -> &mut String,
    /// Whether they make sense; else why not.
    pub check: fn(&str) -> Result<(), Text>,
    /// Looks for them in what is shown. Without it they are a filter, and the list becomes another one.
    pub look: Option<fn(&mut Model, &mut Vec<Effect>)>,
    /// The stage its list is narrowed to besides.
    pub stage: Option<fn(&mut Screens) -> &mut Option<Stage>>,
}

/// A field that takes letters, Enter, Tab, Home and End before any command.
pub struct Field {
    /// Takes a key. Returns whether it did.
    pub key: fn(&mut Model, Key, &mut Vec<Effect>) -> bool,
    /// Takes text that came at once.
    pub insert: fn(&mut Model, &str, &mut Vec<Effect>),
}

impl Face {
    /// A screen that shows, and nothing more.
    pub const PLAIN: Self = Self {
        title: "",
        about: "",
        twin: "",
        go: Spec::go(Place::Fleet, "", "", &[]),
        takes: &[],
        questions: &[],
        acts_on: None,
        wants: &[],
        list: None,
        words: None,
        field: None,
        is_page: false,
        lists_servers: false,
        outlasts_link: false,
        view: |_, _| {},
        target: |_| None,
        nothing: |_| "nothing is selected",
        row: listing::row,
        above: |_| Place::Fleet,
        enter: |_| {},
        settle: |_| {},
        aside: |_| false,
        step: |_, _, _| {},
        fill: |_, _| {},
        press: |_, _| {},
        restarted: |_| {},
        act: |_, _, _| false,
        possible: |_, _| None,
        scanned: |_, _, _| false,
    };
}
