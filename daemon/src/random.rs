//! Randomness: the operating system's, or, in simulation, a seed's.

use std::sync::{Arc, Mutex, PoisonError};

use rackhand_core::id::Entropy;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// The daemon's only source of randomness.
#[derive(Clone)]
pub struct Random(Arc<Mutex<StdRng>>);

impl Random {
    /// A cryptographic generator seeded by the operating system. `None` where that gives nothing.
    pub fn from_system() -> Option<Self> {
        let mut system = rand::rngs::SysRng;
        StdRng::try_from_rng(&mut system).ok().map(|rng| Self(Arc::new(Mutex::new(rng))))
    }

    /// The same numbers for the same seed.
    pub fn from_seed(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(StdRng::seed_from_u64(seed))))
    }

    /// Fresh randomness for one decision.
    pub fn entropy(&self) -> Entropy {
        Entropy(self.bytes())
    }

    /// Fresh bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut bytes);
        bytes
    }
}
