//! One body read as everything a driver reads: for looking at what a controller said, and for fuzzing.

use serde_json::Value;

use super::wire::{Root, System, local_path, members, messages, text};
use crate::http::{Limits, nesting};

/// Reads `body` as each kind of resource we know; how many facts were found in it. Nothing is sent.
pub fn read_any(body: &[u8]) -> usize {
    if nesting(body) > Limits::STANDARD.depth {
        return 0;
    }
    let Ok(value) = serde_json::from_slice::<Value>(body) else { return 0 };
    let root = Root::read(&value);
    let identity = root.as_ref().map(Root::identity);
    let system = System::read(&value);
    let members = members(&value);
    let messages = messages(&value);
    // A link that is taken can be requested as it stands.
    debug_assert!(members.iter().all(|m| local_path(m).as_deref() == Some(m)));
    let mac = text(&value, &["PermanentMACAddress"]).or_else(|| text(&value, &["MACAddress"]));
    usize::from(identity.is_some())
        + usize::from(system.serial_number.is_some())
        + usize::from(system.boot.armed())
        + usize::from(system.power() != rackhand_core::bmc::Power::Unknown)
        + usize::from(mac.is_some())
        + members.len()
        + messages.len()
}
