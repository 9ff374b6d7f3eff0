//! One console's seat at the desk: who sits there, and what they ask and have done.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rackhand_core::bmc::reading::{BmcReading, Section};
use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Refusal, Why, demand};
use rackhand_core::discovery::lease::{LeaseEvent, LeasesTold};
use rackhand_core::entry::commands::Entry;
use rackhand_core::event::{Recorded, Seq};
use rackhand_core::id::{Actor, Role, UnitId};
use rackhand_core::inventory::questions::{NetboxCheck, NetboxSetup};
use rackhand_core::placement::propose::{Proposals, Request};
use rackhand_core::question::{Question, Reading, Takes};
use rackhand_core::takeover::Taken;
use rackhand_core::text::Text;
use rackhand_core::view::journal::{JournalQuery, MAX_EVENTS};
use rackhand_rpc::doctor::{Check, Report};
use rackhand_rpc::octets::Octets;
use rackhand_rpc::password as password_wire;
use rackhand_rpc::takeover::{Confirm, Filter, TakeOverPlan};
use rackhand_rpc::{Console, Import, MAX_WATCH_MS, PaperTaken, PaperUpload, Printed, Receipt, Verified};
use tarpc::context::Context;
use tokio::task::JoinError;

use super::turns::Own;
use super::{Caller, Desk};
use crate::journal::{JournalError, JournalFilter};

/// One console's seat at the desk.
#[derive(Clone)]
pub(super) struct Seat {
    pub desk: Arc<Desk>,
    pub caller: Caller,
    pub own: Own,
}

impl Seat {
    /// Who acts, asked anew for each call: a role may be taken away while its console is connected.
    fn actor(&self) -> Result<Actor, Refusal> {
        let (name, role) = self.caller.who(&self.desk.roles.borrow());
        let none = || Refusal::new(Why::NotAllowed, format!("user {name} has no role here any more"));
        role.map(|role| Actor::Person { name: name.clone(), role }).ok_or_else(none)
    }

    /// Makes a page beside the threads that serve everybody, in its user's turn.
    async fn page<T: Send + 'static>(&self, make: impl FnOnce(&Desk) -> T + Send + 'static) -> T {
        let (desk, turn) = (Arc::clone(&self.desk), self.own.next().await);
        let made = tokio::task::spawn_blocking(move || {
            let page = make(&desk);
            drop(turn);
            page
        });
        whole(made.await).await
    }

    /// What the journal gives for a query, newest first, and one more that tells whether there are older ones.
    async fn events(&self, query: &JournalQuery) -> Result<Vec<Recorded>, Refusal> {
        let JournalQuery { subject, kind, actor, text, before, limit } = query.clone();
        let (journal, filter) = (self.desk.journal.clone(), JournalFilter { subject, kind, actor, text });
        let read = self.in_turn(async move { journal.page(filter, before, limit.min(MAX_EVENTS) + 1).await }).await;
        read.map_err(|e| unreadable(&e))
    }

    /// Does what waits for the disk or for others, in its user's turn, which lasts as long as the work does.
    async fn in_turn<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> T {
        let turn = self.own.next().await;
        let done = tokio::spawn(async move {
            let done = work.await;
            drop(turn);
            done
        });
        whole(done.await).await
    }
}

/// What a task has come to; a panic in it is this call's.
async fn whole<T>(done: Result<T, JoinError>) -> T {
    match done.map_err(JoinError::try_into_panic) {
        Ok(done) => done,
        Err(Ok(panic)) => std::panic::resume_unwind(panic),
        // The daemon ends, and nobody is answered.
        Err(Err(_)) => std::future::pending().await,
    }
}

fn unreadable(error: &JournalError) -> Refusal {
    Refusal::new(Why::Unavailable, error.to_string())
}

impl Console for Seat {
    async fn answer(self, _: Context, question: Question) -> Result<Reading, Refusal> {
        let caller = self.actor()?;
        question.demand(&caller)?;
        // Before the journal is read: an event that comes in between is told with the next page, and by none twice.
        let world = self.desk.ledger.world();
        let events = match &question {
            Question::Journal(query) => self.events(query).await?,
            _ => Vec::new(),
        };
        match question.takes() {
            Takes::AMoment | Takes::Events => self.desk.answer(&world, &question, &caller, &events),
            Takes::ALook | Takes::Rows | Takes::Racks => {
                self.page(move |desk| desk.answer(&desk.ledger.world(), &question, &caller, &events)).await
            }
        }
    }

    async fn watch(self, context: Context, since: Seq, wait_ms: u32) -> Seq {
        let left = context.deadline.saturating_duration_since(Instant::now());
        let wait =
            Duration::from_millis(wait_ms.min(MAX_WATCH_MS).into()).min(left.saturating_sub(Duration::from_millis(50)));
        let mut worlds = self.desk.ledger.worlds();
        let beyond = tokio::time::timeout(wait, worlds.wait_for(|w| w.head > since)).await;
        match beyond {
            Ok(Ok(world)) => world.head,
            _ => self.desk.ledger.world().head,
        }
    }

    async fn command(self, _: Context, request: String, command: Command) -> Result<Receipt, Refusal> {
        // In a task of its own: a console that goes away must not leave a command half way.
        let actor = self.actor()?;
        let carried = tokio::spawn(async move { self.desk.carry_out(&actor, &request, command).await });
        carried.await.unwrap_or_else(|_| Err(Refusal::new(Why::Unavailable, "the command could not be carried out")))
    }

    async fn verify(self, _: Context) -> Result<Verified, Refusal> {
        let journal = self.desk.journal.clone();
        match self.in_turn(async move { journal.verify().await }).await {
            Ok(v) => Ok(Verified { events: v.events, head: v.head, checkpoints: v.checkpoints, broken: None }),
            Err(error @ JournalError::Broken { .. }) => {
                let head = self.desk.ledger.world().head;
                Ok(Verified { events: 0, head, checkpoints: 0, broken: Some(error.to_string().into()) })
            }
            Err(error) => Err(unreadable(&error)),
        }
    }

    async fn import(self, _: Context, import: Import) -> Result<Vec<Result<Entry, Refusal>>, Refusal> {
        // As a command: whoever asked may go, the rows that were sent are entered.
        let actor = self.actor()?;
        let carried = tokio::spawn(async move { self.desk.import(&actor, import).await });
        carried.await.unwrap_or_else(|_| Err(Refusal::new(Why::Unavailable, "the rows could not be entered")))
    }

    async fn dhcp_event(self, _: Context, events: Vec<LeaseEvent>) -> Result<LeasesTold, Refusal> {
        demand(&self.actor()?, Role::Technician)?;
        self.desk.intake.tell(&events).await
    }

    async fn doctor(self, _: Context) -> Report {
        match self.desk.doctor.get() {
            Some(doctor) => doctor.lock().await.examine().await,
            None => Report::new(vec![Check::not_checked("surroundings", "this daemon runs in a simulation")]),
        }
    }

    async fn netbox_check(self, _: Context) -> Result<NetboxCheck, Refusal> {
        self.desk.check_netbox(&self.actor()?).await
    }

    async fn netbox_init(self, _: Context) -> Result<NetboxSetup, Refusal> {
        // In a task of its own: a console that goes away must not leave it half way.
        let actor = self.actor()?;
        let made = tokio::spawn(async move { self.desk.set_netbox_up(&actor).await });
        made.await.unwrap_or_else(|_| Err(Refusal::new(Why::Unavailable, "NetBox could not be set up")))
    }

    async fn bmc_reading(self, context: Context, id: UnitId, what: Option<Section>) -> Result<BmcReading, Refusal> {
        let left = context.deadline.saturating_duration_since(Instant::now());
        // The console wants an answer, not its own deadline.
        let wait = left.saturating_sub(Duration::from_millis(500));
        let late = || Refusal::new(Why::Unavailable, format!("the BMC was not read within {} s", wait.as_secs()));
        // On the heap, since every call's future has room for the largest one.
        let actor = self.actor()?;
        let reading = Box::pin(self.desk.read_bmc(&actor, id, what));
        tokio::time::timeout(wait, reading).await.unwrap_or_else(|_| Err(late()))
    }

    async fn placement(self, _: Context, request: Request) -> Result<Proposals, Refusal> {
        // On the heap, since every call's future has room for the largest one.
        let (desk, actor) = (Arc::clone(&self.desk), self.actor()?);
        self.in_turn(Box::pin(async move { desk.placement(&actor, &request).await })).await
    }

    async fn plan_take_over(self, _: Context, filter: Filter) -> Result<TakeOverPlan, Refusal> {
        let (desk, actor) = (Arc::clone(&self.desk), self.actor()?);
        self.in_turn(Box::pin(async move { desk.plan_take_over(&actor, filter).await })).await
    }

    async fn confirm_take_over(self, _: Context, confirm: Confirm) -> Result<Vec<(Text, Taken)>, Refusal> {
        // As a command: whoever asked may go, what was confirmed is taken over.
        let (desk, actor) = (Arc::clone(&self.desk), self.actor()?);
        self.in_turn(Box::pin(async move { desk.confirm_take_over(&actor, confirm).await })).await
    }

    async fn give_password(
        self,
        _: Context,
        unit: UnitId,
        account: Option<password_wire::Given>,
    ) -> Result<Receipt, Refusal> {
        let (desk, actor, account) = (Arc::clone(&self.desk), self.actor()?, account.map(|given| given.0));
        self.in_turn(Box::pin(async move { desk.give_password(&actor, unit, account).await })).await
    }

    async fn paper(self, _: Context, upload: PaperUpload) -> Result<PaperTaken, Refusal> {
        // As a command: whoever asked may go, what was sent is entered.
        let (desk, actor) = (Arc::clone(&self.desk), self.actor()?);
        self.in_turn(async move { desk.take_paper(&actor, upload).await }).await
    }

    async fn pdf(self, _: Context, of: Printed) -> Result<Octets, Refusal> {
        let caller = self.actor()?;
        self.page(move |desk| desk.pdf(of, &caller)).await
    }
}
