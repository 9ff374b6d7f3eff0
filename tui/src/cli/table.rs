//! Aligned columns as plain text.

use std::fmt::Write as _;

use rackhand_core::text::Text;
use ratatui::text::Span;

/// What becomes of a last column that does not fit the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Last {
    /// It is cut; the line ends in `…`.
    Cut,
    /// It goes on below, indented.
    Wrap,
}

/// A table. Cells are cleaned as they come in, so none can move a cursor.
#[derive(Debug)]
pub struct Table {
    rows: Vec<Vec<Text>>,
    columns: usize,
    last: Last,
}

/// Between two columns.
const GAP: usize = 2;
/// The last column gets at least this, however narrow the terminal.
const LEAST: usize = 16;

impl Table {
    /// A table with this head; no head where it is empty.
    pub fn new(head: &[&str], last: Last) -> Self {
        let rows = if head.is_empty() { Vec::new() } else { vec![head.iter().map(|h| Text::new(h)).collect()] };
        Self { rows, columns: head.len(), last }
    }

    /// Adds a row.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.row_of(cells);
    }

    /// Adds a row of as many cells as there are.
    pub fn row_of(&mut self, cells: impl IntoIterator<Item = String>) {
        let cells: Vec<Text> = cells.into_iter().map(Text::from).collect();
        self.columns = self.columns.max(cells.len());
        self.rows.push(cells);
    }

    /// The lines; `width` is the terminal's, `None` where there is none and nothing is cut.
    pub fn lines(&self, width: Option<usize>) -> String {
        let last = self.columns.saturating_sub(1);
        let mut widths = vec![0; last];
        for row in &self.rows {
            for (wide, cell) in widths.iter_mut().zip(row) {
                *wide = (*wide).max(columns(cell));
            }
        }
        let indent: usize = widths.iter().map(|w| w + GAP).sum();
        let room = width.map(|w| w.saturating_sub(indent).max(LEAST));
        let mut out = String::new();
        for row in &self.rows {
            let mut line = String::new();
            for (cell, wide) in row.iter().zip(&widths) {
                line.push_str(cell);
                line.extend(std::iter::repeat_n(' ', wide - columns(cell) + GAP));
            }
            let end = row.get(last).map_or("", Text::as_str);
            let parts = match (room, self.last) {
                (None, _) => vec![end.to_owned()],
                (Some(room), Last::Cut) => vec![cut(end, room)],
                (Some(room), Last::Wrap) => wrap(end, room),
            };
            for (n, part) in parts.iter().enumerate() {
                if n > 0 {
                    line = " ".repeat(indent);
                }
                line.push_str(part);
                // Writing to a string cannot fail.
                let _ = writeln!(out, "{}", line.trim_end());
            }
        }
        out
    }
}

/// Terminal columns a text takes.
fn columns(text: &str) -> usize {
    Span::raw(text).width()
}

/// The text, or as much of it as fits, ending in `…`.
pub fn cut(text: &str, room: usize) -> String {
    if columns(text) <= room {
        return text.to_owned();
    }
    let mut out = String::new();
    for c in text.chars() {
        out.push(c);
        if columns(&out) >= room {
            out.pop();
            break;
        }
    }
    out.push('…');
    out
}

/// Breaks at spaces, and inside a word only where it alone is too long.
fn wrap(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let mut word = word.to_owned();
        loop {
            let line = lines.last_mut().map(std::mem::take).unwrap_or_default();
            let joined = if line.is_empty() { word.clone() } else { format!("{line} {word}") };
            let at = lines.len().saturating_sub(1);
            if columns(&joined) <= room {
                lines[at] = joined;
                break;
            }
            if !line.is_empty() {
                lines[at] = line;
                lines.push(String::new());
                continue;
            }
            let mut fits = 0;
            let mut taken = 0;
            for c in word.chars() {
                let wide = columns(c.encode_utf8(&mut [0; 4]));
                if taken + wide > room && fits > 0 {
                    break;
                }
                (taken, fits) = (taken + wide, fits + c.len_utf8());
            }
            let rest = word.split_off(fits);
            lines[at] = word;
            if rest.is_empty() {
                break;
            }
            lines.push(String::new());
            word = rest;
        }
    }
    lines
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn columns_are_aligned_also_under_wide_letters() {
        let mut table = Table::new(&["A", "B"], Last::Cut);
        table.row(["機".into(), "x".into()]);
        table.row(["abc".into(), "a long last column".into()]);
        assert_eq!(table.lines(None), "A    B\n機   x\nabc  a long last column\n");
        assert_eq!(table.lines(Some(21)), "A    B\n機   x\nabc  a long last col…\n");
    }

    #[test]
    fn a_long_last_column_goes_on_below() {
        let mut table = Table::new(&[], Last::Wrap);
        table.row(["12".into(), "one two three four five six".into()]);
        assert_eq!(table.lines(Some(20)), "12  one two three\n    four five six\n");
    }

    proptest! {
        #[test]
        fn no_cell_breaks_out_of_its_line_or_the_width(cells in prop::collection::vec(any::<[String; 2]>(), 0..5)) {
            for last in [Last::Cut, Last::Wrap] {
                let mut table = Table::new(&["A", "B"], last);
                for cell in &cells {
                    table.row([cell[0].chars().take(8).collect(), cell[1].clone()]);
                }
                let text = table.lines(Some(60));
                prop_assert!(text.chars().all(|c| c == '\n' || !c.is_control()));
                prop_assert!(text.lines().all(|l| columns(l) <= 60), "{text}");
            }
        }
    }
}
