//! The consoles' side: a Unix socket, who stands behind it, and what they may see and do.

mod bmc;
mod frames;
mod given;
mod import;
mod netbox;
mod orders;
mod password;
mod placement;
mod racks;
mod roles;
mod socket;
mod takeover;
mod turns;

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures::{FutureExt, StreamExt, TryStreamExt};
use rackhand_adapters::port::clock::Clock;
use rackhand_core::bmc::reading::{BmcReading, Section};
use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Refusal, Why, demand};
use rackhand_core::discovery::lease::{LeaseEvent, LeasesTold};
use rackhand_core::document::Document;
use rackhand_core::entry::commands::Entry;
use rackhand_core::entry::registration::Standing;
use rackhand_core::event::Seq;
use rackhand_core::flow;
use rackhand_core::flow::next::{Wait, wanted};
use rackhand_core::flow::rules::Lane;
use rackhand_core::id::{Actor, OrderId, PlanId, Role, SiteId, Subject, UnitId};
use rackhand_core::inventory::questions::{NetboxCheck, NetboxDiff, NetboxSetup, Sightings};
use rackhand_core::order::questions::{self as order, OrderDetail, OrderQuery, OrderRow};
use rackhand_core::placement::propose::{Proposals, Request};
use rackhand_core::placement::questions::{self as rack, RackRow, RackView};
use rackhand_core::receiving::questions::{Receiving, receiving};
use rackhand_core::stock::questions::{Stock, stock};
use rackhand_core::takeover::Taken;
use rackhand_core::takeover::commands::no_such_plan;
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;
use rackhand_core::view::work::{WorkQuery, WorkRow, work};
use rackhand_core::view::{
    self, DeadLetter, EventRow, Health, MAX_ROWS, Overview, Page, Query, Rows, UnitDetail, UnitRow,
};
use rackhand_core::world::World;
use rackhand_rpc::doctor::{Check, Report};
use rackhand_rpc::hello::{self, ServerHello};
use rackhand_rpc::password as password_wire;
use rackhand_rpc::takeover::{Confirm, Filter, TakeOverPlan};
use rackhand_rpc::{
    Console, Import, JournalQuery, MAX_EVENTS, MAX_WATCH_MS, PaperTaken, PaperUpload, PurchasePaper, Receipt, Verified,
};
use tarpc::ClientMessage;
use tarpc::context::Context;
use tarpc::server::{BaseChannel, Channel, Config};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{OnceCell, watch};
use tokio::task::JoinError;

use crate::doctor::Doctor;
use crate::door::{Caps, Peer, Room, admit};
use crate::engine::Gates;
use crate::engine::perform::Ports;
use crate::intake::Intake;
use crate::journal::{Journal, JournalError, JournalFilter};
use crate::ledger::{Ledger, Patience};
use crate::outside::informed;
use crate::projection::Projection;

use frames::{Frames, IN_THE_AIR};
pub use given::Given;
pub use racks::Racks;
pub use roles::{Roles, group_number, user_name};
pub use socket::bind;
use turns::Own;
pub use turns::Turns;

/// Consoles at once: of all users, and of one.
const CONSOLES: Caps = Caps { most: 512, each: 128 };
/// Requests of one console at once.
const IN_FLIGHT: usize = 32;
/// The longest deadline a peer may set.
const DEADLINE: Duration = Duration::from_secs(120);

/// What all consoles are served from.
pub struct Desk {
    /// The ledger.
    pub ledger: Ledger,
    /// The journal.
    pub journal: Journal,
    /// The door for leases.
    pub intake: Intake,
    /// The outside systems' gates.
    pub gates: Arc<Gates>,
    /// Our copy of NetBox, where one is kept.
    pub projection: Option<Projection>,
    /// The outside systems.
    pub ports: Arc<Ports>,
    /// Time.
    pub clock: Clock,
    /// The site.
    pub site: SiteId,
    /// Changes with every start.
    pub epoch: u64,
    /// Whether this is a demo.
    pub demo: bool,
    /// Who is who, looked up for every command; a reload puts others in the place of these.
    pub roles: watch::Sender<Roles>,
    /// Held while servers are taken over.
    pub taking_over: tokio::sync::Mutex<()>,
    /// Answers given to commands.
    pub given: Mutex<Given>,
    /// Rows of units, as last asked for.
    pub rows: Mutex<Rows>,
    /// Racks, as last asked for.
    pub racks: Mutex<Racks>,
    /// Frames on their way in.
    pub frames: Room,
    /// Turns for what takes longer than a moment.
    pub turns: Turns,
    /// What looks at the daemon's surroundings; empty where there are none, as in a demo. One look at a time.
    pub doctor: OnceCell<tokio::sync::Mutex<Doctor>>,
}

impl Desk {
    /// Serves consoles until `stop` is told.
    pub async fn listen(self: Arc<Self>, listener: UnixListener, stop: watch::Receiver<bool>) {
        let accept = |cx: &mut std::task::Context<'_>| {
            listener.poll_accept(cx).map_ok(|(stream, _)| {
                let user = stream.peer_cred().ok().map(|peer| Peer::User(peer.uid()));
                (stream, user)
            })
        };
        let serve = |stream: UnixStream, from: Option<Peer>| {
            let desk = Arc::clone(&self);
            async move {
                if let Some(Peer::User(uid)) = from {
                    desk.seat(stream, Caller::User(uid)).await;
                }
            }
        };
        admit(CONSOLES, stop, accept, serve).await;
    }

    /// Serves one console over a stream whose other end is this user.
    pub async fn serve<S>(self: Arc<Self>, stream: S, user: Text, role: Option<Role>)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        self.seat(stream, Caller::Told(user, role)).await;
    }

    async fn seat<S>(self: Arc<Self>, mut stream: S, caller: Caller)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (user, role) = caller.who(&self.roles.borrow());
        let reply = ServerHello {
            magic: String::new(),
            proto: 0,
            min: 0,
            build: Text::new(""),
            site: self.site.clone(),
            epoch: self.epoch,
            head: self.ledger.world().head,
            user: user.clone(),
            role,
            demo: self.demo,
        };
        let Ok(_) = hello::answer(&mut stream, reply).await else { return };
        if role.is_none() {
            return;
        }
        let peer = match caller {
            Caller::User(uid) => Some(Peer::User(uid)),
            Caller::Told(..) => None,
        };
        let transport = Frames::over(stream, self.frames.clone(), peer).map_ok(|mut message| {
            if let ClientMessage::Request(tarpc::Request { context, .. }) = &mut message {
                context.deadline = context.deadline.min(Instant::now() + DEADLINE);
            }
            message
        });
        let own = self.turns.of(&user);
        let seat = Seat { desk: self, caller, own };
        BaseChannel::new(Config::default(), transport)
            .max_concurrent_requests(IN_FLIGHT)
            .execute(seat.serve())
            .for_each(|call| async {
                // A handler that panics would leave its caller waiting; the connection lives on either way.
                tokio::spawn(AssertUnwindSafe(call).catch_unwind());
            })
            .await;
    }

    fn rows(&self, world: &World, now: Timestamp) -> MutexGuard<'_, Rows> {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        rows.refresh(world, now);
        rows
    }

    fn health(&self) -> Health {
        Health {
            intake_stopped: self.ledger.stopped(),
            held: self.ledger.world().stream.held.map(|h| h.text()),
            systems: vec![("NetBox".into(), self.gates.netbox.trouble())],
            unknown_leases: self.intake.strange_leases(),
            taps: self.intake.wire().taps(),
            rogue_servers: self.intake.wire().rogues(),
        }
    }

    /// Carries a person's command out, once for each `request` of that person.
    ///
    /// # Errors
    /// Why not.
    pub async fn carry_out(&self, actor: &Actor, request: &str, command: Command) -> Result<Receipt, Refusal> {
        if request.is_empty() || request.len() > 64 {
            return Err(Refusal::new(Why::Invalid, "a request id has 1 to 64 characters"));
        }
        let slot = self.given().slot(format!("{actor} {request}"));
        let first = slot.get_or_try_init(|| async {
            let done = match command {
                Command::Locate { unit, on } => self.locate(actor, unit, on).await,
                Command::Retry { subject: Subject::Unit(id) } => self.retry(actor, id).await,
                command => {
                    let input = match command {
                        Command::Place { choices } => Box::pin(self.choice(choices)).await?,
                        command => informed(&self.ports, &self.gates, &self.ledger.world(), actor, command).await,
                    };
                    let done = self.ledger.submit(actor.clone(), Patience::Refuse, input).await;
                    done.map(|c| Receipt { answer: c.answer, head: c.head })
                }
            };
            match done {
                // Nothing was decided, so the same request may be sent again.
                Err(refusal) if refusal.why == Why::Unavailable => Err(refusal),
                answer => Ok(answer),
            }
        });
        first.await?.clone()
    }

    fn given(&self) -> std::sync::MutexGuard<'_, Given> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who is at the other end of a connection.
#[derive(Clone)]
enum Caller {
    /// A Unix user.
    User(u32),
    /// Somebody this process vouches for.
    Told(Text, Option<Role>),
}

impl Caller {
    /// Name and role as they are now.
    fn who(&self, roles: &Roles) -> (Text, Option<Role>) {
        match self {
            Self::User(uid) => roles.of(*uid),
            Self::Told(user, role) => (user.clone(), *role),
        }
    }
}

/// What frames on their way in may hold.
pub fn frames() -> Room {
    Room::new(IN_THE_AIR)
}

/// One console's seat at the desk.
#[derive(Clone)]
struct Seat {
    desk: Arc<Desk>,
    caller: Caller,
    own: Own,
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
    async fn overview(self, _: Context) -> Overview {
        self.page(|desk| {
            let (world, now) = (desk.ledger.world(), desk.clock.now());
            desk.rows(&world, now).overview(&world, desk.site.clone(), now, desk.health(), desk.demo)
        })
        .await
    }

    async fn units(self, _: Context, query: Query) -> Page<UnitRow> {
        self.page(move |desk| {
            let (world, now) = (desk.ledger.world(), desk.clock.now());
            desk.rows(&world, now).page(&query, world.head, now)
        })
        .await
    }

    async fn unit(self, _: Context, id: UnitId) -> Result<UnitDetail, Refusal> {
        let world = self.desk.ledger.world();
        let unit = world.unit(id).ok_or_else(|| Refusal::new(Why::NotFound, format!("there is no unit {id}")))?;
        let mut detail = view::detail(&world, unit, self.desk.clock.now(), &self.actor()?);
        // The flow does not know that NetBox's gate is closed; what waits at it says so here.
        if let (Some(step), Some(trouble)) = (wanted(unit, Lane::Dcim), self.desk.gates.netbox.trouble()) {
            let at_gate = detail.steps.iter().all(|s| s.step != step || s.phase.as_str() != "parked");
            if at_gate {
                detail
                    .waits
                    .insert(0, Wait::system(format!("{step}: NetBox does not answer {trouble}"), unit.stage_since));
            }
        }
        let held = world.stream.held.map(|h| h.wait());
        let next = flow::next(&world, Subject::Unit(id), self.desk.clock.now());
        detail.waits.splice(0..0, held.filter(|h| next.is_some_and(|n| n.waits.contains(h))));
        Ok(detail)
    }

    async fn find(self, _: Context, label: String) -> Option<UnitId> {
        let world = self.desk.ledger.world();
        let by_id = label.parse().ok().filter(|id| world.unit(*id).is_some());
        by_id.or_else(|| world.by_serial(label.trim()).map(|u| u.id))
    }

    async fn dead_letters(self, _: Context, offset: usize, limit: usize) -> Page<DeadLetter> {
        self.page(move |desk| {
            let (world, now) = (desk.ledger.world(), desk.clock.now());
            let all = view::dead_letters(&world, now);
            let total = all.len();
            let rows = all.into_iter().skip(offset).take(limit.min(MAX_ROWS)).collect();
            Page { head: world.head, now, total, offset, rows }
        })
        .await
    }

    async fn journal(self, _: Context, query: JournalQuery) -> Result<Page<EventRow>, Refusal> {
        let limit = query.limit.min(MAX_EVENTS);
        let filter = JournalFilter { subject: query.subject, kind: query.kind, actor: query.actor, text: query.text };
        let journal = self.desk.journal.clone();
        let read = self.in_turn(async move { journal.page(filter, query.before, limit).await }).await;
        let events = read.map_err(|e| unreadable(&e))?;
        let world = self.desk.ledger.world();
        let rows: Vec<EventRow> = events.iter().map(|e| view::event_row(e, &world)).collect();
        Ok(Page { head: world.head, now: self.desk.clock.now(), total: rows.len(), offset: 0, rows })
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

    async fn work(self, _: Context, query: WorkQuery) -> Page<WorkRow> {
        self.page(move |desk| work(&desk.ledger.world(), &query, desk.clock.now())).await
    }

    async fn import(self, _: Context, import: Import) -> Result<Vec<Result<Entry, Refusal>>, Refusal> {
        // As a command: whoever asked may go, the rows that were sent are entered.
        let actor = self.actor()?;
        let carried = tokio::spawn(async move { self.desk.import(&actor, import).await });
        carried.await.unwrap_or_else(|_| Err(Refusal::new(Why::Unavailable, "the rows could not be entered")))
    }

    async fn imported(self, _: Context, serials: Vec<Text>) -> Vec<Option<Standing>> {
        self.desk.imported(&serials)
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

    async fn netbox_diff(self, _: Context, offset: usize, limit: usize) -> Result<NetboxDiff, Refusal> {
        let desk = Arc::clone(&self.desk);
        self.in_turn(async move { desk.diff_netbox(offset, limit).await }).await
    }

    async fn sightings(self, _: Context, offset: usize, limit: usize) -> Sightings {
        self.page(move |desk| desk.sightings(offset, limit)).await
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

    async fn racks(
        self,
        _: Context,
        site: Option<SiteId>,
        filter: String,
        offset: usize,
        limit: usize,
    ) -> Page<RackRow> {
        self.page(move |desk| {
            let at = (desk.ledger.world().head, desk.clock.now());
            rack::page(&desk.racks_now(), site.as_ref(), &filter, (offset, limit), at)
        })
        .await
    }

    async fn rack(self, _: Context, site: SiteId, name: Text) -> Option<RackView> {
        self.page(move |desk| desk.racks_now().iter().find(|v| v.row.site == site && v.row.name == name).cloned()).await
    }

    async fn rack_of(self, _: Context, unit: UnitId) -> Option<(SiteId, Text)> {
        self.page(move |desk| rack::rack_of(&desk.racks_now(), unit)).await
    }

    async fn work_order(self, _: Context, units: Vec<UnitId>) -> Result<Document, Refusal> {
        self.page(move |desk| desk.work_order(&units)).await
    }

    async fn work_order_pdf(self, _: Context, units: Vec<UnitId>) -> Result<Vec<u8>, Refusal> {
        let desk = Arc::clone(&self.desk);
        self.in_turn(async move { desk.work_order_pdf(&units).await }).await
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

    async fn planned_servers(self, _: Context, plan: PlanId) -> Result<Vec<Text>, Refusal> {
        let world = self.desk.ledger.world();
        let plan = world.plan(plan).ok_or_else(|| no_such_plan(plan))?;
        Ok(plan.rows.iter().map(|seen| seen.label().clone()).collect())
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

    async fn placement(self, _: Context, request: Request) -> Result<Proposals, Refusal> {
        // On the heap, since every call's future has room for the largest one.
        let (desk, actor) = (Arc::clone(&self.desk), self.actor()?);
        self.in_turn(Box::pin(async move { desk.placement(&actor, &request).await })).await
    }

    async fn receiving(self, _: Context, site: SiteId) -> Receiving {
        self.page(move |desk| receiving(&desk.ledger.world(), &site, desk.clock.now())).await
    }

    async fn orders(self, _: Context, query: OrderQuery) -> Page<OrderRow> {
        self.page(move |desk| order::orders(&desk.ledger.world(), &query, desk.clock.now())).await
    }

    async fn order(self, _: Context, id: OrderId) -> Result<OrderDetail, Refusal> {
        let actor = self.actor()?;
        self.page(move |desk| desk.order(id, &actor)).await
    }

    async fn stock(self, _: Context, spec: Text, site: Option<SiteId>) -> Stock {
        self.page(move |desk| stock(&desk.ledger.world(), site.as_ref(), &spec)).await
    }

    async fn paper(self, _: Context, upload: PaperUpload) -> Result<PaperTaken, Refusal> {
        // As a command: whoever asked may go, what was sent is entered.
        let (desk, actor) = (Arc::clone(&self.desk), self.actor()?);
        self.in_turn(async move { desk.take_paper(&actor, upload).await }).await
    }

    async fn purchase_document(self, _: Context, order: OrderId) -> Result<PurchasePaper, Refusal> {
        self.desk.purchase_paper(order)
    }
}
