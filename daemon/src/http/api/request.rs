//! An order as a tenant asks for it, and what is wrong with it, field by field.

use rackhand_core::id::SiteId;
use rackhand_core::order::spec::{Unclear, read};
use rackhand_core::order::{MAX_LINES, MAX_QUANTITY, OrderRequest, Wish};
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Characters of a note at the most.
const MAX_NOTE: usize = 500;

/// The body of a POST.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Body {
    site: Option<Text>,
    lines: Vec<Line>,
    needed_by: Option<Text>,
    note: Option<Text>,
    #[serde(default)]
    all_new: bool,
    #[serde(default)]
    as_understood: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    quantity: u32,
    spec: Text,
    model: Option<Text>,
}

/// What is wrong with one field.
#[derive(Serialize)]
pub(super) struct Fault {
    /// Which, such as `lines[0].spec`.
    field: Text,
    /// What is wrong, and what to do.
    why: Text,
    /// What of a specification was understood.
    understood: Option<Text>,
    /// What of it was not.
    unclear: Vec<Unclear>,
}

impl Fault {
    /// A field that is wrong.
    pub fn new(field: impl Into<Text>, why: impl Into<Text>) -> Self {
        Self { field: field.into(), why: why.into(), understood: None, unclear: Vec::new() }
    }

    /// In one sentence.
    pub fn sentence(&self) -> String {
        format!("{}: {}", self.field, self.why)
    }
}

impl Body {
    /// The request, or all that is wrong with it.
    pub fn check(self, tenant: Text, own_site: &SiteId) -> Result<OrderRequest, Vec<Fault>> {
        let mut faults = Vec::new();
        let site = match &self.site {
            None => own_site.clone(),
            Some(slug) => {
                let site = SiteId::new(slug);
                if site.as_str() != slug.as_str() || slug.is_empty() {
                    faults.push(Fault::new("site", "not a site's slug: 1 to 32 lower-case letters, digits and dashes"));
                }
                site
            }
        };
        let needed_by = self.needed_by.as_ref().and_then(|day| {
            let read = instant(day);
            if read.is_none() {
                faults.push(Fault::new("needed_by", "give a day such as 2026-12-01, or a time as RFC 3339 has it"));
            }
            read
        });
        if self.note.as_ref().is_some_and(|n| n.chars().count() > MAX_NOTE) {
            faults.push(Fault::new("note", format!("at most {MAX_NOTE} characters")));
        }
        if self.lines.is_empty() || self.lines.len() > MAX_LINES {
            faults.push(Fault::new("lines", format!("an order has 1 to {MAX_LINES} lines")));
        }
        for (at, line) in self.lines.iter().enumerate().take(MAX_LINES) {
            line.check(at, self.as_understood, &mut faults);
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let wish = |line: Line| Wish { quantity: line.quantity, spec: line.spec, model: line.model };
        Ok(OrderRequest {
            needed_by,
            note: self.note,
            all_new: self.all_new,
            as_understood: self.as_understood,
            ..OrderRequest::new(tenant, site, self.lines.into_iter().map(wish).collect())
        })
    }
}

impl Line {
    fn check(&self, at: usize, as_understood: bool, faults: &mut Vec<Fault>) {
        let field = |name: &str| format!("lines[{at}].{name}");
        if self.quantity == 0 || self.quantity > MAX_QUANTITY {
            faults.push(Fault::new(field("quantity"), format!("1 to {MAX_QUANTITY} servers")));
        }
        let slug = |m: &Text| m.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') && !m.is_empty();
        if self.model.as_ref().is_some_and(|m| !slug(m) || m.len() > 100) {
            faults
                .push(Fault::new(field("model"), "not a device type's slug: letters, digits, dashes and underscores"));
        }
        let found = read(&self.spec);
        if found.spec.is_empty() || !(found.unclear.is_empty() || as_understood) {
            let why = if found.spec.is_empty() {
                "nothing of it was understood"
            } else {
                "not all of it was understood: write it otherwise, or order it as_understood"
            };
            let understood = (!found.spec.is_empty()).then(|| found.spec.to_string().into());
            let (field, why) = (field("spec").into(), why.into());
            faults.push(Fault { field, why, understood, unclear: found.unclear });
        }
    }
}

fn instant(text: &str) -> Option<Timestamp> {
    text.parse().or_else(|_| format!("{text}T00:00:00Z").parse()).ok()
}
