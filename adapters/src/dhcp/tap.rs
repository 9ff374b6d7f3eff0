//! The tap: hears DHCP on an interface, beside the server or on a mirror port, and says how it does. It never sends.
//!
//! One thread for each interface waits for frames and puts them on a bounded queue. It outlives what interfaces go
//! through: set down, taken away, come back under the same name.

mod filter;
mod socket;
mod sys;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{io, thread};

use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;
use rackhand_core::view::{TapState, TapStatus};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use self::socket::{Deaf, Listening, describe};
use crate::port::clock::Clock;

/// Frames that may wait to be taken: a rack's whole power-on, several times. Then the newest are dropped and counted.
pub const QUEUE: usize = 16_384;

/// The pause before an interface is looked for again: the first, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// A frame and when it was seen.
pub type Frame = (Vec<u8>, Timestamp);

/// A running tap. It ends when this is dropped or nobody takes its frames any more.
#[derive(Debug)]
pub struct Tap {
    shared: Arc<Shared>,
    thread: thread::Thread,
}

#[derive(Debug)]
struct Shared {
    interface: String,
    promiscuous: bool,
    clock: Clock,
    stop: AtomicBool,
    frames: AtomicU64,
    dropped: AtomicU64,
    missed: AtomicU64,
    now: Mutex<Now>,
}

#[derive(Clone, Debug, PartialEq)]
struct Now {
    state: TapState,
    since: Timestamp,
    trouble: Option<Text>,
}

impl Tap {
    /// Listens on the interface of this name, now or as soon as it is there. A mirror port must be `promiscuous`: what
    /// it gets is for other hosts' addresses, and network cards keep that out.
    ///
    /// # Errors
    /// The system gives no thread. Whatever else goes wrong is in the status, and is tried again.
    pub fn start(interface: &str, promiscuous: bool, clock: Clock) -> io::Result<(Self, mpsc::Receiver<Frame>)> {
        let now = Now { state: TapState::Opening, since: clock.now(), trouble: None };
        let shared = Arc::new(Shared {
            interface: interface.to_owned(),
            promiscuous,
            clock,
            stop: AtomicBool::new(false),
            frames: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            missed: AtomicU64::new(0),
            now: Mutex::new(now),
        });
        let (frames, taken) = mpsc::channel(QUEUE);
        let ear = Ear { shared: Arc::clone(&shared), frames };
        let thread = thread::Builder::new().name(format!("tap-{interface}")).spawn(move || ear.run())?;
        Ok((Self { shared, thread: thread.thread().clone() }, taken))
    }

    /// How it does.
    pub fn status(&self) -> TapStatus {
        let shared = &self.shared;
        let Now { state, since, trouble } = shared.now().clone();
        TapStatus {
            interface: Text::new(&shared.interface),
            state,
            since,
            trouble,
            frames: shared.frames.load(Ordering::Relaxed),
            dropped: shared.dropped.load(Ordering::Relaxed),
            missed: shared.missed.load(Ordering::Relaxed),
        }
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        self.thread.unpark();
    }
}

impl Shared {
    /// Counts frames that found no room in the socket.
    fn miss(&self, frames: u64) {
        if frames > 0 {
            let all = self.missed.fetch_add(frames, Ordering::Relaxed) + frames;
            tracing::warn!(
                interface = self.interface,
                frames,
                all,
                "DHCP frames came faster than they were taken, and are lost"
            );
        }
    }

    fn now(&self) -> std::sync::MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, state: TapState, trouble: Option<Text>) {
        let mut now = self.now();
        if now.state == state && now.trouble == trouble {
            return;
        }
        *now = Now { state, since: self.clock.now(), trouble };
        let interface = &self.interface;
        match (state, &now.trouble) {
            (TapState::Listening, _) => tracing::info!(interface, "the tap listens"),
            (TapState::Stopped, _) => tracing::info!(interface, "the tap has stopped"),
            (_, Some(trouble)) => tracing::warn!(interface, "the tap hears nothing: {trouble}"),
            (_, None) => tracing::warn!(interface, "the tap hears nothing: {}", state.word()),
        }
    }

    /// A socket on an interface without carrier hears again by itself once there is one.
    fn linked(&self, has_carrier: bool) {
        self.enter(if has_carrier { TapState::Listening } else { TapState::LinkDown }, None);
    }

    fn deaf(&self, why: Deaf) {
        let (state, trouble) = match why {
            Deaf::NoSuchInterface => (TapState::NoSuchInterface, None),
            Deaf::LinkDown => (TapState::LinkDown, None),
            Deaf::NotPermitted => (
                TapState::NotPermitted,
                Some(Text::new(
                    "the capability CAP_NET_RAW is missing; give it in the service's unit \
                     (AmbientCapabilities=CAP_NET_RAW) and restart it",
                )),
            ),
            Deaf::Failed(error) => (TapState::Failed, Some(Text::from(error.to_string()))),
        };
        self.enter(state, trouble);
    }
}

/// What the thread owns.
struct Ear {
    shared: Arc<Shared>,
    frames: mpsc::Sender<Frame>,
}

impl Drop for Ear {
    /// However the thread ends, nobody is told that it listens still.
    fn drop(&mut self) {
        self.shared.enter(TapState::Stopped, None);
    }
}

impl Ear {
    fn run(self) {
        let mut pause = PAUSES.0;
        while !self.is_over() {
            match Listening::open(&self.shared.interface, self.shared.promiscuous) {
                Ok(mut socket) => {
                    if self.listen(&mut socket) {
                        // It worked until now: look at once what has become of the interface.
                        pause = PAUSES.0;
                        continue;
                    }
                }
                Err(why) => self.shared.deaf(why),
            }
            thread::park_timeout(pause);
            pause = (pause * 2).min(PAUSES.1);
        }
    }

    fn is_over(&self) -> bool {
        self.shared.stop.load(Ordering::Relaxed) || self.frames.is_closed()
    }

    /// Listens until it must end or the socket has become useless; says whether it ever was of use.
    fn listen(&self, socket: &mut Listening) -> bool {
        let shared = &self.shared;
        let mut was_of_use = false;
        let mut looked = Instant::now();
        shared.linked(socket.had_carrier);
        while !self.is_over() {
            let heard = match socket.next() {
                Ok(Some(frame)) => {
                    self.put(frame);
                    true
                }
                Ok(None) => false,
                Err(error) => {
                    tracing::debug!(interface = shared.interface, %error, "the socket is of no more use");
                    break;
                }
            };
            was_of_use = true;
            if heard && looked.elapsed() < socket::WAIT {
                continue;
            }
            looked = Instant::now();
            shared.miss(socket.missed());
            match describe(&shared.interface) {
                Ok(now) if now.index != socket.index || !now.is_up() => break,
                Ok(now) => shared.linked(now.is_running()),
                Err(_) => break,
            }
        }
        shared.miss(socket.missed());
        was_of_use
    }

    fn put(&self, frame: &[u8]) {
        let shared = &self.shared;
        shared.frames.fetch_add(1, Ordering::Relaxed);
        if let Err(TrySendError::Full(_)) = self.frames.try_send((frame.to_vec(), shared.clock.now())) {
            shared.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}
