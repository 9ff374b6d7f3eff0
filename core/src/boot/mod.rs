//! The network boot into the validation image, and what that finds: one token, one boot.

pub mod event;
mod state;
