//! The verbs that only look: a row each, with what the verb takes. How it asks and tells is in the file of its arguments.

use clap::Subcommand;

use super::output::{Fail, Output};
use super::{bmc, events, fleet, racks, unit, work};
use crate::link::connect::Connection;

macro_rules! reads {
    ($($(#[$doc:meta])* $verb:ident($takes:ty);)*) => {
        /// The verbs that only look.
        #[derive(Debug, Subcommand)]
        pub enum Reading { $($(#[$doc])* $verb($takes)),* }

        impl Reading {
            /// Asks the daemon, and tells what it answers.
            pub(super) async fn read(self, link: &Connection, out: &mut Output<'_>) -> Result<(), Fail> {
                match self { $(Self::$verb(takes) => takes.read(link, out).await),* }
            }
        }
    };
}

reads! {
    /// Counts of units by stage and state, and how the daemon does
    Status(fleet::Status);
    /// List units
    Units(fleet::Units);
    /// One unit: facts, why it is not moving, steps, tasks, last events
    Show(unit::Show);
    /// Why a unit is not moving, and what resolves it
    Why(unit::Why);
    /// Racks and how full they are; with a rack's name, what is in it from the top down
    Racks(racks::Racks);
    /// A unit's BMC, read now: all of it, or one section
    Bmc(bmc::Bmc);
    /// The events of one unit, newest first
    History(events::History);
    /// All events, newest first
    Journal(events::Journal);
    /// What a person must decide about, oldest first
    DeadLetters(fleet::DeadLetters);
    /// What is for people to do: tasks and the work each stage asks for, in the order to walk it
    Work(work::Work);
}
