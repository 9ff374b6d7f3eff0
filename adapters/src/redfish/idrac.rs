//! Dell iDRAC9 and iDRAC10.

use rackhand_core::text::Text;

use super::driver::Driver;
use super::wire::System;

/// iDRAC's ways.
pub(super) const DRIVER: Driver = Driver {
    preferred_system: Some("System.Embedded.1"),
    serial: serial_is_service_tag,
    vendor_words: &["Dell Inc. ", "Dell EMC ", "Dell "],
    override_on_settings: true,
};

/// The service tag is `SKU`; `SerialNumber` is the board's.
fn serial_is_service_tag(system: &System) -> Option<Text> {
    system.sku.clone()
}

/// The generation as far as the service root tells it, by Redfish version: up to 1.4 is iDRAC8, from 1.20 on it may
/// be a late iDRAC9 or an iDRAC10, which the root does not tell apart. Nothing is decided by this name; where the two
/// differ, the driver looks at what the controller offers.
pub(super) fn controller(redfish_version: Option<&str>) -> Text {
    let minor = redfish_version.and_then(|v| v.strip_prefix("1.")?.split('.').next()?.parse::<u32>().ok());
    Text::new(match minor {
        Some(0..=4) => "iDRAC8",
        Some(5..=19) => "iDRAC9",
        _ => "iDRAC",
    })
}
