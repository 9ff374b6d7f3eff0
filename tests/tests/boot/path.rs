//! From the controller's lease to `staged`, or to a technician.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rackhand_core::boot::report::{StepVerdict, ValidationReport};
use rackhand_core::decide::command::Command;
use rackhand_core::id::Role;
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::lifecycle::task::TaskKind;
use rackhand_core::lifecycle::unit::Unit;
use rackhand_lab::machine::Hardware;
use rackhand_lab::sockets::Issuer;
use rackhand_rpc::ConsoleClient;

use crate::client::Client;
use crate::controller::serve_bmc;
use crate::image;
use crate::machine::{Firmware, Machine, body, console, disk, make_disks};
use crate::namespace::{alone_for, run};
use crate::segment::{self, INTERFACE, eventually_within};
use crate::server::{Kind, Server};
use crate::support::console::{connect, soon, within};
use crate::support::daemon::{Daemon, folded};
use crate::support::lab::{Lab, QUICK, Tempo};
use crate::switch::Switch;

/// Lab seconds in a second. A boot's token lives four hours of them.
const SPEED: f64 = 5.0;
/// For one boot and what is around it, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);
/// What the test's own boots ask for: the emulated machine is a hundred times slower than a real one.
const OPTIONS: &str = "console=ttyS0 rackhand.memory_mib=8 rackhand.disk_mib=16 rackhand.disk_seconds=2";
/// DHCP as pxe/README.md tells it, and the loaders by TFTP.
fn chain() -> String {
    crate::dhcp::block("dnsmasq") + "enable-tftp\ntftp-root=/usr/lib/ipxe\n"
}

const PROGRAMS: [&str; 7] = ["qemu-system-x86_64", "dnsmasq", "udhcpc", "lldpd", "lldpcli", "mkfs.ext4", "timeout"];

/// A site with one server in its rack.
struct Bed {
    lab: Lab,
    machine: Arc<Machine>,
    daemon: Daemon,
    console: ConsoleClient,
    head: u64,
    server: Server,
    _client: Client,
}

impl Bed {
    async fn new(firmware: &[Firmware], first_port: &'static str) -> Self {
        segment::lay();
        let issuer = Issuer::new().unwrap();
        // The BMC is simulated, the machine is not: of its parts the BMC lists the NICs alone.
        let unlisted = |_, hardware: &mut Hardware| {
            hardware.processors.clear();
            hardware.drives.clear();
            hardware.memory_bytes = 0;
        };
        let mut lab = Lab::fitted(0, QUICK, Tempo::from_now(SPEED), &issuer, unlisted).await;
        lab.place.http = "10.77.0.1:8080".parse().unwrap();
        let more = lab.place.more.replace("[\"127.0.0.0/8\"]", "[\"10.77.0.0/24\"]");
        let heard = format!("interfaces = [\"{INTERFACE}\"]\nservers = [\"10.77.0.1\"]");
        lab.place.more = more.replace("pcap = [\"leases.pcap\"]", &heard);
        let files = image::directory();
        lab.place.more += &format!("[boot]\nfiles = \"{}\"\noptions = \"{OPTIONS}\"\n", files.display());
        make_disks();
        let switches = [
            Switch::start("sw-a", &lab.server.plan[0].switch).await,
            Switch::start("sw-b", &lab.server.plan[1].switch).await,
        ];
        let spec = lab.twin().bmc.spec();
        let machine = Arc::new(Machine {
            serial: spec.serial.clone(),
            model: spec.model.clone(),
            nics: spec.nics.clone(),
            switches,
            first_port: Mutex::new(first_port),
            firmware: Mutex::new(firmware.to_vec()),
            boots: Mutex::new(0),
        });
        lab.twin().embody(body(&machine));
        segment::plug("bmc", &lab.server.bmc_mac.to_string());
        serve_bmc(&lab, &issuer);
        let daemon = lab.place.start(None).await;
        let (console, head) = connect(&lab.place.socket()).await.map(|(c, h)| (c, h.head)).unwrap();
        let server = Server::start(Kind::Dnsmasq, &chain());
        let client = Client::udhcpc("bmc");
        Self { lab, machine, daemon, console, head, server, _client: client }
    }

    fn unit(&self) -> Option<Unit> {
        folded(&self.lab.place.events()).units.values().next().map(|u| (**u).clone())
    }

    /// Waits until the server is so.
    async fn until(&mut self, what: &str, so: impl Fn(&Unit) -> bool) -> Unit {
        let begun = Instant::now();
        loop {
            if let Some(unit) = self.unit().filter(&so) {
                println!("measured: {what} after {} s", begun.elapsed().as_secs());
                return unit;
            }
            let stuck = self.unit().is_some_and(|u| u.steps.parked().next().is_some());
            assert!(!stuck && begun.elapsed() < PATIENCE, "never {what}\n{}", self.account());
            self.head = self.console.watch(within(Duration::from_secs(20)), self.head, 10_000).await.unwrap();
        }
    }

    /// What happened, for a failed test.
    fn account(&self) -> String {
        let boots = *self.machine.boots.lock().unwrap();
        let consoles: Vec<String> = (1..=boots).map(said).collect();
        format!("{}\n{:#?}\n{}", self.lab.place.log(), self.unit(), consoles.join("\n----\n"))
    }

    fn assert_inventory_is_written(&self) {
        let (server, netbox) = (&self.lab.server, &self.lab.outside.netbox);
        assert_eq!(netbox.status_of(server.device).as_deref(), Some("staged"));
        assert_eq!(netbox.tenant_of(server.device).as_deref(), Some("baremetal-staging"));
        for (name, mac) in ["eno1", "eno2"].iter().zip(&self.machine.nics) {
            let port = netbox.interface_id(server.device, name).unwrap();
            assert_eq!(netbox.primary_mac(port), Some(*mac), "{name}");
            assert_eq!(netbox.cable_of(port).map(|(_, status)| status).as_deref(), Some("connected"), "{name}");
        }
        assert_eq!(netbox.cable_count(), 2);
    }
}

fn said(boot: usize) -> String {
    String::from_utf8_lossy(&std::fs::read(console(boot)).unwrap_or_default()).into_owned()
}

fn assert_all_passed(report: &ValidationReport) {
    assert_eq!(report.steps.len(), 5);
    for step in &report.steps {
        assert_eq!(step.verdict, StepVerdict::Passed, "{step:#?}");
    }
    let drives: Vec<_> = report.drives.iter().map(|d| (d.serial.as_str(), d.bytes, d.holds_data)).collect();
    assert_eq!(drives, [("DATA1", crate::machine::DISK, true), ("BLANK1", crate::machine::DISK, false)]);
    let measured: Vec<&str> = report.steps.iter().flat_map(|s| &s.measurements).map(|m| m.name.as_str()).collect();
    assert!(measured.contains(&"vdb (BLANK1) random write"), "{measured:?}");
    assert!(!measured.contains(&"vda (DATA1) random write") && measured.contains(&"vda (DATA1) random read"));
}

/// The disk with data is the same to the byte, and the blank one is blank again.
struct Disks(Vec<u8>);

impl Disks {
    fn now() -> Self {
        Self(std::fs::read(disk("DATA1")).unwrap())
    }

    fn assert_untouched(&self) {
        // Not assert_eq: nobody wants to read both.
        assert!(std::fs::read(disk("DATA1")).unwrap() == self.0, "the disk with data was written");
        assert!(std::fs::read(disk("BLANK1")).unwrap().iter().all(|b| *b == 0), "the blank disk was left with data");
    }
}

fn assert_secret(bed: &Bed) {
    let boots = *bed.machine.boots.lock().unwrap();
    for boot in 1..=boots {
        let said = said(boot);
        assert!(said.contains("rackhand: the report is taken"), "{said}");
        assert!(!said.contains("rackhand.token"), "boot {boot} shows its token");
    }
}

async fn straight_to_staged(firmware: Firmware) {
    let mut bed = Bed::new(&[firmware], "Ethernet1").await;
    let disks = Disks::now();
    bed.until("under test", |u| !u.validation.steps.is_empty()).await;
    // In the middle of it the network is gone, for as long as a report has been sent in vain.
    let uplink = |state| run(&format!("ip -n {} link set uplink {state}", bed.machine.switches[0].space));
    uplink("down");
    let in_vain = || said(1).contains("; sent again in ");
    eventually_within(PATIENCE, "sent in vain", in_vain, || said(1)).await;
    uplink("up");
    let unit = bed.until("staged", |u| u.stage == Stage::Staged && u.notes.owed.is_empty()).await;
    assert_all_passed(unit.validation.report.as_ref().unwrap());
    bed.assert_inventory_is_written();
    disks.assert_untouched();
    assert_secret(&bed);
    assert_eq!(bed.lab.twin().counters().resets_total(), 1);
    assert!(bed.daemon.terminate().await.success());
}

async fn by_way_of_a_technician(firmware: [Firmware; 2]) {
    let mut bed = Bed::new(&firmware, "Ethernet7").await;
    let disks = Disks::now();
    bed.until("under test", |u| !u.validation.steps.is_empty()).await;
    assert!(bed.server.log().contains("sent /usr/lib/ipxe/ipxe.efi"), "the firmware's own PXE came before iPXE");
    let unit = bed.until("refused", |u| u.is_blocked() && u.validation.report.is_some()).await;
    assert_all_passed(unit.validation.report.as_ref().unwrap());
    let (id, task) = unit.tasks[0].clone();
    assert_eq!((unit.stage, unit.tasks.len()), (Stage::Discovered, 1), "{:#?}", unit.tasks);
    assert_eq!((task.kind, task.role), (TaskKind::FixCable, Role::Technician));
    assert!(task.text.contains("Ethernet7") && task.text.contains("Ethernet1"), "{}", task.text);
    let netbox = &bed.lab.outside.netbox;
    let port = netbox.interface_id(bed.lab.server.device, "eno1").unwrap();
    assert_eq!(netbox.cable_of(port).map(|(_, status)| status).as_deref(), Some("planned"), "nothing is proven");

    *bed.machine.first_port.lock().unwrap() = "Ethernet1";
    let close = Command::CloseTask { unit: unit.id, task: id, note: "moved".into() };
    bed.console.command(soon(), "moved".to_owned(), close).await.unwrap().unwrap();
    bed.until("staged after the cable was moved", |u| u.stage == Stage::Staged && u.notes.owed.is_empty()).await;
    bed.assert_inventory_is_written();
    disks.assert_untouched();
    assert_secret(&bed);
    assert!(bed.daemon.terminate().await.success());
}

/// Two machines at once would take each other's core.
static ONE: Mutex<()> = Mutex::new(());

fn booting<F: Future<Output = ()>>(name: &str, limit: u32, test: impl FnOnce() -> F) {
    let _one = ONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if image::is_named(name) {
        alone_for(limit, &PROGRAMS, test);
    }
}

#[test]
fn a_server_that_boots_by_bios_reaches_staged() {
    booting("a boot by BIOS", 400, || straight_to_staged(Firmware::Bios));
}

#[test]
fn a_server_that_boots_by_uefi_into_the_wrong_port_waits_for_a_technician_and_for_another_boot() {
    booting("a boot by UEFI", 700, || by_way_of_a_technician([Firmware::Uefi, Firmware::Bios]));
}
