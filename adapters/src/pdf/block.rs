//! How each part of a paper is drawn.

use rackhand_core::document::{Block, Document, Fact, Party, Section};

use super::font::{Font, Style};
use super::sheet::{Cell, FAINT, LEFT, ROOM, Sheets};
use super::table;

/// Running text.
pub const BODY: Style = Style::new(Font::Regular, 95);
/// What stands out in it.
pub const STRONG: Style = Style::new(Font::Bold, 95);
/// From one line of running text to the next, in points.
pub const LEAD: f32 = 13.0;
/// Between two blocks.
const APART: f32 = 12.0;

const TITLE: Style = Style::new(Font::Bold, 220);
const NUMBER: Style = Style::new(Font::Bold, 125);
const SECTION: Style = Style::new(Font::Bold, 130);
const LABEL: Style = Style::new(Font::Bold, 80);

/// The head of the first page.
pub fn head(sheets: &mut Sheets, document: &Document) {
    let top = sheets.y;
    let code = sheets.write(&document.code);
    let used = sheets.barcode(LEFT + ROOM, top, 30.0, &code);
    let room = (ROOM - used - 12.0).max(ROOM / 4.0);
    let title = sheets.write(&document.title);
    sheets.beside(&[Cell::new(LEFT, room, TITLE, &title)], 26.0);
    let number = sheets.write(&document.number);
    sheets.beside(&[Cell::new(LEFT, room, NUMBER, &number)], 17.0);
    let date = sheets.write(&document.date);
    sheets.beside(&[Cell::new(LEFT, room, BODY, &date).grey(FAINT)], LEAD);
    if sheets.y < top {
        sheets.y = sheets.y.min(top - 44.0);
    }
    sheets.y -= 6.0;
    sheets.rule(sheets.y, LEFT, ROOM, 1.4, 0.0);
    sheets.y -= APART + 2.0;
}

/// One block, and the room below it.
pub fn draw(sheets: &mut Sheets, block: &Block) {
    match block {
        Block::Section(section) => return heading(sheets, section),
        Block::Parties(parties) => addresses(sheets, parties),
        Block::Facts(facts) => labels(sheets, facts),
        Block::Table(table) => table::draw(sheets, table),
        Block::Paragraph(text) => {
            let text = sheets.write(text);
            sheets.beside(&[Cell::new(LEFT, ROOM, BODY, &text)], LEAD);
        }
        Block::Notice(text) => notice(sheets, text),
        Block::Checks(checks) => {
            for (n, text) in checks.iter().enumerate() {
                check(sheets, n + 1, text);
            }
        }
    }
    sheets.y -= APART;
}

fn heading(sheets: &mut Sheets, section: &Section) {
    if section.on_new_page && !sheets.is_fresh() {
        sheets.turn();
    }
    // A heading alone at the foot of a page helps nobody.
    sheets.need(120.0);
    sheets.y -= if sheets.is_fresh() { 0.0 } else { 6.0 };
    let top = sheets.y;
    let code = sheets.write(&section.code);
    let used = sheets.barcode(LEFT + ROOM, top, 24.0, &code);
    let title = sheets.write(&section.title);
    if used > 0.0 {
        sheets.y -= 12.0;
    }
    sheets.beside(&[Cell::new(LEFT, (ROOM - used - 12.0).max(ROOM / 4.0), SECTION, &title)], 17.0);
    if used > 0.0 && sheets.y < top {
        sheets.y = sheets.y.min(top - 37.0);
    }
    sheets.y -= 4.0;
    sheets.rule(sheets.y, LEFT, ROOM, 0.8, 0.0);
    sheets.y -= 10.0;
}

fn addresses(sheets: &mut Sheets, parties: &[Party]) {
    let each = ROOM / parties.len().max(1) as f32;
    let mut cells = Vec::with_capacity(parties.len());
    for (n, party) in parties.iter().enumerate() {
        let x = LEFT + each * n as f32;
        let role = sheets.write(&party.role);
        let cell = Cell::new(x, each - 14.0, LABEL, &role).cut(3).grey(FAINT);
        let lines: Vec<String> = party.lines.iter().map(|line| sheets.write(line)).collect();
        let below = lines.iter().flat_map(|line| Cell::new(x, each - 14.0, BODY, line).lines).collect();
        cells.push((cell, Cell { lines: below, ..Cell::new(x, each - 14.0, BODY, "") }));
    }
    let (roles, below): (Vec<Cell>, Vec<Cell>) = cells.into_iter().unzip();
    sheets.need(60.0);
    sheets.beside(&roles, 13.5);
    sheets.beside(&below, LEAD);
}

fn labels(sheets: &mut Sheets, facts: &[Fact]) {
    let facts: Vec<(String, String)> =
        facts.iter().map(|fact| (sheets.write(&fact.label), sheets.write(&fact.value))).collect();
    let widest = facts.iter().map(|(label, _)| BODY.width(label)).fold(70.0, f32::max).min(ROOM / 3.0);
    // A hair more, so that rounding never wraps the widest label.
    let value_at = LEFT + widest + 18.0;
    for (label, value) in &facts {
        let label = Cell::new(LEFT, widest + 0.5, BODY, label).grey(FAINT);
        let value = Cell::new(value_at, LEFT + ROOM - value_at, BODY, value);
        sheets.beside(&[label, value], LEAD + 1.0);
    }
}

fn notice(sheets: &mut Sheets, text: &str) {
    let text = sheets.write(text);
    let cell = Cell::new(LEFT + 14.0, ROOM - 24.0, STRONG, &text);
    let lead = LEAD + 1.0;
    let last = cell.lines.len();
    for (n, line) in cell.lines.iter().enumerate() {
        let (above, below) = (if n == 0 { 5.0 } else { 0.0 }, if n + 1 == last { 5.0 } else { 0.0 });
        let height = above + lead + below;
        sheets.need(height);
        let foot = sheets.y - height;
        sheets.fill(LEFT, foot, ROOM, height, 0.92);
        sheets.fill(LEFT, foot, 4.0, height, 0.0);
        sheets.text(cell.x, sheets.y - above - lead * 0.74, STRONG, 0.0, line);
        sheets.y = foot;
    }
}

fn check(sheets: &mut Sheets, number: usize, text: &str) {
    let text = sheets.write(text);
    let number = format!("{number}.");
    let indent = 20.0 + STRONG.width("00.").max(STRONG.width(&number)) + 6.0;
    let number = Cell::new(LEFT + 20.0, indent, STRONG, &number);
    let text = Cell::new(LEFT + indent, ROOM - indent, BODY, &text);
    let height = text.lines.len() as f32 * LEAD;
    sheets.need(if Sheets::can_hold(height) { height } else { LEAD });
    sheets.tick(LEFT + 0.5, sheets.y - LEAD * 0.75 - 2.0, 11.0);
    sheets.beside(&[number, text], LEAD);
    sheets.y -= 6.0;
}
