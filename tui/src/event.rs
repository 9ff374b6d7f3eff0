//! Everything that can happen to the console, as one type on one channel. It serialises, so that a session can be
//! kept and played again.

use rackhand_core::decide::Refusal;
use rackhand_core::event::Seq;
use rackhand_core::id::{OrderId, Role, SiteId, UnitId};
use rackhand_core::order::questions::{OrderDetail, OrderQuery, OrderRow};
use rackhand_core::placement::propose::Proposals;
use rackhand_core::placement::questions::{RackRow, RackView};
use rackhand_core::receiving::questions::Receiving;
use rackhand_core::stock::questions::Stock;
use rackhand_core::text::Text;
use rackhand_core::view::work::{WorkQuery, WorkRow};
use rackhand_core::view::{DeadLetter, EventRow, Overview, Page, Query, UnitDetail, UnitRow};
use rackhand_rpc::{JournalQuery, Receipt, Verified};
use serde::{Deserialize, Serialize};

use crate::app::bulk::Marking;
use crate::input::key::Key;
use crate::screen::Place;
use crate::screen::racks::RackKey;

/// Number of a question or a call, counted within the session.
pub type CallId = u64;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// A key.
    Key(Key),
    /// A bracketed paste.
    Paste(Text),
    /// Six or more printable keys faster than a person types: a barcode scanner.
    Scan(Text),
    /// Printable keys too fast for a person that are no label: too few, or with spaces.
    Burst(Text),
    /// So many keys before were the beginning of the scan or burst that comes next.
    Rollback(usize),
    /// Enter or Tab right behind a scan or a burst: the scanner's, not a person's.
    EndMark,
    /// The mouse.
    Mouse(Mouse),
    /// The terminal has another size, in columns and rows.
    Resize(u16, u16),
    /// The terminal gained or lost the focus.
    Focus(bool),
    /// News of the connection.
    Link(News),
    /// The answer to a question.
    Arrived(CallId, Result<Box<Data>, Text>),
    /// The end of a command.
    Called(CallId, CallEnd),
    /// A timer asked for earlier.
    Timer(Timer),
    /// The recording was written to this path, or not.
    Saved(Result<Text, Text>),
    /// A signal asks the console to stop until it is resumed.
    Suspend,
    /// The process was resumed.
    Resumed,
    /// The console cannot be stopped here: nobody could resume it.
    Stayed,
    /// A signal asks the console to end.
    Quit,
}

impl Event {
    /// Whether the user did it, and waits for what it does.
    pub const fn is_from_user(&self) -> bool {
        matches!(
            self,
            Self::Key(_)
                | Self::Paste(_)
                | Self::Scan(_)
                | Self::Burst(_)
                | Self::EndMark
                | Self::Mouse(_)
                | Self::Resize(..)
        )
    }
}

/// What the mouse did, and in which cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mouse {
    /// The left button went down in this column and row.
    Press(u16, u16),
    /// The wheel turned this way: down is positive.
    Wheel(i8),
}

/// News of the connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum News {
    /// Connected, and greeted.
    Up(Greeting),
    /// The daemon answered the watch: its head.
    Heard(Seq),
    /// Nothing was heard for this many seconds, though the connection stands.
    Late(u32),
    /// No connection.
    Down {
        /// Why.
        why: Text,
        /// Seconds until the next try; 0 is that it is under way.
        again_in: u32,
    },
}

/// Who answered, and who they take us for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Greeting {
    /// The daemon's site.
    pub site: SiteId,
    /// The user it takes us for.
    pub user: Text,
    /// Our role.
    pub role: Role,
    /// Whether it is a demo.
    pub demo: bool,
    /// Changes with every start of the daemon.
    pub epoch: u64,
    /// The head then.
    pub head: Seq,
    /// Its version.
    pub build: Text,
}

/// A question to the daemon. It changes nothing there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Ask {
    /// Counts and health.
    Overview,
    /// A page of units.
    Units(Query),
    /// A page of units to be marked, and which of them.
    Marks(Query, Marking),
    /// One unit.
    Unit(UnitId),
    /// A page of dead letters.
    Letters {
        /// First row.
        offset: usize,
        /// Rows.
        limit: usize,
    },
    /// A page of events.
    Journal(JournalQuery),
    /// The unit with this serial or id.
    Find(Text),
    /// A full check of the journal.
    Verify,
    /// A page of racks.
    Racks {
        /// Only this site.
        site: Option<SiteId>,
        /// Words.
        filter: String,
        /// First row.
        offset: usize,
        /// Rows.
        limit: usize,
    },
    /// What is in these racks.
    Elevations(Vec<RackKey>),
    /// The unit with this serial or id, and the rack it stands in.
    Stands(Text),
    /// A page of the work at hand.
    Work(WorkQuery),
    /// A site's dock.
    Receiving(SiteId),
    /// Where these servers could go, and the screen that wants to know.
    Places(Vec<UnitId>, Place),
    /// A page of orders.
    Orders(OrderQuery),
    /// One order.
    Order(OrderId),
    /// What of this is in stock, at a site or anywhere.
    Stock(Text, Option<SiteId>),
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Data {
    /// To `Overview`.
    Overview(Overview),
    /// To `Units`.
    Units(Page<UnitRow>),
    /// To `Unit`.
    Unit(Result<UnitDetail, Refusal>),
    /// To `Letters`.
    Letters(Page<DeadLetter>),
    /// To `Journal`.
    Journal(Result<Page<EventRow>, Refusal>),
    /// To `Find`.
    Found(Option<UnitId>),
    /// To `Verify`.
    Verified(Result<Verified, Refusal>),
    /// To `Racks`.
    Racks(Page<RackRow>),
    /// To `Elevations`, without those that are gone.
    Elevations(Vec<RackView>),
    /// To `Stands`.
    Stands(Option<(UnitId, Option<RackKey>)>),
    /// To `Work`.
    Work(Page<WorkRow>),
    /// To `Receiving`.
    Receiving(Receiving),
    /// To `Places`: the proposals, and the racks in them.
    Places(Result<(Proposals, Vec<RackView>), Refusal>),
    /// To `Orders`.
    Orders(Page<OrderRow>),
    /// To `Order`.
    Order(Result<Box<OrderDetail>, Refusal>),
    /// To `Stock`.
    Stock(Stock),
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum CallEnd {
    /// Carried out.
    Done(Receipt),
    /// Refused, and why.
    Refused(Refusal),
    /// No answer: whether it was carried out is not known.
    Lost(Text),
}

/// What a timer was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Timer {
    /// The toast with this number has been shown long enough.
    Toast(u64),
    /// The grace of the undo with this number is over.
    Grace(u64),
    /// A second of the dock's grace is over.
    Second,
    /// The label that was scanned under this number may be scanned again: it is not the same pull of the trigger.
    Scanned(u64),
}
