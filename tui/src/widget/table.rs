//! Tables whose columns are as wide as what is in them, and which say what they had no room for.

use super::canvas::{Canvas, width};
use crate::screen::list::{Keyed, List};
use crate::theme::token::Token;

/// One column.
pub struct Column {
    /// Its head.
    pub title: &'static str,
    /// Its cells, one for each row.
    pub cells: Vec<(String, Token)>,
    /// It goes when there is no room: the lowest first; 255 stays.
    pub rank: u8,
    /// Whether it takes the room that is left; then this is the least it needs.
    pub takes_rest: Option<u16>,
    /// Its cells come and go; with this much room none of them moves the others.
    pub least: u16,
}

impl Column {
    /// A column as wide as its widest cell.
    pub fn new(title: &'static str, rank: u8, cells: impl Iterator<Item = (String, Token)>) -> Self {
        Self { title, cells: cells.collect(), rank, takes_rest: None, least: 0 }
    }

    /// A column that takes the room that is left, and needs this much.
    #[must_use]
    pub fn rest(mut self, least: u16) -> Self {
        self.takes_rest = Some(least);
        self
    }

    /// A column that is never narrower than this.
    #[must_use]
    pub fn least(mut self, columns: u16) -> Self {
        self.least = columns;
        self
    }

    fn natural(&self) -> u16 {
        self.cells.iter().map(|(c, _)| width(c)).max().unwrap_or(0).max(width(self.title)).max(self.least)
    }
}

/// Widths of the columns that have room, by place, and the titles of those that have none.
pub fn fit(columns: &[Column], room: u16) -> (Vec<Option<u16>>, Vec<&'static str>) {
    let mut widths: Vec<Option<u16>> =
        columns.iter().map(|c| Some(c.takes_rest.unwrap_or_else(|| c.natural()))).collect();
    let mut hidden = Vec::new();
    loop {
        let shown = widths.iter().flatten().count();
        let total: usize = widths.iter().flatten().map(|w| usize::from(*w)).sum::<usize>() + shown.saturating_sub(1);
        if total <= usize::from(room) {
            let left = room - u16::try_from(total).unwrap_or(room);
            if let Some(n) = columns.iter().position(|c| c.takes_rest.is_some())
                && let Some(width) = &mut widths[n]
            {
                *width += left;
            }
            break;
        }
        let next = (0..columns.len())
            .filter(|n| widths[*n].is_some() && columns[*n].rank < 255)
            .min_by_key(|n| columns[*n].rank);
        let Some(n) = next else { break };
        widths[n] = None;
        hidden.push(columns[n].title);
    }
    (widths, hidden)
}

/// Draws one row of cells, or the heads where `row` is `None`.
pub fn row(
    canvas: &mut Canvas,
    x: u16,
    y: u16,
    room: u16,
    columns: &[Column],
    widths: &[Option<u16>],
    row: Option<usize>,
) {
    let mut at = 0;
    for (column, width) in columns.iter().zip(widths) {
        let Some(width) = width else { continue };
        if at >= room {
            return;
        }
        let width_here = (*width).min(room - at);
        match row {
            None => canvas.put(x + at, y, width_here, column.title, Token::UiDim),
            Some(n) => match column.cells.get(n) {
                Some((text, token)) => canvas.put(x + at, y, width_here, text, *token),
                None => 0,
            },
        };
        at += width + 1;
    }
}

/// What stands in a row's mark column, where it has a mark.
pub type Mark<'a, T> = &'a dyn Fn(&T) -> Option<(&'static str, Token)>;

/// Draws the part of a list that is on screen: heads from column and row `x`, `y` on, within so much room, and so many
/// rows below; the cursor where `at_cursor`. With marks, rows still to come are shown as cut. Gives the titles that had
/// no room.
pub fn window<T: Keyed>(
    canvas: &mut Canvas,
    list: &List<T>,
    (x, y, room, rows): (u16, u16, u16, u16),
    columns: &[Column],
    marks: Option<Mark<'_, T>>,
    at_cursor: bool,
) -> Vec<&'static str> {
    let (widths, hid) = fit(columns, room);
    row(canvas, x, y, room, columns, &widths, None);
    for n in 0..usize::from(rows) {
        let place = list.top + n;
        if place >= list.total.unwrap_or(0) {
            break;
        }
        let y = y + 1 + u16::try_from(n).unwrap_or(0);
        match (list.at(place), marks) {
            (Some(item), marks) => {
                if let Some((mark, token)) = marks.and_then(|m| m(item)) {
                    canvas.put(1, y, 1, mark, token);
                }
                row(canvas, x, y, room, columns, &widths, Some(place - list.offset));
            }
            (None, Some(_)) => drop(canvas.put(x, y, room, canvas.look().glyphs.cut, Token::UiDim)),
            (None, None) => {}
        }
        if place == list.cursor && at_cursor {
            canvas.put(0, y, 1, canvas.look().glyphs.cursor, Token::UiMark);
            if list.current().is_some() {
                canvas.paint(x, y, widths.first().copied().flatten().unwrap_or(0), Token::UiSelection);
            }
        }
    }
    hid
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns() -> Vec<Column> {
        let cell = |text: &str| std::iter::once((text.to_owned(), Token::UiText));
        vec![
            Column::new("SERIAL", 255, cell("7XK2L95")),
            Column::new("MODEL", 1, cell("PowerEdge R660")),
            Column::new("AGE", 2, cell("3h10m")),
            Column::new("WAITS FOR", 3, cell("a long sentence")).rest(10),
        ]
    }

    #[test]
    fn columns_go_by_rank_and_are_told() {
        assert_eq!(fit(&columns(), 60), (vec![Some(7), Some(14), Some(5), Some(31)], vec![]));
        assert_eq!(fit(&columns(), 38), (vec![Some(7), None, Some(5), Some(24)], vec!["MODEL"]));
        assert_eq!(fit(&columns(), 12), (vec![Some(7), None, None, None], vec!["MODEL", "AGE", "WAITS FOR"]));
        assert_eq!(fit(&columns(), 3).0, [Some(7), None, None, None]);
    }
}
