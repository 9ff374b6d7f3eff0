//! Whole servers of the lab: from a reset over the network boot to the last report, with what goes wrong on the way.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rackhand_adapters::port::clock::Clock;
use rackhand_adapters::port::dial::{Target, Trust};
use rackhand_adapters::redfish::{Bmc, Credentials, Redfish, Reset};
use rackhand_core::bmc::Power;
use rackhand_core::boot::report::{StepReport, StepVerdict, ValidationReport, ValidationStep};
use rackhand_core::inventory::Port;
use rackhand_core::mac::Mac;
use rackhand_core::secret::Secret;
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;
use rackhand_lab::bmc::fleet::Fleet;
use rackhand_lab::bmc::{Personality, Spec};
use rackhand_lab::faults::{Effect, Faults, Rule};
use rackhand_lab::front::{Network, Station};
use rackhand_lab::host::{Host, Reply, Request};
use rackhand_lab::machine::{Ending, Flaws, Hardware, LifePace, Uplink};
use reqwest::{Method, StatusCode};

use crate::bed::EPOCH;

/// As much of a daemon as a machine sees: gives scripts out and keeps what is reported.
#[derive(Default)]
struct Desk {
    exit: Mutex<bool>,
    heard: Mutex<Vec<(Timestamp, String, String)>>,
    steps: Mutex<Vec<StepReport>>,
    reports: Mutex<Vec<ValidationReport>>,
}

impl Host for Desk {
    fn answer(&self, request: &Request, now: Timestamp) -> Reply {
        self.heard.lock().unwrap().push((now, request.path.clone(), request.query.clone()));
        match (&request.method, request.path.as_str()) {
            (&Method::GET, "/boot/ipxe") => {
                let script = if *self.exit.lock().unwrap() {
                    "#!ipxe\nexit\n".to_owned()
                } else {
                    "#!ipxe\nkernel http://d/vmlinuz console=ttyS0 rackhand.token=T0K3N-abc quiet\nboot\n".to_owned()
                };
                let mut reply = Reply::status(StatusCode::OK);
                reply.body = script.into();
                reply
            }
            _ if request.header("authorization") != Some("Bearer T0K3N-abc") => Reply::status(StatusCode::UNAUTHORIZED),
            (&Method::POST, "/api/v1/validation/step") => {
                self.steps.lock().unwrap().push(serde_json::from_slice(&request.body).unwrap());
                Reply::status(StatusCode::NO_CONTENT)
            }
            (&Method::POST, "/api/v1/validation/report") => {
                self.reports.lock().unwrap().push(serde_json::from_slice(&request.body).unwrap());
                Reply::status(StatusCode::NO_CONTENT)
            }
            _ => Reply::status(StatusCode::NOT_FOUND),
        }
    }
}

struct Site {
    clock: Clock,
    desk: Arc<Desk>,
    desk_faults: Arc<Faults>,
    fleet: Fleet,
    redfish: Redfish,
}

fn site(servers: u32) -> Site {
    let clock = Clock::scaled(EPOCH, 1.0);
    let network = Network::default();
    let desk = Arc::new(Desk::default());
    let desk_faults = Arc::new(Faults::default());
    let station = Station {
        host: Arc::clone(&desk) as Arc<dyn Host>,
        faults: Arc::clone(&desk_faults),
        clock: clock.clone(),
        certificate: None,
    };
    network.attach("127.0.0.1:8080", station);
    let target = Target { host: "127.0.0.1".into(), port: 8_080, trust: Trust::Plain };
    let uplink = Uplink::new(Arc::new(network.clone()), target, clock.clone());
    let mut fleet = Fleet::new(clock.clone(), network.clone(), 443, uplink);
    for n in 0..servers {
        let [_, _, hi, lo] = n.to_be_bytes();
        let personality = Personality::RECORDED[n as usize % 3];
        let spec = Spec::new(personality, &format!("SN{n:05}"), Mac([0x94, 0x40, 0xC9, 0, hi, lo]));
        let port = Port { switch: Text::new("leaf1"), port: Text::from(format!("Ethernet{n}")) };
        let nics: Vec<_> = spec.nics.iter().map(|mac| (*mac, Some(port.clone()))).collect();
        let hardware = Hardware::typical(&spec.serial, &spec.model, spec.bmc_mac, &nics);
        fleet.add(spec, IpAddr::V4(Ipv4Addr::new(127, 50, hi, lo)), hardware, LifePace::default());
    }
    let redfish = Redfish::new(Arc::new(network), clock.clone(), 443);
    Site { clock, desk, desk_faults, fleet, redfish }
}

impl Site {
    /// Arms and restarts or switches on, as the automation does.
    async fn push(&self, serial: &str) {
        let server = self.fleet.get(serial).unwrap();
        let spec = server.bmc.spec();
        let credentials = Credentials { user: Text::new(&spec.user), password: Secret::new(spec.password.clone()) };
        let (identity, pin) = self.redfish.identify(server.address, None).await.unwrap();
        let at = Bmc { address: server.address, identity, pin };
        self.redfish.arm_network_boot(&at, &credentials).await.unwrap();
        let kind = match self.redfish.power(&at, &credentials).await.unwrap() {
            Power::Off => Reset::On,
            _ => Reset::ForceRestart,
        };
        self.redfish.reset(&at, &credentials, kind).await.unwrap();
    }

    async fn after(&self, seconds: u64) {
        self.clock.sleep(Duration::from_secs(seconds)).await;
    }

    fn endings(&self) -> Vec<Ending> {
        self.fleet.get("SN00000").unwrap().endings()
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_boots_measures_reports_and_switches_itself_off() {
    let site = site(1);
    site.push("SN00000").await;
    site.after(1_800).await;
    assert_eq!(site.endings(), [Ending::Reported]);
    let server = site.fleet.get("SN00000").unwrap();
    assert!(!server.bmc.powered(site.clock.now()));
    let steps = site.desk.steps.lock().unwrap();
    assert_eq!(steps.iter().map(|s| s.step).collect::<Vec<_>>(), ValidationStep::ALL);
    let reports = site.desk.reports.lock().unwrap();
    assert_eq!((reports.len(), reports[0].serial.as_str(), reports[0].oversized()), (1, "SN00000", None));
    assert_eq!(reports[0].bmc_mac, Some(server.bmc.spec().bmc_mac));
    assert_eq!(reports[0].nics[1].neighbour.as_ref().unwrap().port.as_str(), "Ethernet0");
    let heard = site.desk.heard.lock().unwrap();
    assert_eq!(heard[0].2, "serial=SN00000&mac=94-40-c9-40-00-00&uuid=39383250-3834-584d-8000-9440c9000000");
    assert_eq!(server.counters().sessions_open, 0);
}

#[tokio::test(start_paused = true)]
async fn a_script_that_says_exit_boots_the_disk() {
    let site = site(1);
    *site.desk.exit.lock().unwrap() = true;
    site.push("SN00000").await;
    site.after(600).await;
    assert_eq!(site.endings(), [Ending::BootedDisk]);
    assert!(site.fleet.get("SN00000").unwrap().bmc.powered(site.clock.now()));
}

#[tokio::test(start_paused = true)]
async fn flaws_show_in_what_is_reported() {
    let site = site(1);
    let wrong = Port { switch: Text::new("leaf2"), port: Text::new("Ethernet9") };
    site.fleet.get("SN00000").unwrap().flaw(|f| {
        f.neighbour = Some((0, Some(wrong.clone())));
        f.serial = Some(Text::new("OTHER"));
        f.failing = Some(ValidationStep::Memory);
        f.report_twice = true;
        f.steps_twice = true;
        f.stays_on = true;
    });
    site.push("SN00000").await;
    site.after(1_800).await;
    let steps = site.desk.steps.lock().unwrap().clone();
    assert_eq!(steps.len(), 10);
    let failed: Vec<_> = steps.iter().filter(|s| s.verdict == StepVerdict::Failed).map(|s| s.step).collect();
    assert_eq!(failed, [ValidationStep::Memory; 2]);
    let reports = site.desk.reports.lock().unwrap().clone();
    assert_eq!((reports.len(), reports[0].serial.as_str()), (2, "OTHER"));
    assert_eq!(reports[0].nics[0].neighbour, Some(wrong));
    assert!(site.fleet.get("SN00000").unwrap().bmc.powered(site.clock.now()));
}

#[tokio::test(start_paused = true)]
async fn reports_are_sent_until_they_are_acknowledged_and_not_after_a_refusal() {
    let site = site(1);
    site.fleet.get("SN00000").unwrap().flaw(|f| {
        f.network_lost = Some((ValidationStep::Disk, Duration::from_mins(15)));
        f.stays_on = true;
    });
    let refuse = |status: u16, times| Rule {
        method: Some(Method::POST),
        path: "/validation/report".to_owned(),
        effect: Effect::Refuse(StatusCode::from_u16(status).unwrap(), Vec::new().into()),
        times,
    };
    site.desk_faults.add(refuse(503, 3));
    site.desk_faults.add(refuse(429, 2));
    site.push("SN00000").await;
    site.after(3_600).await;
    assert_eq!(site.endings(), [Ending::Reported]);
    assert_eq!(site.desk.steps.lock().unwrap().len(), 5);

    site.fleet.get("SN00000").unwrap().flaw(|f| *f = Flaws::default());
    site.desk_faults.add(refuse(403, 1));
    site.push("SN00000").await;
    site.after(3_600).await;
    assert_eq!(site.endings()[1], Ending::Refused(ValidationStep::Report, StatusCode::FORBIDDEN));
}

#[tokio::test(start_paused = true)]
async fn a_restart_ends_the_life_it_finds() {
    let site = site(1);
    let server = site.fleet.get("SN00000").unwrap();
    server.flaw(|f| f.never_reports = true);
    site.push("SN00000").await;
    site.after(1_000).await;
    assert_eq!(site.desk.heard.lock().unwrap().len(), 1);
    server.flaw(|f| f.never_reports = false);
    site.push("SN00000").await;
    site.after(1_800).await;
    assert_eq!(site.endings(), [Ending::Reported]);
    assert_eq!(server.counters().network_boots, 2);
}

#[tokio::test(start_paused = true)]
async fn a_reset_may_be_accepted_without_effect() {
    let site = site(1);
    let server = site.fleet.get("SN00000").unwrap();
    server.behave(|b| b.never_boots = 1);
    site.push("SN00000").await;
    site.after(1_800).await;
    assert_eq!((server.counters().resets_total(), server.counters().network_boots), (1, 0));
    site.push("SN00000").await;
    site.after(1_800).await;
    assert_eq!(site.endings(), [Ending::Reported]);
}

#[tokio::test(start_paused = true)]
async fn a_fleet_lives_the_same_way_twice() {
    let mut stories = Vec::new();
    for _ in 0..2 {
        let site = site(30);
        for n in 0..30 {
            site.push(&format!("SN{n:05}")).await;
        }
        site.after(3_600).await;
        assert!(site.fleet.servers().all(|(_, s)| s.endings() == [Ending::Reported]));
        stories.push(site.desk.heard.lock().unwrap().clone());
    }
    assert_eq!(stories[0].len(), 30 * 7);
    assert_eq!(stories[0], stories[1]);
}

#[tokio::test(start_paused = true)]
async fn a_moved_or_changed_controller_is_found_as_it_is() {
    let mut site = site(1);
    let old = site.fleet.get("SN00000").unwrap().address;
    let new = IpAddr::V4(Ipv4Addr::new(127, 50, 9, 9));
    let (_, pin) = site.redfish.identify(old, None).await.unwrap();
    site.fleet.plug("SN00000", new);
    assert!(site.redfish.identify(old, None).await.is_err());
    site.redfish.identify(new, pin).await.unwrap();
    site.fleet.change_certificate("SN00000");
    assert!(site.redfish.identify(new, pin).await.is_err());
    site.fleet.unplug("SN00000");
    assert!(site.redfish.identify(new, None).await.is_err());
}
