//! A table: its separator, its header, its rows.

use std::collections::BTreeMap;

use rackhand_core::entry::manifest::{DELIMITERS, MAX_ROWS, Record, Records, Unreadable};
use rackhand_core::purchase::paper::Flaw;

use crate::supplier::format::columns::{Columns, Field, KNOWN};
use crate::supplier::format::door::{At, Door, SECRET, at, filled, is_secret, only};

/// Bytes of a cell at the most: descriptions are longer than serials.
const MAX_CELL: usize = 4_096;

/// A table that could be read as one.
pub(super) struct Table {
    columns: BTreeMap<Field, usize>,
    pub(super) rows: Vec<Row>,
}

/// One row of it.
pub(super) struct Row {
    /// The line it begins on, from 1.
    pub(super) line: u32,
    cells: BTreeMap<Field, String>,
}

impl Table {
    /// The table of a text.
    pub(super) fn read(text: &str, map: &Columns) -> Result<Self, Vec<Flaw>> {
        let (delimiter, header) = delimiter(text, map)?;
        let columns = columns(&header.cells, map)?;
        let mut records = Records::new(text, delimiter, MAX_CELL);
        let mut door = Door::default();
        let mut rows = Vec::new();
        // The header itself.
        records.next_filled().map_err(unreadable)?;
        while let Some(record) = records.next_filled().map_err(unreadable)? {
            if rows.len() == MAX_ROWS {
                return Err(only(at(record.line, "rows"), format!("more than {MAX_ROWS} rows; split it")));
            }
            let surplus = record.cells.iter().skip(header.cells.len()).any(|c| !c.trim().is_empty());
            if surplus || record.cells.len() < header.cells.len() {
                let why = format!("{} cells where the header has {}", record.cells.len(), header.cells.len());
                door.flaw(at(record.line, "cells"), why);
            }
            let mut cells = record.cells;
            let taken = columns.iter().filter_map(|(f, n)| Some((*f, std::mem::take(cells.get_mut(*n)?))));
            rows.push(Row { line: record.line, cells: taken.collect() });
        }
        door.close(Self { columns, rows })
    }

    /// Whether there is a column for it.
    pub(super) fn has(&self, field: Field) -> bool {
        self.columns.contains_key(&field)
    }
}

/// The separator under which the header has the most columns that are known.
fn delimiter(text: &str, map: &Columns) -> Result<(char, Record), Vec<Flaw>> {
    let mut best: Option<(usize, char, Record)> = None;
    let mut tie = false;
    let mut wrong = None;
    for delimiter in DELIMITERS {
        let record = match Records::new(text, delimiter, MAX_CELL).next_filled() {
            Ok(Some(record)) => record,
            Ok(None) => continue,
            Err(error) => {
                wrong.get_or_insert(error);
                continue;
            }
        };
        let known = record.cells.iter().filter(|c| map.field(c).is_some() || is_secret(c)).count();
        match &best {
            Some((most, ..)) if *most > known => {}
            Some((most, ..)) if *most == known => tie = tie || known > 0,
            _ => (best, tie) = (Some((known, delimiter, record)), false),
        }
    }
    match (best, wrong) {
        (Some((known, delimiter, record)), _) if known > 0 && !tie => Ok((delimiter, record)),
        (Some((known, ..)), _) if known > 0 => {
            let why = "comma, semicolon and tab could each separate its cells; use one of them";
            Err(only(at(1, "header"), why))
        }
        (None, Some(error)) => Err(unreadable(error)),
        _ => {
            let why = "no header that is known. The first line names the columns, such as serial,bmc_mac,purchase_order; \
                       name this vendor's headers under columns";
            Err(only(at(1, "header"), why))
        }
    }
}

fn columns(header: &[String], map: &Columns) -> Result<BTreeMap<Field, usize>, Vec<Flaw>> {
    let mut door = Door::default();
    let mut columns = BTreeMap::new();
    for (n, name) in header.iter().enumerate() {
        if is_secret(name) {
            door.flaw(at(1, name.trim()), SECRET);
        }
        let Some(field) = map.field(name) else { continue };
        if let Some(first) = columns.insert(field, n) {
            let (one, other) = (header.get(first).map_or("", |c| c.trim()), name.trim());
            let why = format!("the columns {one:?} and {other:?} both hold the {}; remove one", name_of(field));
            door.flaw(at(1, other), why);
        }
    }
    door.close(columns)
}

fn name_of(field: Field) -> &'static str {
    KNOWN.iter().find(|(f, _)| *f == field).and_then(|(_, names)| names.first()).copied().unwrap_or("field")
}

fn unreadable(error: Unreadable) -> Vec<Flaw> {
    match error {
        Unreadable::LongCell(line) => {
            only(at(line, "cell"), format!("a cell has more than {MAX_CELL} bytes; is a quote left open?"))
        }
        Unreadable::Quote(line) => only(at(line, "cell"), "a quote is not closed, or something follows a closed one"),
        Unreadable::TooWide(line) => {
            only(at(line, "cells"), format!("more than {} cells", rackhand_core::entry::manifest::MAX_COLUMNS))
        }
        other => only(at(None, "file"), other),
    }
}

impl Row {
    /// What stands there; `None` where nothing does.
    pub(super) fn get(&self, field: Field) -> Option<&str> {
        filled(self.cells.get(&field).map(String::as_str))
    }

    /// Its place.
    pub(super) fn at(&self, field: Field) -> At<'static> {
        at(self.line, name_of(field))
    }

    /// The line of our order.
    pub(super) fn line_number(&self, door: &mut Door) -> Option<u16> {
        door.line(self.at(Field::Line), self.get(Field::Line))
    }

    /// A whole number within bounds.
    pub(super) fn whole<T: TryFrom<u64>>(&self, door: &mut Door, field: Field, from: u64, to: u64) -> Option<T> {
        door.whole(self.at(field), self.get(field), from..=to)
    }
}
