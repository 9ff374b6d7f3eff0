//! Query strings: filters, lean field lists and paging as NetBox reads them.

use std::collections::BTreeSet;

use percent_encoding::percent_decode_str;
use serde_json::json;

use super::object::Problem;
use super::profile::Profile;
use super::state::State;

/// A decoded query.
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub fn parse(raw: &str) -> Self {
        let pairs = raw.split('&').filter(|pair| !pair.is_empty());
        Self(
            pairs
                .map(|pair| {
                    let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
                    (decode(key), decode(value))
                })
                .collect(),
        )
    }

    /// The values of a filter; `None` where it is missing or empty, which matches everything.
    pub fn all(&self, key: &str) -> Option<Vec<&str>> {
        let values: Vec<&str> =
            self.0.iter().filter(|(k, v)| k == key && !v.is_empty()).map(|(_, v)| v.as_str()).collect();
        (!values.is_empty()).then_some(values)
    }

    /// The last value of a parameter.
    pub fn one(&self, key: &str) -> Option<&str> {
        self.0.iter().rev().find(|(k, v)| k == key && !v.is_empty()).map(|(_, v)| v.as_str())
    }

    /// A filter by ids: 400 where one is no number.
    pub fn ids(&self, key: &str) -> Result<Option<BTreeSet<u64>>, Problem> {
        let Some(values) = self.all(key) else { return Ok(None) };
        let ids: Result<BTreeSet<u64>, _> = values.iter().map(|v| v.parse()).collect();
        ids.map(Some).map_err(|_| Problem::field(key, "Enter a whole number."))
    }

    /// Page size and offset. A bad limit means 50; 0 and more than the largest mean the largest.
    pub fn page(&self, largest: usize) -> (usize, usize) {
        let limit = match self.one("limit").map(str::parse::<usize>) {
            Some(Ok(0)) => largest,
            Some(Ok(limit)) => limit.min(largest),
            _ => 50.min(largest),
        };
        (limit, self.one("offset").and_then(|v| v.parse().ok()).unwrap_or(0))
    }

    /// Where a cursor stands; `None` where there is none, or this release knows none.
    pub fn start(&self, profile: Profile) -> Result<Option<u64>, Problem> {
        let Some(text) = self.one("start").filter(|_| profile.is_recent()) else { return Ok(None) };
        if self.0.iter().any(|(key, _)| key == "ordering") {
            let what = "Ordering cannot be specified in conjunction with cursor-based pagination.";
            return Err(Problem::Invalid(json!([what])));
        }
        if self.0.iter().any(|(key, _)| key == "offset") {
            return Err(Problem::Invalid(json!(["'start' and 'offset' are mutually exclusive."])));
        }
        let bad = "Invalid 'start' parameter: must be a non-negative integer.";
        text.parse().map(Some).map_err(|_| Problem::Invalid(json!([bad])))
    }

    /// The properties that were asked for.
    pub fn want(&self, profile: Profile) -> Want<'_> {
        let brief = self.one("brief").is_some_and(|v| matches!(v, "1" | "true"));
        let only = self.one("fields").map(|list| list.split(',').collect());
        let omitted = self.one("omit").filter(|_| profile.is_recent()).into_iter().chain(self.one("exclude"));
        Want {
            only: only.or_else(|| brief.then(|| BRIEF.iter().copied().collect())),
            but: omitted.flat_map(|list| list.split(',')).collect(),
        }
    }
}

/// What brief answers have, of whatever kind.
const BRIEF: &[&str] = &[
    "id",
    "url",
    "display",
    "name",
    "slug",
    "description",
    "mac_address",
    "address",
    "family",
    "device",
    "cable",
    "_occupied",
];

/// Which properties an answer has.
pub(super) struct Want<'a> {
    only: Option<BTreeSet<&'a str>>,
    but: BTreeSet<&'a str>,
}

impl Want<'_> {
    /// All properties.
    pub fn all() -> Self {
        Self { only: None, but: BTreeSet::new() }
    }

    pub fn has(&self, key: &str) -> bool {
        self.only.as_ref().is_none_or(|keys| keys.contains(key)) && !self.but.contains(key)
    }
}

/// The filter by sites' slugs; an unknown one is an error, unlike an unknown value of a custom field.
pub(super) fn site(state: &State, query: &Query) -> Result<Option<BTreeSet<u64>>, Problem> {
    let Some(slugs) = query.all("site") else { return Ok(None) };
    let found = slugs.into_iter().map(|slug| {
        let known = state.sites.iter().find(|(_, s)| s.slug == slug).map(|(id, _)| *id);
        known.ok_or_else(|| {
            Problem::field("site", format!("Select a valid choice. {slug} is not one of the available choices."))
        })
    });
    found.collect::<Result<_, _>>().map(Some)
}

fn decode(raw: &str) -> String {
    percent_decode_str(&raw.replace('+', " ")).decode_utf8_lossy().into_owned()
}
