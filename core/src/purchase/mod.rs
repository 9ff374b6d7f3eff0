//! Buying: what vendors are asked and offer, what is chosen and why, who approves it, and what they confirm.

pub mod approval;
mod commands;
pub mod compare;
pub mod deal;
pub mod money;
pub mod next;
pub mod paper;
pub mod post;
pub mod questions;
pub(crate) mod steps;
pub mod tender;
