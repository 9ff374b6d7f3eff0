//! The sheets that a paper is drawn on, from the top down: A4, margins of 2 cm, a running head from the second page on.

use pdf_writer::{Content, Name, Str};
use rackhand_core::document::column::wrap;
use rackhand_core::document::{Align, letters};

use super::code128;
use super::font::{Font, Style, bytes, code};

/// A4 (ISO 216) in points.
pub const PAGE: (f32, f32) = (595.28, 841.89);
/// Where text begins.
pub const LEFT: f32 = 56.7;
/// How wide text may be.
pub const ROOM: f32 = PAGE.0 - 2.0 * LEFT;
const TOP: f32 = PAGE.1 - 56.7;
const BOTTOM: f32 = 68.0;

/// Grey of what matters less: 0 is black.
pub const FAINT: f32 = 0.38;
const SMALL: Style = Style::new(Font::Regular, 80);
/// Under barcodes.
const CODE: Style = Style::new(Font::Mono, 85);

/// Text of several lines within a width.
pub struct Cell {
    /// Where it begins.
    pub x: f32,
    /// How wide it may be.
    pub width: f32,
    /// Where its lines stand.
    pub align: Align,
    /// Its font.
    pub style: Style,
    /// Its grey.
    pub grey: f32,
    /// Its lines.
    pub lines: Vec<String>,
}

impl Cell {
    /// A text wrapped into a width, black and at the left.
    pub fn new(x: f32, width: f32, style: Style, text: &str) -> Self {
        let lines = wrap(text, (width.max(1.0) * 1_000.0) as u32, |c| style.of(c));
        Self { x, width, align: Align::Left, style, grey: 0.0, lines }
    }

    /// The same at the right.
    pub fn aligned(self, align: Align) -> Self {
        Self { align, ..self }
    }

    /// The same with so many lines at most; what was more is an ellipsis.
    pub fn cut(mut self, most: usize) -> Self {
        if self.lines.len() > most {
            self.lines.truncate(most);
            if let Some(last) = self.lines.last_mut() {
                while !last.is_empty() && self.style.width(last) + self.style.width("…") > self.width {
                    last.pop();
                }
                last.push('…');
            }
        }
        self
    }

    /// The same in a grey.
    pub fn grey(self, grey: f32) -> Self {
        Self { grey, ..self }
    }
}

/// A table's heading, drawn again on each page the table goes on to.
pub struct Heading {
    /// The columns' titles.
    pub cells: Vec<Cell>,
    /// How far the table goes.
    pub width: f32,
}

/// The pages drawn so far.
pub struct Sheets {
    pages: Vec<Content>,
    /// How far down the last page it is free, from the bottom edge.
    pub y: f32,
    running: (String, String),
    /// The heading of the table that is being drawn.
    pub heading: Option<Heading>,
    /// Whether a `?` stands for a character.
    pub missing: bool,
}

fn rounded(n: f32) -> f32 {
    (n * 100.0).round() / 100.0
}

impl Sheets {
    /// One empty page; the further ones begin with this text at the left and this at the right.
    pub fn new(left: &str, right: &str) -> Self {
        let pages = vec![Content::new()];
        let mut sheets = Self { pages, y: TOP, running: Default::default(), heading: None, missing: false };
        sheets.running = (sheets.write(left), sheets.write(right));
        sheets
    }

    /// The text in characters that the fonts have.
    pub fn write(&mut self, text: &str) -> String {
        let written = letters::write(text, |c| code(c).is_some());
        self.missing |= written.missing;
        written.text
    }

    fn page(&mut self) -> &mut Content {
        if self.pages.is_empty() {
            self.pages.push(Content::new());
        }
        let last = self.pages.len() - 1;
        &mut self.pages[last]
    }

    /// Begins a page.
    pub fn turn(&mut self) {
        self.pages.push(Content::new());
        self.y = TOP;
        let (left, right) = self.running.clone();
        self.margin(TOP, &left, &right);
        self.rule(TOP - 6.0, LEFT, ROOM, 0.5, 0.6);
        self.y = TOP - 24.0;
        self.draw_heading();
    }

    /// Begins a page where this much does not fit on the last one.
    pub fn need(&mut self, height: f32) {
        if self.y - height < BOTTOM {
            self.turn();
        }
    }

    /// Whether so much fits on a page at all.
    pub fn can_hold(height: f32) -> bool {
        height < TOP - BOTTOM - 90.0
    }

    /// Whether nothing is on the last page yet but its running head.
    pub fn is_fresh(&self) -> bool {
        self.y >= TOP - 24.0
    }

    /// Draws the heading of the table, if there is one.
    pub fn draw_heading(&mut self) {
        let Some(heading) = self.heading.take() else { return };
        let lines = heading.cells.iter().map(|c| c.lines.len()).max().unwrap_or(0) as f32;
        let height = lines * 11.0 + 8.0;
        self.fill(LEFT, self.y - height, heading.width, height, 0.92);
        for n in 0..lines as usize {
            self.row_of(&heading.cells, n, self.y - 12.5 - n as f32 * 11.0);
        }
        self.y -= height;
        self.heading = Some(heading);
    }

    /// Draws cells side by side, line by line, over as many pages as it takes.
    pub fn beside(&mut self, cells: &[Cell], lead: f32) {
        for n in 0..cells.iter().map(|c| c.lines.len()).max().unwrap_or(0) {
            self.need(lead);
            self.row_of(cells, n, self.y - lead * 0.75);
            self.y -= lead;
        }
    }

    fn row_of(&mut self, cells: &[Cell], n: usize, baseline: f32) {
        for cell in cells {
            let Some(line) = cell.lines.get(n).filter(|line| !line.is_empty()) else { continue };
            let x = match cell.align {
                Align::Left => cell.x,
                Align::Right => cell.x + cell.width - cell.style.width(line),
            };
            self.text(x, baseline, cell.style, cell.grey, line);
        }
    }

    /// Draws one line of text.
    pub fn text(&mut self, x: f32, baseline: f32, style: Style, grey: f32, text: &str) {
        let page = self.page();
        page.set_fill_gray(grey).begin_text().set_font(Name(style.font.key()), style.size());
        page.next_line(rounded(x), rounded(baseline)).show(Str(&bytes(text))).end_text();
    }

    /// Draws a filled rectangle.
    pub fn fill(&mut self, x: f32, y: f32, width: f32, height: f32, grey: f32) {
        let page = self.page().set_fill_gray(grey);
        page.rect(rounded(x), rounded(y), rounded(width), rounded(height)).fill_nonzero();
    }

    /// Draws a horizontal line.
    pub fn rule(&mut self, y: f32, x: f32, width: f32, weight: f32, grey: f32) {
        self.fill(x, y - weight / 2.0, width, weight, grey);
    }

    /// Draws a box to tick.
    pub fn tick(&mut self, x: f32, y: f32, size: f32) {
        let page = self.page().set_stroke_gray(0.0).set_line_width(0.9);
        page.rect(rounded(x), rounded(y), size, size).stroke();
    }

    /// Draws a barcode with its text, its upper right corner here, where the text can be one; else the text alone. Gives
    /// back how wide it is, blank margin at its left included.
    pub fn barcode(&mut self, right: f32, top: f32, height: f32, text: &str) -> f32 {
        let Some(symbol) = code128::symbol(text) else {
            let cell = Cell::new(right - ROOM / 2.0, ROOM / 2.0, CODE, text).cut(3).aligned(Align::Right);
            for n in 0..cell.lines.len() {
                self.row_of(std::slice::from_ref(&cell), n, top - 10.0 * (n as f32 + 1.0));
            }
            return if text.is_empty() { 0.0 } else { ROOM / 2.0 };
        };
        let modules: u32 = symbol.iter().map(|wide| u32::from(*wide)).sum();
        // A third of a millimetre; for the longest a quarter, which scanners still read. A title has room beside it.
        let module = (ROOM * 0.72 / (modules + code128::QUIET) as f32).min(0.96);
        let width = modules as f32 * module;
        let mut x = right - width;
        for pair in symbol.chunks(2) {
            // Not rounded: a scanner measures the bars against each other.
            let page = self.page().set_fill_gray(0.0);
            page.rect(x, rounded(top - height), f32::from(pair[0]) * module, height).fill_nonzero();
            x += pair.iter().map(|wide| f32::from(*wide)).sum::<f32>() * module;
        }
        let label = right - width / 2.0 - CODE.width(text) / 2.0;
        self.text(label, top - height - 9.5, CODE, 0.0, text);
        width + code128::QUIET as f32 * module
    }

    fn margin(&mut self, baseline: f32, left: &str, right: &str) {
        let right = Cell::new(LEFT + ROOM / 2.0, ROOM / 2.0, SMALL, right).cut(1).aligned(Align::Right).grey(FAINT);
        let used = right.lines.first().map_or(0.0, |line| SMALL.width(line));
        let left = Cell::new(LEFT, ROOM - used - 20.0, SMALL, left).cut(1).grey(FAINT);
        self.row_of(&[left, right], 0, baseline);
    }

    /// The pages with what stands at their foot.
    pub fn finish(mut self, footer: &str) -> Vec<Content> {
        let footer = self.write(footer);
        let done = std::mem::take(&mut self.pages);
        let count = done.len();
        let mut pages = Vec::with_capacity(count);
        for (n, page) in done.into_iter().enumerate() {
            self.pages = vec![page];
            self.rule(50.0, LEFT, ROOM, 0.5, 0.6);
            self.margin(38.0, &footer, &format!("Page {} of {count}", n + 1));
            if self.missing {
                self.margin(27.0, letters::MISSING, "");
            }
            pages.append(&mut self.pages);
        }
        pages
    }
}
