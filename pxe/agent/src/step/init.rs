//! `01-init`: who the server is and what is in it.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::{Context, Holds};
use crate::bmc::{self, Lan};
use crate::command::lock;
use crate::dmi::{self, Dmi};
use crate::words::{Measured, Processor, clean};
use crate::{disk, nic};

/// Each of its programs takes seconds.
const LIMIT: Duration = Duration::from_secs(60);

/// The step.
pub fn run(context: &Context) {
    for mistake in &context.options.mistakes {
        context.wrong(format!("the boot asks for something this image does not know: {mistake}; no disk is written"));
    }
    let sys = Path::new("/sys");
    let dmi = inventory(context);
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let processors = processors(&dmi, &cpuinfo);
    let total = crate::memory::kib(&fs::read_to_string("/proc/meminfo").unwrap_or_default(), "MemTotal:");
    let memory_bytes = dmi.memory_bytes().or(total.map(|kib| kib << 10));
    let disks = disk::disks(sys, &file("/proc/mounts"), &file("/proc/swaps"));
    let ports = nic::ports(sys);
    let bmc = bmc(context);
    say(context, &dmi, &processors, memory_bytes, &bmc);
    context.measure(Measured::of("disks", disks.len().to_string()));
    context.measure(Measured::of("NIC ports", ports.len().to_string()));
    for disk in &disks {
        let model = disk.model.as_deref().unwrap_or("unknown model");
        context.measure(Measured::of(disk.label(), format!("{}, {model}", disk.size())));
    }
    let mut facts = lock(&context.facts);
    facts.identity = dmi.identity;
    facts.processors = processors;
    facts.memory_bytes = memory_bytes;
    facts.drives = disks.into_iter().map(|d| (d, Holds::PerhapsData)).collect();
    facts.nics = ports.into_iter().map(|p| (nic::link(sys, &p.interface), p)).map(|(l, p)| (p, l, None)).collect();
    facts.bmc = bmc;
}

fn file(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn inventory(context: &Context) -> Dmi {
    let run = context.runner.run("dmidecode", "dmidecode", &[], LIMIT);
    let mut dmi = match run.and_then(|done| done.good("dmidecode")) {
        Ok(text) => dmi::parse(&text),
        Err(trouble) => {
            context.wrong(trouble.to_string());
            Dmi::default()
        }
    };
    let told = |name: &str| nic::read(&Path::new("/sys/class/dmi/id").join(name)).and_then(|t| dmi::told(&t));
    let identity = &mut dmi.identity;
    identity.serial = identity.serial.take().or_else(|| told("product_serial"));
    identity.product = identity.product.take().or_else(|| told("product_name"));
    identity.uuid = identity.uuid.take().or_else(|| told("product_uuid"));
    dmi
}

/// By the table where it tells all, else by the kernel.
fn processors(dmi: &Dmi, cpuinfo: &str) -> Vec<Processor> {
    let by_table: Option<Vec<Processor>> = dmi
        .processors
        .iter()
        .map(|(model, cores)| Some(Processor { model: clean(model.as_ref()?), cores: (*cores)? }))
        .collect();
    by_table.filter(|p| !p.is_empty()).unwrap_or_else(|| dmi::processors(cpuinfo))
}

fn say(context: &Context, dmi: &Dmi, processors: &[Processor], memory_bytes: Option<u64>, bmc: &Lan) {
    let identity = &dmi.identity;
    for (name, value) in [("serial", &identity.serial), ("model", &identity.product)] {
        context.measure(Measured::known(name, value.clone()));
        if value.is_none() {
            context.wrong(format!("the firmware tells no {name}; set it in the firmware's setup"));
        }
    }
    context.measure(Measured::known("manufacturer", identity.manufacturer.clone()));
    context.measure(Measured::known("UUID", identity.uuid.clone()));
    context.measure(Measured::known("firmware", identity.firmware.clone()));
    for (n, p) in processors.iter().enumerate() {
        context.measure(Measured::of(format!("processor {}", n + 1), format!("{}, {} cores", p.model, p.cores)));
    }
    context.measure(Measured::known("memory", memory_bytes.map(|b| format!("{} MiB", b >> 20))));
    for m in &dmi.modules {
        let or = |text: &Option<String>| text.clone().unwrap_or_else(|| "unknown".to_owned());
        let value = format!("{} MiB, part {}, serial {}, {}", m.bytes >> 20, or(&m.part), or(&m.serial), or(&m.speed));
        context.measure(Measured::of(m.slot.clone(), value));
    }
    if dmi.modules_unknown > 0 {
        context.wrong(format!("{} memory modules do not tell their size: reseat them", dmi.modules_unknown));
    }
    context.measure(Measured::known("BMC MAC", bmc.mac.clone()));
    context.measure(Measured::known("BMC address", bmc.address.map(|a| a.to_string())));
}

fn bmc(context: &Context) -> Lan {
    if !Path::new("/dev/ipmi0").exists() {
        return Lan::default();
    }
    let print = |channel: &str| {
        let arguments = ["-I", "open", "lan", "print", channel];
        let done = context.runner.run("ipmitool", "ipmitool", &arguments, LIMIT).ok()?;
        Some(bmc::parse(&done.out))
    };
    bmc::choose(bmc::CHANNELS.into_iter().filter_map(print).collect())
}
