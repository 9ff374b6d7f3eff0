//! `theme`: checks themes, and prints the shipped ones.

use super::args::ThemeVerb;
use super::exit;
use super::output::{Fail, Output};
use crate::theme::check;
use crate::theme::file::{SHIPPED, Theme};

/// `rackhand theme`.
pub(super) fn theme(what: ThemeVerb, out: &mut Output<'_>) -> Result<u8, Fail> {
    match what {
        ThemeVerb::Print { name } => {
            let names: Vec<&str> = SHIPPED.iter().map(|(name, _)| *name).collect();
            let found = SHIPPED.iter().find(|(shipped, _)| *shipped == name);
            let (_, text) =
                found.ok_or_else(|| Fail::Usage(format!("no theme {name} is shipped: {}", names.join(", "))))?;
            out.verbatim(text)?;
            Ok(exit::DONE)
        }
        ThemeVerb::Check { file } => {
            let which = match &file {
                Some(file) => vec![file.as_str()],
                None => SHIPPED.iter().map(|(name, _)| *name).collect(),
            };
            let mut good = true;
            let mut documents = Vec::new();
            for name in which {
                let theme = Theme::load(name).map_err(|e| Fail::Usage(e.to_string()))?;
                let found = check::check(&theme);
                good &= found.faults.is_empty();
                if out.json {
                    documents.push(serde_json::json!({ "theme": theme.name, "faults": found.faults }));
                    continue;
                }
                out.line(format!("{}: {}", theme.name, found.sentence()))?;
                for fault in &found.faults {
                    out.line(format!("  {fault}"))?;
                }
            }
            if out.json {
                out.document(&documents)?;
            }
            Ok(if good { exit::DONE } else { exit::DAMAGED })
        }
    }
}
