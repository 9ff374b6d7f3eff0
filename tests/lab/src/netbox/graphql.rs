//! `POST /graphql/`: reading only, as much of it as Rackhand asks for. A bad query is a 200 with `errors`; lists end at
//! the largest page without a word, nested ones too; how filters are written depends on the release.

mod parse;
mod resolve;

use hyper::StatusCode;
use serde_json::{Map, Value, json};

use self::parse::{Selection, parse};
use self::resolve::{Node, Object};
use super::pace::Weight;
use super::state::{Access, State};
use crate::host::{Reply, Request};

/// Answers a query, and says what is in the answer.
pub(super) fn answer(state: &State, access: &Access, request: &Request) -> (Reply, Weight) {
    let body = request.json();
    let (mut objects, mut rows) = (0, 0);
    let done = match body.get("query").and_then(Value::as_str) {
        None => Err(Flaw::query("No GraphQL query found in the request")),
        Some(text) if text.trim_start().starts_with("mutation") => {
            Err(Flaw::query("Schema is not configured for mutations."))
        }
        Some(text) => parse(text).map_err(Flaw::from).and_then(|roots| {
            let mut data = Map::new();
            for root in &roots {
                let found = list(state, access, root, &mut objects)?;
                rows += found.as_array().map_or(0, Vec::len);
                data.insert(root.name.clone(), found);
            }
            Ok(Value::Object(data))
        }),
    };
    let body = match done {
        Ok(data) => json!({ "data": data }),
        Err(Flaw { message, path }) => {
            let mut error = json!({ "message": message, "locations": [{ "line": 1, "column": 1 }] });
            if let Some(path) = path {
                error["path"] = path.into();
            }
            json!({ "data": null, "errors": [error] })
        }
    };
    (Reply::json(StatusCode::OK, &body), Weight { rows, nested: objects - rows })
}

/// Why there is no data: the query is bad, or, with a path, what it leads to may not be seen.
struct Flaw {
    message: String,
    path: Option<Vec<String>>,
}

impl Flaw {
    fn query(message: &str) -> Self {
        message.to_owned().into()
    }
}

impl From<String> for Flaw {
    fn from(message: String) -> Self {
        Self { message, path: None }
    }
}

/// One root field: a filtered, paged list.
fn list(state: &State, access: &Access, root: &Selection, objects: &mut usize) -> Result<Value, Flaw> {
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
            other => return Err(format!("Unknown argument '{other}' on field 'Query.{}'.", root.name).into()),
        }
    }
    if start.is_some() && offset > 0 {
        return Err(Flaw::query("Cannot specify both `start` and `offset` in pagination."));
    }
    if !state.profile.is_recent() && filters.as_object().is_some_and(|f| f.values().any(Value::is_object)) {
        return Err(Flaw::query("Expected value of type 'String', found an object."));
    }
    let found = resolve::root(state, &root.name, filters)?;
    // What may not be seen is not there, without a word.
    let found = found.into_iter().filter(|o| access.permits("view", o.table.collection()));
    let page = found.filter(|o| start.is_none_or(|s| o.id >= s)).skip(offset).take(limit);
    page.map(|object| select(state, access, object, &root.inner, objects)).collect()
}

/// An object's fields.
fn select(
    state: &State,
    access: &Access,
    object: Object,
    wanted: &[Selection],
    objects: &mut usize,
) -> Result<Value, Flaw> {
    let seen = |one: &Object| access.permits("view", one.table.collection());
    *objects += 1;
    let mut out = Map::new();
    for field in wanted {
        if let Some(kind) = field.name.strip_prefix("... on ") {
            if kind == object.table.type_name()
                && let Value::Object(more) = select(state, access, object, &field.inner, objects)?
            {
                out.extend(more);
            }
            continue;
        }
        if !field.arguments.is_empty() {
            return Err(format!("Unknown argument on field '{}.{}'.", object.table.type_name(), field.name).into());
        }
        let value = match resolve::field(state, object, &field.name) {
            None => {
                let (name, kind) = (&field.name, object.table.type_name());
                return Err(format!("Cannot query field '{name}' on type '{kind}'.").into());
            }
            Some(Node::Leaf(value)) => value,
            Some(_) if field.inner.is_empty() => {
                return Err(format!("Field '{}' must have a selection of subfields.", field.name).into());
            }
            Some(Node::One(None)) => Value::Null,
            Some(Node::One(Some(one))) if !seen(&one) && one.table.is_needed() => {
                let (kind, name) = (object.table.type_name(), &field.name);
                let message = format!("Cannot return null for non-nullable field {kind}.{name}.");
                return Err(Flaw { message, path: Some(vec![name.clone()]) });
            }
            Some(Node::One(Some(one))) if !seen(&one) => Value::Null,
            Some(Node::One(Some(one))) => select(state, access, one, &field.inner, objects)?,
            Some(Node::Many(many)) => {
                let shown = many.into_iter().filter(seen).take(state.max_page);
                shown.map(|one| select(state, access, one, &field.inner, objects)).collect::<Result<_, _>>()?
            }
        };
        out.insert(field.name.clone(), value);
    }
    Ok(Value::Object(out))
}
