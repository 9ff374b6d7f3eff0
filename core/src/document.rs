//! A paper for a person, in neutral form: what is on it, not how it is drawn. [`plain`] renders it as text; the adapters
//! render the same as PDF.

pub mod column;
pub mod letters;
pub mod plain;
pub mod purchase;
pub mod work;

use serde::{Deserialize, Serialize};

use crate::text::Text;
use crate::time::Timestamp;

/// One paper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// What kind of paper it is, such as `Purchase order`.
    pub title: Text,
    /// Its number.
    pub number: Text,
    /// When it was made, as it is shown.
    pub date: Text,
    /// What a scanner reads from it, usually the number; empty for none.
    pub code: Text,
    /// What is on it, in order.
    pub blocks: Vec<Block>,
    /// What stands at the foot of each page.
    pub footer: Text,
}

/// A part of a paper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Block {
    /// Begins a part of its own.
    Section(Section),
    /// Who is concerned, side by side where there is room.
    Parties(Vec<Party>),
    /// Labels with their values.
    Facts(Vec<Fact>),
    /// Rows under headings.
    Table(Table),
    /// Running text.
    Paragraph(Text),
    /// Text that must not be missed.
    Notice(Text),
    /// What is done in this order, with a box to tick for each.
    Checks(Vec<Text>),
}

/// A heading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// Its words.
    pub title: Text,
    /// What a scanner reads beside it; empty for none.
    pub code: Text,
    /// Whether it begins a page, so that pages can be handed out one by one.
    pub on_new_page: bool,
}

/// Someone's name and address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// Their part in this, such as `Deliver to`.
    pub role: Text,
    /// Name and address, a line each.
    pub lines: Vec<Text>,
}

/// A label with its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// What it is.
    pub label: Text,
    /// How it is.
    pub value: Text,
}

/// Rows under headings. Columns get their widths from what is in them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows; a cell that is missing is empty, one too many is not shown.
    pub rows: Vec<Vec<Text>>,
    /// What stands below the last column, such as a total; the last one counts most.
    pub totals: Vec<Fact>,
    /// Whether each row has a box to tick.
    pub tick: bool,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its heading.
    pub title: Text,
    /// Where its cells stand.
    pub align: Align,
}

/// Where text stands in its column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Align {
    /// At the left; may be wrapped.
    Left,
    /// At the right, as numbers do; not wrapped while there is any room.
    Right,
}

impl Section {
    /// A heading that a page may have above or below other things.
    pub fn new(title: impl Into<Text>) -> Self {
        Self { title: title.into(), code: Text::new(""), on_new_page: false }
    }
}

impl Fact {
    /// A label with its value.
    pub fn new(label: impl Into<Text>, value: impl Into<Text>) -> Self {
        Self { label: label.into(), value: value.into() }
    }
}

impl Table {
    /// An empty table; a heading that begins with `>` has its column at the right.
    pub fn new(headings: &[&str]) -> Self {
        let column = |heading: &&str| match heading.strip_prefix('>') {
            Some(title) => Column { title: title.into(), align: Align::Right },
            None => Column { title: (*heading).into(), align: Align::Left },
        };
        Self { columns: headings.iter().map(column).collect(), rows: Vec::new(), totals: Vec::new(), tick: false }
    }

    /// The cell of a row in a column; empty where the row is too short.
    pub fn cell<'a>(&self, row: &'a [Text], column: usize) -> &'a str {
        row.get(column).map_or("", Text::as_str)
    }
}

/// The day of an instant in UTC, such as `2026-11-18`.
pub fn day(at: Timestamp) -> String {
    at.to_string().chars().take(10).collect()
}

/// An instant to the minute, such as `2026-11-18 11:06 UTC`.
pub fn minute(at: Timestamp) -> String {
    let shown = at.to_string();
    match (shown.get(..10), shown.get(11..16)) {
        (Some(day), Some(time)) => format!("{day} {time} UTC"),
        _ => shown,
    }
}

#[cfg(test)]
mod tests;
