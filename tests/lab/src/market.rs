//! Where servers are bought: an HPE-like and a Dell-like vendor, a carrier that brings what they ship, and the very
//! servers that will be in the boxes. They are made when they are sold; until a technician plugs them in, their BMCs
//! are on no network and no NIC of theirs hears a switch.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rackhand_adapters::carrier::{self, Carriers};
use rackhand_adapters::dhcp::compose::Lease;
use rackhand_adapters::port::clock::Clock;
use rackhand_adapters::port::dial::{Dial, Target, Trust};
use rackhand_adapters::redfish::Credentials;
use rackhand_adapters::supplier::partner::{Partner, Settings, TokenAuth};
use rackhand_adapters::supplier::{Channel, Seller, Sellers};
use rackhand_core::bmc;
use rackhand_core::id::SellerId;
use rackhand_core::inventory::Port;
use rackhand_core::mac::Mac;
use rackhand_core::policy::{Policy, Terms};
use rackhand_core::purchase::money::Currency;
use rackhand_core::purchase::paper::Destination;
use rackhand_core::secret::Secret;
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;

use crate::bmc::{Pace, Personality, Spec};
use crate::carrier::{JOURNEY, Ups, journey_of};
use crate::faults::{Faults, lock};
use crate::front::Station;
use crate::host::Host;
use crate::machine::Hardware;
use crate::outside::Outside;
use crate::supplier::{CLIENT, House, Made, Manner, SECRET, Vendor};

/// How often the carrier is asked.
const TRACKING: Duration = Duration::from_secs(2 * 3_600);
/// Serials and addresses of bought servers begin here, so that they are no other server's.
const FIRST: usize = 40_000;

/// The market.
pub struct Market {
    /// The HPE-like vendor.
    pub hpe: Arc<Vendor>,
    /// The Dell-like vendor.
    pub dell: Arc<Vendor>,
    /// The rules in front of each, by short name.
    pub faults: BTreeMap<&'static str, Arc<Faults>>,
    /// The carrier.
    pub ups: Arc<Ups>,
    /// Time from a shipment to its arrival.
    pub travel: Duration,
    /// All servers that can be sold, by serial.
    pub boxes: BTreeMap<String, Boxed>,
}

/// A server in its box.
#[derive(Clone, Debug)]
pub struct Boxed {
    /// Serial.
    pub serial: String,
    /// Its BMC's MAC.
    pub bmc_mac: Mac,
    /// The address DHCP will give it.
    pub address: Ipv4Addr,
    /// Its model, and the slug of its device type.
    pub model: String,
}

#[allow(clippy::expect_used)] // two names of our own
fn seller_id(name: &str) -> SellerId {
    name.parse().expect("the lab's names are short")
}

/// The rules for buying in the lab: offers above 50,000 EUR take two persons.
pub fn rules(policy: &mut Policy) {
    let terms =
        |name: &str, title: &str, vendor| Terms { id: seller_id(name), title: title.into(), vendor, by_hand: false };
    let rules = &mut policy.purchase;
    rules.sellers = vec![terms("hpe", "HPE", bmc::Vendor::Hpe), terms("dell", "Dell", bmc::Vendor::Dell)];
    rules.rates.of = crate::outside::EPOCH;
    rules.rates.millionths = [(Currency::USD, 925_000)].into();
    rules.worth.megawatt_hour = Some(24_370);
    // For one server: 3 EUR for each day it comes earlier, 2 EUR for each month of warranty.
    (rules.worth.day, rules.worth.warranty_month) = (300, 200);
    rules.bill_to = vec!["Example Hosting GmbH".into(), "Hanauer Landstr. 298, 60314 Frankfurt".into()];
    rules.role = Some("server".into());
    let to = |site: &str| Destination { site: site.into(), address: vec!["Dock 2".into()], country: "DE".into() };
    rules.destinations.insert(policy.site.clone(), to(policy.site.as_str()));
    for site in &policy.also {
        rules.destinations.insert(site.clone(), to(site.as_str()));
    }
}

impl Outside {
    /// Opens the market: both vendors and the carrier are on the network, the daemon knows them, and so many servers of
    /// each house can be sold. The rules are [`rules`]; NetBox has the servers' device types, but no device of them.
    pub fn open_market(&mut self, each: usize, manner: &Manner) -> Market {
        let mut boxes = BTreeMap::new();
        let (mut hpe, mut dell) = (VecDeque::new(), VecDeque::new());
        for n in 0..2 * each {
            let boxed = self.box_up(n, n % 2 == 0);
            let made = Made { serial: boxed.serial.clone(), bmc_mac: boxed.bmc_mac, model: boxed.model.clone() };
            if n % 2 == 0 { &mut hpe } else { &mut dell }.push_back(made);
            boxes.insert(boxed.serial.clone(), boxed);
        }
        let vendor = |house, manner: Manner, stock: VecDeque<Made>| {
            let vendor = Arc::new(Vendor::of(house, manner));
            let stock = Mutex::new(stock);
            vendor.supply(Box::new(move |wanted| {
                let mut stock = lock(&stock);
                (0..wanted.quantity).filter_map(|_| stock.pop_front()).collect()
            }));
            vendor
        };
        let (hpe, dell) = (vendor(House::Hpe, manner.clone(), hpe), vendor(House::Dell, manner.rival(), dell));
        let ups = Arc::new(Ups::default());
        let faults: BTreeMap<&'static str, Arc<Faults>> =
            ["hpe", "dell", "ups"].map(|name| (name, Arc::new(Faults::default()))).into();
        let hosts: [(&'static str, Arc<dyn Host>); 3] =
            [("hpe", hpe.clone()), ("dell", dell.clone()), ("ups", ups.clone())];
        for (name, host) in hosts {
            let (faults, clock) = (faults[name].clone(), self.clock.clone());
            self.network.attach(format!("{name}.lab:80"), Station { host, faults, clock, certificate: None });
        }
        (self.sellers, self.carriers) = ways(Arc::new(self.network.clone()), &self.clock);
        Market { hpe, dell, faults, ups, travel: JOURNEY, boxes }
    }

    /// Makes a server, its BMC on no network.
    fn box_up(&mut self, n: usize, hpe: bool) -> Boxed {
        let personality = if hpe { Personality::Ilo6 } else { Personality::Idrac9 };
        let number = FIRST + n;
        let (high, low) = ((number >> 8) as u8, number as u8);
        let (bmc_mac, serial) = if hpe {
            (Mac([0x94, 0x40, 0xC9, 0x20, high, low]), format!("CZ2D{n:06}"))
        } else {
            (Mac([0xD0, 0x8E, 0x79, 0x20, high, low]), format!("{:07}", 5_000_000 + n).replace('0', "J"))
        };
        let mut spec = Spec::new(personality, &serial, bmc_mac);
        spec.pace = Pace::default();
        spec.fitted = (self.fitted)(n);
        spec.late = self.late(bmc_mac);
        let model = spec.model.clone();
        let nics: Vec<(Mac, Option<Port>)> = spec.nics.iter().map(|mac| (*mac, None)).collect();
        let mut hardware = Hardware::typical(&serial, &model, bmc_mac, &nics);
        (self.fit)(n, &mut hardware);
        // Behind its controller; the others are no controller's.
        spec.machine = Some(Box::new(hardware.clone()));
        hardware.drives.extend(spec.fitted.loose_drives());
        let account = Credentials { user: spec.user.as_str().into(), password: Secret::new(spec.password.clone()) };
        self.know(&serial, account);
        let address = Ipv4Addr::new(127, 78, (n / 250) as u8, (n % 250 + 1) as u8);
        self.fleet.add(spec, IpAddr::V4(address), hardware, self.pace());
        self.fleet.unplug(&serial);
        self.netbox.add_server_type(&model);
        Boxed { serial, bmc_mac, address, model }
    }

    /// A technician plugs a server's cables in: its NICs hear these switch ports, in their order, and its BMC is on the
    /// network.
    pub fn plug_in(&self, boxed: &Boxed, ports: &[Port]) {
        if let Some(server) = self.fleet.get(&boxed.serial) {
            server.flaw(|f| f.cabled = Some(ports.to_vec()));
            self.fleet.reconnect(&boxed.serial);
        }
    }

    /// The DHCP server's ACK to its BMC, as a frame.
    pub fn ack_boxed(&self, boxed: &Boxed) -> Vec<u8> {
        let mut lease = Lease::new(boxed.bmc_mac, boxed.address, Ipv4Addr::new(127, 77, 255, 254));
        lease.vendor_class = Some(if boxed.bmc_mac.0[0] == 0x94 { "CPQRIB3" } else { "iDRAC" });
        lease.xid = u32::from(boxed.address);
        lease.ack()
    }
}

impl Market {
    /// The carrier takes what the vendors have shipped until now on its way.
    pub fn dispatch(&self, now: Timestamp) {
        for shipment in self.hpe.shipments(now).into_iter().chain(self.dell.shipments(now)) {
            self.ups.desk.parcel(&shipment.tracking, journey_of(shipment.at, self.travel));
        }
    }
}

/// The ways to the market's vendors and carrier over these streams.
pub fn ways(dial: Arc<dyn Dial>, clock: &Clock) -> (Sellers, Option<(Carriers, Duration)>) {
    let at = |name: &str| Target { host: format!("{name}.lab").as_str().into(), port: 80, trust: Trust::Plain };
    let seller = |(name, title, token_auth): (&str, &str, TokenAuth)| {
        let settings = Settings {
            target: at(name),
            base: "/partner".to_owned(),
            token: None,
            client: CLIENT.to_owned(),
            secret: Secret::new(SECRET),
            token_auth,
        };
        let id = seller_id(name);
        let channel = Channel::Partner(Partner::new(id, dial.clone(), clock.clone(), settings));
        (id, Seller { id, title: Text::new(title), channel })
    };
    let sellers = [("hpe", "HPE", TokenAuth::Post), ("dell", "Dell", TokenAuth::Basic)].map(seller);
    let account = carrier::Account {
        target: at("ups"),
        base: String::new(),
        client_id: crate::carrier::CLIENT.to_owned(),
        secret: Secret::new(crate::carrier::SECRET),
    };
    let settings = carrier::Settings { ups: Some(account), fedex: None, dhl: None };
    (Sellers(sellers.into()), Some((Carriers::new(dial.clone(), clock.clone(), settings), TRACKING)))
}
