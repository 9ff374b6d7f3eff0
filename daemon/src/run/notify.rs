//! What systemd is told (sd_notify(3)): ready, what it is doing, alive, stopping. Without `NOTIFY_SOCKET`, nothing.

use std::time::Duration;

use sd_notify::NotifyState;

use crate::pulse::Pulse;

/// All doors are open.
pub(super) fn ready(status: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// It ends because it was told to.
pub(super) fn stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("stopping: calls in the air are awaited")]);
}

/// Tells the watchdog that the daemon is alive, each time a beat has passed through all that must make headway. Never
/// returns where there is a watchdog. While a beat is on its way nothing is told, so that a daemon that hangs is
/// restarted.
pub(super) async fn watch(pulse: Pulse, status: impl Fn() -> String) {
    let Some(patience) = sd_notify::watchdog_enabled() else { return };
    // A third, so that one beat may be late.
    let pause = (patience / 3).max(Duration::from_millis(10));
    loop {
        if pulse.beat().await {
            tell(&[NotifyState::Watchdog, NotifyState::Status(&status())]);
        }
        tokio::time::sleep(pause).await;
    }
}

fn tell(what: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(what) {
        tracing::warn!(%error, "systemd could not be told how the daemon does");
    }
}
