//! Any other Redfish service, by the standard alone (DSP0266, DSP0268).

use rackhand_core::text::Text;

use super::driver::Driver;
use super::wire::System;

/// The standard's ways.
pub(super) const DRIVER: Driver =
    Driver { preferred_system: None, serial: serial_number_or_sku, vendor_words: &[], override_on_settings: true };

fn serial_number_or_sku(system: &System) -> Option<Text> {
    system.serial_number.clone().or_else(|| system.sku.clone())
}
