//! One segment with the server's interface on it, hosts plugged into it, and an ear.

use std::collections::BTreeMap;
use std::time::Duration;

use rackhand_adapters::dhcp::frame::{Message, MessageType, parse};
use rackhand_adapters::dhcp::join::{Joiner, LeaseAck};
use rackhand_adapters::dhcp::tap::{Frame, Tap};
use rackhand_adapters::port::clock::Clock;
use rackhand_core::view::TapState;
use tokio::sync::mpsc::Receiver;

use crate::namespace::run;

/// The server's interface. Its address is the server's.
pub const INTERFACE: &str = "br0";
/// How long a busy machine may take for anything.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Makes the segment, with the server's interface in this namespace.
pub fn lay() {
    run(&format!("ip link add {INTERFACE} type bridge forward_delay 0"));
    run(&format!("ip addr add 10.77.0.1/24 dev {INTERFACE}"));
    run(&format!("ip link set {INTERFACE} up"));
}

/// Plugs in a host: a namespace of this name whose `eth0` has this MAC.
pub fn plug(host: &str, mac: &str) {
    run(&format!("ip netns add {host}"));
    run(&format!("ip link add {host} type veth peer name eth0 netns {host}"));
    run(&format!("ip link set {host} master {INTERFACE} up"));
    run(&format!("ip -n {host} link set lo up"));
    run(&format!("ip -n {host} link set eth0 address {mac} up"));
}

/// A tap, and what it has heard.
pub struct Ear {
    pub tap: Tap,
    frames: Receiver<Frame>,
    joiner: Joiner,
    /// How many of each kind.
    pub kinds: BTreeMap<MessageType, usize>,
    /// All leases.
    pub leases: Vec<LeaseAck>,
}

impl Ear {
    /// Listens, as soon as it can.
    pub fn on(interface: &str) -> Self {
        let (tap, frames) = Tap::start(interface, false, Clock::wall()).unwrap();
        Self { tap, frames, joiner: Joiner::new(), kinds: BTreeMap::new(), leases: Vec::new() }
    }

    /// Waits until the tap is in this state.
    pub async fn until(&self, state: TapState) {
        eventually(&format!("{state:?}"), || self.tap.status().state == state, || format!("{:?}", self.tap.status()))
            .await;
    }

    /// The next frame.
    pub async fn frame(&mut self) -> Vec<u8> {
        let next = tokio::time::timeout(PATIENCE, self.frames.recv()).await;
        next.unwrap_or_else(|_| panic!("nothing is heard: {:?}", self.tap.status())).expect("the tap ended").0
    }

    /// What has come until now, without waiting.
    pub fn pending(&mut self) -> usize {
        let mut frames = Vec::new();
        while let Ok(frame) = self.frames.try_recv() {
            frames.push(frame);
        }
        frames.len()
    }

    async fn message(&mut self) -> (Message, Option<LeaseAck>) {
        let frame = self.frame().await;
        let message = parse(&frame).unwrap_or_else(|e| panic!("{e}: {frame:02x?}"));
        *self.kinds.entry(message.kind).or_default() += 1;
        let lease = self.joiner.take(&message, Clock::wall().now());
        self.leases.extend(lease.clone());
        (message, lease)
    }

    /// The next lease and the ACK that gave it.
    pub async fn lease(&mut self) -> (Message, LeaseAck) {
        loop {
            if let (message, Some(lease)) = self.message().await {
                return (message, lease);
            }
        }
    }
}

/// Waits until `done`; `now` tells what it was instead.
pub async fn eventually(what: &str, done: impl FnMut() -> bool, now: impl Fn() -> String) {
    eventually_within(PATIENCE, what, done, now).await;
}

/// The same, for what takes longer.
pub async fn eventually_within(
    patience: Duration,
    what: &str,
    mut done: impl FnMut() -> bool,
    now: impl Fn() -> String,
) {
    let wait = async {
        while !done() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let waited = tokio::time::timeout(patience, wait).await;
    assert!(waited.is_ok(), "never {what}: {}", now());
}
