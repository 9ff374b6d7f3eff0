//! Query strings: filters, lean field lists and paging as NetBox reads them.

use std::collections::BTreeSet;

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
    pub fn ids(&self, key: &str) -> Result<Option<BTreeSet<u64>>, super::object::Problem> {
        let Some(values) = self.all(key) else { return Ok(None) };
        let ids: Result<BTreeSet<u64>, _> = values.iter().map(|v| v.parse()).collect();
        ids.map(Some).map_err(|_| super::object::Problem::field(key, "Enter a whole number."))
    }

    /// Page size and offset. A bad limit means 50; 0 and more than 1000 mean 1000.
    pub fn page(&self) -> (usize, usize) {
        let limit = match self.one("limit").map(str::parse::<usize>) {
            Some(Ok(0)) => 1_000,
            Some(Ok(limit)) => limit.min(1_000),
            _ => 50,
        };
        (limit, self.one("offset").and_then(|v| v.parse().ok()).unwrap_or(0))
    }

    /// The properties that were asked for.
    pub fn want(&self) -> Want<'_> {
        Want(self.one("fields").map(|list| list.split(',').collect()))
    }
}

/// Which properties an answer has; `None` is all.
pub(super) struct Want<'a>(Option<BTreeSet<&'a str>>);

impl Want<'_> {
    pub fn has(&self, key: &str) -> bool {
        self.0.as_ref().is_none_or(|keys| keys.contains(key))
    }
}

fn decode(raw: &str) -> String {
    let mut out = Vec::with_capacity(raw.len());
    let mut bytes = raw.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'+' => out.push(b' '),
            b'%' => {
                let digits: Vec<u8> = bytes.by_ref().take(2).collect();
                let text = std::str::from_utf8(&digits).unwrap_or_default();
                out.push(u8::from_str_radix(text, 16).unwrap_or(b'?'));
            }
            other => out.push(other),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
