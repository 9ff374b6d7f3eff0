//! How each step is looked for and done. One file for each kind of thing it touches.

mod address;
mod boot;
mod controller;
mod notes;
mod place;
mod register;
mod staging;
mod trade;
mod wiring;

use rackhand_adapters::netbox::NetBox;
use rackhand_adapters::port::clock::Clock;
use rackhand_adapters::supplier::Sellers;
use rackhand_core::fault::{Fault, Kind, System};
use rackhand_core::flow::next::Due;
use rackhand_core::flow::step::{Observation, Step};
use rackhand_core::id::Subject;
use rackhand_core::inventory::Device;
use rackhand_core::lifecycle::unit::Unit;
use rackhand_core::policy::Policy;
use rackhand_core::text::Text;
use rackhand_core::world::World;

use crate::keeper::Keepers;

/// The outside, and what is needed to speak to it.
pub struct Ports {
    /// NetBox.
    pub netbox: NetBox,
    /// BMCs.
    pub keepers: Keepers,
    /// Vendors.
    pub sellers: Sellers,
    /// Passwords.
    pub keys: crate::keys::Keyring,
    /// Time.
    pub clock: Clock,
    /// The business's rules.
    pub policy: Policy,
    /// Sites as placement and routing last read them.
    pub rooms: crate::outside::Rooms,
}

/// Looks whether the step's effect is there. `netbox` is that of this one attempt. `Ok(None)` is a reading that shows it is not.
pub async fn look(
    ports: &Ports,
    netbox: &NetBox,
    world: &World,
    subject: Subject,
    due: &Due,
) -> Result<Option<Observation>, Fault> {
    if due.step == Step::LookUpDevice
        && let Subject::Bmc(mac) = subject
    {
        return netbox.device_by_bmc_mac(mac).await.map(|l| Some(Observation::Lookup(l)));
    }
    if due.step == Step::WriteNotes {
        return notes::look(ports, netbox, world, subject).await;
    }
    if let Subject::Deal(id) = subject {
        return trade::look(ports, world, id, due).await;
    }
    let unit = unit_of(world, subject)?;
    match due.step {
        Step::RegisterBmc => register::look(netbox, unit).await,
        Step::AssignBmcAddress | Step::ReleaseBmcAddress => address::look(netbox, unit, due.step).await,
        Step::SyncStatus | Step::EnterStaging | Step::LeaveStaging => {
            staging::look(netbox, &ports.policy, unit, due.step).await
        }
        Step::PlaceDevice | Step::UnplaceDevice => place::look(netbox, unit, due.step).await,
        Step::ReadCablingPlan | Step::WriteInterfaces | Step::WriteCables => wiring::look(netbox, unit, due.step).await,
        Step::ReachBmc | Step::LogInToBmc | Step::ReadParts => controller::look(ports, unit, due.step).await.map(Some),
        Step::ArmNetworkBoot | Step::DisarmNetworkBoot => boot::look(ports, unit, due.step).await,
        // Shown by the machine itself, never by looking.
        Step::ResetForBoot | Step::Validate | Step::LookUpDevice | Step::WriteNotes => Ok(None),
        Step::RequestQuote | Step::ChaseQuote | Step::PlacePurchase | Step::WithdrawRequest | Step::CancelPurchase => {
            Err(missing("the deal"))
        }
    }
}

/// Does the step. `Ok` is the other side's receipt, no more.
pub async fn act(ports: &Ports, netbox: &NetBox, world: &World, subject: Subject, due: &Due) -> Result<Text, Fault> {
    if due.step == Step::WriteNotes {
        return notes::act(ports, netbox, world, subject).await;
    }
    if let Subject::Deal(id) = subject {
        return trade::act(ports, world, id, due).await;
    }
    let unit = unit_of(world, subject)?;
    match due.step {
        Step::RegisterBmc => register::act(netbox, &ports.policy, unit).await,
        Step::AssignBmcAddress | Step::ReleaseBmcAddress => address::act(netbox, unit, due.step).await,
        Step::SyncStatus | Step::EnterStaging | Step::LeaveStaging => {
            staging::act(netbox, &ports.policy, unit, due.step).await
        }
        Step::PlaceDevice | Step::UnplaceDevice => place::act(netbox, unit, due.step).await,
        Step::WriteInterfaces | Step::WriteCables => wiring::act(netbox, unit, due.step).await,
        Step::ArmNetworkBoot | Step::DisarmNetworkBoot => boot::arm(ports, unit, due.step).await,
        Step::ResetForBoot => boot::reset(ports, unit, due.rung).await,
        Step::LookUpDevice
        | Step::ReadCablingPlan
        | Step::ReachBmc
        | Step::LogInToBmc
        | Step::ReadParts
        | Step::Validate
        | Step::RequestQuote
        | Step::ChaseQuote
        | Step::PlacePurchase
        | Step::WithdrawRequest
        | Step::CancelPurchase
        | Step::WriteNotes => Err(missing("an action for a step that has none")),
    }
}

fn unit_of(world: &World, subject: Subject) -> Result<&Unit, Fault> {
    match subject {
        Subject::Unit(id) => world.unit(id),
        Subject::Bmc(_) | Subject::Order(_) | Subject::Deal(_) | Subject::Plan(_) | Subject::Journal => None,
    }
    .ok_or_else(|| missing("the unit"))
}

fn device_of(unit: &Unit) -> Result<&Device, Fault> {
    unit.device.as_ref().ok_or_else(|| missing("its NetBox device"))
}

/// The flow asks for a step only when what it needs is there; should that ever be wrong, it is said, not guessed.
fn missing(what: &str) -> Fault {
    Fault::new(System::Rules, Kind::Rejected, format!("{what} is not known"))
}
