//! Readers and writers held against documents as vendors send them.
