//! A window on a list that the daemon holds: the rows on screen and a margin, never the whole.

use rackhand_core::view::{MAX_ROWS, Page};
use serde::{Deserialize, Serialize};

/// A row that can be told from others when the list changes.
pub trait Keyed {
    /// What tells it.
    type Key: Clone + PartialEq;
    /// Its key.
    fn key(&self) -> Self::Key;
}

/// A list on screen, whatever its rows are.
pub trait Rows {
    /// Rows in the whole list; `None` until the daemon has told.
    fn total(&self) -> Option<usize>;
    /// Place of the first row on screen.
    fn top(&self) -> usize;
    /// Place of the cursor.
    fn cursor(&self) -> usize;
    /// Moves the cursor to a place; `height` rows are on screen.
    fn go(&mut self, place: usize, height: usize);
    /// Keeps the cursor in the list and on screen.
    fn settle(&mut self, height: usize);
    /// The list is another one: nothing of it is held.
    fn restart(&mut self);
    /// The chosen row as JSON.
    fn json(&self) -> Option<String>;
    /// Whether rows on screen, or those just behind the edge, are not held.
    fn lacks(&self, _height: usize) -> bool {
        false
    }
    /// Whether there are newer rows that do not join on to those held.
    fn lacks_newer(&self) -> bool {
        false
    }
    /// Whether the row that was meant has left the list.
    fn has_slipped(&self) -> bool {
        false
    }
    /// The row in its place is meant from now on.
    fn take_what_slipped(&mut self) {}
    /// The chosen row is meant, even where it is the first.
    fn stay(&mut self) {}
}

impl<R: Keyed + Serialize> Rows for List<R> {
    fn total(&self) -> Option<usize> {
        self.total
    }
    fn top(&self) -> usize {
        self.top
    }
    fn cursor(&self) -> usize {
        self.cursor
    }
    fn go(&mut self, place: usize, height: usize) {
        self.go(place, height);
    }
    fn settle(&mut self, height: usize) {
        self.settle(height);
    }
    fn restart(&mut self) {
        *self = Self::default();
    }
    fn json(&self) -> Option<String> {
        serde_json::to_string(self.current()?).ok()
    }
    fn lacks(&self, height: usize) -> bool {
        self.lacks(height)
    }
    fn has_slipped(&self) -> bool {
        self.lost.is_some()
    }
    fn take_what_slipped(&mut self) {
        self.lost = None;
    }
    fn stay(&mut self) {
        self.first = false;
    }
}

/// Which row is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Chosen<K> {
    /// This one, wherever the list puts it.
    Row(K),
    /// Whatever comes to be under the cursor.
    AtCursor,
}

/// A window on a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound(
    serialize = "R: Serialize, R::Key: Serialize",
    deserialize = "R: Deserialize<'de>, R::Key: Deserialize<'de>"
))]
pub struct List<R: Keyed> {
    /// The rows held.
    pub rows: Vec<R>,
    /// Place of the first of them.
    pub offset: usize,
    /// Rows in the whole list; `None` until the daemon has told.
    pub total: Option<usize>,
    /// Place of the cursor in the whole list.
    pub cursor: usize,
    /// Place of the first row on screen.
    pub top: usize,
    /// The chosen row.
    pub chosen: Chosen<R::Key>,
    /// The row that was meant, where it has left the list: the chosen one only stands in its place. It can be looked at,
    /// but nothing is done to it before the person has been told.
    pub lost: Option<R::Key>,
    /// Whether the first row is meant, whichever that is: at the start, and after a jump to the first.
    pub first: bool,
}

impl<R: Keyed> Default for List<R> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            offset: 0,
            total: None,
            cursor: 0,
            top: 0,
            chosen: Chosen::AtCursor,
            lost: None,
            first: true,
        }
    }
}

impl<R: Keyed> List<R> {
    /// The row at a place, if it is held.
    pub fn at(&self, place: usize) -> Option<&R> {
        self.rows.get(place.checked_sub(self.offset)?)
    }

    /// The chosen row.
    pub fn current(&self) -> Option<&R> {
        match &self.chosen {
            Chosen::Row(key) => self.at(self.cursor).filter(|r| r.key() == *key),
            Chosen::AtCursor => None,
        }
    }

    /// Moves the cursor to a place; `height` rows are on screen.
    pub fn go(&mut self, place: usize, height: usize) {
        self.first = place == 0;
        self.lost = None;
        self.cursor = place.min(self.total.unwrap_or(0).saturating_sub(1));
        self.chosen = self.at(self.cursor).map_or(Chosen::AtCursor, |row| Chosen::Row(row.key()));
        self.settle(height);
    }

    /// Keeps the cursor in the list and on screen.
    pub fn settle(&mut self, height: usize) {
        let (total, height) = (self.total.unwrap_or(0), height.max(1));
        self.cursor = self.cursor.min(total.saturating_sub(1));
        self.top =
            self.top.clamp((self.cursor + 1).saturating_sub(height), self.cursor).min(total.saturating_sub(height));
    }

    /// The cut to ask for: what is on screen and as much again on both sides.
    pub fn window(&self, height: usize) -> (usize, usize) {
        let height = height.max(1);
        (self.top.saturating_sub(height), (3 * height).clamp(32, MAX_ROWS))
    }

    /// Whether rows on screen, or those just behind the edge, are not held.
    pub fn lacks(&self, height: usize) -> bool {
        let Some(total) = self.total else { return true };
        let margin = height / 2;
        let from = self.top.saturating_sub(margin);
        let to = (self.top + height + margin).min(total);
        from < self.offset || to > self.offset + self.rows.len()
    }

    /// Takes a page. The chosen row stays chosen and, where it can, at the same height on screen; but from the top of
    /// the list nothing that comes in above is scrolled out of sight.
    pub fn take(&mut self, page: Page<R>, height: usize) {
        self.rows = page.rows;
        self.offset = page.offset;
        self.total = Some(page.total);
        if self.first && self.offset == 0 {
            (self.cursor, self.top) = (0, 0);
            self.chosen = Chosen::AtCursor;
        }
        if let Some(back) = self.lost.take_if(|lost| self.rows.iter().any(|row| row.key() == *lost)) {
            self.chosen = Chosen::Row(back);
        }
        match self.chosen.clone() {
            Chosen::AtCursor => {
                let (first, lost) = (self.first, self.lost.take().filter(|_| !self.first));
                self.go(self.cursor, height);
                (self.first, self.lost) = (first, lost);
            }
            Chosen::Row(key) => {
                if let Some(n) = self.rows.iter().position(|r| r.key() == key) {
                    let place = self.offset + n;
                    if self.top > 0 {
                        self.top = (self.top + place).saturating_sub(self.cursor);
                    }
                    self.cursor = place;
                    self.chosen = Chosen::Row(key);
                    self.settle(height);
                } else {
                    self.settle(height);
                    // A page of another part of the list says nothing about it.
                    if let Some(instead) = self.at(self.cursor).map(Keyed::key) {
                        self.chosen = Chosen::Row(instead);
                        self.lost.get_or_insert(key);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy, PartialEq)]
    struct N(u32);
    impl Keyed for N {
        type Key = u32;
        fn key(&self) -> u32 {
            self.0
        }
    }

    fn page(offset: usize, total: usize, rows: &[u32]) -> Page<N> {
        let rows = rows.iter().map(|n| N(*n)).collect();
        Page { head: 1, now: rackhand_core::time::Timestamp::default(), total, offset, rows }
    }

    #[test]
    fn the_chosen_row_stays_chosen_where_the_list_puts_it() {
        let mut list = List::default();
        list.take(page(0, 5, &[1, 2, 3, 4, 5]), 3);
        list.go(1, 3);
        list.take(page(0, 6, &[9, 1, 3, 4, 2, 5]), 3);
        assert_eq!((list.cursor, list.current().map(|r| r.0)), (4, Some(2)));
        assert_eq!(list.top, 2);
    }

    #[test]
    fn what_comes_in_above_is_seen_from_the_top() {
        let mut list = List::default();
        list.take(page(0, 5, &[1, 2, 3, 4, 5]), 3);
        list.take(page(0, 6, &[9, 1, 2, 3, 4, 5]), 3);
        assert_eq!((list.cursor, list.top, list.current().map(|r| r.0)), (0, 0, Some(9)));
        list.go(1, 3);
        list.take(page(0, 7, &[8, 9, 1, 2, 3, 4, 5]), 3);
        assert_eq!((list.cursor, list.top, list.current().map(|r| r.0)), (2, 0, Some(1)));
        list.go(4, 3);
        list.take(page(0, 8, &[7, 8, 9, 1, 2, 3, 4, 5]), 3);
        assert_eq!((list.cursor, list.top, list.current().map(|r| r.0)), (5, 3, Some(3)));
    }

    #[test]
    fn what_comes_up_in_place_of_a_row_that_left_is_selected_and_known_not_to_be_the_one_that_was_meant() {
        let mut list = List::default();
        list.take(page(0, 3, &[1, 2, 3]), 3);
        list.go(1, 3);
        assert_eq!(list.lost, None);
        list.take(page(0, 2, &[1, 3]), 3);
        assert_eq!((list.current().map(|r| r.0), list.lost), (Some(3), Some(2)));
        list.take(page(0, 3, &[9, 1, 3]), 3);
        assert_eq!((list.current().map(|r| r.0), list.lost), (Some(3), Some(2)), "it stays selected");
        list.take(page(0, 2, &[9, 1]), 3);
        assert_eq!((list.current().map(|r| r.0), list.lost), (Some(1), Some(2)), "the last row goes up");
        list.take(page(0, 0, &[]), 3);
        list.take(page(0, 1, &[7]), 3);
        assert_eq!((list.current().map(|r| r.0), list.lost), (Some(7), Some(2)), "an empty list forgets nothing");
        list.go(0, 3);
        assert_eq!(list.lost, None, "a movement chooses");
        list.take(page(0, 2, &[7, 8]), 3);
        list.go(1, 3);
        list.take(page(0, 2, &[7, 6]), 3);
        assert_eq!((list.current().map(|r| r.0), list.lost), (Some(6), Some(8)));
        list.take(page(0, 2, &[7, 8]), 3);
        assert_eq!((list.current().map(|r| r.0), list.lost), (Some(8), None), "what comes back is the one meant");
    }

    #[test]
    fn a_far_jump_chooses_what_comes_to_be_under_the_cursor() {
        let mut list = List::default();
        let first: Vec<u32> = (0..32).collect();
        list.take(page(0, 100_000, &first), 10);
        list.go(usize::MAX, 10);
        assert!(list.lacks(10) && list.current().is_none());
        assert_eq!(list.window(10), (99_980, 32));
        list.take(page(99_980, 100_000, &(99_980..100_000).collect::<Vec<u32>>()), 10);
        assert_eq!((list.current().map(|r| r.0), list.top), (Some(99_999), 99_990));
        assert!(!list.lacks(10));
    }
}
