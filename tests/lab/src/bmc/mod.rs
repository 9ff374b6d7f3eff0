//! BMCs: service root, sessions, boot override, power and self-test, each controller with its own habits. State
//! moves by the time of the request alone, so a BMC needs no task of its own.

mod accounts;
mod answers;
mod bodies;
mod environment;
pub mod fleet;
mod jobs;
mod logs;
mod parts;
mod power;
pub mod recorded;
mod routes;
mod service;
mod sessions;
mod spec;
mod tree;

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use rackhand_core::time::Timestamp;
use tokio::sync::watch;

use self::accounts::Accounts;
use self::bodies::Bodies;
use self::environment::Switched;
use self::jobs::Job;
use self::power::{Action, Phase};
pub use self::power::{Boot, Pace};
use self::sessions::Sessions;
pub use self::spec::{Fitted, Late, Personality, Spec};
use self::tree::Tree;
use crate::faults::lock;

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
    /// Does not fill in those of collections whose path ends so: what asks for it is not found.
    pub expand_gone: Vec<String>,
    /// Refuses a change that does not say which state it was made for (`If-Match`).
    pub wants_if_match: bool,
    /// Takes its own restart, and goes on as if nothing had been asked.
    pub keeps_running: bool,
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
    /// Restarts of its own.
    pub restarts: u32,
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
    generation: u64,
    boot: Option<Boot>,
    up: Option<Timestamp>,
    sessions: Sessions,
    accounts: Accounts,
    behaviour: Behaviour,
    counters: Counters,
    bodies: Bodies,
    /// What is the same at any time, as long as somebody reads.
    kept: OnceCell<Tree>,
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
            generation: 0,
            boot: None,
            up: None,
            sessions: Sessions::default(),
            accounts: Accounts::of(&spec),
            behaviour: Behaviour {
                locator: if spec.is_old_idrac() { LocatorWay::Words } else { LocatorWay::Active },
                ..Behaviour::default()
            },
            counters: Counters::default(),
            bodies: Bodies::of(&spec, &spec.serial),
            kept: OnceCell::new(),
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
        state.kept.take();
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

    /// Takes the controller's power away and gives it back: its sessions end, and it comes up late again.
    pub fn cold_start(&self) {
        let mut state = lock(&self.state);
        (state.up, state.sessions) = (None, Sessions::default());
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
