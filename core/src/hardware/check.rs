//! Held against what is expected.
