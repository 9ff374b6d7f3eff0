//! Row 10: a server's history and a text search over two million events, next to jq and grep over an export.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use rackhand_daemon::journal::{JournalFilter, Store};

use crate::board::{Goal, Line, ms};
use crate::fleet::{SERVERS, fill, site, subject};
use crate::gauge::{Measured, Place, median, millis, quantile};

const EVENTS: u64 = 2_000_000;
/// Rows of one server's history.
const PAGE: usize = 256;
/// Common, somewhat rare, rare, unique and absent.
const TEXTS: [&str; 5] = ["planned one", "leaf-77 ", "CZJ01999", "CZJ00001501", "no such text at all"];

pub fn run(place: &Place) -> Measured<Vec<Line>> {
    let dir = place.at("history");
    fill(&dir, EVENTS)?;
    let store = Store::open(&dir, &site())?;
    let reader = store.reader().ok_or("a journal on disk has a reader")?;
    let mut times = Vec::new();
    for n in 0..SERVERS {
        let start = Instant::now();
        let found = reader.history(&subject(n), None, PAGE)?.len();
        times.push(millis(start.elapsed()));
        if found != PAGE {
            return Err(format!("server {n} has {found} events in place of {PAGE}").into());
        }
    }
    let p95 = quantile(&times, 0.95);
    let mut slowest: f64 = 0.0;
    for text in TEXTS {
        let filter = JournalFilter { text: Some(text.into()), ..JournalFilter::default() };
        let mut times = Vec::new();
        for _ in 0..9 {
            let start = Instant::now();
            reader.page(&filter, None, 50)?;
            times.push(millis(start.elapsed()));
        }
        slowest = slowest.max(median(&times));
    }
    let export = place.at("export.jsonl");
    write(&store, &export)?;
    let needle = subject(77).to_string();
    let jq = peer("jq", &["-c", &format!("select(.subject == \"{needle}\")")], &export);
    let grep = peer("grep", &["-F", &needle], &export);
    // For what is not there, grep has to read all of it, as we would without an index.
    let search = peer("grep", &["-c", "-F", TEXTS[4]], &export);
    let (Some(jq), Some(grep), Some(search)) = (jq, grep, search) else {
        return Err("the peers cannot run: jq or grep is not installed".into());
    };
    Ok(vec![
        Line::told("last 256 of a server, p95, beside jq", ms(p95))
            .beside(ms(jq))
            .ratio(jq / p95, Goal::Least(1_000.0)),
        Line::told("last 256 of a server, p95, beside grep", ms(p95))
            .beside(ms(grep))
            .ratio(grep / p95, Goal::Least(50.0)),
        Line::told("newest 50 with a text, slowest of five, beside grep", ms(slowest))
            .beside(ms(search))
            .ratio(search / slowest, Goal::Least(5.0)),
    ])
}

fn write(store: &Store, export: &Path) -> Measured<()> {
    let mut out = BufWriter::new(File::create(export)?);
    let mut failed = None;
    store.replay(0, &mut |event| {
        let line = serde_json::to_writer(&mut out, &event).map_err(Into::into).and_then(|()| out.write_all(b"\n"));
        failed = failed.take().or(line.err());
    })?;
    out.flush()?;
    failed.map_or(Ok(()), |e: std::io::Error| Err(e.into()))
}

/// Milliseconds of a program over the export; `None` where it is not installed.
fn peer(program: &str, arguments: &[&str], export: &Path) -> Option<f64> {
    let start = Instant::now();
    let out = Command::new(program).args(arguments).arg(export).env("LC_ALL", "C").output().ok()?;
    // grep ends with 1 where it finds nothing, and has looked all the same.
    (matches!(out.status.code(), Some(0 | 1)) && !out.stdout.is_empty()).then(|| millis(start.elapsed()))
}
