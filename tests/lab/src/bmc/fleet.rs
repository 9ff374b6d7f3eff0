//! Servers as a whole: a BMC on the network, and behind it a machine that lives each boot.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use futures::future::BoxFuture;
use rackhand_adapters::port::clock::Clock;
use rackhand_adapters::port::dial::Target;
use rackhand_core::bmc::Fingerprint;
use sha2::{Digest, Sha256};
use tokio::task::JoinHandle;

use super::{Behaviour, Counters, LabBmc, Spec};
use crate::faults::{Faults, lock};
use crate::front::{Network, Station};
use crate::machine::{Ending, Flaws, Hardware, LifePace, Uplink, live};

/// Servers by serial. Dropping it ends their lives.
pub struct Fleet {
    clock: Clock,
    network: Network,
    port: u16,
    uplink: Uplink,
    servers: BTreeMap<String, Server>,
}

/// One server of the fleet.
pub struct Server {
    /// Its BMC.
    pub bmc: Arc<LabBmc>,
    /// The fault rules in front of its BMC.
    pub faults: Arc<Faults>,
    /// Where its BMC is, or was last.
    pub address: IpAddr,
    clock: Clock,
    certificates: u32,
    flaws: Arc<Mutex<Flaws>>,
    body: Arc<Mutex<Option<Body>>>,
    endings: Arc<Mutex<Vec<Ending>>>,
    life: JoinHandle<()>,
}

/// What lives a network boot in place of the simulated machine; the controller switches off once it has reported.
/// Dropped where the power changes meanwhile.
pub type Body = Arc<dyn Fn() -> BoxFuture<'static, Ending> + Send + Sync>;

impl Fleet {
    /// An empty fleet whose BMCs are on `network` at `port` and whose machines report over `uplink`.
    pub fn new(clock: Clock, network: Network, port: u16, uplink: Uplink) -> Self {
        Self { clock, network, port, uplink, servers: BTreeMap::new() }
    }

    /// Adds a server under its BMC's serial, with the BMC plugged in at `address`, and starts its machine's task.
    /// Must be called inside a tokio runtime.
    pub fn add(&mut self, mut spec: Spec, address: IpAddr, hardware: Hardware, pace: LifePace) -> &Server {
        // The controller lists what is in the machine behind it.
        spec.machine.get_or_insert_with(|| Box::new(hardware.clone()));
        let serial = spec.serial.clone();
        let bmc = Arc::new(LabBmc::new(spec));
        let flaws = Arc::new(Mutex::new(Flaws::default()));
        let endings = Arc::new(Mutex::new(Vec::new()));
        let body = Arc::new(Mutex::new(None));
        let life = Machine {
            bmc: Arc::clone(&bmc),
            hardware,
            pace,
            flaws: Arc::clone(&flaws),
            body: Arc::clone(&body),
            endings: Arc::clone(&endings),
            uplink: self.uplink.clone(),
            clock: self.clock.clone(),
        };
        let server = Server {
            bmc,
            faults: Arc::new(Faults::default()),
            address,
            clock: self.clock.clone(),
            certificates: 0,
            flaws,
            body,
            endings,
            life: tokio::spawn(life.run()),
        };
        self.network.attach(self.authority(address), server.station());
        if let Some(replaced) = self.servers.insert(serial.clone(), server) {
            replaced.life.abort();
        }
        &self.servers[&serial]
    }

    /// The server with this serial.
    pub fn get(&self, serial: &str) -> Option<&Server> {
        self.servers.get(serial)
    }

    /// All of them, by serial.
    pub fn servers(&self) -> impl Iterator<Item = (&str, &Server)> {
        self.servers.iter().map(|(serial, server)| (serial.as_str(), server))
    }

    /// Takes the BMC off the network.
    pub fn unplug(&self, serial: &str) {
        if let Some(server) = self.servers.get(serial) {
            self.network.detach(&self.authority(server.address));
        }
    }

    /// Puts the BMC onto the network at `address`, which it leaves wherever it was.
    pub fn plug(&mut self, serial: &str, address: IpAddr) {
        self.unplug(serial);
        let authority = self.authority(address);
        if let Some(server) = self.servers.get_mut(serial) {
            server.address = address;
            self.network.attach(authority, server.station());
        }
    }

    /// Puts the BMC onto the network where it was.
    pub fn reconnect(&self, serial: &str) {
        if let Some(server) = self.servers.get(serial) {
            self.network.attach(self.authority(server.address), server.station());
        }
    }

    /// Gives the BMC another certificate, as a factory reset or an attacker would.
    pub fn change_certificate(&mut self, serial: &str) {
        let Some(server) = self.servers.get_mut(serial) else { return };
        server.certificates += 1;
        let (address, station) = (server.address, server.station());
        self.network.attach(self.authority(address), station);
    }

    fn authority(&self, address: IpAddr) -> String {
        Target::bmc(address, self.port, None).authority()
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        for server in self.servers.values() {
            server.life.abort();
        }
    }
}

impl Server {
    /// Changes what is wrong with its BMC.
    pub fn behave(&self, change: impl FnOnce(&mut Behaviour)) {
        self.bmc.behave(change);
    }

    /// Changes what is wrong with its machine, from its next boot on.
    pub fn flaw(&self, change: impl FnOnce(&mut Flaws)) {
        change(&mut lock(&self.flaws));
    }

    /// Puts a machine behind its BMC that is not simulated, from the next boot on.
    pub fn embody(&self, body: Body) {
        *lock(&self.body) = Some(body);
    }

    /// What its BMC has seen.
    pub fn counters(&self) -> Counters {
        self.bmc.counters(self.clock.now())
    }

    /// How its lives from network boots ended, oldest first. A life that a change of power cut short is not in it.
    pub fn endings(&self) -> Vec<Ending> {
        lock(&self.endings).clone()
    }

    /// The certificate its BMC shows in memory; over sockets it has a real one.
    pub fn certificate(&self) -> Fingerprint {
        let named = Sha256::digest(format!("{}/{}", self.bmc.spec().serial, self.certificates));
        Fingerprint(named.into())
    }

    /// Its BMC behind its rules, to be served by any front.
    pub fn station(&self) -> Station {
        Station {
            host: Arc::clone(&self.bmc) as Arc<dyn crate::host::Host>,
            faults: Arc::clone(&self.faults),
            clock: self.clock.clone(),
            certificate: Some(self.certificate()),
        }
    }
}

/// A machine's task: waits for boots and lives them.
struct Machine {
    bmc: Arc<LabBmc>,
    hardware: Hardware,
    pace: LifePace,
    flaws: Arc<Mutex<Flaws>>,
    body: Arc<Mutex<Option<Body>>>,
    endings: Arc<Mutex<Vec<Ending>>>,
    uplink: Uplink,
    clock: Clock,
}

impl Machine {
    async fn run(self) {
        let mut changes = self.bmc.changes();
        loop {
            changes.mark_unchanged();
            if let Some(boot) = self.bmc.take_boot(self.clock.now()) {
                if !boot.network {
                    continue;
                }
                let flaws = lock(&self.flaws).clone();
                let body = lock(&self.body).clone();
                let life = async {
                    match body {
                        Some(body) => body().await,
                        None => live(&self.hardware, &flaws, &self.pace, &self.uplink).await,
                    }
                };
                let ending = tokio::select! {
                    biased;
                    // Any change of power ends the life it finds.
                    _ = changes.wait_for(|generation| *generation != boot.generation) => continue,
                    ending = life => ending,
                };
                let done = ending == Ending::Reported && !flaws.stays_on;
                lock(&self.endings).push(ending);
                if done {
                    self.bmc.power_off(&boot, self.clock.now());
                }
                continue;
            }
            match self.bmc.due() {
                Some(due) => tokio::select! {
                    biased;
                    _ = changes.changed() => {}
                    () = self.clock.sleep_until(due) => {}
                },
                // The BMC cannot go away before this task does: it holds it.
                None => drop(changes.changed().await),
            }
        }
    }
}
