//! Rows of a manifest: entered together, one commit for many.

use std::collections::BTreeSet;

use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Input, Refusal, Why, demand};
use rackhand_core::entry::commands::{Entry, named};
use rackhand_core::id::{Actor, Role};
use rackhand_core::secret::Account;
use rackhand_core::text::Text;
use rackhand_rpc::{Import, MAX_IMPORT};

use super::Desk;
use crate::ledger::Patience;

impl Desk {
    /// Enters the rows, or judges them. Each is one command, so it is whole or nothing.
    pub(super) async fn import(&self, actor: &Actor, import: Import) -> Result<Vec<Result<Entry, Refusal>>, Refusal> {
        let Import { rows, site, stage, create, check, accounts } = import;
        if rows.len() > MAX_IMPORT {
            return Err(Refusal::new(Why::Invalid, format!("at most {MAX_IMPORT} rows in one call")));
        }
        let world = self.ledger.world();
        let entry =
            |row| named(&world, row).map(|known| if known.is_some() { Entry::Already } else { Entry::Imported });
        let judged: Vec<Result<Entry, Refusal>> = rows.iter().map(entry).collect();
        if check {
            return Ok(judged);
        }
        if !accounts.is_empty() {
            demand(actor, Role::Operator)?;
        }
        // Sealed before a lease can have the BMC logged in to; a row that fails after all leaves none behind.
        let sound = rows.iter().zip(&judged).filter(|(_, judged)| judged.is_ok());
        let sound: Vec<(Text, Account)> =
            sound.filter_map(|(row, _)| Some((row.serial.clone(), accounts.get(&row.serial)?.0.clone()))).collect();
        let given: Vec<_> = sound.iter().map(|(serial, account)| (serial.clone(), Some(account.clone()))).collect();
        let before = if given.is_empty() { given } else { self.keep_passwords(given).await? };
        let serials: Vec<Text> = rows.iter().map(|row| row.serial.clone()).collect();
        let mut queued = Vec::with_capacity(rows.len());
        for row in rows {
            let command = Command::ImportRow { row, site: site.clone(), stage, create: create.clone() };
            queued.push(self.ledger.queue(actor.clone(), Patience::Refuse, Input::Command(command)).await);
        }
        let mut answers = Vec::with_capacity(queued.len());
        for (place, judged) in queued.into_iter().zip(judged) {
            let done = match place {
                Ok(place) => place.done().await,
                Err(refusal) => Err(refusal),
            };
            // What was judged before is only for the word; what was done is what counts.
            answers.push(done.map(|_| judged.unwrap_or(Entry::Already)));
        }
        let failed: BTreeSet<&Text> =
            serials.iter().zip(&answers).filter(|(_, a)| a.is_err()).map(|(serial, _)| serial).collect();
        let (back, kept): (Vec<_>, Vec<_>) = before.into_iter().partition(|(serial, _)| failed.contains(serial));
        if !back.is_empty() {
            self.keep_passwords(back).await?;
        }
        let world = self.ledger.world();
        for ((serial, before), (_, account)) in kept.iter().zip(sound.iter().filter(|(s, _)| !failed.contains(s))) {
            if let Some(unit) = world.by_serial(serial).filter(|_| before.as_ref() != Some(account)) {
                let (user, from) = (account.user.clone(), Text::new("by a manifest"));
                let input = Input::PasswordGiven { unit: unit.id, user, from };
                self.ledger.submit(actor.clone(), Patience::Refuse, input).await?;
            }
        }
        Ok(answers)
    }
}
