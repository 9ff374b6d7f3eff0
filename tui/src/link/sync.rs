//! Keeps the connection: watches the daemon's head, says when it is late, and reconnects with growing pauses.

use std::sync::Arc;
use std::time::Duration;

use rackhand_core::event::Seq;
use rackhand_core::text::Text;
use rackhand_rpc::ConsoleClient;
use tarpc::context;
use tokio::sync::mpsc::Sender;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, timeout};

use super::{Connect, greeting};
use crate::event::{Event, News};

/// How long the daemon may hold one watch.
pub const WATCH: Duration = Duration::from_secs(10);
/// Behind this, what is on screen is stale.
pub const LATE: Duration = Duration::from_secs(12);
/// Behind this, the connection is given up.
pub const LOST: Duration = Duration::from_secs(20);
/// Pause between two watches, so that a busy daemon is asked ten times a second at the most.
pub const BREATH: Duration = Duration::from_millis(100);
/// How long one attempt to make both connections may take; each has a shorter patience of its own.
pub const CONNECT: Duration = Duration::from_secs(25);
/// First and longest pause before the next attempt.
pub const PAUSES: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(5));

/// The two connections: questions on one, commands on the other, so that a large answer never delays a command.
#[derive(Clone, Debug)]
pub struct Clients {
    /// For questions and the watch.
    pub asks: ConsoleClient,
    /// For commands.
    pub commands: ConsoleClient,
}

/// Where the clients are while there is a connection.
pub type Lines = watch::Receiver<Option<Clients>>;

/// Keeps the connection until nobody listens any more. `now` wakes it from a pause; `seed` spreads the pauses.
pub async fn keep(
    connect: impl Connect,
    events: Sender<Event>,
    lines: watch::Sender<Option<Clients>>,
    now: Arc<Notify>,
    mut seed: u64,
) {
    let mut failures: u32 = 0;
    loop {
        let why = match both(&connect).await {
            Ok((clients, hello)) => {
                failures = 0;
                let head = hello.head;
                let watched = clients.asks.clone();
                lines.send_replace(Some(clients));
                if tell(&events, News::Up(greeting(hello))).await.is_none() {
                    return;
                }
                let Some(why) = follow(&watched, head, &events).await else { return };
                lines.send_replace(None);
                why
            }
            Err(why) => why,
        };
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let pause = pause(failures, seed >> 33);
        failures = failures.saturating_add(1);
        if rest(pause, &why, &events, &now).await.is_none() {
            return;
        }
    }
}

async fn both(connect: &impl Connect) -> Result<(Clients, rackhand_rpc::hello::ServerHello), Text> {
    let made = timeout(CONNECT, async {
        let asks = connect.connect().await?;
        let commands = connect.connect().await?;
        Ok((Clients { asks: asks.client, commands: commands.client }, asks.hello))
    });
    made.await.unwrap_or_else(|_| Err(Text::new("the daemon does not answer")))
}

/// The pause after this many failures in a row, from half to the whole of a doubling span.
pub fn pause(failures: u32, random: u64) -> Duration {
    let (first, longest) = PAUSES;
    let span = first.saturating_mul(1 << failures.min(8)).min(longest);
    let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis((millis / 2 + random % (millis / 2 + 1)).max(250))
}

/// Watches until the connection is lost, and says why; `None` where nobody listens any more.
async fn follow(client: &ConsoleClient, mut head: Seq, events: &Sender<Event>) -> Option<Text> {
    loop {
        let mut context = context::current();
        context.deadline = (Instant::now() + LOST + Duration::from_secs(1)).into_std();
        let asked = Instant::now();
        let wait_ms = u32::try_from(WATCH.as_millis()).unwrap_or(u32::MAX);
        let watch = client.watch(context, head, wait_ms);
        tokio::pin!(watch);
        let mut patience = LATE;
        let answer = loop {
            let left = patience.saturating_sub(asked.elapsed());
            if let Ok(answer) = timeout(left, &mut watch).await {
                break answer;
            }
            if patience >= LOST {
                return Some(Text::from(format!("nothing heard for {} s", LOST.as_secs())));
            }
            let late = u32::try_from(asked.elapsed().as_secs()).unwrap_or(u32::MAX);
            tell(events, News::Late(late)).await?;
            patience += Duration::from_secs(1);
        };
        match answer {
            Ok(now) => {
                head = now;
                tell(events, News::Heard(now)).await?;
            }
            Err(error) => return Some(sentence(&error)),
        }
        sleep(BREATH).await;
    }
}

/// An error of the connection, as a person reads it.
pub fn sentence(error: &tarpc::client::RpcError) -> Text {
    use tarpc::client::RpcError;
    match error {
        RpcError::Shutdown | RpcError::Channel(_) | RpcError::Send(_) => "the daemon closed the connection".into(),
        RpcError::DeadlineExceeded => "the daemon did not answer in time".into(),
        RpcError::Server(error) => Text::from(format!("the daemon failed: {error}")),
    }
}

/// Waits, telling each second how long it still takes.
async fn rest(pause: Duration, why: &Text, events: &Sender<Event>, now: &Notify) -> Option<()> {
    let until = Instant::now() + pause;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let again_in = u32::try_from(left.as_millis().div_ceil(1_000)).unwrap_or(u32::MAX);
        tell(events, News::Down { why: why.clone(), again_in }).await?;
        let part = Duration::from_secs(u64::from(again_in.saturating_sub(1)));
        let step = left.saturating_sub(part).max(Duration::from_millis(1));
        if timeout(step, now.notified()).await.is_ok() || Instant::now() >= until {
            return tell(events, News::Down { why: why.clone(), again_in: 0 }).await;
        }
    }
}

async fn tell(events: &Sender<Event>, news: News) -> Option<()> {
    events.send(Event::Link(news)).await.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_from_a_quarter_second_to_five_and_are_spread() {
        for (failures, longest) in [(0, 250), (1, 500), (3, 2_000), (5, 5_000), (400, 5_000)] {
            for random in [0, 7, 99_999, u64::MAX] {
                let millis = pause(failures, random).as_millis();
                assert!((250..=longest).contains(&millis), "{failures} failures: {millis} ms");
            }
        }
        assert_ne!(pause(5, 3), pause(5, 1_503));
    }
}
