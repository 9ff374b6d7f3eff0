//! A vendor's manifest: a CSV with the serial and the BMC's MAC of each server. Read strictly, since what it says is
//! written to the inventory.

mod columns;

use std::collections::BTreeMap;
use std::fmt;

use csv_core::ReadFieldResult;
use serde::{Deserialize, Serialize};

use crate::mac::Mac;
use crate::secret::Account;
use crate::text::Text;

pub use self::columns::{BadMap, Columns, Field, MAX_NAME};

/// Bytes of a file at the most.
pub const MAX_BYTES: usize = 8 << 20;
/// Rows of a file at the most, the header not counted.
pub const MAX_ROWS: usize = 10_000;
/// Bytes of a cell at the most.
pub const MAX_CELL: usize = 256;
/// Cells of a line at the most.
pub const MAX_COLUMNS: usize = 256;
/// Characters of a serial at the most.
pub const MAX_SERIAL: usize = 64;

/// The column with the serial.
pub const SERIAL: &str = "server_serial";
/// The column with the MAC of the BMC.
pub const BMC_MAC: &str = "server_bmc_mac";
/// What may stand between two cells.
pub const DELIMITERS: [char; 3] = [',', ';', '\t'];

/// One server as a manifest names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Its serial, upper case.
    pub serial: Text,
    /// Its BMC's MAC.
    pub bmc_mac: Mac,
}

/// A file that could be read as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Its rows, in the order of the file.
    pub lines: Vec<Line>,
    /// Columns nobody here reads.
    pub ignored: Vec<Text>,
}

/// One row as it stands in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The line it begins on, from 1.
    pub line: u32,
    /// The serial as it was written.
    pub serial: Text,
    /// The MAC as it was written.
    pub bmc_mac: Text,
    /// What it says, or why it says nothing that can be used.
    pub row: Result<Row, Problem>,
    /// The factory account of its BMC, where the file has one.
    pub account: Option<Account>,
}

/// Why one row cannot be used. The others can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// It has so many cells, and the header so many.
    Cells(usize, usize),
    /// The serial is empty.
    NoSerial,
    /// It is no serial.
    BadSerial,
    /// The MAC is empty.
    NoMac,
    /// It is no MAC address.
    BadMac,
    /// It is a MAC address that no card has: a group's, or all zeros.
    NoCard,
    /// The same serial has another MAC on this line.
    OtherMac(u32),
    /// The same MAC has another serial on this line.
    OtherSerial(u32),
    /// Its password is none a BMC could have.
    BadPassword,
    /// This line has the same server with another account.
    OtherAccount(u32),
    /// It says what this line says.
    Repeats(u32),
    /// It is the header once more, as where files were put together.
    Header,
}

/// Why a file cannot be used at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// It is larger than [`MAX_BYTES`].
    TooBig,
    /// It is not UTF-8 from this line on.
    Encoding(u32),
    /// There is nothing in it.
    Empty,
    /// The header has no column for this.
    NoColumn(Field),
    /// The header has not the column that was named.
    NotThere(Text),
    /// The header has this column twice.
    TwoColumns(Text),
    /// Either of these two columns may be meant.
    Doubtful(Field, Text, Text),
    /// Two of the delimiters would do.
    Delimiter,
    /// This column is not taken.
    Secret(Text),
    /// Something stands behind a closing quote, or a quote is not closed, on this line.
    Quote(u32),
    /// A cell of this line is longer than it may be: [`MAX_CELL`] here.
    LongCell(u32),
    /// This line has more than [`MAX_COLUMNS`] cells.
    TooWide(u32),
    /// There are more than [`MAX_ROWS`] rows.
    TooLong,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cells(found, wanted) => write!(f, "the header has {wanted} cells, this row {found}"),
            Self::NoSerial => f.write_str("the serial is missing"),
            Self::BadSerial => write!(f, "not a serial: 1 to {MAX_SERIAL} characters, no spaces"),
            Self::NoMac => f.write_str("the BMC's MAC is missing"),
            Self::BadMac => write!(f, "{}", crate::mac::NotAMac),
            Self::NoCard => f.write_str("no card has this MAC address: it is a group's, or all zeros"),
            Self::OtherMac(line) => write!(f, "line {line} has this serial with another MAC; which is right?"),
            Self::OtherSerial(line) => write!(f, "line {line} has this MAC with another serial; which is right?"),
            Self::BadPassword => write!(f, "not a password: at most {} characters, none of control", Account::MOST),
            Self::OtherAccount(line) => write!(f, "line {line} has this server with another account; which is right?"),
            Self::Repeats(line) => write!(f, "says what line {line} says"),
            Self::Header => f.write_str("this is the header again; remove the line"),
        }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooBig => {
                write!(f, "it has more than {} MiB, for some {MAX_ROWS} servers. Split it", MAX_BYTES >> 20)
            }
            Self::Encoding(line) => write!(f, "line {line}: not UTF-8. Save it as CSV in UTF-8, then import it again"),
            Self::Empty => f.write_str("there is nothing in it"),
            Self::NoColumn(field) => {
                let (name, word) = (field.column(), field.word());
                write!(
                    f,
                    "the header has no column {name}. The first line names the columns, such as {SERIAL},{BMC_MAC}; \
                     where yours has another name for it, say --map {word}=\"NAME\""
                )
            }
            Self::NotThere(name) => write!(f, "the header has no column `{name}`, which the column map names"),
            Self::TwoColumns(name) => write!(f, "the header has two columns {name}; remove one"),
            Self::Doubtful(field, a, b) => {
                let word = field.word();
                write!(f, "`{a}` and `{b}` may both be the {word}; say which: --map {word}=\"{a}\"")
            }
            Self::Delimiter => f.write_str("comma, semicolon and tab could each separate its cells; use one of them"),
            Self::Secret(name) => write!(
                f,
                "column `{name}` may hold a secret and is not read. Where it is the BMC's password say --map \
                 password=\"{name}\", else remove it"
            ),
            Self::Quote(line) => {
                write!(f, "line {line}: a quote is not closed, or something follows a closed one")
            }
            Self::LongCell(line) => {
                write!(f, "line {line}: a cell has more than {MAX_CELL} bytes; is a quote left open?")
            }
            Self::TooWide(line) => write!(f, "line {line}: more than {MAX_COLUMNS} cells"),
            Self::TooLong => write!(f, "more than {MAX_ROWS} rows. Split it"),
        }
    }
}

impl std::error::Error for Problem {}
impl std::error::Error for Unreadable {}

/// A serial as it is kept: trimmed, upper case. `None` where it is none.
pub fn serial(raw: &str) -> Option<Text> {
    let upper = raw.trim().to_uppercase();
    let clean = Text::new(&upper);
    let fits = (1..=MAX_SERIAL).contains(&clean.chars().count());
    // What had to be cleaned is not what stands on the chassis.
    let sound =
        clean.as_str() == upper && !clean.contains(|c: char| c.is_whitespace() || c == char::REPLACEMENT_CHARACTER);
    (fits && sound).then_some(clean)
}

/// Reads a file whose columns have names that are known.
///
/// # Errors
/// As [`parse_by`].
pub fn parse(bytes: &[u8]) -> Result<Manifest, Unreadable> {
    parse_by(bytes, &Columns::default())
}

/// Reads a file whose columns a person has named, as far as they have.
///
/// # Errors
/// Where what is in it is not certain as a whole: size, encoding, header, quotes. Nothing of it may be used then.
pub fn parse_by(bytes: &[u8], columns: &Columns) -> Result<Manifest, Unreadable> {
    if bytes.len() > MAX_BYTES {
        return Err(Unreadable::TooBig);
    }
    let text = decode(bytes)?;
    let (header, delimiter) = header(text, columns)?;
    let mut records = Records::new(text, delimiter, MAX_CELL);
    // The header itself.
    records.next_filled()?;
    let mut lines = Vec::new();
    while let Some(record) = records.next_filled()? {
        if lines.len() == MAX_ROWS {
            return Err(Unreadable::TooLong);
        }
        lines.push(read(&record, &header));
    }
    contradictions(&mut lines);
    Ok(Manifest { lines, ignored: header.ignored })
}

fn decode(bytes: &[u8]) -> Result<&str, Unreadable> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let until = match std::str::from_utf8(bytes) {
        // UTF-16 without its mark reads as ASCII with zeros in between.
        Ok(text) => match bytes.iter().position(|b| *b == 0) {
            None => return Ok(text),
            Some(zero) => zero,
        },
        Err(error) => error.valid_up_to(),
    };
    let lines = bytes[..until].split(|b| *b == b'\n').count();
    Err(Unreadable::Encoding(u32::try_from(lines).unwrap_or(u32::MAX)))
}

/// Where the columns are.
struct Header {
    serial: usize,
    bmc_mac: usize,
    user: Option<usize>,
    password: Option<usize>,
    /// Their names there.
    names: [String; 2],
    cells: usize,
    ignored: Vec<Text>,
}

/// The header, and the one delimiter under which it has both columns.
fn header(text: &str, columns: &Columns) -> Result<(Header, char), Unreadable> {
    let mut found: Option<(Header, char)> = None;
    let mut best: Option<(usize, Unreadable)> = None;
    for delimiter in DELIMITERS {
        let cells = match Records::new(text, delimiter, MAX_CELL).next_filled() {
            Ok(Some(record)) => record.cells,
            Ok(None) => return Err(Unreadable::Empty),
            Err(error) => {
                best.get_or_insert((0, error));
                continue;
            }
        };
        let count = cells.len();
        match places(cells, columns) {
            Ok(header) if found.is_none() => found = Some((header, delimiter)),
            Ok(_) => return Err(Unreadable::Delimiter),
            // The delimiter that makes the most of the line is the one that was meant.
            Err(error) if best.as_ref().is_none_or(|(most, _)| count > *most) => best = Some((count, error)),
            Err(_) => {}
        }
    }
    found.ok_or_else(|| best.map_or(Unreadable::Empty, |(_, error)| error))
}

fn places(cells: Vec<String>, columns: &Columns) -> Result<Header, Unreadable> {
    let (serial, bmc_mac) = (columns.find(Field::Serial, &cells)?, columns.find(Field::BmcMac, &cells)?);
    let password = columns.find_if_any(Field::Password, &cells)?;
    let user = password.and_then(|_| columns.find_if_any(Field::User, &cells).transpose()).transpose()?;
    let read = [Some(serial), Some(bmc_mac), user, password];
    let others = || cells.iter().enumerate().filter(|(n, _)| !read.contains(&Some(*n)));
    if let Some((_, secret)) = others().find(|(_, name)| columns::is_secret(name)) {
        return Err(Unreadable::Secret(Text::new(secret.trim())));
    }
    let ignored = others().map(|(_, name)| Text::new(name.trim())).filter(|name| !name.is_empty()).collect();
    let names = [serial, bmc_mac].map(|n| cells[n].trim().to_lowercase());
    Ok(Header { serial, bmc_mac, user, password, names, cells: cells.len(), ignored })
}

fn read(record: &Record, header: &Header) -> Line {
    let cell = |at: usize| record.cells.get(at).map_or("", |c| c.trim());
    let (raw_serial, raw_mac) = (cell(header.serial), cell(header.bmc_mac));
    let surplus = record.cells.iter().skip(header.cells).any(|c| !c.trim().is_empty());
    let row = if surplus || record.cells.len() < header.cells {
        Err(Problem::Cells(record.cells.len(), header.cells))
    } else if [raw_serial, raw_mac].map(str::to_lowercase) == header.names {
        Err(Problem::Header)
    } else {
        row(raw_serial, raw_mac)
    };
    let password = header.password.map_or("", cell);
    let account = Account::new(header.user.map(|at| Text::new(cell(at))), password);
    let row = if row.is_ok() && account.is_none() && !password.is_empty() { Err(Problem::BadPassword) } else { row };
    Line { line: record.line, serial: Text::new(raw_serial), bmc_mac: Text::new(raw_mac), row, account }
}

fn row(raw_serial: &str, raw_mac: &str) -> Result<Row, Problem> {
    if raw_serial.is_empty() {
        return Err(Problem::NoSerial);
    }
    let serial = serial(raw_serial).ok_or(Problem::BadSerial)?;
    if raw_mac.is_empty() {
        return Err(Problem::NoMac);
    }
    let bmc_mac: Mac = raw_mac.parse().map_err(|_| Problem::BadMac)?;
    // IEEE 802, 8.2.2: the lowest bit of the first octet tells a group from one card.
    if bmc_mac.0[0] & 1 == 1 || bmc_mac.0 == [0; 6] {
        return Err(Problem::NoCard);
    }
    Ok(Row { serial, bmc_mac })
}

/// Where two rows say different things of one serial or one MAC, neither is used: nothing tells which is right.
fn contradictions(lines: &mut [Line]) {
    let mut by_serial: BTreeMap<Text, Vec<usize>> = BTreeMap::new();
    let mut by_mac: BTreeMap<Mac, Vec<usize>> = BTreeMap::new();
    let rows: Vec<Option<Row>> = lines.iter().map(|l| l.row.clone().ok()).collect();
    for (n, row) in rows.iter().enumerate() {
        let Some(row) = row else { continue };
        by_serial.entry(row.serial.clone()).or_default().push(n);
        by_mac.entry(row.bmc_mac).or_default().push(n);
    }
    let mut problems: Vec<(usize, Problem)> = Vec::new();
    let mut judge = |group: &[usize], problem: fn(u32) -> Problem| {
        let Some((first, rest)) = group.split_first() else { return };
        let another = rest.iter().find(|n| rows[**n] != rows[*first]);
        for n in group {
            let other = if rows[*n] == rows[*first] { another } else { Some(first) };
            match other {
                Some(other) => problems.push((*n, problem(lines[*other].line))),
                None if n != first => problems.push((*n, Problem::Repeats(lines[*first].line))),
                None => {}
            }
        }
    };
    for group in by_serial.values() {
        judge(group, Problem::OtherMac);
    }
    for group in by_mac.values() {
        judge(group, Problem::OtherSerial);
    }
    for (n, problem) in &mut problems {
        if let Problem::Repeats(line) = problem
            && let Some(first) = lines.iter().find(|first| first.line == *line)
            && first.account != lines[*n].account
        {
            *problem = Problem::OtherAccount(*line);
        }
    }
    // Of two accounts for one server neither is right.
    let doubtful = |(n, problem): &(usize, Problem)| {
        let Problem::OtherAccount(line) = problem else { return None };
        Some((lines.iter().position(|first| first.line == *line)?, Problem::OtherAccount(lines[*n].line)))
    };
    let doubtful: Vec<(usize, Problem)> = problems.iter().filter_map(doubtful).collect();
    for (n, problem) in problems.into_iter().chain(doubtful) {
        // What is said first of a row stands: a serial is what a person looks for.
        if lines[n].row.is_ok() {
            lines[n].row = Err(problem);
        }
    }
}

/// One line of cells; a quoted cell may go on over several.
pub struct Record {
    /// The line it begins on, from 1.
    pub line: u32,
    /// What stands in it, quotes taken off.
    pub cells: Vec<String>,
}

/// Cells as RFC 4180 has them, with any of the delimiters and any line end.
pub struct Records<'a> {
    reader: csv_core::Reader,
    rest: &'a str,
    line: u32,
    /// Where a cell is put: a byte more than it may have.
    cell: Vec<u8>,
}

impl<'a> Records<'a> {
    /// The records of `text`, with cells of `max_cell` bytes at the most.
    pub fn new(text: &'a str, delimiter: char, max_cell: usize) -> Self {
        // Each of `DELIMITERS` is one octet.
        let reader = csv_core::ReaderBuilder::new().delimiter(delimiter as u8).build();
        // The reader would take one mark of its own off behind our back.
        Self { reader, rest: text.trim_start_matches('\u{feff}'), line: 1, cell: vec![0; max_cell + 1] }
    }

    /// The next record in which anything stands.
    ///
    /// # Errors
    /// Where a quote is in doubt, a cell too long or a line too wide.
    pub fn next_filled(&mut self) -> Result<Option<Record>, Unreadable> {
        loop {
            self.pass(self.rest.len() - self.rest.trim_start_matches(['\r', '\n']).len());
            let mut record = Record { line: self.line, cells: Vec::new() };
            while let Some((cell, last)) = self.cell(record.line)? {
                if record.cells.len() == MAX_COLUMNS {
                    return Err(Unreadable::TooWide(record.line));
                }
                record.cells.push(cell);
                if last {
                    break;
                }
            }
            if record.cells.is_empty() {
                return Ok(None);
            }
            if record.cells.iter().any(|c| !c.trim().is_empty()) {
                return Ok(Some(record));
            }
        }
    }

    /// The next cell, and whether the record ends with it.
    fn cell(&mut self, line: u32) -> Result<Option<(String, bool)>, Unreadable> {
        let (mut taken, mut put) = (0, 0);
        let last = loop {
            let (found, took, wrote) = self.reader.read_field(&self.rest.as_bytes()[taken..], &mut self.cell[put..]);
            (taken, put) = (taken + took, put + wrote);
            match found {
                // With nothing more to take, the end of the file ends the cell.
                ReadFieldResult::InputEmpty => {}
                ReadFieldResult::OutputFull => return Err(Unreadable::LongCell(line)),
                ReadFieldResult::Field { record_end } => break record_end,
                ReadFieldResult::End => return Ok(None),
            }
        };
        if put == self.cell.len() {
            return Err(Unreadable::LongCell(line));
        }
        let (raw, cell) = (&self.rest[..taken], String::from_utf8_lossy(&self.cell[..put]));
        let raw = if last { raw.trim_end_matches(['\r', '\n']) } else { &raw[..taken - 1] };
        let cell = unquoted(raw, &cell).ok_or(Unreadable::Quote(line))?;
        self.pass(taken);
        Ok(Some((cell, last)))
    }

    /// Goes on behind so many octets, and counts their line ends.
    fn pass(&mut self, octets: usize) {
        let ends = self.rest.as_bytes().windows(2).take(octets);
        let ends = ends.filter(|pair| pair[0] == b'\n' || pair[0] == b'\r' && pair[1] != b'\n').count();
        self.line = self.line.saturating_add(u32::try_from(ends).unwrap_or(u32::MAX));
        self.rest = &self.rest[octets..];
    }
}

/// What a cell says, its line ends of one kind. The reader makes something of every quote; here whatever it took off must
/// be one pair of quotes around the cell and one of each two within: else one is not closed, or something follows it.
fn unquoted(raw: &str, cell: &str) -> Option<String> {
    let quoted = raw.trim_end_matches(' ');
    let cell = if raw == cell {
        cell
    } else {
        let cell = &cell[..cell.len().checked_sub(raw.len() - quoted.len())?];
        let whole = quoted.ends_with('"') && quoted.len() == cell.len() + cell.matches('"').count() + 2;
        whole.then_some(cell)?
    };
    Some(if cell.contains('\r') { cell.replace("\r\n", "\n").replace('\r', "\n") } else { cell.to_owned() })
}

#[cfg(test)]
#[path = "manifest/tests.rs"]
mod tests;
