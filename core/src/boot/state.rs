//! Where a unit is with its network boot.

#![deny(clippy::wildcard_enum_match_arm)]

use std::sync::Arc;

use super::event::BootEvent;
use crate::flow::step::Step;
use crate::lifecycle::unit::{Boot, Unit, Validation};
use crate::spine::event::Seq;
use crate::time::{Timestamp, human};

impl Unit {
    /// Applies what its machine did.
    pub(crate) fn boot(&mut self, seq: Seq, at: Timestamp, event: &BootEvent) {
        match event {
            BootEvent::BootMissed { step, .. } => {
                self.steps.let_go(|s| s == *step);
                let silent = self.boot.silent + u32::from(*step == Step::Validate);
                let rungs = if *step == Step::Validate { Vec::new() } else { std::mem::take(&mut self.boot.rungs) };
                self.boot = Boot { rungs, silent, ..Boot::default() };
                self.validation = Validation::default();
            }
            BootEvent::BootScriptServed { token, expires, .. } => {
                self.boots += u32::from(self.boot.token.is_none());
                self.boot.token = Some(*token);
                self.boot.expires = Some(*expires);
                self.boot_initiated_at = Some(at);
            }
            BootEvent::MachineReported { report } => {
                let verdict = report.verdict.word();
                let took = human(std::time::Duration::from_millis(report.took_ms));
                let said = report.message.as_ref().map_or(String::new(), |m| format!(": {m}"));
                let measured: Vec<String> = report.told().map(|(name, told)| format!("{name} {told}")).collect();
                let measured = if measured.is_empty() { String::new() } else { format!("; {}", measured.join(", ")) };
                let text = format!("{} {verdict} in {took}{said}{measured}", report.step);
                self.note(seq, at, verdict != "passed", text);
                self.validation.steps.push(report.clone());
                self.steps.heard(Step::Validate, format!("{} {verdict}", report.step).into());
            }
            BootEvent::ValidationReported { report } => {
                self.validation.report = Some(Arc::new((**report).clone()));
                self.boot.used = self.boot.token.take();
            }
            BootEvent::ValidationRefused { .. } => self.validation.refused = true,
        }
    }
}
