//! `bmc`: a unit's BMC, read now.

use std::fmt::Display;
use std::time::Duration;

use clap::Args;
use rackhand_core::bmc::inventory::{Adapter, Drive, FirmwareComponent, Inventory, MemoryModule, Processor};
use rackhand_core::bmc::reading::{
    AccountsReading, BmcReading, BootReading, FanSpeed, IdentityReading, Log, PowerLimit, PowerReading, Section,
    SensorsReading,
};

use super::output::{Fail, Output};
use super::table::{Last, Table};
use super::values::words;
use crate::link::connect::Connection;
use crate::link::within;

/// A whole BMC takes up to a minute, large ones more. The daemon grants no call more than two.
const READ: Duration = Duration::from_mins(2);

/// Log entries shown of each log; `--json` has all that were read.
const SHOWN: usize = 20;

/// A unit's BMC.
#[derive(Debug, Args)]
pub struct Bmc {
    /// Serial or unit id
    pub label: String,
    /// Which section
    #[arg(value_parser = words::<Section>(Section::ALL.iter().map(|s| s.word())))]
    pub what: Option<Section>,
}

impl Bmc {
    pub(super) async fn read(self, link: &Connection, out: &mut Output<'_>) -> Result<(), Fail> {
        bmc(link, &self.label, self.what, out).await
    }
}

async fn bmc(link: &Connection, label: &str, what: Option<Section>, out: &mut Output<'_>) -> Result<(), Fail> {
    let id = super::find(link, label).await?;
    let read = link.client.bmc_reading(within(READ), id, what).await??;
    if out.json {
        return out.document(&read);
    }
    show(&read, out)
}

fn show(read: &BmcReading, out: &mut Output<'_>) -> Result<(), Fail> {
    let mut parts: Vec<(&str, Table)> = Vec::new();
    if let Some(it) = &read.identity {
        parts.push(("IDENTITY", identity(it)));
    }
    if let Some(it) = &read.power {
        parts.push(("POWER", power(it)));
    }
    if let Some(it) = &read.boot {
        parts.push(("BOOT", boot(it)));
    }
    if let Some(it) = &read.sensors {
        parts.push(("SENSORS", sensors(it)));
    }
    for log in read.logs.iter().flatten() {
        parts.push(("LOG", entries(log)));
    }
    if let Some(it) = &read.firmware {
        parts.push(("FIRMWARE", firmware(it)));
    }
    if let Some(it) = &read.accounts {
        parts.push(("ACCOUNTS", accounts(it)));
    }
    if let Some(it) = &read.inventory {
        inventory(it, &mut parts);
    }
    if !read.unread.is_empty() {
        let mut table = Table::new(&[], Last::Wrap);
        for unread in &read.unread {
            table.row([format!("  {}", unread.what), unread.fault.to_string()]);
        }
        parts.push(("NOT READ", table));
    }
    for (n, (title, table)) in parts.iter().enumerate() {
        if n > 0 {
            out.line("")?;
        }
        out.line(*title)?;
        out.table(table)?;
    }
    Ok(())
}

/// A value, or the word for none.
fn told<T: Display>(value: Option<T>) -> String {
    value.map_or_else(|| "unknown".into(), |v| v.to_string())
}

fn with<T: Display>(value: Option<T>, unit: &str) -> String {
    value.map_or_else(|| "unknown".into(), |v| format!("{v} {unit}"))
}

fn yes(value: Option<bool>, yes: &str, no: &str) -> String {
    told(value.map(|v| if v { yes } else { no }))
}

/// Names and values, one on each line.
fn facts<const N: usize>(rows: [(&str, String); N]) -> Table {
    let mut table = Table::new(&[], Last::Wrap);
    for (name, value) in rows {
        table.row([format!("  {name}"), value]);
    }
    table
}

fn identity(it: &IdentityReading) -> Table {
    let on: Vec<String> = it.services.iter().filter(|s| s.enabled == Some(true)).map(|s| s.name.to_string()).collect();
    let certificate = it.certificate.clone().unwrap_or_default();
    let mut table = facts([
        ("serial", told(it.serial.as_ref())),
        ("model", told(it.model.as_ref())),
        ("manufacturer", told(it.manufacturer.as_ref())),
        ("UUID", told(it.uuid.as_ref())),
        ("BIOS", told(it.bios.as_ref())),
        ("host name", told(it.host_name.as_ref())),
        ("controller", told(it.controller.as_ref())),
        ("controller firmware", told(it.controller_firmware.as_ref())),
        ("controller name", told(it.controller_name.as_ref())),
        ("locator LED", yes(it.locator, "on", "off")),
        ("services on", if it.services.is_empty() { "unknown".into() } else { on.join(", ") }),
        ("certificate", told(certificate.subject)),
        ("certificate issuer", told(certificate.issuer)),
        ("certificate until", told(certificate.not_after)),
    ]);
    for licence in &it.licences {
        let until = licence.expires.as_ref().map_or(String::new(), |e| format!(", {e}"));
        let name = told(licence.name.as_ref());
        table.row(["  licence".into(), format!("{name}, {}{until}", told(licence.kind.as_ref()))]);
    }
    table
}

fn power(it: &PowerReading) -> Table {
    let window = it.window_minutes.map_or(String::new(), |m| format!(" over {m} min"));
    let limit = match it.limit {
        PowerLimit::Unknown => "unknown".into(),
        PowerLimit::None => "none".into(),
        PowerLimit::Watts(watts) => format!("{watts} W"),
    };
    let state = it.state.map(|s| format!("{s:?}").to_lowercase());
    let mut table = facts([
        ("state", told(state)),
        ("now", with(it.watts, "W")),
        ("mean", with(it.average_watts, &format!("W{window}"))),
        ("least", with(it.least_watts, "W")),
        ("most", with(it.most_watts, "W")),
        ("capacity", with(it.capacity_watts, "W")),
        ("limit", limit),
    ]);
    for supply in &it.supplies {
        let what = format!(
            "{}, gives {} of {}, {}, serial {}",
            if supply.present == Some(false) { "empty".into() } else { told(supply.health) },
            with(supply.output_watts, "W"),
            with(supply.capacity_watts, "W"),
            with(supply.input_volts, "V"),
            told(supply.serial.as_ref()),
        );
        table.row([format!("  supply {}", told(supply.bay.as_ref())), what]);
    }
    table
}

fn boot(it: &BootReading) -> Table {
    let mut table = facts([
        ("override", format!("{}, {}", told(it.target.as_ref()), told(it.enabled.as_ref()))),
        ("mode", told(it.mode.as_ref())),
        ("secure boot", yes(it.secure_boot, "on", "off")),
        ("progress", told(it.progress.as_ref())),
    ]);
    for (n, option) in it.order.iter().enumerate() {
        let name = option.name.as_ref().map_or(String::new(), |n| format!(" {n}"));
        table.row([format!("  {}", n + 1), format!("{}{name}", option.reference)]);
    }
    table
}

fn sensors(it: &SensorsReading) -> Table {
    let mut table = facts([
        ("health", told(it.health)),
        ("inlet", with(it.inlet_celsius, "C")),
        ("CPU", with(it.cpu_percent, "%")),
    ]);
    for (part, health) in &it.parts {
        table.row([format!("  {part}"), health.to_string()]);
    }
    for fan in &it.fans {
        let speed = match fan.speed {
            Some(FanSpeed::Percent(percent)) => format!("{percent} %"),
            Some(FanSpeed::Rpm(rpm)) => format!("{rpm} RPM"),
            None => "unknown".into(),
        };
        table.row([format!("  {}", fan.name), format!("{speed}, {}", told(fan.health))]);
    }
    for temperature in &it.temperatures {
        let critical = temperature.critical_celsius.map_or(String::new(), |c| format!(" of {c} C"));
        let now = with(temperature.celsius, "C");
        table.row([format!("  {}", temperature.name), format!("{now}{critical}, {}", told(temperature.health))]);
    }
    table
}

fn entries(log: &Log) -> Table {
    let mut table = Table::new(&[], Last::Wrap);
    let older = if log.more || log.entries.len() > SHOWN { ", newest" } else { "" };
    table.row([format!("  {}", log.name), String::new(), format!("{} entries{older}", log.entries.len())]);
    for entry in log.entries.iter().take(SHOWN) {
        let repaired = if entry.repaired == Some(true) { " (repaired)" } else { "" };
        let again = entry.repeats.map_or(String::new(), |n| format!(" ({n} times more)"));
        let message = entry.message.as_ref().or(entry.message_id.as_ref());
        table.row([
            format!("  {}", told(entry.at.as_ref())),
            told(entry.severity),
            format!("{}{repaired}{again}", told(message)),
        ]);
    }
    table
}

fn firmware(it: &[FirmwareComponent]) -> Table {
    let mut table = Table::new(&["  VERSION", "RUNS", "COMPONENT"], Last::Cut);
    for part in it {
        let class = part.class.as_ref().map_or(String::new(), |c| format!(" ({c})"));
        table.row([
            format!("  {}", told(part.version.as_ref())),
            yes(part.current, "yes", "no"),
            format!("{}{class}", told(part.name.as_ref())),
        ]);
    }
    table
}

fn accounts(it: &AccountsReading) -> Table {
    let mut table = Table::new(&["  ID", "STATE", "ROLE", "USER"], Last::Cut);
    for account in &it.accounts {
        let state = match (account.locked, account.enabled) {
            (Some(true), _) => "locked".into(),
            (_, enabled) => yes(enabled, "on", "off"),
        };
        let role = told(account.role.as_ref());
        table.row([format!("  {}", account.id), state, role, account.user.to_string()]);
    }
    table
}

fn inventory(it: &Inventory, parts: &mut Vec<(&str, Table)>) {
    let mut memory = Table::new(&["  SLOT", "MIB", "HEALTH", "MODULE"], Last::Cut);
    for MemoryModule { slot, mebibytes, health, manufacturer, part, serial, .. } in &it.memory {
        let module =
            format!("{} {}, serial {}", told(manufacturer.as_ref()), told(part.as_ref()), told(serial.as_ref()));
        memory.row([format!("  {}", told(slot.as_ref())), told(*mebibytes), told(*health), module]);
    }
    parts.push(("MEMORY", memory));
    let mut processors = Table::new(&["  SOCKET", "CORES", "HEALTH", "MODEL"], Last::Cut);
    for Processor { socket, cores, health, model, .. } in &it.processors {
        processors.row([format!("  {}", told(socket.as_ref())), told(*cores), told(*health), told(model.as_ref())]);
    }
    parts.push(("PROCESSORS", processors));
    let mut drives = Table::new(&["  BAY", "GB", "LIFE LEFT", "HEALTH", "DRIVE"], Last::Cut);
    for Drive { bay, bytes, life_left_percent, health, model, serial, .. } in &it.drives {
        let gigabytes = bytes.map(|b| b / 1_000_000_000);
        let drive = format!("{}, serial {}", told(model.as_ref()), told(serial.as_ref()));
        let life = with(*life_left_percent, "%");
        drives.row([format!("  {}", told(bay.as_ref())), told(gigabytes), life, told(*health), drive]);
    }
    parts.push(("DRIVES", drives));
    let mut network = Table::new(&["  PORT", "LINK", "GBIT/S", "MAC", "NEIGHBOUR"], Last::Cut);
    for Adapter { model, ports, .. } in &it.adapters {
        let unknown = || ["unknown".to_owned(), "unknown".to_owned(), String::new()];
        if ports.is_empty() {
            let [link, speed, mac] = unknown();
            network.row([format!("  {}", told(model.as_ref())), link, speed, mac, String::new()]);
        }
        for port in ports {
            let neighbour = port.neighbour.as_ref().map(|n| match &n.port {
                Some(port) => format!("{} port {port}", n.chassis),
                None => n.chassis.to_string(),
            });
            network.row([
                format!("  {} {}", told(model.as_ref()), told(port.number.as_ref())),
                yes(port.up, "up", "down"),
                told(port.gbps),
                told(port.macs.first()),
                told(neighbour),
            ]);
        }
    }
    parts.push(("NETWORK", network));
}
