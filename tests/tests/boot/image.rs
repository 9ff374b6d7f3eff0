//! Where the validation image is.

use std::path::PathBuf;

/// The directory with `vmlinuz` and `image`; why there is none.
pub fn directory() -> Result<PathBuf, String> {
    let built = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/pxe");
    let directory = PathBuf::from(std::env::var("RACKHAND_IMAGE").unwrap_or_else(|_| built.to_owned()));
    if directory.join("vmlinuz").is_file() && directory.join("image").is_file() {
        return Ok(directory);
    }
    Err(format!("no image in {}: run pxe/build", directory.display()))
}
