//! Questions by their own types: whoever asks one cannot be given another one's answer.

use rackhand_core::decide::Refusal;
use rackhand_core::question::{Asks, Reading};
use tarpc::client::RpcError;
use tarpc::context::Context;

use crate::ConsoleClient;

/// Why a question was not answered.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The connection broke, or the answer did not come in time.
    #[error(transparent)]
    Rpc(#[from] RpcError),
    /// The daemon says no.
    #[error("{}", .0.text)]
    Refused(Refusal),
    /// The daemon answered another question than it was asked.
    #[error("the daemon answered another question than it was asked; it is of another version")]
    Mismatch,
}

impl ConsoleClient {
    /// Asks a question.
    ///
    /// # Errors
    /// It was refused, or no answer to it came.
    pub async fn ask<Q: Asks>(&self, context: Context, question: Q) -> Result<Reading<Q::Answer>, AskError> {
        let reading = self.answer(context, question.into()).await?.map_err(AskError::Refused)?;
        reading.into_of::<Q>().ok_or(AskError::Mismatch)
    }
}
