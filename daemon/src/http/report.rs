//! Machines' reports: a token that is good, a body that is whole, and only then the ledger.

use hyper::body::Incoming;
use hyper::{Request, StatusCode};
use rackhand_core::bmc::Fingerprint;
use rackhand_core::boot::commands as boot;
use rackhand_core::boot::report::{StepReport, ValidationReport};
use rackhand_core::decide::{Answer, Input};
use rackhand_core::id::Actor;

use super::answer::{Answered, error, json, refused};
use super::body::{Whole, bearer, collect, decode};
use super::{Http, hash};
use crate::ledger::Patience;

/// Characters of a boot token: 256 bits in hexadecimal.
const TOKEN: usize = 64;
/// Measurements of one step at the most.
const MEASUREMENTS: usize = 64;

impl Http {
    /// One step's report.
    pub(super) async fn step(&self, request: Request<Incoming>) -> Answered {
        let (token, body) = match self.open(request).await {
            Ok(read) => read,
            Err(answer) => return answer,
        };
        match decode::<StepReport>(&body) {
            Err(what) => error(StatusCode::UNPROCESSABLE_ENTITY, &what),
            Ok(report) if report.measurements.len() > MEASUREMENTS => {
                error(StatusCode::UNPROCESSABLE_ENTITY, &format!("measurements: at most {MEASUREMENTS}"))
            }
            Ok(report) => self.take(Input::StepReported(token, report)).await,
        }
    }

    /// The final report.
    pub(super) async fn report(&self, request: Request<Incoming>) -> Answered {
        let (token, body) = match self.open(request).await {
            Ok(read) => read,
            Err(answer) => return answer,
        };
        match decode::<ValidationReport>(&body) {
            Err(what) => error(StatusCode::UNPROCESSABLE_ENTITY, &what),
            Ok(report) => match report.oversized() {
                Some(field) => error(StatusCode::UNPROCESSABLE_ENTITY, &format!("{field}: more than any server has")),
                None => self.take(Input::FinalReport(token, Box::new(report))).await,
            },
        }
    }

    /// The token and the body. A token that opens nothing costs one look, whatever is wrong with it; its body is not
    /// read at all.
    async fn open(&self, request: Request<Incoming>) -> Result<(Fingerprint, Whole), Answered> {
        let token = hash(bearer(&request).filter(|t| t.len() == TOKEN).unwrap_or_default());
        if !boot::opens(&self.0.ledger.world(), &token, self.0.clock.now()) {
            return Err(refused(&boot::no_such_token()));
        }
        Ok((token, collect(&self.0.known, request).await?))
    }

    async fn take(&self, input: Input) -> Answered {
        match self.0.ledger.submit(Actor::Wire, Patience::Refuse, input).await {
            Ok(done) if done.answer == Answer::Already => {
                json(StatusCode::OK, "{\"taken\":true,\"already\":true}".to_owned())
            }
            Ok(_) => json(StatusCode::OK, "{\"taken\":true}".to_owned()),
            Err(refusal) => refused(&refusal),
        }
    }
}
