//! The verbs that only look: a row each, with what the verb takes and the document that it prints with `--json`. How it
//! asks and tells is in the file of its arguments.

use clap::Subcommand;

use super::output::{Fail, Output};
use super::{bmc, events, fleet, racks, unit, waits, work};
use crate::link::connect::Connection;

macro_rules! reads {
    ($($(#[$doc:meta])* $verb:ident($takes:ty), $word:literal: $document:literal;)*) => {
        /// The verbs that only look.
        #[derive(Debug, Subcommand)]
        pub enum Reading { $($(#[$doc])* $verb($takes)),* }

        /// What each prints with `--json`: its word, and the document.
        pub(super) const DOCUMENTS: &[(&str, &str)] = &[$(($word, $document)),*];

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
    Status(fleet::Status), "status":
        "head, site, now, demo, sites {site: {stage: n}}, site_states {site: {state: n}}, stages {stage: n}, \
         states {state: n}, dead_letters, orders {open, people, late}, health";
    /// List units
    Units(fleet::Units), "units":
        "a page: head, now, total, offset, rows [unit]";
    /// One unit: facts, why it is not moving, steps, tasks, last events
    Show(unit::Show), "show":
        "unit {row: unit, facts [[name, value]], waits, steps, tasks, tests, ways}, events [event]";
    /// Why a unit is not moving, and what resolves it
    Why(unit::Why), "why":
        "row: unit, waits [what, since, until, attempt, of, next_try, who, step, resolve, unbuilt]";
    /// Racks and how full they are; with a rack's name, what is in it from the top down
    Racks(racks::Racks), "racks":
        "a page: rows [rack: site, name, location, height, used, states {state: n}, read_at]; of one rack: row: \
         rack, first, descending, slots [position, height, faces, label, device, name, model, row: unit, doubt]; \
         heights and positions are in half units";
    /// A unit's BMC, read now: all of it, or one section
    Bmc(bmc::Bmc), "bmc":
        "identity, power, boot, sensors, logs, firmware, accounts, inventory, unread; not asked for: null";
    /// The events of one unit, newest first
    History(events::History), "history":
        "a page: head, now, total, offset, rows [event]";
    /// All events, newest first
    Journal(events::Journal), "journal":
        "a page: head, now, total, offset, rows [event]";
    /// What a person must decide about, oldest first
    DeadLetters(fleet::DeadLetters), "dead-letters":
        "a page: head, now, total, offset, rows [subject, row, step, since, who]";
    /// What is for people to do: tasks and the work each stage asks for, in the order to walk it
    Work(work::Work), "work":
        "a page: head, now, total, offset, rows [unit, label, model, site, place, title, text, role, since, \
         blocks, ends, job, located, about]; unit is null where it is about no single server";
    /// What servers wait for: how many, since when, and who must act; what has been awaited longest first
    Waits(waits::Waits), "waits":
        "a page: head, now, total, offset, rows [what, who, servers, since, label, text]";
}
