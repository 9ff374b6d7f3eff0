//! The carriers' adapter against the lab's UPS, FedEx and DHL, over streams in memory.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

#[path = "carrier/contract.rs"]
mod contract;
#[path = "carrier/hostile.rs"]
mod hostile;
#[path = "carrier/pace.rs"]
mod pace;

use std::sync::Arc;
use std::time::Duration;

use rackhand_adapters::carrier::{Account, Carriers, Key, Settings};
use rackhand_adapters::port::clock::Clock;
use rackhand_adapters::port::dial::{Dial, Target, Trust};
use rackhand_core::fault::{Fault, Kind};
use rackhand_core::purchase::paper::{Carrier, Tracked, Transit};
use rackhand_core::secret::Secret;
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;
use rackhand_lab::carrier::{CLIENT, Desk, Dhl, Fedex, KEY, SECRET, Stop, Ups, journey};
use rackhand_lab::faults::{Effect, Faults, Rule};
use rackhand_lab::front::{Network, Station};
use rackhand_lab::host::{Fate, Host, Reply, Request};
use rackhand_lab::outside::EPOCH;
use reqwest::StatusCode;
use serde_json::{Value, json};

const ALL: [Carrier; 3] = [Carrier::Ups, Carrier::Fedex, Carrier::Dhl];
/// A number of each form.
const fn number(carrier: Carrier) -> &'static str {
    match carrier {
        Carrier::Ups => "1Z999AA10123456784",
        Carrier::Fedex => "794608123456",
        Carrier::Dhl => "JD014600006228974701",
    }
}

fn target(host: &str) -> Target {
    Target { host: host.into(), port: 443, trust: Trust::Plain }
}

fn settings(secret: &str, key: &str, daily: u32) -> Settings {
    let account = |host: &str| {
        let (client_id, secret) = (CLIENT.to_owned(), Secret::new(secret));
        Some(Account { target: target(host), base: String::new(), client_id, secret })
    };
    let dhl = Key { target: target("dhl.lab"), base: String::new(), key: Secret::new(key), daily };
    Settings { ups: account("ups.lab"), fedex: account("fedex.lab"), dhl: Some(dhl) }
}

struct Bench {
    ups: Arc<Ups>,
    fedex: Arc<Fedex>,
    dhl: Arc<Dhl>,
    faults: Arc<Faults>,
    network: Network,
    clock: Clock,
}

impl Bench {
    fn new() -> Self {
        let (network, faults, clock) = (Network::default(), Arc::new(Faults::default()), Clock::scaled(EPOCH, 1.0));
        let (ups, fedex, dhl) = (Arc::new(Ups::default()), Arc::new(Fedex::default()), Arc::new(Dhl::default()));
        let hosts: [(&str, Arc<dyn Host>); 3] =
            [("ups.lab", ups.clone()), ("fedex.lab", fedex.clone()), ("dhl.lab", dhl.clone())];
        for (name, host) in hosts {
            let station = Station { host, faults: faults.clone(), clock: clock.clone(), certificate: None };
            network.attach(format!("{name}:443"), station);
        }
        Self { ups, fedex, dhl, faults, network, clock }
    }

    fn desk(&self, carrier: Carrier) -> &Desk {
        match carrier {
            Carrier::Ups => &self.ups.desk,
            Carrier::Fedex => &self.fedex.desk,
            Carrier::Dhl => &self.dhl.desk,
        }
    }

    fn with(&self, settings: Settings) -> Carriers {
        Carriers::new(Arc::new(self.network.clone()), self.clock.clone(), settings)
    }

    fn carriers(&self) -> Carriers {
        self.with(settings(SECRET, KEY, 250))
    }

    fn refuse(&self, path: &str, status: u16, body: &str) {
        let effect = Effect::Refuse(StatusCode::from_u16(status).unwrap(), body.to_owned().into());
        self.faults.add(Rule { method: None, path: path.into(), effect, times: 1 });
    }
}

/// The path that a question to any of the three has in it.
const QUESTION: &str = "/track/";

async fn one(carriers: &Carriers, carrier: Carrier, number: &str) -> Result<Tracked, Fault> {
    let mut all = carriers.track(carrier, &[number.into()]).await;
    assert_eq!(all.len(), 1);
    all.remove(0)
}

async fn kind(carriers: &Carriers, carrier: Carrier) -> Result<Transit, Kind> {
    one(carriers, carrier, number(carrier)).await.map(|t| t.status).map_err(|f| f.kind)
}

fn told(tracked: &Tracked) -> String {
    let time = |t: Option<Timestamp>| t.map_or("-".to_owned(), |t| t.to_string());
    format!("{:?} {} {} {}", tracked.status, time(tracked.eta), time(tracked.delivered), tracked.last)
}

#[tokio::test(start_paused = true)]
async fn a_parcels_journey_is_told_alike_by_all_three() {
    let b = Bench::new();
    let carriers = b.carriers();
    for carrier in ALL {
        b.desk(carrier).parcel(number(carrier), journey(EPOCH + Duration::from_hours(1)));
    }
    let mut seen = Vec::new();
    for hours in [0, 2, 14, 38, 86, 98] {
        b.clock.sleep_until(EPOCH + Duration::from_hours(hours)).await;
        let mut all = Vec::new();
        for carrier in ALL {
            let tracked = one(&carriers, carrier, number(carrier)).await.unwrap();
            all.push(told(&tracked).replace(&carrier.to_string(), "it"));
        }
        // UPS tells the hour only; its offset is known once it is in the town. The others say the instant.
        if hours == 14 || hours == 38 {
            assert!(all[0].contains("T12:00:00Z"), "{all:?}");
            all[0] = all[1].clone();
        }
        assert_eq!(all[0], all[1]);
        assert_eq!(all[1], all[2]);
        seen.push(all.remove(0));
    }
    assert_eq!(
        seen,
        [
            "Unknown - - it has no record of it",
            "Announced - - Label created, HOUSTON US",
            "Moving 2026-11-21T12:06:40Z - Picked up, HOUSTON US",
            "Moving 2026-11-22T12:06:40Z - Departed, LOUISVILLE US",
            "Moving 2026-11-22T12:06:40Z - Out for delivery, FRANKFURT DE",
            "Delivered - 2026-11-22T12:06:40Z Delivered, FRANKFURT DE",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn several_parcels_under_one_number_are_as_far_as_the_last_of_them() {
    let b = Bench::new();
    let carriers = b.carriers();
    let late = EPOCH + Duration::from_hours(24);
    let held = |at: Timestamp| Stop {
        at,
        status: Transit::Trouble,
        what: "Held by customs",
        place: ("LEIPZIG", "DE"),
        eta: None,
    };
    for carrier in ALL {
        b.desk(carrier).parcels(number(carrier), vec![journey(EPOCH), journey(late)]);
    }
    b.clock.sleep_until(EPOCH + Duration::from_hours(100)).await;
    for carrier in ALL {
        assert_eq!(kind(&carriers, carrier).await, Ok(Transit::Moving), "{carrier}");
    }
    b.clock.sleep_until(EPOCH + Duration::from_hours(121)).await;
    for carrier in ALL {
        assert_eq!(kind(&carriers, carrier).await, Ok(Transit::Delivered), "{carrier}");
        b.desk(carrier).parcels(number(carrier), vec![journey(EPOCH), vec![held(late)]]);
        let trouble = one(&carriers, carrier, number(carrier)).await.unwrap();
        assert_eq!(told(&trouble), "Trouble - - Held by customs, LEIPZIG DE", "{carrier}");
    }
}

#[tokio::test(start_paused = true)]
async fn each_number_has_its_answer_in_its_place_and_a_wrong_one_is_not_sent() {
    let b = Bench::new();
    let carriers = b.carriers();
    let numbers: Vec<String> = (0..40).map(|n| format!("79460812{n:04}")).collect();
    for (n, number) in numbers.iter().enumerate() {
        b.fedex.desk.parcel(number, journey(EPOCH - Duration::from_hours(if n % 2 == 0 { 1 } else { 20 })));
    }
    let mut asked: Vec<Text> = numbers.iter().map(|n| n.as_str().into()).collect();
    asked.insert(7, "not a number".into());
    asked.push(numbers[0].as_str().into());
    let all = carriers.track(Carrier::Fedex, &asked).await;
    assert_eq!(all.len(), asked.len());
    for (number, told) in asked.iter().zip(&all) {
        match (numbers.iter().position(|n| **n == **number), told) {
            (Some(n), Ok(told)) => {
                let expected = if n % 2 == 0 { Transit::Announced } else { Transit::Moving };
                assert_eq!(told.status, expected, "{number}");
            }
            (None, Err(fault)) => {
                assert_eq!(fault.kind, Kind::Rejected);
                assert!(fault.what.contains("`not a number` is no number of FedEx"), "{fault}");
            }
            other => panic!("{number}: {other:?}"),
        }
    }
    let questions = b.fedex.desk.questions();
    let sizes: Vec<usize> = questions.iter().map(|(_, numbers)| numbers.split(',').count()).collect();
    assert_eq!(sizes, [30, 10], "each number once, 30 at a time");
    for carrier in ALL {
        for bad in ["", "1Z999AA1012345678/../x", "79460812345?x=1", "1234567890&trackingNumber=2", "%2e%2e"] {
            assert_eq!(one(&carriers, carrier, bad).await.unwrap_err().kind, Kind::Rejected, "{carrier} {bad}");
        }
    }
    assert_eq!(b.ups.desk.questions().len() + b.dhl.desk.questions().len(), 0);
    assert_eq!(b.fedex.desk.questions().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_carrier_without_account_is_not_asked() {
    let b = Bench::new();
    let carriers = b.with(Settings::default());
    for carrier in ALL {
        let fault = one(&carriers, carrier, number(carrier)).await.unwrap_err();
        assert_eq!(fault.kind, Kind::Rejected);
        assert!(fault.advice.contains(&format!("[carriers.{}]", carrier.to_string().to_lowercase())), "{fault}");
    }
}
