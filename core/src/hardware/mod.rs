//! Hardware: what the validation image reports, and how that is held against what is expected.

pub mod check;
pub mod ordered;
pub mod parts;
pub mod report;
