//! Canonical MAAS, as far as it is asked: its list of addresses behind OAuth 1.0.

use std::net::IpAddr;
use std::sync::Mutex;

use bytes::Bytes;
use hyper::StatusCode;
use rackhand_core::mac::Mac;
use rackhand_core::time::Timestamp;
use serde_json::{Value, json};

use crate::faults::lock;
use crate::host::{Host, Reply, Request};

/// The key MAAS takes in the lab.
pub const KEY: &str = "LabConsumer1:LabToken2:LabSecret3";

/// A signature this much older or newer than MAAS's own clock is refused, in seconds.
const SKEW: i64 = 300;

/// MAAS.
#[derive(Default)]
pub struct Maas(Mutex<State>);

#[derive(Default)]
struct State {
    rows: Vec<(i64, Mac, IpAddr)>,
    nonces: Vec<String>,
    requests: u64,
}

impl Maas {
    /// One without addresses.
    pub fn new() -> Self {
        Self::default()
    }

    /// An address that its DHCP server gave to a client it does not manage.
    pub fn lease(&self, mac: Mac, address: IpAddr) {
        self.add(6, mac, address);
    }

    /// An address of another kind: 1 sticky, 4 reserved by a user, 5 DHCP, 6 observed.
    pub fn add(&self, kind: i64, mac: Mac, address: IpAddr) {
        lock(&self.0).rows.push((kind, mac, address));
    }

    /// Requests it has had.
    pub fn requests(&self) -> u64 {
        lock(&self.0).requests
    }
}

fn plain(status: StatusCode, what: &'static str) -> Reply {
    let mut reply = Reply::status(status);
    reply.body = Bytes::from_static(what.as_bytes());
    reply
}

/// The parameters of an OAuth header.
fn oauth(header: &str) -> Option<Vec<(&str, &str)>> {
    let pairs = header.strip_prefix("OAuth ")?.split(", ");
    pairs.map(|pair| pair.split_once('=').map(|(key, value)| (key, value.trim_matches('"')))).collect()
}

impl Host for Maas {
    fn answer(&self, request: &Request, now: Timestamp) -> Reply {
        let state = &mut *lock(&self.0);
        state.requests += 1;
        let pairs = request.header("authorization").and_then(oauth).unwrap_or_default();
        let of = |key: &str| pairs.iter().find(|(k, _)| *k == key).map_or("", |(_, v)| *v);
        let (key, signature) = (KEY.split(':').collect::<Vec<_>>(), of("oauth_signature"));
        let signed = [of("oauth_consumer_key"), of("oauth_token")] == key[..2]
            && signature.strip_prefix("%26") == Some(key[2])
            && of("oauth_signature_method") == "PLAINTEXT"
            && of("oauth_version") == "1.0";
        if !signed {
            return plain(StatusCode::UNAUTHORIZED, "Authorization Error: Invalid access token");
        }
        let told: i64 = of("oauth_timestamp").parse().unwrap_or(0);
        if (told - now.as_micros() / 1_000_000).abs() > SKEW {
            return plain(StatusCode::UNAUTHORIZED, "Authorization Error: Expired timestamp");
        }
        let nonce = of("oauth_nonce").to_owned();
        if nonce.is_empty() || state.nonces.contains(&nonce) {
            return plain(StatusCode::UNAUTHORIZED, "Authorization Error: Nonce already used");
        }
        state.nonces.push(nonce);
        if request.path != "/MAAS/api/2.0/ipaddresses/" {
            return plain(StatusCode::NOT_FOUND, "Not Found");
        }
        let all = request.query == "all=true";
        let shown = state.rows.iter().filter(|(kind, ..)| all || *kind == 4);
        let rows: Vec<Value> = shown
            .map(|(kind, mac, address)| {
                let mac = mac.to_string().to_lowercase();
                let interface = json!({"id": 1, "name": "eth0", "type": "unknown", "mac_address": mac, "links": []});
                json!({
                    "alloc_type": kind, "alloc_type_name": "Observed", "created": "Thu, 19 Nov. 2026 09:12:01",
                    "ip": address, "owner": null, "interface_set": [interface], "subnet": {"cidr": "10.0.4.0/22"},
                    "resource_uri": "/MAAS/api/2.0/ipaddresses/",
                })
            })
            .collect();
        Reply::json(StatusCode::OK, &rows.into())
    }
}
