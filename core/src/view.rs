//! What readers see: plain rows and pages, filtered, sorted and cut here, so that a console holds a window and never
//! the fleet.

pub mod filter;
pub mod guide;
mod health;
pub mod journal;
mod letters;
mod page;
mod parts;
pub mod questions;
mod rows;
mod tap;
mod unit;
pub mod waits;
pub mod work;

pub use health::{Doing, Health, SystemHealth};
pub use journal::{EventRow, event_row};
pub use letters::dead_letters;
pub use page::{Cut, MAX_ROWS, Page};
pub use rows::{Query, Rows, Sort, overview, units};
pub use tap::{RogueServer, TapState, TapStatus};
pub(crate) use unit::step_row;
pub use unit::{DeadLetter, OrderCounts, Overview, State, StepRow, UnitDetail, UnitRow, detail, row};
