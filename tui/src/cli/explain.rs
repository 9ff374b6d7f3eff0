//! `explain`: the tables Rackhand works by, as they are built in.

use rackhand_core::flow::rules;
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::lifecycle::table as lifecycle;
use serde_json::json;

use super::args::Topic;
use super::output::{Fail, Output};
use super::table::{Last, Table};

pub(super) fn explain(topic: Topic, out: &mut Output<'_>) -> Result<(), Fail> {
    let (name, text) = match topic {
        Topic::Lifecycle => ("lifecycle", lifecycle::as_text()),
        Topic::Steps => ("steps", format!("{}\n{}", rules::as_text(), skips())),
        Topic::Stages => ("stages", stages()),
    };
    if out.json { out.document(&json!({ "topic": name, "text": text })) } else { out.verbatim(&text) }
}

/// What a person takes on who skips a step.
fn skips() -> String {
    let mut table = Table::new(&["STEP", "SKIPPING IT MEANS"], Last::Cut);
    for rule in rules::RULES {
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
