//! `POST /graphql/`: reading only, as much of it as Rackhand asks for. A bad query is a 200 with `errors`; lists end at
//! the largest page without a word, nested ones too; how filters are written depends on the release.

mod parse;
mod resolve;

use hyper::StatusCode;
use serde_json::{Map, Value, json};

use self::parse::{Selection, parse};
use self::resolve::{Node, Object};
use super::pace::Weight;
use super::state::State;
use crate::host::{Reply, Request};

/// Answers a query, and says what is in the answer.
pub(super) fn answer(state: &State, request: &Request) -> (Reply, Weight) {
    let body = request.json();
    let (mut objects, mut rows) = (0, 0);
    let done = match body.get("query").and_then(Value::as_str) {
        None => Err("No GraphQL query found in the request".to_owned()),
        Some(text) if text.trim_start().starts_with("mutation") => {
            Err("Schema is not configured for mutations.".to_owned())
        }
        Some(text) => parse(text).and_then(|roots| {
            let mut data = Map::new();
            for root in &roots {
                let found = list(state, root, &mut objects)?;
                rows += found.as_array().map_or(0, Vec::len);
                data.insert(root.name.clone(), found);
            }
            Ok(Value::Object(data))
        }),
    };
    let body = match done {
        Ok(data) => json!({ "data": data }),
        Err(message) => {
            json!({ "data": null, "errors": [{ "message": message, "locations": [{ "line": 1, "column": 1 }] }] })
        }
    };
    (Reply::json(StatusCode::OK, &body), Weight { rows, nested: objects - rows })
}

/// One root field: a filtered, paged list.
fn list(state: &State, root: &Selection, objects: &mut usize) -> Result<Value, String> {
    let (mut start, mut offset, mut limit) = (None, 0, state.max_page);
    let mut filters = &Value::Null;
    for (name, value) in &root.arguments {
        match name.as_str() {
            "filters" => filters = value,
            "pagination" if state.profile.is_recent() => {
                let number = |key: &str| value.get(key).and_then(Value::as_u64);
                start = number("start");
                offset = number("offset").unwrap_or(0) as usize;
                limit = number("limit").filter(|n| *n > 0).map_or(limit, |n| limit.min(n as usize));
            }
            other => return Err(format!("Unknown argument '{other}' on field 'Query.{}'.", root.name)),
        }
    }
    if start.is_some() && offset > 0 {
        return Err("Cannot specify both `start` and `offset` in pagination.".to_owned());
    }
    if !state.profile.is_recent() && filters.as_object().is_some_and(|f| f.values().any(Value::is_object)) {
        return Err("Expected value of type 'String', found an object.".to_owned());
    }
    let found = resolve::root(state, &root.name, filters)?;
    let page = found.into_iter().filter(|o| start.is_none_or(|s| o.id >= s)).skip(offset).take(limit);
    page.map(|object| select(state, object, &root.inner, objects)).collect()
}

/// An object's fields.
fn select(state: &State, object: Object, wanted: &[Selection], objects: &mut usize) -> Result<Value, String> {
    *objects += 1;
    let mut out = Map::new();
    for field in wanted {
        if let Some(kind) = field.name.strip_prefix("... on ") {
            if kind == object.table.type_name()
                && let Value::Object(more) = select(state, object, &field.inner, objects)?
            {
                out.extend(more);
            }
            continue;
        }
        if !field.arguments.is_empty() {
            return Err(format!("Unknown argument on field '{}.{}'.", object.table.type_name(), field.name));
        }
        let value = match resolve::field(state, object, &field.name) {
            None => {
                return Err(format!("Cannot query field '{}' on type '{}'.", field.name, object.table.type_name()));
            }
            Some(Node::Leaf(value)) => value,
            Some(_) if field.inner.is_empty() => {
                return Err(format!("Field '{}' must have a selection of subfields.", field.name));
            }
            Some(Node::One(None)) => Value::Null,
            Some(Node::One(Some(one))) => select(state, one, &field.inner, objects)?,
            Some(Node::Many(many)) => {
                let shown = many.into_iter().take(state.max_page);
                shown.map(|one| select(state, one, &field.inner, objects)).collect::<Result<_, _>>()?
            }
        };
        out.insert(field.name.clone(), value);
    }
    Ok(Value::Object(out))
}
