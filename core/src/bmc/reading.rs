//! What a controller was seen to say, by section. What it did not say, or not in a form we know, is `None`: never 0,
//! never empty text.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Power;
use super::inventory::{FirmwareComponent, Inventory};
use crate::fault::Fault;
use crate::text::Text;

/// A part of what a controller can be asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Section {
    /// Who it is: serial, model, firmware, services, certificate, licences.
    Identity,
    /// Power state, watts, limit, supplies.
    Power,
    /// Boot override, boot order, secure boot.
    Boot,
    /// Temperatures, fans, utilisation, health.
    Sensors,
    /// Its logs.
    Logs,
    /// Firmware components.
    Firmware,
    /// Accounts; never a password or a hash.
    Accounts,
    /// Memory, processors, drives, network adapters.
    Inventory,
}

impl Section {
    /// All of them, in the order they are shown.
    pub const ALL: [Self; 8] = [
        Self::Identity,
        Self::Power,
        Self::Boot,
        Self::Sensors,
        Self::Logs,
        Self::Firmware,
        Self::Accounts,
        Self::Inventory,
    ];

    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Power => "power",
            Self::Boot => "boot",
            Self::Sensors => "sensors",
            Self::Logs => "logs",
            Self::Firmware => "firmware",
            Self::Accounts => "accounts",
            Self::Inventory => "inventory",
        }
    }
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl std::str::FromStr for Section {
    type Err = String;
    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|s| s.word() == word).ok_or_else(|| format!("there is no section {word}"))
    }
}

/// A part's health (DSP0268 `Status.Health`). A word we do not know is no health, not a good one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// Normal.
    Ok,
    /// Needs attention.
    Warning,
    /// Needs attention at once.
    Critical,
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Critical => "critical",
        })
    }
}

/// Who the server and its controller are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct IdentityReading {
    /// The serial people call the server by.
    pub serial: Option<Text>,
    /// Model, without the vendor's name.
    pub model: Option<Text>,
    /// Manufacturer.
    pub manufacturer: Option<Text>,
    /// SMBIOS UUID.
    pub uuid: Option<Text>,
    /// BIOS or system ROM version.
    pub bios: Option<Text>,
    /// The host's own name.
    pub host_name: Option<Text>,
    /// The controller, such as `iLO 6` or `iDRAC9`.
    pub controller: Option<Text>,
    /// The controller's firmware, as it says it.
    pub controller_firmware: Option<Text>,
    /// Whether the locator LED is on.
    pub locator: Option<bool>,
    /// The controller's name in its network.
    pub controller_name: Option<Text>,
    /// Network services of the controller.
    pub services: Vec<Service>,
    /// The certificate the controller says it shows.
    pub certificate: Option<CertificateReading>,
    /// Licences; never a key.
    pub licences: Vec<Licence>,
}

/// A network service of a controller (ManagerNetworkProtocol, DSP0268).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Its name, such as `IPMI`.
    pub name: Text,
    /// Whether it is on.
    pub enabled: Option<bool>,
    /// Its port.
    pub port: Option<u16>,
}

/// What a certificate says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CertificateReading {
    /// Subject's common name.
    pub subject: Option<Text>,
    /// Issuer's common name.
    pub issuer: Option<Text>,
    /// Begin of its validity, as told.
    pub not_before: Option<Text>,
    /// End of its validity, as told.
    pub not_after: Option<Text>,
    /// Its serial number.
    pub serial: Option<Text>,
}

/// A licence on a controller.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Licence {
    /// What is licensed, such as `iLO Advanced`.
    pub name: Option<Text>,
    /// Kind, such as `Perpetual` or `Production`.
    pub kind: Option<Text>,
    /// Until when, as told.
    pub expires: Option<Text>,
}

/// The most power the server may draw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PowerLimit {
    /// Not told.
    #[default]
    Unknown,
    /// There is none.
    None,
    /// This many watts.
    Watts(u32),
}

/// Power, as the controller measures it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PowerReading {
    /// Power state; `None` where it is not told.
    pub state: Option<Power>,
    /// Watts drawn now.
    pub watts: Option<f64>,
    /// Mean watts over the window.
    pub average_watts: Option<f64>,
    /// Least watts over the window.
    pub least_watts: Option<f64>,
    /// Most watts over the window.
    pub most_watts: Option<f64>,
    /// The window, in minutes. HPE's is 20, Dell's 1.
    pub window_minutes: Option<u32>,
    /// Watts the supplies can give.
    pub capacity_watts: Option<f64>,
    /// The limit.
    pub limit: PowerLimit,
    /// Supplies, empty bays too.
    pub supplies: Vec<Supply>,
}

/// A power supply.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Supply {
    /// Its bay, or its name where no bay is told.
    pub bay: Option<Text>,
    /// Whether one is there.
    pub present: Option<bool>,
    /// Health.
    pub health: Option<Health>,
    /// Model.
    pub model: Option<Text>,
    /// Serial.
    pub serial: Option<Text>,
    /// Firmware.
    pub firmware: Option<Text>,
    /// Watts it can give.
    pub capacity_watts: Option<f64>,
    /// Watts it gives.
    pub output_watts: Option<f64>,
    /// Watts it takes.
    pub input_watts: Option<f64>,
    /// Volts at its input.
    pub input_volts: Option<f64>,
}

/// How the server boots.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BootReading {
    /// What the override goes to (`Pxe`, `None`, ...).
    pub target: Option<Text>,
    /// `Once`, `Continuous` or `Disabled`.
    pub enabled: Option<Text>,
    /// `UEFI` or `Legacy`.
    pub mode: Option<Text>,
    /// Targets the controller takes.
    pub allowed: Vec<Text>,
    /// Whether the override is written on the settings resource (iDRAC10).
    pub on_settings: bool,
    /// Boot options in their order.
    pub order: Vec<BootOption>,
    /// Whether secure boot is on for the next boot.
    pub secure_boot: Option<bool>,
    /// Whether secure boot was on for this boot.
    pub secure_boot_now: Option<bool>,
    /// How far the boot has come, in the controller's word.
    pub progress: Option<Text>,
}

/// One boot option.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BootOption {
    /// Its reference in the order, such as `Boot001A`.
    pub reference: Text,
    /// Its name.
    pub name: Option<Text>,
}

/// What is measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SensorsReading {
    /// Air at the inlet, degrees Celsius.
    pub inlet_celsius: Option<f64>,
    /// CPU utilisation, percent. `None` while the server is off or in its self-test: controllers then repeat old
    /// values or say 0.
    pub cpu_percent: Option<f64>,
    /// Temperatures of what is there.
    pub temperatures: Vec<Temperature>,
    /// Fans.
    pub fans: Vec<Fan>,
    /// The worst of the server and everything in it.
    pub health: Option<Health>,
    /// Health by part, where told.
    pub parts: Vec<(Text, Health)>,
}

/// One temperature.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Temperature {
    /// Where.
    pub name: Text,
    /// Degrees Celsius.
    pub celsius: Option<f64>,
    /// From here on it is critical.
    pub critical_celsius: Option<f64>,
    /// Health.
    pub health: Option<Health>,
}

/// One fan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fan {
    /// Which.
    pub name: Text,
    /// Its speed.
    pub speed: Option<FanSpeed>,
    /// Health.
    pub health: Option<Health>,
}

/// A fan's speed, in the unit the controller has: HPE tells percent, Dell RPM.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FanSpeed {
    /// Percent of its most.
    Percent(f64),
    /// Turns a minute.
    Rpm(f64),
}

/// One log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Log {
    /// Its name on the controller, such as `IML` or `Lclog`.
    pub name: Text,
    /// Newest entries first.
    pub entries: Vec<LogEntry>,
    /// The newest entry's number: give it to read only what came after. `None` where the log has no lasting numbers.
    pub cursor: Option<u64>,
    /// Whether older entries were left out.
    pub more: bool,
}

/// One entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LogEntry {
    /// Its lasting number.
    pub number: Option<u64>,
    /// When, as told.
    pub at: Option<Text>,
    /// How bad.
    pub severity: Option<Health>,
    /// Whether what it tells of has been repaired since.
    pub repaired: Option<bool>,
    /// The message's id.
    pub message_id: Option<Text>,
    /// The message.
    pub message: Option<Text>,
    /// How often it came again.
    pub repeats: Option<u32>,
}

/// Accounts, and how one is made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AccountsReading {
    /// Accounts that have a user name.
    pub accounts: Vec<Account>,
    /// Ids of empty slots, where accounts are made by filling one (iDRAC9). Empty where they are posted.
    pub free_slots: Vec<Text>,
    /// Shortest password it takes.
    pub shortest_password: Option<u32>,
    /// Longest password it takes.
    pub longest_password: Option<u32>,
}

/// One account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its id.
    pub id: Text,
    /// The name one logs in with.
    pub user: Text,
    /// Its role.
    pub role: Option<Text>,
    /// Whether it may log in.
    pub enabled: Option<bool>,
    /// Whether it is locked for now.
    pub locked: Option<bool>,
}

/// A section, or a part of one, that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unread {
    /// What.
    pub what: Text,
    /// Why.
    pub fault: Fault,
}

/// Everything that was asked for. A section that was not asked for, or could not be read, is `None`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BmcReading {
    /// Identity.
    pub identity: Option<IdentityReading>,
    /// Power.
    pub power: Option<PowerReading>,
    /// Boot.
    pub boot: Option<BootReading>,
    /// Sensors and health.
    pub sensors: Option<SensorsReading>,
    /// Logs.
    pub logs: Option<Vec<Log>>,
    /// Firmware.
    pub firmware: Option<Vec<FirmwareComponent>>,
    /// Accounts.
    pub accounts: Option<AccountsReading>,
    /// Inventory.
    pub inventory: Option<Inventory>,
    /// What could not be read.
    pub unread: Vec<Unread>,
}
