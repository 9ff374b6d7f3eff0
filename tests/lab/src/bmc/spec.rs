//! What a BMC is made with: which controller, in which server.

use rackhand_core::inventory::Port;
use std::time::Duration;

use rackhand_core::boot::report::Drive;
use rackhand_core::mac::Mac;
use rackhand_core::text::Text;

use super::power::Pace;
use crate::machine::Hardware;

/// Which controller it plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Personality {
    /// HPE iLO 5: no `BootProgress`.
    Ilo5,
    /// HPE iLO 6.
    Ilo6,
    /// HPE iLO 7: says that a power limit that is not set is `null` watts. No recorded tree.
    Ilo7,
    /// Dell iDRAC9: boot override on the system.
    Idrac9,
    /// Dell iDRAC10: boot override on the settings resource. No recorded tree.
    Idrac10,
}

impl Personality {
    /// The three there are recorded trees of.
    pub const RECORDED: [Self; 3] = [Self::Ilo5, Self::Ilo6, Self::Idrac9];

    /// Whether it is one of HPE's.
    pub const fn is_ilo(self) -> bool {
        self.ilo().is_some()
    }

    pub(super) const fn ilo(self) -> Option<&'static str> {
        match self {
            Self::Ilo5 => Some("iLO 5"),
            Self::Ilo6 => Some("iLO 6"),
            Self::Ilo7 => Some("iLO 7"),
            Self::Idrac9 | Self::Idrac10 => None,
        }
    }

    pub(super) const fn redfish_version(self) -> &'static str {
        match self {
            Self::Ilo5 | Self::Ilo6 | Self::Ilo7 | Self::Idrac10 => "1.20.0",
            Self::Idrac9 => "1.18.0",
        }
    }

    /// How many sessions may be open at once.
    pub(super) const fn session_cap(self) -> usize {
        if self.is_ilo() { 64 } else { 8 }
    }
}

/// A controller has its address, and its lease, before its web server answers: for minutes at a cold start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Late {
    /// From the first try to reach it.
    pub by: Duration,
    /// Whether it says nothing till then. Otherwise it refuses.
    pub silent: bool,
}

impl Late {
    /// What a controller with this MAC does: one in four is up already; the others take up to six minutes, and every
    /// other of them is silent meanwhile.
    pub fn of(mac: Mac) -> Self {
        let sum = mac.0.iter().fold(0x811C_9DC5_u32, |h, b| (h ^ u32::from(*b)).wrapping_mul(0x0100_0193));
        // Neighbours are not alike.
        let mixed = (sum ^ (sum >> 15)).wrapping_mul(0x2C1B_3C6D);
        let drawn = mixed ^ (mixed >> 12);
        if drawn.is_multiple_of(4) {
            return Self::default();
        }
        Self { by: Duration::from_secs(u64::from(45 + drawn / 8 % 315)), silent: drawn & 4 != 0 }
    }
}

/// What is in a server besides processors, memory and its first network card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fitted {
    /// Drives behind the RAID controller.
    pub drives: u32,
    /// NVMe drives that no controller is in front of. iLO has a Storage resource for each.
    pub nvme: u32,
    /// Further Ethernet cards, of four ports each.
    pub cards: u32,
    /// InfiniBand cards. iLO lists each twice: in the standard's list without any MAC, and in its own.
    pub infiniband: u32,
}

impl Default for Fitted {
    /// Two drives behind a controller.
    fn default() -> Self {
        Self { drives: 2, nvme: 0, cards: 0, infiniband: 0 }
    }
}

impl Fitted {
    /// Sixteen drives behind a RAID controller, sixteen NVMe drives, eight Ethernet cards, two of InfiniBand.
    pub const fn full() -> Self {
        Self { drives: 16, nvme: 16, cards: 8, infiniband: 2 }
    }

    /// The NVMe drives as the machine finds them, by the serials that the controller lists.
    pub fn loose_drives(&self) -> Vec<Drive> {
        let drive = |n: u32| Drive {
            serial: Text::from(format!("LBNVME{n:06}")),
            model: Text::new("LB003840NVME"),
            bytes: 3_840_755_982_336,
            holds_data: false,
        };
        (1..=self.nvme).map(drive).collect()
    }
}

/// What a BMC is made with.
#[derive(Clone, Debug)]
pub struct Spec {
    /// Which controller.
    pub personality: Personality,
    /// The serial people call the server by.
    pub serial: String,
    /// Model, without the vendor's name.
    pub model: String,
    /// The controller's firmware version.
    pub firmware: String,
    /// The controller's own MAC.
    pub bmc_mac: Mac,
    /// The host's NICs.
    pub nics: Vec<Mac>,
    /// Account.
    pub user: String,
    /// Its password.
    pub password: String,
    /// Wrong passwords in a row until the account is locked for ten minutes.
    pub lockout: u32,
    /// What is in the server.
    pub fitted: Fitted,
    /// The machine behind it, whose processors, memory and drives it then lists in the place of the recorded ones.
    pub machine: Option<Box<Hardware>>,
    /// The switch port that its own port hears by LLDP.
    pub hears: Option<Port>,
    /// How long after power comes, and the first try to reach it, Redfish is up.
    pub late: Late,
    /// Whether the server runs at the start. One that never ran has no NIC MACs to tell on iLO.
    pub running: bool,
    /// How long things take.
    pub pace: Pace,
}

impl Spec {
    /// A new server: off, never booted, with the factory account, two NICs derived from the BMC's MAC, and three
    /// wrong passwords until lockout.
    pub fn new(personality: Personality, serial: &str, bmc_mac: Mac) -> Self {
        let (model, firmware, user) = match personality {
            Personality::Ilo5 => ("ProLiant DL360 Gen10 Plus", "3.11", "Administrator"),
            Personality::Ilo6 => ("ProLiant DL380a Gen11", "1.66", "Administrator"),
            Personality::Ilo7 => ("ProLiant DL380 Gen12", "1.12.00", "Administrator"),
            Personality::Idrac9 => ("PowerEdge R750", "7.10.30.00", "root"),
            Personality::Idrac10 => ("PowerEdge R770", "1.10.17.00", "root"),
        };
        let nics = [0x40, 0x80].map(|flip| beside(bmc_mac, flip)).to_vec();
        Self {
            personality,
            serial: serial.to_owned(),
            model: model.to_owned(),
            firmware: firmware.to_owned(),
            bmc_mac,
            nics,
            user: user.to_owned(),
            password: format!("factory-{serial}"),
            lockout: 3,
            fitted: Fitted::default(),
            machine: None,
            hears: None,
            late: Late::default(),
            running: false,
            pace: Pace::default(),
        }
    }
}

impl Spec {
    /// Whether it is an iDRAC of firmware 6, which has no licence service, boot progress, settings resource or
    /// `LocationIndicatorActive` yet.
    pub(super) fn is_old_idrac(&self) -> bool {
        self.personality == Personality::Idrac9 && self.firmware.starts_with("6.")
    }
}

/// Another MAC of the same server. Servers with consecutive BMC MACs stay apart.
fn beside(mac: Mac, flip: u8) -> Mac {
    let mut octets = mac.0;
    octets[3] ^= flip;
    Mac(octets)
}
