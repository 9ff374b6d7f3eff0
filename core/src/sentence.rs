//! Words that more than one sentence has.

use crate::text::Text;

/// A note of damage, and where its photo is.
pub fn with_photo(note: &Text, photo: Option<&Text>) -> String {
    photo.map_or_else(|| note.to_string(), |photo| format!("{note}; photo {photo}"))
}

/// The words of a switch.
pub const fn on_or_off(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}
