//! Collections (DSP0266): whole, by `$expand`, or member by member, page by page.

use hyper::Method;
use rackhand_core::bmc::reading::Unread;
use rackhand_core::fault::{Fault, Kind};
use rackhand_core::text::Text;
use serde_json::Value;

use super::client::Talk;
use super::wire::{MAX_LISTED, link, list, local_path};
use crate::http::measure;

/// Members read one by one at most. Firmware inventories have the most: some 200.
const MAX_MEMBERS: usize = 512;

/// Pages followed at most.
const MAX_PAGES: usize = 64;

/// Bytes of JSON one collection may come in, all pages or members together.
const MAX_BYTES: usize = 4 << 20;

/// Values in them.
const MAX_VALUES: usize = 200_000;

impl Talk {
    /// The members' bodies, in their order, filled in by `expand` where the service offers it. What a member link leads
    /// to and is not there any more is left out.
    pub(super) async fn members(&mut self, path: &str, expand: Option<&'static str>) -> Result<Vec<Value>, Fault> {
        let now = self.client.clock.now();
        if let Some(expand) = expand.filter(|_| !self.line.expand_refused(path, now))
            && let Some(members) = self.expanded(path, expand).await?
        {
            return Ok(members);
        }
        let (listed, more) = self.pages(path.to_owned(), MAX_MEMBERS, |_| true).await?;
        if more {
            self.cut(path, listed.len());
        }
        self.filled(path, listed).await
    }

    /// The members by `$expand`; `None` where the service refuses it or answers with links all the same, which is then
    /// remembered.
    async fn expanded(&mut self, path: &str, expand: &str) -> Result<Option<Vec<Value>>, Fault> {
        let asked = self.pages(format!("{path}?{expand}"), MAX_LISTED, |_| true).await;
        match asked {
            Ok((members, more)) if members.iter().any(is_link) => {
                self.line.remember_refused_expand(path, self.client.clock.now());
                if more {
                    self.cut(path, members.len());
                }
                self.filled(path, members).await.map(Some)
            }
            Ok((members, more)) => {
                if more {
                    self.cut(path, members.len());
                }
                Ok(Some(members))
            }
            // Too much at once is a refusal, too.
            Err(fault) if matches!(fault.kind, Kind::Rejected | Kind::Gone | Kind::Malformed) => {
                self.line.remember_refused_expand(path, self.client.clock.now());
                Ok(None)
            }
            Err(fault) => Err(fault),
        }
    }

    /// Members that are only links, replaced by what they lead to.
    async fn filled(&mut self, of: &str, listed: Vec<Value>) -> Result<Vec<Value>, Fault> {
        let mut members = Vec::new();
        let mut spent = Spent::default();
        for member in self.first(of, &listed, MAX_MEMBERS).to_vec() {
            if !is_link(&member) {
                members.push(member);
                continue;
            }
            let Some(path) = link(&member, &[]) else { continue };
            match self.send(&Method::GET, &path, None, None).await.and_then(|answer| {
                spent.add(&answer.body);
                self.body(&path, &answer)
            }) {
                Ok(_) if spent.is_too_much() => {
                    return Err(self.fault(Kind::Malformed, "the members of a collection are over 4 MiB"));
                }
                Ok(body) => members.push(body),
                Err(fault) if fault.kind == Kind::Gone => {}
                Err(fault) => return Err(fault),
            }
        }
        Ok(members)
    }

    /// The `Members` of all pages as they are listed, and whether there is more: up to `most`, as long as `wanted`
    /// says so of a page. iDRAC's logs answer a page behind the last with an error ("out of range"); that is their
    /// end.
    pub(super) async fn pages(
        &mut self,
        path: String,
        most: usize,
        mut wanted: impl FnMut(&[Value]) -> bool,
    ) -> Result<(Vec<Value>, bool), Fault> {
        let mut members = Vec::new();
        let mut next = Some(path);
        let mut page = 0;
        let mut spent = Spent::default();
        while let Some(path) = next.take() {
            let answer = self.send(&Method::GET, &path, None, None).await?;
            if page > 0 && answer.status.is_client_error() {
                break;
            }
            spent.add(&answer.body);
            let body = self.body(&path, &answer)?;
            let listed = list(&body, &["Members"]);
            next = next_link(&body).filter(|n| *n != path && !listed.is_empty());
            let room = most - members.len();
            let more = listed.len() > room;
            members.extend(listed.iter().take(room).cloned());
            page += 1;
            if more
                || (next.is_some()
                    && (members.len() >= most || page >= MAX_PAGES || spent.is_too_much() || !wanted(listed)))
            {
                return Ok((members, true));
            }
        }
        Ok((members, false))
    }
}

impl Talk {
    /// So many of them as are read at most. What that leaves out is told beside the reading.
    pub(super) fn first<'a, T>(&mut self, what: &str, all: &'a [T], most: usize) -> &'a [T] {
        if all.len() > most {
            self.leave_out(what, &format!("it lists {}, of which the first {most} were read", all.len()));
        }
        &all[..all.len().min(most)]
    }

    fn cut(&mut self, path: &str, read: usize) {
        self.leave_out(path, &format!("it lists more than the {read} that were read"));
    }

    /// Tells beside the reading what it does not have, and why.
    pub(super) fn leave_out(&mut self, what: &str, why: &str) {
        let fault = self.fault(Kind::Malformed, why);
        tracing::warn!(what, %fault, "not all of a BMC is read");
        self.left_out.push(Unread { what: Text::new(what), fault });
    }
}

/// What a collection has cost so far.
#[derive(Default)]
struct Spent {
    bytes: usize,
    values: usize,
}

impl Spent {
    fn add(&mut self, body: &[u8]) {
        self.bytes += body.len();
        self.values += measure(body).values;
    }

    fn is_too_much(&self) -> bool {
        self.bytes > MAX_BYTES || self.values > MAX_VALUES
    }
}

/// Where the next page is: `Members@odata.nextLink` (DSP0266 7.6), or, on some services, `@odata.nextLink`.
fn next_link(body: &Value) -> Option<String> {
    let told = body.get("Members@odata.nextLink").or_else(|| body.get("@odata.nextLink"))?;
    local_path(told.as_str().or_else(|| told.get("@odata.id")?.as_str())?)
}

/// Whether a member is a link and nothing more.
fn is_link(member: &Value) -> bool {
    member.as_object().is_some_and(|o| o.len() == 1 && o.contains_key("@odata.id"))
}
