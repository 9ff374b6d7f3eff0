//! Vendors' channels against the lab's vendors, over streams in memory.
#![allow(clippy::unwrap_used, clippy::expect_used)]

/// Each of these tests, with each vendor.
macro_rules! on_each_house {
    ($($test:ident),* $(,)?) => {
        on_each_house! { @of hpe Hpe: $($test)* }
        on_each_house! { @of dell Dell: $($test)* }
    };
    (@of $module:ident $house:ident: $($test:ident)*) => {
        mod $module {
            $(#[tokio::test(start_paused = true)]
            async fn $test() {
                super::$test(rackhand_lab::supplier::House::$house).await;
            })*
        }
    };
}

#[path = "supplier/calls.rs"]
mod calls;
#[path = "supplier/cxml.rs"]
mod cxml;
#[path = "supplier/hostile.rs"]
mod hostile;
#[path = "supplier/mail.rs"]
mod mail;
#[path = "supplier/papers.rs"]
mod papers;
#[path = "supplier/token.rs"]
mod token;
#[path = "supplier/twice.rs"]
mod twice;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rackhand_adapters::port::clock::Clock;
use rackhand_adapters::port::dial::{Dial, Target, Trust};
use rackhand_adapters::supplier::partner::{Partner, Settings, TokenAuth};
use rackhand_adapters::supplier::{Channel, Chase, Listed, Received, Seller, State};
use rackhand_core::fault::{Fault, Kind};
use rackhand_core::purchase::money::Currency;
use rackhand_core::purchase::paper::{
    Accepts, Carrier, Destination, Paper, PurchaseLine, PurchaseOrder, Quote, QuoteRequest, RequestLine,
};
use rackhand_core::purchase::post::Open;
use rackhand_core::secret::Secret;
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;
use rackhand_lab::faults::{Effect, Faults, Rule};
use rackhand_lab::front::{Network, Station};
use rackhand_lab::host::{Fate, Host, Reply, Request};
use rackhand_lab::supplier::{CLIENT, House, Manner, SECRET, Vendor};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);
const SPEC: &str = "2x Xeon Gold 6530, 512GB DDR5, 4x 3.84TB NVMe, 2x 100GbE";

struct Bench {
    vendor: Arc<Vendor>,
    faults: Arc<Faults>,
    network: Network,
    clock: Clock,
    seller: Seller,
}

fn settings(house: House) -> Settings {
    Settings {
        target: Target { host: "vendor.lab".into(), port: 443, trust: Trust::Authorities },
        base: "/partner".to_owned(),
        token: None,
        client: CLIENT.to_owned(),
        secret: Secret::new(SECRET),
        token_auth: if house == House::Hpe { TokenAuth::Post } else { TokenAuth::Basic },
    }
}

fn clock() -> Clock {
    Clock::scaled(Timestamp::from_secs(1_795_000_000), 1.0)
}

fn seller(house: House, dial: Arc<dyn Dial>, clock: Clock) -> Seller {
    let id = if house == House::Hpe { "hpe" } else { "dell" }.parse().unwrap();
    let partner = Partner::new(id, dial, clock, settings(house));
    Seller { id, title: Text::new("a vendor"), channel: Channel::Partner(partner) }
}

fn attach(host: Arc<dyn Host>, house: House) -> (Seller, Arc<Faults>, Network, Clock) {
    attach_by(host, house, clock())
}

fn attach_by(host: Arc<dyn Host>, house: House, clock: Clock) -> (Seller, Arc<Faults>, Network, Clock) {
    let (network, faults) = (Network::default(), Arc::new(Faults::default()));
    let station = Station { host, faults: faults.clone(), clock: clock.clone(), certificate: None };
    network.attach("vendor.lab:443", station);
    (seller(house, Arc::new(network.clone()), clock.clone()), faults, network, clock)
}

fn bench_of(house: House, manner: Manner) -> Bench {
    let vendor = Arc::new(Vendor::of(house, manner));
    let (seller, faults, network, clock) = attach(vendor.clone(), house);
    Bench { vendor, faults, network, clock, seller }
}

fn bench(house: House) -> Bench {
    bench_of(house, Manner::default())
}

fn text(text: &str) -> Text {
    Text::new(text)
}

fn destination() -> Destination {
    let address = vec![text("Example GmbH c/o FRA1"), text("60327 Frankfurt am Main")];
    Destination { site: text("fra1"), address, country: text("DE") }
}

fn request(number: &str) -> QuoteRequest {
    QuoteRequest {
        number: text(number),
        answer_by: Timestamp::from_secs(1_795_086_400),
        currency: Currency::EUR,
        to: destination(),
        lines: vec![RequestLine { line: 1, quantity: 8, spec: text(SPEC) }],
    }
}

/// An order that accepts this quote as it is.
fn order(number: &str, quote: &Quote) -> PurchaseOrder {
    let lines = quote.lines.iter().enumerate().map(|(n, line)| PurchaseLine {
        line: line.line.unwrap_or(n as u16 + 1),
        part: line.part.clone(),
        description: line.description.clone(),
        quantity: line.quantity,
        unit_price: line.unit_price.unwrap(),
    });
    PurchaseOrder {
        number: text(number),
        quote: quote.number.clone(),
        at: Timestamp::from_secs(1_795_010_000),
        to: destination(),
        bill_to: vec![text("Example GmbH")],
        currency: quote.currency,
        lines: lines.collect(),
        freight: quote.freight,
        total: quote.sum().unwrap(),
        approved_by: vec![text("alice"), text("bob")],
    }
}

fn chase(number: &str) -> Chase {
    Chase { request: text("RFQ-7"), number: text(number), text: text("Please quote.") }
}

fn kind<T: std::fmt::Debug>(result: Result<T, Fault>) -> Kind {
    result.unwrap_err().kind
}

impl Bench {
    fn once(&self, method: Method, path: &str, effect: Effect) {
        self.faults.add(Rule { method: Some(method), path: path.to_owned(), effect, times: 1 });
    }

    async fn quotes(&self) -> Vec<Quote> {
        let received = self.seller.papers(&[Open::Request(text("RFQ-7"))]).await.unwrap();
        assert_eq!(received.refused, []);
        let quote = |(paper, _)| if let Paper::Quote(quote) = paper { quote } else { panic!("{paper:?}") };
        received.papers.into_iter().map(quote).collect()
    }

    /// A quote for `RFQ-7`, waited for.
    async fn quoted(&self) -> Quote {
        self.seller.send_request(&request("RFQ-7")).await.unwrap();
        self.clock.sleep(HOUR).await;
        self.quotes().await.remove(0)
    }

    /// `PO-000012`, sent.
    async fn ordered(&self) -> PurchaseOrder {
        let order = order("PO-000012", &self.quoted().await);
        self.seller.send_order(&order).await.unwrap();
        order
    }

    async fn answers(&self) -> Received {
        self.seller.papers(&[Open::Order(text("PO-000012"))]).await.unwrap()
    }
}
