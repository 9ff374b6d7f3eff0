//! Row 1: from a frame on a wire to the call to NetBox. Ours is the daemon's own tap and a whole site over a journal on
//! disk; the peer is the Python and bash stand-in on the same wire, before the same stub in the same run, in turns.

use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rackhand_adapters::dhcp::compose::Lease;
use rackhand_adapters::netbox::{Settings, Token};
use rackhand_adapters::port::clock::Clock;
use rackhand_adapters::port::dial::{Target, Trust};
use rackhand_adapters::tcp::Tcp;
use rackhand_core::id::SiteId;
use rackhand_core::mac::Mac;
use rackhand_core::policy::Policy;
use rackhand_core::secret::Secret;
use rackhand_core::view::TapState;
use rackhand_core::world::World;
use rackhand_daemon::journal::{Journal, Store};
use rackhand_daemon::keys::Keys;
use rackhand_daemon::random::Random;
use rackhand_daemon::rpc::Roles;
use rackhand_daemon::site::{Parts, Site, fold};
use rackhand_daemon::tap;
use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::board::{Goal, Line, ms, number, rate};
use crate::gauge::{Measured, Place, Probe, median, micros, millis, process_cpu, quantile, thread_cpu};
use crate::standin::{self, Tap};
use crate::stub::Stub;
use crate::wire::{self, Wire};

const ROUNDS: usize = 3;
/// ACKs of ours, one each [`OUR_PACE`].
const OUR_PACED: usize = 50;
const OUR_PACE: Duration = Duration::from_millis(100);
/// ACKs of the peer; its hook takes longer than our pace.
const PEER_PACED: usize = 20;
const PEER_PACE: Duration = Duration::from_millis(400);
const OUR_BURST: usize = 5_000;
const PEER_BURST: usize = 50;
/// How long the tap may take until it listens, and a burst until it is on disk.
const PATIENCE: Duration = Duration::from_secs(60);

/// The ACK for the `n`th controller of a run, and its MAC.
fn ack(n: usize) -> (Mac, Vec<u8>) {
    let [high, low] = (n as u16).to_be_bytes();
    let mac = Mac([0x94, 0x40, 0xC9, 0x20, high, low]);
    let mut lease = Lease::new(mac, Ipv4Addr::new(10, 64, high, low), Ipv4Addr::new(10, 64, 255, 254));
    (lease.hostname, lease.xid) = (Some("ILOCZ12345678"), n as u32 + 1);
    (mac, lease.ack())
}

#[derive(Default)]
struct Paced {
    latency: Vec<f64>,
    cpu: Vec<f64>,
    /// Of the probe's writes and syncs beside it.
    probing: Vec<f64>,
}

#[derive(Default)]
struct Burst {
    rate: Vec<f64>,
    cpu: Vec<f64>,
    durable: Vec<f64>,
    /// How fast the frames were sent.
    offered: Vec<f64>,
    lost: usize,
}

/// A site on a journal in `dir` whose NetBox is the stub.
fn site(runtime: &Runtime, dir: &Path, port: u16) -> Measured<Site> {
    let id = SiteId::new("bench");
    let journal = Journal::thread(Store::open(dir, &id)?)?;
    let target = Target { host: "127.0.0.1".into(), port, trust: Trust::Plain };
    let parts = Parts {
        journal,
        world: World::default(),
        policy: Policy::standard(id),
        clock: Clock::wall(),
        random: Random::from_system().ok_or("the system gives no randomness")?,
        dial: Arc::new(Tcp::new(None, Vec::new())?),
        netbox: Settings { target, base: String::new(), token: Token::V1(Secret::new("0".repeat(40))) },
        bmc_port: 443,
        sellers: rackhand_adapters::supplier::Sellers::default(),
        carriers: None,
        keys: Keys::default().into(),
        base: "http://127.0.0.1".into(),
        roles: Roles::default(),
        demo: false,
        projection: None,
    };
    Ok(runtime.block_on(async { Site::start(parts) }))
}

/// A running site, with the daemon's tap on the wire.
struct Running {
    site: Site,
    stop: watch::Sender<bool>,
}

impl Running {
    fn start(runtime: &Runtime, dir: &Path, port: u16) -> Measured<Self> {
        let site = site(runtime, dir, port)?;
        let (stop, stopped) = watch::channel(false);
        let interfaces = [wire::HERE.to_owned()];
        runtime.block_on(async { tap::listen((&interfaces, false), &site.intake, &Clock::wall(), &stopped) });
        let running = Self { site, stop };
        running.until("the tap does not listen", |r| {
            r.site.intake.wire().taps().iter().all(|t| t.state == TapState::Listening)
        })?;
        Ok(running)
    }

    fn until(&self, otherwise: &str, is_so: impl Fn(&Self) -> bool) -> Measured<()> {
        let begun = Instant::now();
        while !is_so(self) {
            if begun.elapsed() > PATIENCE {
                return Err(otherwise.into());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    /// Frames that found no room in the tap's socket or queue.
    fn missed(&self) -> u64 {
        self.site.intake.wire().taps().iter().map(|t| t.missed).sum()
    }

    fn stop(self, runtime: &Runtime) -> Measured<()> {
        // The tap's task may have ended already.
        let _ = self.stop.send(true);
        Ok(runtime.block_on(self.site.stop())?)
    }
}

fn our_paced(runtime: &Runtime, dir: &Path, stub: &Stub, syncs: &mut Vec<f64>, out: &mut Paced) -> Measured<()> {
    let running = Running::start(runtime, dir, stub.port())?;
    let (mut probe, mut far) = (Probe::new(dir)?, wire::sender()?);
    let mut frames = (0..=OUR_PACED).map(ack).collect::<Vec<_>>().into_iter();
    // The first only opens the connection.
    wire::send(&mut *far, &frames.next().map(|(_, frame)| frame).unwrap_or_default())?;
    stub.wait(1)?;
    let mut sent = Vec::new();
    let (cpu, mut ours, mut probing) = (process_cpu(), Duration::ZERO, Duration::ZERO);
    let start = Instant::now();
    for (n, (mac, frame)) in (1..).zip(frames) {
        std::thread::sleep((OUR_PACE * n).saturating_sub(start.elapsed()));
        let before = thread_cpu();
        sent.push((mac, micros()));
        wire::send(&mut *far, &frame)?;
        ours += thread_cpu().saturating_sub(before);
        // Between two leases, when nothing of ours is under way, the disk is asked what it does at this moment.
        std::thread::sleep((OUR_PACE * n + OUR_PACE * 6 / 10).saturating_sub(start.elapsed()));
        let before = thread_cpu();
        syncs.push(millis(probe.sync()?));
        probing += thread_cpu().saturating_sub(before);
    }
    // What sends and what probes is no part of the tap.
    let cpu = process_cpu().saturating_sub(cpu).saturating_sub(probing).saturating_sub(ours);
    let seen = stub.wait(OUR_PACED)?;
    let arrived = sent.iter().filter_map(|(mac, at)| Some(seen.at(*mac)?.saturating_sub(*at) as f64 / 1e3));
    out.latency.extend(arrived);
    out.cpu.push(millis(cpu) / OUR_PACED as f64);
    out.probing.push(millis(probing) / OUR_PACED as f64);
    running.stop(runtime)
}

fn our_burst(runtime: &Runtime, dir: &Path, stub: &Stub, out: &mut Burst) -> Measured<()> {
    let running = Running::start(runtime, dir, stub.port())?;
    let mut far = wire::sender()?;
    let frames: Vec<_> = (0..OUR_BURST).map(ack).collect();
    let (cpu, own, start) = (process_cpu(), thread_cpu(), micros());
    for (_, frame) in &frames {
        wire::send(&mut *far, frame)?;
    }
    out.offered.push(OUR_BURST as f64 / (micros().saturating_sub(start).max(1) as f64 / 1e6));
    running.until("the burst is not on disk", |r| {
        let missed = usize::try_from(r.missed()).unwrap_or(usize::MAX);
        r.site.ledger.world().sightings.len().saturating_add(missed) >= OUR_BURST
    })?;
    let durable = micros();
    let heard = OUR_BURST.saturating_sub(usize::try_from(running.missed()).unwrap_or(OUR_BURST));
    let seen = stub.wait(heard)?;
    let cpu = process_cpu().saturating_sub(cpu).saturating_sub(thread_cpu().saturating_sub(own));
    let all = seen.last().unwrap_or(u64::MAX);
    out.rate.push(OUR_BURST as f64 / (all.saturating_sub(start).max(1) as f64 / 1e6));
    out.durable.push(OUR_BURST as f64 / (durable.saturating_sub(start).max(1) as f64 / 1e6));
    out.cpu.push(millis(cpu) / OUR_BURST as f64);
    running.stop(runtime)?;
    let kept = fold(&Store::open(dir, &SiteId::new("bench"))?)?.sightings.len();
    out.lost += OUR_BURST.saturating_sub(kept.min(seen.count()));
    Ok(())
}

fn peer(stub: &Stub, idle_ms: f64, paced: &mut Paced, burst: &mut Burst) -> Measured<()> {
    let (tap, mut far) = (Tap::start(stub.port())?, wire::sender()?);
    let frames: Vec<_> = (0..PEER_PACED.max(PEER_BURST)).map(ack).collect();
    let mut sent = Vec::new();
    let start = Instant::now();
    for (n, (mac, frame)) in (1..).zip(&frames[..PEER_PACED]) {
        std::thread::sleep((PEER_PACE * n).saturating_sub(start.elapsed()));
        sent.push((*mac, micros()));
        wire::send(&mut *far, frame)?;
    }
    let account = tap.end()?;
    let seen = stub.wait(account.acks)?;
    let arrived = sent.iter().filter_map(|(mac, at)| Some(seen.at(*mac)?.saturating_sub(*at) as f64 / 1e3));
    paced.latency.extend(arrived);
    paced.cpu.push((account.cpu_ms - idle_ms) / account.acks as f64);

    let tap = Tap::start(stub.port())?;
    let start = micros();
    for (_, frame) in &frames[..PEER_BURST] {
        wire::send(&mut *far, frame)?;
    }
    let account = tap.end()?;
    let seen = stub.wait(account.acks)?;
    let all = seen.last().unwrap_or(u64::MAX);
    burst.rate.push(seen.count() as f64 / (all.saturating_sub(start).max(1) as f64 / 1e6));
    burst.cpu.push((account.cpu_ms - idle_ms) / account.acks as f64);
    burst.lost += PEER_BURST - seen.count();
    Ok(())
}

pub fn run(place: &Place) -> Measured<Vec<Line>> {
    if let Some(why) = standin::missing() {
        return Err(format!("the peer cannot run: {why}").into());
    }
    Wire::lay()?.within(|| measure(place))
}

/// Within the wire's namespace.
fn measure(place: &Place) -> Measured<Vec<Line>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let stub = Stub::start()?;
    let (mut paced, mut burst, mut syncs) = (Paced::default(), Burst::default(), Vec::new());
    let (mut peer_paced, mut peer_burst) = (Paced::default(), Burst::default());
    // What an idle tap costs to start and end is not the ACKs' fault.
    let idle = Tap::start(stub.port())?.end()?.cpu_ms;
    for round in 0..ROUNDS {
        our_paced(&runtime, &place.at(&format!("paced-{round}")), &stub, &mut syncs, &mut paced)?;
        our_burst(&runtime, &place.at(&format!("burst-{round}")), &stub, &mut burst)?;
        peer(&stub, idle, &mut peer_paced, &mut peer_burst)?;
    }
    let sync = median(&syncs);
    let (p50, p99) = (median(&paced.latency), quantile(&paced.latency, 0.99));
    let (cpu, peer_cpu) = (median(&paced.cpu), median(&peer_paced.cpu));
    let (ours, theirs) = (median(&burst.rate), median(&peer_burst.rate));
    let count = ROUNDS * OUR_BURST;
    Ok(vec![
        Line::told("CPU per ACK, paced", ms(cpu)).beside(ms(peer_cpu)).ratio(peer_cpu / cpu, Goal::Least(100.0)),
        Line::told("ACK/s in a burst of 5,000, to the last call", rate(ours))
            .beside(rate(theirs))
            .ratio(ours / theirs, Goal::Least(1_000.0)),
        Line::told("the burst, as it came over the wire", rate(median(&burst.offered))),
        Line::told("lost in the burst", format!("{} of {count}", burst.lost))
            .beside(format!("{} of {}", peer_burst.lost, ROUNDS * PEER_BURST))
            .count(burst.lost as f64, "", Goal::Most(0.0)),
        Line::told("frame to call, p99 paced", ms(p99))
            .beside(format!("fdatasync p50 {}", ms(sync)))
            .ratio(p99 / sync, Goal::Most(3.0)),
        Line::told("CPU per ACK, paced, beside one fdatasync's", ms(cpu))
            .beside(ms(median(&paced.probing)))
            .ratio(cpu / median(&paced.probing), Goal::None),
        Line::told("frame to call, p50 paced", ms(p50)).beside(ms(median(&peer_paced.latency))),
        Line::told("fdatasync of 4 KiB, p99", ms(quantile(&syncs, 0.99))),
        Line::told("burst: all on disk", rate(median(&burst.durable))),
        Line::told("CPU per ACK, burst", ms(median(&burst.cpu)))
            .beside(ms(median(&peer_burst.cpu)))
            .ratio(median(&peer_burst.cpu) / median(&burst.cpu), Goal::None),
        Line::told("ACKs a core could take, burst", number(1e3 / median(&burst.cpu))),
    ])
}
