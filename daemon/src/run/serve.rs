//! The daemon's own life: open, fold, listen, take leases in, and end in order when it is told to.

use std::fs::File;
use std::io::{BufReader, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use rackhand_adapters::dhcp::pcap;
use rackhand_adapters::maas::Maas;
use rackhand_core::world::World;
use tokio::net::{TcpListener, UnixListener};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{Stop, notify, reload};
use rackhand_adapters::carrier::Carriers;
use rackhand_adapters::port::dial::Dial;

use crate::config::{self, Config};
use crate::doctor::Doctor;
use crate::intake::Intake;
use crate::journal::{Journal, JournalError, Store};
use crate::keys::Keyring;
use crate::poll;
use crate::poll::lease_file::Following;
use crate::poll::maas::Asking;
use crate::projection;
use crate::random::Random;
use crate::rpc;
use crate::site::{Parts, Site, fold};
use crate::tap;

/// Runs until it is told to stop. `begun` is when the process started; `lab` whether its
/// clock may be another than the machine's.
pub(super) async fn serve(begun: Instant, file: &Path, more: Vec<PathBuf>, lab: bool) -> Result<(), Stop> {
    let mut config = Config::read(file).map_err(|e| Stop::misconfigured(e.to_string()))?;
    let settings = config::settings(file).map_err(|e| Stop::misconfigured(e.to_string()))?;
    if config.speed().is_some() && !lab {
        let what = "[lab] is for labs only: deadlines and token lives would not be what they say. Remove it, or start \
                    rackhandd with --lab";
        return Err(Stop::misconfigured(format!("{}: {what}", file.display())));
    }
    let no_signals = |e| Stop::failed(format!("the system gives no signals: {e}"));
    let mut terminate = signal(SignalKind::terminate()).map_err(no_signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(no_signals)?;
    let hangups = signal(SignalKind::hangup()).map_err(no_signals)?;
    let captures: Vec<PathBuf> = config.pcap.iter().cloned().chain(more).collect();
    let (journal, world) = open(&config).await?;
    let http = listen(&config).await?;
    let consoles = bind(&config.socket, config.socket_group).await?;
    let random = Random::from_system().ok_or_else(|| Stop::failed("the system gives no randomness"))?;
    let said = Arc::new(Said {
        site: config.policy.site.to_string(),
        events: world.head,
        http: http.local_addr().map_or_else(|_| config.listen.to_string(), |a| a.to_string()),
        socket: config.socket.clone(),
    });
    if let Some(held) = &world.stream.held {
        tracing::warn!("{}", held.text());
    }
    if let Some(speed) = config.speed() {
        tracing::warn!(speed, "the clock runs faster than time; this is a lab");
    }
    let (interfaces, promiscuous, clock) = (config.interfaces.clone(), config.promiscuous, config.clock());
    let servers = config.servers.clone();
    let offers = config.offers.clone();
    let (files, maas, dial) = (config.lease_files.clone(), config.maas.clone(), Arc::new(config.dial.clone()));
    crate::door::widen();
    let keys = std::mem::take(&mut config.keys);
    let keys = Keyring::open(keys, &config.data_dir).map_err(|e| Stop::failed(e.to_string()))?;
    let mut site = start(config, keys.clone(), journal, world, random.clone());
    site.intake.wire().only(servers);
    // It is set once.
    let _ = site.desk.doctor.set(Doctor::inside(file).into());
    let mut doors = tokio::task::JoinSet::new();
    doors.spawn(site.http.clone().with(offers).listen(http, site.stopping()));
    doors.spawn(Arc::clone(&site.desk).listen(consoles, site.stopping()));
    for file in files {
        let following = Following::new(site.intake.clone(), clock.clone(), file);
        doors.spawn(poll::keep(following, site.board.clone(), clock.clone(), site.stopping()));
    }
    if let Some((settings, every)) = maas {
        let maas = Maas::new(dial, clock.clone(), settings);
        let asking = Asking::new(site.intake.clone(), maas, every, random, clock.clone());
        doors.spawn(poll::keep(asking, site.board.clone(), clock.clone(), site.stopping()));
    }
    tap::listen((&interfaces, promiscuous), &site.intake, &clock, &site.stopping());
    said.ready(begun);
    notify::ready(&said.status(said.events));
    let (world, status) = (site.ledger.worlds(), Arc::clone(&said));
    let alive = tokio::spawn(notify::watch(site.pulse.clone(), move || status.status(world.borrow().head)));
    let reload = tokio::spawn(reload::on_hangup(hangups, (file.to_owned(), settings), keys, Arc::clone(&site.desk)));
    let replay = tokio::spawn(replay(site.intake.clone(), captures));
    tokio::select! {
        biased;
        () = told(&mut terminate, &mut interrupt) => {}
        () = site.broken() => {
            let what = "the engine or the ledger ended by itself, by a fault of ours; its log says where. Start it again: what is on disk is whole";
            return Err(Stop::failed(what));
        }
    }
    tracing::info!("stopping: calls in the air are awaited; a second signal ends at once");
    notify::stopping();
    alive.abort();
    reload.abort();
    replay.abort();
    let stopped = tokio::select! {
        biased;
        stopped = site.stop() => stopped,
        () = told(&mut terminate, &mut interrupt) => {
            return Err(Stop::failed("stopped at once; the next start takes up what was in the air"));
        }
    };
    doors.join_all().await;
    // A socket that is left behind does no harm: the next start replaces it.
    let _ = std::fs::remove_file(&said.socket);
    stopped.map_err(failed)?;
    tracing::info!("stopped");
    Ok(())
}

fn start(config: Config, keys: Keyring, journal: Journal, world: World, random: Random) -> Site {
    let clock = config.clock();
    let projection = projection::Settings::standard(&config.data_dir);
    let dial: Arc<dyn Dial> = Arc::new(config.dial);
    let sellers = config::sellers(config.vendors, &dial, &clock);
    let carriers = config.carriers.map(|c| (Carriers::new(Arc::new(c.dial), clock.clone(), c.settings), c.every));
    Site::start(Parts {
        journal,
        world,
        policy: config.policy,
        clock,
        random,
        dial,
        netbox: config.netbox,
        bmc_port: config.bmc_port,
        sellers,
        carriers,
        keys,
        base: config.base,
        roles: config.roles,
        demo: false,
        projection: Some(projection),
    })
}

async fn told(terminate: &mut Signal, interrupt: &mut Signal) {
    tokio::select! {
        biased;
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

fn failed(error: JournalError) -> Stop {
    Stop::failed(error.to_string())
}

/// The journal, and the world its events fold to.
async fn open(config: &Config) -> Result<(Journal, World), Stop> {
    let (dir, site, now) = (config.data_dir.clone(), config.policy.site.clone(), config.clock().now());
    let opened = tokio::task::spawn_blocking(move || {
        let mut store = Store::open(&dir, &site)?;
        let mut world = fold(&store)?;
        store.begin_epoch(&mut world, now)?;
        Ok((Journal::thread(store)?, world))
    });
    opened.await.map_err(|e| Stop::failed(format!("the journal could not be opened: {e}")))?.map_err(failed)
}

async fn listen(config: &Config) -> Result<TcpListener, Stop> {
    let at = config.listen;
    TcpListener::bind(at).await.map_err(|e| {
        Stop::failed(match e.kind() {
            ErrorKind::AddrInUse => {
                format!("{at} is taken by another program; stop it, or give another address under [http] listen")
            }
            ErrorKind::AddrNotAvailable => {
                format!("{at} is no address of this machine; correct [http] listen")
            }
            ErrorKind::PermissionDenied => {
                format!("{at} is a port this user may not listen on; give one above 1023 under [http] listen")
            }
            _ => format!("{at} cannot be listened on: {e}"),
        })
    })
}

async fn bind(socket: &Path, group: Option<u32>) -> Result<UnixListener, Stop> {
    let name = socket.display();
    rpc::bind(socket, group).await.map_err(|e| {
        Stop::failed(match e.kind() {
            ErrorKind::AddrInUse => {
                format!("another rackhandd listens on {name}; stop it, or give another path under socket")
            }
            _ => format!("the socket {name} cannot be made: {e}; correct socket in the configuration"),
        })
    })
}

/// What is told once all doors are open.
struct Said {
    site: String,
    events: u64,
    http: String,
    socket: PathBuf,
}

impl Said {
    /// What systemd shows.
    fn status(&self, events: u64) -> String {
        format!("site {}, {events} events, http {}, socket {}", self.site, self.http, self.socket.display())
    }

    /// On standard output, for whoever started it; the log is on standard error.
    fn ready(&self, begun: Instant) {
        let Self { site, events, http, socket } = self;
        let ms = begun.elapsed().as_millis();
        let line = format!(
            "rackhandd: ready in {ms} ms: site {site}, {events} events, http {http}, socket {}\n",
            socket.display()
        );
        // Where nobody reads it, nobody misses it.
        let mut out = std::io::stdout();
        let _ = out.write_all(line.as_bytes()).and_then(|()| out.flush());
    }
}

/// Takes in the leases of captures, in order. A capture that cannot be read is told of, and the rest goes on.
async fn replay(intake: Intake, captures: Vec<PathBuf>) {
    for file in captures {
        let frames = match File::open(&file).map_err(pcap::PcapError::from) {
            Ok(opened) => pcap::Reader::new(BufReader::new(opened)),
            Err(error) => Err(error),
        };
        let mut count = 0_u64;
        let ended = match frames {
            Ok(frames) => {
                let mut ended = Ok(());
                for frame in frames {
                    match frame {
                        Ok((at, bytes)) => intake.frame(&bytes, at).await,
                        Err(error) => ended = Err(error),
                    }
                    count += u64::from(ended.is_ok());
                }
                ended
            }
            Err(error) => Err(error),
        };
        match ended {
            Ok(()) => tracing::info!(file = %file.display(), frames = count, "capture taken in"),
            Err(error) => tracing::error!(file = %file.display(), frames = count, %error, "capture not taken in whole"),
        }
    }
}
