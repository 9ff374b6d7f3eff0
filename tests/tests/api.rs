//! Orders from the outside: the tenants' HTTP door held against its own description, hostile clients before it, and the
//! command line through the real daemon.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "api/hostile.rs"]
mod hostile;
#[path = "api/orders.rs"]
mod orders;
#[path = "api/shop.rs"]
mod shop;
mod support;
#[path = "api/verbs.rs"]
mod verbs;
