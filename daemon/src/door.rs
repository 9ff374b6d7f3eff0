//! A listener's loop: so many connections at once, each in a task of its own, until the daemon stops.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::sync::{Semaphore, watch};

use crate::engine::told;

/// Serves what `accept` gives until `stop` is told. Beyond `most` connections at once, a further one is closed.
pub async fn admit<S, F: Future<Output = ()> + Send + 'static>(
    most: usize,
    mut stop: watch::Receiver<bool>,
    accept: impl Fn(&mut Context<'_>) -> Poll<io::Result<S>>,
    serve: impl Fn(S) -> F,
) {
    let places = Arc::new(Semaphore::new(most));
    loop {
        let accepted = tokio::select! {
            biased;
            () = told(&mut stop) => return,
            accepted = poll_fn(&accept) => accepted,
        };
        let Ok(stream) = accepted else { continue };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
        let served = serve(stream);
        tokio::spawn(async move {
            served.await;
            drop(place);
        });
    }
}
