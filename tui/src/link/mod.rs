//! The link to a daemon: where it is, how to get there, how long a call may take. It watches, asks and commands, and
//! comes back by itself when it is lost.

pub mod call;
pub mod connect;
pub mod host;
pub mod sync;

use std::fmt::Display;
use std::time::Duration;

use rackhand_core::id::Role;
use rackhand_core::text::Text;
use rackhand_rpc::hello::ServerHello;
use tarpc::client::RpcError;
use tarpc::context::{self, Context};

use crate::event::Greeting;
pub use connect::Connection;

/// How long an ordinary call may take.
pub const CALL: Duration = Duration::from_secs(10);

/// The context of a call that may take this long.
pub fn within(span: Duration) -> Context {
    let mut context = context::current();
    context.deadline = (tokio::time::Instant::now() + span).into_std();
    context
}

/// How much longer than its deadline an answer is waited for: so that whoever keeps the deadline may say so first.
const GRACE: Duration = Duration::from_secs(1);

/// Waits for the answer to a call that may take this long. tarpc's client may wait for ever for a call that was on its
/// way when the connection broke; nobody who asked may.
pub async fn answered<T, E: From<RpcError>>(span: Duration, call: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    tokio::time::timeout(span + GRACE, call).await.unwrap_or_else(|_| Err(RpcError::DeadlineExceeded.into()))
}

/// The context of an ordinary call.
pub fn call() -> Context {
    within(CALL)
}

/// The context of a watch that the daemon may hold for `wait_ms` milliseconds.
pub fn watch(wait_ms: u32) -> Context {
    within(watched(wait_ms))
}

/// How long a watch may take that the daemon may hold for `wait_ms` milliseconds.
pub fn watched(wait_ms: u32) -> Duration {
    Duration::from_millis(wait_ms.into()) + CALL
}

/// A way to the daemon.
pub trait Connect: Send + Sync + 'static {
    /// Makes one connection. The error is a sentence for a person.
    fn connect(&self) -> impl Future<Output = Result<Connection, Text>> + Send;
}

impl<F, Fut, E> Connect for F
where
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Connection, E>> + Send,
    E: Display,
{
    async fn connect(&self) -> Result<Connection, Text> {
        self().await.map_err(|e| Text::from(e.to_string()))
    }
}

/// What of a handshake the console keeps.
pub fn greeting(hello: ServerHello) -> Greeting {
    Greeting {
        site: hello.site,
        user: hello.user,
        role: hello.role.unwrap_or(Role::ReadOnly),
        demo: hello.demo,
        epoch: hello.epoch,
        head: hello.head,
        build: hello.build,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_call_that_is_never_answered_ends_a_little_after_its_deadline() {
        let begun = tokio::time::Instant::now();
        let never = std::future::pending::<Result<(), RpcError>>();
        let end = answered(CALL, never).await;
        assert!(matches!(end, Err(RpcError::DeadlineExceeded)), "{end:?}");
        assert_eq!(begun.elapsed(), CALL + GRACE);
        assert!(matches!(answered(CALL, async { Ok::<_, RpcError>(7) }).await, Ok(7)));
    }
}
