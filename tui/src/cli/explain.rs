//! `explain`: the tables Rackhand works by, as they are built in.

use rackhand_core::flow::rules;
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::lifecycle::table as lifecycle;
use serde_json::json;

use super::args::Topic;
use super::output::{Fail, Output};
use super::reads;
use super::table::{Last, Table};

pub(super) fn explain(topic: Topic, out: &mut Output<'_>) -> Result<(), Fail> {
    let (name, text) = match topic {
        Topic::Lifecycle => ("lifecycle", lifecycle::as_text()),
        Topic::Steps => ("steps", format!("{}\n{}", rules::as_text(), skips())),
        Topic::Stages => ("stages", stages()),
        Topic::Json => ("json", documents()),
        Topic::Orders => ("orders", super::order::file::FORMAT.to_owned()),
        Topic::ExitCodes => ("exit-codes", codes()),
    };
    if out.json { out.document(&json!({ "topic": name, "text": text })) } else { out.verbatim(&text) }
}

/// What a person takes on who skips a step.
fn skips() -> String {
    let mut table = Table::new(&["STEP", "SKIPPING IT MEANS"], Last::Cut);
    for rule in rules::all() {
        let means = rule.skip.unwrap_or("(cannot be skipped)");
        table.row([rule.step.word().into(), means.into()]);
    }
    table.lines(None)
}

fn stages() -> String {
    let mut table = Table::new(&["SHORT", "STAGE", "LEADS TO"], Last::Cut);
    for stage in Stage::ALL {
        let next = lifecycle::WAYS.iter().filter(|w| !w.back && (w.from.0..=w.from.1).contains(stage));
        let mut next: Vec<_> = next.map(|w| w.to.0.word()).collect();
        next.dedup();
        table.row([stage.short().into(), stage.word().into(), next.join(", ")]);
    }
    table.lines(None)
}

/// What the verbs that do more than look print with `--json`: its word, and the document.
const DOCUMENTS: &[(&str, &str)] = &[
    ("tail", "one event on each line"),
    (
        "receive",
        "site, rows [{serial, result, text, scan {at, serial, unit, model, stage, place, finding}}], summary {serials, done, already, failed}",
    ),
    ("verify", "events, head, checkpoints, broken (null where all is as it was written)"),
    ("dhcp-event", "new, known, strangers, ended"),
    ("sightings", "a page: head, now, total, offset, rows [sighting]"),
    ("netbox check", "findings [finding]"),
    ("netbox init", "created [text], to_configure [text]"),
    (
        "netbox diff",
        "now, read_at, devices, interfaces, trouble, total, kinds [{field, total, to_do}], offset, rows [difference]",
    ),
    ("import", "check, ignored [column], rows [row, serial, bmc_mac, entry, result, text], summary {result: n}"),
    (
        "take-over plan",
        "plan, site, now, rows [seen {device, bmc_mac}, enters, obstacle, bmc_address, credential], beyond, no_servers",
    ),
    ("take-over confirm", "plan, rows [serial, result, text]; result: taken, second, confirmed, already, refused"),
    (
        "place",
        "read_at, labels [[unit, label]], alternatives [alternative], refused [[rack, why]], more_refused; with --take and --withdraw answer, head",
    ),
    ("work-order", "title, number, date, code, blocks [block], footer; with --pdf file, bytes"),
    (
        "order list",
        "a page: head, now, total, offset, rows [order: id, tenant, site, what, quantity, from_stock, here, state, waits_for, who, since, needed_by, purchase, total, eta, revision]",
    ),
    (
        "order show",
        "head, now, row {order}, routed, requester, placed, note, lines, deals, approvals, purchase, failed, end, waits, comparison, may [{verb, why_not}]",
    ),
    (
        "order place",
        "dry_run, rows [{row, order, result, tenant, site, text, lines [{line, quantity, understood, unclear, reserved, to_buy, taken, near}]}], summary {orders, good, failed}",
    ),
    ("order compare", "at, base, rates_of, months, offers [offer], rows [{what, asked, cells [{text, mark, behind}]}]"),
    ("order stock", "understood, unclear, free [match], free_total, kept [[match, order]], unknown"),
    ("order purchase", "number, quote, at, to, bill_to, currency, lines, freight, total, approved_by"),
    ("order wait", "id, state, reached, why"),
    ("doctor", "checks [check], the worst first"),
    ("explain", "topic, text"),
    ("keys", "text"),
    ("theme check", "one of each theme: theme, faults [sentence]"),
    ("commands", "answer, head"),
    ("any that fails", "error {why, text}; why: no_connection, usage, internal, or the refusal's word"),
    (
        "unit",
        "id, label, site, model, place, stage, since, disposition, state, waits_for, next_try, who, located, revision",
    ),
    ("event", "seq, at, subject, label, kind, actor, text"),
];

fn documents() -> String {
    let mut table = Table::new(&["VERB", "DOCUMENT"], Last::Cut);
    for (verb, document) in reads::DOCUMENTS.iter().chain(DOCUMENTS) {
        table.row([(*verb).into(), (*document).into()]);
    }
    let told = "Times are microseconds since 1970-01-01 UTC. What is not known is null. Fields are only ever added.\n";
    format!("{}\n{told}", table.lines(None))
}

fn codes() -> String {
    let mut table = Table::new(&["CODE", "MEANS"], Last::Cut);
    for (code, means) in super::exit::ALL {
        table.row([code.to_string(), (*means).into()]);
    }
    table.lines(None)
}
