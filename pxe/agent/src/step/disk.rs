//! `03-disk`: what each disk says of itself, whether it is blank, and how fast it is.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::thread;
use std::time::Duration;

use super::{Context, EXCLUSIVE, Holds};
use crate::blank::{self, Look, look};
use crate::catalogue::Bench;
use crate::command::lock;
use crate::disk::{Disk, Kind};
use crate::fio::{self, Job};
use crate::smart;
use crate::trouble::{About, Tried, Trouble};
use crate::words::Measured;

/// smartctl, nvme and wipefs.
const SOON: Duration = Duration::from_secs(60);
/// One run of fio; the step's own limit comes first where disks are many.
const RUN: Duration = Duration::from_secs(1_800);
/// Disks measured at once: more would measure the controller they share.
const AT_ONCE: usize = 8;

/// The step.
pub fn run(context: &Context) {
    let disks: Vec<Disk> = lock(&context.facts).drives.iter().map(|(d, _)| d.clone()).collect();
    if disks.is_empty() {
        context.remark("no disk was found");
    }
    for group in disks.chunks(AT_ONCE) {
        let testers: Vec<_> = group
            .iter()
            .cloned()
            .map(|disk| {
                let context = context.clone();
                thread::spawn(move || test(&context, disk))
            })
            .collect();
        for tester in testers {
            if tester.join().is_err() {
                context.wrong("the agent broke off while it tested a disk");
            }
        }
    }
}

fn test(context: &Context, mut disk: Disk) {
    let name = disk.name.clone();
    for measured in say_of_itself(context, &mut disk) {
        context.measure(measured);
    }
    let label = disk.label();
    let learn = |disk: &Disk, holds: Holds| {
        let mut facts = lock(&context.facts);
        if let Some(known) = facts.drives.iter_mut().find(|(d, _)| d.name == name) {
            *known = (disk.clone(), holds);
        }
    };
    learn(&disk, Holds::PerhapsData);
    // Held until the end: nothing else can mount or take it meanwhile.
    let (holder, content) = examine(context, &disk);
    context.measure(Measured::of(format!("{label} content"), content.told()));
    let blank = content == Content::Blank;
    let write = holder.is_some() && disk.reserved.is_none() && context.options.may_write(blank, disk.serial.as_deref());
    if blank && !write {
        learn(&disk, Holds::Nothing);
    }
    if !write {
        let why = match (&disk.reserved, &content) {
            (Some(why), _) => why.clone(),
            (None, Content::Blank) => "the boot forbids it".to_owned(),
            (None, content) => content.told(),
        };
        context.remark(format!("{label} was not written: {why}"));
    }
    let bench = bench(context, disk.kind);
    let jobs: &[Job] = if write { &Job::ALL } else { &Job::READS };
    let mut dirty = false;
    for job in jobs {
        match measure(context, &disk, *job, &bench) {
            Ok(measured) => {
                dirty = *job != Job::Clear && (dirty || job.writes());
                if let Some(measured) = measured {
                    context.measure(measured);
                }
            }
            Err(trouble) => {
                dirty |= job.writes();
                context.wrong(format!("{label}, {}: {trouble}", job.name()));
            }
        }
    }
    if write && blank {
        leave_blank(context, &disk, dirty, learn);
    }
    drop(holder);
}

/// A disk that came blank goes blank. Until that is shown it counts as one with data, also where the step is stopped.
fn leave_blank(context: &Context, disk: &Disk, dirty: bool, learn: impl Fn(&Disk, Holds)) {
    let after = examine_held(context, disk);
    if !dirty && after == Content::Blank {
        return learn(disk, Holds::Nothing);
    }
    let label = disk.label();
    context.wrong(format!("{label} was blank, was written for the test, and is not blank now: {}", after.told()));
}

/// What is on a disk.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Content {
    /// Both witnesses found nothing.
    Blank,
    /// What, and who found it.
    Data(String),
    /// Nobody could tell.
    Unknown(String),
}

impl Content {
    fn told(&self) -> String {
        match self {
            Self::Blank => "blank".to_owned(),
            Self::Data(what) => format!("holds data: {what}"),
            Self::Unknown(why) => format!("unknown: {why}"),
        }
    }
}

/// Opens the disk for us alone, and looks at it. Without the exclusive open nothing is written.
fn examine(context: &Context, disk: &Disk) -> (Option<File>, Content) {
    let open = OpenOptions::new().read(true).custom_flags(EXCLUSIVE).open(disk.path());
    let holder = match open {
        Ok(file) => file,
        Err(e) => return (None, Content::Unknown(format!("it cannot be had alone: {e}"))),
    };
    (Some(holder), examine_held(context, disk))
}

fn examine_held(context: &Context, disk: &Disk) -> Content {
    witnesses(context, disk).unwrap_or_else(|trouble| Content::Unknown(trouble.to_string()))
}

fn witnesses(context: &Context, disk: &Disk) -> Tried<Content> {
    if disk.partitioned {
        return Ok(Content::Data("partitions".to_owned()));
    }
    let path = disk.path();
    let mut file = File::open(&path).about(&path)?;
    let flash = matches!(disk.kind, Kind::Nvme | Kind::Ssd);
    match look(&mut file, disk.bytes, context.catalogue.blank.places, flash) {
        Look::Data(what) => return Ok(Content::Data(what)),
        Look::Unknown(why) => return Ok(Content::Unknown(why)),
        Look::Blank => {}
    }
    let done = context.runner.run(&format!("wipefs {path}"), "wipefs", &["--no-act", "--json", &path], SOON)?;
    let found = blank::signatures(&done.good("wipefs")?).map_err(Trouble)?;
    Ok(if found.is_empty() { Content::Blank } else { Content::Data(found.join(", ")) })
}

fn say_of_itself(context: &Context, disk: &mut Disk) -> Vec<Measured> {
    let path = disk.path();
    // Its exit status is a set of flags that the JSON tells better.
    let told = context.runner.run(&format!("smartctl {path}"), "smartctl", &["--json", "--all", &path], SOON);
    let mut said = told.and_then(|done| smart::parse(&done.out)).unwrap_or_default();
    if disk.kind == Kind::Nvme && said.healthy.is_none() {
        let line = ["smart-log", "--output-format=json", &path];
        let told = context.runner.run(&format!("nvme {path}"), "nvme", &line, SOON);
        if let Ok(log) = told.and_then(|done| smart::parse_nvme(&done.out)) {
            let smart::Smart { serial, model, .. } = said;
            said = smart::Smart { serial, model, ..log };
        }
    }
    disk.serial = disk.serial.take().or_else(|| said.serial.clone());
    disk.model = said.model.clone().or_else(|| disk.model.take());
    smart::measured(&disk.label(), &said, &context.catalogue.smart)
}

/// The catalogue's figures within what the boot asks for.
fn bench(context: &Context, kind: Kind) -> Bench {
    let mut bench = context.catalogue.bench(kind);
    bench.span_mib = bench.span_mib.min(context.options.disk_mib.unwrap_or(u64::MAX));
    bench.seconds = bench.seconds.min(context.options.disk_seconds.unwrap_or(u64::MAX));
    bench
}

fn measure(context: &Context, disk: &Disk, job: Job, bench: &Bench) -> Tried<Option<Measured>> {
    let arguments = job.arguments(&disk.path(), disk.bytes, bench);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let label = format!("fio {} on {}", job.name(), disk.name);
    let done = context.runner.run(&label, "fio", &arguments, RUN)?;
    if !done.status.success() && !done.out.contains("\"jobs\"") {
        return Err(done.good("fio").err().unwrap_or_else(|| Trouble::new("fio printed no result")));
    }
    Ok(job.measured(&disk.label(), &fio::parse(&done.out)?, bench))
}
