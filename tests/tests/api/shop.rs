//! A daemon with two tenants, a pool of ready servers, and a client that holds every answer against the description.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use rackhand_core::decide::command::Command;
use rackhand_core::event::{Draft, EntryEvent, Event};
use rackhand_core::id::{Actor, Entropy, SiteId, Subject, UnitId};
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::time::Timestamp;
use rackhand_core::view::questions::Find;
use rackhand_daemon::journal::Store;
use rackhand_rpc::ConsoleClient;
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::support::console::{connect, soon};
use crate::support::daemon::{Daemon, Place};

pub const SPEC: &str = "2x Xeon Gold 6530, 512GB DDR5, 4x 3.84TB NVMe, 2x 100GbE";
pub const ACME: &str = "acme-0123456789abcdef0123456789abcdef";
pub const BETA: &str = "beta-0123456789abcdef0123456789abcdef";

pub struct Shop {
    pub place: Place,
    pub daemon: Daemon,
    pub console: ConsoleClient,
    pub client: Client,
    description: Value,
    /// Operations that were used, with the statuses that came.
    pub used: BTreeSet<(String, u16)>,
}

pub fn place(per_minute: u32) -> Place {
    let mut place = Place::alone();
    place.secret("acme", ACME);
    place.secret("beta", BETA);
    writeln!(place.more, "[api]\nper_minute = {per_minute}").unwrap();
    for tenant in ["acme", "beta"] {
        writeln!(place.more, "[[api.tenants]]\ntenant = \"{tenant}\"\ntoken_files = [\"{tenant}\"]").unwrap();
    }
    place
}

/// A journal in which these servers are in the pool: two people did that before, and one socket has one user.
fn fill_the_pool(place: &Place, servers: usize) {
    let site = SiteId::new("fra1");
    let mut store = Store::open(&place.data(), &site).unwrap();
    let draft = |n: usize| {
        let (at, entropy) = (Timestamp::from_secs(1_795_000_000), Entropy([n as u8 + 1; 16]));
        let (serial, stage) = (format!("POOL{n}").into(), Stage::Ready);
        let (bmc_mac, vendor, model) = (None, None, None);
        let event =
            Event::Entry(EntryEvent::UnitImported { site: site.clone(), serial, bmc_mac, vendor, model, stage });
        Draft { at, subject: Subject::Unit(UnitId::mint(at, entropy)), actor: Actor::Rackhand, cause: None, event }
    };
    let drafts: Vec<Draft> = (0..servers).map(draft).collect();
    if !drafts.is_empty() {
        store.append(&drafts).unwrap();
    }
    store.close().unwrap();
}

impl Shop {
    pub async fn open(servers: usize) -> Self {
        let place = place(60_000);
        fill_the_pool(&place, servers);
        let shop = Self::over(place).await;
        for n in 0..servers {
            let serial = format!("POOL{n}");
            let unit = shop.console.ask(soon(), Find(serial.into())).await.unwrap().answer.unwrap();
            shop.command(Command::Describe { unit, spec: SPEC.into() }).await;
        }
        shop
    }

    pub async fn over(place: Place) -> Self {
        let daemon = place.start(None).await;
        let (console, _) = connect(&place.socket()).await.unwrap_or_else(|e| panic!("{e}\n{}", place.log()));
        // Plain HTTP is all this side has; the provider is asked for all the same.
        drop(rustls::crypto::ring::default_provider().install_default());
        // The daemon ends a connection that says nothing for ten seconds; one kept as long would be used as it ends.
        let client = Client::builder().pool_idle_timeout(Duration::from_secs(3)).build().unwrap();
        let answer = client.get(format!("http://{}/api/v1/openapi.json", place.http)).send().await.unwrap();
        let description = answer.json().await.unwrap();
        Self { place, daemon, console, client, description, used: BTreeSet::new() }
    }

    /// The same place with a daemon of a new life.
    pub async fn restart(self) -> Self {
        let Self { place, daemon, used, .. } = self;
        assert!(daemon.terminate().await.success());
        Self { used, ..Self::over(place).await }
    }

    pub async fn command(&self, command: Command) {
        static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        let request = format!("t{}", NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        self.console.command(soon(), request, command).await.unwrap().unwrap();
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.place.http)
    }

    /// Asks, and holds the answer against what is described for this path.
    pub async fn ask(
        &mut self,
        token: &str,
        method: Method,
        path: &str,
        more: (Option<&str>, Option<Value>),
    ) -> (u16, Value) {
        let (key, body) = more;
        let mut request = self.client.request(method.clone(), self.url(path)).bearer_auth(token);
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        if let Some(body) = &body {
            request = request.json(body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let value: Value = answer.json().await.unwrap();
        self.holds(&method, path, status, &value);
        (status, value)
    }

    fn holds(&mut self, method: &Method, path: &str, status: u16, value: &Value) {
        let plain = path.split('?').next().unwrap();
        let template = match plain.strip_prefix("/api/v1/orders/") {
            Some(_) => "/api/v1/orders/{number}",
            None => plain,
        };
        let operation = &self.description["paths"][template][method.as_str().to_lowercase()];
        let described = &operation["responses"][status.to_string()];
        assert!(described.is_object(), "{method} {path}: {status} is not described: {value}");
        let schema = &described["content"]["application/json"]["schema"];
        check(&self.description, schema, value, &format!("{method} {path} {status}"));
        self.used.insert((operation["operationId"].as_str().unwrap().to_owned(), status));
    }

    pub async fn get(&mut self, token: &str, path: &str) -> (u16, Value) {
        self.ask(token, Method::GET, path, (None, None)).await
    }

    pub async fn order(&mut self, token: &str, key: Option<&str>, body: Value) -> (u16, Value) {
        self.ask(token, Method::POST, "/api/v1/orders", (key, Some(body))).await
    }

    /// All operations of the description.
    pub fn operations(&self) -> BTreeSet<String> {
        let paths = self.description["paths"].as_object().unwrap();
        let operations = paths.values().flat_map(|path| path.as_object().unwrap().values());
        operations.map(|o| o["operationId"].as_str().unwrap().to_owned()).collect()
    }
}

pub fn wish(quantity: u32, spec: &str) -> Value {
    json!({ "lines": [{ "quantity": quantity, "spec": spec }] })
}

/// Enough of JSON Schema for the description: references, types, words, bounds and keys. Others it does not know.
fn check(root: &Value, schema: &Value, value: &Value, at: &str) {
    for key in schema.as_object().unwrap().keys() {
        let known = [
            "$ref",
            "type",
            "enum",
            "anyOf",
            "items",
            "properties",
            "required",
            "additionalProperties",
            "minimum",
            "maximum",
            "description",
            "format",
            "minItems",
            "maxItems",
            "minLength",
            "maxLength",
        ];
        assert!(known.contains(&key.as_str()), "{at}: the description says `{key}`");
    }
    if let Some(name) = schema["$ref"].as_str() {
        return check(root, root.pointer(name.trim_start_matches('#')).unwrap(), value, at);
    }
    if let Some(any) = schema["anyOf"].as_array() {
        let null = any.iter().any(|s| s["type"] == "null");
        let other = any.iter().find(|s| s["type"] != "null").unwrap();
        if !(value.is_null() && null) {
            check(root, other, value, at);
        }
        return;
    }
    let kinds = schema["type"].as_array().cloned().unwrap_or_else(|| vec![schema["type"].clone()]);
    let is = |kind: &Value| match kind.as_str().unwrap() {
        "string" => value.is_string(),
        "integer" => value.is_i64(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        other => panic!("{at}: a type `{other}`"),
    };
    assert!(kinds.iter().any(is), "{at}: {value} is no {kinds:?}");
    if let Some(words) = schema["enum"].as_array() {
        assert!(words.contains(value), "{at}: {value} is none of {words:?}");
    }
    if let (Some(n), Some(least)) = (value.as_i64(), schema["minimum"].as_i64()) {
        assert!(n >= least, "{at}: {n}");
    }
    if let (Some("date-time"), Some(text)) = (schema["format"].as_str(), value.as_str()) {
        text.parse::<rackhand_core::time::Timestamp>().unwrap();
    }
    for (n, item) in value.as_array().into_iter().flatten().enumerate() {
        check(root, &schema["items"], item, &format!("{at}[{n}]"));
    }
    if let (Some(object), Some(properties)) = (value.as_object(), schema["properties"].as_object()) {
        for (key, value) in object {
            let property = properties.get(key).unwrap_or_else(|| panic!("{at}.{key}: not described"));
            check(root, property, value, &format!("{at}.{key}"));
        }
        for key in schema["required"].as_array().into_iter().flatten() {
            assert!(object.contains_key(key.as_str().unwrap()), "{at}: {key} is missing");
        }
    }
}
