//! Filters of the unit table: words and `field:value` pairs that must all match; `!` negates.

use super::UnitRow;
use crate::text::Text;

/// One word of a filter.
pub(super) struct Term {
    negated: bool,
    field: Option<String>,
    value: String,
}

impl Term {
    pub(super) fn parse(filter: &str) -> Vec<Self> {
        filter
            .split_whitespace()
            .take(16)
            .map(|word| {
                let (negated, word) = word.strip_prefix('!').map_or((false, word), |rest| (true, rest));
                let (field, value) = match word.split_once(':') {
                    Some((field, value)) => (Some(field.to_lowercase()), value),
                    None => (None, word),
                };
                Self { negated, field, value: value.to_lowercase() }
            })
            .collect()
    }

    pub(super) fn matches(&self, row: &UnitRow) -> bool {
        let has = |text: &str| text.to_lowercase().contains(&self.value);
        let optional = |text: &Option<Text>| text.as_ref().is_some_and(|t| has(t));
        let found = match self.field.as_deref() {
            Some("site") => has(row.site.as_str()),
            Some("stage") => has(row.stage.word()),
            Some("state") => has(row.state.word()),
            Some("model") => optional(&row.model),
            Some("place") => optional(&row.place),
            Some("disposition") => has(row.disposition.word()),
            Some("serial") => has(&row.label),
            Some(_) => false,
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
