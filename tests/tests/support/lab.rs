//! The outside over real sockets: NetBox plain on this host, each BMC behind TLS on an address of its own, machines
//! that reach the daemon's HTTP by TCP. One fast clock for all of them, the daemon included.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rackhand_adapters::dhcp::pcap;
use rackhand_adapters::port::clock::Clock;
use rackhand_adapters::port::dial::{Target, Trust};
use rackhand_adapters::tcp::Tcp;
use rackhand_core::entry::manifest::Row;
use rackhand_core::id::SiteId;
use rackhand_core::policy::Policy;
use rackhand_core::time::Timestamp;
use rackhand_lab::bmc::Pace;
use rackhand_lab::bmc::fleet::{Fleet, Server as Twin};
use rackhand_lab::machine::{Hardware, LifePace, Uplink};
use rackhand_lab::outside::{BMC_PORT, Outside, Server, TOKEN};
use rackhand_lab::sockets::{Issuer, Listening, PlainServer, TlsServer};

use super::daemon::Place;

/// When the lab's time agrees with the machine's, and how much faster it runs.
#[derive(Clone, Copy)]
pub struct Tempo {
    pub since: i64,
    pub speed: f64,
}

impl Tempo {
    pub fn from_now(speed: f64) -> Self {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        Self { since: now.as_secs().cast_signed(), speed }
    }

    /// The same clock that the daemon has with this tempo.
    pub fn clock(self) -> Clock {
        let since = Timestamp::from_secs(self.since);
        Clock::scaled(since + Clock::wall().now().since(since).mul_f64(self.speed), self.speed)
    }
}

/// One server and its NetBox, and the daemon's directory that is configured for them.
pub struct Lab {
    pub outside: Outside,
    pub server: Server,
    pub place: Place,
    /// The row of a manifest that names the server, where one does: then NetBox does not know its BMC before.
    pub row: Option<Row>,
    tempo: Tempo,
    netbox: Listening,
    bmc: Listening,
}

/// A self-test as quick as everything else.
pub const QUICK: Duration = Duration::from_secs(5);

/// Everything that can be quick is; what takes time is the sockets.
fn pace(post: Duration) -> (Pace, LifePace) {
    let soon = Duration::from_secs(1);
    let bmc = Pace { answer: Duration::from_millis(40), power: soon, post };
    let steps = [soon; 5];
    (bmc, LifePace { loader: soon, image: soon, steps, ..LifePace::default() })
}

impl Lab {
    /// The `n`-th server, whose self-test takes so long, with its lease in a capture that each start of the daemon takes
    /// in.
    pub async fn new(n: usize, post: Duration, tempo: Tempo, issuer: &Issuer) -> Self {
        Self::fitted(n, post, tempo, issuer, |_, _| {}).await
    }

    /// The same, with a server that is made otherwise than usual.
    pub async fn fitted(
        n: usize,
        post: Duration,
        tempo: Tempo,
        issuer: &Issuer,
        fit: fn(usize, &mut Hardware),
    ) -> Self {
        let place = Place::new();
        let clock = tempo.clock();
        let (bmc_pace, life_pace) = pace(post);
        let mut outside = Outside::new(clock.clone(), Policy::standard(SiteId::new("fra1")), life_pace);
        let tcp = Tcp::new(None, Vec::new()).unwrap();
        let target = Target { host: place.http.ip().to_string().into(), port: place.http.port(), trust: Trust::Plain };
        let uplink = Uplink::new(Arc::new(tcp), target, clock.clone());
        outside.fleet = Fleet::new(clock.clone(), outside.network.clone(), BMC_PORT, uplink);
        outside.fit = fit;
        let server = outside.add_server(n, "fra1", bmc_pace).clone();
        let netbox = PlainServer::bind("127.0.0.1:0".parse().unwrap(), outside.netbox_station()).await.unwrap();
        let station = outside.fleet.get(&server.serial).unwrap().station();
        let certificate = issuer.issue(&server.serial).unwrap();
        let at = SocketAddr::new(server.address.into(), 0);
        let bmc = TlsServer::bind(at, station, &certificate).await.unwrap();
        let mut lab = Self { outside, server, place, row: None, tempo, netbox, bmc };
        lab.write();
        lab
    }

    /// Has a manifest bring the server's MAC to NetBox, instead of a person before it.
    pub fn by_manifest(&mut self) {
        let netbox = &self.outside.netbox;
        netbox.remove_macs(netbox.interface_id(self.server.device, "bmc").unwrap());
        self.row = Some(Row { serial: self.server.serial.as_str().into(), bmc_mac: self.server.bmc_mac });
    }

    fn write(&mut self) {
        let serial = &self.server.serial;
        let account = self.outside.keys().by_serial[serial].clone();
        self.place.secret("token", TOKEN);
        self.place.secret("password", account.password.reveal());
        let frame = self.outside.ack(&self.server);
        let file = std::fs::File::create(self.place.path("leases.pcap")).unwrap();
        pcap::write(file, [(self.outside.clock.now(), &*frame)]).unwrap();
        let (netbox, bmc, Tempo { since, speed }) = (self.netbox.address(), self.bmc.address().port(), self.tempo);
        let mut text = format!("[netbox]\nurl = \"http://{netbox}\"\ntoken_file = \"token\"\n");
        writeln!(text, "[bmc]\nport = {bmc}\nnetworks = [\"127.0.0.0/8\"]").unwrap();
        writeln!(text, "[[credentials]]\nserial = \"{serial}\"\nuser = \"{}\"", account.user).unwrap();
        writeln!(text, "password_file = \"password\"\n[intake]\npcap = [\"leases.pcap\"]").unwrap();
        writeln!(text, "[lab]\nspeed = {speed:?}\nsince = {since}").unwrap();
        self.place.more = text;
    }

    /// Sets the daemon's clock ahead of the lab's, from its next start on.
    pub fn set_daemon_ahead(&mut self, by: Duration) {
        let earlier = by.as_secs_f64() / (self.tempo.speed - 1.0);
        self.tempo.since -= earlier.ceil() as i64;
        self.write();
    }

    /// The port its BMC listens at.
    pub fn bmc_port(&self) -> u16 {
        self.bmc.address().port()
    }

    pub fn twin(&self) -> &Twin {
        self.outside.fleet.get(&self.server.serial).unwrap()
    }
}
