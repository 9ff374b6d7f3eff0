//! Who it is, and what its controller runs: system, manager, network services, certificate, licences, accounts, boot.

use rackhand_core::bmc::reading::{
    Account, AccountsReading, BootOption, BootReading, CertificateReading, IdentityReading, Licence, Service,
};
use rackhand_core::text::Text;
use serde_json::Value;

use super::super::driver::Driver;
use super::super::wire::{System, at, flag, list, small, text};

/// Services of a controller that are told of.
const SERVICES: [&str; 10] = ["HTTP", "HTTPS", "SSH", "Telnet", "IPMI", "KVMIP", "SNMP", "VirtualMedia", "NTP", "SSDP"];

/// A ComputerSystem.
pub(in super::super) fn system(driver: &Driver, body: &Value) -> IdentityReading {
    let read = System::read(body);
    IdentityReading {
        serial: (driver.serial)(&read),
        model: driver.model(&read),
        manufacturer: read.manufacturer,
        uuid: text(body, &["UUID"]),
        bios: text(body, &["BiosVersion"]),
        host_name: text(body, &["HostName"]),
        ..IdentityReading::default()
    }
}

/// A Manager.
pub(in super::super) fn manager(driver: &Driver, body: &Value, into: &mut IdentityReading) {
    into.controller = (driver.controller)(body).or_else(|| into.controller.take());
    into.controller_firmware = text(body, &["FirmwareVersion"]).or_else(|| into.controller_firmware.take());
}

/// The locator LED of a chassis: `LocationIndicatorActive`, or, where that is missing, what the driver makes of
/// `IndicatorLED`.
pub(in super::super) fn locator(driver: &Driver, chassis: &Value) -> Option<bool> {
    flag(chassis, &["LocationIndicatorActive"]).or_else(|| (driver.indicator)(chassis.get("IndicatorLED")?.as_str()?))
}

/// A ManagerNetworkProtocol.
pub(in super::super) fn services(body: &Value, into: &mut IdentityReading) {
    into.controller_name = text(body, &["HostName"]);
    into.services = SERVICES
        .iter()
        .filter_map(|name| {
            let told = body.get(name)?.as_object()?;
            let enabled = told.get("ProtocolEnabled").and_then(Value::as_bool);
            let port = told.get("Port").and_then(Value::as_u64).and_then(|p| u16::try_from(p).ok());
            Some(Service { name: Text::new(name), enabled, port })
        })
        .collect();
}

/// A Certificate (DSP0268), or iLO's `HttpsCert`, which tells names as one text.
pub(in super::super) fn certificate(body: &Value) -> CertificateReading {
    let told = body.get("X509CertificateInformation").unwrap_or(body);
    let name = |key: &str| text(told, &[key, "CommonName"]).or_else(|| told.get(key)?.as_str().and_then(common_name));
    CertificateReading {
        subject: name("Subject"),
        issuer: name("Issuer"),
        not_before: text(told, &["ValidNotBefore"]),
        not_after: text(told, &["ValidNotAfter"]),
        serial: text(told, &["SerialNumber"]),
    }
}

/// The common name in `CN = ILO..., O = ...`.
fn common_name(distinguished: &str) -> Option<Text> {
    let parts = distinguished.split(", ").map(str::trim);
    let named = parts.filter_map(|p| p.strip_prefix("CN")).find_map(|rest| rest.trim_start().strip_prefix('='))?;
    Some(Text::new(named.trim())).filter(|t| !t.is_empty())
}

/// A License (DSP0268), iLO's, or iDRAC's own (`DellLicense`), which tells its name as a list and describes the class in
/// `Description`.
pub(in super::super) fn licence(body: &Value) -> Licence {
    let dell = || Some(Text::new(list(body, &["LicenseDescription"]).first()?.as_str()?));
    Licence {
        name: text(body, &["License"]).or_else(dell).or_else(|| text(body, &["Description"])),
        kind: text(body, &["LicenseType"]),
        expires: ["LicenseExpire", "ExpirationDate", "LicenseEndDate"].iter().find_map(|key| text(body, &[key])),
    }
}

/// What an account resource is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Slot {
    /// An account.
    Used(Account),
    /// A slot to be filled (iDRAC9 has sixteen; the first is not for use).
    Free(Text),
    /// Neither.
    Unusable,
}

/// A ManagerAccount. What one logs in with is `UserName`; iLO's `Oem.Hpe.LoginName`, in spite of its name, is the
/// display name (recorded: `ctobmaas` logs in, its `LoginName` is `Administrator`).
pub(in super::super) fn account(body: &Value) -> Slot {
    let Some(id) = text(body, &["Id"]) else { return Slot::Unusable };
    match text(body, &["UserName"]) {
        Some(user) => Slot::Used(Account {
            id,
            user,
            role: text(body, &["RoleId"]),
            enabled: flag(body, &["Enabled"]),
            locked: flag(body, &["Locked"]),
        }),
        None if body.get("UserName").is_some() && id.as_str() != "1" => Slot::Free(id),
        None => Slot::Unusable,
    }
}

/// An AccountService. A shortest password of 0 is iDRAC's way to say that it has no rule.
pub(in super::super) fn account_service(body: &Value) -> AccountsReading {
    AccountsReading {
        shortest_password: small(body, &["MinPasswordLength"]),
        longest_password: small(body, &["MaxPasswordLength"]).filter(|n| *n > 0),
        ..AccountsReading::default()
    }
}

/// The boot part of a ComputerSystem; names of boot options come from [`boot_option`].
pub(in super::super) fn boot(driver: &Driver, body: &Value) -> BootReading {
    let system = System::read(body);
    let order = list(body, &["Boot", "BootOrder"]);
    BootReading {
        target: system.boot.target,
        enabled: system.boot.enabled,
        mode: text(body, &["Boot", "BootSourceOverrideMode"]),
        allowed: system.boot.allowed.into_iter().flatten().map(Text::from).collect(),
        on_settings: false,
        order: order
            .iter()
            .take(256)
            .filter_map(|r| Some(BootOption { reference: Text::new(r.as_str()?), name: None }))
            .collect(),
        secure_boot: None,
        secure_boot_now: None,
        progress: (driver.progress)(body),
    }
}

/// A BootOption: its reference and its name.
pub(in super::super) fn boot_option(body: &Value) -> Option<(Text, Text)> {
    Some((text(body, &["BootOptionReference"])?, text(body, &["DisplayName"])?))
}

/// A SecureBoot resource.
pub(in super::super) fn secure_boot(body: &Value, into: &mut BootReading) {
    into.secure_boot = flag(body, &["SecureBootEnable"]);
    into.secure_boot_now = match at(body, &["SecureBootCurrentBoot"]).and_then(Value::as_str) {
        Some("Enabled") => Some(true),
        Some("Disabled") => Some(false),
        _ => None,
    };
}
