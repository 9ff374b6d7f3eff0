//! The whole outside of a site: NetBox, switches, racks, and a fleet of servers that NetBox knows and whose machines
//! report to whichever daemon runs at the moment.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};

use futures::future::BoxFuture;
use rackhand_adapters::carrier::Carriers;
use rackhand_adapters::dhcp::compose::Lease;
use rackhand_adapters::netbox::{Settings, Token, permissions};
use rackhand_adapters::port::clock::Clock;
use rackhand_adapters::port::dial::{Connected, Dial, DialError, Target, Trust};
use rackhand_adapters::redfish::Credentials;
use rackhand_adapters::supplier::Sellers;
use rackhand_core::fault::Kind;
use rackhand_core::inventory::{ObjectId, Port};
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::mac::Mac;
use rackhand_core::policy::Policy;
use rackhand_core::secret::Secret;
use rackhand_core::time::Timestamp;
use rackhand_core::world::World;
use rackhand_daemon::http::Http;
use rackhand_daemon::journal::Journal;
use rackhand_daemon::keys::Keys;
use rackhand_daemon::projection;
use rackhand_daemon::random::Random;
use rackhand_daemon::rpc::Roles;
use rackhand_daemon::site::{Parts, Site};

use crate::bmc::fleet::Fleet;
use crate::bmc::{Fitted, Late, Pace, Personality, Spec};
use crate::faults::{Faults, lock};
use crate::front::{Network, Station};
use crate::machine::{Hardware, LifePace, Uplink};
use crate::netbox::{DeviceSpec, NetBox};

/// NetBox's token in the lab.
pub const TOKEN: &str = "0123456789abcdef0123456789abcdef01234567";
/// Where NetBox is on the lab's network.
pub const NETBOX: &str = "netbox.lab";
/// The port BMCs answer at.
pub const BMC_PORT: u16 = 443;

/// The outside.
pub struct Outside {
    /// Its clock, the daemon's too.
    pub clock: Clock,
    /// Its network.
    pub network: Network,
    /// NetBox.
    pub netbox: Arc<NetBox>,
    /// The rules in front of NetBox.
    pub netbox_faults: Arc<Faults>,
    /// The servers.
    pub fleet: Fleet,
    /// What each server is, in the order they were added.
    pub servers: Vec<Server>,
    /// Where machines find the daemon.
    pub door: Door,
    /// How a daemon keeps its copy of NetBox; not at all unless this is set.
    pub projection: Option<projection::Settings>,
    pace: LifePace,
    habits: bool,
    policy: Policy,
    /// The vendors it asks.
    pub sellers: Sellers,
    /// The carriers it asks, and how often.
    pub carriers: Option<(Carriers, std::time::Duration)>,
    keys: Keys,
    /// What is other in the server with this number than in a typical one. Asked as it is made.
    pub fit: fn(usize, &mut Hardware),
    /// What is in that server besides processors, memory and its first network card. Asked as it is made.
    pub fitted: fn(usize) -> Fitted,
    /// What its BMC's own port hears by LLDP. Asked as it is made.
    pub hears: fn(usize) -> Option<Port>,
}

/// One server as the outside knows it.
#[derive(Clone, Debug)]
pub struct Server {
    /// Serial.
    pub serial: String,
    /// Its BMC's MAC.
    pub bmc_mac: Mac,
    /// The address DHCP gives it.
    pub address: Ipv4Addr,
    /// Its device in NetBox.
    pub device: ObjectId,
    /// Where its NICs are planned to go.
    pub plan: Vec<Port>,
}

/// The way to the daemon that runs now; closed while none does.
#[derive(Clone, Default)]
pub struct Door(Arc<Mutex<Option<Http>>>);

impl Door {
    /// Opens it to this daemon.
    pub fn open(&self, http: Http) {
        *lock(&self.0) = Some(http);
    }

    /// Closes it.
    pub fn close(&self) {
        *lock(&self.0) = None;
    }
}

impl Dial for Door {
    fn dial<'a>(&'a self, target: &'a Target) -> BoxFuture<'a, Result<Connected, DialError>> {
        let http = lock(&self.0).clone();
        Box::pin(async move {
            match http {
                Some(http) => http.dial(target).await,
                None => Err(DialError { kind: Kind::Transient, what: "no daemon listens".into() }),
            }
        })
    }
}

impl Outside {
    /// An outside without servers. Must be made inside a tokio runtime.
    pub fn new(clock: Clock, policy: Policy, pace: LifePace) -> Self {
        let network = Network::default();
        let netbox = Arc::new(NetBox::new());
        netbox.add_token(TOKEN, true);
        // What `rackhand netbox check` asks for, and nothing else.
        let asked = permissions::USES.iter().flat_map(|used| used.verbs.iter().map(|verb| (verb.word(), used.path)));
        netbox.grant(TOKEN, asked.map(|(verb, path)| (verb, path.trim_end_matches('/'))));
        netbox.add_status("discovered", "Discovered");
        netbox.add_status("ready", "Ready");
        let stages: Vec<&str> = Stage::ALL.iter().map(|s| s.word()).collect();
        netbox.add_custom_field("lifecycle_state", "select", &stages);
        for field in ["discovered_at", "pxe_boot_initiated_at", "hardened_at", "last_monitored_at"] {
            netbox.add_custom_field(field, "datetime", &[]);
        }
        netbox.add_custom_field("last_power_watts", "integer", &[]);
        netbox.add_tenant(&policy.staging_tenant);
        let netbox_faults = Arc::new(Faults::default());
        let door = Door::default();
        let daemon = Target { host: "rackhandd.lab".into(), port: 80, trust: Trust::Plain };
        let uplink = Uplink::new(Arc::new(door.clone()), daemon, clock.clone());
        let fleet = Fleet::new(clock.clone(), network.clone(), BMC_PORT, uplink);
        let outside = Self {
            clock,
            network,
            netbox,
            netbox_faults,
            fleet,
            servers: Vec::new(),
            door,
            projection: None,
            pace,
            habits: false,
            policy,
            sellers: Sellers::default(),
            carriers: None,
            keys: Keys::default(),
            fit: |_, _| {},
            fitted: |_| Fitted::default(),
            hears: |_| None,
        };
        outside.connect_netbox();
        outside
    }

    /// Puts NetBox on the network.
    pub fn connect_netbox(&self) {
        self.network.attach(format!("{NETBOX}:80"), self.netbox_station());
    }

    /// NetBox behind its fault rules.
    pub fn netbox_station(&self) -> Station {
        let (host, faults) = (self.netbox.clone(), self.netbox_faults.clone());
        Station { host, faults, clock: self.clock.clone(), certificate: None }
    }

    /// Takes NetBox off the network.
    pub fn disconnect_netbox(&self) {
        self.network.detach(&format!("{NETBOX}:80"));
    }

    /// Adds the `n`-th server: known to NetBox as offline in its rack, its two NICs planned to two switches, its BMC
    /// plugged in, its password in our keys. Everything about it follows from `n` and `site`.
    pub fn add_server(&mut self, n: usize, site: &str, pace: Pace) -> &Server {
        self.add(n, site, pace, None)
    }

    /// The same, but NetBox has it in no rack and plans no cable of it: its two NICs are plugged into these ports, and it
    /// has two power ports.
    pub fn add_unplaced(&mut self, n: usize, site: &str, pace: Pace, plugged: &[Port; 2]) -> &Server {
        self.add(n, site, pace, Some(plugged))
    }

    fn add(&mut self, n: usize, site: &str, pace: Pace, plugged: Option<&[Port; 2]>) -> &Server {
        let personality = Personality::RECORDED[n % 3];
        let (high, low) = ((n >> 8) as u8, n as u8);
        let bmc_mac = match personality {
            Personality::Idrac9 | Personality::Idrac10 => Mac([0xD0, 0x8E, 0x79, 0x10, high, low]),
            _ => Mac([0x94, 0x40, 0xC9, 0x10, high, low]),
        };
        let serial = match personality {
            Personality::Idrac9 | Personality::Idrac10 => format!("{:07}", 3_000_000 + n).replace('0', "K"),
            _ => format!("CZ23{n:06}"),
        };
        let mut spec = Spec::new(personality, &serial, bmc_mac);
        spec.pace = pace;
        spec.fitted = (self.fitted)(n);
        spec.hears = (self.hears)(n);
        spec.late = self.late(bmc_mac);
        let model = spec.model.clone();
        let rack = format!("{site}-r{:02}", n / 20 + 1);
        let plan: Vec<Port> = ["a", "b"]
            .map(|half| Port {
                switch: format!("sw-{rack}-{half}").into(),
                port: format!("Ethernet{}", n % 20 + 1).into(),
            })
            .to_vec();
        let plan = plugged.map_or(plan, |ports| ports.to_vec());
        let names = ["eno1", "eno2"];
        let planned = |port: &Port| plugged.is_none().then(|| port.clone());
        let device = DeviceSpec {
            model: model.clone(),
            site: site.to_owned(),
            rack: Some(rack),
            position: Some(((n % 20) * 2 + 1) as f64),
            nics: names.iter().zip(&plan).map(|(name, port)| ((*name).to_owned(), planned(port))).collect(),
            ..DeviceSpec::offline(&format!("srv-{n:04}"), &serial, bmc_mac)
        };
        let device = match plugged {
            None => self.netbox.add_device(&device),
            Some(_) => self.netbox.add_unplaced(&device),
        };
        let nics: Vec<(Mac, Option<Port>)> =
            spec.nics.iter().zip(&plan).enumerate().map(|(n, (mac, port))| (*mac, Some(heard(n, port)))).collect();
        let mut hardware = Hardware::typical(&serial, &model, bmc_mac, &nics);
        (self.fit)(n, &mut hardware);
        // Behind its controller; the others are no controller's.
        spec.machine = Some(Box::new(hardware.clone()));
        hardware.drives.extend(spec.fitted.loose_drives());
        let account = Credentials { user: spec.user.as_str().into(), password: Secret::new(spec.password.clone()) };
        self.keys.by_serial.insert(serial.clone(), account);
        let address = Ipv4Addr::new(127, 77, (n / 250) as u8, (n % 250 + 1) as u8);
        let bmc = self.fleet.add(spec, IpAddr::V4(address), hardware, self.pace);
        if self.habits && low.is_multiple_of(5) {
            bmc.behave(|b| b.expand_gone = vec!["/EthernetInterfaces".to_owned()]);
        }
        self.servers.push(Server { serial, bmc_mac, address, device, plan });
        &self.servers[self.servers.len() - 1]
    }

    /// The DHCP server's ACK to this server's BMC, as a frame.
    pub fn ack(&self, server: &Server) -> Vec<u8> {
        let mut lease = Lease::new(server.bmc_mac, server.address, Ipv4Addr::new(127, 77, 255, 254));
        lease.vendor_class = Some(if server.bmc_mac.0[0] == 0x94 { "CPQRIB3" } else { "iDRAC" });
        lease.xid = u32::from(server.address);
        lease.ack()
    }

    /// How to reach NetBox.
    pub fn netbox_settings(&self) -> Settings {
        let target = Target { host: NETBOX.into(), port: 80, trust: Trust::Plain };
        Settings { target, base: String::new(), token: Token::V1(Secret::new(TOKEN)) }
    }

    /// Has our keys know an account.
    pub(crate) fn know(&mut self, serial: &str, account: Credentials) {
        self.keys.by_serial.insert(serial.to_owned(), account);
    }

    /// From now on, servers that are added have controllers with habits of their own, as real ones do, drawn by their
    /// MAC: most come up late, and one in five does not find the NICs it is asked to fill in.
    pub fn draw_habits(&mut self) {
        self.habits = true;
    }

    /// How late a controller comes up.
    pub(crate) fn late(&self, mac: Mac) -> Late {
        if self.habits { Late::of(mac) } else { Late::default() }
    }

    /// How long a life's parts take.
    pub(crate) fn pace(&self) -> LifePace {
        self.pace
    }

    /// The passwords of all servers.
    pub fn keys(&self) -> Keys {
        self.keys.clone()
    }

    /// Starts a daemon over this outside, and opens the door to it.
    pub fn start(&self, journal: Journal, world: World, random: Random, demo: bool) -> Site {
        self.start_over(Arc::new(self.network.clone()), BMC_PORT, journal, world, random, demo)
    }

    /// The same, over other streams and with BMCs at another port.
    pub fn start_over(
        &self,
        dial: Arc<dyn Dial>,
        bmc_port: u16,
        journal: Journal,
        world: World,
        random: Random,
        demo: bool,
    ) -> Site {
        let site = Site::start(Parts {
            journal,
            world,
            policy: self.policy.clone(),
            clock: self.clock.clone(),
            random,
            dial,
            netbox: self.netbox_settings(),
            bmc_port,
            sellers: self.sellers.clone(),
            carriers: self.carriers.clone(),
            keys: self.keys().into(),
            base: "http://rackhandd.lab".to_owned(),
            roles: Roles { own: Some(rackhand_core::id::Role::Admin), ..Roles::default() },
            demo,
            projection: self.projection.clone(),
        });
        self.door.open(site.http.clone());
        site
    }

    /// Lets a lease be seen.
    pub async fn lease(&self, site: &Site, server: &Server) {
        site.intake.frame(&self.ack(server), self.clock.now()).await;
    }
}

/// A switch port as the switch tells it by LLDP: none spells its name as NetBox does. Each second one tells its full
/// domain name.
fn heard(n: usize, port: &Port) -> Port {
    let name = port.switch.to_uppercase();
    let switch = if n % 2 == 1 { format!("{name}.lab.example.net") } else { name };
    Port { switch: switch.into(), port: port.port.clone() }
}

/// When the lab's time begins.
pub const EPOCH: Timestamp = Timestamp::from_secs(1_795_000_000);
