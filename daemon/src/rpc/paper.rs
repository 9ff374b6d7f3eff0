//! Vendors' papers that a person enters from a file.

use rackhand_adapters::supplier::format::{self, Columns, Format};
use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Answer, Input, Moment, Refusal, Why, decide, demand};
use rackhand_core::id::{Actor, Entropy, Role};
use rackhand_core::order::questions::no_order;
use rackhand_core::purchase::paper::{Flaw, Paper};
use rackhand_core::text::Text;
use rackhand_core::world::World;
use rackhand_rpc::{MAX_PAPER, PaperTaken, PaperUpload};
use serde_json::json;

use super::Desk;
use crate::ledger::Patience;

impl Desk {
    /// Reads a vendor's file and enters what is in it. First all of it is judged against the world as it is, so that
    /// nothing is entered of a file that is not taken whole.
    pub(super) async fn take_paper(&self, actor: &Actor, upload: PaperUpload) -> Result<PaperTaken, Refusal> {
        demand(actor, Role::Operator)?;
        if upload.bytes.0.len() > MAX_PAPER {
            return Err(Refusal::new(Why::Invalid, format!("a paper has at most {} MiB; split it", MAX_PAPER >> 20)));
        }
        if self.ledger.world().order(upload.order).is_none() {
            return Err(no_order(upload.order));
        }
        let (order, seller) = (upload.order, upload.seller);
        // A large file takes its while; other consoles need not wait for it.
        let read = tokio::task::spawn_blocking(move || read(&upload)).await;
        let read = read.unwrap_or_else(|_| Err(Refusal::new(Why::Unavailable, "the file could not be read")))?;
        let papers = match read {
            Ok(papers) => papers,
            Err(flaws) => return Ok(self.with_flaws(flaws)),
        };
        let commands: Vec<(Text, Command)> = papers
            .into_iter()
            .map(|paper| (paper.name(), Command::EnterPaper { order, seller, paper: Box::new(paper) }))
            .collect();
        let flaws = self.judge(actor, &commands);
        if !flaws.is_empty() {
            return Ok(self.with_flaws(flaws));
        }
        let (mut taken, mut head) = (Vec::new(), self.ledger.world().head);
        for (what, command) in commands {
            let done = self.ledger.submit(actor.clone(), Patience::Refuse, Input::Command(command)).await;
            let done = done.map_err(|refusal| after(&taken, refusal))?;
            head = done.head;
            taken.push((what, done.answer == Answer::Already));
        }
        Ok(PaperTaken { papers: taken, flaws: Vec::new(), head })
    }

    fn with_flaws(&self, flaws: Vec<Flaw>) -> PaperTaken {
        PaperTaken { papers: Vec::new(), flaws, head: self.ledger.world().head }
    }

    /// What would be refused of these commands, one after the other. Nothing is changed.
    fn judge(&self, actor: &Actor, commands: &[(Text, Command)]) -> Vec<Flaw> {
        let moment = Moment { now: self.clock.now(), entropy: Entropy([0; 16]), actor: actor.clone() };
        let mut world: World = (*self.ledger.world()).clone();
        let mut flaws = Vec::new();
        for (what, command) in commands {
            match decide(&world, &self.ports.policy, &moment, &Input::Command(command.clone())) {
                Ok(decided) => world = decided.world,
                Err(refusal) => flaws.push(Flaw { row: None, field: what.clone(), why: refusal.text }),
            }
        }
        flaws
    }
}

/// The papers of a file, or its flaws. It is refused where nobody could say what of it is wrong.
fn read(upload: &PaperUpload) -> Result<Result<Vec<Paper>, Vec<Flaw>>, Refusal> {
    let bytes = &upload.bytes.0;
    let Some(kind) = format::sniff(bytes, Some(&upload.name)) else {
        let text = format!("{}: not a paper we read: JSON, CSV, cXML or X12", upload.name);
        return Err(Refusal::new(Why::Invalid, text));
    };
    if kind != Format::Csv && !(upload.columns.is_empty() && upload.currency.is_none()) {
        return Err(Refusal::new(Why::Invalid, format!("{}: columns are for tables, and it is none", upload.name)));
    }
    let columns: Columns = serde_json::from_value(json!({ "headers": upload.columns, "currency": upload.currency }))
        .map_err(|e| Refusal::new(Why::Invalid, format!("columns: {e}")))?;
    let papers = format::read(kind, bytes, &columns);
    if papers.as_ref().is_ok_and(Vec::is_empty) {
        return Err(Refusal::new(Why::Invalid, format!("{}: there is no paper in it", upload.name)));
    }
    Ok(papers)
}

/// Another's decision came between: what had been taken until then stands, and is told.
fn after(taken: &[(Text, bool)], refusal: Refusal) -> Refusal {
    if taken.is_empty() {
        return refusal;
    }
    let names: Vec<&str> = taken.iter().map(|(what, _)| what.as_str()).collect();
    Refusal::new(refusal.why, format!("{} taken, then: {}", names.join(", "), refusal.text))
}
