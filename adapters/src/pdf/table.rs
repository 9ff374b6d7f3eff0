//! How a table is drawn: columns as wide as what is in them, its heading again on each page, no row torn that fits on one.

use rackhand_core::document::column::{fit, widest_word};
use rackhand_core::document::{Align, Table};

use super::block::{BODY, LEAD, STRONG};
use super::font::{Font, Style};
use super::sheet::{Cell, Heading, LEFT, ROOM, Sheets};

const HEAD: Style = Style::new(Font::Bold, 85);
/// On each side of a cell's text.
const PAD: f32 = 5.0;
/// Above and below it.
const AIR: f32 = 3.5;
/// A column of boxes to tick.
const TICK: f32 = 22.0;
/// Lines of a heading at most; a longer title ends in an ellipsis.
const HEAD_LINES: usize = 3;

/// Draws it.
pub fn draw(sheets: &mut Sheets, table: &Table) {
    let start = if table.tick { TICK } else { 0.0 };
    let titles: Vec<String> = table.columns.iter().map(|c| sheets.write(&c.title)).collect();
    let mut rows: Vec<Vec<String>> = Vec::with_capacity(table.rows.len());
    for row in &table.rows {
        rows.push((0..titles.len()).map(|n| sheets.write(table.cell(row, n))).collect());
    }
    let totals: Vec<(String, String)> =
        table.totals.iter().map(|f| (sheets.write(&f.label), sheets.write(&f.value))).collect();
    let aligns: Vec<Align> = table.columns.iter().map(|c| c.align).collect();
    let widths = widths(&titles, &rows, &aligns, ROOM - start);

    let mut x = LEFT + start;
    let mut places = Vec::with_capacity(widths.len());
    for width in widths {
        places.push((x + PAD, width - 2.0 * PAD));
        x += width;
    }
    let cells = |texts: &[String], style: Style| -> Vec<Cell> {
        let place = places.iter().zip(&aligns).zip(texts);
        place.map(|(((x, width), align), text)| Cell::new(*x, *width, style, text).aligned(*align)).collect()
    };
    let heading = cells(&titles, HEAD).into_iter().map(|cell| cell.cut(HEAD_LINES)).collect();
    // A heading with nothing below it would stand alone.
    sheets.need(60.0);
    sheets.heading = Some(Heading { cells: heading, width: ROOM });
    sheets.draw_heading();
    for row in &rows {
        let cells = cells(row, BODY);
        let height = cells.iter().map(|c| c.lines.len()).max().unwrap_or(1) as f32 * LEAD + 2.0 * AIR;
        sheets.need(if Sheets::can_hold(height) { height } else { LEAD + 2.0 * AIR });
        if table.tick {
            sheets.tick(LEFT + PAD, sheets.y - AIR - LEAD * 0.75 - 1.5, 10.0);
        }
        sheets.y -= AIR;
        sheets.beside(&cells, LEAD);
        sheets.y -= AIR;
        sheets.rule(sheets.y, LEFT, ROOM, 0.4, 0.75);
    }
    sheets.need(totals.len().min(4) as f32 * (LEAD + 5.0));
    let widest = totals.iter().map(|(_, value)| STRONG.width(value)).fold(0.0, f32::max).min(ROOM * 0.6) + 0.5;
    let (edge, value_at) = (LEFT + ROOM - PAD, LEFT + ROOM - PAD - widest);
    for (n, (label, value)) in totals.iter().enumerate() {
        let is_last = n + 1 == totals.len();
        let style = if is_last { STRONG } else { BODY };
        if is_last && n > 0 {
            sheets.rule(sheets.y, LEFT + ROOM / 2.0, ROOM / 2.0, 1.0, 0.0);
        }
        sheets.y -= 4.0;
        let label = Cell::new(LEFT, value_at - LEFT - 3.0 * PAD, style, label).aligned(Align::Right);
        sheets.beside(&[label, Cell::new(value_at, edge - value_at, style, value).aligned(Align::Right)], LEAD);
        sheets.y -= 2.0;
    }
    sheets.heading = None;
}

/// The widths of the columns, their padding included; together they fill the room.
fn widths(titles: &[String], rows: &[Vec<String>], aligns: &[Align], room: f32) -> Vec<f32> {
    let thousandths = |points: f32| (points * 1_000.0) as u32;
    // A hair more, so that rounding never wraps the widest cell.
    let pad = thousandths(2.0 * PAD) + 50;
    let of = |style: Style| move |text: &str| thousandths(style.width(text));
    let mut wanted: Vec<u32> = titles.iter().map(|title| of(HEAD)(title)).collect();
    let mut least: Vec<u32> = titles.iter().map(|title| widest_word(title, |c| HEAD.of(c))).collect();
    for row in rows {
        for (n, cell) in row.iter().enumerate() {
            let width = of(BODY)(cell);
            wanted[n] = wanted[n].max(width);
            let word = widest_word(cell, |c| BODY.of(c));
            least[n] = least[n].max(if aligns[n] == Align::Right { width } else { word.min(thousandths(90.0)) });
        }
    }
    let wide = |n: &u32| n.saturating_add(pad);
    let wanted: Vec<u32> = wanted.iter().map(wide).collect();
    let least: Vec<u32> = least.iter().map(|n| wide(n).min(thousandths(room / 2.0))).collect();
    let fitted: Vec<f32> = fit(&wanted, &least, thousandths(room)).iter().map(|w| *w as f32 / 1_000.0).collect();
    let total: f32 = fitted.iter().sum();
    let stretch = if total > 0.0 { (room / total).max(1.0) } else { 1.0 };
    fitted.iter().map(|width| width * stretch).collect()
}
