//! Which column of a vendor's file is which: by names that are known, or by those a person gives.

use std::collections::BTreeMap;
use std::fmt;

use super::{BMC_MAC, SERIAL, Unreadable};
use crate::text::Text;

/// Characters of a column's name at the most, where a person gives it.
pub const MAX_NAME: usize = 128;

/// What is read of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// The server's serial.
    Serial,
    /// The MAC of its BMC.
    BmcMac,
    /// The user name of its BMC's factory account; read beside a password only.
    User,
    /// The password of that account.
    Password,
}

/// Names of the serial's column besides [`SERIAL`], without case, spaces and punctuation.
const SERIALS: [&str; 10] = [
    "serial",
    "serialnumber",
    "serialno",
    "serverserialnumber",
    "systemserialnumber",
    "chassisserialnumber",
    "productserialnumber",
    "servicetag",
    "dellservicetag",
    "assetservicetag",
];
/// The same of the BMC's MAC. A bare `mac` is not among them: it may be a NIC's.
const MACS: [&str; 12] = [
    "bmcmac",
    "bmcmacaddress",
    "ilomac",
    "ilomacaddress",
    "ilonicmacaddress",
    "idracmac",
    "idracmacaddress",
    "dracmac",
    "dracmacaddress",
    "managementmac",
    "managementmacaddress",
    "oobmacaddress",
];
/// The same of the factory account's user name.
const USERS: [&str; 10] = [
    "user",
    "username",
    "bmcuser",
    "bmcusername",
    "ilouser",
    "ilousername",
    "idracuser",
    "idracusername",
    "defaultuser",
    "defaultusername",
];
/// The same of its password.
const PASSWORDS: [&str; 11] = [
    "password",
    "bmcpassword",
    "bmcdefaultpassword",
    "defaultpassword",
    "factorypassword",
    "factorydefaultpassword",
    "ilopassword",
    "ilodefaultpassword",
    "idracpassword",
    "idracdefaultpassword",
    "managementpassword",
];
/// Any other column whose name has one of these in it is refused, whatever is in it.
const SECRETS: [&str; 5] = ["password", "passwd", "passphrase", "passcode", "secret"];

impl Field {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Serial, Self::BmcMac, Self::User, Self::Password];

    /// Its name in a column map.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Serial => "serial",
            Self::BmcMac => "mac",
            Self::User => "user",
            Self::Password => "password",
        }
    }

    /// The column's name in a file of ours.
    pub const fn column(self) -> &'static str {
        match self {
            Self::Serial => SERIAL,
            Self::BmcMac => BMC_MAC,
            Self::User => "server_bmc_user",
            Self::Password => "server_bmc_password",
        }
    }

    const fn known(self) -> &'static [&'static str] {
        match self {
            Self::Serial => &SERIALS,
            Self::BmcMac => &MACS,
            Self::User => &USERS,
            Self::Password => &PASSWORDS,
        }
    }
}

/// Names a person gave for columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns(BTreeMap<Field, String>);

/// Why a column map is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadMap {
    /// There is no such field.
    Field(Text),
    /// This field is named twice.
    Twice(&'static str),
    /// A column's name is empty, or longer than [`MAX_NAME`].
    Name(&'static str),
    /// Two fields are said to be the same column.
    Same(Text),
    /// This is no `FIELD=COLUMN`.
    NoPair(Text),
}

impl fmt::Display for BadMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(word) => {
                write!(f, "`{word}` is nothing that is read of a manifest; there are serial, mac, user and password")
            }
            Self::Twice(word) => write!(f, "{word} is named twice"),
            Self::Name(word) => write!(f, "the column for {word} has no name of 1 to {MAX_NAME} characters"),
            Self::Same(name) => write!(f, "the column `{name}` cannot be two things at once"),
            Self::NoPair(text) => write!(f, "`{text}` is no FIELD=COLUMN, such as serial=\"Service Tag\""),
        }
    }
}

impl std::error::Error for BadMap {}

impl Columns {
    /// The names in these pairs of field and column, such as `serial` and `Service Tag`.
    ///
    /// # Errors
    /// Where a field is not known or named twice, or a name is none.
    pub fn named<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, BadMap> {
        let mut columns = Self::default();
        for (word, name) in pairs {
            let word = word.trim().to_lowercase();
            let field = Field::ALL.into_iter().find(|field| field.word() == word);
            let field = field.ok_or_else(|| BadMap::Field(Text::new(&word)))?;
            let name = name.trim();
            if name.is_empty() || name.chars().count() > MAX_NAME {
                return Err(BadMap::Name(field.word()));
            }
            let taken = columns.0.iter().find(|(other, at)| **other != field && same(at, name));
            if let Some((_, at)) = taken {
                return Err(BadMap::Same(Text::new(at)));
            }
            if columns.0.insert(field, name.to_owned()).is_some() {
                return Err(BadMap::Twice(field.word()));
            }
        }
        Ok(columns)
    }

    /// The names in a text such as `serial=Service Tag,mac=iDRAC MAC`. A name with a comma in it needs a file.
    ///
    /// # Errors
    /// As [`Columns::named`], and where a part is no pair.
    pub fn in_text(text: &str) -> Result<Self, BadMap> {
        let pair = |part: &str| match part.split_once('=') {
            Some((field, name)) => Ok((field.to_owned(), name.trim().trim_matches('"').to_owned())),
            None => Err(BadMap::NoPair(Text::new(part))),
        };
        let pairs: Vec<(String, String)> = text.split(',').map(pair).collect::<Result<_, _>>()?;
        Self::named(pairs.iter().map(|(field, name)| (field.as_str(), name.as_str())))
    }

    /// The same of a field that a file need not have; a name that a person gave must be there.
    pub(super) fn find_if_any(&self, field: Field, names: &[String]) -> Result<Option<usize>, Unreadable> {
        match self.find(field, names) {
            Err(Unreadable::NoColumn(_)) => Ok(None),
            found => found.map(Some),
        }
    }

    /// Where a field's column is among these names.
    pub(super) fn find(&self, field: Field, names: &[String]) -> Result<usize, Unreadable> {
        let one = |fits: &dyn Fn(&str) -> bool| {
            let mut at = names.iter().enumerate().filter(|(_, name)| fits(name)).map(|(n, _)| n);
            (at.next(), at.next())
        };
        if let Some(given) = self.0.get(&field) {
            return match one(&|name| same(name, given)) {
                (Some(n), None) => Ok(n),
                (Some(_), Some(_)) => Err(Unreadable::TwoColumns(Text::new(given))),
                (None, _) => Err(Unreadable::NotThere(Text::new(given))),
            };
        }
        match one(&|name| same(name, field.column())) {
            (Some(n), None) => return Ok(n),
            (Some(_), Some(_)) => return Err(Unreadable::TwoColumns(Text::new(field.column()))),
            (None, _) => {}
        }
        match one(&|name| field.known().contains(&bare(name).as_str())) {
            (Some(n), None) => Ok(n),
            (Some(a), Some(b)) if !same(&names[a], &names[b]) => {
                Err(Unreadable::Doubtful(field, Text::new(names[a].trim()), Text::new(names[b].trim())))
            }
            (Some(n), Some(_)) => Err(Unreadable::TwoColumns(Text::new(names[n].trim()))),
            (None, _) => Err(Unreadable::NoColumn(field)),
        }
    }
}

/// Whether a column may hold what must not be in a manifest.
pub(super) fn is_secret(name: &str) -> bool {
    let bare = bare(name);
    SECRETS.iter().any(|s| bare.contains(s))
}

fn same(a: &str, b: &str) -> bool {
    a.trim().to_lowercase() == b.trim().to_lowercase()
}

/// A name without case, and without what people put between words. Never without a delimiter: under the wrong one a
/// cell must not look like a name.
fn bare(name: &str) -> String {
    let between = |c: &char| !c.is_whitespace() && !['_', '-', '.', '/', '#', ':', '(', ')'].contains(c);
    name.chars().filter(between).flat_map(char::to_lowercase).collect()
}
