//! A part of a list: which rows are asked for, and what is given of it.

use serde::{Deserialize, Serialize};

use crate::event::Seq;
use crate::time::Timestamp;

/// Rows in one page at the most, so that an answer stays far under the frame limit.
pub const MAX_ROWS: usize = 512;

/// Which rows of a list are asked for. No more than [`MAX_ROWS`] are given, whatever it says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cut {
    /// First row.
    pub offset: usize,
    /// Rows; at most [`MAX_ROWS`].
    pub limit: usize,
}

impl Cut {
    /// This part of all rows, as they were at this event and moment.
    pub fn of<T>(self, all: Vec<T>, (head, now): (Seq, Timestamp)) -> Page<T> {
        let (total, offset) = (all.len(), self.offset.min(all.len()));
        let rows = all.into_iter().skip(offset).take(self.limit.min(MAX_ROWS)).collect();
        Page { head, now, total, offset, rows }
    }
}

/// A part of a list, and how long the list is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The head it was made at.
    pub head: Seq,
    /// When, by the daemon's clock.
    pub now: Timestamp,
    /// Rows that match.
    pub total: usize,
    /// First row's place.
    pub offset: usize,
    /// The rows.
    pub rows: Vec<T>,
}

impl<T> Page<T> {
    /// The same page with other rows made of these.
    pub fn map<U>(self, make: impl FnMut(T) -> U) -> Page<U> {
        let Self { head, now, total, offset, rows } = self;
        Page { head, now, total, offset, rows: rows.into_iter().map(make).collect() }
    }
}
