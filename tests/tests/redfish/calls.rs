//! Every public call of the adapter, as data. A call that is missing here fails a test.

use rackhand_adapters::redfish::{Bmc, Credentials, Cursors, EVERYTHING, Redfish, Reset, TaskMonitor};
use rackhand_core::bmc::reading::Section;
use rackhand_core::fault::Fault;

use crate::bed::EPOCH;

macro_rules! calls {
    ($($call:ident $name:literal),+ $(,)?) => {
        /// A call of the adapter.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Call { $($call),+ }

        impl Call {
            pub const ALL: &[Self] = &[$(Self::$call),+];

            /// The method's name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$call => $name),+ }
            }
        }
    };
}

calls!(
    Identify "identify",
    ReadSystem "read_system",
    Power "power",
    Armed "network_boot_armed",
    Arm "arm_network_boot",
    Disarm "disarm_network_boot",
    Reset "reset",
    ResetController "reset_controller",
    Locate "locate",
    CapPower "cap_power",
    Task "task",
    ReadIdentity "read_identity",
    ReadPower "read_power",
    ReadBoot "read_boot",
    ReadSensors "read_sensors",
    ReadLogs "read_logs",
    ReadFirmware "read_firmware",
    ReadAccounts "read_accounts",
    ReadInventory "read_inventory",
    ReadAll "read_all",
);

impl Call {
    /// Makes the call.
    pub async fn make(self, redfish: &Redfish, at: &Bmc, who: &Credentials) -> Result<(), Fault> {
        let monitor = TaskMonitor::new("/redfish/v1/TaskService/Tasks/JID_229700026199", EPOCH).unwrap();
        match self {
            Self::Identify => redfish.identify(at.address, at.pin).await.map(drop),
            Self::ReadSystem => redfish.read_system(at, who).await.map(drop),
            Self::Power => redfish.power(at, who).await.map(drop),
            Self::Armed => redfish.network_boot_armed(at, who).await.map(drop),
            Self::Arm => redfish.arm_network_boot(at, who).await.map(drop),
            Self::Disarm => redfish.disarm_network_boot(at, who).await.map(drop),
            Self::Reset => redfish.reset(at, who, Reset::ForceRestart).await.map(drop),
            Self::ResetController => redfish.reset_controller(at, who).await.map(drop),
            Self::Locate => redfish.locate(at, who, true).await.map(drop),
            Self::CapPower => redfish.cap_power(at, who, Some(400)).await.map(drop),
            Self::Task => redfish.task(at, who, &monitor).await.map(drop),
            Self::ReadIdentity => redfish.read_identity(at, who).await.map(drop),
            Self::ReadPower => redfish.read_power(at, who).await.map(drop),
            Self::ReadBoot => redfish.read_boot(at, who).await.map(drop),
            Self::ReadSensors => redfish.read_sensors(at, who).await.map(drop),
            Self::ReadLogs => redfish.read_logs(at, who, &Cursors::new()).await.map(drop),
            Self::ReadFirmware => redfish.read_firmware(at, who).await.map(drop),
            Self::ReadAccounts => redfish.read_accounts(at, who).await.map(drop),
            Self::ReadInventory => redfish.read_inventory(at, who).await.map(drop),
            Self::ReadAll => redfish.read_all(at, who, &Section::ALL, EVERYTHING).await.map(drop),
        }
    }

    /// Whether it changes something.
    pub fn changes(self) -> bool {
        matches!(self, Self::Arm | Self::Disarm | Self::Reset | Self::ResetController | Self::Locate | Self::CapPower)
    }
}

#[test]
fn every_public_call_of_the_adapter_is_in_the_list() {
    let source = include_str!("../../../adapters/src/redfish/mod.rs");
    let public: Vec<&str> = source
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("pub async fn ")?.split('(').next())
        // It speaks to no controller.
        .filter(|name| *name != "finished")
        .collect();
    let listed: Vec<&str> = Call::ALL.iter().map(|c| c.name()).collect();
    assert_eq!(public, listed);
}
