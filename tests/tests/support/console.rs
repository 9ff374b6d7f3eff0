//! A console: the handshake and the calls over the daemon's socket.

use std::path::Path;
use std::time::Duration;

use rackhand_rpc::ConsoleClient;
use rackhand_rpc::codec::transport;
use rackhand_rpc::hello::{HelloError, ServerHello, greet};
use serde::de::DeserializeOwned;
use serde_json::json;
use tokio::net::UnixStream;

/// Shakes hands, and gives the client for what follows.
#[allow(clippy::default_trait_access)] // its type is tarpc's, which these tests do not know
pub async fn connect(socket: &Path) -> Result<(ConsoleClient, ServerHello), HelloError> {
    let mut stream = UnixStream::connect(socket).await?;
    let hello = greet(&mut stream).await?;
    // tarpc's configuration is no type of ours to name.
    #[allow(clippy::default_trait_access)]
    let client = ConsoleClient::new(Default::default(), transport(stream)).spawn();
    Ok((client, hello))
}

/// A call's context with this deadline, written as it goes over the wire.
pub fn within<T: DeserializeOwned>(deadline: Duration) -> T {
    serde_json::from_value(context_json(deadline.as_secs())).unwrap()
}

/// A context as JSON, with whatever deadline in seconds.
pub fn context_json(secs: u64) -> serde_json::Value {
    json!({
        "deadline": { "secs": secs, "nanos": 0 },
        "trace_context": { "trace_id": vec![0_u8; 16], "span_id": 0, "sampling_decision": "Unsampled" },
    })
}

/// A call's context with room for a slow machine.
pub fn soon<T: DeserializeOwned>() -> T {
    within(Duration::from_secs(30))
}
