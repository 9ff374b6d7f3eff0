//! The server behind a BMC: once it boots from the network it fetches its script, runs the five validation steps,
//! sends its reports and switches itself off.

use std::sync::Arc;
use std::time::Duration;

use hyper::header::{AUTHORIZATION, HeaderValue};
use hyper::{Method, StatusCode};
use rackhand_adapters::http::{Call, Client, Limits};
use rackhand_adapters::port::clock::Clock;
use rackhand_adapters::port::dial::{Dial, Target};
use rackhand_core::boot::report::{
    Drive, Measurement, Nic, Processor, StepReport, StepVerdict, ValidationReport, ValidationStep,
};
use rackhand_core::fault::System;
use rackhand_core::inventory::Port;
use rackhand_core::mac::Mac;
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;
use serde_json::Value;

/// What is in the server, and what its NICs hear.
#[derive(Clone, Debug)]
pub struct Hardware {
    /// Serial as DMI tells it.
    pub serial: Text,
    /// Product name as DMI tells it.
    pub model: Text,
    /// DMI UUID.
    pub uuid: String,
    /// The BMC's MAC, read in-band.
    pub bmc_mac: Option<Mac>,
    /// Processors.
    pub processors: Vec<Processor>,
    /// Memory in bytes.
    pub memory_bytes: u64,
    /// Drives.
    pub drives: Vec<Drive>,
    /// NIC ports; the first is the one it boots from.
    pub nics: Vec<Nic>,
}

impl Hardware {
    /// Two processors of 32 cores, 512 GiB, two blank NVMe drives, and NICs `eno1`, `eno2`, ... with these neighbours.
    pub fn typical(serial: &str, model: &str, bmc_mac: Mac, nics: &[(Mac, Option<Port>)]) -> Self {
        let processor = Processor { model: Text::new("Intel(R) Xeon(R) Gold 6430"), cores: 32 };
        let drive = |n: u32| Drive {
            serial: Text::from(format!("{serial}-D{n}")),
            model: Text::new("NVMe 3.84 TB"),
            bytes: 3_840_755_982_336,
            holds_data: false,
        };
        let nic = |(n, (mac, neighbour)): (usize, &(Mac, Option<Port>))| Nic {
            name: Text::from(format!("eno{}", n + 1)),
            mac: *mac,
            link: neighbour.is_some(),
            neighbour: neighbour.clone(),
        };
        let node = bmc_mac.to_string().to_lowercase().replace(':', "");
        Self {
            serial: Text::new(serial),
            model: Text::new(model),
            uuid: format!("39383250-3834-584d-8000-{node}"),
            bmc_mac: Some(bmc_mac),
            processors: vec![processor.clone(), processor],
            memory_bytes: 512 << 30,
            drives: vec![drive(0), drive(1)],
            nics: nics.iter().enumerate().map(nic).collect(),
        }
    }
}

/// How long a life's parts take, in the lab's time.
#[derive(Clone, Copy, Debug)]
pub struct LifePace {
    /// From the end of POST to the request for the script: DHCP and the boot loader.
    pub loader: Duration,
    /// From the script to the first step: the image is fetched and starts.
    pub image: Duration,
    /// Each step.
    pub steps: [Duration; 5],
    /// First pause before a request is sent again; it doubles.
    pub pause: Duration,
    /// Longest such pause.
    pub longest_pause: Duration,
    /// After so long without an acknowledgement it gives up.
    pub patience: Duration,
}

impl Default for LifePace {
    /// A validation of about 20 minutes; retries from 1 s to 60 s for 2 hours.
    fn default() -> Self {
        Self {
            loader: Duration::from_secs(15),
            image: Duration::from_secs(40),
            steps: [20, 600, 480, 60, 5].map(Duration::from_secs),
            pause: Duration::from_secs(1),
            longest_pause: Duration::from_mins(1),
            patience: Duration::from_hours(2),
        }
    }
}

/// What is wrong with a server. Read once at the start of each of its lives.
#[derive(Clone, Debug, Default)]
pub struct Flaws {
    /// This NIC (by index) hears this neighbour in place of its own.
    pub neighbour: Option<(usize, Option<Port>)>,
    /// Its NICs, in their order, are plugged into these ports, and the rest into none.
    pub cabled: Option<Vec<Port>>,
    /// Its report names this serial.
    pub serial: Option<Text>,
    /// This step fails.
    pub failing: Option<ValidationStep>,
    /// The final report is sent twice.
    pub report_twice: bool,
    /// Each step's report is sent twice.
    pub steps_twice: bool,
    /// From this step on it has no network, for so long.
    pub network_lost: Option<(ValidationStep, Duration)>,
    /// It fetches its script and is never heard of again.
    pub never_reports: bool,
    /// It stays on when it is done.
    pub stays_on: bool,
}

/// How the server reaches the daemon.
#[derive(Clone)]
pub struct Uplink {
    client: Client,
    target: Target,
}

impl Uplink {
    /// Through `dial` to `target`, timed by `clock`.
    pub fn new(dial: Arc<dyn Dial>, target: Target, clock: Clock) -> Self {
        let limits = Limits { body: 1 << 20, ..Limits::STANDARD };
        Self { client: Client { dial, clock, limits, system: System::Machine }, target }
    }
}

/// How a life from a network boot ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The script sent it to its disk, or there was none for it.
    BootedDisk,
    /// The daemon refused a report for good, with this status.
    Refused(ValidationStep, StatusCode),
    /// Nobody acknowledged for as long as it has patience.
    GaveUp,
    /// All reports were acknowledged.
    Reported,
}

/// One life of the server, from the end of POST. `never_reports` never ends: the next change of power ends it.
pub async fn live(hardware: &Hardware, flaws: &Flaws, pace: &LifePace, uplink: &Uplink) -> Ending {
    let mut life = Life { hardware, flaws, pace, uplink, lost_until: None };
    life.run().await
}

struct Life<'a> {
    hardware: &'a Hardware,
    flaws: &'a Flaws,
    pace: &'a LifePace,
    uplink: &'a Uplink,
    lost_until: Option<Timestamp>,
}

impl Life<'_> {
    async fn run(&mut self) -> Ending {
        let clock = self.uplink.client.clock.clone();
        clock.sleep(self.pace.loader).await;
        let Some(token) = self.fetch_token().await else {
            return Ending::BootedDisk;
        };
        clock.sleep(self.pace.image).await;
        if self.flaws.never_reports {
            return std::future::pending().await;
        }
        let Ok(bearer) = HeaderValue::try_from(format!("Bearer {token}")) else {
            return Ending::BootedDisk;
        };
        let mut ended = Vec::with_capacity(5);
        for (step, took) in ValidationStep::ALL.into_iter().zip(self.pace.steps) {
            if let Some((from, span)) = self.flaws.network_lost
                && from == step
            {
                self.lost_until = Some(clock.now() + span);
            }
            clock.sleep(took).await;
            let report = self.step_report(step, took);
            let body = serde_json::to_value(&report).unwrap_or(Value::Null);
            ended.push(report);
            for _ in 0..=u8::from(self.flaws.steps_twice) {
                match self.deliver("/api/v1/validation/step", &bearer, &body).await {
                    Some(status) if status.is_success() => {}
                    Some(status) => return Ending::Refused(step, status),
                    None => return Ending::GaveUp,
                }
            }
        }
        let body = serde_json::to_value(self.report(ended)).unwrap_or(Value::Null);
        for _ in 0..=u8::from(self.flaws.report_twice) {
            match self.deliver("/api/v1/validation/report", &bearer, &body).await {
                Some(status) if status.is_success() => {}
                Some(status) => return Ending::Refused(ValidationStep::Report, status),
                None => return Ending::GaveUp,
            }
        }
        Ending::Reported
    }

    /// The token of the script's kernel line; `None` where the script is not for booting the image.
    async fn fetch_token(&mut self) -> Option<String> {
        let Hardware { serial, uuid, nics, .. } = self.hardware;
        let mac = nics.first().map(|n| n.mac.to_string().to_lowercase().replace(':', "-")).unwrap_or_default();
        let path = format!("/boot/ipxe?serial={}&mac={mac}&uuid={uuid}", escaped(serial));
        let (status, script) = self.insist(|| Call::get(&path)).await?;
        if !status.is_success() {
            return None;
        }
        let script = String::from_utf8_lossy(&script).into_owned();
        let (_, rest) = script.split_once("rackhand.token=")?;
        let token: String = rest.chars().take_while(char::is_ascii_graphic).collect();
        (!token.is_empty()).then_some(token)
    }

    async fn deliver(&mut self, path: &str, bearer: &HeaderValue, body: &Value) -> Option<StatusCode> {
        let call = || Call::new(Method::POST, path).json(body).header(AUTHORIZATION, bearer.clone());
        self.insist(call).await.map(|(status, _)| status)
    }

    /// Sends until somebody acknowledges or refuses; `None` when patience is at its end. Failed connections, lost
    /// answers, 5xx and 429 are tried again.
    async fn insist<'c>(&mut self, call: impl Fn() -> Call<'c>) -> Option<(StatusCode, bytes::Bytes)> {
        let clock = self.uplink.client.clock.clone();
        let until = clock.now() + self.pace.patience;
        let mut pause = self.pace.pause;
        loop {
            let connected = self.lost_until.is_none_or(|lost| lost <= clock.now());
            if connected
                && let Ok(mut connection) = self.uplink.client.connect(&self.uplink.target).await
                && let Ok(answer) = connection.send(call()).await
                && !answer.status.is_server_error()
                && answer.status != StatusCode::TOO_MANY_REQUESTS
            {
                return Some((answer.status, answer.body));
            }
            if clock.now() + pause > until {
                return None;
            }
            clock.sleep(pause).await;
            pause = (pause * 2).min(self.pace.longest_pause);
        }
    }

    fn step_report(&self, step: ValidationStep, took: Duration) -> StepReport {
        let failed = self.flaws.failing == Some(step);
        let measured = |name: &str, value: String, limit: Option<&str>| Measurement {
            name: Text::new(name),
            value: Text::from(value),
            limit: limit.map(Text::new),
        };
        let measurements = match step {
            ValidationStep::Init => vec![measured("serial", self.hardware.serial.to_string(), None)],
            ValidationStep::Memory => vec![
                measured("tested", format!("{} GiB", self.hardware.memory_bytes >> 30), None),
                measured("errors", u8::from(failed).to_string(), Some("0")),
            ],
            ValidationStep::Disk => {
                let rate = if failed { "41 MB/s" } else { "3100 MB/s" };
                vec![measured("slowest sequential read", rate.to_owned(), Some("at least 1000 MB/s"))]
            }
            ValidationStep::Lldp => {
                let heard = self.nics().iter().filter(|n| n.neighbour.is_some()).count();
                vec![measured("neighbours heard", heard.to_string(), None)]
            }
            ValidationStep::Report => Vec::new(),
        };
        StepReport {
            step,
            verdict: if failed { StepVerdict::Failed } else { StepVerdict::Passed },
            took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            measurements,
            message: failed.then(|| Text::from(format!("{step} is outside its limits"))),
        }
    }

    fn nics(&self) -> Vec<Nic> {
        let mut nics = self.hardware.nics.clone();
        if let Some(ports) = &self.flaws.cabled {
            for (n, nic) in nics.iter_mut().enumerate() {
                nic.neighbour = ports.get(n).cloned();
                nic.link = nic.neighbour.is_some();
            }
        }
        if let Some((n, neighbour)) = &self.flaws.neighbour
            && let Some(nic) = nics.get_mut(*n)
        {
            nic.neighbour.clone_from(neighbour);
        }
        nics
    }

    fn report(&self, steps: Vec<StepReport>) -> ValidationReport {
        ValidationReport {
            serial: self.flaws.serial.clone().unwrap_or_else(|| self.hardware.serial.clone()),
            model: self.hardware.model.clone(),
            bmc_mac: self.hardware.bmc_mac,
            processors: self.hardware.processors.clone(),
            memory_bytes: self.hardware.memory_bytes,
            drives: self.hardware.drives.clone(),
            nics: self.nics(),
            steps,
        }
    }
}

/// The text for a query, everything but letters and digits escaped.
fn escaped(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}
