//! The BMC's own restart: asked, seen down, seen up.

use std::time::Duration;

use rackhand_core::fault::Fault;
use rackhand_core::flow::step::Observation;
use rackhand_core::lifecycle::unit::Unit;
use rackhand_core::text::Text;

use super::Ports;

/// From one sign of its silence to the next: what one request has met by chance, a kept connection that it closes or a
/// moment in which it is busy, the next one does not.
const AGAIN: Duration = Duration::from_secs(4);

/// Down is that twice in a row it does not answer, or answers that it does not serve.
pub async fn is_down(ports: &Ports, unit: &Unit) -> Result<Option<Observation>, Fault> {
    for look in 0..2 {
        if look > 0 {
            ports.clock.sleep(AGAIN).await;
        }
        let answer = ports.keepers.line(unit)?.identify().await;
        if !answer.is_err_and(|fault| fault.kind.may_retry()) {
            return Ok(None);
        }
    }
    Ok(Some(Observation::Down))
}

/// Up is that it takes our login and tells of its server.
pub async fn is_up(ports: &Ports, unit: &Unit) -> Result<Option<Observation>, Fault> {
    ports.keepers.session(unit)?.read_system().await.map(|_| Some(Observation::Up))
}

pub async fn ask(ports: &Ports, unit: &Unit) -> Result<Text, Fault> {
    ports.keepers.session(unit)?.reset_controller().await
}
