//! How the rows of a manifest stand, as who imported them asks.

use serde::{Deserialize, Serialize};

use crate::entry::registration::{Registered, Standing};
use crate::text::Text;
use crate::world::World;

/// Rows of a manifest in one call at the most.
pub const MAX_IMPORT: usize = 500;

/// How the rows with these serials stand; at most [`MAX_IMPORT`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported(pub Vec<Text>);

/// How they stand; `None` for a serial nobody has. `away` is why NetBox does not answer.
pub fn imported(world: &World, Imported(serials): &Imported, away: Option<&Text>) -> Vec<Option<Standing>> {
    let standing = |serial: &Text| {
        let mut standing = world.by_serial(serial)?.registration_standing();
        if let (Registered::Waiting, Some(away)) = (standing.result, away) {
            standing.text = format!("NetBox does not answer {away}").into();
        }
        Some(standing)
    };
    serials.iter().take(MAX_IMPORT).map(standing).collect()
}
