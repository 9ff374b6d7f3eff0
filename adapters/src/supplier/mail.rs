//! E-mail: requests, reminders and orders go out by SMTP (RFC 5321) with the paper attached as CSV and JSON; what comes
//! back the mail system puts as files into an inbox. What a vendor has of us it can't be asked. A mail that is sent again
//! has the same Message-ID, so a second copy is known as one.

mod compose;
mod inbox;
mod smtp;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use lettre::Address;
use rackhand_core::fault::Fault;
use rackhand_core::id::SellerId;
use rackhand_core::purchase::paper::{PurchaseOrder, QuoteRequest};
use rackhand_core::secret::Secret;
use rackhand_core::text::Text;

use super::format::Columns;
use super::{Chase, Received};
use crate::port::clock::Clock;
use crate::port::dial::{Dial, Target};

/// The mail server, the two addresses, and the inbox.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The mail server: TLS from the start, after STARTTLS, or none.
    pub target: Target,
    /// Our account there; none where it asks for none.
    pub login: Option<(String, Secret)>,
    /// Our address.
    pub from: Address,
    /// The vendor's.
    pub to: Address,
    /// The directory the mail system puts attachments into.
    pub inbox: Option<PathBuf>,
    /// How this vendor's tables are read.
    pub columns: Columns,
}

/// Why a text is no address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAnAddress;

/// A plain address of ASCII letters, such as `orders@example.com`.
pub fn address(text: &str) -> Result<Address, NotAnAddress> {
    if !text.is_ascii() || text.len() > 254 {
        return Err(NotAnAddress);
    }
    text.parse().map_err(|_| NotAnAddress)
}

/// A vendor that is written to.
#[derive(Clone)]
pub struct Mail {
    id: SellerId,
    dial: Arc<dyn Dial>,
    clock: Clock,
    settings: Arc<Settings>,
}

impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mail").field("id", &self.id).field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Mail {
    /// The vendor behind the addresses the settings name. Nothing is sent yet.
    pub fn new(id: SellerId, dial: Arc<dyn Dial>, clock: Clock, settings: Settings) -> Self {
        Self { id, dial, clock, settings: Arc::new(settings) }
    }

    /// Writes a request for a quote.
    pub(super) async fn send_request(&self, request: &QuoteRequest) -> Result<Text, Fault> {
        self.deliver(compose::request(request, self.id)).await
    }

    /// Writes a reminder.
    pub(super) async fn chase(&self, chase: &Chase) -> Result<Text, Fault> {
        self.deliver(compose::chase(chase)).await
    }

    /// Writes that a request is withdrawn.
    pub(super) async fn withdraw(&self, number: &Text) -> Result<Text, Fault> {
        self.deliver(compose::withdrawal(number)).await
    }

    /// Writes an order.
    pub(super) async fn send_order(&self, order: &PurchaseOrder) -> Result<Text, Fault> {
        self.deliver(compose::order(order, self.id)).await
    }

    /// Writes that an order is taken back.
    pub(super) async fn cancel_order(&self, number: &Text, reason: &Text) -> Result<Text, Fault> {
        self.deliver(compose::cancellation(number, reason)).await
    }

    /// What lies in the inbox.
    pub(super) async fn inbox(&self) -> Result<Received, Fault> {
        let Some(dir) = self.settings.inbox.clone() else { return Ok(Received::default()) };
        inbox::read(self.id, dir, self.settings.columns.clone()).await
    }

    /// Puts a file of the inbox away.
    pub(super) async fn put_away(&self, file: &Path) -> Result<(), Fault> {
        let Some(dir) = self.settings.inbox.clone() else { return Ok(()) };
        inbox::put_away(self.id, dir, file.to_owned()).await
    }

    async fn deliver(&self, letter: compose::Letter) -> Result<Text, Fault> {
        let message = letter.message(&self.settings.from, &self.settings.to, self.clock.now());
        let message = message.map_err(|e| super::fault(self.id, rackhand_core::fault::Kind::Rejected, e))?;
        smtp::deliver(self.id, &*self.dial, &self.clock, &self.settings, &message).await
    }
}
