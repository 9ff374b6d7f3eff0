//! The consoles' side: a Unix socket, who stands behind it, and what they may see and do.

mod ask;
mod bmc;
mod frames;
mod given;
mod import;
mod netbox;
mod paper;
mod password;
mod placement;
mod racks;
mod roles;
mod seat;
mod socket;
mod takeover;
mod turns;

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::{FutureExt, StreamExt, TryStreamExt};
use rackhand_adapters::port::clock::Clock;
use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Refusal, Why};
use rackhand_core::id::{Actor, Role, SiteId, Subject};
use rackhand_core::text::Text;
use rackhand_core::view::Rows;
use rackhand_rpc::hello::{self, ServerHello};
use rackhand_rpc::{Console, Receipt};
use tarpc::ClientMessage;
use tarpc::server::{BaseChannel, Channel, Config};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{OnceCell, watch};

use crate::doctor::Doctor;
use crate::door::{Caps, Peer, Room, admit};
use crate::engine::Gates;
use crate::engine::perform::Ports;
use crate::intake::Intake;
use crate::journal::Journal;
use crate::ledger::{Ledger, Patience};
use crate::outside::informed;
use crate::poll::Board;
use crate::projection::Projection;

use frames::{Frames, IN_THE_AIR};
pub use given::Given;
pub use racks::Racks;
pub use roles::{Roles, group_number, user_name};
use seat::Seat;
pub use socket::bind;
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
    /// How the sources do that are read again and again.
    pub board: Board,
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
