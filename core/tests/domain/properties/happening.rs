//! What may happen, and how often.

use proptest::prelude::*;
use rackhand_core::fault::Kind;
use rackhand_core::flow::step::Step;
use rackhand_core::id::Role;
use rackhand_core::inventory::{Device, Lookup};
use rackhand_core::lifecycle::stage::Stage;

use crate::scene::{address, device, serial};

/// Servers in play; the last is known to NetBox only.
pub const SERVERS: u8 = 3;

/// How an attempt ends.
#[derive(Clone, Copy, Debug)]
pub enum End {
    Good,
    Accepted,
    Failed(Kind),
    /// The answer never comes: the daemon was killed.
    Never,
    /// Good, but the machine itself says nothing.
    Silent,
    /// Good, but the hardware is not what was expected.
    Odd,
}

/// One thing that happens.
#[derive(Clone, Debug)]
pub enum Happening {
    Lease(u8, u8),
    Lookup(u8, u8),
    Renewed(u8, u8),
    /// The engine does what is due for a server, this many times.
    Engine(u8, u8, End),
    /// An answer to a question nobody need have asked.
    Stray(u8, usize, u32, End),
    Expire(u8),
    /// Nothing is heard until the next hour something is due, and then it is done.
    Silence(u8),
    Boot(u8, u8),
    StepReport(usize, usize, bool),
    FinalReport(usize, u8, bool),
    Person(Role, u8, Wish),
    Later(u64),
}

#[derive(Clone, Copy, Debug)]
pub enum Wish {
    Retry,
    RetryBmc,
    Skip,
    SkipBmc,
    SkipAny(usize),
    Cancel,
    Hold,
    Release,
    Quarantine,
    Retire,
    Trust(u8),
    CloseTask,
    Move(usize),
    Import(usize),
    /// A manifest names it, with its own MAC or another server's, and says what the device is or not.
    ImportRow(bool, bool),
    /// It is scanned at its dock, or at another site's, with damage or without.
    Receive(bool, bool),
    UndoReceipt,
    Locate(bool),
    ResetBmc,
    /// The best place for it is kept, or the next best.
    Place(usize),
    Unplace,
    /// The label of its rack is scanned, or that of the other one.
    ScanRack(bool),
}

fn kinds() -> impl Strategy<Value = Kind> {
    use Kind::{Conflict, Gone, Malformed, Rejected, Transient, Unauthorised, Unknown};
    prop::sample::select(vec![
        Transient,
        Transient,
        Unknown,
        Unknown,
        Rejected,
        Conflict,
        Gone,
        Unauthorised,
        Malformed,
    ])
}

fn ends() -> impl Strategy<Value = End> {
    prop_oneof![
        8 => Just(End::Good),
        1 => Just(End::Accepted),
        3 => kinds().prop_map(End::Failed),
        1 => Just(End::Never),
        2 => Just(End::Odd),
    ]
}

fn wishes() -> impl Strategy<Value = Wish> {
    prop_oneof![
        5 => Just(Wish::Retry),
        1 => Just(Wish::RetryBmc),
        5 => Just(Wish::Skip),
        1 => Just(Wish::SkipBmc),
        4 => (0..Step::ALL.len()).prop_map(Wish::SkipAny),
        1 => Just(Wish::Cancel),
        1 => Just(Wish::Hold),
        4 => Just(Wish::Release),
        1 => Just(Wish::Quarantine),
        1 => Just(Wish::Retire),
        2 => (0_u8..3).prop_map(Wish::Trust),
        3 => Just(Wish::CloseTask),
        2 => (0..Stage::ALL.len()).prop_map(Wish::Move),
        1 => (0..Stage::ALL.len()).prop_map(Wish::Import),
        3 => (prop::bool::weighted(0.9), any::<bool>()).prop_map(|(own, create)| Wish::ImportRow(own, create)),
        3 => (prop::bool::weighted(0.9), prop::bool::weighted(0.3)).prop_map(|(own, hurt)| Wish::Receive(own, hurt)),
        2 => Just(Wish::UndoReceipt),
        1 => any::<bool>().prop_map(Wish::Locate),
        2 => Just(Wish::ResetBmc),
        3 => (0..2_usize).prop_map(Wish::Place),
        1 => Just(Wish::Unplace),
        2 => prop::bool::weighted(0.8).prop_map(Wish::ScanRack),
    ]
}

pub fn happenings() -> impl Strategy<Value = Happening> {
    use Happening as H;
    let server = || 0..SERVERS;
    let roles = vec![Role::ReadOnly, Role::Technician, Role::Operator, Role::Operator, Role::Approver, Role::Admin];
    prop_oneof![
        3 => (server(), 0..3_u8).prop_map(|(n, a)| H::Lease(n, a)),
        4 => (server(), 0..12_u8).prop_map(|(n, l)| H::Lookup(n, l)),
        2 => (server(), 0..12_u8).prop_map(|(n, l)| H::Renewed(n, l)),
        14 => (server(), 1..14_u8, ends()).prop_map(|(n, times, end)| H::Engine(n, times, end)),
        2 => (server(), 0..Step::ALL.len(), 0..4_u32, ends()).prop_map(|(n, s, g, e)| H::Stray(n, s, g, e)),
        2 => server().prop_map(H::Expire),
        2 => server().prop_map(H::Silence),
        5 => (server(), 0..4_u8).prop_map(|(n, nic)| H::Boot(n, nic)),
        3 => (0..12_usize, 0..5_usize, any::<bool>()).prop_map(|(t, s, ok)| H::StepReport(t, s, ok)),
        3 => (0..12_usize, 0..4_u8, any::<bool>()).prop_map(|(t, n, ok)| H::FinalReport(t, n, ok)),
        9 => (prop::sample::select(roles), server(), wishes()).prop_map(|(r, n, w)| H::Person(r, n, w)),
        4 => prop::sample::select(vec![1, 20, 120, 900, 3_600, 14_400]).prop_map(H::Later),
    ]
}

/// What NetBox may say of a BMC.
pub fn lookup(n: u8, choice: u8) -> Lookup {
    let own = || device(n, "offline");
    Lookup::One(match choice {
        0 => return Lookup::Nobody,
        1 => return Lookup::Several(vec![1, 2]),
        2 => device(n, "active"),
        3 => Device { oob_address: Some(address(10 * (n + 1))), ..device(n, "active") },
        4 => Device { serial: None, ..own() },
        5 => Device { serial: Some(serial((n + 1) % SERVERS)), ..own() },
        6 => device(n, "staged"),
        7 | 8 => device(n, "discovered"),
        _ => own(),
    })
}
