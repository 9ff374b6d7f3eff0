//! `extras/custom-fields/` and `extras/custom-field-choice-sets/`, and whether a device's field takes a value.

use rackhand_core::time::Timestamp;
use serde_json::{Value, json};

use super::object::{Problem, Shape, choice, reference, required};
use super::query::{Query, Want};
use super::state::{ChoiceSet, Field, State};

pub(super) const FIELDS: &str = "extras/custom-fields";
pub(super) const SETS: &str = "extras/custom-field-choice-sets";

/// Whether a device's custom field takes this value.
pub(super) fn accepts(state: &State, name: &str, value: &Value) -> Result<(), Problem> {
    let device = |f: &&Field| f.name == name && f.object_types.iter().any(|t| t == "dcim.device");
    let Some(field) = state.fields.values().find(device) else {
        return Err(Problem::field("custom_fields", format!("Unknown field name '{name}' in custom field data.")));
    };
    let bad = |what: String| Err(Problem::field("__all__", format!("Invalid value for custom field '{name}': {what}")));
    match (field.kind.as_str(), value) {
        (_, Value::Null) => Ok(()),
        ("select", Value::String(word)) => {
            let set = field.choice_set.and_then(|id| state.choice_sets.get(&id));
            if set.is_some_and(|s| s.choices.iter().any(|(value, _)| value == word)) {
                return Ok(());
            }
            let name = set.map_or("", |s| s.name.as_str());
            bad(format!("Invalid choice ({word}) for choice set {name}."))
        }
        ("datetime", Value::String(text)) if text.len() >= 19 && text.as_bytes()[4] == b'-' => Ok(()),
        ("integer", Value::Number(number)) if number.is_i64() => Ok(()),
        ("text" | "longtext", Value::String(_)) | ("json", _) => Ok(()),
        (kind, _) => bad(format!("Not a valid {kind}.")),
    }
}

pub(super) mod fields {
    use super::{
        FIELDS, Field, Problem, Query, Shape, State, Timestamp, Value, Want, choice, json, reference, required,
    };

    pub(in super::super) fn matching(state: &State, query: &Query) -> Result<Vec<u64>, Problem> {
        let (ids, names) = (query.ids("id")?, query.all("name"));
        let passes = |(id, field): &(&u64, &Field)| {
            ids.as_ref().is_none_or(|all| all.contains(id))
                && names.as_ref().is_none_or(|all| all.contains(&field.name.as_str()))
        };
        Ok(state.fields.iter().filter(passes).map(|(id, _)| *id).collect())
    }

    pub(in super::super) fn show(state: &State, id: u64, want: &Want) -> Value {
        let Some(field) = state.fields.get(&id) else { return Value::Null };
        let mut shape = Shape::new(want);
        shape
            .common(FIELDS, id, &field.name, field.stamps)
            .put("name", || field.name.as_str().into())
            .put("type", || choice(&field.kind))
            .put("object_types", || json!(field.object_types))
            .put("choice_set", || json!(field.choice_set.map(|id| json!({ "id": id }))));
        shape.done()
    }

    pub(in super::super) fn check(state: &State, id: Option<u64>, body: &Value) -> Result<(), Problem> {
        if id.is_some() {
            return Ok(());
        }
        let name = required(body, "name")?;
        if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Err(Problem::field("name", "Only alphanumeric characters and underscores are allowed."));
        }
        if state.fields.values().any(|f| f.name == name) {
            return Err(Problem::field("name", "custom field with this name already exists."));
        }
        let kind = required(body, "type")?;
        if body.get("object_types").and_then(Value::as_array).is_none_or(Vec::is_empty) {
            return Err(Problem::field("object_types", "This field is required."));
        }
        let set = body.get("choice_set").map_or(Ok(None), |v| reference("choice_set", v))?;
        if kind == "select" && set.is_none_or(|id| !state.choice_sets.contains_key(&id)) {
            return Err(Problem::field("choice_set", "Selection fields must specify a set of choices."));
        }
        Ok(())
    }

    pub(in super::super) fn save(state: &mut State, id: Option<u64>, body: &Value, now: Timestamp) -> u64 {
        let stamps = state.stamps(now);
        let types = body
            .get("object_types")
            .and_then(Value::as_array)
            .map(|all| all.iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>());
        if let Some(field) = id.and_then(|id| state.fields.get_mut(&id)) {
            field.object_types = types.unwrap_or_else(|| std::mem::take(&mut field.object_types));
            field.stamps.updated = stamps.updated;
            return id.unwrap_or_default();
        }
        let id = state.next(FIELDS);
        let take = |key| required(body, key).unwrap_or_default();
        let choice_set = body.get("choice_set").and_then(|v| reference("choice_set", v).ok().flatten());
        let field = Field {
            name: take("name"),
            kind: take("type"),
            object_types: types.unwrap_or_default(),
            choice_set,
            stamps,
        };
        state.fields.insert(id, field);
        id
    }
}

pub(super) mod sets {
    use super::{ChoiceSet, Problem, Query, SETS, Shape, State, Timestamp, Value, Want, json, required};

    pub(in super::super) fn matching(state: &State, query: &Query) -> Result<Vec<u64>, Problem> {
        let (ids, names) = (query.ids("id")?, query.all("name"));
        let passes = |(id, set): &(&u64, &ChoiceSet)| {
            ids.as_ref().is_none_or(|all| all.contains(id))
                && names.as_ref().is_none_or(|all| all.contains(&set.name.as_str()))
        };
        Ok(state.choice_sets.iter().filter(passes).map(|(id, _)| *id).collect())
    }

    pub(in super::super) fn show(state: &State, id: u64, want: &Want) -> Value {
        let Some(set) = state.choice_sets.get(&id) else { return Value::Null };
        let mut shape = Shape::new(want);
        shape
            .common(SETS, id, &set.name, set.stamps)
            .put("name", || set.name.as_str().into())
            .put("extra_choices", || json!(set.choices))
            .put("choices_count", || set.choices.len().into());
        shape.done()
    }

    fn choices(body: &Value) -> Result<Option<Vec<(String, String)>>, Problem> {
        let Some(list) = body.get("extra_choices") else { return Ok(None) };
        let list = serde_json::from_value(list.clone());
        list.map(Some).map_err(|_| Problem::field("extra_choices", "Expected a list of pairs."))
    }

    pub(in super::super) fn check(state: &State, id: Option<u64>, body: &Value) -> Result<(), Problem> {
        let new = choices(body)?;
        let Some(old) = id.and_then(|id| state.choice_sets.get(&id)) else {
            let name = required(body, "name")?;
            return if state.choice_sets.values().any(|s| s.name == name) {
                Err(Problem::field("name", "custom field choice set with this name already exists."))
            } else {
                Ok(())
            };
        };
        let Some(new) = new else { return Ok(()) };
        let dropped = old.choices.iter().filter(|(value, _)| !new.iter().any(|(v, _)| v == value));
        for (value, _) in dropped {
            let used = |d: &super::super::state::Device| d.fields.values().any(|v| v.as_str() == Some(value));
            if state.devices.values().any(used) {
                let what = format!("Cannot remove choice {value} as there are objects that use it.");
                return Err(Problem::field("__all__", what));
            }
        }
        Ok(())
    }

    pub(in super::super) fn save(state: &mut State, id: Option<u64>, body: &Value, now: Timestamp) -> u64 {
        let stamps = state.stamps(now);
        let choices = choices(body).ok().flatten();
        if let Some(set) = id.and_then(|id| state.choice_sets.get_mut(&id)) {
            set.choices = choices.unwrap_or_else(|| std::mem::take(&mut set.choices));
            set.stamps.updated = stamps.updated;
            return id.unwrap_or_default();
        }
        let id = state.next(SETS);
        let name = required(body, "name").unwrap_or_default();
        state.choice_sets.insert(id, ChoiceSet { name, choices: choices.unwrap_or_default(), stamps });
        id
    }
}
