//! How each step is looked for and done: a folder for each outside system, which carries out the steps of its lanes.

mod bmc;
mod netbox;
mod seller;

use rackhand_adapters::netbox::NetBox;
use rackhand_adapters::port::clock::Clock;
use rackhand_adapters::supplier::Sellers;
use rackhand_core::fault::{Fault, Kind, System};
use rackhand_core::flow::next::Due;
use rackhand_core::flow::rules::Lane;
use rackhand_core::flow::step::Observation;
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

/// One attempt at a step, with all that it may need.
pub struct Job<'a> {
    /// The outside.
    pub ports: &'a Ports,
    /// NetBox, for this one attempt.
    pub netbox: &'a NetBox,
    /// Everything, as it was when the attempt began.
    pub world: &'a World,
    /// Whose step it is.
    pub subject: Subject,
    /// Which.
    pub due: &'a Due,
}

/// The system that the steps of a lane are about.
pub const fn system(lane: Lane) -> System {
    match lane {
        Lane::Dcim | Lane::Notes => System::Netbox,
        Lane::Bmc => System::Bmc,
        Lane::Vendor => System::Vendor,
    }
}

/// Looks whether the step's effect is there. `Ok(None)` is a reading that shows it is not.
pub async fn look(job: &Job<'_>) -> Result<Option<Observation>, Fault> {
    match job.due.lane {
        Lane::Dcim | Lane::Notes => netbox::look(job).await,
        Lane::Bmc => bmc::look(job).await,
        Lane::Vendor => seller::look(job).await,
    }
}

/// Does the step. `Ok` is the other side's receipt, no more.
pub async fn act(job: &Job<'_>) -> Result<Text, Fault> {
    match job.due.lane {
        Lane::Dcim | Lane::Notes => netbox::act(job).await,
        Lane::Bmc => bmc::act(job).await,
        Lane::Vendor => seller::act(job).await,
    }
}

impl<'a> Job<'a> {
    fn unit(&self) -> Result<&'a Unit, Fault> {
        match self.subject {
            Subject::Unit(id) => self.world.unit(id),
            Subject::Bmc(_) | Subject::Order(_) | Subject::Deal(_) | Subject::Plan(_) | Subject::Journal => None,
        }
        .ok_or_else(|| missing("the unit"))
    }

    /// The step is none that this system carries out, or has no such part.
    fn not_mine(&self) -> Fault {
        missing(&format!("what is done for {}", self.due.step))
    }
}

fn device_of(unit: &Unit) -> Result<&Device, Fault> {
    unit.device.as_ref().ok_or_else(|| missing("its NetBox device"))
}

/// The flow asks for a step only when what it needs is there; should that ever be wrong, it is said, not guessed.
fn missing(what: &str) -> Fault {
    Fault::new(System::Rules, Kind::Rejected, format!("{what} is not known"))
}
