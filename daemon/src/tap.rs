//! The wire: taps on the interfaces of this machine, and DHCP servers that have no business there.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use rackhand_adapters::dhcp::frame::{Message, MessageType};
use rackhand_adapters::dhcp::tap::{Frame, Tap};
use rackhand_adapters::port::clock::Clock;
use rackhand_core::time::Timestamp;
use rackhand_core::view::{RogueServer, TapStatus};
use tokio::sync::{mpsc, watch};

use crate::engine::told;
use crate::intake::Intake;

/// Frames taken at once: what follows from them shares its commits.
const AT_ONCE: usize = 1_024;

/// Servers that are remembered as rogue, the one heard longest ago forgotten first: anyone can claim any address.
const ROGUES: usize = 64;

/// What is known of the wire.
#[derive(Default)]
pub struct Wire {
    servers: OnceLock<Vec<Ipv4Addr>>,
    rogues: Mutex<BTreeMap<Option<Ipv4Addr>, RogueServer>>,
    taps: Mutex<Vec<Tap>>,
}

impl Wire {
    /// Takes leases of these DHCP servers only; of any, where there are none. Counts once, at the start.
    pub fn only(&self, servers: Vec<Ipv4Addr>) {
        // A second list would come from a second configuration, and there is one.
        let _ = self.servers.set(servers);
    }

    /// Whether this is a lease of a server that may give none; it is counted then.
    pub fn is_rogue(&self, message: &Message, at: Timestamp) -> bool {
        let Some(servers) = self.servers.get().filter(|list| !list.is_empty()) else { return false };
        // The others give nothing. A server must name itself in an ACK (RFC 2131 table 3).
        if message.kind != MessageType::Ack || message.server.is_some_and(|server| servers.contains(&server)) {
            return false;
        }
        let mut rogues = lock(&self.rogues);
        if rogues.len() >= ROGUES
            && !rogues.contains_key(&message.server)
            && let Some(oldest) = rogues.iter().min_by_key(|(_, rogue)| rogue.last).map(|(address, _)| *address)
        {
            rogues.remove(&oldest);
        }
        let address = message.server;
        let rogue = rogues.entry(address).or_insert(RogueServer { address, leases: 0, last: at });
        if rogue.leases == 0 {
            let server = address.map_or_else(|| "one that does not name itself".to_owned(), |a| a.to_string());
            tracing::warn!(server, mac = %message.mac, address = %message.yours, "a DHCP server that is not on the list gave a lease");
        }
        (rogue.leases, rogue.last) = (rogue.leases + 1, at);
        true
    }

    /// Servers that gave leases and may not.
    pub fn rogues(&self) -> Vec<RogueServer> {
        lock(&self.rogues).values().cloned().collect()
    }

    /// How the taps do.
    pub fn taps(&self) -> Vec<TapStatus> {
        lock(&self.taps).iter().map(Tap::status).collect()
    }
}

/// Listens on these interfaces until the daemon stops. An interface that is not there is waited for.
pub fn listen(
    (interfaces, promiscuous): (&[String], bool),
    intake: &Intake,
    clock: &Clock,
    stop: &watch::Receiver<bool>,
) {
    for interface in interfaces {
        match Tap::start(interface, promiscuous, clock.clone()) {
            Ok((tap, frames)) => {
                lock(&intake.wire().taps).push(tap);
                tokio::spawn(take(intake.clone(), frames, stop.clone()));
            }
            Err(error) => {
                tracing::error!(interface, %error, "the system gives the tap no thread; start the daemon again");
            }
        }
    }
}

/// Hands frames on in the order they came, as many together as have queued. The tap ends once nobody takes them.
async fn take(intake: Intake, mut frames: mpsc::Receiver<Frame>, mut stop: watch::Receiver<bool>) {
    let mut batch = Vec::new();
    loop {
        let some = tokio::select! {
            biased;
            () = told(&mut stop) => return,
            some = frames.recv_many(&mut batch, AT_ONCE) => some,
        };
        if some == 0 {
            return;
        }
        intake.frames(&batch).await;
        batch.clear();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use rackhand_adapters::dhcp::compose::Lease;
    use rackhand_adapters::dhcp::frame::parse;
    use rackhand_core::mac::Mac;

    use super::*;

    fn ack(server: [u8; 4]) -> Message {
        parse(&Lease::new(Mac([0x94, 0x40, 0xC9, 1, 2, 3]), [10, 0, 4, 23].into(), server.into()).ack()).unwrap()
    }

    #[test]
    fn without_a_list_no_server_is_rogue() {
        let wire = Wire::default();
        wire.only(Vec::new());
        assert!(!wire.is_rogue(&ack([10, 0, 4, 66]), Timestamp::from_secs(1)));
        assert!(wire.rogues().is_empty());
    }

    #[test]
    fn a_server_that_is_not_listed_or_has_no_name_is_rogue_and_counted() {
        let wire = Wire::default();
        wire.only(vec![[10, 0, 4, 2].into()]);
        let nameless = Message { server: None, ..ack([10, 0, 4, 2]) };
        let nak = Message { kind: MessageType::Nak, ..ack([10, 0, 4, 66]) };
        let at = Timestamp::from_secs;
        let verdicts = [
            wire.is_rogue(&ack([10, 0, 4, 2]), at(1)),
            wire.is_rogue(&ack([10, 0, 4, 66]), at(2)),
            wire.is_rogue(&nameless, at(3)),
            wire.is_rogue(&ack([10, 0, 4, 66]), at(4)),
            wire.is_rogue(&nak, at(5)),
        ];
        assert_eq!(verdicts, [false, true, true, true, false]);
        let told = wire.rogues().into_iter().map(|r| (r.address, r.leases, r.last)).collect::<Vec<_>>();
        assert_eq!(told, [(None, 1, at(3)), (Some([10, 0, 4, 66].into()), 2, at(4))]);
    }

    #[test]
    fn any_number_of_claimed_servers_are_remembered_within_bounds() {
        let wire = Wire::default();
        wire.only(vec![[10, 0, 4, 2].into()]);
        for n in 0..=255 {
            assert!(wire.is_rogue(&ack([10, 0, 5, n]), Timestamp::from_secs(n.into())));
        }
        let rogues = wire.rogues();
        assert_eq!((rogues.len(), rogues[0].address), (ROGUES, Some([10, 0, 5, 192].into())));
    }
}
