//! What dmidecode prints: identity, processors, memory modules.

use crate::words::Processor;

/// One structure of the SMBIOS table.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Structure {
    kind: u8,
    fields: Vec<(String, String)>,
}

/// What identifies the server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// System serial (type 1).
    pub serial: Option<String>,
    /// Product name (type 1).
    pub product: Option<String>,
    /// Manufacturer (type 1).
    pub manufacturer: Option<String>,
    /// UUID (type 1).
    pub uuid: Option<String>,
    /// Firmware version (type 0).
    pub firmware: Option<String>,
}

/// A module in its slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// The slot.
    pub slot: String,
    /// Bytes.
    pub bytes: u64,
    /// Its serial.
    pub serial: Option<String>,
    /// Its part number.
    pub part: Option<String>,
    /// MT/s as configured.
    pub speed: Option<String>,
}

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dmi {
    /// Identity.
    pub identity: Identity,
    /// Populated sockets; cores `None` where the table does not tell.
    pub processors: Vec<(Option<String>, Option<u32>)>,
    /// Populated slots.
    pub modules: Vec<Module>,
    /// Slots that hold a module whose size is not told.
    pub modules_unknown: usize,
    /// Slots that are empty.
    pub slots_empty: usize,
}

impl Dmi {
    /// Bytes of all modules; `None` where one does not tell.
    pub fn memory_bytes(&self) -> Option<u64> {
        let told = !self.modules.is_empty() && self.modules_unknown == 0;
        told.then(|| self.modules.iter().map(|m| m.bytes).sum())
    }
}

/// Reads the output of `dmidecode`.
pub fn parse(text: &str) -> Dmi {
    let mut dmi = Dmi::default();
    for s in structures(text) {
        match s.kind {
            0 => dmi.identity.firmware = s.told("Version"),
            1 => {
                dmi.identity.serial = s.told("Serial Number");
                dmi.identity.product = s.told("Product Name");
                dmi.identity.manufacturer = s.told("Manufacturer");
                dmi.identity.uuid = s.told("UUID");
            }
            4 if s.field("Status").is_some_and(|v| v.starts_with("Populated")) => {
                let cores = s.told("Core Count").and_then(|v| v.parse().ok()).filter(|n| *n > 0);
                dmi.processors.push((s.told("Version"), cores));
            }
            17 => match s.field("Size") {
                Some("No Module Installed") => dmi.slots_empty += 1,
                Some(size) => match bytes(size) {
                    Some(bytes) => dmi.modules.push(Module {
                        slot: s.told("Locator").unwrap_or_else(|| "unknown slot".to_owned()),
                        bytes,
                        serial: s.told("Serial Number"),
                        part: s.told("Part Number"),
                        speed: s.told("Configured Memory Speed").or_else(|| s.told("Configured Clock Speed")),
                    }),
                    None => dmi.modules_unknown += 1,
                },
                None => {}
            },
            _ => {}
        }
    }
    dmi
}

impl Structure {
    fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// The field where it says something.
    fn told(&self, name: &str) -> Option<String> {
        self.field(name).and_then(told)
    }
}

/// The text where it is not one of the words firmware has for "nobody filled this in".
pub fn told(text: &str) -> Option<String> {
    let text = text.trim();
    let nothing = [
        "",
        "not specified",
        "unknown",
        "none",
        "n/a",
        "na",
        "default string",
        "to be filled by o.e.m.",
        "system serial number",
        "system product name",
        "not present",
        "not settable",
        "<out of spec>",
        "<bad index>",
        "no dimm",
        "0",
        "0123456789",
        "............",
        "not available",
    ];
    let empty =
        nothing.contains(&text.to_lowercase().as_str()) || text.chars().all(|c| c == '0' || c == 'F' || c == '-');
    (!empty).then(|| text.to_owned())
}

fn structures(text: &str) -> Vec<Structure> {
    let mut all: Vec<Structure> = Vec::new();
    for line in text.lines() {
        if line.starts_with("Handle ") {
            let kind = line.split("DMI type ").nth(1).and_then(|r| r.split(',').next()).and_then(|n| n.parse().ok());
            all.push(Structure { kind: kind.unwrap_or(u8::MAX), fields: Vec::new() });
        } else if let Some(field) = line.strip_prefix('\t')
            && !field.starts_with('\t')
            && let Some((name, value)) = field.split_once(':')
            && let Some(last) = all.last_mut()
        {
            last.fields.push((name.to_owned(), value.trim().to_owned()));
        }
    }
    all
}

fn bytes(size: &str) -> Option<u64> {
    let (number, unit) = size.split_once(' ')?;
    let shift = match unit {
        "bytes" => 0,
        "kB" | "KB" => 10,
        "MB" => 20,
        "GB" => 30,
        "TB" => 40,
        _ => return None,
    };
    number.parse::<u64>().ok().filter(|n| *n > 0)?.checked_mul(1 << shift)
}

/// Processors by `/proc/cpuinfo`: one for each physical id.
pub fn processors(cpuinfo: &str) -> Vec<Processor> {
    let mut sockets = std::collections::BTreeMap::new();
    for cpu in cpuinfo.split("\n\n").filter(|c| !c.trim().is_empty()) {
        let field = |name: &str| {
            let mut pairs = cpu.lines().filter_map(|l| l.split_once(':'));
            pairs.find(|(n, _)| n.trim() == name).map(|(_, v)| v.trim().to_owned())
        };
        let socket = field("physical id").unwrap_or_default();
        let cores = field("cpu cores").and_then(|c| c.parse().ok());
        if let (Some(model), Some(cores)) = (field("model name"), cores) {
            sockets.entry(socket).or_insert(Processor { model: crate::words::clean(&model), cores });
        }
    }
    sockets.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HPE: &str = "# dmidecode 3.4\n\nHandle 0x0000, DMI type 0, 26 bytes\nBIOS Information\n\tVendor: HPE\n\tVersion: U54\n\
        \tCharacteristics:\n\t\tVersion: not this one\n\nHandle 0x0001, DMI type 1, 27 bytes\nSystem Information\n\
        \tManufacturer: HPE\n\tProduct Name: ProLiant DL360 Gen11\n\tSerial Number: CZ2D1X0ABC\n\
        \tUUID: 30374545-3332-5a43-3132-333435363738\n\nHandle 0x0004, DMI type 4, 48 bytes\nProcessor Information\n\
        \tVersion: Intel(R) Xeon(R) Gold 6430\n\tStatus: Populated, Enabled\n\tCore Count: 32\n\nHandle 0x0005, DMI type 4, 48 bytes\n\
        Processor Information\n\tVersion: Not Specified\n\tStatus: Unpopulated\n\nHandle 0x0011, DMI type 17, 92 bytes\n\
        Memory Device\n\tSize: 32 GB\n\tLocator: PROC 1 DIMM 1\n\tSerial Number: 45A1B2C3\n\tPart Number: HMCG88AEBRA\n\
        \tConfigured Memory Speed: 4400 MT/s\n\nHandle 0x0012, DMI type 17, 92 bytes\nMemory Device\n\tSize: No Module Installed\n\
        \tLocator: PROC 1 DIMM 2\n";

    #[test]
    fn identity_processors_and_modules_are_read() {
        let dmi = parse(HPE);
        assert_eq!(dmi.identity.serial.as_deref(), Some("CZ2D1X0ABC"));
        assert_eq!(dmi.identity.product.as_deref(), Some("ProLiant DL360 Gen11"));
        assert_eq!(dmi.identity.firmware.as_deref(), Some("U54"));
        assert_eq!(dmi.processors, [(Some("Intel(R) Xeon(R) Gold 6430".to_owned()), Some(32))]);
        assert_eq!((dmi.modules.len(), dmi.slots_empty, dmi.memory_bytes()), (1, 1, Some(32 << 30)));
        assert_eq!(dmi.modules[0].serial.as_deref(), Some("45A1B2C3"));
    }

    #[test]
    fn a_module_that_does_not_tell_its_size_makes_the_total_unknown() {
        let dmi = parse(&HPE.replace("No Module Installed", "Unknown"));
        assert_eq!((dmi.modules_unknown, dmi.memory_bytes()), (1, None));
        assert_eq!(parse("").memory_bytes(), None);
    }

    #[test]
    fn what_nobody_filled_in_is_unknown() {
        for empty in ["Not Specified", " To Be Filled By O.E.M. ", "", "00000000", "FFFFFFFF", "0123456789"] {
            assert_eq!(told(empty), None, "{empty}");
        }
        assert_eq!(told(" CZ1 ").as_deref(), Some("CZ1"));
    }

    #[test]
    fn a_recorded_guest_is_read() {
        let Some(text) = crate::reference("samples/dmidecode-guest.txt") else { return };
        let dmi = parse(&text);
        assert_eq!(dmi.identity.serial.as_deref(), Some("CZ12345678"));
        assert_eq!(dmi.memory_bytes(), Some(1536 << 20));
        assert_eq!(dmi.modules[0].serial, None);
    }

    #[test]
    fn processors_are_told_by_the_kernel_where_the_table_is_poor() {
        let cpu = |socket: u32| {
            format!("processor\t: 0\nmodel name\t: AMD EPYC  9354\nphysical id\t: {socket}\ncpu cores\t: 32\n\n")
        };
        let found = processors(&[cpu(0), cpu(0), cpu(1)].concat());
        assert_eq!(found, vec![Processor { model: "AMD EPYC 9354".into(), cores: 32 }; 2]);
        assert_eq!(processors("processor\t: 0\n"), []);
    }
}
