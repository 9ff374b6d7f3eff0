//! Whatever comes in, in whatever order: what must hold after every step.

mod happening;
mod places;
mod watched;

use std::cell::RefCell;
use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestRunner};
use rackhand_core::event::Event;
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::world::World;

use crate::kinds::TRADE;
use happening::happenings;
use watched::Watched;

/// More sequences, or others, where the environment asks for them.
#[allow(clippy::disallowed_methods)] // a test may be told by its environment; core may not
fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(otherwise)
}

#[test]
fn whatever_comes_in_the_invariants_hold() {
    let config = ProptestConfig {
        cases: u32::try_from(number("RACKHAND_CASES", 256)).unwrap(),
        rng_seed: RngSeed::Fixed(number("RACKHAND_SEED", 23)),
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..ProptestConfig::default()
    };
    let mut runner = TestRunner::new(config);
    let seen = RefCell::new((BTreeSet::new(), BTreeSet::new()));
    let sequences = prop::collection::vec(happenings(), 60);
    let done = runner.run(&(sequences, 0..60_usize), |(sequence, middle)| {
        let mut watched = Watched::new();
        let mut snapshot = (World::default(), 0);
        for (n, happening) in sequence.iter().enumerate() {
            if n == middle {
                let text = serde_json::to_string(&watched.scene.world).unwrap();
                snapshot = (serde_json::from_str(&text).unwrap(), watched.scene.mark());
            }
            watched.happen(happening);
        }
        let (mut resumed, from) = snapshot;
        watched.scene.log[from..].iter().for_each(|r| resumed.apply(r));
        prop_assert!(resumed == watched.scene.world, "the fold resumed from a snapshot differs");
        let mut seen = seen.borrow_mut();
        seen.0.extend(watched.kinds);
        seen.1.extend(watched.stages);
        Ok(())
    });
    done.unwrap_or_else(|e| panic!("{e}"));
    let (kinds, stages) = seen.into_inner();
    // The sequences are worth something only if they come far.
    // To forget takes more BMCs than a sequence has leases; tests/c4.rs has it. Orders have sequences of their own, in
    // tests/trade.rs, which hold the list of what is left out here.
    // Taking over and two people's words are in tests/takeover.rs and tests/two_people.rs.
    // Epochs and what is held after a restore are in tests/held.rs; NetBox's setting up and snapshots are the daemon's.
    let own = [
        "sighting_forgotten",
        "take_over_planned",
        "unit_taken_over",
        "first_word_given",
        "password_given",
        "password_forgotten",
        "epoch_begun",
        "effects_resumed",
        "snapshot_kept",
        "netbox_prepared",
    ];
    let elsewhere = |k: &&&str| own.contains(*k) || TRADE.contains(k);
    let missed: Vec<_> = Event::KINDS.iter().filter(|k| !kinds.contains(*k) && !elsewhere(k)).collect();
    assert!(missed.is_empty(), "never seen: {missed:?}");
    assert!(stages.contains(&Stage::Staged) && stages.contains(&Stage::Cabled), "{stages:?}");
}
