//! NetBox, as 4.6 behaves.
