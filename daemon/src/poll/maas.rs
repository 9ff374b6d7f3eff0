//! MAAS, asked for its leases now and then.

use std::time::Duration;

use rackhand_adapters::maas::Maas;
use rackhand_adapters::port::clock::Clock;
use rackhand_core::fault::System;

use super::told::Told;
use super::{Heard, Source};
use crate::intake::Intake;
use crate::random::Random;

/// MAAS, as a source.
pub struct Asking {
    intake: Intake,
    maas: Maas,
    every: Duration,
    random: Random,
    clock: Clock,
    told: Told,
}

impl Asking {
    /// MAAS, asked every so often.
    pub fn new(intake: Intake, maas: Maas, every: Duration, random: Random, clock: Clock) -> Self {
        Self { intake, maas, every, random, clock, told: Told::default() }
    }
}

impl Source for Asking {
    const SYSTEM: System = System::Maas;

    fn name(&self) -> String {
        "MAAS".to_owned()
    }

    fn pause(&self, _: bool) -> Duration {
        self.every
    }

    async fn look(&mut self) -> Result<Heard, String> {
        let nonce = format!("{:032x}", u128::from_le_bytes(self.random.bytes()));
        let mut leases = self.maas.leases(&nonce).await.map_err(|fault| fault.to_string())?;
        let now = self.clock.now();
        leases.retain(|l| self.told.is_new(l.address, l.mac, None, now));
        let taken = self.intake.tell_all(&leases).await;
        if taken.is_err() {
            self.told = Told::default();
        }
        taken.map_err(|refusal| refusal.to_string())?;
        Ok(Heard::Answer)
    }
}
