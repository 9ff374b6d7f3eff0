//! Hardware: what the validation image reports, and how that is held against what is expected.

pub mod check;
pub mod report;
