//! The writer's thread: what has queued is committed together and acknowledged after the commit.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use rackhand_core::event::{Draft, Seq};
use tokio::sync::{OwnedSemaphorePermit, oneshot, watch};

use super::error::JournalError;
use super::store::Store;

/// How many batches are committed together.
const MAX_BATCHES: usize = 256;

/// How many events are committed together, unless one batch has more.
const MAX_EVENTS: usize = 4096;

/// How long nothing is asked before the thread tidies.
const QUIET: Duration = Duration::from_secs(1);

/// One batch, and who waits for it.
pub(super) struct Batch {
    pub drafts: Vec<Draft>,
    pub done: oneshot::Sender<Result<Seq, JournalError>>,
    /// Its place in the queue, free again when the batch is done.
    pub _place: OwnedSemaphorePermit,
}

/// What the thread is asked for.
pub(super) enum Command {
    Append(Batch),
    Run(Box<dyn FnOnce(&mut Store) + Send>),
    Close(oneshot::Sender<Result<(), JournalError>>),
}

/// Serves commands until it is told to close, or nobody is left who could ask.
pub(super) fn run(mut store: Store, commands: &Receiver<Command>, heads: &watch::Sender<Seq>) {
    // How long to wait before tidying; `None` when all is tidy, so that an idle daemon never wakes up.
    let mut patience = Some(QUIET);
    loop {
        let received = match patience {
            Some(span) => commands.recv_timeout(span),
            None => commands.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        let mut next = match received {
            Ok(command) => Some(command),
            Err(RecvTimeoutError::Timeout) => {
                patience = tidy(&mut store);
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => break,
        };
        patience = Some(QUIET);
        while let Some(command) = next.take() {
            match command {
                Command::Append(batch) => {
                    let group;
                    (group, next) = gather(batch, commands);
                    commit(&mut store, group, heads);
                }
                Command::Run(job) => job(&mut store),
                Command::Close(done) => {
                    let closed = store.close();
                    drop(store);
                    let _ = done.send(closed);
                    return;
                }
            }
        }
    }
    if let Err(error) = store.close() {
        tracing::warn!(%error, "the journal could not be closed in order");
    }
}

/// How long to wait before the next time.
fn tidy(store: &mut Store) -> Option<Duration> {
    match store.tidy() {
        Ok(more) => more.then_some(Duration::ZERO),
        Err(error) => {
            tracing::warn!(%error, "the journal could not be tidied; it is tried again after the next event");
            None
        }
    }
}

/// What has queued behind `first` and can be committed with it, and the command that ended the queue.
fn gather(first: Batch, commands: &Receiver<Command>) -> (Vec<Batch>, Option<Command>) {
    let mut events = first.drafts.len();
    let mut group = vec![first];
    while group.len() < MAX_BATCHES && events < MAX_EVENTS {
        match commands.try_recv() {
            Ok(Command::Append(batch)) => {
                events += batch.drafts.len();
                group.push(batch);
            }
            Ok(other) => return (group, Some(other)),
            Err(_) => break,
        }
    }
    (group, None)
}

/// Commits a group, publishes the head, and tells each batch's owner.
fn commit(store: &mut Store, mut group: Vec<Batch>, heads: &watch::Sender<Seq>) {
    let mut end = store.head();
    let lengths: Vec<usize> = group.iter().map(|b| b.drafts.len()).collect();
    let mut drafts = Vec::with_capacity(lengths.iter().sum());
    for batch in &mut group {
        drafts.append(&mut batch.drafts);
    }
    let together = store.append(&drafts);
    let mut rest = drafts.as_slice();
    for (batch, length) in group.into_iter().zip(lengths.iter().copied()) {
        let (own, others) = rest.split_at(length);
        rest = others;
        let result = match &together {
            Ok(_) => {
                end += length as Seq;
                Ok(end)
            }
            // One batch that can't be recorded must not take the others with it.
            Err(JournalError::Refused { .. } | JournalError::Sqlite { .. }) if lengths.len() > 1 => store.append(own),
            Err(error) => Err(error.clone()),
        };
        heads.send_replace(if together.is_ok() { end } else { store.head() });
        let _ = batch.done.send(result);
    }
    if let Err(error) = store.catch_up() {
        tracing::warn!(%error, "the journal's search index could not be extended");
    }
}
