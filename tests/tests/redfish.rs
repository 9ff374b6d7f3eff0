//! The Redfish adapter against the lab's controllers, against hostile ones, and against recorded trees.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "redfish/bed.rs"]
mod bed;
#[path = "redfish/calls.rs"]
mod calls;
#[path = "redfish/console.rs"]
mod console;
#[path = "redfish/contract.rs"]
mod contract;
#[path = "redfish/drivers.rs"]
mod drivers;
#[path = "redfish/hostile.rs"]
mod hostile;
#[path = "redfish/hostile_calls.rs"]
mod hostile_calls;
#[path = "redfish/leaks.rs"]
mod leaks;
#[path = "redfish/lives.rs"]
mod lives;
#[path = "redfish/methods.rs"]
mod methods;
#[path = "redfish/recorded.rs"]
mod recorded;
#[path = "redfish/starved.rs"]
mod starved;
#[path = "redfish/tls.rs"]
mod tls;
#[path = "redfish/unseen.rs"]
mod unseen;
#[path = "redfish/values.rs"]
mod values;
