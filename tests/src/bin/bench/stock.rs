//! What a person waits for when servers are asked for: the stock match over 10,000 servers, and places for the new ones
//! in 500 racks that hold 10,000. Beside each the plain way, which must give the same answer.

use std::collections::BTreeSet;
use std::hint::black_box;
use std::time::{Duration, Instant};

use rackhand_core::id::{Entropy, SiteId, UnitId};
use rackhand_core::inventory::rack::Face;
use rackhand_core::order::spec::{DriveKind, Spec, read};
use rackhand_core::placement::spots::{Feed, Need, Space, place};
use rackhand_core::stock::{Candidate, Sense, differences, matches};
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;
use rackhand_core::view::work::by_number;

use crate::board::{Goal, Line, ms};
use crate::gauge::{Measured, Place, median, millis, quantile};

const SERVERS: u64 = 10_000;
const RACKS: u64 = 500;
const QUESTIONS: u64 = 200;

const MODELS: [&str; 6] = [
    "INTEL(R) XEON(R) GOLD 6430",
    "INTEL(R) XEON(R) GOLD 6530 CPU @ 2.10GHz",
    "Intel(R) Xeon(R) Silver 4410Y",
    "Intel(R) Xeon(R) Platinum 8592+",
    "AMD EPYC 9354P 32-Core Processor",
    "AMD EPYC 9654 96-Core Processor",
];
const WISHES: [&str; 6] = ["Xeon Gold 6430", "Xeon Gold 6530", "Xeon Silver 4410Y", "Xeon 8592+", "EPYC 9354P", "CPU"];
const DRIVES: [(u64, DriveKind, &str); 5] = [
    (960, DriveKind::SataSsd, "960GB SATA SSD"),
    (1_920, DriveKind::Nvme, "1.92TB NVMe"),
    (3_840, DriveKind::Nvme, "3.84TB NVMe"),
    (7_680, DriveKind::SasSsd, "7.68TB SAS SSD"),
    (16_000, DriveKind::Hdd, "16TB HDD"),
];
const SPEEDS: [u16; 3] = [10, 25, 100];

pub fn run(_: &Place) -> Measured<Vec<Line>> {
    let mut lines = stock()?;
    lines.extend(places()?);
    Ok(lines)
}

fn stock() -> Measured<Vec<Line>> {
    let mut draw = Draw(1);
    let servers: Vec<Candidate> = (0..SERVERS).map(|n| server(&mut draw, n)).collect();
    let asked: Vec<Spec> = (0..QUESTIONS).map(|_| wish(&mut draw)).collect();
    let (mut ours, mut plain, mut found) = (Vec::new(), Vec::new(), 0);
    for spec in &asked {
        let start = Instant::now();
        let fast = matches(spec, &servers);
        ours.push(millis(start.elapsed()));
        let start = Instant::now();
        let slow = scan(spec, &servers);
        plain.push(millis(start.elapsed()));
        if fast.len() != slow.len() {
            return Err(format!("{spec}: {} servers serve, {} by the plain scan", fast.len(), slow.len()).into());
        }
        found += black_box(fast).len();
    }
    let mut lines = told("stock match over 10,000", &ours, &plain);
    lines.push(Line::told("the same, servers that serve, mean", found as u64 / QUESTIONS));
    Ok(lines)
}

/// Every server held against the wish in full, one after the other.
fn scan(spec: &Spec, servers: &[Candidate]) -> Vec<(usize, UnitId)> {
    let mut found: Vec<(usize, UnitId)> = Vec::new();
    for server in servers {
        let lacks = differences(spec, server).iter().filter(|d| d.sense != Sense::More).count();
        if lacks <= 2 {
            found.push((lacks, server.unit));
        }
    }
    found.sort_unstable();
    found
}

fn places() -> Measured<Vec<Line>> {
    let mut draw = Draw(2);
    let racks: Vec<Space> = (0..RACKS).map(|n| rack(&mut draw, n)).collect();
    let needs: Vec<Need> = (0..QUESTIONS).map(|_| need(&mut draw)).collect();
    let (mut ours, mut plain, mut placed) = (Vec::new(), Vec::new(), 0);
    for need in &needs {
        let start = Instant::now();
        let fast = place(&racks, need);
        ours.push(millis(start.elapsed()));
        let start = Instant::now();
        let slow = one_by_one(&racks, need);
        plain.push(millis(start.elapsed()));
        let fast: Vec<_> = fast.placed.iter().map(|p| (p.rack, p.position)).collect();
        if fast != slow {
            return Err(format!("{need:?}: {fast:?}, {slow:?} by the plain scan").into());
        }
        placed += fast.len();
    }
    let mut lines = told("places in 500 racks with 10,000 servers", &ours, &plain);
    lines.push(Line::told("the same, servers placed, mean", placed as u64 / QUESTIONS));
    Ok(lines)
}

/// For each server a look at every rack.
fn one_by_one(racks: &[Space], need: &Need) -> Vec<(u64, u16)> {
    let mut racks = racks.to_vec();
    racks.sort_by(|a, b| by_number(&a.name, &b.name).then(a.rack.cmp(&b.rack)));
    let mut placed = Vec::new();
    while placed.len() < need.count {
        let held = |r: &Space| need.tenant.as_ref().and_then(|t| r.tenants.get(t)).copied().unwrap_or(0);
        let free = |r: &Space| usize::from(r.height) * 2 - r.taken.len();
        let room = |(n, r): (usize, &Space)| Some((held(r), free(r), n, r.room_for(need).ok()?));
        let Some((.., n, low)) = racks.iter().enumerate().filter_map(room).min() else { break };
        let rack = &mut racks[n];
        placed.push((rack.rack, low));
        for half in low..low + need.height {
            rack.taken.insert((Face::Front, half));
            if need.full_depth {
                rack.taken.insert((Face::Rear, half));
            }
        }
        rack.watts += need.watts;
        if let Some((_, now)) = &mut rack.weight {
            *now += need.kilograms;
        }
        if let Some(tenant) = &need.tenant {
            *rack.tenants.entry(tenant.clone()).or_default() += 1;
        }
    }
    placed
}

fn told(what: &str, ours: &[f64], plain: &[f64]) -> Vec<Line> {
    let (p95, slowest) = (quantile(ours, 0.95), quantile(ours, 1.0));
    let line = |share: &str, n| Line::told(format!("{what}, {share}"), ms(n));
    vec![
        line("p50", median(ours))
            .beside(format!("plain scan {}", ms(median(plain))))
            .ratio(median(plain) / median(ours), Goal::Least(2.0)),
        line("p95", p95)
            .beside(format!("plain scan {}", ms(quantile(plain, 0.95))))
            .ratio(quantile(plain, 0.95) / p95, Goal::Least(1.0)),
        line("slowest of 200", slowest)
            .beside(format!("plain scan {}", ms(quantile(plain, 1.0))))
            .ratio(quantile(plain, 1.0) / slowest, Goal::Least(1.0)),
    ]
}

/// The same sequence in every run (Steele, Lea and Flood, splitmix64).
struct Draw(u64);

impl Draw {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % n
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }
}

fn server(draw: &mut Draw, n: u64) -> Candidate {
    let since = Timestamp::from_secs(1_795_000_000) + Duration::from_secs(n);
    let (bytes, kind, _) = draw.of(&DRIVES);
    let kind = Some(kind).filter(|_| draw.below(20) > 0);
    let gbps = Some(draw.of(&SPEEDS)).filter(|_| draw.below(10) > 0);
    // Firmware keeps a different piece in each.
    let memory = (draw.of(&[128_u64, 256, 512, 1_024]) << 30) - (draw.below(2_000) << 20);
    Candidate {
        unit: UnitId::mint(since, Entropy(u128::from(n).to_be_bytes())),
        site: SiteId::new("fra1"),
        label: Text::from(format!("CZ{n:06}")),
        since,
        processors: vec![(Text::new(draw.of(&MODELS)), draw.of(&[16, 32, 64])); draw.of(&[1, 2])],
        memory,
        drives: vec![(bytes * 1_000_000_000 + 755_982_336, kind); draw.below(12) as usize],
        ports: vec![gbps; draw.of(&[2, 4])],
        height: Some(draw.of(&[1, 2])),
    }
}

fn wish(draw: &mut Draw) -> Spec {
    let (cpus, model, gb) = (draw.of(&[1, 2]), draw.of(&WISHES), draw.of(&[128, 256, 512, 1_024]));
    let (drives, (.., drive)) = (1 + draw.below(10), draw.of(&DRIVES));
    let mut text = format!("{cpus}x {model}, {gb}GB DDR5, {drives}x {drive}");
    if draw.below(3) > 0 {
        text += &format!(", 2x {}GbE", draw.of(&SPEEDS));
    }
    read(&text).spec
}

/// A rack of 42 U with twenty servers, two switches, and what they draw and weigh.
fn rack(draw: &mut Draw, n: u64) -> Space {
    let mut taken = BTreeSet::new();
    let mut low = 2;
    for _ in 0..20 {
        let height = 2 * draw.of(&[1, 1, 2]);
        if low + height > 82 {
            break;
        }
        taken.extend((low..low + height).flat_map(|half| [(Face::Front, half), (Face::Rear, half)]));
        low += height + 2 * u16::from(draw.below(4) == 0);
    }
    taken.extend((82..86).map(|half| (Face::Rear, half)));
    let watts = draw.of(&[8_000, 12_000, 16_000]);
    let tenants = (0..3).map(|_| (tenant(draw), 1 + draw.below(8) as u32)).collect();
    Space {
        rack: n,
        name: Text::from(format!("{}{:02}", char::from(b'A' + (n / 20) as u8), n % 20)),
        first: 2,
        height: 84,
        taken,
        feeds: ["A", "B"].map(|name| Feed { name: Text::new(name), watts }).to_vec(),
        watts: 5_000 + draw.below(6_000) as u32,
        undrawn: 0,
        weight: Some((1_000, 450 + draw.below(450) as u32)),
        unweighed: 0,
        tenants,
        sockets: None,
    }
}

fn tenant(draw: &mut Draw) -> Text {
    Text::from(format!("tenant-{}", draw.below(60)))
}

fn need(draw: &mut Draw) -> Need {
    Need {
        count: draw.of(&[1, 4, 12, 24, 48, 200]),
        height: draw.of(&[2, 2, 4, 8]),
        full_depth: draw.below(5) > 0,
        watts: draw.of(&[350, 600, 900]),
        kilograms: draw.of(&[18, 28]),
        tenant: Some(tenant(draw)).filter(|_| draw.below(4) > 0),
        spread: Some(8).filter(|_| draw.below(2) > 0),
        any_power: false,
    }
}
