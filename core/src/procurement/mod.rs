//! Buying servers: what is asked for, what is in stock, what vendors offer, what is chosen and why. Pure.

pub mod approval;
pub mod candidate;
pub mod compare;
pub mod deal;
pub mod money;
pub mod order;
pub mod paper;
pub mod route;
pub mod spec;
pub mod stock;
pub mod tender;
pub mod transit;
