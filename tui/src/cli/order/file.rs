//! Orders in a file: TOML or JSON with the same fields, or CSV with a row for each line.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use rackhand_core::id::{SellerId, SiteId};
use rackhand_core::order::{OrderRequest, Wish};
use rackhand_core::text::Text;
use serde::Deserialize;

use crate::cli::output::Fail;
use crate::cli::values::{from_day, site, slug};

/// Octets of a file at the most.
const MAX_BYTES: u64 = 4 << 20;
/// Orders of a file at the most.
const MAX_ORDERS: usize = 1_000;

/// What is in such a file, for `rackhand explain orders`.
pub const FORMAT: &str = r#"A file of orders for `rackhand order place --file`. By its name it is TOML, JSON or CSV.

TOML:
    [[order]]
    tenant = "acme"                 # the slug in NetBox
    site = "fra1"                   # default: --site, else the daemon's
    needed_by = "2026-12-01"        # a day, or a time in RFC 3339; may be left out
    note = "cluster 7"              # may be left out
    vendors = ["hpe"]               # default: all that are configured
    all_new = false                 # true leaves the ready pool alone
    as_understood = false           # true orders what was understood, where not all was
    [[order.line]]
    quantity = 4
    spec = "2x Xeon Gold 6530, 512GB DDR5, 4x 3.84TB NVMe, 2x 100GbE"
    model = "dl380-gen11"           # the device type in NetBox; may be left out

JSON: {"order": [{"tenant": ..., "line": [{"quantity": ..., "spec": ...}]}]}, with the same names.

CSV: a header with the columns tenant, quantity and spec, and where wanted site, model, needed_by, note, vendors (divided
by spaces) and order. Rows one after the other that have the same word under `order` are lines of one order; without that
column each row is an order. Cells that hold a comma stand in double quotes.
"#;

/// A file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Orders {
    order: Vec<Wanted>,
}

/// One order of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    pub tenant: String,
    #[serde(default)]
    pub site: Option<String>,
    #[serde(default)]
    pub needed_by: Option<String>,
    #[serde(default)]
    pub note: Option<String>,
    #[serde(default)]
    pub vendors: Vec<SellerId>,
    #[serde(default)]
    pub all_new: bool,
    #[serde(default)]
    pub as_understood: bool,
    pub line: Vec<WantedLine>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WantedLine {
    pub quantity: u32,
    pub spec: String,
    #[serde(default)]
    pub model: Option<String>,
}

impl Wanted {
    /// Whether all but the lines is the same, so that both can be lines of one order.
    pub(super) fn is_with(&self, other: &Self) -> bool {
        let same =
            |o: &Self| (o.tenant.clone(), o.site.clone(), o.needed_by.clone(), o.note.clone(), o.vendors.clone());
        same(self) == same(other)
    }
}

/// An order of a file that was checked.
pub(super) struct Checked {
    request: OrderRequest,
    at_site: bool,
}

impl Checked {
    /// The order, at this site where its file names none.
    pub(super) fn request(self, site: &SiteId, as_understood: bool) -> OrderRequest {
        let mut request = self.request;
        if !self.at_site {
            request.site = site.clone();
        }
        request.as_understood |= as_understood;
        request
    }
}

/// All orders of a file, or what is wrong with it.
pub(super) fn read(path: &Path) -> Result<Vec<Checked>, Fail> {
    let wrong = |why: String| Fail::Usage(format!("{}: {why}", path.display()));
    let bytes = bytes(path).map_err(|e| Fail::Usage(format!("{} cannot be read: {e}", path.display())))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(wrong(format!("larger than {} MiB", MAX_BYTES >> 20)));
    }
    let text = String::from_utf8(bytes).map_err(|_| wrong("not UTF-8".into()))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let ends = |end: &str| path.extension().is_some_and(|e| e.eq_ignore_ascii_case(end));
    let orders = if ends("csv") {
        super::table::orders(text).map_err(wrong)?
    } else if ends("json") {
        serde_json::from_str::<Orders>(text).map_err(|e| wrong(e.to_string()))?.order
    } else {
        toml::from_str::<Orders>(text).map_err(|e| wrong(e.to_string()))?.order
    };
    if orders.is_empty() || orders.len() > MAX_ORDERS {
        return Err(wrong(format!("a file has 1 to {MAX_ORDERS} orders, this one has {}", orders.len())));
    }
    let numbered = (1_usize..).zip(orders);
    numbered.map(|(n, order)| check(order).map_err(|why| wrong(format!("order {n}: {why}")))).collect()
}

fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One more than is taken, so that what is too much is noticed.
    if path == Path::new("-") {
        io::stdin().lock().take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    } else {
        File::open(path)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

fn check(order: Wanted) -> Result<Checked, String> {
    let at_site = order.site.is_some();
    let place = order.site.as_deref().map(site).transpose()?;
    let lines = order.line.into_iter().map(|line| {
        let model = line.model.as_deref().map(slug).transpose()?;
        Ok(Wish { quantity: line.quantity, spec: line.spec.into(), model })
    });
    let lines = lines.collect::<Result<_, &str>>()?;
    let request = OrderRequest {
        needed_by: order.needed_by.as_deref().map(from_day).transpose()?,
        note: order.note.map(Text::from),
        sellers: order.vendors,
        all_new: order.all_new,
        as_understood: order.as_understood,
        ..OrderRequest::new(slug(&order.tenant)?, place.unwrap_or_else(|| SiteId::new("")), lines)
    };
    Ok(Checked { request, at_site })
}
