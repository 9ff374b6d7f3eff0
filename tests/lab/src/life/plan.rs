//! What a life is made of, drawn from its seed: which servers come by which way, who orders what and when, how vendors
//! deal, and what people take into their heads.

use std::collections::BTreeMap;
use std::time::Duration;

use rackhand_core::time::Timestamp;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng};

use crate::bmc::Fitted;
use crate::machine::Hardware;
use crate::supplier::Manner;

/// What a life is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Everything random follows from it.
    pub seed: u64,
    /// Servers, by whichever way they come.
    pub servers: usize,
    /// For how long faults happen, in virtual time.
    pub storm: Duration,
    /// The pause between two faults, on average.
    pub between: Duration,
    /// Whether all that happens is to be told.
    pub story: bool,
    /// Whether its journal is to be kept.
    pub journal: bool,
}

impl Plan {
    /// 8 to 20 servers and 10 to 24 hours of faults, all drawn; how thick the faults come, from half a minute to an hour
    /// apart, too.
    pub fn standard(seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed ^ 0xA11_CE5);
        let between = [30, 120, 300, 900, 3_600][(seed % 5) as usize];
        let servers = rng.random_range(8..=20);
        let storm = hours(rng.random_range(10..=24));
        Self { seed, servers, storm, between: Duration::from_secs(between), story: false, journal: false }
    }
}

/// By which way a server comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// NetBox knows it, and one day it is plugged in.
    Lease,
    /// A manifest tells of it.
    Manifest,
    /// It runs already.
    TakenOver,
    /// It stands ready already.
    Pool,
    /// It is bought.
    Order,
}

/// What somebody is going to do at a time.
#[derive(Clone, Debug)]
pub enum Errand {
    /// Order servers: line by line, how many of what; by the tenant itself or by an operator.
    Order {
        /// The lines.
        lines: Vec<(u32, &'static str)>,
        /// Whether the tenant's own program does.
        tenant: bool,
        /// Whether the pool is left alone.
        all_new: bool,
    },
    /// Import the manifest's rows.
    Import,
    /// Plan and confirm that running servers come in.
    TakeOver,
    /// Plug a server in that NetBox knows, by its number.
    Plug(usize),
    /// End an order.
    CancelOrder,
    /// Cancel a server.
    Cancel,
    /// Hold a server, for good or for so long.
    Hold(Option<Duration>),
    /// Keep a server from everything, until two say otherwise.
    Quarantine(Duration),
    /// Take a server out of use for good.
    Retire,
}

/// What is going to be done, in the order of time.
#[derive(Default)]
pub struct Agenda {
    errands: BTreeMap<(Timestamp, u32), Errand>,
    put: u32,
}

impl Agenda {
    /// Puts an errand on it.
    pub fn put(&mut self, at: Timestamp, errand: Errand) {
        self.put += 1;
        self.errands.insert((at, self.put), errand);
    }

    /// When the next is due.
    pub fn next(&self) -> Option<Timestamp> {
        self.errands.first_key_value().map(|((at, _), _)| *at)
    }

    /// Takes the next that is due.
    pub fn due(&mut self, now: Timestamp) -> Option<Errand> {
        let first = self.errands.first_entry().filter(|e| e.key().0 <= now)?;
        Some(first.remove())
    }
}

/// All that is drawn before a life begins.
pub struct Drawn {
    /// The way each server of NetBox's comes, by its number.
    pub ways: Vec<Way>,
    /// How many are ordered at the most, so that each vendor can sell so many.
    pub ordered: usize,
    /// Who does what when.
    pub agenda: Agenda,
    /// How the first vendor deals.
    pub manner: Manner,
    /// Time from a vendor's door to ours.
    pub travel: Duration,
    /// The pause between two looks of people at their work.
    pub look: Duration,
}

/// What is ordered: the lab's servers are as the first says, and more than the others.
pub const SPECS: [&str; 3] = [
    "2x Xeon Gold 6430, 512GB DDR5, 2x 3.84TB NVMe, 2x 100GbE",
    "2x Xeon Gold 6430, 256GB DDR5, 2x 3.84TB NVMe, 2x 100GbE",
    "1x Xeon Gold 6430, 128GB DDR5, 1x 3.84TB NVMe",
];

fn hours(n: u64) -> Duration {
    Duration::from_secs(n * 3_600)
}

fn minutes(n: u64) -> Duration {
    Duration::from_secs(n * 60)
}

/// Draws a life's particulars.
pub fn draw(plan: &Plan, start: Timestamp, rng: &mut StdRng) -> Drawn {
    let mut agenda = Agenda::default();
    let any = plan.servers.max(8);
    let ordered = any * 5 / 10;
    let others = any - ordered;
    let (pool, running) = (rng.random_range(0..=others / 4), rng.random_range(0..=2.min(others / 4)));
    let listed = rng.random_range(0..=others / 3);
    let mut ways = vec![Way::Pool; pool];
    ways.extend(vec![Way::TakenOver; running]);
    ways.extend(vec![Way::Manifest; listed]);
    ways.resize(others, Way::Lease);
    if pool + running > 0 {
        agenda.put(start + minutes(rng.random_range(0..60)), Errand::TakeOver);
    }
    if listed > 0 {
        agenda.put(start + minutes(rng.random_range(0..300)), Errand::Import);
    }
    for (n, way) in ways.iter().enumerate() {
        match way {
            Way::Lease => agenda.put(start + minutes(rng.random_range(0..240)), Errand::Plug(n)),
            Way::Manifest => agenda.put(start + minutes(rng.random_range(0..480)), Errand::Plug(n)),
            _ => {}
        }
    }
    orders(ordered, start, &mut agenda, rng);
    whims(plan, start, &mut agenda, rng);
    Drawn {
        ways,
        ordered,
        agenda,
        manner: manner(rng),
        travel: hours(rng.random_range(3..=30)),
        look: minutes(rng.random_range(10..=40)),
    }
}

/// All that are ordered, in several orders of one to three lines.
fn orders(ordered: usize, start: Timestamp, agenda: &mut Agenda, rng: &mut StdRng) {
    let mut left = ordered as u32;
    while left > 0 {
        let mut lines = Vec::new();
        for _ in 0..rng.random_range(1..=3) {
            let many = rng.random_range(1..=4).min(left);
            if many > 0 {
                lines.push((many, SPECS[rng.random_range(0..SPECS.len())]));
                left -= many;
            }
        }
        let at = start + minutes(rng.random_range(0..600));
        agenda.put(at, Errand::Order { lines, tenant: rng.random_bool(0.5), all_new: rng.random_bool(0.4) });
    }
}

/// What people take into their heads meanwhile.
fn whims(plan: &Plan, start: Timestamp, agenda: &mut Agenda, rng: &mut StdRng) {
    let storm = plan.storm.as_secs();
    for _ in 0..rng.random_range(0..=4) {
        let at = start + Duration::from_secs(rng.random_range(600..storm));
        let pause = minutes(rng.random_range(10..600));
        let whim = match rng.random_range(0..12) {
            0..=2 => Errand::CancelOrder,
            3 | 4 => Errand::Cancel,
            5 => Errand::Hold(None),
            6..=8 => Errand::Hold(Some(pause)),
            9 => Errand::Quarantine(pause),
            _ => Errand::Retire,
        };
        agenda.put(at, whim);
    }
}

fn manner(rng: &mut StdRng) -> Manner {
    let parts = rng.random_range(1..=2);
    let mut ships_after: Vec<Duration> = (0..parts).map(|_| minutes(rng.random_range(60..720))).collect();
    ships_after.sort();
    Manner {
        quotes_after: Some(minutes(rng.random_range(5..180))),
        revises: rng.random_bool(0.1).then(|| (minutes(rng.random_range(10..120)), 3)),
        lists_after: minutes(if rng.random_bool(0.3) { 10 } else { 0 }),
        confirms_after: Some(minutes(rng.random_range(5..180))),
        confirms_dearer: if rng.random_bool(0.1) { 2 } else { 0 },
        ships_after,
        ..Manner::default()
    }
}

/// How the second vendor deals otherwise than the first.
pub fn rival(manner: &mut Manner, rng: &mut StdRng) {
    match rng.random_range(0..20) {
        0 => manner.quotes_after = None,
        1 => manner.declines = Some("We do not serve this region.".to_owned()),
        2 => manner.rejects = Some("The processor is not to be had.".to_owned()),
        3 => manner.keeps_orders = Some("The order is in production.".to_owned()),
        _ => {}
    }
}

/// One in eleven of those that are bought comes with half of its memory.
pub fn fit(n: usize, hardware: &mut Hardware) {
    if n % 11 == 5 {
        hardware.memory_bytes /= 2;
    }
}

/// One in seven is fitted in full.
pub fn fitted(n: usize) -> Fitted {
    if n % 7 == 3 { Fitted::full() } else { Fitted::default() }
}
