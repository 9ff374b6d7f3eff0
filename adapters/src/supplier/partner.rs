//! Partner APIs: JSON over HTTP in one neutral dialect, which a vendor serves as it is told here.
//!
//! **Login** is OAuth 2.0 with client credentials (RFC 6749, 4.4): `POST {url}/oauth2/token`, or `token_url`, as a form with
//! `grant_type=client_credentials`; name and secret by HTTP Basic, or in the form where `token_auth` says so. The answer
//! is 200 with `{"access_token", "token_type": "Bearer", "expires_in"}`. Each call then shows `Authorization: Bearer`. A token
//! that is refused with 401 is asked for anew, once.
//!
//! | call | what is sent | answer |
//! | --- | --- | --- |
//! | `GET /quote-requests?buyer_ref=N` | | a list: `{"ref", "buyer_ref", "status"}` |
//! | `POST /quote-requests` | a `quote-request` | what is new |
//! | `GET /quote-requests/{ref}/messages?buyer_ref=N` | | a list: `{"ref", "buyer_ref", "text"}` |
//! | `POST /quote-requests/{ref}/messages` | `{"buyer_ref", "text"}` | what is new |
//! | `POST /quote-requests/{ref}/withdrawal` | `{}` | done |
//! | `GET /quotes?buyer_ref=N` | | a list of `quote` |
//! | `GET /orders?buyer_ref=N` | | a list of `order-status` |
//! | `POST /orders` | a `purchase-order` | what is new |
//! | `POST /orders/{ref}/cancellation` | `{"reason"}` | done |
//! | `GET /shipments?buyer_ref=N` | | a list of `ship-notice` |
//!
//! **Papers** have the shape that [`mod@json`] describes; `ref` is the vendor's number, in paths too, and
//! `buyer_ref` ours: the request's of requests and quotes, the purchase order's of orders and shipments, and of messages the
//! reminder's own. In the papers that we send, `ref` and `buyer_ref` are both our number, and `parent_ref` of a purchase order
//! is the `ref` of the quote that it takes.
//!
//! **A list** has the rows of that very `buyer_ref` and no others: `{"total": 2, "items": [...]}`, `total` counting all of
//! them. We ask with `limit=50` and `offset`; a page may be shorter than `limit`, and `offset` counts rows. 20 pages are
//! read at most. A row must have `ref` and `buyer_ref`. What stands beyond what is named here is not read.
//!
//! **How it stands** is a word in each row. A request's `status` is `open`, `quoted`, `withdrawn` or `declined`; a quote's is
//! `valid` (as where it is missing), `superseded` or `expired`. An order has `verdict` (`yes`, `changed`, `no` or `cancelled`),
//! or a `status` in each line (`ordered`, `in-production`, `shipped`, `delivered` or `cancelled`); as long as it has none, the
//! vendor has not said a word on it. Another word is
//! not guessed at: it is a fault, and we look again.
//!
//! **What is new** is answered with 201 and `{"ref"}`; with 202, and `ref` where it is known, where the list shows it later
//! only; with 409 and `"code": "duplicate"` where our number is there already, which counts as taken. One that was
//! withdrawn does not count: its number may come again. **Done** is any 2xx.
//!
//! **A refusal** is any other status, with `application/problem+json` (RFC 9457): `detail`, or `title`, is shown to a person
//! word by word, and `code` behind it. 404 with such a body means that the thing is not there; 408, 425, 429 and 503 that
//! nothing was done and that we come again, after `Retry-After` in seconds where it is given. After any other 5xx to a POST,
//! or none at all, we look in the list whether it was done before anything is sent again. Redirects are not followed.
//!
//! An answer has at most 8 MiB and comes within 30 s, a list within two minutes. Nothing is pushed to us: the lists say
//! the same.

mod line;
mod list;

use std::sync::Arc;
use std::time::Duration;

use hyper::{Method, StatusCode};
use rackhand_core::fault::{Fault, Kind};
use rackhand_core::id::SellerId;
use rackhand_core::purchase::paper::{PurchaseOrder, QuoteRequest};
use rackhand_core::purchase::post::Open;
use rackhand_core::secret::Secret;
use rackhand_core::text::Text;
use serde_json::{Value, json};

use self::line::{LIMITS, Line};
use self::list::{List, PAGE, Page, Row};
use super::format::json;
use super::{Chase, Listed, Received, Refused, Source, State, fault};
use crate::http::{Answer, percent_encoded};
use crate::port::clock::Clock;
use crate::port::dial::{Dial, Target};

/// Pages of one list at most.
const PAGES: u32 = 20;
/// All pages of one list together, at most.
const LISTING: Duration = Duration::from_secs(120);

/// How name and secret are sent for a token (RFC 6749, 2.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenAuth {
    /// By HTTP Basic.
    Basic,
    /// In the form.
    Post,
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
    /// How both are sent for a token.
    pub token_auth: TokenAuth,
}

/// A partner API.
#[derive(Clone, Debug)]
pub struct Partner {
    id: SellerId,
    line: Arc<Line>,
}

impl Partner {
    /// The API at the place the settings name. Nothing is sent yet.
    pub fn new(id: SellerId, dial: Arc<dyn Dial>, clock: Clock, settings: Settings) -> Self {
        Self { id, line: Arc::new(Line::new(id, dial, clock, settings)) }
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
        Ok(rows.into_iter().next().map(|row| row.reference))
    }

    /// As [`super::Seller::send_request`].
    pub async fn send_request(&self, request: &QuoteRequest) -> Result<Text, Fault> {
        self.create(List::Requests, &request.number, json::quote_request(request, self.id)).await
    }

    /// As [`super::Seller::send_order`].
    pub async fn send_order(&self, order: &PurchaseOrder) -> Result<Text, Fault> {
        self.create(List::Orders, &order.number, json::purchase_order(order, self.id)).await
    }

    /// As [`super::Seller::chase`].
    pub async fn chase(&self, chase: &Chase) -> Result<Text, Fault> {
        let request = self.known(List::Requests, &chase.request).await?;
        let body = json!({ "buyer_ref": chase.number, "text": chase.text });
        self.create(List::Messages(&request.reference), &chase.number, body.to_string()).await
    }

    /// As [`super::Seller::withdraw`].
    pub async fn withdraw(&self, number: &Text) -> Result<Text, Fault> {
        let request = self.known(List::Requests, number).await?;
        if request.state == State::Cancelled {
            return Ok(Text::from(format!("{} is withdrawn already", request.reference)));
        }
        self.end(List::Requests, &request.reference, "withdrawal", &json!({})).await?;
        Ok(Text::from(format!("{} withdrawn", request.reference)))
    }

    /// As [`super::Seller::cancel_order`].
    pub async fn cancel_order(&self, order: &PurchaseOrder, reason: &Text) -> Result<Text, Fault> {
        let found = self.find_order(order).await?;
        let order = found.ok_or_else(|| self.not_there(List::Orders, &order.number))?;
        if order.state == State::Cancelled {
            return Ok(Text::from(format!("{} is cancelled already", order.reference)));
        }
        self.end(List::Orders, &order.reference, "cancellation", &json!({ "reason": reason })).await?;
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
            match row.paper(list) {
                Ok(None) => {}
                Ok(Some(paper)) => into.papers.push((paper, Source::List)),
                Err(flaws) => into.refused.push(Refused { what: row.reference, flaws }),
            }
        }
        Ok(())
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
            if let Some(why) = order.and_then(|o| row.denies(o)) {
                let what = format!("{number} is there as {} and is another order: {why}", row.reference);
                return Err(fault(self.id, Kind::Conflict, what).advise(
                    "Ask the vendor who sent it. Cancel this order and approve it anew under another number.",
                ));
            }
            let state = row.state(list).map_err(|word| {
                let what = format!("{}: {} is {word}, and nobody told us what that means", list.word(), row.reference);
                self.malformed(what)
            })?;
            let listed = Listed { reference: row.reference, state };
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
    async fn create(&self, list: List<'_>, number: &Text, body: String) -> Result<Text, Fault> {
        let path = list.path();
        let answer = self.line.send(Method::POST, &path, Some(body.into())).await?;
        let said = answer.json_within(&LIMITS).unwrap_or_default();
        let made = said["ref"].as_str().map(Text::new);
        match answer.status {
            StatusCode::CONFLICT if said["code"] == "duplicate" => {
                // It has it once. Whether that is ours as we would send it now, its quote or confirmation tells.
                let found = self.find_after(list, number).await;
                Ok(found.unwrap_or_else(|| Text::from(format!("{number} is there already"))))
            }
            StatusCode::ACCEPTED => Ok(made.unwrap_or_else(|| Text::new("accepted"))),
            status if status.is_success() => made.ok_or_else(|| {
                // It has acted, and what it says of it is not to be understood.
                fault(self.id, Kind::Unknown, format!("POST {}: an answer without a number", list.word()))
            }),
            _ => Err(self.line.refusal(&Method::POST, &path, &answer, complaint(&answer))),
        }
    }

    async fn find_after(&self, list: List<'_>, number: &Text) -> Option<Text> {
        match list {
            List::Messages(_) => None,
            _ => Some(self.find(list, number).await.ok()??.reference),
        }
    }

    /// Ends what the vendor has under this number of its own.
    async fn end(&self, list: List<'_>, reference: &str, how: &str, body: &Value) -> Result<(), Fault> {
        let path = format!("{}/{}/{how}", list.path(), percent_encoded(reference));
        let answer = self.line.send(Method::POST, &path, Some(body.to_string().into())).await?;
        if answer.status.is_success() {
            return Ok(());
        }
        Err(self.line.refusal(&Method::POST, &path, &answer, complaint(&answer)))
    }

    /// The rows of a list that carry this reference.
    async fn rows(&self, list: List<'_>, number: &Text) -> Result<Vec<Row>, Fault> {
        let all = self.line.clock().timeout(LISTING, self.pages(list, number)).await;
        all.unwrap_or_else(|| {
            let what = format!("{}: no whole list within {} s", list.word(), LISTING.as_secs());
            Err(fault(self.id, Kind::Transient, what))
        })
    }

    async fn pages(&self, list: List<'_>, number: &Text) -> Result<Vec<Row>, Fault> {
        let (mut rows, mut values) = (Vec::new(), 0);
        for _ in 0..PAGES {
            let path = list.page(number, rows.len());
            let answer = self.line.read(&path).await?;
            if !answer.status.is_success() {
                return Err(self.line.refusal(&Method::GET, &path, &answer, complaint(&answer)));
            }
            let told = |e: String| self.malformed(format!("{}: {e}", list.word()));
            Line::bounded(&answer, &mut values).map_err(|e| told(e.to_owned()))?;
            let page: Page<'_> = serde_json::from_slice(&answer.body).map_err(|e| told(format!("not a list: {e}")))?;
            if page.items.len() > PAGE {
                return Err(told(format!("{} rows in a page of {PAGE}", page.items.len())));
            }
            let read = page.items.iter().map(|raw| Row::read(raw)).collect::<Result<Vec<_>, _>>().map_err(told)?;
            if let Some(other) = read.iter().find(|row| !row.ours.eq_ignore_ascii_case(number)) {
                let what = format!("`{}` where `{number}` was asked for; the filter was ignored", other.ours);
                return Err(told(what));
            }
            let empty = read.is_empty();
            rows.extend(read);
            if rows.len() as u64 >= page.total {
                return Ok(rows);
            }
            if empty {
                // Rows went away while we read; the next look is whole.
                return Err(fault(self.id, Kind::Transient, format!("{}: the list changed meanwhile", list.word())));
            }
        }
        Err(self.malformed(format!("{}: more than {PAGES} pages for one number; the filter was ignored", list.word())))
    }

    fn malformed(&self, what: String) -> Fault {
        fault(self.id, Kind::Malformed, what).advise("Hold the vendor's API description against the adapter's.")
    }
}

/// The vendor's words in a refusal.
fn complaint(answer: &Answer) -> Option<Text> {
    let body = answer.json_within(&LIMITS).ok()?;
    let words = body["detail"].as_str().or_else(|| body["title"].as_str())?;
    Some(Text::from(body["code"].as_str().map_or(words.to_owned(), |code| format!("{words} ({code})"))))
}
