//! Row 6: reading NetBox whole and by change, holding it against the journal, and writing statuses; beside a client
//! that asks for one device after the other. The lab's NetBox is behind real sockets on a thread of its own. It takes
//! as long for each kind of request as a NetBox 4.6.8 with this many devices was measured to, divided by [`SCALE`].

use std::net::SocketAddr;
use std::sync::{Arc, mpsc};
use std::time::Instant;

use rackhand_adapters::netbox::{NetBox, Settings, StatusWrite, TenantWrite, Token};
use rackhand_adapters::port::clock::Clock;
use rackhand_adapters::port::dial::{Target, Trust};
use rackhand_adapters::tcp::Tcp;
use rackhand_core::id::{Entropy, SiteId, UnitId};
use rackhand_core::inventory::ObjectId;
use rackhand_core::inventory::listed::{Changes, Inventory};
use rackhand_core::inventory::reconcile::reconcile;
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::lifecycle::unit::Unit;
use rackhand_core::mac::Mac;
use rackhand_core::policy::Policy;
use rackhand_core::secret::Secret;
use rackhand_core::time::Timestamp;
use rackhand_core::world::World;
use rackhand_lab::faults::Faults;
use rackhand_lab::front::Station;
use rackhand_lab::netbox::{DeviceSpec, NetBox as Lab, Pace, Profile};
use rackhand_lab::sockets::PlainServer;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::board::{Goal, Line, ms, number};
use crate::gauge::{Measured, Place, millis, thread_cpu};

const DEVICES: u32 = 5_000;
/// How many times quicker than life NetBox answers.
const SCALE: u32 = 10;
/// Devices the one-by-one client asks for; its figures are multiplied to all.
const ONE_BY_ONE: u32 = 200;
/// Devices whose status is written: in bulk, and singly.
const BULK: u32 = 500;
const SINGLE: u32 = 50;
/// Devices that change before the delta is read.
const CHANGED: u32 = 20;
const TOKEN: &str = "0123456789abcdef0123456789abcdef01234567";

/// What something took.
#[derive(Clone, Copy, Default)]
struct Cost {
    requests: f64,
    wall: f64,
    cpu: f64,
    /// What NetBox itself would have taken for it, by the measured figures, in milliseconds.
    theirs: f64,
}

impl Cost {
    fn times(self, n: f64) -> Self {
        Self { requests: self.requests * n, wall: self.wall * n, cpu: self.cpu * n, theirs: self.theirs * n }
    }

    fn told(self) -> String {
        format!("{} req, {}", number(self.requests), ms(self.wall))
    }
}

/// The lab's NetBox on its own thread, until this is dropped.
struct Served {
    lab: Arc<Lab>,
    address: SocketAddr,
    _end: oneshot::Sender<()>,
}

impl Served {
    fn start(profile: Profile) -> Measured<Self> {
        let lab = Arc::new(Lab::of(profile));
        fill(&lab);
        lab.set_pace(Pace::Measured(SCALE));
        let (told, address) = mpsc::channel();
        let (end, ended) = oneshot::channel::<()>();
        let host = lab.clone();
        std::thread::spawn(move || -> Measured<()> {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let station =
                    Station { host, faults: Arc::new(Faults::default()), clock: Clock::wall(), certificate: None };
                let listening = PlainServer::bind("127.0.0.1:0".parse()?, station).await?;
                told.send(listening.address())?;
                // Dropped with the measurement.
                drop(ended.await);
                Ok(())
            })
        });
        Ok(Self { lab, address: address.recv()?, _end: end })
    }

    fn client(&self) -> Measured<NetBox> {
        let host = self.address.ip().to_string();
        let target = Target { host: host.into(), port: self.address.port(), trust: Trust::Plain };
        let settings = Settings { target, base: String::new(), token: Token::V1(Secret::new(TOKEN)) };
        Ok(NetBox::new(Arc::new(Tcp::new(None, Vec::new())?), Clock::wall(), settings, Policy::standard(site())))
    }

    /// Measures what `act` costs.
    async fn cost<T>(&self, act: impl Future<Output = T>) -> (T, Cost) {
        let (requests, thought) = (self.lab.requests(), self.lab.thought());
        let (began, cpu) = (Instant::now(), thread_cpu());
        let done = act.await;
        let cost = Cost {
            requests: (self.lab.requests() - requests) as f64,
            wall: millis(began.elapsed()),
            cpu: millis(thread_cpu().saturating_sub(cpu)),
            theirs: millis(self.lab.thought().saturating_sub(thought)) * f64::from(SCALE),
        };
        (done, cost)
    }
}

fn site() -> SiteId {
    SiteId::new("bench")
}

fn mac(n: u32, nic: u8) -> Mac {
    let [_, _, high, low] = n.to_be_bytes();
    Mac([0x94, 0x40, 0xC9, nic, high, low])
}

/// Devices with three interfaces and their MACs each, in racks of twenty.
fn fill(lab: &Lab) {
    lab.add_token(TOKEN, true);
    let stages: Vec<&str> = Stage::ALL.iter().map(|s| s.word()).collect();
    lab.add_custom_field("lifecycle_state", "select", &stages);
    for n in 0..DEVICES {
        let device = lab.add_device(&DeviceSpec {
            site: "bench".into(),
            rack: Some(format!("r{:03}", n / 20)),
            position: Some(f64::from(n % 20 * 2 + 1)),
            nics: vec![("eno1".into(), None), ("eno2".into(), None)],
            ..DeviceSpec::offline(&format!("srv-{n:04}"), &format!("CZ23{n:06}"), mac(n, 0))
        });
        for (nic, name) in [(1, "eno1"), (2, "eno2")] {
            lab.add_mac(mac(n, nic), lab.interface_id(device, name));
        }
    }
}

/// A journal that knows all of them.
fn world() -> World {
    let mut world = World::default();
    for n in 0..DEVICES {
        let at = Timestamp::from_secs(i64::from(n));
        let mut unit = Unit::new(UnitId::mint(at, Entropy::default()), site(), Stage::Received, at);
        (unit.serial, unit.bmc_mac) = (Some(format!("CZ23{n:06}").into()), Some(mac(n, 0)));
        world.units.insert(unit.id, Arc::new(unit));
    }
    world
}

pub fn run(_: &Place) -> Measured<Vec<Line>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (new, old) = (Served::start(Profile::V4_6)?, Served::start(Profile::V4_2)?);
    runtime.block_on(measure(&new, &old))
}

async fn measure(new: &Served, old: &Served) -> Measured<Vec<Line>> {
    let mut lines = vec![Line::told(
        format!("NetBox of the lab: {DEVICES} devices, {} interfaces", DEVICES * 3),
        format!("1:{SCALE} of life"),
    )];
    let netbox = new.client()?;
    let (loops, peer) = one_by_one(new).await?;
    lines.push(Line::told(format!("one by one, {ONE_BY_ONE} devices measured"), loops.told()));
    let (read, graph) = new.cost(netbox.read_all(&site())).await;
    let inventory = read?;
    whole(&inventory)?;
    reading("whole read by GraphQL", graph, peer, Goal::Most(10.0), &mut lines);
    let rest = old.client()?;
    let (read, plain) = old.cost(rest.read_all(&site())).await;
    whole(&read?)?;
    reading("whole read over REST (4.2)", plain, peer, Goal::Most(40.0), &mut lines);
    let world = world();
    let (began, cpu) = (Instant::now(), thread_cpu());
    let told = reconcile(&world, &inventory, Timestamp::default(), &Policy::standard(site()));
    let took = format!("{} / {} CPU", ms(millis(began.elapsed())), ms(millis(thread_cpu().saturating_sub(cpu))));
    if !told.is_empty() {
        return Err(format!("{} differences where none are, such as {:?}", told.len(), told[0]).into());
    }
    lines.push(Line::told(format!("held against a journal of {DEVICES} units"), took));
    changes(new, &netbox, inventory, &mut lines).await?;
    writes(new, &netbox, &mut lines).await?;
    Ok(lines)
}

fn whole(inventory: &Inventory) -> Measured<()> {
    let found = (inventory.devices.len(), inventory.interfaces());
    if found == (DEVICES as usize, DEVICES as usize * 3) { Ok(()) } else { Err(format!("read {found:?}").into()) }
}

fn reading(what: &str, ours: Cost, peer: Cost, most: Goal, lines: &mut Vec<Line>) {
    let extrapolated = format!("{}, extrapolated", peer.told());
    let line = Line::told(what, ours.told()).beside(&extrapolated);
    // How long it takes is the lab's own pace, so it is told; how often NetBox is asked is ours.
    lines.push(line.ratio(peer.wall / ours.wall, Goal::None));
    lines.push(Line::told("  requests", number(ours.requests)).beside(number(peer.requests)).count(
        ours.requests,
        "",
        most,
    ));
    let both = |c: Cost| format!("{} s", number(c.theirs / 1e3));
    lines.push(
        Line::told("  NetBox's own time, by the measured figures", both(ours))
            .beside(both(peer))
            .ratio(peer.theirs / ours.theirs, Goal::None),
    );
    lines.push(
        Line::told("  client CPU", ms(ours.cpu)).beside(ms(peer.cpu)).ratio(peer.cpu / ours.cpu, Goal::Least(2.0)),
    );
}

/// A client as most are: for each device, the device and its interfaces.
async fn one_by_one(served: &Served) -> Measured<(Cost, Cost)> {
    // Where one is installed already, it does as well.
    drop(rustls::crypto::ring::default_provider().install_default());
    let client = reqwest::Client::builder().no_proxy().build()?;
    let base = format!("http://{}/api/dcim", served.address);
    let (done, cost) = served
        .cost(async {
            for n in 1..=ONE_BY_ONE {
                for path in [format!("{base}/devices/{n}/"), format!("{base}/interfaces/?device_id={n}")] {
                    let asked = client.get(path).header("authorization", format!("Token {TOKEN}"));
                    let _: Value = asked.send().await?.error_for_status()?.json().await?;
                }
            }
            Measured::Ok(())
        })
        .await;
    done?;
    Ok((cost, cost.times(f64::from(DEVICES / ONE_BY_ONE))))
}

async fn changes(served: &Served, netbox: &NetBox, inventory: Inventory, lines: &mut Vec<Line>) -> Measured<()> {
    let now = Clock::wall().now();
    let known = Inventory { as_of: Some(now), ..inventory };
    let (still, cost) = served.cost(netbox.changed_since(&known)).await;
    if !matches!(still?, Changes::Some(delta) if delta.changed.is_empty()) {
        return Err("something changed where nothing did".into());
    }
    let real = |c: Cost| c.wall / 1e3;
    let line = |what: String, c: Cost| Line::told(what, c.told()).count(c.requests, " req", Goal::Most(2.0));
    lines.push(line("changes, none".into(), cost));
    for n in 1..=CHANGED {
        served.lab.edit(n.into(), &json!({ "serial": format!("CZ99{n:06}") }), now);
    }
    let (some, cost) = served.cost(netbox.changed_since(&known)).await;
    match some? {
        Changes::Some(delta) if delta.changed.len() == CHANGED as usize => {}
        other => return Err(format!("{CHANGED} changed, told: {other:?}").into()),
    }
    lines.push(line(format!("changes, {CHANGED} devices"), cost));
    lines.push(Line::told("  real time", format!("{} s", number(real(cost)))));
    lines.push(Line::told("  NetBox's own time, by the measured figures", ms(cost.theirs)));
    Ok(())
}

async fn writes(served: &Served, netbox: &NetBox, lines: &mut Vec<Line>) -> Measured<()> {
    let write = |status: &str| StatusWrite {
        status: status.into(),
        lifecycle_state: Some(Stage::Staged.word()),
        stamps: Vec::new(),
        tenant: TenantWrite::Keep,
    };
    let all: Vec<(ObjectId, StatusWrite)> = (1..=BULK).map(|n| (n.into(), write("staged"))).collect();
    let (done, bulk) = served.cost(netbox.write_statuses(&all)).await;
    done.into_iter().collect::<Result<Vec<()>, _>>()?;
    let (done, single) = served
        .cost(async {
            for n in 1..=SINGLE {
                netbox.write_status(n.into(), &write("active")).await?;
            }
            Measured::Ok(())
        })
        .await;
    done?;
    let (bulk, single) = (bulk.times(1.0 / f64::from(BULK)), single.times(1.0 / f64::from(SINGLE)));
    lines.push(
        Line::told(format!("a status written, of {BULK} in bulk, read first"), ms(bulk.wall))
            .beside(format!("{} singly", ms(single.wall)))
            .ratio(single.requests / bulk.requests, Goal::Least(5.0)),
    );
    Ok(())
}
