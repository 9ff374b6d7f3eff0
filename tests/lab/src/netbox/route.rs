//! From a request to the resource it is about: login, paging, bulk writes, ETags, and the errors around them.

use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Method, StatusCode};
use rackhand_core::time::Timestamp;
use serde_json::{Value, json};

use super::object::{Problem, Stamps, iso};
use super::query::{Query, Want};
use super::state::{State, VERSION};
use super::{address, cable, customisation, device, intake, interface, journal};
use crate::host::{Reply, Request};

/// What a collection can do.
struct Resource {
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
        ($model:literal, $table:ident, $module:path, delete $delete:expr) => {{
            use $module as m;
            Resource {
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
        device::PATH => of!("Device", devices, device, delete None),
        interface::PATH => of!("Interface", interfaces, interface, delete None),
        interface::MACS => of!("MACAddress", macs, interface::macs, delete Some(interface::macs::delete)),
        address::PATH => of!("IPAddress", ips, address, delete Some(address::delete)),
        address::PREFIXES => of!("Prefix", prefixes, address::prefixes, delete None),
        cable::PATH => {
            let base = of!("Cable", cables, cable, delete Some(cable::delete));
            Resource { together: cable::check_together, ..base }
        }
        journal::PATH => of!("JournalEntry", entries, journal, delete None),
        customisation::FIELDS => of!("CustomField", fields, customisation::fields, delete None),
        customisation::SETS => of!("CustomFieldChoiceSet", choice_sets, customisation::sets, delete None),
        "tenancy/tenants" => Resource {
            model: "Tenant",
            matching: |s, q| device::named::matching(s, "tenancy/tenants", q),
            show: |s, id, w| device::named::show(s, "tenancy/tenants", id, w),
            stamps: stamps!(tenants),
            write: Some(Write { check: device::named::check_tenant, save: device::named::save_tenant }),
            together: any,
            delete: None,
        },
        intake::TYPES => Resource {
            model: "DeviceType",
            matching: |s, q| intake::matching(&s.types, q),
            show: |s, id, w| intake::show(&s.types, intake::TYPES, id, w),
            stamps: stamps!(types),
            write: None,
            together: any,
            delete: None,
        },
        intake::ROLES => Resource {
            model: "DeviceRole",
            matching: |s, q| intake::matching(&s.roles, q),
            show: |s, id, w| intake::show(&s.roles, intake::ROLES, id, w),
            stamps: stamps!(roles),
            write: None,
            together: any,
            delete: None,
        },
        intake::TEMPLATES => Resource {
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
            model: "Site",
            matching: |s, q| device::named::matching(s, "dcim/sites", q),
            show: |s, id, w| device::named::show(s, "dcim/sites", id, w),
            stamps: stamps!(sites),
            write: None,
            together: any,
            delete: None,
        },
        "dcim/racks" => Resource {
            model: "Rack",
            matching: |s, q| device::named::matching(s, "dcim/racks", q),
            show: |s, id, w| device::named::show(s, "dcim/racks", id, w),
            stamps: stamps!(racks),
            write: None,
            together: any,
            delete: None,
        },
        _ => return None,
    })
}

/// Answers one request.
pub(super) fn answer(state: &mut State, request: &Request, now: Timestamp) -> Reply {
    let segments = request.segments();
    let ["api", path @ ..] = segments.as_slice() else { return page_not_found() };
    let writes = !matches!(request.method, Method::GET | Method::HEAD | Method::OPTIONS);
    if let Some(detail) = login(state, request, writes) {
        return Reply::json(StatusCode::FORBIDDEN, &json!({ "detail": detail }));
    }
    if path == ["status"] {
        return Reply::json(
            StatusCode::OK,
            &json!({ "django-version": "6.0.8", "installed-apps": {},
            "netbox-version": VERSION, "plugins": {}, "python-version": "3.12.0", "rq-workers-running": 1 }),
        );
    }
    let (collection, id) = match path {
        [app, model] => (format!("{app}/{model}"), None),
        [app, model, id] => (format!("{app}/{model}"), Some(*id)),
        _ => return page_not_found(),
    };
    let Some(resource) = resource(&collection) else { return page_not_found() };
    if !request.path.ends_with('/') {
        // Django appends the slash, and a redirected write loses its body.
        return Reply::status(StatusCode::MOVED_PERMANENTLY).header("location", &format!("{}/", request.path));
    }
    let query = Query::parse(&request.query);
    match id {
        None => on_collection(state, &resource, &collection, request, &query, now),
        Some(id) => match id.parse().ok().filter(|id| (resource.stamps)(state, *id).is_some()) {
            Some(id) => on_object(state, &resource, id, request, &query, now),
            None => {
                let what = format!("No {} matches the given query.", resource.model);
                Reply::json(StatusCode::NOT_FOUND, &json!({ "detail": what }))
            }
        },
    }
}

/// Why a request is refused; every such answer is a 403. v1 and v2 tokens are taken under either word.
fn login(state: &State, request: &Request, writes: bool) -> Option<&'static str> {
    let header = request.header("authorization").unwrap_or_default();
    let Some((word @ ("Token" | "Bearer"), token)) = header.split_once(' ') else {
        return Some("Authentication credentials were not provided.");
    };
    match state.tokens.get(token) {
        Some(may_write) if *may_write || !writes => None,
        Some(_) => Some("You do not have permission to perform this action."),
        None if word == "Bearer" => Some("Invalid v2 token"),
        None => Some("Invalid v1 token"),
    }
}

fn on_collection(
    state: &mut State,
    resource: &Resource,
    path: &str,
    request: &Request,
    query: &Query,
    now: Timestamp,
) -> Reply {
    match (&request.method, resource.write) {
        (&Method::GET, _) => list(state, resource, path, query),
        (&Method::OPTIONS, _) => options(state, path),
        (&Method::POST, Some(write)) => match body(request) {
            Ok(body) => create(state, resource, write, &body, query, now),
            Err(error) => not_json(&error),
        },
        (&Method::PATCH, Some(write)) => match body(request) {
            Ok(body) => change_all(state, resource, write, &body, query, now),
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
    let given = request.header("if-match").filter(|given| *given != "*");
    let stale = given.is_some_and(|given| given.split(',').all(|one| one.trim() != tag));
    let writes = matches!(request.method, Method::PATCH | Method::DELETE);
    if writes && stale {
        let body = json!({ "detail": "Precondition failed." });
        return Reply::json(StatusCode::PRECONDITION_FAILED, &body).header("etag", &tag);
    }
    match (&request.method, resource.write, resource.delete) {
        (&Method::GET, _, _) => {
            Reply::json(StatusCode::OK, &(resource.show)(state, id, &query.want())).header("etag", &tag)
        }
        (&Method::PATCH, Some(write), _) => {
            let body = match body(request) {
                Ok(body) => named(body, &query.want()),
                Err(error) => return not_json(&error),
            };
            if let Err(problem) = (write.check)(state, Some(id), &body) {
                return refused(problem);
            }
            (write.save)(state, Some(id), &body, now);
            let shown = (resource.show)(state, id, &query.want());
            Reply::json(StatusCode::OK, &shown).header("etag", &etag(state, resource, id))
        }
        (&Method::DELETE, _, Some(delete)) => {
            delete(state, id);
            Reply::status(StatusCode::NO_CONTENT)
        }
        (&Method::DELETE, Some(_), None) => {
            let what = "Unable to delete object. 1 dependent objects were found: (1)";
            Reply::json(StatusCode::CONFLICT, &json!({ "detail": what }))
        }
        (method, _, _) => not_allowed(method),
    }
}

fn list(state: &State, resource: &Resource, path: &str, query: &Query) -> Reply {
    let mut ids = match (resource.matching)(state, query) {
        Ok(ids) => ids,
        Err(problem) => return refused(problem),
    };
    if query.one("ordering") == Some("-id") {
        ids.reverse();
    }
    let ((limit, offset), count) = (query.page(), ids.len());
    let want = query.want();
    let results: Vec<Value> =
        ids.iter().skip(offset).take(limit).map(|id| (resource.show)(state, *id, &want)).collect();
    // Made from the Host header, so it need not be reachable from where the question came.
    let turn = |offset: usize| json!(format!("http://netbox.internal/api/{path}/?limit={limit}&offset={offset}"));
    let next = if offset + limit < count { turn(offset + limit) } else { Value::Null };
    let previous = if offset == 0 { Value::Null } else { turn(offset.saturating_sub(limit)) };
    Reply::json(StatusCode::OK, &json!({ "count": count, "next": next, "previous": previous, "results": results }))
}

/// One object, or a list of them: all or nothing, with one complaint for each.
fn create(state: &mut State, resource: &Resource, write: Write, body: &Value, query: &Query, now: Timestamp) -> Reply {
    let want = query.want();
    let Value::Array(items) = body else {
        let body = named(body.clone(), &want);
        if let Err(problem) = (write.check)(state, None, &body) {
            return refused(problem);
        }
        let id = (write.save)(state, None, &body, now);
        let shown = (resource.show)(state, id, &want);
        return Reply::json(StatusCode::CREATED, &shown).header("etag", &etag(state, resource, id));
    };
    let items: Vec<Value> = items.iter().map(|item| named(item.clone(), &want)).collect();
    let mut complaints = Vec::with_capacity(items.len());
    for item in &items {
        match (write.check)(state, None, item) {
            Ok(()) => complaints.push(json!({})),
            Err(Problem::Invalid(complaint)) => complaints.push(complaint),
            Err(broken) => return refused(broken),
        }
    }
    if complaints.iter().any(|c| *c != json!({})) {
        return Reply::json(StatusCode::BAD_REQUEST, &Value::Array(complaints));
    }
    if let Err(problem) = (resource.together)(&items) {
        return refused(problem);
    }
    let ids: Vec<u64> = items.iter().map(|item| (write.save)(state, None, item, now)).collect();
    let shown = ids.iter().map(|id| (resource.show)(state, *id, &want)).collect();
    Reply::json(StatusCode::CREATED, &Value::Array(shown))
}

/// Several objects by id. Those that do not exist are skipped without a word.
fn change_all(
    state: &mut State,
    resource: &Resource,
    write: Write,
    body: &Value,
    query: &Query,
    now: Timestamp,
) -> Reply {
    let Some(items) = body.as_array() else {
        let complaint = json!({ "non_field_errors": ["Expected a list of items but got type \"dict\"."] });
        return Reply::json(StatusCode::BAD_REQUEST, &complaint);
    };
    let want = query.want();
    let mut known = Vec::with_capacity(items.len());
    for item in items {
        let Some(id) = item.get("id").and_then(Value::as_u64) else {
            return refused(Problem::field("id", "This field is required."));
        };
        if (resource.stamps)(state, id).is_some() {
            known.push((id, named(item.clone(), &want)));
        }
    }
    for (id, item) in &known {
        if let Err(problem) = (write.check)(state, Some(*id), item) {
            return refused(problem);
        }
    }
    for (id, item) in &known {
        (write.save)(state, Some(*id), item, now);
    }
    let shown = known.iter().map(|(id, _)| (resource.show)(state, *id, &want)).collect();
    Reply::json(StatusCode::OK, &Value::Array(shown))
}

/// What NetBox takes of a body: `fields` narrows the serializer, and so what it writes.
fn named(body: Value, want: &Want) -> Value {
    match body {
        Value::Object(map) => Value::Object(map.into_iter().filter(|(key, _)| want.has(key)).collect()),
        other => other,
    }
}

fn options(state: &State, path: &str) -> Reply {
    let mut post = json!({});
    if path == device::PATH {
        let choice = |(value, label): (String, String)| json!({ "value": value, "display_name": label });
        let choices: Vec<Value> = state.statuses().into_iter().map(choice).collect();
        post = json!({ "status": { "type": "field", "required": false, "read_only": false, "label": "Status",
            "choices": choices } });
    }
    Reply::json(
        StatusCode::OK,
        &json!({ "name": "List", "description": "", "renders": ["application/json"],
        "parses": ["application/json"], "actions": { "POST": post } }),
    )
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

fn refused(problem: Problem) -> Reply {
    match problem {
        Problem::Invalid(body) => Reply::json(StatusCode::BAD_REQUEST, &body),
        Problem::Broken(body) => Reply::json(StatusCode::INTERNAL_SERVER_ERROR, &body),
    }
}

fn not_allowed(method: &Method) -> Reply {
    let what = format!("Method \"{method}\" not allowed.");
    Reply::json(StatusCode::METHOD_NOT_ALLOWED, &json!({ "detail": what }))
}

fn page_not_found() -> Reply {
    let mut reply = Reply::status(StatusCode::NOT_FOUND);
    reply.headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    reply.body = "<!DOCTYPE html><html><head><title>Page Not Found</title></head><body></body></html>".into();
    reply
}
