//! From a request to the resource it is about: login, paging, bulk writes, ETags, and the errors around them.

use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Method, StatusCode};
use rackhand_core::time::Timestamp;
use serde_json::{Value, json};

use super::object::{Problem, Stamps, iso};
use super::profile::Profile;
use super::query::{Query, Want};
use super::state::State;
use super::{address, cable, changelog, customisation, device, graphql, intake, interface, journal, rack};
use crate::host::{Reply, Request};

/// What a collection can do.
struct Resource {
    path: &'static str,
    /// As Django calls it in errors.
    model: &'static str,
    matching: fn(&State, &Query) -> Result<Vec<u64>, Problem>,
    show: fn(&State, u64, &Want) -> Value,
    stamps: fn(&State, u64) -> Option<Stamps>,
    /// Validation and writing, of a new object where the id is `None`.
    write: Option<Write>,
    together: fn(&[Value]) -> Result<(), Problem>,
    delete: Option<fn(&mut State, u64)>,
}

#[derive(Clone, Copy)]
struct Write {
    check: fn(&State, Option<u64>, &Value) -> Result<(), Problem>,
    save: fn(&mut State, Option<u64>, &Value, Timestamp) -> u64,
}

macro_rules! stamps {
    ($table:ident) => {
        |state, id| state.$table.get(&id).map(|o| o.stamps)
    };
}

fn resource(path: &str) -> Option<Resource> {
    let any = |_: &[Value]| Ok(());
    macro_rules! of {
        ($path:expr, $model:literal, $table:ident, $module:path, delete $delete:expr) => {{
            use $module as m;
            Resource {
                path: $path,
                model: $model,
                matching: m::matching,
                show: m::show,
                stamps: stamps!($table),
                write: Some(Write { check: m::check, save: m::save }),
                together: any,
                delete: $delete,
            }
        }};
    }
    Some(match path {
        device::PATH => of!(device::PATH, "Device", devices, device, delete None),
        interface::PATH => of!(interface::PATH, "Interface", interfaces, interface, delete None),
        interface::MACS => {
            of!(interface::MACS, "MACAddress", macs, interface::macs, delete Some(interface::macs::delete))
        }
        address::PATH => of!(address::PATH, "IPAddress", ips, address, delete Some(address::delete)),
        address::PREFIXES => of!(address::PREFIXES, "Prefix", prefixes, address::prefixes, delete None),
        cable::PATH => {
            let base = of!(cable::PATH, "Cable", cables, cable, delete Some(cable::delete));
            Resource { together: cable::check_together, ..base }
        }
        journal::PATH => of!(journal::PATH, "JournalEntry", entries, journal, delete None),
        customisation::FIELDS => of!(customisation::FIELDS, "CustomField", fields, customisation::fields, delete None),
        customisation::SETS => {
            of!(customisation::SETS, "CustomFieldChoiceSet", choice_sets, customisation::sets, delete None)
        }
        "tenancy/tenants" => Resource {
            path: "tenancy/tenants",
            model: "Tenant",
            matching: |s, q| device::named::matching(s, "tenancy/tenants", q),
            show: |s, id, w| device::named::show(s, "tenancy/tenants", id, w),
            stamps: stamps!(tenants),
            write: Some(Write { check: device::named::check_tenant, save: device::named::save_tenant }),
            together: any,
            delete: None,
        },
        intake::TYPES => Resource {
            path: intake::TYPES,
            model: "DeviceType",
            matching: |s, q| intake::matching(&s.types, q),
            show: |s, id, w| intake::show(&s.types, intake::TYPES, id, w),
            stamps: stamps!(types),
            write: None,
            together: any,
            delete: None,
        },
        intake::ROLES => Resource {
            path: intake::ROLES,
            model: "DeviceRole",
            matching: |s, q| intake::matching(&s.roles, q),
            show: |s, id, w| intake::show(&s.roles, intake::ROLES, id, w),
            stamps: stamps!(roles),
            write: None,
            together: any,
            delete: None,
        },
        intake::TEMPLATES => Resource {
            path: intake::TEMPLATES,
            model: "InterfaceTemplate",
            matching: intake::templates::matching,
            show: intake::templates::show,
            stamps: |state, id| {
                let of = state.templates.get(&id)?.device_type;
                state.types.get(&of).map(|t| t.stamps)
            },
            write: None,
            together: any,
            delete: None,
        },
        "dcim/sites" => Resource {
            path: "dcim/sites",
            model: "Site",
            matching: |s, q| device::named::matching(s, "dcim/sites", q),
            show: |s, id, w| device::named::show(s, "dcim/sites", id, w),
            stamps: stamps!(sites),
            write: None,
            together: any,
            delete: None,
        },
        "dcim/racks" => Resource {
            path: "dcim/racks",
            model: "Rack",
            matching: |s, q| device::named::matching(s, "dcim/racks", q),
            show: |s, id, w| device::named::show(s, "dcim/racks", id, w),
            stamps: stamps!(racks),
            write: None,
            together: any,
            delete: None,
        },
        changelog::PATH => Resource {
            path: changelog::PATH,
            model: "ObjectChange",
            matching: changelog::matching,
            show: changelog::show,
            stamps: stamps!(changes),
            write: None,
            together: any,
            delete: None,
        },
        _ => return None,
    })
}

/// Answers one request, and says how many objects it was about.
pub(super) fn answer(state: &mut State, request: &Request, now: Timestamp) -> (Reply, usize) {
    if state.redis_down {
        return (page(StatusCode::INTERNAL_SERVER_ERROR, "Server Error"), 0);
    }
    if state.dead_workers > 0 {
        state.dead_workers -= 1;
        return (refused(state, Problem::exception("the connection is closed", "OperationalError")), 0);
    }
    if request.segments() == ["graphql"] {
        return match login(state, request) {
            Ok(_) if request.method != Method::POST => (not_allowed(&request.method), 0),
            Ok(_) => graphql::answer(state, request),
            Err(told) => (page(StatusCode::FORBIDDEN, told), 0),
        };
    }
    let reply = api(state, request, now);
    let objects = serde_json::from_slice::<Value>(&reply.body).map_or(0, |body| match &body {
        Value::Array(items) => items.len(),
        Value::Object(map) => map.get("results").and_then(Value::as_array).map_or(1, Vec::len),
        _ => 0,
    });
    (reply, objects)
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
        _ => "change",
    };
    if request.method != Method::OPTIONS && (!permits(state, &access, verb, &collection)) {
        return forbidden("You do not have permission to perform this action.");
    }
    let query = Query::parse(&request.query);
    match id {
        None if request.method == Method::OPTIONS => options(state, &access, &resource),
        None => on_collection(state, &resource, request, &query, now),
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

/// Whether the token's user may do it.
fn permits(state: &State, token: &str, verb: &str, collection: &str) -> bool {
    state.tokens.get(token).is_some_and(|access| {
        (access.may_write || verb == "view") && !access.denied.contains(&(verb.to_owned(), collection.to_owned()))
    })
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

fn on_collection(state: &mut State, resource: &Resource, request: &Request, query: &Query, now: Timestamp) -> Reply {
    match (&request.method, resource.write) {
        (&Method::GET, _) => list(state, resource, query),
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

fn list(state: &State, resource: &Resource, query: &Query) -> Reply {
    let path = resource.path;
    let found = query.start(state.profile).and_then(|start| Ok((start, (resource.matching)(state, query)?)));
    let (start, mut ids) = match found {
        Ok(found) => found,
        Err(problem) => return refused(state, problem),
    };
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
fn options(state: &State, token: &str, resource: &Resource) -> Reply {
    let mut form = json!({});
    if resource.path == device::PATH {
        let choice = |(value, label): (String, String)| json!({ "value": value, "display_name": label });
        let choices: Vec<Value> = state.statuses().into_iter().map(choice).collect();
        form = json!({ "status": { "type": "field", "required": false, "read_only": false, "label": "Status",
            "choices": choices } });
    }
    let mut actions = serde_json::Map::new();
    for (method, verb) in [("POST", "add"), ("PUT", "change")] {
        if resource.write.is_some() && permits(state, token, verb, resource.path) {
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
