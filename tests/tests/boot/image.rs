//! Where the validation image is.

use std::path::PathBuf;

use rackhand_tests::untested::untested;

/// Names the directory with `vmlinuz` and `image`.
const NAMED_BY: &str = "RACKHAND_IMAGE";

/// Whether an image is named. Where none is, says past the harness what is not tested: whoever runs all tests does not
/// wait for emulated machines by accident.
pub fn is_named(what: &str) -> bool {
    let named = std::env::var_os(NAMED_BY).is_some();
    if !named {
        untested(what, &format!("run pxe/build, and name its directory by {NAMED_BY}"));
    }
    named
}

/// The directory. One that is named and holds no image is a mistake.
pub fn directory() -> PathBuf {
    let directory = PathBuf::from(std::env::var_os(NAMED_BY).unwrap());
    for file in ["vmlinuz", "image"] {
        assert!(directory.join(file).is_file(), "there is no {file} in {}: run pxe/build", directory.display());
    }
    directory
}
