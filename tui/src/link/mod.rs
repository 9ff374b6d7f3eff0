//! The connection to the daemon: it watches, asks and commands, and comes back by itself when it is lost.

pub mod call;
pub mod sync;

use std::fmt::Display;

use rackhand_core::id::Role;
use rackhand_core::text::Text;
use rackhand_rpc::ConsoleClient;
use rackhand_rpc::hello::ServerHello;

use crate::event::Greeting;

/// One connection on which the handshake is done.
#[derive(Debug)]
pub struct Connection {
    /// Calls go here.
    pub client: ConsoleClient,
    /// What the daemon said of itself.
    pub hello: ServerHello,
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
