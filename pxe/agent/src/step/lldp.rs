//! `04-lldp`: which switch ports the server is in.

use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::Context;
use crate::command::lock;
use crate::lldp::{self, Neighbour};
use crate::nic::{self, Port};
use crate::words::Measured;

/// Each of its programs takes a moment.
const SOON: Duration = Duration::from_secs(20);
/// How often neighbours are asked for.
const GLANCE: Duration = Duration::from_secs(1);
/// A firmware agent that was just switched refuses to be switched again (EAGAIN) for some seconds.
const AGENT_PAUSE: Duration = Duration::from_secs(3);
/// Tries at a firmware agent.
const AGENT_TRIES: usize = 4;

/// The step.
pub fn run(context: &Context) {
    let sys = Path::new("/sys");
    let ports: Vec<Port> = lock(&context.facts).nics.iter().map(|(p, ..)| p.clone()).collect();
    let mut own: Vec<String> = ports.iter().map(|p| p.mac.clone()).collect();
    own.extend(lock(&context.facts).bmc.mac.clone());
    for port in &ports {
        silence_firmware(context, port);
        let up = context.runner.run("ip", "busybox", &["ip", "link", "set", "dev", &port.interface, "up"], SOON);
        if let Err(trouble) = up.and_then(|done| done.good("ip")) {
            context.remark(format!("{} does not come up: {trouble}", port.name));
        }
    }
    let errors: Vec<Option<u64>> = ports.iter().map(|p| nic::receive_errors(sys, &p.interface)).collect();
    let mut daemon = Command::new("lldpd");
    daemon.arg("-d").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut daemon = match context.runner.start("lldpd", &mut daemon) {
        Ok(daemon) => daemon,
        Err(trouble) => return context.wrong(trouble.to_string()),
    };
    let heard = listen(context, sys, &ports, &own);
    if let Ok(Some(status)) = daemon.try_wait() {
        return context.wrong(format!("lldpd ended with {status}; neighbours are unknown"));
    }
    let mut told = 0;
    for (port, before) in ports.iter().zip(errors) {
        told += usize::from(tell(context, sys, port, before, &lldp::switches(&heard, &port.interface, &own)));
    }
    context.measure(Measured::of("neighbours heard", told.to_string()));
}

/// Asks until every port with a link hears a switch, or the time is over.
fn listen(context: &Context, sys: &Path, ports: &[Port], own: &[String]) -> Vec<Neighbour> {
    let most = context.options.lldp_seconds.unwrap_or(u64::MAX).min(context.catalogue.lldp.seconds);
    let until = Instant::now() + Duration::from_secs(most);
    let mut heard = Vec::new();
    loop {
        thread::sleep(GLANCE);
        let asked = context.runner.run("lldpcli", "lldpcli", &["-f", "json0", "show", "neighbors"], SOON);
        // It refuses connections until lldpd has begun.
        if let Ok(now) = asked.and_then(|done| done.good("lldpcli")).and_then(|text| lldp::parse(&text)) {
            heard = now;
        }
        let links: Vec<&Port> = ports.iter().filter(|p| nic::link(sys, &p.interface)).collect();
        let all = links.iter().all(|p| !lldp::switches(&heard, &p.interface, own).is_empty());
        if (all && !links.is_empty()) || Instant::now() >= until {
            return heard;
        }
    }
}

/// Keeps and measures what one port has; whether it hears a switch.
fn tell(context: &Context, sys: &Path, port: &Port, before: Option<u64>, heard: &[&Neighbour]) -> bool {
    let link = nic::link(sys, &port.interface);
    let neighbour = heard.first().map(|n| n.port.clone());
    if heard.len() > 1 {
        let names: Vec<String> = heard.iter().map(|n| format!("{} {}", n.port.switch, n.port.port)).collect();
        context.remark(format!(
            "{} hears {} switches: {}; the first one is told",
            port.name,
            heard.len(),
            names.join(", ")
        ));
    }
    let value = match &neighbour {
        Some(at) => format!("{} {}", at.switch, at.port),
        None if link => "no switch heard".to_owned(),
        None => "no link".to_owned(),
    };
    context.measure(Measured::of(port.name.clone(), value));
    if link {
        let speed = nic::speed(sys, &port.interface).map(|s| format!("{s} Mb/s"));
        context.measure(Measured::known(format!("{} speed", port.name), speed));
        let name = format!("{} receive errors", port.name);
        match (before, nic::receive_errors(sys, &port.interface)) {
            (Some(b), Some(n)) => {
                let limit = context.catalogue.lldp.receive_errors;
                context.measure(Measured::at_most(name, Some(n.saturating_sub(b)), limit, ""));
            }
            _ => context.measure(Measured::known(name, None::<String>)),
        }
    }
    let told = neighbour.is_some();
    if let Some(known) = lock(&context.facts).nics.iter_mut().find(|(p, ..)| p.interface == port.interface) {
        *known = (port.clone(), link, neighbour);
    }
    told
}

/// Intel's firmware has an LLDP agent that swallows the switch's frames. The setting is gone with the next power cycle.
fn silence_firmware(context: &Context, port: &Port) {
    let (flag, state) = match port.driver.as_deref() {
        Some("i40e") => ("disable-fw-lldp", "on"),
        Some("ice") => ("fw-lldp-agent", "off"),
        _ => return,
    };
    for attempt in 1..=AGENT_TRIES {
        let line = ["--set-priv-flags", &port.interface, flag, state];
        match context.runner.run("ethtool", "ethtool", &line, SOON).and_then(|done| done.good("ethtool")) {
            Ok(_) => return,
            Err(trouble) if attempt == AGENT_TRIES => {
                context.remark(format!("{}: its firmware keeps LLDP to itself: {trouble}", port.name));
            }
            Err(_) => thread::sleep(AGENT_PAUSE),
        }
    }
}
