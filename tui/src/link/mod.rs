//! The link to a daemon: where it is, how to get there, how long a call may take.

pub mod connect;
pub mod host;

use std::time::{Duration, Instant};

use tarpc::context::{self, Context};

/// How long an ordinary call may take.
pub const CALL: Duration = Duration::from_secs(10);

/// The context of a call that may take this long.
pub fn within(span: Duration) -> Context {
    let mut context = context::current();
    context.deadline = Instant::now() + span;
    context
}

/// The context of an ordinary call.
pub fn call() -> Context {
    within(CALL)
}

/// The context of a watch that the daemon may hold for `wait_ms` milliseconds.
pub fn watch(wait_ms: u32) -> Context {
    within(Duration::from_millis(wait_ms.into()) + CALL)
}
