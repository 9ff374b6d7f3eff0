//! HPE iLO 5, 6 and 7.

use rackhand_core::text::Text;

use super::driver::Driver;
use super::wire::System;

/// iLO's ways.
pub(super) const DRIVER: Driver = Driver {
    preferred_system: None,
    serial: serial_is_serial_number,
    vendor_words: &["HPE ", "Hewlett Packard Enterprise "],
    override_on_settings: false,
};

/// `SerialNumber` is what people call the server by; `SKU` is the product id.
fn serial_is_serial_number(system: &System) -> Option<Text> {
    system.serial_number.clone()
}
