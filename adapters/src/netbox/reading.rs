//! One body read as everything we ask NetBox for: for looking at what it said, and for fuzzing.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::wire::{
    Cable, ChoiceSet, CustomField, DeviceCard, DeviceOob, DeviceStatus, Interface, IpAddress, JournalEntry, MacAddress,
    Named, Options, Page, Prefix, Status,
};
use crate::http::{Limits, nesting};

/// Reads `body` as each kind of object we know, alone and as a page; how many take it. Nothing is sent.
pub fn read_any(body: &[u8]) -> usize {
    if nesting(body) > Limits::STANDARD.depth {
        return 0;
    }
    let Ok(value) = serde_json::from_slice::<Value>(body) else { return 0 };
    takes::<MacAddress>(&value)
        + takes::<Interface>(&value)
        + takes::<IpAddress>(&value)
        + takes::<Prefix>(&value)
        + takes::<Cable>(&value)
        + takes::<JournalEntry>(&value)
        + takes::<CustomField>(&value)
        + takes::<ChoiceSet>(&value)
        + takes::<Named>(&value)
        + takes::<DeviceCard>(&value)
        + takes::<DeviceStatus>(&value)
        + takes::<DeviceOob>(&value)
        + takes::<Status>(&value)
        + takes::<Options>(&value)
}

fn takes<T: DeserializeOwned>(value: &Value) -> usize {
    let alone = serde_json::from_value::<T>(value.clone()).is_ok();
    usize::from(alone || serde_json::from_value::<Page<T>>(value.clone()).is_ok())
}
