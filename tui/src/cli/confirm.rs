//! Asks on the command line what the console asks in its forms: nothing, a yes, or a typed word.

use rackhand_core::decide::confirm::Confirm;
use rackhand_core::decide::{Refusal, Why};
use rackhand_core::purchase::money::minor;
use rackhand_core::text::Text;

use super::args::{Sure, Typed};
use super::output::{Fail, Output};

/// What was given beforehand.
#[derive(Clone, Debug, Default)]
pub(super) struct Given {
    yes: bool,
    word: Option<String>,
}

impl From<Sure> for Given {
    fn from(sure: Sure) -> Self {
        Self { yes: sure.yes, word: None }
    }
}

impl From<Typed> for Given {
    fn from(typed: Typed) -> Self {
        Self { yes: false, word: typed.confirm }
    }
}

impl From<(Sure, Typed)> for Given {
    fn from((sure, typed): (Sure, Typed)) -> Self {
        Self { yes: sure.yes, word: typed.confirm }
    }
}

/// Goes on where it is meant. `about` says what follows; a person is asked where one is there and nothing was given.
pub(super) fn confirm(asked: &Confirm, given: Given, about: &str, out: &mut Output<'_>) -> Result<(), Fail> {
    let (what, flag) = match asked {
        Confirm::Nothing => return Ok(()),
        Confirm::Yes if given.yes => return Ok(()),
        Confirm::Yes => ("yes".to_owned(), "--yes"),
        Confirm::Word { what, .. } => ((*what).to_owned(), "--confirm WORD"),
        Confirm::Amount(total) => (format!("the total in {}", total.currency), "--amount"),
    };
    let typed = match given.word {
        Some(word) => word,
        None => {
            let question = Text::from(format!("{about} Type {what} to go on: "));
            match out.ask(&question)? {
                Some(typed) => typed,
                None if matches!(asked, Confirm::Yes) => {
                    return Err(Fail::Usage(format!(
                        "{about} Nobody is here to confirm it: give --yes if you mean it"
                    )));
                }
                None => {
                    let told = format!("{about} Nobody is here to confirm it: give {flag}, {what}, if you mean it");
                    return Err(Fail::Usage(told));
                }
            }
        }
    };
    let is_meant = match asked {
        Confirm::Word { word, .. } => typed.trim().eq_ignore_ascii_case(word),
        Confirm::Amount(total) => minor(typed.trim(), total.currency) == Ok(total.minor),
        Confirm::Yes | Confirm::Nothing => typed.trim().eq_ignore_ascii_case("yes"),
    };
    if is_meant {
        return Ok(());
    }
    Err(Fail::Refused(Refusal::new(Why::Invalid, format!("not confirmed by {what}; nothing was done"))))
}
