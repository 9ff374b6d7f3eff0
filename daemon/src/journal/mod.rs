//! The journal: every event of one site, in one order, on disk before anybody is told of it.

mod backup;
mod chain;
mod epoch;
mod error;
mod failpoint;
mod head;
mod read;
mod record;
mod schema;
mod search;
mod snapshot;
mod store;
#[cfg(test)]
mod tests;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};

use rackhand_core::bmc::Fingerprint;
use rackhand_core::event::{Draft, Recorded, Seq};
use rackhand_core::id::Subject;
use rusqlite::Connection;
use tokio::sync::{Semaphore, oneshot, watch};

pub use backup::{Restored, restore, verify_file};
pub use chain::{Hash, Verified};
pub use error::JournalError;
pub use failpoint::Failpoint;
pub use read::{JournalFilter, Reader};
pub use store::Store;

use writer::{Batch, Command};

/// The database in the journal's directory.
const FILE: &str = "journal.db";

/// Batches that may wait for the writer; more wait before they queue.
const MAX_QUEUED: usize = 1024;

/// Where a read goes: a connection, and the directory of its file if it has one.
struct Source<'a> {
    conn: &'a Connection,
    dir: Option<&'a Path>,
}

impl Source<'_> {
    fn verify(&self) -> Result<Verified, JournalError> {
        // The note first: whatever is committed after it only makes the journal longer.
        let reached = self.dir.and_then(head::read);
        let damage = self.dir.and_then(head::damage);
        let mut verified = chain::verify(self.conn, reached)?;
        verified.beside.extend(damage);
        Ok(verified)
    }
}

/// Decides whether an append fails before it reaches the disk.
pub type Inject = Box<dyn FnMut(&[Draft]) -> Option<JournalError> + Send>;

/// A handle on the journal for asynchronous code.
#[derive(Clone)]
pub struct Journal(Arc<Handle>);

enum Handle {
    /// A thread of its own writes; reads have connections of their own.
    Thread {
        commands: mpsc::Sender<Command>,
        queue: Arc<Semaphore>,
        heads: watch::Receiver<Seq>,
        reader: Option<Reader>,
    },
    /// Everything happens in the caller, for simulation.
    Inline { store: Arc<Mutex<Store>>, heads: watch::Sender<Seq>, inject: Mutex<Option<Inject>> },
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A store is whole between its calls, whatever its caller did.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Journal {
    /// Moves `store` into a thread of its own. The thread ends when the journal is closed or the last handle is gone.
    ///
    /// # Errors
    /// `Sqlite` if the system gives no thread.
    pub fn thread(store: Store) -> Result<Self, JournalError> {
        let (commands, receiver) = mpsc::channel();
        let (sender, heads) = watch::channel(store.head());
        let reader = store.reader();
        std::thread::Builder::new()
            .name("journal".into())
            .spawn(move || writer::run(store, &receiver, &sender))
            .map_err(|e| JournalError::Io { at: "journal thread".into(), what: e.to_string() })?;
        let queue = Arc::new(Semaphore::new(MAX_QUEUED));
        Ok(Self(Arc::new(Handle::Thread { commands, queue, heads, reader })))
    }

    /// Uses `store` in the calling task, without threads: the same calls give the same events each time.
    pub fn inline(store: Arc<Mutex<Store>>) -> Self {
        let heads = watch::Sender::new(locked(&store).head());
        Self(Arc::new(Handle::Inline { store, heads, inject: Mutex::default() }))
    }

    /// Place of the last event known to be on the disk; 0 if there is none.
    pub fn head(&self) -> Seq {
        match &*self.0 {
            Handle::Thread { heads, .. } => *heads.borrow(),
            Handle::Inline { store, .. } => locked(store).head(),
        }
    }

    /// Tells of each new head. When the receiver is told, the events up to it can be read.
    pub fn heads(&self) -> watch::Receiver<Seq> {
        match &*self.0 {
            Handle::Thread { heads, .. } => heads.clone(),
            Handle::Inline { heads, .. } => heads.subscribe(),
        }
    }

    /// Records all of `drafts` or none; returns when they are on the disk, with the place of the last of them.
    /// What queues up meanwhile is committed together. A caller that goes away does not undo it.
    ///
    /// # Errors
    /// As [`Store::append`], and `Closed`.
    pub async fn append(&self, drafts: Vec<Draft>) -> Result<Seq, JournalError> {
        match &*self.0 {
            Handle::Thread { commands, queue, .. } => {
                let place = Arc::clone(queue).acquire_owned().await.map_err(|_| JournalError::Closed)?;
                let (done, result) = oneshot::channel();
                let batch = Batch { drafts, done, _place: place };
                commands.send(Command::Append(batch)).map_err(|_| JournalError::Closed)?;
                result.await.map_err(|_| JournalError::Closed)?
            }
            Handle::Inline { store, heads, inject } => {
                if let Some(error) = locked(inject).as_mut().and_then(|fail| fail(&drafts)) {
                    return Err(error);
                }
                let head = locked(store).append(&drafts)?;
                heads.send_replace(head);
                Ok(head)
            }
        }
    }

    /// Whether anything can be written: writes beside the chain, where it leaves nothing that is read.
    ///
    /// # Errors
    /// As [`Journal::append`].
    pub async fn probe(&self) -> Result<(), JournalError> {
        if let Handle::Inline { inject, .. } = &*self.0
            && let Some(error) = locked(inject).as_mut().and_then(|fail| fail(&[]))
        {
            return Err(error);
        }
        self.on_store(|store| store.probe()).await
    }

    /// What the chain must hold of a snapshot before it is saved; gives the snapshot back.
    pub async fn sum_snapshot(
        &self,
        at: Seq,
        fold: u32,
        body: Vec<u8>,
    ) -> Result<(Fingerprint, Vec<u8>), JournalError> {
        self.read(move |s| Ok((Fingerprint(snapshot::sum_of(s.conn, at, fold, &body)?), body))).await
    }

    /// Saves the state after event `at`, computed by version `fold` of the fold. It is used only where the chain vouches
    /// for it by then.
    pub async fn save_snapshot(&self, at: Seq, fold: u32, body: Vec<u8>) -> Result<(), JournalError> {
        self.on_store(move |store| store.save_snapshot(at, fold, &body)).await
    }

    /// The newest sound state of version `fold`, and the place of the last event in it.
    pub async fn load_snapshot(&self, fold: u32) -> Result<Option<(Seq, Vec<u8>)>, JournalError> {
        self.read(move |s| snapshot::load(s.conn, fold)).await
    }

    /// One event; `None` if there is none in this place.
    pub async fn event(&self, seq: Seq) -> Result<Option<Recorded>, JournalError> {
        self.read(move |s| read::event(s.conn, seq)).await
    }

    /// The events about `subject` before `before`, newest first, at most `limit` and at most 10,000.
    pub async fn history(
        &self,
        subject: Subject,
        before: Option<Seq>,
        limit: usize,
    ) -> Result<Vec<Recorded>, JournalError> {
        self.page(JournalFilter { subject: Some(subject), ..JournalFilter::default() }, before, limit).await
    }

    /// The events that fit `filter` before `before`, newest first, at most `limit` and at most 10,000.
    pub async fn page(
        &self,
        filter: JournalFilter,
        before: Option<Seq>,
        limit: usize,
    ) -> Result<Vec<Recorded>, JournalError> {
        self.read(move |s| read::page(s.conn, &filter, before, limit)).await
    }

    /// Verifies everything; see [`Store::verify`].
    pub async fn verify(&self) -> Result<Verified, JournalError> {
        self.read(|s| s.verify()).await
    }

    /// Copies the journal while it is in use; see [`Store::backup`].
    pub async fn backup(&self, to: PathBuf) -> Result<Verified, JournalError> {
        self.read(move |s| backup::backup(&s, &to)).await
    }

    /// Returns when the writer has come to it, behind what is queued.
    pub async fn beat(&self) -> Result<(), JournalError> {
        self.on_store(|_| Ok(())).await
    }

    /// Waits for what is queued, ends the chain in a checkpoint and closes the file. Other handles get `Closed`.
    pub async fn close(self) -> Result<(), JournalError> {
        match &*self.0 {
            Handle::Thread { commands, .. } => {
                let (done, result) = oneshot::channel();
                commands.send(Command::Close(done)).map_err(|_| JournalError::Closed)?;
                result.await.map_err(|_| JournalError::Closed)?
            }
            Handle::Inline { store, .. } => locked(store).close(),
        }
    }

    /// Lets `inject` fail appends before they reach the store. Inline only; a journal with a thread ignores it.
    pub fn inject(&self, inject: Inject) {
        if let Handle::Inline { inject: slot, .. } = &*self.0 {
            *locked(slot) = Some(inject);
        }
    }

    /// Runs `job` on the store itself, behind what is queued.
    async fn on_store<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Store) -> Result<T, JournalError> + Send + 'static,
    ) -> Result<T, JournalError> {
        match &*self.0 {
            Handle::Thread { commands, .. } => {
                let (done, result) = oneshot::channel();
                let run = move |store: &mut Store| drop(done.send(job(store)));
                commands.send(Command::Run(Box::new(run))).map_err(|_| JournalError::Closed)?;
                result.await.map_err(|_| JournalError::Closed)?
            }
            Handle::Inline { store, .. } => job(&mut locked(store)),
        }
    }

    /// Runs `job` on a connection that does not wait for the writer, where there is one.
    async fn read<T: Send + 'static>(
        &self,
        job: impl FnOnce(Source<'_>) -> Result<T, JournalError> + Send + 'static,
    ) -> Result<T, JournalError> {
        match &*self.0 {
            Handle::Thread { reader: Some(reader), .. } => {
                let reader = reader.clone();
                tokio::task::spawn_blocking(move || reader.with(job)).await.map_err(|_| JournalError::Closed)?
            }
            _ => self.on_store(move |store| job(store.source())).await,
        }
    }
}
