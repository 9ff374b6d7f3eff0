//! Finds rows that only moved up or down, so that the terminal moves them itself (DECSTBM and SU or SD, ECMA-48 8.3.147
//! and 8.3.113) instead of having them sent again. A list that scrolls by a row costs a row then, not a screen.

use std::fmt::Write;

use ratatui::buffer::{Buffer, Cell};

/// How far rows may have moved.
const FAR: usize = 3;
/// So many rows must have moved; fewer are cheaper to send.
const LEAST: usize = 4;

/// Rows, from the first to behind the last, whose content moves up by `by`, or down where it is negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shift {
    top: usize,
    end: usize,
    by: isize,
}

fn row(buffer: &Buffer, y: usize) -> &[Cell] {
    let columns = usize::from(buffer.area.width);
    &buffer.content[y * columns..(y + 1) * columns]
}

fn is_blank(cells: &[Cell]) -> bool {
    cells.iter().all(|c| c.symbol() == " ")
}

/// The longest run of rows that moved.
fn find(shown: &Buffer, next: &Buffer) -> Option<Shift> {
    let rows = usize::from(next.area.height);
    let mut best: Option<Shift> = None;
    for far in 1..=FAR.min(rows) {
        for by in [far.cast_signed(), -far.cast_signed()] {
            let from = |y: usize| y.checked_add_signed(by).filter(|from| *from < rows);
            let moved = |y: usize| {
                from(y).is_some_and(|from| {
                    row(next, y) == row(shown, from) && row(next, y) != row(shown, y) && !is_blank(row(next, y))
                })
            };
            // The row that had the cursor, or gets it, is the same but for its marks.
            let alike = |y: usize| {
                from(y).is_some_and(|from| {
                    let same = row(next, y).iter().zip(row(shown, from)).filter(|(a, b)| a.symbol() == b.symbol());
                    same.count() * 8 >= row(next, y).len() * 7 && !is_blank(row(next, y))
                })
            };
            let mut y = 0;
            while y < rows {
                let top = y;
                while y < rows && moved(y) {
                    y += 1;
                }
                if y - top >= LEAST {
                    let end = if y < rows && alike(y) { y + 1 } else { y };
                    let top = if top > 0 && alike(top - 1) { top - 1 } else { top };
                    if best.is_none_or(|b| end - top > b.end - b.top) {
                        best = Some(Shift { top, end, by });
                    }
                }
                y = y.max(top + 1);
            }
        }
    }
    best
}

/// Has the terminal move what only moved. Changes `shown` to what it shows then, and gives the bytes for it.
pub fn shift(shown: &mut Buffer, next: &Buffer) -> String {
    let Some(Shift { top, end, by }) = find(shown, next) else { return String::new() };
    let far = by.unsigned_abs();
    // The region holds where rows come from and where they go to.
    let (first, last) = if by > 0 { (top, end + far) } else { (top - far.min(top), end) };
    let mut out = String::new();
    // Writing to a string cannot fail. The cursor is moved by both, and is placed anew by whatever is sent next.
    let _ = write!(out, "\x1b[{};{}r\x1b[{far}{}\x1b[r", first + 1, last, if by > 0 { 'S' } else { 'T' });
    let columns = usize::from(shown.area.width);
    let region = &mut shown.content[first * columns..last * columns];
    if by > 0 {
        region.rotate_left(far * columns);
        let from = region.len() - far * columns;
        region[from..].iter_mut().for_each(Cell::reset);
    } else {
        region.rotate_right(far * columns);
        region[..far * columns].iter_mut().for_each(Cell::reset);
    }
    out
}
