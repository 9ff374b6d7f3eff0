//! Filters of tables: words and `field:value` pairs that must all match; `!` negates. What a filter says that nothing
//! can mean is refused before it is used: a slip must not look like an empty fleet, nor like a whole one.

use super::unit::{State, UnitRow};
use crate::event::Event;
use crate::id::Subject;
use crate::lifecycle::stage::{Disposition, Stage};
use crate::order::OrderState;
use crate::text::Text;

/// Words of a filter that are looked at.
pub const MOST: usize = 16;
/// Fields of the filter of servers.
pub const FIELDS: [&str; 7] = ["site", "stage", "state", "model", "place", "disposition", "serial"];
/// Fields of the filter of orders.
pub const ORDER_FIELDS: [&str; 3] = ["state", "tenant", "site"];

/// One word of a filter.
pub(crate) struct Term {
    negated: bool,
    field: Option<String>,
    value: String,
    /// The words that the value stands for, where the field has a few words only.
    words: Option<Vec<&'static str>>,
}

/// A word of a filter as its parts: whether `!` stands in front, its field, its value.
fn parts(word: &str) -> (bool, Option<String>, String) {
    let (negated, word) = word.strip_prefix('!').map_or((false, word), |rest| (true, rest));
    match word.split_once(':') {
        Some((field, value)) => (negated, Some(field.to_lowercase()), value.to_lowercase()),
        None => (negated, None, word.to_lowercase()),
    }
}

/// The words of a field of servers that has a few words only.
fn words_of(field: &str) -> Option<Vec<&'static str>> {
    match field {
        "stage" => Some(Stage::ALL.iter().map(|s| s.word()).collect()),
        "state" => Some(State::ALL.iter().map(|s| s.word()).collect()),
        "disposition" => Some(Disposition::ALL.iter().map(|d| d.word()).collect()),
        _ => None,
    }
}

/// What a value means among a field's words: the very word, or the stage of that short form; else all it is a part of.
fn meant(field: &str, words: &[&'static str], value: &str) -> Vec<&'static str> {
    let short = Stage::ALL.iter().filter(|s| field == "stage" && s.short().eq_ignore_ascii_case(value));
    let exact: Vec<&str> =
        words.iter().copied().filter(|w| *w == value).chain(short.map(|s| s.word())).take(1).collect();
    if exact.is_empty() && !value.is_empty() {
        words.iter().copied().filter(|w| w.contains(value)).collect()
    } else {
        exact
    }
}

/// Whether one word is among those a value of an order's state means.
pub(crate) fn order_state(state: OrderState, value: &str) -> bool {
    meant("state", &OrderState::ALL.map(OrderState::word), value).contains(&state.word())
}

/// Refuses a filter of servers that holds what nothing can mean.
pub fn check(filter: &str) -> Result<(), Text> {
    all(filter, &FIELDS, words_of)
}

/// Refuses a filter of orders that holds what nothing can mean.
pub fn check_orders(filter: &str) -> Result<(), Text> {
    all(filter, &ORDER_FIELDS, |field| (field == "state").then(|| OrderState::ALL.map(OrderState::word).to_vec()))
}

/// Refuses a filter that takes words only where it names a field of another list.
pub fn check_words(filter: &str) -> Result<(), Text> {
    let field = filter.split_whitespace().find_map(|word| parts(word).1.filter(|f| FIELDS.contains(&f.as_str())));
    match field {
        Some(field) => Err(format!("this list is filtered by words alone; it has no field `{field}:`").into()),
        None => Ok(()),
    }
}

/// Refuses a filter of events that names a kind or a subject there cannot be.
pub fn check_events(filter: &str) -> Result<(), Text> {
    for (field, value) in filter.split_whitespace().filter_map(|word| word.split_once(':')) {
        if field == "kind" && !Event::KINDS.contains(&value) {
            return Err(unknown("kind", value, Event::KINDS));
        }
        if field == "subject" && value.parse::<Subject>().is_err() {
            return Err(format!("`{value}` is no subject; such as subject:unit/ID, subject:order/12").into());
        }
    }
    Ok(())
}

fn all(filter: &str, fields: &[&str], words_of: impl Fn(&str) -> Option<Vec<&'static str>>) -> Result<(), Text> {
    if filter.split_whitespace().count() > MOST {
        return Err(format!("a filter has {MOST} words at the most").into());
    }
    for word in filter.split_whitespace() {
        let (_, Some(field), value) = parts(word) else { continue };
        if !fields.contains(&field.as_str()) {
            return Err(format!("`{field}:` is no field here: {}", fields.join(", ")).into());
        }
        if let Some(words) = words_of(&field).filter(|words| meant(&field, words, &value).is_empty()) {
            return Err(unknown(&field, &value, &words));
        }
    }
    Ok(())
}

/// Says that a value is none of a field's, and which it may have been.
fn unknown(field: &str, value: &str, words: &[&str]) -> Text {
    let alike = |word: &str| word.chars().zip(value.chars()).take_while(|(a, b)| a == b).count();
    let near = words.iter().max_by_key(|word| alike(word)).filter(|word| alike(word) >= 2);
    let hint = match near {
        Some(near) => format!("; did you mean {near}?"),
        None if words.len() <= 10 => format!(": {}", words.join(", ")),
        None => String::new(),
    };
    format!("`{value}` is no {field}{hint}").into()
}

impl Term {
    pub(crate) fn parse(filter: &str) -> Vec<Self> {
        filter
            .split_whitespace()
            .take(MOST)
            .map(|word| {
                let (negated, field, value) = parts(word);
                let words = field.as_deref().and_then(|f| words_of(f).map(|words| meant(f, &words, &value)));
                Self { negated, field, value, words }
            })
            .collect()
    }

    pub(crate) fn matches(&self, row: &UnitRow) -> bool {
        let has = |text: &str| text.to_lowercase().contains(&self.value);
        let optional = |text: &Option<Text>| text.as_ref().is_some_and(|t| has(t));
        let is = |word: &str| self.words.as_ref().is_some_and(|words| words.contains(&word));
        let found = match self.field.as_deref() {
            Some("site") => has(row.site.as_str()),
            Some("stage") => is(row.stage.word()),
            Some("state") => is(row.state.word()),
            Some("model") => optional(&row.model),
            Some("place") => optional(&row.place),
            Some("disposition") => is(row.disposition.word()),
            Some("serial") => has(&row.label),
            // Nothing is known of it, so nothing is said by its contrary either.
            Some(_) => return false,
            None => {
                has(&row.label)
                    || has(row.site.as_str())
                    || has(row.stage.word())
                    || optional(&row.model)
                    || optional(&row.place)
                    || has(&row.waits_for)
            }
        };
        found != self.negated
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_a_field_means_itself_and_a_part_of_words_all_of_them() {
        let stages = |value| meant("stage", &words_of("stage").unwrap_or_default(), value);
        assert_eq!(stages("received"), ["received"], "not quote_received");
        assert_eq!(stages("quote"), ["quote_requested", "quote_received"]);
        assert_eq!(stages(Stage::Received.short()), ["received"]);
        assert!(stages("recieved").is_empty() && stages("").is_empty());
        assert!(order_state(OrderState::Deciding, "deciding") && !order_state(OrderState::Deciding, "quoting"));
    }

    #[test]
    fn a_slip_in_a_filter_is_refused_with_what_was_meant() {
        for good in ["", "state:stuck !stage:staged dell", "STAGE:Received", "place:", "site:fra1 model:r660"] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for (slip, told) in [
            ("stat:stuck", "`stat:` is no field here: site, stage, state"),
            ("!stat:stuck", "`stat:` is no field here"),
            ("stage:recieved", "`recieved` is no stage; did you mean received?"),
            ("state:stock", "`stock` is no state; did you mean stuck?"),
            ("disposition:", "`` is no disposition: normal, on_hold"),
            ("a b c d e f g h i j k l m n o p q", "16 words at the most"),
        ] {
            assert!(check(slip).is_err_and(|why| why.contains(told)), "{slip}: {:?}", check(slip));
        }
        assert!(check_orders("state:deciding tenant:acme").is_ok() && check_orders("stage:ready").is_err());
        assert!(check_orders("state:decidet").is_err_and(|why| why.contains("did you mean deciding?")));
        assert!(check_words("dell a07 94:40:c9").is_ok() && check_words("site:fra1").is_err());
        assert!(check_events("kind:step_parked 10.4.7.1:443").is_ok());
        assert!(check_events("kind:step_parkt").is_err_and(|why| why.contains("did you mean step_parked?")));
        assert!(check_events("subject:nobody").is_err());
    }
}
