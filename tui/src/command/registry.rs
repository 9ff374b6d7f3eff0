//! Every command there is: what it is called, its keys, where it works, how much it risks and who may. The hint bar,
//! the help, the palette, the key documentation and the checks are all made from this.

use std::fmt::Write as _;
use std::sync::LazyLock;

use rackhand_core::id::Role;
use serde::{Deserialize, Serialize};

use super::keymap::Keymap;
use super::possible::places;
use crate::screen::{self, FACES, Kind, Place};

/// How much a command risks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Danger {
    /// Changes nothing at the daemon.
    Harmless,
    /// Has Rackhand try once more what it tries by itself. There is nothing to take back; many at once are confirmed.
    Again,
    /// Its opposite is sent by `z`, as long as the grace lasts.
    Undoable,
    /// Stands in the journal under the person's name: asks for words first.
    Worded,
    /// Gives money or servers away, or ends an order: wants the amount or number typed, which no slip does.
    Typed,
    /// Cannot be taken back, or undoes work: asks for words, and wants the last four of the serial typed.
    Costly,
}

/// Where a command works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// On all screens.
    All,
    /// On those that take it.
    Some,
}

/// One command.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// Which.
    pub act: Act,
    /// Its word for scripts and documentation.
    pub id: &'static str,
    /// What it does.
    pub title: &'static str,
    /// Its keys as shipped, as [`crate::input::key::Key`] prints them; none where it is in the palette only.
    pub keys: &'static [&'static str],
    /// Its label in the hint bar; empty where it is not shown there.
    pub hint: &'static str,
    /// Where it works.
    pub on: On,
    /// What it risks.
    pub danger: Danger,
    /// The least role.
    pub role: Option<Role>,
}

macro_rules! commands {
    ($($(#[$doc:meta])* $act:ident = $id:literal, $title:literal, [$($key:literal),*], $hint:literal, $on:ident, $danger:ident, $role:expr;)*) => {
        /// What can be done.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[allow(missing_docs, reason = "each is told by its title in the table")]
        pub enum Act {
            $($(#[$doc])* $act,)*
            /// To a screen.
            To(Place),
        }

        impl Act {
            /// Its row in the table.
            pub fn spec(self) -> &'static Spec {
                match self {
                    $(Self::$act => &Spec {
                        act: Self::$act, id: $id, title: $title, keys: &[$($key),*], hint: $hint, on: On::$on, danger: Danger::$danger, role: $role,
                    },)*
                    Self::To(place) => &screen::of(place.kind()).go,
                }
            }
        }

        /// Those that are no screen's.
        const OWN: &[Act] = &[$(Act::$act),*];
    };
}

/// The table, in the order of the hint bar and the palette.
pub static COMMANDS: LazyLock<Vec<Spec>> = LazyLock::new(|| {
    let mut screens: Vec<Spec> = FACES.iter().map(|face| face.go).filter(|go| !go.keys.is_empty()).collect();
    screens.sort_by_key(|go| go.keys);
    let after = OWN.iter().position(|act| *act == Act::HistoryBack).unwrap_or(OWN.len());
    let (before, after) = OWN.split_at(after);
    let rows = |acts: &'static [Act]| acts.iter().map(|act| *act.spec());
    rows(before).chain(screens).chain(rows(after)).collect()
});

/// What is done to servers, on every screen that points at one.
pub const ON_SERVERS: &[Act] = &[
    Act::Actions,
    Act::Retry,
    Act::Hold,
    Act::TaskDone,
    Act::Move,
    Act::Place,
    Act::Skip,
    Act::Locate,
    Act::ResetBmc,
    Act::Cancel,
];

const TECHNICIAN: Option<Role> = Some(Role::Technician);
const OPERATOR: Option<Role> = Some(Role::Operator);
const APPROVER: Option<Role> = Some(Role::Approver);

commands! {
    Help = "help", "explain this screen and its keys", ["?", "F1"], "help", All, Harmless, None;
    Palette = "palette", "find any command by name", [":"], "palette", All, Harmless, None;
    Filter = "filter", "show only what matches: words, field:value, ! negates; on a server or rack: find words", ["/"], "find", Some, Harmless, None;
    Open = "open", "open", ["Enter"], "open", Some, Harmless, None;
    Actions = "actions", "actions for the selection, with reasons where they are not possible", ["."], "actions", Some, Harmless, None;
    Retry = "retry", "retry the parked steps, or connect now when the link is down", ["R"], "retry", Some, Again, TECHNICIAN;
    Hold = "hold", "hold, with the reason, or release", ["H"], "hold", Some, Undoable, TECHNICIAN;
    TaskDone = "done", "a task or the work at hand is done: say what was done where it is asked", ["D"], "done", Some, Worded, TECHNICIAN;
    Move = "move", "move to another stage, as far as your word goes", ["M"], "move", Some, Worded, TECHNICIAN;
    Place = "place", "where it could go, with reasons; on marked ones together: Enter keeps the place", ["P"], "", Some, Undoable, TECHNICIAN;
    Skip = "skip", "skip a parked step, with the reason", ["K"], "skip", Some, Costly, OPERATOR;
    Quotes = "quotes", "the order's offers side by side", ["Q"], "quotes", Some, Harmless, None;
    Approve = "approve", "approve an offer: type what it costs", ["a"], "approve", Some, Typed, APPROVER;
    Reject = "reject", "reject all offers, with the reason: the order ends", ["x"], "reject", Some, Typed, APPROVER;
    NewOrder = "order", "order servers: from the pool, or to be bought", ["O"], "order", Some, Worded, OPERATOR;
    Quote = "quote", "enter a vendor's quote by hand", ["E"], "enter quote", Some, Worded, OPERATOR;
    Reserve = "reserve", "what is in stock for the order; there: keep the selected server for it", ["I"], "pool", Some, Worded, OPERATOR;
    ReleaseStock = "release-stock", "give a reserved server back to the pool, with the reason", ["U"], "", Some, Worded, OPERATOR;
    Assign = "assign", "give the tenant what is reserved for the order", ["A"], "assign", Some, Typed, OPERATOR;
    Accept = "accept", "accept a confirmation that is not what was ordered: type what it costs now", ["C"], "accept", Some, Typed, APPROVER;
    Locate = "locate", "the locator LED on; again: off. It is read back", ["L"], "", Some, Undoable, TECHNICIAN;
    ResetBmc = "reset-bmc", "have its BMC restart itself, with the reason; what had stopped there is begun anew", ["B"], "", Some, Worded, TECHNICIAN;
    Cancel = "cancel", "cancel it for good: what was done is undone in reverse", ["X"], "cancel", Some, Costly, OPERATOR;
    Verify = "verify", "check the whole journal", ["v"], "verify", Some, Harmless, None;
    Back = "back", "back one level", ["Esc"], "back", All, Harmless, None;
    SortNext = "sort", "sort by the next column", ["s"], "sort", Some, Harmless, None;
    SortTurn = "turn", "sort the other way round", ["S"], "", Some, Harmless, None;
    StagePrevious = "stage-previous", "only the stage before; of racks and work, the site", ["<"], "", Some, Harmless, None;
    StageNext = "stage-next", "only the next stage; of racks and work, the site", [">"], "narrow", Some, Harmless, None;
    Mark = "mark", "mark or unmark", ["Space"], "mark", Some, Harmless, None;
    MarkRange = "mark-range", "mark from here; again: mark up to here", ["V"], "", Some, Harmless, None;
    MarkAll = "mark-all", "mark everything the filter leaves", ["*"], "", Some, Harmless, None;
    MarkOthers = "mark-others", "mark what is not marked and unmark the rest, as far as the filter goes", ["i"], "", Some, Harmless, None;
    Unmark = "unmark", "unmark all", ["u"], "", Some, Harmless, None;
    Roles = "roles", "also what other roles end; of orders, also what is over; again: less", ["o"], "all", Some, Harmless, None;
    Damaged = "damaged", "the serial in the field, or else the last one received, is damaged: it is held", ["F2"], "damaged", Some, Worded, TECHNICIAN;
    Dock = "dock", "the next site's dock", ["F3"], "site", Some, Harmless, None;
    UndoReceipt = "undo-receipt", "take back the last scan, within 10 s", ["F4"], "undo", Some, Undoable, TECHNICIAN;
    Leave = "leave", "leave the dock; what waits is sent all the same", ["F10"], "leave", Some, Harmless, None;
    Undo = "undo", "take back what was done last, within 10 s", ["z"], "", All, Harmless, None;
    Results = "results", "what became of each server of the last action on many, or all that was said of one", ["w"], "", All, Harmless, None;
    NextPane = "pane", "the other part of the screen, the next rack or vendor; of work, how it is done", ["Tab", "Right", "l"], "next", Some, Harmless, None;
    PreviousPane = "pane-previous", "the other part of the screen, the rack or vendor before", ["S-Tab", "Left", "h"], "", Some, Harmless, None;
    Flip = "side", "the other side of the rack, or both where they fit", ["r"], "side", Some, Harmless, None;
    Overlay = "overlay", "lay stages over the servers, or their health", ["p"], "overlay", Some, Harmless, None;
    ToRack = "rack", "the server in its rack", ["e"], "", Some, Harmless, None;
    FindNext = "find-next", "the next line that holds the words looked for", ["n"], "", Some, Harmless, None;
    FindPrevious = "find-previous", "the line before that holds them", ["N"], "", Some, Harmless, None;
    Follow = "follow", "freeze the screen as it is; again: follow", ["F"], "", All, Harmless, None;
    CopyId = "copy", "copy serial or id", ["y"], "copy", All, Harmless, None;
    CopyRow = "copy-row", "copy the row as JSON", ["Y"], "", All, Harmless, None;
    CopyFact = "copy-fact", "copy a fact: MAC, address, place", ["f"], "", Some, Harmless, None;
    Up = "up", "up", ["Up", "k"], "", All, Harmless, None;
    Down = "down", "down", ["Down", "j"], "", All, Harmless, None;
    PageUp = "page-up", "a page up", ["PgUp"], "", All, Harmless, None;
    PageDown = "page-down", "a page down", ["PgDn"], "", All, Harmless, None;
    First = "first", "to the first", ["Home", "g"], "", All, Harmless, None;
    Last = "last", "to the last", ["End", "G"], "", All, Harmless, None;
    HistoryBack = "history-back", "the screen or filter before", ["["], "", All, Harmless, None;
    HistoryForward = "history-forward", "the screen or filter after", ["]"], "", All, Harmless, None;
    Mouse = "mouse", "mouse on or off: a click selects, the wheel scrolls; off leaves it to the terminal", [], "", All, Harmless, None;
    Redraw = "redraw", "paint everything anew", ["Ctrl-L"], "", All, Harmless, None;
    Suspend = "suspend", "stop and give the terminal back; `fg` resumes", ["Ctrl-Z"], "", All, Harmless, None;
    Record = "record", "write the recording of the last events to a file", ["F12"], "", All, Harmless, None;
    Quit = "quit", "quit", ["q"], "quit", All, Harmless, None;
}

impl Spec {
    /// The command that goes to a screen.
    pub const fn go(place: Place, id: &'static str, title: &'static str, keys: &'static [&'static str]) -> Self {
        Self { act: Act::To(place), id, title, keys, hint: "", on: On::All, danger: Danger::Harmless, role: None }
    }

    /// Whether it works on this kind of screen.
    pub fn works_on(&self, kind: Kind) -> bool {
        self.on == On::All || screen::of(kind).takes.iter().any(|acts| acts.contains(&self.act))
    }

    /// The screens it works on.
    pub fn screens(&self) -> impl Iterator<Item = Kind> {
        Kind::ALL.iter().copied().filter(|kind| self.works_on(*kind))
    }
}

/// The table of keys as text, for documentation and `rackhand keys`.
pub fn as_text(keys: &Keymap) -> String {
    let printed = |act| {
        let keys = keys.of(act).join(" ");
        if keys.is_empty() { "palette".to_owned() } else { keys }
    };
    // Keys of the user's own may be longer than those that are shipped.
    let wide = COMMANDS.iter().map(|spec| printed(spec.act).chars().count()).max().unwrap_or(0).max(10);
    let mut out = format!("{:<wide$} COMMAND          WHERE       ROLE        RISK      WHAT\n", "KEYS");
    for spec in COMMANDS.iter() {
        let on = match (spec.on, spec.screens().count()) {
            (On::All, _) => "all".to_owned(),
            (On::Some, 1) => places(spec),
            (On::Some, several) => format!("{several} screens"),
        };
        let role = spec.role.map_or_else(|| "-".to_owned(), |r| r.to_string());
        let risk = match spec.danger {
            Danger::Harmless => "-",
            Danger::Again => "again",
            Danger::Undoable => "undoable",
            Danger::Worded => "worded",
            Danger::Typed => "typed",
            Danger::Costly => "costly",
        };
        let keys = printed(spec.act);
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{keys:<wide$} {:<16} {on:<12}{role:<12}{risk:<10}{}", spec.id, spec.title);
    }
    out
}
