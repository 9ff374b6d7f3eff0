//! The network boot into the validation image, and what that finds: one token, one boot; what the machine reports is held
//! against what was ordered and planned.

pub mod check;
pub mod commands;
pub(crate) mod event;
pub mod ordered;
pub mod parts;
pub mod report;
mod state;
pub(crate) mod steps;
