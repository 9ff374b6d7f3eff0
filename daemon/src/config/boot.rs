//! `[boot]`: what machines boot over the network.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

/// What machines boot over the network.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Boot")]
pub(super) struct RawBoot {
    /// The directory with the loaders, the kernel `vmlinuz` and the `image`, served under `/boot/`. No file is served
    /// without it.
    pub files: Option<PathBuf>,
}
