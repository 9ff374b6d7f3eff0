//! `[boot]`: what machines boot over the network.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::ConfigError;
use super::source::Source;

/// What machines boot over the network.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Boot")]
pub(super) struct RawBoot {
    /// The directory with the loaders, the kernel `vmlinuz` and the `image`, served under `/boot/`. No file is served
    /// without it.
    pub files: Option<PathBuf>,
    /// Words added to the kernel's command line, such as `console=ttyS0 rackhand.write=never`; pxe/README.md lists
    /// those of the validation image.
    #[schemars(with = "Option<String>")]
    options: Option<Spanned<String>>,
}

/// Characters of the options at the most: a kernel takes 2,048 in all.
const OPTIONS: usize = 1_024;

impl RawBoot {
    /// The words for the kernel's command line.
    pub fn options(&self, source: &Source<'_>) -> Result<String, ConfigError> {
        let Some(options) = &self.options else { return Ok(String::new()) };
        let words = options.get_ref().trim();
        // iPXE would take `$` and `#` for its own, `|` and `&` for the end of the command.
        if words.len() > OPTIONS || !words.bytes().all(|b| matches!(b, b' '..=b'~') && !b"$#|&;`\\".contains(&b)) {
            let what = "not for a kernel's command line: up to 1024 printable characters without $ # | & ; ` and \\";
            return Err(source.at(options, what));
        }
        if words.split(' ').any(|w| w.starts_with("rackhand.url=") || w.starts_with("rackhand.token=")) {
            return Err(source.at(options, "rackhand.url and rackhand.token are each boot's own; leave them out"));
        }
        Ok(words.to_owned())
    }
}
