//! A paper as plain text of a given width, for screens, mail and line printers. No page breaks.

use super::column::{fit, widest_word, wrap};
use super::{Align, Block, Document, Fact, Party, Section, Table, column, letters};

/// The usual width, in characters.
pub const WIDTH: usize = 80;
/// The least width there is a layout for; a smaller one is taken as this.
pub const NARROWEST: usize = 24;

/// Between columns.
const GAP: u32 = 2;

/// Which characters may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Letters {
    /// Every character.
    Unicode,
    /// ASCII only; others become their likeness, and `?` where there is none.
    Ascii,
}

/// The paper in lines of at most so many characters, each with its line end.
pub fn render(document: &Document, width: usize, letters: Letters) -> String {
    let width = u32::try_from(width.clamp(NARROWEST, 1_000)).unwrap_or(u32::MAX);
    let mut paper = Paper { width, letters, missing: false, out: String::new() };
    paper.head(document);
    for block in &document.blocks {
        paper.line("");
        paper.block(block);
    }
    paper.line("");
    let footer = paper.write(&document.footer);
    paper.wrapped("", "", &footer);
    if paper.missing {
        paper.wrapped("", "", letters::MISSING);
    }
    paper.out
}

/// How many columns of a terminal a character takes (UAX #11; a mark takes none).
fn columns(c: char) -> u32 {
    match u32::from(c) {
        0x300..=0x36F | 0x1AB0..=0x1AFF | 0x1DC0..=0x1DFF | 0x20D0..=0x20FF | 0xFE20..=0xFE2F => 0,
        0x1100..=0x115F
        | 0x2E80..=0x303E
        | 0x3041..=0xA4CF
        | 0xA960..=0xA97F
        | 0xAC00..=0xD7A3
        | 0xF900..=0xFAFF
        | 0xFE30..=0xFE6F
        | 0xFF00..=0xFF60
        | 0xFFE0..=0xFFE6
        | 0x1F300..=0x1F64F
        | 0x1F680..=0x1F6FF
        | 0x1F900..=0x1FAFF
        | 0x20000..=0x3FFFD => 2,
        _ => 1,
    }
}

fn width(text: &str) -> u32 {
    column::width(text, columns)
}

fn blanks(count: u32) -> String {
    " ".repeat(count as usize)
}

fn padded(text: &str, to: u32, align: Align) -> String {
    let pad = blanks(to.saturating_sub(width(text)));
    match align {
        Align::Left => format!("{text}{pad}"),
        Align::Right => format!("{pad}{text}"),
    }
}

struct Paper {
    width: u32,
    letters: Letters,
    missing: bool,
    out: String,
}

impl Paper {
    fn write(&mut self, text: &str) -> String {
        let letters = self.letters;
        let written = letters::write(text, |c| letters == Letters::Unicode || c.is_ascii());
        self.missing |= written.missing;
        written.text
    }

    fn line(&mut self, text: &str) {
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }

    /// Text that begins after `first`, its further lines after `next`.
    fn wrapped(&mut self, first: &str, next: &str, text: &str) {
        let room = self.width.saturating_sub(width(first).max(width(next))).max(1);
        for (n, part) in wrap(text, room, columns).iter().enumerate() {
            self.line(&format!("{}{part}", if n == 0 { first } else { next }));
        }
    }

    fn rule(&mut self, heavy: bool, length: u32) {
        let mark = match (self.letters, heavy) {
            (Letters::Unicode, true) => "━",
            (Letters::Unicode, false) => "─",
            (Letters::Ascii, true) => "=",
            (Letters::Ascii, false) => "-",
        };
        self.line(&mark.repeat(length.min(self.width) as usize));
    }

    fn head(&mut self, document: &Document) {
        let title = self.write(&format!("{} {}", document.title, document.number));
        let date = self.write(&document.date);
        let room = self.width.saturating_sub(width(&title));
        if room > width(&date) {
            self.line(&format!("{title}{}", padded(&date, room, Align::Right)));
        } else {
            self.wrapped("", "", &title);
            self.wrapped("", "", &date);
        }
        self.rule(true, self.width);
        self.code(&title, &document.code);
    }

    /// What a scanner would read, where the heading does not say it already.
    fn code(&mut self, heading: &str, code: &str) {
        let code = self.write(code);
        if !heading.contains(&code) {
            self.wrapped("Code: ", "      ", &code);
        }
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Section(section) => self.section(section),
            Block::Parties(parties) => self.parties(parties),
            Block::Facts(facts) => self.facts(facts),
            Block::Table(table) => self.table(table),
            Block::Paragraph(text) => {
                let text = self.write(text);
                self.wrapped("", "", &text);
            }
            Block::Notice(text) => {
                let text = self.write(text);
                self.wrapped("! ", "! ", &text);
            }
            Block::Checks(checks) => {
                let digits = checks.len().to_string().len();
                for (n, text) in checks.iter().enumerate() {
                    let text = self.write(text);
                    let first = format!("[ ] {:>digits$}. ", n + 1);
                    self.wrapped(&first, &blanks(width(&first)), &text);
                }
            }
        }
    }

    fn section(&mut self, section: &Section) {
        let title = self.write(&section.title);
        self.wrapped("", "", &title);
        self.rule(false, width(&title));
        self.code(&title, &section.code);
    }

    fn parties(&mut self, parties: &[Party]) {
        let count = parties.len().max(1) as u32;
        let each = self.width.saturating_sub(GAP * (count - 1)) / count;
        if each < 20 {
            for (n, party) in parties.iter().enumerate() {
                if n > 0 {
                    self.line("");
                }
                for line in self.party(party, self.width) {
                    self.line(&line);
                }
            }
            return;
        }
        let sides: Vec<Vec<String>> = parties.iter().map(|p| self.party(p, each)).collect();
        self.beside(&sides, &vec![(each, Align::Left); sides.len()]);
    }

    fn party(&mut self, party: &Party, room: u32) -> Vec<String> {
        let mut lines = wrap(&self.write(&party.role), room, columns);
        for line in &party.lines {
            let parts = wrap(&self.write(line), room.saturating_sub(2).max(1), columns);
            lines.extend(parts.iter().map(|part| format!("  {part}")));
        }
        lines
    }

    /// Cells of several lines each, side by side.
    fn beside(&mut self, cells: &[Vec<String>], widths: &[(u32, Align)]) {
        for n in 0..cells.iter().map(Vec::len).max().unwrap_or(0) {
            let parts: Vec<String> = cells
                .iter()
                .zip(widths)
                .map(|(lines, (wide, align))| padded(lines.get(n).map_or("", String::as_str), *wide, *align))
                .collect();
            self.line(&parts.join(&blanks(GAP)));
        }
    }

    fn facts(&mut self, facts: &[Fact]) {
        let facts: Vec<(String, String)> = facts.iter().map(|f| (self.write(&f.label), self.write(&f.value))).collect();
        let widest = facts.iter().map(|(label, _)| width(label)).max().unwrap_or(0).min(self.width / 2 - GAP);
        for (label, value) in &facts {
            let labels = wrap(label, widest, columns);
            let values = wrap(value, self.width - widest - GAP, columns);
            self.beside(&[labels, values], &[(widest, Align::Left), (0, Align::Left)]);
        }
    }

    fn table(&mut self, table: &Table) {
        let mut aligns: Vec<Align> = table.columns.iter().map(|c| c.align).collect();
        let mut titles: Vec<String> = table.columns.iter().map(|c| self.write(&c.title)).collect();
        let mut rows: Vec<Vec<String>> = Vec::with_capacity(table.rows.len());
        for row in &table.rows {
            rows.push((0..titles.len()).map(|n| self.write(table.cell(row, n))).collect());
        }
        if table.tick {
            aligns.insert(0, Align::Left);
            titles.insert(0, String::new());
            for row in &mut rows {
                row.insert(0, "[ ]".to_owned());
            }
        }
        let totals: Vec<(String, String)> =
            table.totals.iter().map(|f| (self.write(&f.label), self.write(&f.value))).collect();

        let column = |n: usize| rows.iter().map(move |row| row[n].as_str()).chain([titles[n].as_str()]);
        let wanted: Vec<u32> = (0..titles.len()).map(|n| column(n).map(width).max().unwrap_or(0)).collect();
        let least: Vec<u32> = (0..titles.len())
            .map(|n| match aligns[n] {
                Align::Right => wanted[n],
                // A longer word is rather broken than all the rest squeezed.
                Align::Left => column(n).map(|text| widest_word(text, columns)).max().unwrap_or(0).min(14),
            })
            .collect();
        let room = self.width.saturating_sub(GAP * (titles.len().max(1) as u32 - 1));
        if least.iter().sum::<u32>() > room {
            self.records(&titles, &rows, table.tick);
            self.totals(&totals, 0);
            return;
        }
        let widths: Vec<(u32, Align)> = fit(&wanted, &least, room).into_iter().zip(aligns).collect();
        let cells = |row: &[String]| -> Vec<Vec<String>> {
            row.iter().zip(&widths).map(|(text, (wide, _))| wrap(text, (*wide).max(1), columns)).collect()
        };
        self.beside(&cells(&titles), &widths);
        let whole = widths.iter().map(|(wide, _)| wide).sum::<u32>() + GAP * (widths.len().max(1) as u32 - 1);
        self.rule(false, whole);
        for row in &rows {
            self.beside(&cells(row), &widths);
        }
        if !totals.is_empty() {
            self.rule(false, whole);
            self.totals(&totals, whole);
        }
    }

    /// Totals below a table of this width, at its right; below each other where they are too wide for that.
    fn totals(&mut self, totals: &[(String, String)], whole: u32) {
        let widest = totals.iter().map(|(_, value)| width(value)).max().unwrap_or(0);
        for (label, value) in totals {
            let line = format!("{label}{}{}", blanks(GAP), padded(value, widest, Align::Right));
            if width(&line) <= whole {
                self.line(&padded(&line, whole, Align::Right));
            } else {
                self.wrapped("", "  ", &format!("{label}: {value}"));
            }
        }
    }

    /// A table that is too wide: each row as labels with values.
    fn records(&mut self, titles: &[String], rows: &[Vec<String>], tick: bool) {
        for row in rows {
            for (n, (title, cell)) in titles.iter().zip(row).enumerate() {
                let text = if tick && n == 0 { cell.clone() } else { format!("{title}: {cell}") };
                self.wrapped("", "  ", &text);
            }
            self.line("");
        }
    }
}
