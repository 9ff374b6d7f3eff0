//! From a request to the resource it is about: login, paging, bulk writes, ETags, and the errors around them.

use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Method, StatusCode};
use rackhand_core::time::Timestamp;
use serde_json::{Value, json};

use super::object::{Problem, iso};
use super::pace::{Pace, Weight};
use super::profile::Profile;
use super::query::{Query, Want};
use super::resource::{Resource, Write, resource};
use super::state::{Access, State};
use super::{changelog, device, graphql, rack};
use crate::host::{Reply, Request};

/// Answers one request, and says what is in the answer.
pub(super) fn answer(state: &mut State, request: &Request, now: Timestamp) -> (Reply, Weight) {
    if state.redis_down {
        return (page(StatusCode::INTERNAL_SERVER_ERROR, "Server Error"), Weight::default());
    }
    if state.dead_workers > 0 {
        state.dead_workers -= 1;
        return (refused(state, Problem::exception("the connection is closed", "OperationalError")), Weight::default());
    }
    if request.segments() == ["graphql"] {
        return match login(state, request) {
            Ok(_) if request.method != Method::POST => (not_allowed(&request.method), Weight::default()),
            Ok(token) => {
                let access = state.tokens.get(token).cloned().unwrap_or_default();
                graphql::answer(state, &access, request)
            }
            Err(told) => (page(StatusCode::FORBIDDEN, told), Weight::default()),
        };
    }
    let reply = api(state, request, now);
    // Counted only where it is asked for; simulated lives have no use for it.
    let Pace::Measured(_) = state.pace else { return (reply, Weight::default()) };
    let rows = serde_json::from_slice::<Value>(&reply.body).map_or(0, |body| match &body {
        Value::Array(items) => items.len(),
        Value::Object(map) => map.get("results").and_then(Value::as_array).map_or(1, Vec::len),
        _ => 0,
    });
    (reply, Weight { rows, nested: 0 })
}

fn api(state: &mut State, request: &Request, now: Timestamp) -> Reply {
    let segments = request.segments();
    let ["api", path @ ..] = segments.as_slice() else { return page_not_found() };
    let access = match login(state, request) {
        Ok(token) => token.to_owned(),
        Err(told) => return forbidden(told),
    };
    let reads = matches!(request.method, Method::GET | Method::HEAD | Method::OPTIONS);
    if path == ["status"] {
        return Reply::json(
            StatusCode::OK,
            &json!({ "django-version": "6.0.8", "installed-apps": {},
            "netbox-version": state.profile.version(), "plugins": {}, "python-version": "3.12.0",
            "rq-workers-running": 1 }),
        );
    }
    if path == ["authentication-check"] && state.profile.is_recent() {
        let user = json!({ "id": 1, "url": "http://netbox.lab/api/users/users/1/", "display": "rackhand",
            "username": "rackhand" });
        return Reply::json(StatusCode::OK, &user);
    }
    let (collection, id) = match path {
        [app, model] => (format!("{app}/{model}"), None),
        ["dcim", "racks", id, "elevation"] => ("dcim/racks".to_owned(), Some(*id)),
        [app, model, id] => (format!("{app}/{model}"), Some(*id)),
        _ => return page_not_found(),
    };
    let Some(resource) = resource(&collection) else { return page_not_found() };
    if !request.path.ends_with('/') {
        // Django appends the slash, and a redirected write loses its body.
        return Reply::status(StatusCode::MOVED_PERMANENTLY).header("location", &format!("{}/", request.path));
    }
    let verb = match request.method {
        Method::GET | Method::HEAD => "view",
        Method::POST => "add",
        Method::DELETE => "delete",
        _ => "change",
    };
    let permitted = state.tokens.get(&access).is_some_and(|a| a.permits(verb, &collection));
    if request.method != Method::OPTIONS {
        if !permitted {
            return forbidden("You do not have permission to perform this action.");
        }
        state.exercised.insert((verb.to_owned(), collection.clone()));
    }
    let query = Query::parse(&request.query);
    let access = state.tokens.get(&access).cloned().unwrap_or_default();
    if resource.path == device::PATH
        && let Some(refused) = constrained(state, &access, request, id)
    {
        return refused;
    }
    match id {
        None if request.method == Method::OPTIONS => options(state, &access, &resource),
        None => on_collection(state, &access, &resource, request, &query, now),
        Some(id) => match id.parse().ok().filter(|id| (resource.stamps)(state, *id).is_some()) {
            Some(id) if path.len() == 4 && reads => Reply::json(StatusCode::OK, &rack::elevation(state, id, &query)),
            Some(id) => on_object(state, &resource, id, request, &query, now),
            None => {
                let what = format!("No {} matches the given query.", resource.model);
                Reply::json(StatusCode::NOT_FOUND, &json!({ "detail": what }))
            }
        },
    }
}

/// The token, or why the request is refused; every such answer is a 403. From 4.5 on both kinds of token are taken
/// under either word; before that there is one kind and one word.
fn login<'a>(state: &State, request: &'a Request) -> Result<&'a str, &'static str> {
    let header = request.header("authorization").unwrap_or_default();
    let recent = state.profile.is_recent();
    let Some((word @ ("Token" | "Bearer"), token)) = header.split_once(' ').filter(|(w, _)| recent || *w == "Token")
    else {
        return Err("Authentication credentials were not provided.");
    };
    match state.tokens.contains_key(token) && (recent || !token.starts_with("nbt_")) {
        true => Ok(token),
        false if !recent => Err("Invalid token"),
        false if word == "Bearer" => Err("Invalid v2 token"),
        false => Err("Invalid v1 token"),
    }
}

/// What a constraint makes of a request about devices: one outside of it is not there, and none may be moved out.
fn constrained(state: &State, access: &Access, request: &Request, id: Option<&str>) -> Option<Reply> {
    access.statuses.as_ref()?;
    let device = id.and_then(|id| state.devices.get(&id.parse().ok()?));
    if device.is_some_and(|d| !access.covers(&d.status)) {
        let what = "No Device matches the given query.";
        return Some(Reply::json(StatusCode::NOT_FOUND, &json!({ "detail": what })));
    }
    let body = request.json();
    let mut items = body.as_array().map_or_else(|| vec![&body], |items| items.iter().collect()).into_iter();
    let leaves = items.any(|item| item.get("status").and_then(Value::as_str).is_some_and(|s| !access.covers(s)));
    leaves.then(|| forbidden("You do not have permission to perform this action."))
}

fn forbidden(detail: &str) -> Reply {
    Reply::json(StatusCode::FORBIDDEN, &json!({ "detail": detail }))
}

/// An object as this release shows it.
fn shown(state: &State, resource: &Resource, id: u64, want: &Want) -> Value {
    let mut value = (resource.show)(state, id, want);
    if state.profile == Profile::V4_2
        && let Value::Object(map) = &mut value
    {
        map.retain(|key, _| state.profile.has(resource.path, key));
    }
    value
}

fn on_collection(
    state: &mut State,
    access: &Access,
    resource: &Resource,
    request: &Request,
    query: &Query,
    now: Timestamp,
) -> Reply {
    match (&request.method, resource.write) {
        (&Method::GET, _) => list(state, access, resource, query),
        (&Method::POST, Some(write)) => match body(request) {
            Ok(body) => create(state, resource, write, &body, query, now),
            Err(error) => not_json(&error),
        },
        (&Method::PATCH, Some(write)) => match body(request) {
            Ok(body) => change_all(state, resource, write, &body, request, query, now),
            Err(error) => not_json(&error),
        },
        (method, _) => not_allowed(method),
    }
}

fn on_object(
    state: &mut State,
    resource: &Resource,
    id: u64,
    request: &Request,
    query: &Query,
    now: Timestamp,
) -> Reply {
    let tag = etag(state, resource, id);
    let writes = matches!(request.method, Method::PATCH | Method::DELETE);
    if writes && is_stale(state, request, &tag) {
        return precondition_failed(&tag);
    }
    let tagged = |state: &State, reply: Reply| {
        if state.profile.has_etags() { reply.header("etag", &etag(state, resource, id)) } else { reply }
    };
    let want = query.want(state.profile);
    match (&request.method, resource.write, resource.delete) {
        (&Method::GET, _, _) => tagged(state, Reply::json(StatusCode::OK, &shown(state, resource, id, &want))),
        (&Method::PATCH, Some(write), _) => {
            let body = match body(request) {
                Ok(body) => named(body, &want),
                Err(error) => return not_json(&error),
            };
            if let Err(problem) = (write.check)(state, Some(id), &body) {
                return refused(state, problem);
            }
            save(state, resource, write, Some(id), &body, now);
            tagged(state, Reply::json(StatusCode::OK, &shown(state, resource, id, &want)))
        }
        (&Method::DELETE, _, Some(delete)) => {
            let before = (resource.show)(state, id, &Want::all());
            delete(state, id);
            changelog::record(state, resource.path, id, &before, &Value::Null, now);
            Reply::status(StatusCode::NO_CONTENT)
        }
        (&Method::DELETE, Some(_), None) => {
            let what = "Unable to delete object. 1 dependent objects were found: (1)";
            Reply::json(StatusCode::CONFLICT, &json!({ "detail": what }))
        }
        (method, _, _) => not_allowed(method),
    }
}

/// Whether `If-Match` names other states than this one. Before 4.6 nobody looks.
fn is_stale(state: &State, request: &Request, tag: &str) -> bool {
    let given = request.header("if-match").filter(|given| *given != "*" && state.profile.has_etags());
    given.is_some_and(|given| given.split(',').all(|one| one.trim() != tag))
}

fn precondition_failed(tag: &str) -> Reply {
    Reply::json(StatusCode::PRECONDITION_FAILED, &json!({ "detail": "Precondition failed." })).header("etag", tag)
}

/// Writes, and logs what that changed.
fn save(state: &mut State, resource: &Resource, write: Write, id: Option<u64>, body: &Value, now: Timestamp) -> u64 {
    let before = id.map_or(Value::Null, |id| (resource.show)(state, id, &Want::all()));
    let id = (write.save)(state, id, body, now);
    let after = (resource.show)(state, id, &Want::all());
    changelog::record(state, resource.path, id, &before, &after, now);
    id
}

fn list(state: &State, access: &Access, resource: &Resource, query: &Query) -> Reply {
    let path = resource.path;
    let found = query.start(state.profile).and_then(|start| Ok((start, (resource.matching)(state, query)?)));
    let (start, mut ids) = match found {
        Ok(found) => found,
        Err(problem) => return refused(state, problem),
    };
    if resource.path == device::PATH {
        ids.retain(|id| state.devices.get(id).is_some_and(|d| access.covers(&d.status)));
    }
    if matches!(query.one("ordering"), Some("-id" | "-time")) {
        ids.reverse();
    }
    let ((limit, offset), count) = (query.page(state.max_page), ids.len());
    let want = query.want(state.profile);
    // Made from the Host header, so it need not be reachable from where the question came.
    let turn = |key: &str, at: u64| json!(format!("http://netbox.internal/api/{path}/?limit={limit}&{key}={at}"));
    let rest: Vec<u64> = ids.into_iter().skip(offset).filter(|id| start.is_none_or(|s| *id >= s)).collect();
    let results: Vec<Value> = rest.iter().take(limit).map(|id| shown(state, resource, *id, &want)).collect();
    let next = match (rest.get(limit), start) {
        (None, _) => Value::Null,
        (Some(_), Some(_)) => turn("start", rest[limit - 1] + 1),
        (Some(_), None) => turn("offset", (offset + limit) as u64),
    };
    let previous = if offset == 0 { Value::Null } else { turn("offset", offset.saturating_sub(limit) as u64) };
    let count = if start.is_some() { Value::Null } else { json!(count) };
    Reply::json(StatusCode::OK, &json!({ "count": count, "next": next, "previous": previous, "results": results }))
}

/// One object, or a list of them: all or nothing, with one complaint for each.
fn create(state: &mut State, resource: &Resource, write: Write, body: &Value, query: &Query, now: Timestamp) -> Reply {
    let want = query.want(state.profile);
    let Value::Array(items) = body else {
        let body = named(body.clone(), &want);
        if let Err(problem) = (write.check)(state, None, &body) {
            return refused(state, problem);
        }
        let id = save(state, resource, write, None, &body, now);
        let made = Reply::json(StatusCode::CREATED, &shown(state, resource, id, &want));
        return if state.profile.has_etags() { made.header("etag", &etag(state, resource, id)) } else { made };
    };
    let items: Vec<Value> = items.iter().map(|item| named(item.clone(), &want)).collect();
    let mut complaints = Vec::with_capacity(items.len());
    for item in &items {
        match (write.check)(state, None, item) {
            Ok(()) => complaints.push(json!({})),
            Err(Problem::Invalid(complaint)) => complaints.push(complaint),
            Err(broken) => return refused(state, broken),
        }
    }
    let failed = complaints.iter().filter(|c| **c != json!({})).count();
    if failed > 0 && state.profile.is_newest() {
        let errors = complaints.iter().enumerate().filter(|(_, c)| **c != json!({}));
        let errors: Vec<Value> = errors.map(|(n, c)| json!({ "index": n, "errors": c })).collect();
        let detail = format!("{failed} of {} objects could not be created.", items.len());
        return Reply::json(StatusCode::BAD_REQUEST, &json!({ "detail": detail, "errors": errors }));
    }
    if failed > 0 {
        return Reply::json(StatusCode::BAD_REQUEST, &Value::Array(complaints));
    }
    if let Err(problem) = (resource.together)(&items) {
        return refused(state, problem);
    }
    let ids: Vec<u64> = items.iter().map(|item| save(state, resource, write, None, item, now)).collect();
    let made = ids.iter().map(|id| shown(state, resource, *id, &want)).collect();
    Reply::json(StatusCode::CREATED, &Value::Array(made))
}

/// Several objects by id, all or nothing. Those that do not exist are skipped without a word before 4.7, and refuse
/// everything from then on. Only 4.7 tells which object a complaint is about.
fn change_all(
    state: &mut State,
    resource: &Resource,
    write: Write,
    body: &Value,
    request: &Request,
    query: &Query,
    now: Timestamp,
) -> Reply {
    let Some(items) = body.as_array() else {
        let complaint = json!({ "non_field_errors": ["Expected a list of items but got type \"dict\"."] });
        return Reply::json(StatusCode::BAD_REQUEST, &complaint);
    };
    let want = query.want(state.profile);
    let (mut known, mut missing) = (Vec::with_capacity(items.len()), Vec::new());
    for item in items {
        let Some(id) = item.get("id").and_then(Value::as_u64) else {
            return refused(state, Problem::field("id", "This field is required."));
        };
        if (resource.stamps)(state, id).is_some() {
            known.push((id, named(item.clone(), &want)));
        } else {
            let what = format!("Object with ID {id} does not exist");
            missing.push(json!({ "id": id, "errors": { "id": [what] } }));
        }
    }
    let failed = |errors: Vec<Value>, what: &str| {
        let detail = format!("{} of {} objects could not be {what}.", errors.len(), items.len());
        Reply::json(StatusCode::BAD_REQUEST, &json!({ "detail": detail, "errors": errors }))
    };
    if state.profile.is_newest() && !missing.is_empty() {
        return failed(missing, "found");
    }
    for (id, _) in &known {
        let tag = etag(state, resource, *id);
        if is_stale(state, request, &tag) {
            return precondition_failed(&tag);
        }
    }
    let mut errors = Vec::new();
    for (id, item) in &known {
        match (write.check)(state, Some(*id), item) {
            Ok(()) => {}
            Err(Problem::Invalid(complaint)) if state.profile.is_newest() => {
                errors.push(json!({ "id": id, "errors": complaint }));
            }
            Err(problem) => return refused(state, problem),
        }
    }
    if !errors.is_empty() {
        return failed(errors, "updated");
    }
    for (id, item) in &known {
        save(state, resource, write, Some(*id), item, now);
    }
    let done = known.iter().map(|(id, _)| shown(state, resource, *id, &want)).collect();
    Reply::json(StatusCode::OK, &Value::Array(done))
}

/// What NetBox takes of a body: `fields` narrows the serializer, and so what it writes.
fn named(body: Value, want: &Want) -> Value {
    match body {
        Value::Object(map) => Value::Object(map.into_iter().filter(|(key, _)| want.has(key)).collect()),
        other => other,
    }
}

/// What may be done here: `POST` with the permission to add, `PUT` with the one to change.
fn options(state: &State, access: &Access, resource: &Resource) -> Reply {
    let mut form = json!({});
    if resource.path == device::PATH {
        let choice = |(value, label): (String, String)| json!({ "value": value, "display_name": label });
        let choices: Vec<Value> = state.statuses().into_iter().map(choice).collect();
        form = json!({ "status": { "type": "field", "required": false, "read_only": false, "label": "Status",
            "choices": choices } });
    }
    let mut actions = serde_json::Map::new();
    for (method, verb) in [("POST", "add"), ("PUT", "change")] {
        if resource.write.is_some() && access.permits(verb, resource.path) {
            actions.insert(method.to_owned(), form.clone());
        }
    }
    let mut body = json!({ "name": "List", "description": "", "renders": ["application/json"],
        "parses": ["application/json"] });
    if !actions.is_empty() {
        body["actions"] = Value::Object(actions);
    }
    Reply::json(StatusCode::OK, &body)
}

fn body(request: &Request) -> Result<Value, serde_json::Error> {
    serde_json::from_slice(&request.body)
}

fn not_json(error: &serde_json::Error) -> Reply {
    Reply::json(StatusCode::BAD_REQUEST, &json!({ "detail": format!("JSON parse error - {error}") }))
}

/// Weak, from the last change.
fn etag(state: &State, resource: &Resource, id: u64) -> String {
    let updated = (resource.stamps)(state, id).map(|s| iso(s.updated).replace('Z', "+00:00"));
    format!("W/\"{}\"", updated.unwrap_or_default())
}

fn refused(state: &State, problem: Problem) -> Reply {
    match problem {
        Problem::Invalid(body) => Reply::json(StatusCode::BAD_REQUEST, &body),
        Problem::Broken(mut body) => {
            body["netbox_version"] = state.profile.version().into();
            Reply::json(StatusCode::INTERNAL_SERVER_ERROR, &body)
        }
    }
}

fn not_allowed(method: &Method) -> Reply {
    let what = format!("Method \"{method}\" not allowed.");
    Reply::json(StatusCode::METHOD_NOT_ALLOWED, &json!({ "detail": what }))
}

fn page_not_found() -> Reply {
    page(StatusCode::NOT_FOUND, "Page Not Found")
}

fn page(status: StatusCode, title: &str) -> Reply {
    let mut reply = Reply::status(status);
    reply.headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    reply.body = format!("<!DOCTYPE html><html><head><title>{title}</title></head><body></body></html>").into();
    reply
}
