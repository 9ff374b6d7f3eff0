//! The BMC's own restart: asked, seen down, seen up.

use rackhand_core::fault::Fault;
use rackhand_core::flow::step::Observation;
use rackhand_core::lifecycle::unit::Unit;
use rackhand_core::text::Text;

use super::Ports;

/// Down is that it does not answer, or answers that it does not serve yet: whatever a moment later may be otherwise. A
/// BMC that was only slow is then found up at once.
pub async fn is_down(ports: &Ports, unit: &Unit) -> Result<Option<Observation>, Fault> {
    let answer = ports.keepers.line(unit)?.identify().await;
    Ok(answer.is_err_and(|fault| fault.kind.may_retry()).then_some(Observation::Down))
}

/// Up is that it takes our login and tells of its server.
pub async fn is_up(ports: &Ports, unit: &Unit) -> Result<Option<Observation>, Fault> {
    ports.keepers.session(unit)?.read_system().await.map(|_| Some(Observation::Up))
}

pub async fn ask(ports: &Ports, unit: &Unit) -> Result<Text, Fault> {
    ports.keepers.session(unit)?.reset_controller().await
}
