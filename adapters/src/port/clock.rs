//! Time. The daemon's only source of "now" and its only way to wait.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rackhand_core::time::Timestamp;
use tokio::time::Instant;

/// The shortest real wait a scaled clock gives a network deadline, so that a fast demo on a busy machine does not
/// take its own load for a dead peer.
const REAL_FLOOR: Duration = Duration::from_secs(2);

/// Wall time, or time that starts where it is told and runs faster. Under tokio's paused time the latter is fully
/// virtual: it jumps to the next wait as soon as nothing runs.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    Wall,
    Scaled(Arc<Scaled>),
}

#[derive(Debug)]
struct Scaled {
    epoch: Timestamp,
    origin: Instant,
    speed: f64,
    floor: Duration,
}

impl Clock {
    /// The machine's clock.
    pub fn wall() -> Self {
        Self(Source::Wall)
    }

    /// A clock that reads `epoch` now and runs `speed` times as fast as real time. Must be made inside a tokio runtime.
    pub fn scaled(epoch: Timestamp, speed: f64) -> Self {
        let floor = if speed > 1.0 { REAL_FLOOR } else { Duration::ZERO };
        Self(Source::Scaled(Arc::new(Scaled { epoch, origin: Instant::now(), speed, floor })))
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::Wall => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
            }
            Source::Scaled(s) => s.epoch + s.origin.elapsed().mul_f64(s.speed),
        }
    }

    /// Waits until `when`; returns at once where that has passed.
    pub async fn sleep_until(&self, when: Timestamp) {
        // A wall clock may be set back while we wait; a wait never lasts longer than it did when it began.
        self.sleep(when.since(self.now())).await;
    }

    /// Waits for `span` of this clock's time.
    pub async fn sleep(&self, span: Duration) {
        tokio::time::sleep(self.real(span)).await;
    }

    /// Runs `call` for at most `span` of this clock's time; `None` when it did not end. On a scaled clock the wait is
    /// never shorter than two real seconds.
    pub async fn timeout<F: Future>(&self, span: Duration, call: F) -> Option<F::Output> {
        let floor = match &self.0 {
            Source::Wall => Duration::ZERO,
            Source::Scaled(s) => s.floor,
        };
        tokio::time::timeout(self.real(span).max(floor), call).await.ok()
    }

    fn real(&self, span: Duration) -> Duration {
        match &self.0 {
            Source::Wall => span,
            Source::Scaled(s) => span.div_f64(s.speed),
        }
    }
}
