//! The run: options, the way to the daemon, five steps each with its report, the final report.

use std::fs;
use std::net::IpAddr;
use std::sync::Arc;
use std::thread;

use serde::Serialize;

use crate::catalogue::{Catalogue, SHIPPED};
use crate::command::lock;
use crate::deliver::{Delivery, deliver};
use crate::network;
use crate::nic;
use crate::options::{self, Options};
use crate::say;
use crate::step::{self, Context, Facts, Holds};
use crate::trouble::{About, Tried, Trouble};
use crate::words::{self, Drive, Measured, Nic, Report, Step, StepReport, Verdict};

/// What a step does.
type Work = fn(&Context);

/// Runs all of it.
///
/// # Errors
/// What ended it before its time, for the console.
pub fn run() -> Tried<()> {
    let line = fs::read_to_string("/proc/cmdline").about("/proc/cmdline")?;
    let options = Arc::new(options::parse(&line)?);
    let product = nic::read("/sys/class/dmi/id/product_name".as_ref()).unwrap_or_default();
    let context = Context::new(options.clone(), Arc::new(Catalogue::of(SHIPPED, &product)?));
    say("looking for the daemon");
    let daemon = network::connect(&options, say);
    let mut done: Vec<StepReport> = Vec::new();
    let works: [(Step, Work); 4] = [
        (Step::Init, step::init::run),
        (Step::Memory, step::memory::run),
        (Step::Disk, step::disk::run),
        (Step::Lldp, step::lldp::run),
    ];
    for (step, work) in works {
        say(&format!("{} begins", step.name()));
        let report = step::run(step, &context, work);
        tell(&options, daemon, report, &mut done)?;
    }
    let passed = done.iter().filter(|r| r.verdict == Verdict::Passed).count();
    let of = done.len();
    let last = step::run(Step::Report, &context, move |c| {
        c.measure(Measured::of("steps passed", format!("{passed} of {of}")));
    });
    tell(&options, daemon, last, &mut done)?;
    let facts = lock(&context.facts).clone();
    send(&options, daemon, "/api/v1/validation/report", true, &report(facts, done))?;
    say("the report is taken");
    Ok(())
}

fn tell(options: &Options, daemon: IpAddr, report: StepReport, done: &mut Vec<StepReport>) -> Tried<()> {
    let verdict = match report.verdict {
        Verdict::Passed => "passed",
        Verdict::Failed => "FAILED",
        Verdict::Stopped => "STOPPED",
    };
    let message = report.message.as_ref().map_or(String::new(), |m| format!(": {m}"));
    say(&format!("{} {verdict} after {} s{message}", report.step.name(), report.took_ms / 1_000));
    send(options, daemon, "/api/v1/validation/step", false, &report)?;
    done.push(report);
    Ok(())
}

fn send(options: &Options, daemon: IpAddr, path: &str, last: bool, body: &impl Serialize) -> Tried<()> {
    let body = serde_json::to_string(body).about("the report")?;
    let post = || crate::http::post(&options.url, daemon, path, &options.token, &body);
    match deliver(last, post, thread::sleep, say) {
        Delivery::Taken => Ok(()),
        Delivery::Refused(why) => Err(Trouble(why)),
        Delivery::GaveUp => Err(Trouble::new("nobody took the report for as long as its token lives")),
    }
}

/// The final report; its lists within what the daemon takes.
fn report(facts: Facts, steps: Vec<StepReport>) -> Report {
    let text = |t: Option<String>| words::clean(&t.unwrap_or_else(|| "unknown".to_owned()));
    let drive = |(disk, holds): (crate::disk::Disk, Holds)| Drive {
        serial: text(disk.serial),
        model: text(disk.model),
        bytes: disk.bytes,
        holds_data: holds != Holds::Nothing,
    };
    let nic = |(port, link, neighbour): (nic::Port, bool, Option<words::Port>)| Nic {
        name: port.name,
        mac: port.mac,
        link,
        neighbour,
    };
    Report {
        serial: text(facts.identity.serial),
        model: text(facts.identity.product),
        bmc_mac: facts.bmc.mac,
        processors: facts.processors.into_iter().take(words::MOST_PROCESSORS).collect(),
        // Where 01-init could not tell, it has failed; a report without the figure would not be read.
        memory_bytes: facts.memory_bytes.unwrap_or_default(),
        drives: facts.drives.into_iter().take(words::MOST_DRIVES).map(drive).collect(),
        nics: facts.nics.into_iter().take(words::MOST_NICS).map(nic).collect(),
        steps,
    }
}
