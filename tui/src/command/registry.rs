//! Every command there is: what it is called, its keys, where it works, how much it risks and who may. The hint bar,
//! the help, the palette, the key documentation and the checks are all made from this.

use std::fmt::Write as _;

use rackhand_core::id::Role;
use serde::{Deserialize, Serialize};

use super::keymap::Keymap;
use crate::app::model::Place;

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

/// Kinds of screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Overview and pipeline.
    Pipeline,
    /// One server.
    Server,
    /// Dead letters.
    Letters,
    /// The journal.
    Journal,
    /// Racks.
    Racks,
    /// Racks unit by unit.
    Elevation,
    /// The fleet.
    Fleet,
    /// The work at hand.
    Work,
    /// The dock.
    Receiving,
    /// Orders.
    Orders,
    /// One order.
    Order,
    /// Offers side by side.
    Quotes,
    /// What is in stock.
    Stock,
}

impl Kind {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Pipeline,
        Self::Server,
        Self::Letters,
        Self::Journal,
        Self::Racks,
        Self::Elevation,
        Self::Fleet,
        Self::Work,
        Self::Receiving,
        Self::Orders,
        Self::Order,
        Self::Quotes,
        Self::Stock,
    ];

    /// Its title.
    pub fn title(self) -> &'static str {
        crate::screen::of(self).title
    }
}

impl Place {
    /// Its kind.
    pub const fn kind(self) -> Kind {
        match self {
            Self::Pipeline => Kind::Pipeline,
            Self::Server(_) => Kind::Server,
            Self::Letters => Kind::Letters,
            Self::Journal => Kind::Journal,
            Self::Racks => Kind::Racks,
            Self::Elevation => Kind::Elevation,
            Self::Fleet => Kind::Fleet,
            Self::Work => Kind::Work,
            Self::Receiving => Kind::Receiving,
            Self::Orders => Kind::Orders,
            Self::Order(_) => Kind::Order,
            Self::Quotes(_) => Kind::Quotes,
            Self::Stock(..) => Kind::Stock,
        }
    }
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
    /// The screens it works on; empty is all.
    pub on: &'static [Kind],
    /// What it risks.
    pub danger: Danger,
    /// The least role.
    pub role: Option<Role>,
}

macro_rules! commands {
    ($($(#[$doc:meta])* $act:ident = $id:literal, $title:literal, [$($key:literal),*], $hint:literal, $on:expr, $danger:ident, $role:expr;)*) => {
        /// What can be done.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[allow(missing_docs, reason = "each is told by its title in the table")]
        pub enum Act { $($(#[$doc])* $act),* }

        /// The table, in the order of the hint bar and the palette.
        pub const COMMANDS: &[Spec] = &[$(Spec {
            act: Act::$act, id: $id, title: $title, keys: &[$($key),*], hint: $hint, on: $on, danger: Danger::$danger, role: $role,
        }),*];
    };
}

const ALL: &[Kind] = &[];
const UNITS: &[Kind] = &[Kind::Pipeline, Kind::Server, Kind::Letters, Kind::Elevation, Kind::Fleet];
const ENDED: &[Kind] = &[Kind::Pipeline, Kind::Server, Kind::Letters, Kind::Elevation, Kind::Fleet, Kind::Work];
const FILTERED: &[Kind] =
    &[Kind::Pipeline, Kind::Server, Kind::Journal, Kind::Racks, Kind::Elevation, Kind::Work, Kind::Orders];
const LISTS: &[Kind] = &[
    Kind::Pipeline,
    Kind::Letters,
    Kind::Journal,
    Kind::Racks,
    Kind::Elevation,
    Kind::Fleet,
    Kind::Work,
    Kind::Orders,
    Kind::Order,
    Kind::Stock,
];
const ACTED: &[Kind] = &[
    Kind::Pipeline,
    Kind::Server,
    Kind::Letters,
    Kind::Elevation,
    Kind::Fleet,
    Kind::Orders,
    Kind::Order,
    Kind::Quotes,
    Kind::Stock,
];
const CANCELLED: &[Kind] =
    &[Kind::Pipeline, Kind::Server, Kind::Letters, Kind::Elevation, Kind::Fleet, Kind::Order, Kind::Quotes];
const ORDERED: &[Kind] = &[Kind::Fleet, Kind::Orders, Kind::Order];
const DECIDED: &[Kind] = &[Kind::Order, Kind::Quotes];
const ORDER: &[Kind] = &[Kind::Order];
const NARROWED: &[Kind] = &[Kind::Pipeline, Kind::Racks, Kind::Work];
const MARKED: &[Kind] = &[Kind::Pipeline, Kind::Elevation];
const PANES: &[Kind] = &[Kind::Server, Kind::Elevation, Kind::Fleet, Kind::Work, Kind::Quotes];
const FOUND: &[Kind] = &[Kind::Server, Kind::Elevation];
const DOCK: &[Kind] = &[Kind::Receiving];
const TECHNICIAN: Option<Role> = Some(Role::Technician);
const OPERATOR: Option<Role> = Some(Role::Operator);
const APPROVER: Option<Role> = Some(Role::Approver);

commands! {
    Help = "help", "explain this screen and its keys", ["?", "F1"], "help", ALL, Harmless, None;
    Palette = "palette", "find any command by name", [":"], "palette", ALL, Harmless, None;
    Filter = "filter", "show only what matches: words, field:value, ! negates; on a server or rack: find words", ["/"], "find", FILTERED, Harmless, None;
    Open = "open", "open", ["Enter"], "open", LISTS, Harmless, None;
    Actions = "actions", "actions for the selection, with reasons where they are not possible", ["."], "actions", ACTED, Harmless, None;
    Retry = "retry", "retry the parked steps, or connect now when the link is down", ["R"], "retry", UNITS, Again, TECHNICIAN;
    Hold = "hold", "hold, with the reason, or release", ["H"], "hold", UNITS, Undoable, TECHNICIAN;
    TaskDone = "done", "a task or the work at hand is done: say what was done where it is asked", ["D"], "done", ENDED, Worded, TECHNICIAN;
    Move = "move", "move to another stage, as far as your word goes", ["M"], "move", UNITS, Worded, TECHNICIAN;
    Place = "place", "where it could go, with reasons; on marked ones together: Enter keeps the place", ["P"], "", ENDED, Undoable, TECHNICIAN;
    Skip = "skip", "skip a parked step, with the reason", ["K"], "skip", UNITS, Costly, OPERATOR;
    Quotes = "quotes", "the order's offers side by side", ["Q"], "quotes", ORDER, Harmless, None;
    Approve = "approve", "approve an offer: type what it costs", ["a"], "approve", DECIDED, Typed, APPROVER;
    Reject = "reject", "reject all offers, with the reason: the order ends", ["x"], "reject", DECIDED, Typed, APPROVER;
    NewOrder = "order", "order servers: from the pool, or to be bought", ["O"], "order", ORDERED, Worded, OPERATOR;
    Quote = "quote", "enter a vendor's quote by hand", ["E"], "enter quote", DECIDED, Worded, OPERATOR;
    Reserve = "reserve", "what is in stock for the order; there: keep the selected server for it", ["I"], "pool", &[Kind::Order, Kind::Stock], Worded, OPERATOR;
    ReleaseStock = "release-stock", "give a reserved server back to the pool, with the reason", ["U"], "", ORDER, Worded, OPERATOR;
    Assign = "assign", "give the tenant what is reserved for the order", ["A"], "assign", ORDER, Typed, OPERATOR;
    Accept = "accept", "accept a confirmation that is not what was ordered: type what it costs now", ["C"], "accept", ORDER, Typed, APPROVER;
    Locate = "locate", "the locator LED on; again: off. It is read back", ["L"], "", ENDED, Undoable, TECHNICIAN;
    Cancel = "cancel", "cancel it for good: what was done is undone in reverse", ["X"], "cancel", CANCELLED, Costly, OPERATOR;
    Verify = "verify", "check the whole journal", ["v"], "verify", &[Kind::Journal], Harmless, None;
    Back = "back", "back one level", ["Esc"], "back", ALL, Harmless, None;
    SortNext = "sort", "sort by the next column", ["s"], "sort", &[Kind::Pipeline], Harmless, None;
    SortTurn = "turn", "sort the other way round", ["S"], "", &[Kind::Pipeline], Harmless, None;
    StagePrevious = "stage-previous", "only the stage before; of racks and work, the site", ["<"], "", NARROWED, Harmless, None;
    StageNext = "stage-next", "only the next stage; of racks and work, the site", [">"], "narrow", NARROWED, Harmless, None;
    Mark = "mark", "mark or unmark", ["Space"], "mark", MARKED, Harmless, None;
    MarkRange = "mark-range", "mark from here; again: mark up to here", ["V"], "", &[Kind::Pipeline], Harmless, None;
    MarkAll = "mark-all", "mark everything the filter leaves", ["*"], "", &[Kind::Pipeline], Harmless, None;
    MarkOthers = "mark-others", "mark what is not marked and unmark the rest, as far as the filter goes", ["i"], "", &[Kind::Pipeline], Harmless, None;
    Unmark = "unmark", "unmark all", ["u"], "", MARKED, Harmless, None;
    Roles = "roles", "also what other roles end; of orders, also what is over; again: less", ["o"], "all", &[Kind::Work, Kind::Orders], Harmless, None;
    Damaged = "damaged", "the serial in the field, or else the last one received, is damaged: it is held", ["F2"], "damaged", DOCK, Worded, TECHNICIAN;
    Dock = "dock", "the next site's dock", ["F3"], "site", DOCK, Harmless, None;
    UndoReceipt = "undo-receipt", "take back the last scan, within 10 s", ["F4"], "undo", DOCK, Undoable, TECHNICIAN;
    Leave = "leave", "leave the dock; what waits is sent all the same", ["F10"], "leave", DOCK, Harmless, None;
    Undo = "undo", "take back what was done last, within 10 s", ["z"], "", ALL, Harmless, None;
    Results = "results", "what became of each server of the last action on many, or all that was said of one", ["w"], "", ALL, Harmless, None;
    NextPane = "pane", "the other part of the screen, the next rack or vendor; of work, how it is done", ["Tab", "Right", "l"], "next", PANES, Harmless, None;
    PreviousPane = "pane-previous", "the other part of the screen, the rack or vendor before", ["S-Tab", "Left", "h"], "", PANES, Harmless, None;
    Flip = "side", "the other side of the rack, or both where they fit", ["r"], "side", &[Kind::Elevation], Harmless, None;
    Overlay = "overlay", "lay stages over the servers, or their health", ["p"], "overlay", &[Kind::Elevation], Harmless, None;
    ToRack = "rack", "the server in its rack", ["e"], "", &[Kind::Pipeline, Kind::Server, Kind::Letters], Harmless, None;
    FindNext = "find-next", "the next line that holds the words looked for", ["n"], "", FOUND, Harmless, None;
    FindPrevious = "find-previous", "the line before that holds them", ["N"], "", FOUND, Harmless, None;
    Follow = "follow", "freeze the screen as it is; again: follow", ["F"], "", ALL, Harmless, None;
    CopyId = "copy", "copy serial or id", ["y"], "copy", ALL, Harmless, None;
    CopyRow = "copy-row", "copy the row as JSON", ["Y"], "", ALL, Harmless, None;
    CopyFact = "copy-fact", "copy a fact: MAC, address, place", ["f"], "", &[Kind::Server], Harmless, None;
    Up = "up", "up", ["Up", "k"], "", ALL, Harmless, None;
    Down = "down", "down", ["Down", "j"], "", ALL, Harmless, None;
    PageUp = "page-up", "a page up", ["PgUp"], "", ALL, Harmless, None;
    PageDown = "page-down", "a page down", ["PgDn"], "", ALL, Harmless, None;
    First = "first", "to the first", ["Home", "g"], "", ALL, Harmless, None;
    Last = "last", "to the last", ["End", "G"], "", ALL, Harmless, None;
    ToFleet = "fleet", "screen: fleet", ["1"], "", ALL, Harmless, None;
    ToPipeline = "pipeline", "screen: pipeline", ["2"], "", ALL, Harmless, None;
    ToRacks = "racks", "screen: racks", ["3"], "", ALL, Harmless, None;
    ToWork = "work", "screen: work", ["4"], "", ALL, Harmless, None;
    ToReceiving = "receiving", "screen: receiving", ["5"], "", ALL, Harmless, None;
    ToLetters = "dead-letters", "screen: dead letters", ["6"], "", ALL, Harmless, None;
    ToJournal = "journal", "screen: journal", ["7"], "", ALL, Harmless, None;
    ToOrders = "orders", "screen: orders", ["8"], "", ALL, Harmless, None;
    HistoryBack = "history-back", "the screen or filter before", ["["], "", ALL, Harmless, None;
    HistoryForward = "history-forward", "the screen or filter after", ["]"], "", ALL, Harmless, None;
    Mouse = "mouse", "mouse on or off: a click selects, the wheel scrolls; off leaves it to the terminal", [], "", ALL, Harmless, None;
    Redraw = "redraw", "paint everything anew", ["Ctrl-L"], "", ALL, Harmless, None;
    Suspend = "suspend", "stop and give the terminal back; `fg` resumes", ["Ctrl-Z"], "", ALL, Harmless, None;
    Record = "record", "write the recording of the last events to a file", ["F12"], "", ALL, Harmless, None;
    Quit = "quit", "quit", ["q"], "quit", ALL, Harmless, None;
}

impl Spec {
    /// Whether it works on this kind of screen.
    pub fn works_on(&self, kind: Kind) -> bool {
        self.on.is_empty() || self.on.contains(&kind)
    }
}

impl Act {
    /// Its row in the table.
    pub fn spec(self) -> &'static Spec {
        // The table is made from the same list as the enum, in the same order.
        &COMMANDS[self as usize]
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
    for spec in COMMANDS {
        let on = match spec.on {
            [] => "all".to_owned(),
            [one] => one.title().to_lowercase(),
            several => format!("{} screens", several.len()),
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
