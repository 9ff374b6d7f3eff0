//! Carriers' tracking, as far as it is asked: parcels that travel by the lab's clock, behind each carrier's own API.

mod dhl;
mod fedex;
mod ups;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use hyper::StatusCode;
use rackhand_core::purchase::paper::Transit;
use rackhand_core::time::Timestamp;
use serde_json::Value;

pub use dhl::Dhl;
pub use fedex::Fedex;
pub use ups::Ups;

use crate::faults::lock;
use crate::host::{Reply, Request};

/// The name that UPS and FedEx know us by in the lab.
pub const CLIENT: &str = "LabClient";
/// The secret that goes with it. It needs escapes in a form.
pub const SECRET: &str = "Lab Secret+3&=%";
/// The key that DHL takes in the lab.
pub const KEY: &str = "LabKey4567890";

/// How long a token lives, in seconds.
pub const TOKEN_LIFE: u64 = 3_600;

/// One scan of a parcel.
#[derive(Clone, Copy, Debug)]
pub struct Stop {
    /// When.
    pub at: Timestamp,
    /// How it stands from then on.
    pub status: Transit,
    /// What the carrier says of it.
    pub what: &'static str,
    /// Where: city and country.
    pub place: (&'static str, &'static str),
    /// When it is to arrive, as told from then on.
    pub eta: Option<Timestamp>,
}

/// A parcel's way, in the order of time.
pub type Journey = Vec<Stop>;

/// Four days from Houston to Frankfurt: announced, moving after 12 h, arriving a day later than was told after 36 h,
/// delivered at 11:00 on the fourth day where it starts at 11:00.
pub fn journey(from: Timestamp) -> Journey {
    journey_of(from, JOURNEY)
}

/// How long a journey takes.
pub const JOURNEY: Duration = Duration::from_hours(96);

/// The same journey in so much time as a whole.
pub fn journey_of(from: Timestamp, whole: Duration) -> Journey {
    let after = |hours: u32| from + whole * hours / 96;
    let stop = |hours, status, what, place, eta: Option<u32>| {
        let eta = eta.map(after);
        Stop { at: after(hours), status, what, place, eta }
    };
    vec![
        stop(0, Transit::Announced, "Label created", ("HOUSTON", "US"), None),
        stop(12, Transit::Moving, "Picked up", ("HOUSTON", "US"), Some(72)),
        stop(36, Transit::Moving, "Departed", ("LOUISVILLE", "US"), Some(96)),
        stop(84, Transit::Moving, "Out for delivery", ("FRANKFURT", "DE"), Some(96)),
        stop(96, Transit::Delivered, "Delivered", ("FRANKFURT", "DE"), None),
    ]
}

/// What the three have in common: parcels, tokens, and what was asked.
#[derive(Default)]
pub struct Desk(Mutex<State>);

#[derive(Default)]
struct State {
    parcels: BTreeMap<String, Vec<Journey>>,
    tokens: BTreeMap<String, Timestamp>,
    issued: u64,
    questions: Vec<(Timestamp, String)>,
    busy: Option<(u32, String)>,
}

impl Desk {
    /// Parcels that travel under one number.
    pub fn parcels(&self, number: &str, journeys: Vec<Journey>) {
        lock(&self.0).parcels.insert(number.to_owned(), journeys);
    }

    /// A parcel with a number of its own.
    pub fn parcel(&self, number: &str, journey: Journey) {
        self.parcels(number, vec![journey]);
    }

    /// Ends all tokens before their time.
    pub fn revoke(&self) {
        lock(&self.0).tokens.clear();
    }

    /// Answers the next questions with 429 and this `Retry-After`.
    pub fn busy(&self, times: u32, retry_after: &str) {
        lock(&self.0).busy = Some((times, retry_after.to_owned()));
    }

    /// Tokens it has given.
    pub fn tokens(&self) -> u64 {
        lock(&self.0).issued
    }

    /// Questions for parcels it has had: when, and the numbers with commas between them.
    pub fn questions(&self) -> Vec<(Timestamp, String)> {
        lock(&self.0).questions.clone()
    }

    fn issue(&self, now: Timestamp) -> String {
        let state = &mut *lock(&self.0);
        state.issued += 1;
        let token = format!("lab-token-{}", state.issued);
        state.tokens.insert(token.clone(), now + Duration::from_secs(TOKEN_LIFE));
        token
    }

    /// Whether the request bears a token that lives.
    fn admits(&self, request: &Request, now: Timestamp) -> bool {
        let token = request.header("authorization").and_then(|h| h.strip_prefix("Bearer "));
        token.is_some_and(|t| lock(&self.0).tokens.get(t).is_some_and(|until| *until > now))
    }

    /// Counts a question; says no where it is busy.
    fn asked(&self, numbers: &str, now: Timestamp) -> Option<Reply> {
        let state = &mut *lock(&self.0);
        state.questions.push((now, numbers.to_owned()));
        let (times, retry_after) = state.busy.as_mut().filter(|(times, _)| *times > 0)?;
        *times -= 1;
        let reply = Reply::json(StatusCode::TOO_MANY_REQUESTS, &Value::Null);
        Some(if retry_after.is_empty() { reply } else { reply.header("retry-after", retry_after) })
    }

    /// The stops of each parcel under a number that lie behind it, the latest first; none before the first of them.
    fn stops(&self, number: &str, now: Timestamp) -> Vec<Journey> {
        let state = lock(&self.0);
        let journeys = state.parcels.get(number).map_or(&[][..], Vec::as_slice);
        let behind = |journey: &Journey| journey.iter().rev().filter(|s| s.at <= now).copied().collect::<Journey>();
        journeys.iter().map(behind).filter(|stops| !stops.is_empty()).collect()
    }
}
