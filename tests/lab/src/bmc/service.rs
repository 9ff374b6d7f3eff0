//! What a service says whoever asks: its version, its documents for OData, and the headers of every answer.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hyper::header::{ETAG, IF_NONE_MATCH};
use hyper::{Method, StatusCode};
use serde_json::{Value, json};

use super::Personality;
use super::accounts::{ACCOUNTS, account_of};
use super::answers::refused;
use super::bodies::{Paths, SESSIONS};
use super::tree::Tree;
use crate::host::{Reply, Request};

/// Queries that are known.
const QUERIES: [&str; 5] = ["$expand", "$filter", "$select", "$skip", "$top"];

/// What is told without a login beside the root.
pub(super) fn document(path: &str, root: &Bytes, tree: impl FnOnce() -> Tree) -> Option<Reply> {
    match path {
        "/redfish" => Some(Reply::json(StatusCode::OK, &json!({ "v1": "/redfish/v1/" }))),
        "/redfish/v1/odata" => Some(Reply::json(StatusCode::OK, &odata(root))),
        "/redfish/v1/$metadata" => {
            let mut reply = Reply::status(StatusCode::OK).header("content-type", "application/xml");
            reply.body = metadata(root, &tree()).into();
            Some(reply)
        }
        _ => None,
    }
}

/// The service document: the root and what it links to.
fn odata(root: &Bytes) -> Value {
    let root: Value = serde_json::from_slice(root).unwrap_or_default();
    let mut all = vec![json!({ "kind": "Singleton", "name": "Service", "url": "/redfish/v1/" })];
    for (name, value) in root.as_object().into_iter().flatten() {
        if let Some(url) = value.get("@odata.id") {
            all.push(json!({ "kind": "Singleton", "name": name, "url": url }));
        }
    }
    all.push(json!({ "kind": "Singleton", "name": "Sessions", "url": SESSIONS }));
    json!({ "@odata.context": "/redfish/v1/$metadata", "value": all })
}

/// The metadata document: the schemas of what is served, those of the standard at their home.
fn metadata(root: &Bytes, tree: &Tree) -> String {
    let root: Value = serde_json::from_slice(root).unwrap_or_default();
    let of_root = class(&root).unwrap_or_default();
    let mut schemas: BTreeSet<String> =
        ["SessionService", "Session.v1_0_0", "SessionCollection", "ComputerSystemCollection", "ComputerSystem.v1_17_0"]
            .map(str::to_owned)
            .into();
    schemas.extend(tree.values().filter_map(class));
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<edmx:Edmx xmlns:edmx=\"http://docs.oasis-open.org/odata/ns/edmx\" \
         Version=\"4.0\">\n",
    );
    for schema in schemas.iter().chain([&of_root]) {
        let name = schema.split('.').next().unwrap_or_default();
        let home = if name.starts_with("Hpe") || name.starts_with("Dell") {
            "/redfish/v1/SchemaStore"
        } else {
            "http://redfish.dmtf.org/schemas/v1"
        };
        // Writing to a String does not fail.
        let _ = writeln!(
            text,
            "  <edmx:Reference Uri=\"{home}/{name}_v1.xml\"><edmx:Include Namespace=\"{name}\"/><edmx:Include Namespace=\"{schema}\"/>\
             </edmx:Reference>"
        );
    }
    let _ = write!(
        text,
        "  <edmx:DataServices>\n    <Schema xmlns=\"http://docs.oasis-open.org/odata/ns/edm\" Namespace=\"Service\">\n      \
         <EntityContainer Name=\"Service\" Extends=\"{of_root}.ServiceContainer\"/>\n    </Schema>\n  \
         </edmx:DataServices>\n</edmx:Edmx>\n"
    );
    text
}

/// The schema of a resource, with its version where it has one.
fn class(body: &Value) -> Option<String> {
    let told = body.get("@odata.type")?.as_str()?.strip_prefix('#')?;
    Some(told.rsplit_once('.')?.0.to_owned())
}

/// The same of a body that is not parsed: its own type stands before those of its parts.
fn schema(body: &[u8]) -> Option<&str> {
    const MARK: &[u8] = b"\"@odata.type\":\"#";
    let at = body.windows(MARK.len()).position(|w| w == MARK)? + MARK.len();
    let end = at + body[at..].iter().position(|b| *b == b'"')?;
    Some(std::str::from_utf8(&body[at..end]).ok()?.rsplit_once('.')?.0)
}

/// User and password of HTTP's Basic authentication.
pub(super) fn basic(request: &Request) -> Option<(String, String)> {
    let told = STANDARD.decode(request.header("authorization")?.strip_prefix("Basic ")?.trim()).ok()?;
    let (user, password) = std::str::from_utf8(&told).ok()?.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

/// Why a request is not looked at: a method, a version of OData or a query that is not known.
pub(super) fn not_understood(personality: Personality, request: &Request) -> Option<Reply> {
    let known = [Method::GET, Method::HEAD, Method::POST, Method::PATCH, Method::PUT, Method::DELETE];
    if !known.contains(&request.method) {
        return Some(refused(personality, StatusCode::NOT_IMPLEMENTED, &["Base.1.18.OperationNotAllowed"]));
    }
    if request.header("odata-version").is_some_and(|version| version != "4.0") {
        return Some(refused(personality, StatusCode::PRECONDITION_FAILED, &["Base.1.18.HeaderInvalid"]));
    }
    let asked = request.query.split('&').filter_map(|q| q.split('=').next()).map(|q| q.replace("%24", "$"));
    let strange = asked.into_iter().any(|q| q.starts_with('$') && !QUERIES.contains(&q.as_str()));
    strange.then(|| refused(personality, StatusCode::NOT_IMPLEMENTED, &["Base.1.18.QueryNotSupported"]))
}

/// Methods that a path takes.
fn allowed(personality: Personality, paths: &Paths, path: &str) -> &'static str {
    let slots = personality == Personality::Idrac9;
    let changes = [&paths.system, &paths.settings, &paths.chassis, &format!("{}/Power", paths.chassis)];
    if path == paths.reset {
        "POST"
    } else if path == SESSIONS || (path == ACCOUNTS && !slots) {
        "GET, HEAD, POST"
    } else if path.starts_with(SESSIONS) {
        "GET, HEAD, DELETE"
    } else if account_of(path).is_some() {
        if slots { "GET, HEAD, PATCH" } else { "GET, HEAD, PATCH, DELETE" }
    } else if changes.iter().any(|p| *p == path) {
        "GET, HEAD, PATCH"
    } else {
        "GET, HEAD"
    }
}

/// The answer with the headers that belong to it.
pub(super) fn dressed(personality: Personality, paths: &Paths, request: &Request, reply: Reply) -> Reply {
    let path = request.path.trim_end_matches('/');
    let reads = matches!(request.method, Method::GET | Method::HEAD);
    let mut reply = reply.header("odata-version", "4.0").header("cache-control", "no-cache");
    if reads || reply.status == StatusCode::METHOD_NOT_ALLOWED {
        reply = reply.header("allow", allowed(personality, paths, path));
    }
    // iLO keeps quiet about Basic authentication ("Unadvertised").
    if reply.status == StatusCode::UNAUTHORIZED && !personality.is_ilo() {
        reply = reply.header("www-authenticate", "Basic realm=\"RedfishService\"");
    }
    if reads && reply.status == StatusCode::OK {
        if let Some(schema) = schema(&reply.body) {
            let at = if personality.is_ilo() {
                format!("/redfish/v1/SchemaStore/en/{}.json", schema.split('.').next().unwrap_or(schema))
            } else {
                format!("/redfish/v1/Schemas/{schema}.json")
            };
            reply = reply.header("link", &format!("<{at}>; rel=describedby"));
        }
        if reply.headers.get(ETAG).is_some_and(|tag| request.headers.get(IF_NONE_MATCH) == Some(tag)) {
            (reply.status, reply.body) = (StatusCode::NOT_MODIFIED, Bytes::new());
        }
    }
    reply
}
