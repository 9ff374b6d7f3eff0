//! A password given for one server's BMC, or forgotten.

use rackhand_core::decide::{Input, Refusal, Why, demand};
use rackhand_core::id::{Actor, Role, UnitId};
use rackhand_core::secret::Account;
use rackhand_core::text::Text;
use rackhand_rpc::Receipt;

use super::Desk;
use crate::ledger::Patience;

type Accounts = Vec<(Text, Option<Account>)>;

impl Desk {
    /// Seals the account on disk, then journals that one was given; what was parked for a refused one is tried again.
    /// The password itself goes nowhere else.
    pub(super) async fn give_password(
        &self,
        actor: &Actor,
        unit: UnitId,
        account: Option<Account>,
    ) -> Result<Receipt, Refusal> {
        demand(actor, Role::Operator)?;
        let known = self.ledger.world().unit(unit).and_then(|u| u.serial.clone());
        let serial = known.ok_or_else(|| Refusal::new(Why::NotFound, format!("no unit {unit} has a serial")))?;
        let user = account.as_ref().map(|a| a.user.clone());
        let before = self.keep_passwords(vec![(serial, account)]).await?;
        let input = match user {
            Some(user) => Input::PasswordGiven { unit, user, from: "by hand".into() },
            None => Input::PasswordForgotten(unit),
        };
        match self.ledger.submit(actor.clone(), Patience::Refuse, input).await {
            Ok(done) => Ok(Receipt { answer: done.answer, head: done.head }),
            Err(refusal) => {
                self.keep_passwords(before).await?;
                Err(refusal)
            }
        }
    }

    /// Seals accounts; gives what was there before.
    pub(super) async fn keep_passwords(&self, accounts: Accounts) -> Result<Accounts, Refusal> {
        let keys = self.ports.keys.clone();
        let kept = tokio::task::spawn_blocking(move || keys.give(accounts)).await;
        let kept = kept.map_err(|_| Refusal::new(Why::Unavailable, "the passwords could not be sealed"))?;
        kept.map_err(|error| Refusal::new(Why::Unavailable, error.to_string()))
    }
}
