//! The schema says what the reader takes, and the example explains all that the schema has.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{EXAMPLE, whole_example};

/// Follows a reference, and the one type of a value that may also be absent.
fn resolved<'a>(root: &'a Value, mut at: &'a Value) -> &'a Value {
    loop {
        let other = at.get("anyOf").and_then(Value::as_array);
        if let Some(some) = other.and_then(|o| o.iter().find(|s| s.get("type") != Some(&"null".into()))) {
            at = some;
        } else if let Some(name) = at.get("$ref").and_then(Value::as_str) {
            at = root.pointer(name.trim_start_matches('#')).expect("a definition");
        } else {
            return at;
        }
    }
}

/// Sections whose parts have names of the user's own.
const MAPS: [&str; 2] = ["vendors", "destinations"];

/// Every key with its description, as `[section] key`.
fn keys(root: &Value, section: &str, at: &Value, found: &mut BTreeMap<String, String>) {
    let Some(properties) = at.get("properties").and_then(Value::as_object) else { return };
    assert_eq!(at.get("additionalProperties"), Some(&false.into()), "[{section}] refuses other keys");
    for (name, raw) in properties {
        let property = resolved(root, raw);
        let said = raw.get("description").or_else(|| property.get("description")).and_then(Value::as_str);
        found.insert(format!("[{section}] {name}"), said.unwrap_or_default().to_owned());
        let each = property.get("additionalProperties").filter(|each| each.is_object());
        let inner = property.get("items").or(each).map_or(property, |items| resolved(root, items));
        let section = if section.is_empty() { name.clone() } else { format!("{section}.{name}") };
        keys(root, &section, inner, found);
    }
}

#[test]
fn every_key_has_a_description_and_stands_in_the_example_under_an_explanation() {
    let schema = super::super::schema();
    let mut all = BTreeMap::new();
    keys(&schema, "", &schema, &mut all);
    assert!(all.len() > 20, "{all:?}");
    let (mut section, mut explained, mut shown) = (String::new(), false, BTreeSet::new());
    for line in EXAMPLE.lines() {
        let (text, hidden) = line.strip_prefix("# ").map_or((line, false), |rest| (rest, true));
        let key = text.split_once(" = ").map(|(k, _)| k).filter(|k| !k.contains(' '));
        if let Some(name) = text.strip_prefix('[').and_then(|t| t.split_once(']')) {
            // Of `vendors.hpe` the key is `vendors`, and what stands under it is every vendor's.
            let path: Vec<&str> = name.0.trim_matches('[').split('.').collect();
            let named = |n: &usize| *n == 0 || !MAPS.contains(&path[n - 1]);
            section = (0..path.len()).filter(named).map(|n| path[n]).collect::<Vec<_>>().join(".");
            let (outer, name) = section.rsplit_once('.').unwrap_or(("", &section));
            shown.insert(format!("[{outer}] {name}"));
        } else if let Some(key) = key {
            let new = shown.insert(format!("[{section}] {key}"));
            assert!(explained || !new, "nothing explains {line}");
        } else if line.is_empty() {
            explained = false;
        } else if hidden {
            explained = true;
        }
    }
    for (key, description) in &all {
        assert!(!description.is_empty(), "{key} has no description");
        assert!(shown.contains(key), "{key} is not in the example");
    }
}

/// Enough of JSON Schema to hold a document against ours: types, references, keys, words and bounds.
fn check(root: &Value, raw: &Value, value: &Value, at: &str) -> Result<(), String> {
    if let Some(name) = raw.get("$ref").and_then(Value::as_str) {
        check(root, root.pointer(name.trim_start_matches('#')).expect("a definition"), value, at)?;
    }
    if let Some(any) = raw.get("anyOf").and_then(Value::as_array) {
        any.iter()
            .map(|s| check(root, s, value, at))
            .reduce(|first, next| if next.is_ok() { next } else { first })
            .expect("one at least")?;
    }
    if let Some(kind) = raw.get("type") {
        let is = |kind: &str| match kind {
            "string" => value.is_string(),
            "integer" => value.is_i64(),
            "number" => value.is_number(),
            "boolean" => value.is_boolean(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            "null" => value.is_null(),
            other => panic!("{at}: the schema has a type `{other}` this check does not know"),
        };
        let kinds = kind.as_array().cloned().unwrap_or_else(|| vec![kind.clone()]);
        if !kinds.iter().filter_map(Value::as_str).any(is) {
            return Err(format!("{at}: {value} is not of type {kind}"));
        }
    }
    if let Some(words) = raw.get("enum").and_then(Value::as_array)
        && !words.contains(value)
    {
        return Err(format!("{at}: {value} is none of {words:?}"));
    }
    let bound = |key: &str| raw.get(key).and_then(Value::as_f64);
    if let Some(n) = value.as_f64()
        && (bound("minimum").is_some_and(|least| n < least) || bound("maximum").is_some_and(|most| n > most))
    {
        return Err(format!("{at}: {n} is out of bounds"));
    }
    if let Some(list) = value.as_array() {
        if bound("minItems").is_some_and(|least| (list.len() as f64) < least) {
            return Err(format!("{at}: too few"));
        }
        if let Some(items) = raw.get("items") {
            list.iter().enumerate().try_for_each(|(n, v)| check(root, items, v, &format!("{at}[{n}]")))?;
        }
    }
    if let Some(object) = value.as_object() {
        let none = serde_json::Map::new();
        let properties = raw.get("properties").and_then(Value::as_object).unwrap_or(&none);
        for (key, value) in object {
            let at = format!("{at}.{key}");
            match (properties.get(key), raw.get("additionalProperties")) {
                (Some(schema), _) => check(root, schema, value, &at)?,
                (None, Some(Value::Bool(false))) => return Err(format!("{at}: no such key")),
                (None, Some(schema)) => check(root, schema, value, &at)?,
                (None, None) => {}
            }
        }
        let required = raw.get("required").and_then(Value::as_array).into_iter().flatten();
        for key in required.filter_map(Value::as_str) {
            object.get(key).map(drop).ok_or_else(|| format!("{at}.{key}: missing"))?;
        }
    }
    Ok(())
}

#[test]
fn the_schema_takes_the_example_and_refuses_what_the_reader_refuses() {
    let schema = super::super::schema();
    let held = |text: &str| {
        let value: Value = toml::from_str(text).unwrap();
        check(&schema, &schema, &value, "")
    };
    assert_eq!(held(EXAMPLE), Ok(()));
    let whole = whole_example();
    assert_eq!(held(&whole), Ok(()));
    for (from, to, at) in [
        ("data_dir", "datadir", ".datadir: no such key"),
        ("site = ", "# site = ", ".site: missing"),
        ("\"operator\"", "\"king\"", ".roles.alice: "),
        ("# port = 443", "port = \"443\"", ".bmc.port: "),
        ("vendor = \"hpe\"", "vendor = \"ibm\"", ".credentials[0].vendor: "),
        ("networks = [\"10.0.4.0/22\", \"fd00:1::/64\"]", "networks = []", ".bmc.networks: too few"),
        ("speed = 60.0", "speed = 0.5", ".lab.speed: 0.5 is out of bounds"),
        ("poll = 7200", "poll = 60", ".carriers.poll: 60 is out of bounds"),
        ("per_minute = 120", "per_minute = 0", ".api.per_minute: 0 is out of bounds"),
        ("daily = 250", "daily = 0", ".carriers.dhl.daily: 0 is out of bounds"),
        ("key_file = \"/etc/rackhand/dhl.key\"", "", ".carriers.dhl.key_file: missing"),
    ] {
        let text = if EXAMPLE.contains(from) && !whole.contains(from) { EXAMPLE } else { &whole };
        assert!(text.contains(from), "{from}");
        let error = held(&text.replacen(from, to, 1)).unwrap_err();
        assert!(error.starts_with(at), "{error} for {to}");
    }
}
