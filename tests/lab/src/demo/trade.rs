//! The demo's trade: vendors and a carrier at a watchable pace, people with a socket each, and technicians who cable
//! what has been racked.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rackhand_core::decide::Input;
use rackhand_core::decide::command::Command;
use rackhand_core::id::{Actor, Role};
use rackhand_core::inventory::Port;
use rackhand_core::lifecycle::stage::Stage;
use rackhand_core::text::Text;
use rackhand_core::world::World;
use rackhand_daemon::intake::Intake;
use rackhand_daemon::ledger::Patience;
use rackhand_daemon::rpc;
use rackhand_daemon::site::Site;
use tokio::sync::watch;

use super::SITES;
use crate::market::Market;
use crate::outside::Outside;
use crate::supplier::Manner;

/// Servers that each vendor can sell.
const EACH: usize = 8;
/// How often the carrier is asked, and technicians and dispatchers look.
const TRACKING: Duration = Duration::from_mins(5);
const LOOK: Duration = Duration::from_mins(1);
/// Time from a vendor's door to ours.
const TRAVEL: Duration = Duration::from_mins(20);

/// Who has a socket of their own, `NAME.sock`: a purchase needs several people, and the demo's user may be each.
const PEOPLE: [(&str, Role); 4] =
    [("anna", Role::Operator), ("berta", Role::Approver), ("carl", Role::Approver), ("tina", Role::Technician)];

/// What the servers in the ready pool are, in turn. No order of 512 GB and two ports of 100GbE is served by them, but at
/// some sites by [`BETTER`].
const SPECS: [&str; 2] = [
    "2x Xeon Gold 6430, 256GB DDR5, 2x 3.84TB NVMe, 2x 25GbE",
    "2x Xeon Gold 6430, 512GB DDR5, 2x 1.92TB NVMe, 2x 100GbE",
];
/// What they are at the first two sites.
const BETTER: &str = "2x Xeon Gold 6430, 1TB DDR5, 4x 3.84TB NVMe, 2x 100GbE";

/// Opens the market.
pub(super) fn open(outside: &mut Outside) -> Market {
    let manner = Manner {
        quotes_after: Some(Duration::from_mins(2)),
        confirms_after: Some(Duration::from_mins(2)),
        ships_after: vec![Duration::from_mins(5)],
        transit: TRAVEL,
        ..Manner::default()
    };
    outside.netbox.add_role("server");
    let mut market = outside.open_market(EACH, &manner);
    market.travel = TRAVEL;
    if let Some((_, every)) = &mut outside.carriers {
        *every = TRACKING;
    }
    market
}

/// Gives each of [`PEOPLE`] a socket: who connects there is that person. Only who may enter the demo's directory can.
pub(super) async fn seat(site: &Site, dir: &Path) -> io::Result<()> {
    for (name, role) in PEOPLE {
        let listener = rpc::bind(&dir.join(format!("{name}.sock")), None).await?;
        let (desk, mut stop) = (site.desk.clone(), site.stopping());
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    biased;
                    _ = stop.changed() => return,
                    came = listener.accept() => {
                        let Ok((stream, _)) = came else { return };
                        tokio::spawn(desk.clone().serve(stream, Text::new(name), Some(role)));
                    }
                }
            }
        });
    }
    Ok(())
}

/// Says of the ready pool what is in it.
pub(super) async fn describe(site: &Site, actor: &Actor) -> io::Result<()> {
    let world = site.ledger.world();
    let ready = world.units.values().filter(|u| u.stage == Stage::Ready);
    for (unit, spec) in ready.zip(SPECS.into_iter().cycle()) {
        let rich = SITES[..2].contains(&unit.site.as_str());
        let command = Command::Describe { unit: unit.id, spec: if rich { BETTER } else { spec }.into() };
        let done = site.ledger.submit(actor.clone(), Patience::Refuse, Input::Command(command)).await;
        done.map_err(io::Error::other)?;
    }
    Ok(())
}

/// What is shipped is taken on its way; what is racked is cabled as planned, and its BMC asks for an address.
pub(super) async fn trade(
    outside: Arc<Outside>,
    market: Market,
    intake: Intake,
    mut worlds: watch::Receiver<Arc<World>>,
) {
    let mut cabled = BTreeSet::new();
    loop {
        market.dispatch(outside.clock.now());
        let world = worlds.borrow_and_update().clone();
        for boxed in market.boxes.values() {
            let Some(unit) = world.by_serial(&boxed.serial).filter(|u| u.stage == Stage::Racked) else { continue };
            let Some(held) = &unit.placement else { continue };
            let port = |name: &str| held.place.network.iter().find(|c| c.interface.as_str() == name);
            let ports: Vec<Port> = ["eno1", "eno2"].into_iter().filter_map(port).map(|c| c.port.clone()).collect();
            if cabled.insert(unit.id) {
                outside.plug_in(boxed, &ports);
            }
            // Its BMC asks until it has been taken in.
            intake.frame(&outside.ack_boxed(boxed), outside.clock.now()).await;
        }
        outside.clock.sleep(LOOK).await;
    }
}
