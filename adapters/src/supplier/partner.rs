//! Partner APIs: JSON over HTTP with OAuth 2.0 (RFC 6749, client credentials). Neither HPE nor Dell publishes theirs; the
//! shapes in `hpe` and `dell` are plausible and are to be adjusted to the contract the business gets. What both have:
//! lists that are searched by our reference and come in pages, 201 or 202 for what is new, 409 for a reference that is
//! there already, 429 with `Retry-After`. Notices pushed to us are not used: the lists say the same.

mod dell;
mod hpe;
mod line;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use hyper::{Method, StatusCode};
use rackhand_core::fault::{Fault, Kind};
use rackhand_core::id::SellerId;
use rackhand_core::purchase::paper::{Paper, PurchaseOrder, QuoteRequest};
use rackhand_core::purchase::post::Open;
use rackhand_core::secret::Secret;
use rackhand_core::text::Text;

use self::line::Line;
use self::wire::{Entry, List, Post, Reading, Wire};
use super::{Chase, Listed, Received, Refused, Source, State, fault};
use crate::http::percent_encoded;
use crate::port::clock::Clock;
use crate::port::dial::{Dial, Target};

/// Pages of one list at most.
const PAGES: u32 = 20;
/// All pages of one list together, at most.
const LISTING: Duration = Duration::from_secs(120);

/// Which API it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// HPE's.
    Hpe,
    /// Dell's.
    Dell,
}

/// Where the API is and how we log in.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Host, port and trust.
    pub target: Target,
    /// What stands before the paths.
    pub base: String,
    /// Where tokens come from, where that is another host.
    pub token: Option<(Target, String)>,
    /// Our name.
    pub client: String,
    /// Our secret.
    pub secret: Secret,
    /// Which API it is.
    pub dialect: Dialect,
}

/// A partner API.
#[derive(Clone, Debug)]
pub struct Partner {
    id: SellerId,
    line: Arc<Line>,
    wire: &'static dyn Wire,
}

impl Partner {
    /// The API at the place the settings name. Nothing is sent yet.
    pub fn new(id: SellerId, dial: Arc<dyn Dial>, clock: Clock, settings: Settings) -> Self {
        let wire: &'static dyn Wire = match settings.dialect {
            Dialect::Hpe => &hpe::Hpe,
            Dialect::Dell => &dell::Dell,
        };
        Self { id, line: Arc::new(Line::new(id, dial, clock, settings, wire.grant())), wire }
    }

    /// Fetches a token, and asks for nothing by it.
    ///
    /// # Errors
    /// [`rackhand_core::fault::Kind::Unauthorised`] where name or secret is not taken; otherwise as the connection fails.
    pub async fn log_in(&self) -> Result<(), Fault> {
        self.line.log_in().await.map(drop)
    }

    /// As [`super::Seller::find_request`].
    pub async fn find_request(&self, number: &Text) -> Result<Option<Listed>, Fault> {
        self.find(List::Requests, number).await
    }

    /// As [`super::Seller::find_order`].
    pub async fn find_order(&self, order: &PurchaseOrder) -> Result<Option<Listed>, Fault> {
        self.find_with(List::Orders, &order.number, Some(order)).await
    }

    /// As [`super::Seller::find_chase`].
    pub async fn find_chase(&self, request: &Text, number: &Text) -> Result<Option<Text>, Fault> {
        let request = self.known(List::Requests, request).await?;
        let rows = self.rows(List::Messages(&request.reference), number).await?;
        let mut found = None;
        for row in rows {
            let entry = self.entry(List::Messages(&request.reference), number, &row)?;
            found.get_or_insert(entry.reference);
        }
        Ok(found)
    }

    /// As [`super::Seller::send_request`].
    pub async fn send_request(&self, request: &QuoteRequest) -> Result<Text, Fault> {
        self.create(Post::Request(request), List::Requests, &request.number).await
    }

    /// As [`super::Seller::send_order`].
    pub async fn send_order(&self, order: &PurchaseOrder) -> Result<Text, Fault> {
        self.create(Post::Order(order), List::Orders, &order.number).await
    }

    /// As [`super::Seller::chase`].
    pub async fn chase(&self, chase: &Chase) -> Result<Text, Fault> {
        let request = self.known(List::Requests, &chase.request).await?;
        let of = &request.reference;
        self.create(Post::Message { of, chase }, List::Messages(of), &chase.number).await
    }

    /// As [`super::Seller::withdraw`].
    pub async fn withdraw(&self, number: &Text) -> Result<Text, Fault> {
        let request = self.known(List::Requests, number).await?;
        if request.state == State::Cancelled {
            return Ok(Text::from(format!("{} is withdrawn already", request.reference)));
        }
        self.end(Post::Withdraw { of: &request.reference }).await?;
        Ok(Text::from(format!("{} withdrawn", request.reference)))
    }

    /// As [`super::Seller::cancel_order`].
    pub async fn cancel_order(&self, order: &PurchaseOrder, reason: &Text) -> Result<Text, Fault> {
        let found = self.find_order(order).await?;
        let order = found.ok_or_else(|| self.not_there(List::Orders, &order.number))?;
        if order.state == State::Cancelled {
            return Ok(Text::from(format!("{} is cancelled already", order.reference)));
        }
        self.end(Post::Cancel { of: &order.reference, reason }).await?;
        Ok(Text::from(format!("{} cancelled", order.reference)))
    }

    /// As [`super::Seller::papers`].
    pub async fn papers(&self, open: &[Open]) -> Result<Received, Fault> {
        let mut received = Received::default();
        for open in open {
            match open {
                Open::Request(number) => self.read(List::Quotes, number, &mut received).await?,
                Open::Order(number) => {
                    self.read(List::Orders, number, &mut received).await?;
                    self.read(List::Shipments, number, &mut received).await?;
                }
            }
        }
        Ok(received)
    }

    async fn read(&self, list: List<'_>, number: &Text, into: &mut Received) -> Result<(), Fault> {
        for row in self.rows(list, number).await? {
            self.entry(list, number, &row)?;
            match self.paper(list, &row) {
                Ok(None) => {}
                Ok(Some(paper)) => into.papers.push((paper, Source::List)),
                Err((what, flaws)) => into.refused.push(Refused { what, flaws }),
            }
        }
        Ok(())
    }

    fn paper(&self, list: List<'_>, row: &str) -> Reading<Option<Paper>> {
        match list {
            List::Quotes => Ok(self.wire.quote(row)?.map(Paper::Quote)),
            List::Orders => Ok(self.wire.confirmation(row)?.map(Paper::Confirmation)),
            List::Shipments => Ok(Some(Paper::ShipNotice(self.wire.shipment(row)?))),
            List::Requests | List::Messages(_) => Ok(None),
        }
    }

    /// Our number in a list. What was withdrawn and sent anew counts as what it is now.
    async fn find(&self, list: List<'_>, number: &Text) -> Result<Option<Listed>, Fault> {
        self.find_with(list, number, None).await
    }

    /// The same; where `order` is told, what is there under its number must be that order.
    async fn find_with(
        &self,
        list: List<'_>,
        number: &Text,
        order: Option<&PurchaseOrder>,
    ) -> Result<Option<Listed>, Fault> {
        let mut found: Option<Listed> = None;
        for row in self.rows(list, number).await? {
            let entry = self.entry(list, number, &row)?;
            if let Some(why) = order.and_then(|o| self.wire.contents(&row).denies(o)) {
                let what = format!("{number} is there as {} and is another order: {why}", entry.reference);
                return Err(fault(self.id, Kind::Conflict, what).advise(
                    "Ask the vendor who sent it. Cancel this order and approve it anew under another number.",
                ));
            }
            let Some(state) = self.wire.state(list, &entry.status) else {
                let what = format!(
                    "{}: {} is `{}`, and nobody told us what that means",
                    list.word(),
                    entry.reference,
                    entry.status
                );
                return Err(self.malformed(what));
            };
            let listed = Listed { reference: entry.reference, state };
            match &found {
                Some(other) if other.state != State::Cancelled && state != State::Cancelled => {
                    let what = format!("{number} is there twice, as {} and {}", other.reference, listed.reference);
                    return Err(fault(self.id, Kind::Conflict, what)
                        .advise("Have the vendor cancel one of the two; then retry."));
                }
                Some(other) if other.state != State::Cancelled => {}
                _ => found = Some(listed),
            }
        }
        Ok(found)
    }

    /// The same, where it must be there.
    async fn known(&self, list: List<'_>, number: &Text) -> Result<Listed, Fault> {
        let found = self.find(list, number).await?;
        found.ok_or_else(|| self.not_there(list, number))
    }

    fn not_there(&self, list: List<'_>, number: &Text) -> Fault {
        fault(self.id, Kind::Gone, format!("{}: {number} is not there", list.word()))
            .advise("Ask the vendor whether it has it under another number.")
    }

    /// Makes something that carries our number.
    async fn create(&self, post: Post<'_>, list: List<'_>, number: &Text) -> Result<Text, Fault> {
        let (path, body) = self.wire.post(post);
        let answer = self.line.send(Method::POST, &path, Some(body)).await?;
        match answer.status {
            StatusCode::CONFLICT if self.wire.duplicate(&answer.body) => {
                // It has it once. Whether that is ours as we would send it now, its quote or confirmation tells.
                let found = self.find_after(list, number).await;
                Ok(found.unwrap_or_else(|| Text::from(format!("{number} is there already"))))
            }
            StatusCode::ACCEPTED => Ok(self.wire.made(&answer.body).unwrap_or_else(|| Text::new("accepted"))),
            status if status.is_success() => self.wire.made(&answer.body).ok_or_else(|| {
                // It has acted, and what it says of it is not to be understood.
                fault(self.id, Kind::Unknown, format!("POST {}: an answer without a number", list.word()))
            }),
            _ => Err(self.line.refusal(&Method::POST, &path, &answer, self.wire.complaint(&answer.body))),
        }
    }

    async fn find_after(&self, list: List<'_>, number: &Text) -> Option<Text> {
        match list {
            List::Messages(_) => None,
            _ => Some(self.find(list, number).await.ok()??.reference),
        }
    }

    async fn end(&self, post: Post<'_>) -> Result<(), Fault> {
        let (path, body) = self.wire.post(post);
        let answer = self.line.send(Method::POST, &path, Some(body)).await?;
        if answer.status.is_success() {
            return Ok(());
        }
        Err(self.line.refusal(&Method::POST, &path, &answer, self.wire.complaint(&answer.body)))
    }

    /// The rows of a list that carry this reference, as they stand in the answers.
    async fn rows(&self, list: List<'_>, number: &Text) -> Result<Vec<String>, Fault> {
        let all = self.line.clock().timeout(LISTING, self.pages(list, number)).await;
        all.unwrap_or_else(|| {
            let what = format!("{}: no whole list within {} s", list.word(), LISTING.as_secs());
            Err(fault(self.id, Kind::Transient, what))
        })
    }

    async fn pages(&self, list: List<'_>, number: &Text) -> Result<Vec<String>, Fault> {
        let mut rows = Vec::new();
        for page in 0..PAGES {
            let path = self.wire.list(list, &percent_encoded(number), page);
            let answer = self.line.read(&path).await?;
            if !answer.status.is_success() {
                return Err(self.line.refusal(&Method::GET, &path, &answer, self.wire.complaint(&answer.body)));
            }
            Line::bounded(&answer).map_err(|e| self.malformed(format!("{}: {e}", list.word())))?;
            let read = self.wire.page(list, &answer.body, page, rows.len());
            let read = read.map_err(|e| self.malformed(format!("{}: {e}", list.word())))?;
            let empty = read.rows.is_empty();
            rows.extend(read.rows);
            if read.last {
                return Ok(rows);
            }
            if empty {
                // Rows went away while we read; the next look is whole.
                return Err(fault(self.id, Kind::Transient, format!("{}: the list changed meanwhile", list.word())));
            }
        }
        Err(self.malformed(format!("{}: more than {PAGES} pages for one number; the filter was ignored", list.word())))
    }

    /// A row's own numbers, and that it is one we asked for.
    fn entry(&self, list: List<'_>, number: &Text, row: &str) -> Result<Entry, Fault> {
        let entry = self.wire.entry(list, row).map_err(|e| self.malformed(format!("{}: {e}", list.word())))?;
        if !entry.ours.eq_ignore_ascii_case(number) {
            let what =
                format!("{}: `{}` where `{number}` was asked for; the filter was ignored", list.word(), entry.ours);
            return Err(self.malformed(what));
        }
        Ok(entry)
    }

    fn malformed(&self, what: String) -> Fault {
        fault(self.id, Kind::Malformed, what).advise("Hold the vendor's API description against the adapter's.")
    }
}
