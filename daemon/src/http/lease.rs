//! Leases that DHCP servers on other hosts post.

use hyper::body::Incoming;
use hyper::{Request, StatusCode};
use rackhand_core::discovery::lease::{Envelope, LeaseEvent};

use super::answer::{Answered, error, json, refused};
use super::body::{bearer, collect, decode};
use super::{Http, hash, same};

/// The events of a body: one or a list, bare or each in its envelope. What is wrong is told of the bare form.
fn events(body: &[u8]) -> Result<Vec<LeaseEvent>, String> {
    if body.trim_ascii_start().first() == Some(&b'[') {
        decode::<Vec<LeaseEvent>>(body).or_else(|why| {
            let all = decode::<Vec<Envelope>>(body).map_err(|_| why)?;
            Ok(all.into_iter().map(LeaseEvent::from).collect())
        })
    } else {
        decode::<LeaseEvent>(body).map(|event| vec![event]).or_else(|why| {
            let told = decode::<Envelope>(body).map_err(|_| why)?;
            Ok(vec![LeaseEvent::from(told)])
        })
    }
}

impl Http {
    /// One event, or a list of them.
    pub(super) async fn lease_event(&self, request: Request<Incoming>) -> Answered {
        let Some(token) = &self.0.offers.event_token else {
            let what = "leases are not taken here: name a file with a token under [intake] event_token_file";
            return error(StatusCode::NOT_FOUND, what);
        };
        if !same(&hash(bearer(&request).unwrap_or_default()).0, &hash(token.reveal()).0) {
            return error(StatusCode::UNAUTHORIZED, "this is not the token of [intake] event_token_file");
        }
        let body = match collect(&self.0.known, request).await {
            Ok(body) => body,
            Err(answer) => return answer,
        };
        match events(&body) {
            Err(what) => error(StatusCode::UNPROCESSABLE_ENTITY, &what),
            Ok(events) => match self.0.intake.tell(&events).await {
                Ok(told) => json(StatusCode::OK, serde_json::json!(told).to_string()),
                Err(refusal) => refused(&refusal),
            },
        }
    }
}
