//! A confirmation put together from its lines, whatever format they came in.

use rackhand_core::purchase::paper::{Accepts, ConfirmedLine};

use super::door::stands;
pub(super) use super::door::verdict;

/// What the paper says as a whole, with the lines that are still in the order. `all` is what it says of the order in
/// one word, `lines` what it says of each. Where the two differ the more careful stands: a yes with a changed line is a
/// change, since a no that is overlooked costs more than a question. `None` where it says nothing.
pub(super) fn judge(
    all: Option<Accepts>,
    lines: Vec<(Accepts, ConfirmedLine)>,
) -> Option<(Accepts, Vec<ConfirmedLine>)> {
    let words: Vec<Accepts> = lines.iter().map(|(said, _)| *said).collect();
    let together = verdict(&words);
    let said = match (all, together) {
        (Some(Accepts::Yes), Some(lines)) => lines,
        (Some(all), _) => all,
        (None, together) => together?,
    };
    let kept = lines.into_iter().filter(|(line, _)| stands(*line)).map(|(_, line)| line).collect();
    Some((said, if stands(said) { kept } else { Vec::new() }))
}
