//! Answers to commands that are remembered, so that a repeated request does nothing twice.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use rackhand_core::decide::Refusal;
use rackhand_rpc::Receipt;
use tokio::sync::OnceCell;

/// How many are.
const REMEMBERED: usize = 4_096;

/// Answers given, by user and request, oldest forgotten first.
#[derive(Default)]
pub struct Given {
    answers: BTreeMap<String, Slot>,
    order: VecDeque<String>,
}

/// One request's answer, empty while it is carried out: who sends it again meanwhile waits for the same one.
pub(super) type Slot = Arc<OnceCell<Result<Receipt, Refusal>>>;

impl Given {
    pub(super) fn slot(&mut self, key: String) -> Slot {
        if let Some(slot) = self.answers.get(&key) {
            return slot.clone();
        }
        if self.order.len() >= REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.answers.remove(&oldest);
        }
        self.order.push_back(key.clone());
        self.answers.entry(key).or_default().clone()
    }
}
