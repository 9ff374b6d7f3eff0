//! The dock while NetBox is away, over the lab's NetBox in virtual time and a console's own protocol: receipts stand at
//! once, the dock says what NetBox lacks, and NetBox has it within the hour.
#![allow(clippy::unwrap_used)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rackhand_adapters::port::clock::Clock;
use rackhand_core::decide::Answer;
use rackhand_core::decide::command::Command;
use rackhand_core::entry::manifest::Row;
use rackhand_core::id::{Role, SiteId};
use rackhand_core::inventory::NewDevice;
use rackhand_core::lifecycle::stage::{Disposition, Stage};
use rackhand_core::mac::Mac;
use rackhand_core::policy::Policy;
use rackhand_core::receiving::commands::Finding;
use rackhand_core::receiving::questions::{self as dock, LATE, Receiving, Told};
use rackhand_core::world::World;
use rackhand_daemon::journal::{Journal, Store};
use rackhand_daemon::random::Random;
use rackhand_daemon::site::Site;
use rackhand_lab::faults::{Effect, Rule};
use rackhand_lab::machine::LifePace;
use rackhand_lab::outside::{EPOCH, Outside};
use rackhand_rpc::codec::transport;
use rackhand_rpc::hello::greet;
use rackhand_rpc::{ConsoleClient, Import};

#[allow(dead_code)]
#[path = "support/console.rs"]
mod support;

struct Dock {
    outside: Outside,
    site: Site,
    console: ConsoleClient,
}

fn fra1() -> SiteId {
    SiteId::new("fra1")
}

fn mac(n: u8) -> Mac {
    Mac([0x94, 0x40, 0xC9, 0, 9, n])
}

impl Dock {
    #[allow(clippy::default_trait_access)] // its type is tarpc's
    async fn new() -> Self {
        let outside = Outside::new(Clock::scaled(EPOCH, 1.0), Policy::standard(fra1()), LifePace::default());
        let store = Arc::new(Mutex::new(Store::open_in_memory(&fra1()).unwrap()));
        let site = outside.start(Journal::inline(store), World::default(), Random::from_seed(7), false);
        let (mut ours, theirs) = tokio::io::duplex(1 << 20);
        tokio::spawn(site.desk.clone().serve(theirs, "ivo".into(), Some(Role::Operator)));
        greet(&mut ours).await.unwrap();
        let console = ConsoleClient::new(Default::default(), transport(ours)).spawn();
        Self { outside, site, console }
    }

    async fn on_its_way(&self, serial: &str, n: u8, create: Option<NewDevice>) {
        let rows = vec![Row { serial: serial.into(), bmc_mac: mac(n) }];
        let import = Import {
            rows,
            site: fra1(),
            stage: Stage::ShipmentTracking,
            create,
            check: false,
            accounts: std::collections::BTreeMap::new(),
        };
        let entered = self.console.import(support::soon(), import).await.unwrap().unwrap();
        assert!(entered[0].is_ok(), "{entered:?}");
    }

    async fn scan(&self, serial: &str, damaged: Option<(&str, &str)>) -> Finding {
        let (damaged, photo) = damaged.map_or((None, None), |(note, photo)| (Some(note.into()), Some(photo.into())));
        let command = Command::Receive { site: fra1(), scan: serial.into(), damaged, photo };
        let request = format!("scan {serial}");
        let receipt = self.console.command(support::soon(), request, command).await.unwrap().unwrap();
        let Answer::Scanned(scan) = receipt.answer else { panic!("{:?}", receipt.answer) };
        scan.finding
    }

    async fn now(&self) -> Receiving {
        self.console.ask(support::soon(), dock::Dock(fra1())).await.unwrap().answer
    }

    /// Waits until the dock is so.
    async fn until(&self, so: impl Fn(&Receiving) -> bool) -> Receiving {
        for _ in 0..2_000 {
            let dock = self.now().await;
            if so(&dock) {
                return dock;
            }
            self.outside.clock.sleep(Duration::from_secs(5)).await;
        }
        panic!("{:#?}", self.now().await)
    }

    fn standing(dock: &Receiving, serial: &str) -> (Told, String) {
        let arrived = dock.arrived.iter().find(|a| &*a.serial == serial).unwrap();
        (arrived.netbox, arrived.text.to_string())
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_received_while_netbox_is_away_is_told_and_is_there_within_the_hour() {
    let dock = Dock::new().await;
    let netbox = &dock.outside.netbox;
    netbox.add_device_type("dl360", &["iLO"]);
    netbox.add_role("server");
    netbox.add_site("fra1");
    let planned = netbox.add_bare_device("srv1", "PLANNED", &["bmc"]);
    dock.on_its_way("PLANNED", 1, None).await;
    let registered = |w: &Arc<World>| w.by_serial("PLANNED").unwrap().notes.device.is_some();
    dock.site.ledger.worlds().wait_for(registered).await.unwrap();
    dock.until(|_| netbox.notes_of(planned).len() == 1).await;

    let cut = Rule { method: None, path: String::new(), effect: Effect::Drop, times: u32::MAX };
    dock.outside.netbox_faults.add(cut);
    let dl360 = NewDevice { device_type: "dl360".into(), role: "server".into(), site: "fra1".into() };
    dock.on_its_way("NEW", 2, Some(dl360)).await;
    assert_eq!(dock.scan("PLANNED", None).await, Finding::Received);
    let hurt = dock.scan("NEW", Some(("corner dented", "nas/dock/17.jpg"))).await;
    assert_eq!(hurt, Finding::Damaged { note: "corner dented".into(), photo: Some("nas/dock/17.jpg".into()) });
    let unit = dock.site.ledger.world().by_serial("NEW").unwrap().clone();
    assert_eq!((unit.stage, unit.disposition), (Stage::Received, Disposition::OnHold));
    assert_eq!(unit.disposition_reason.as_deref(), Some("damaged: corner dented; photo nas/dock/17.jpg"));
    // A held server asks nothing of NetBox; an operator has looked at the damage.
    let release = Command::Release { unit: unit.id, reason: None };
    dock.console.command(support::soon(), "release".into(), release).await.unwrap().unwrap();
    let received = dock.outside.clock.now();

    // Half an hour later it is still so, and said.
    dock.outside.clock.sleep(LATE / 2).await;
    let shown = dock.now().await;
    assert_eq!((shown.behind, shown.unregistered, shown.sum.got), (2, 1, 2));
    let (standing, why) = Dock::standing(&shown, "PLANNED");
    assert!(standing == Told::Behind && why.contains("not written yet"), "{standing:?} {why}");
    assert_eq!(Dock::standing(&shown, "NEW").0, Told::Behind);
    assert!(dock.site.desk.gates.netbox.trouble().is_some());

    dock.outside.netbox_faults.clear();
    let shown = dock.until(|d| d.behind == 0).await;
    assert!(shown.now.since(received) < LATE, "NetBox has them within the hour");
    assert_eq!(Dock::standing(&shown, "PLANNED").0, Told::There);
    let (standing, text) = Dock::standing(&shown, "NEW");
    assert!(standing == Told::There && text.contains("iLO"), "{standing:?} {text}");
    let made = netbox.devices_with_serial("NEW");
    assert_eq!(made.len(), 1);
    let notes = netbox.notes_of(planned);
    assert!(notes.iter().any(|(_, text)| text.contains("shipment_tracking -> received")), "{notes:?}");
    assert_eq!(netbox.mac_count(mac(2)), 1);
}

#[tokio::test(start_paused = true)]
async fn what_netbox_cannot_take_is_told_at_the_dock_until_a_person_has_mended_it() {
    let dock = Dock::new().await;
    dock.on_its_way("LOST", 3, None).await;
    assert_eq!(dock.scan("LOST", None).await, Finding::Received);
    let shown = dock.until(|d| d.arrived.iter().any(|a| a.netbox == Told::Failed)).await;
    let (_, why) = Dock::standing(&shown, "LOST");
    assert!(why.contains("no device has serial LOST"), "{why}");
    assert_eq!(shown.behind, 1);
    dock.outside.netbox.add_bare_device("srv1", "LOST", &["bmc"]);
    let unit = dock.site.ledger.world().by_serial("LOST").unwrap().id;
    let retry = Command::Retry { subject: rackhand_core::id::Subject::Unit(unit) };
    dock.console.command(support::soon(), "retry".into(), retry).await.unwrap().unwrap();
    let shown = dock.until(|d| d.behind == 0).await;
    assert_eq!(Dock::standing(&shown, "LOST").0, Told::There);
}
