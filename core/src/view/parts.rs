//! A server's parts for a reader: as ordered, confirmed, listed by its BMC and reported by the machine.

use crate::boot::ordered::hold;
use crate::boot::parts::Parts;
use crate::lifecycle::unit::Unit;
use crate::purchase::tender::expected;
use crate::text::Text;
use crate::world::World;

/// A line for each part that anybody has said anything of, and what an operator has taken as it is.
pub(super) fn facts(world: &World, unit: &Unit) -> Vec<(Text, Text)> {
    let unknown = Parts::default();
    let machine = unit.validation.report.as_ref().map(|r| Parts::reported(r)).unwrap_or_default();
    let rows = hold(&expected(world, unit), unit.parts.as_ref().unwrap_or(&unknown), &machine);
    let said = rows.iter().filter(|r| [&r.ordered, &r.confirmed, &r.bmc, &r.machine].into_iter().any(Option::is_some));
    let lines = said.map(|row| (Text::new(row.part.word()), row.line()));
    lines.chain(unit.accepted.iter().map(|text| (Text::new("taken as it is"), text.clone()))).collect()
}
