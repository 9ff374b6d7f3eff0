//! The servers behind the BMCs: they boot, fetch their script, test and report.
