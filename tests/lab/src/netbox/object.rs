//! What all of NetBox's objects have in common: ids, stamps, how they are mentioned, how a write is refused.

use rackhand_core::time::Timestamp;
use serde_json::{Map, Value, json};

use super::query::Want;

/// Why a write or a filter is refused.
#[derive(Debug)]
pub(super) enum Problem {
    /// 400 with this body.
    Invalid(Value),
    /// 500 with this body: what NetBox did not foresee.
    Broken(Value),
}

impl Problem {
    /// `{"field": ["text"]}`.
    pub fn field(field: &str, text: impl Into<String>) -> Self {
        Self::Invalid(json!({ field: [text.into()] }))
    }

    /// 500 as the API's exception handler words it.
    pub fn exception(error: &str, exception: &str) -> Self {
        Self::Broken(json!({ "error": error, "exception": exception, "python_version": "3.12.0" }))
    }
}

/// When an object was made and last changed.
#[derive(Clone, Copy)]
pub(super) struct Stamps {
    pub created: Timestamp,
    pub updated: Timestamp,
}

/// ISO 8601 with microseconds, as NetBox writes it.
pub(super) fn iso(when: Timestamp) -> String {
    let text = when.to_string();
    format!("{}.{:06}Z", text.trim_end_matches('Z'), when.as_micros().rem_euclid(1_000_000))
}

/// Collects the properties that were asked for; the others are never made.
pub(super) struct Shape<'a> {
    want: &'a Want<'a>,
    map: Map<String, Value>,
}

impl<'a> Shape<'a> {
    pub fn new(want: &'a Want<'a>) -> Self {
        Self { want, map: Map::new() }
    }

    pub fn put(&mut self, key: &str, value: impl FnOnce() -> Value) -> &mut Self {
        if self.want.has(key) {
            self.map.insert(key.to_owned(), value());
        }
        self
    }

    /// Properties that the lab keeps nothing of.
    pub fn fixed(&mut self, keys: &[&str], value: &Value) -> &mut Self {
        for key in keys {
            self.put(key, || value.clone());
        }
        self
    }

    /// Id, addresses, stamps and what every object ends with.
    pub fn common(&mut self, path: &str, id: u64, display: &str, stamps: Stamps) -> &mut Self {
        self.put("id", || id.into())
            .put("url", || url(path, id).into())
            .put("display_url", || format!("http://netbox.lab/{path}/{id}/").into())
            .put("display", || display.into())
            .put("created", || iso(stamps.created).into())
            .put("last_updated", || iso(stamps.updated).into());
        // Customisation itself has no tags.
        if !path.starts_with("extras/custom-field") {
            self.put("tags", || json!([]));
        }
        self
    }

    pub fn done(&mut self) -> Value {
        Value::Object(std::mem::take(&mut self.map))
    }
}

pub(super) fn url(path: &str, id: u64) -> String {
    format!("http://netbox.lab/api/{path}/{id}/")
}

/// An object as another one mentions it.
pub(super) fn mention(path: &str, id: u64, name: &str) -> Value {
    json!({ "id": id, "url": url(path, id), "display": name, "name": name, "description": "" })
}

/// The same with a slug.
pub(super) fn mention_slug(path: &str, id: u64, name: &str, slug: &str) -> Value {
    let mut value = mention(path, id, name);
    value["slug"] = slug.into();
    value
}

/// `{"value", "label"}`.
pub(super) fn choice(value: &str) -> Value {
    let mut letters = value.chars();
    let label = letters.next().map(|c| c.to_ascii_uppercase().to_string() + letters.as_str());
    json!({ "value": value, "label": label.unwrap_or_default() })
}

/// A reference in a body: an id, or an object with one. `Ok(None)` is null.
pub(super) fn reference(field: &str, value: &Value) -> Result<Option<u64>, Problem> {
    match value {
        Value::Null => Ok(None),
        Value::Object(map) if map.contains_key("id") => reference(field, &map["id"]),
        other => other.as_u64().map(Some).ok_or_else(|| {
            Problem::field(field, format!("Related objects must be referenced by numeric ID or by dictionary of attributes. Received an unrecognized value: {other}"))
        }),
    }
}

/// A text in a body.
pub(super) fn text(body: &Value, key: &str) -> Result<Option<String>, Problem> {
    match body.get(key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(Value::Null) => Err(Problem::field(key, "This field may not be null.")),
        Some(_) => Err(Problem::field(key, "Not a valid string.")),
    }
}

/// A text that has to be there.
pub(super) fn required(body: &Value, key: &str) -> Result<String, Problem> {
    match text(body, key)? {
        Some(text) if text.is_empty() => Err(Problem::field(key, "This field may not be blank.")),
        Some(text) => Ok(text),
        None => Err(Problem::field(key, "This field is required.")),
    }
}

/// What a body assigns an object to: `None` where it does not say, `Some(None)` where it unassigns.
#[expect(clippy::option_option, reason = "a PATCH tells missing from null")]
pub(super) fn assignment(body: &Value) -> Result<Option<Option<(String, u64)>>, Problem> {
    let (kind, id) = (body.get("assigned_object_type"), body.get("assigned_object_id"));
    match (kind, id) {
        (None, None) => Ok(None),
        (Some(Value::Null), _) | (_, Some(Value::Null)) => Ok(Some(None)),
        (Some(Value::String(kind)), Some(id)) => match id.as_u64() {
            Some(id) => Ok(Some(Some((kind.clone(), id)))),
            None => Err(Problem::field("assigned_object_id", "A valid integer is required.")),
        },
        _ => Err(Problem::field("assigned_object_type", "Invalid content type.")),
    }
}
