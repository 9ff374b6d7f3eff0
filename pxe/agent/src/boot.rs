//! The first process: file systems, drivers, the agent as a child, and the end.

use std::collections::BTreeSet;
use std::ffi::CStr;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use rustix::mount::{MountFlags, mount};
use rustix::process::{WaitOptions, wait};
use rustix::system::{RebootCommand, reboot};

use crate::command::{PATH, Runner};
use crate::say;
use crate::trouble::{About, Tried};

/// Drivers that no device asks for by itself.
const ALSO: [&str; 4] = ["ipmi_si", "ipmi_devintf", "sd_mod", "sg"];
/// Devices keep coming for as long as drivers find more.
const SETTLE: Duration = Duration::from_secs(60);
/// So long without a new device is settled.
const QUIET: Duration = Duration::from_secs(3);
/// How long a console stays readable after a failure, before the server is switched off.
const LINGER: Duration = Duration::from_secs(600);

/// Runs everything as process 1. Does not return while the machine runs.
pub fn run() {
    for (what, on, kind) in
        [("proc", "/proc", c"proc"), ("sys", "/sys", c"sysfs"), ("dev", "/dev", c"devtmpfs"), ("run", "/run", c"tmpfs")]
    {
        if let Err(trouble) = file_system(what, on, kind) {
            say(&trouble.to_string());
        }
    }
    // lldpd's chroot.
    if let Err(trouble) = fs::create_dir_all("/run/lldpd").about("/run/lldpd") {
        say(&trouble.to_string());
    }
    say("loading drivers");
    drivers();
    match Command::new("/init").arg("agent").env_clear().env("PATH", PATH).spawn() {
        Ok(agent) => {
            if !ended_well(agent.id()) {
                say(&format!("this server is switched off in {} s", LINGER.as_secs()));
                thread::sleep(LINGER);
            }
        }
        Err(e) => {
            say(&format!("the agent does not start: {e}"));
            thread::sleep(LINGER);
        }
    }
    say("switching off");
    rustix::fs::sync();
    loop {
        if let Err(e) = reboot(RebootCommand::PowerOff) {
            say(&format!("the server does not switch off: {e}"));
        }
        thread::sleep(LINGER);
    }
}

fn file_system(what: &str, on: &str, kind: &CStr) -> Tried<()> {
    fs::create_dir_all(on).about(on)?;
    mount(what, on, kind, MountFlags::NOSUID, None).about(on)
}

/// Waits for the agent, and takes in every other process that lost its parent.
fn ended_well(agent: u32) -> bool {
    loop {
        match wait(WaitOptions::empty()) {
            Ok(Some((id, status))) if id.as_raw_nonzero().get().cast_unsigned() == agent => {
                return status.exit_status() == Some(0);
            }
            Ok(_) => {}
            // Without any child there is nothing to wait for.
            Err(rustix::io::Errno::CHILD) => return false,
            Err(_) => thread::sleep(Duration::from_millis(100)),
        }
    }
}

/// Loads what the devices ask for, until no new ones come.
fn drivers() {
    let runner = Runner::default();
    let modprobe = |names: &[&str]| {
        let line: Vec<&str> = ["-a", "-q", "-b"].iter().chain(names).copied().collect();
        // What has no driver in the image is none of ours; what is missed shows as a missing device.
        let _ = runner.run("modprobe", "modprobe", &line, SETTLE);
    };
    let mut known = BTreeSet::new();
    let begun = Instant::now();
    let mut changed = Instant::now();
    while begun.elapsed() < SETTLE && changed.elapsed() < QUIET {
        let mut found = BTreeSet::new();
        aliases(Path::new("/sys/devices"), 0, &mut found);
        let new: Vec<&str> = found.iter().filter(|a| !known.contains(*a)).map(String::as_str).collect();
        if !new.is_empty() {
            new.chunks(64).for_each(modprobe);
            changed = Instant::now();
            known.extend(found);
        }
        thread::sleep(Duration::from_millis(250));
    }
    // Their own devices need no more than they are.
    modprobe(&ALSO);
}

fn aliases(under: &Path, depth: usize, found: &mut BTreeSet<String>) {
    // Deeper than any bus nests its devices.
    if depth > 24 {
        return;
    }
    for entry in fs::read_dir(under).into_iter().flatten().flatten() {
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            aliases(&entry.path(), depth + 1, found);
        } else if kind.is_file() && entry.file_name() == "modalias" {
            found.extend(crate::nic::read(&entry.path()));
        }
    }
}
