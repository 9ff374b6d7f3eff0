//! How long NetBox takes for an answer. The figures are those of NetBox 4.6.8 with 5,000 devices and 15,000 interfaces
//! on two busy cores; their ratios matter, not their size.

use std::time::Duration;

use hyper::Method;

use crate::host::Request;

/// What an answer costs.
#[derive(Clone, Copy, Debug, Default)]
pub enum Pace {
    /// Nothing.
    #[default]
    None,
    /// The same for each.
    Even(Duration),
    /// As measured, divided by this.
    Measured(u32),
}

impl Pace {
    /// The time for an answer to this request.
    pub(super) fn of(self, request: &Request, weight: Weight) -> Duration {
        match self {
            Self::None => Duration::ZERO,
            Self::Even(think) => think,
            Self::Measured(scale) => measured(request, weight) / scale.max(1),
        }
    }
}

/// What is in an answer.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Weight {
    /// Objects that were asked for.
    pub rows: usize,
    /// Objects that a query had nested in them.
    pub nested: usize,
}

fn measured(request: &Request, weight: Weight) -> Duration {
    let each = |first: u64, micros: u32| {
        Duration::from_millis(first) + Duration::from_micros(micros.into()) * weight.rows as u32
    };
    if request.path.ends_with("/graphql/") {
        // 155 ms for 1,000 devices; with interfaces and MACs 7.1 s for 5,000.
        return each(5, 155) + Duration::from_micros(105) * weight.nested as u32;
    }
    let list = request.segments().len() <= 3;
    match (&request.method, list) {
        _ if request.path.contains("/status") => each(13, 0),
        // A trimmed page of 1,000 takes 0.7 to 1 s, a whole one 2 s and more; one device 190 ms, its interfaces 130.
        (&Method::GET, true) if request.query.contains("fields=") => each(45, 850),
        (&Method::GET, true) => each(120, 1_900),
        (&Method::GET, false) => each(190, 0),
        // 193 s for 5,000 devices in bulks of 100, 288 ms for one.
        (&Method::PATCH, true) => each(60, 38_000),
        (&Method::POST, true) => each(100, 100_000),
        (&Method::OPTIONS, _) => each(60, 0),
        _ => each(288, 0),
    }
}
