//! Long lists, page by page: by cursor where the release has one, else by offset in order of id.

use hyper::Method;
use rackhand_core::fault::{Fault, Kind};
use rackhand_core::inventory::ObjectId;
use serde::de::DeserializeOwned;

use super::client::{NetBox, Query};
use super::wire::{Numbered, Page};

/// Objects asked for in one page; NetBox gives no more unless it is configured to.
const PAGE: &str = "1000";
/// Times one page is asked for. After the database restarts, each of NetBox's workers fails once, and the pages before
/// this one should not be lost to that.
pub(super) const TRIES: u32 = 8;

impl NetBox {
    /// Hands all objects a filter finds to `take`, in order of id. More than `most` is [`Kind::Malformed`]. `take` says
    /// what it makes of an object it did not ask for.
    pub(super) async fn each<T: DeserializeOwned + Numbered>(
        &self,
        path: &str,
        query: Query<'_>,
        most: usize,
        mut take: impl FnMut(T) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let cursor = self.release().await?.has_cursors();
        let (mut seen, mut last, mut total) = (0_usize, None::<ObjectId>, None);
        loop {
            let at = if cursor { last.map_or(0, |id| id + 1).to_string() } else { seen.to_string() };
            let mut query = query.to_vec();
            query.push(("limit", PAGE));
            if cursor {
                query.push(("start", at.as_str()));
            } else {
                query.extend([("ordering", "id"), ("offset", at.as_str())]);
            }
            let page: Page<T> = self.page(path, &query).await?;
            if *total.get_or_insert(page.count) != page.count {
                // With offsets, a row that went away moves another one out of sight.
                return Err(Self::fault(Kind::Transient, format!("{path}: the list changed while it was read")));
            }
            let (more, empty) = (page.next.is_some(), page.results.is_empty());
            for object in page.results {
                if last.is_some_and(|last| last >= object.id()) {
                    return Err(Self::fault(Kind::Malformed, format!("{path}: a list out of order")));
                }
                last = Some(object.id());
                seen += 1;
                if seen > most {
                    let what = format!("{path}: more than {most} objects");
                    return Err(Self::fault(Kind::Malformed, what));
                }
                take(object)?;
            }
            if !more {
                break;
            }
            if empty {
                return Err(Self::fault(Kind::Malformed, format!("{path}: an empty page, and more after it")));
            }
        }
        match total.flatten() {
            Some(count) if count != seen as u64 => {
                Err(Self::fault(Kind::Malformed, format!("{path}: {count} objects announced, {seen} given")))
            }
            _ => Ok(()),
        }
    }

    async fn page<T: DeserializeOwned>(&self, path: &str, query: Query<'_>) -> Result<Page<T>, Fault> {
        let mut tries = 0;
        loop {
            tries += 1;
            let answer = match self.call(Method::GET, path, query, None, None).await {
                Ok(answer) => answer,
                Err(fault) if is_dead_worker(&fault) && tries < TRIES => continue,
                Err(fault) => return Err(fault),
            };
            return self.decode(path, &answer);
        }
    }
}

/// Whether the answer was that of a worker whose database connection had died. It has a new one now.
pub(super) fn is_dead_worker(fault: &Fault) -> bool {
    fault.kind == Kind::Transient && fault.what.contains("OperationalError")
}
