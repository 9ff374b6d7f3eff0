//! Orders as a table: CSV with a row for each line of an order.

use rackhand_core::entry::manifest::{DELIMITERS, Records};

use super::file::{Wanted, WantedLine};

/// Octets of one cell at the most.
const MAX_CELL: usize = 4 << 10;

/// The columns that are read. What else a table has is refused, since it may be a name that was misspelt.
const COLUMNS: [&str; 8] = ["order", "tenant", "site", "quantity", "spec", "model", "needed_by", "note"];
const VENDORS: &str = "vendors";

/// The orders of a table, or where it is wrong.
pub(super) fn orders(text: &str) -> Result<Vec<Wanted>, String> {
    let head = text.lines().find(|l| !l.trim().is_empty()).ok_or("there is nothing in it")?;
    let delimiter = DELIMITERS.into_iter().max_by_key(|d| head.matches(*d).count()).unwrap_or(',');
    let mut records = Records::new(text, delimiter, MAX_CELL);
    let header = records.next_filled().map_err(|e| e.to_string())?.ok_or("there is nothing in it")?;
    let names: Vec<String> = header.cells.iter().map(|c| c.trim().to_ascii_lowercase()).collect();
    for (at, name) in names.iter().enumerate() {
        if !COLUMNS.contains(&name.as_str()) && name != VENDORS {
            return Err(format!("no column is called `{name}`; there are {} and {VENDORS}", COLUMNS.join(", ")));
        }
        if names[..at].contains(name) {
            return Err(format!("two columns are called `{name}`"));
        }
    }
    for name in ["tenant", "quantity", "spec"] {
        if !names.iter().any(|n| n == name) {
            return Err(format!("there is no column {name}"));
        }
    }
    let mut orders: Vec<(Option<String>, Wanted)> = Vec::new();
    while let Some(record) = records.next_filled().map_err(|e| e.to_string())? {
        let line = record.line;
        if record.cells.len() > names.len() {
            return Err(format!("line {line}: more cells than the header has"));
        }
        let cell = |name: &str| {
            let at = names.iter().position(|n| n == name)?;
            record.cells.get(at).map(|c| c.trim()).filter(|c| !c.is_empty()).map(str::to_owned)
        };
        let need = |name: &str| cell(name).ok_or_else(|| format!("line {line}: {name} is missing"));
        let quantity = need("quantity")?.parse().map_err(|_| format!("line {line}: quantity is no whole number"))?;
        let wish = WantedLine { quantity, spec: need("spec")?, model: cell("model") };
        let vendors = cell(VENDORS).unwrap_or_default();
        let vendors = vendors.split_whitespace().map(str::parse).collect::<Result<_, _>>();
        let order = Wanted {
            tenant: need("tenant")?,
            site: cell("site"),
            needed_by: cell("needed_by"),
            note: cell("note"),
            vendors: vendors.map_err(|why: &str| format!("line {line}: {why}"))?,
            all_new: false,
            as_understood: false,
            line: vec![wish],
        };
        let key = cell("order");
        match orders.last_mut() {
            Some((before, same)) if key.is_some() && *before == key => {
                if !same.is_with(&order) {
                    return Err(format!("line {line}: it is of the same order as the line before, but for another"));
                }
                same.line.extend(order.line);
            }
            _ => orders.push((key, order)),
        }
    }
    Ok(orders.into_iter().map(|(_, order)| order).collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_one_order_stand_together() {
        let text = "order;tenant;quantity;spec;vendors\n7;acme;2;1x Xeon, 64GB;hpe dell\n7;acme;1;\"2x Xeon; 1TB\";hpe dell\n\
                    8;acme;3;1x EPYC;\n";
        let read = orders(text).unwrap();
        let counts: Vec<_> = read.iter().map(|o| (o.line.len(), o.line[0].quantity, o.vendors.len())).collect();
        assert_eq!(counts, [(2, 2, 2), (1, 3, 0)]);
        assert_eq!(read[0].line[1].spec, "2x Xeon; 1TB");
        let each = orders("tenant,quantity,spec\na,1,1x Xeon\na,1,1x Xeon\n").unwrap();
        assert_eq!(each.len(), 2);
    }

    #[test]
    fn a_table_in_doubt_is_told_with_its_line() {
        for (text, said) in [
            ("", "nothing"),
            ("tenant,quantity\n", "no column spec"),
            ("tenant,quantity,spec,colour\n", "`colour`"),
            ("tenant,tenant,quantity,spec\n", "two columns"),
            ("tenant,quantity,spec\na,x,1x Xeon\n", "line 2: quantity"),
            ("tenant,quantity,spec\n\n,1,1x Xeon\n", "line 3: tenant"),
            ("tenant,quantity,spec\na,1,1x Xeon,more\n", "line 2: more cells"),
            ("order,tenant,quantity,spec\n1,a,1,1x Xeon\n1,b,1,1x Xeon\n", "line 3: it is of the same order"),
            ("tenant,quantity,spec,vendors\na,1,1x Xeon,H P\n", "line 2: not a vendor"),
        ] {
            let why = orders(text).unwrap_err();
            assert!(why.contains(said), "{text:?}: {why}");
        }
    }
}
