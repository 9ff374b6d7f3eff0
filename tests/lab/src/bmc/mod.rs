//! BMCs: service root, sessions, boot override, power and self-test, each controller with its own habits. State
//! moves by the time of the request alone, so a BMC needs no task of its own.

mod answers;
mod bodies;
mod environment;
pub mod fleet;
mod jobs;
mod logs;
mod power;
pub mod recorded;
mod routes;
mod sessions;
mod tree;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use rackhand_core::mac::Mac;
use rackhand_core::time::Timestamp;
use tokio::sync::watch;

use self::bodies::Bodies;
use self::environment::Switched;
use self::jobs::Job;
use self::power::{Action, Phase};
pub use self::power::{Boot, Pace};
use self::sessions::Sessions;
use crate::faults::lock;

/// Which controller it plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Personality {
    /// HPE iLO 5: no `BootProgress`.
    Ilo5,
    /// HPE iLO 6.
    Ilo6,
    /// HPE iLO 7: says `null` for a power limit that is not set. Known from descriptions only, no recorded tree.
    Ilo7,
    /// Dell iDRAC9: boot override on the system.
    Idrac9,
    /// Dell iDRAC10: boot override on the settings resource. Known from descriptions only, no recorded tree.
    Idrac10,
}

impl Personality {
    /// The three there are recorded trees of.
    pub const RECORDED: [Self; 3] = [Self::Ilo5, Self::Ilo6, Self::Idrac9];

    /// Whether it is one of HPE's.
    pub const fn is_ilo(self) -> bool {
        self.ilo().is_some()
    }

    const fn ilo(self) -> Option<&'static str> {
        match self {
            Self::Ilo5 => Some("iLO 5"),
            Self::Ilo6 => Some("iLO 6"),
            Self::Ilo7 => Some("iLO 7"),
            Self::Idrac9 | Self::Idrac10 => None,
        }
    }

    const fn redfish_version(self) -> &'static str {
        match self {
            Self::Ilo5 | Self::Ilo6 | Self::Ilo7 | Self::Idrac10 => "1.20.0",
            Self::Idrac9 => "1.18.0",
        }
    }

    /// How many sessions may be open at once.
    const fn session_cap(self) -> usize {
        if self.is_ilo() { 64 } else { 8 }
    }
}

/// What a BMC is made with.
#[derive(Clone, Debug)]
pub struct Spec {
    /// Which controller.
    pub personality: Personality,
    /// The serial people call the server by.
    pub serial: String,
    /// Model, without the vendor's name.
    pub model: String,
    /// The controller's firmware version.
    pub firmware: String,
    /// The controller's own MAC.
    pub bmc_mac: Mac,
    /// The host's NICs.
    pub nics: Vec<Mac>,
    /// Account.
    pub user: String,
    /// Its password.
    pub password: String,
    /// Wrong passwords in a row until the account is locked for ten minutes.
    pub lockout: u32,
    /// Whether the server runs at the start. One that never ran has no NIC MACs to tell on iLO.
    pub running: bool,
    /// How long things take.
    pub pace: Pace,
}

impl Spec {
    /// A new server: off, never booted, with the factory account, two NICs derived from the BMC's MAC, and three
    /// wrong passwords until lockout.
    pub fn new(personality: Personality, serial: &str, bmc_mac: Mac) -> Self {
        let (model, firmware, user) = match personality {
            Personality::Ilo5 => ("ProLiant DL360 Gen10 Plus", "3.11", "Administrator"),
            Personality::Ilo6 => ("ProLiant DL380a Gen11", "1.66", "Administrator"),
            Personality::Ilo7 => ("ProLiant DL380 Gen12", "1.12.00", "Administrator"),
            Personality::Idrac9 => ("PowerEdge R750", "7.10.30.00", "root"),
            Personality::Idrac10 => ("PowerEdge R770", "1.10.17.00", "root"),
        };
        let nics = [0x40, 0x80].map(|flip| beside(bmc_mac, flip)).to_vec();
        Self {
            personality,
            serial: serial.to_owned(),
            model: model.to_owned(),
            firmware: firmware.to_owned(),
            bmc_mac,
            nics,
            user: user.to_owned(),
            password: format!("factory-{serial}"),
            lockout: 3,
            running: false,
            pace: Pace::default(),
        }
    }
}

/// Another MAC of the same server. Servers with consecutive BMC MACs stay apart.
fn beside(mac: Mac, flip: u8) -> Mac {
    let mut octets = mac.0;
    octets[3] ^= flip;
    Mac(octets)
}

/// What is wrong with a BMC; changed while it runs by [`LabBmc::behave`].
#[derive(Clone, Debug, Default)]
pub struct Behaviour {
    /// This many armed overrides are consumed without effect: the server boots its disk.
    pub ignore_override: u32,
    /// Never answers.
    pub hang: bool,
    /// Takes no password.
    pub bad_credentials: bool,
    /// Says the server has this serial.
    pub wrong_serial: Option<String>,
    /// This many resets are accepted without effect.
    pub never_boots: u32,
    /// Takes this much longer for every answer.
    pub slow: Duration,
    /// Does not fill in the members of collections; says so by an error.
    pub no_expand: bool,
    /// How it has its locator LED.
    pub locator: LocatorWay,
}

/// How a BMC has its locator LED.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LocatorWay {
    /// As `LocationIndicatorActive`.
    #[default]
    Active,
    /// As `IndicatorLED` only, with the vendor's words: firmware of before 2020.
    Words,
    /// Not at all.
    Missing,
    /// It takes the request, and the LED stays dark.
    Broken,
}

/// What a BMC has seen so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Requests of any kind.
    pub requests: u64,
    /// Resets accepted, by their `ResetType`.
    pub resets: BTreeMap<String, u32>,
    /// Resets refused.
    pub resets_refused: u32,
    /// Overrides armed.
    pub armed: u32,
    /// Overrides taken back.
    pub disarmed: u32,
    /// Overrides refused.
    pub override_refused: u32,
    /// Boots out of POST, to the network.
    pub network_boots: u32,
    /// Boots out of POST, to the disk.
    pub disk_boots: u32,
    /// Logins that worked.
    pub logins_ok: u32,
    /// Logins with a wrong user or password, or while locked.
    pub logins_bad: u32,
    /// Sessions closed by their owner.
    pub sessions_closed: u32,
    /// Sessions open at the time of asking.
    pub sessions_open: usize,
}

impl Counters {
    /// Resets accepted, of all kinds.
    pub fn resets_total(&self) -> u32 {
        self.resets.values().sum()
    }
}

/// A simulated BMC with its server's power. Reached as a [`crate::host::Host`].
pub struct LabBmc {
    spec: Spec,
    seed: u64,
    state: Mutex<State>,
    changes: watch::Sender<u64>,
}

struct State {
    phase: Phase,
    posted: bool,
    target: &'static str,
    enabled: &'static str,
    edits: u32,
    generation: u64,
    boot: Option<Boot>,
    sessions: Sessions,
    behaviour: Behaviour,
    counters: Counters,
    bodies: Bodies,
    switched: Switched,
    job: Option<Job>,
}

impl LabBmc {
    /// A BMC as specified.
    pub fn new(spec: Spec) -> Self {
        let seed = spec
            .bmc_mac
            .0
            .iter()
            .fold(0xCBF2_9CE4_8422_2325, |h: u64, b| (h ^ u64::from(*b)).wrapping_mul(0x0100_0000_01B3));
        let state = State {
            phase: if spec.running { Phase::Running } else { Phase::Off },
            posted: spec.running,
            target: "None",
            enabled: "Disabled",
            edits: 0,
            generation: 0,
            boot: None,
            sessions: Sessions::default(),
            behaviour: Behaviour::default(),
            counters: Counters::default(),
            bodies: Bodies::of(&spec, &spec.serial),
            switched: Switched::default(),
            job: None,
        };
        Self { spec, seed, state: Mutex::new(state), changes: watch::Sender::new(0) }
    }

    /// What it was made with.
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// Changes what is wrong with it.
    pub fn behave(&self, change: impl FnOnce(&mut Behaviour)) {
        let mut state = lock(&self.state);
        change(&mut state.behaviour);
        let serial = state.behaviour.wrong_serial.clone();
        state.bodies = Bodies::of(&self.spec, serial.as_deref().unwrap_or(&self.spec.serial));
    }

    /// Starts a job that takes a minute, and gives its path. It cannot be seen in its first ten seconds.
    pub fn start_job(&self, fails: bool, now: Timestamp) -> String {
        lock(&self.state).job = Some(Job::new(fails, now));
        jobs::PATH.to_owned()
    }

    /// Whether the locator LED is on, and the power limit in watts.
    pub fn switched(&self) -> (bool, Option<u64>) {
        let state = lock(&self.state);
        (state.switched.locator, state.switched.cap)
    }

    /// What it has seen.
    pub fn counters(&self, now: Timestamp) -> Counters {
        let mut state = lock(&self.state);
        state.advance(now);
        Counters { sessions_open: state.sessions.count(), ..state.counters.clone() }
    }

    /// Whether the server has power.
    pub fn powered(&self, now: Timestamp) -> bool {
        let mut state = lock(&self.state);
        state.advance(now);
        state.phase.word(now) != "Off"
    }

    /// Whether the next boot goes to the network.
    pub fn armed(&self, now: Timestamp) -> bool {
        let mut state = lock(&self.state);
        state.advance(now);
        state.armed()
    }

    /// Whether the account is locked.
    pub fn locked(&self, now: Timestamp) -> bool {
        lock(&self.state).sessions.locked(now)
    }

    /// Opens this many sessions that nobody closes.
    pub fn occupy_sessions(&self, count: usize, now: Timestamp) {
        let mut state = lock(&self.state);
        (0..count).for_each(|_| state.sessions.occupy(now));
    }

    /// Ends every open session, as the controller's own restart does.
    pub fn drop_sessions(&self) {
        lock(&self.state).sessions = Sessions::default();
    }

    /// When the server's phase changes next by itself.
    pub fn due(&self) -> Option<Timestamp> {
        lock(&self.state).phase.due()
    }

    /// The boot that has come out of POST by `now`, once.
    pub fn take_boot(&self, now: Timestamp) -> Option<Boot> {
        let mut state = lock(&self.state);
        state.advance(now);
        state.boot.take()
    }

    /// The count of power changes; it moves with every one.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// The server switches itself off, if no reset has come since that boot.
    pub fn power_off(&self, boot: &Boot, now: Timestamp) {
        let mut state = lock(&self.state);
        state.advance(now);
        if state.generation == boot.generation {
            self.act(&mut state, Action::Off, now);
        }
    }

    fn act(&self, state: &mut State, action: Action, now: Timestamp) {
        let pace = self.spec.pace;
        state.phase = match action {
            Action::Nothing => return,
            Action::Off => Phase::Stopping { off: now + pace.power },
            Action::On => Phase::Starting { on: now + pace.power, booted: now + pace.power + pace.post },
            Action::Restart => Phase::Starting { on: now, booted: now + pace.post },
        };
        state.boot = None;
        state.generation += 1;
        self.changes.send_replace(state.generation);
    }
}

impl State {
    fn armed(&self) -> bool {
        self.enabled == "Once" && matches!(self.target, "Pxe" | "UefiHttp")
    }

    /// Lives up to `now`.
    fn advance(&mut self, now: Timestamp) {
        self.sessions.expire(now);
        match self.phase {
            Phase::Stopping { off } if off <= now => self.phase = Phase::Off,
            Phase::Starting { booted, .. } if booted <= now => {
                self.phase = Phase::Running;
                self.posted = true;
                let mut network = self.armed();
                if self.enabled == "Once" {
                    (self.target, self.enabled) = ("None", "Disabled");
                    self.edits += 1;
                }
                if network && self.behaviour.ignore_override > 0 {
                    self.behaviour.ignore_override -= 1;
                    network = false;
                }
                let boots = if network { &mut self.counters.network_boots } else { &mut self.counters.disk_boots };
                *boots += 1;
                self.boot = Some(Boot { network, at: booted, generation: self.generation });
            }
            _ => {}
        }
    }
}
