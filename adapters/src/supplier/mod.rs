//! Those who sell us servers, each by its own channel: a partner API, cXML or e-mail. One attempt a call; what is sent
//! is looked for by our own number first, where the channel can be asked.

pub mod cxml;
pub mod format;
pub mod mail;
pub mod partner;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use rackhand_core::fault::{Fault, Kind, System};
use rackhand_core::id::SellerId;
use rackhand_core::purchase::paper::{Flaw, Paper, PurchaseOrder, QuoteRequest};
use rackhand_core::purchase::post::Open;
use rackhand_core::text::Text;

use self::cxml::Cxml;
use self::mail::Mail;
use self::partner::Partner;

/// All sellers, by their short names.
#[derive(Clone, Default)]
pub struct Sellers(pub BTreeMap<SellerId, Seller>);

impl Sellers {
    /// The seller of this name.
    pub fn get(&self, id: SellerId) -> Option<&Seller> {
        self.0.get(&id)
    }
}

/// A seller, with the way we speak to it. Clones share what they have learned of it (tokens, pauses).
#[derive(Clone, Debug)]
pub struct Seller {
    /// Its short name.
    pub id: SellerId,
    /// What people call it.
    pub title: Text,
    /// How it is spoken to.
    pub channel: Channel,
}

/// How a seller is spoken to.
#[derive(Clone, Debug)]
pub enum Channel {
    /// A partner API over HTTP. It can be asked what it has of us.
    Partner(Partner),
    /// cXML over HTTP. What the vendor has to say it posts to us.
    Cxml(Cxml),
    /// E-mail. What the vendor has to say lies in our inbox.
    Mail(Mail),
}

/// A request or order of ours that the seller's list has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The seller's own number for it.
    pub reference: Text,
    /// How it stands there.
    pub state: State,
}

/// How a request or order of ours stands with its seller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is in work or done.
    Open,
    /// It was withdrawn or cancelled by us.
    Cancelled,
    /// The seller does not want it.
    Refused,
}

/// What a seller had for us.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// The papers that were read. A partner API shows the same ones each time.
    pub papers: Vec<(Paper, Source)>,
    /// Those that were not.
    pub refused: Vec<Refused>,
}

/// Where a paper came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The seller's list, which keeps it.
    List,
    /// A file in our inbox. It stays there until [`Seller::put_away`].
    File(PathBuf),
}

/// A paper that is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Which: the seller's number for it, or the file's name.
    pub what: Text,
    /// Why.
    pub flaws: Vec<Flaw>,
}

/// A reminder of a request that is not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chase {
    /// The request's number.
    pub request: Text,
    /// Our number for the reminder, such as `RFQ-7-hpe-C1`.
    pub number: Text,
    /// What it says.
    pub text: Text,
}

impl Seller {
    /// Whether its list can be searched for our numbers. Where it can't, a person is asked before a thing is sent again.
    pub fn can_be_asked(&self) -> bool {
        match self.channel {
            Channel::Partner(_) => true,
            Channel::Cxml(_) | Channel::Mail(_) => false,
        }
    }

    /// Our request in its list; `None` where it is not there.
    ///
    /// # Errors
    /// [`Kind::Rejected`] where it can't be asked; [`Kind::Conflict`] where it has the same number twice; otherwise as
    /// the connection fails, never [`Kind::Unknown`].
    pub async fn find_request(&self, number: &Text) -> Result<Option<Listed>, Fault> {
        match &self.channel {
            Channel::Partner(partner) => partner.find_request(number).await,
            Channel::Cxml(_) | Channel::Mail(_) => Err(self.cannot_be_asked()),
        }
    }

    /// Sends a request and gives the receipt: the seller's number for it where it tells one. A seller that knows the
    /// number already has it once.
    ///
    /// # Errors
    /// [`Kind::Unknown`] where it may have arrived: look first.
    pub async fn send_request(&self, request: &QuoteRequest) -> Result<Text, Fault> {
        match &self.channel {
            Channel::Partner(partner) => partner.send_request(request).await,
            Channel::Cxml(cxml) => cxml.send_request(request).await,
            Channel::Mail(mail) => mail.send_request(request).await,
        }
    }

    /// Our reminder in its list.
    ///
    /// # Errors
    /// As [`Self::find_request`]; [`Kind::Gone`] where it has no such request.
    pub async fn find_chase(&self, request: &Text, number: &Text) -> Result<Option<Text>, Fault> {
        match &self.channel {
            Channel::Partner(partner) => partner.find_chase(request, number).await,
            Channel::Cxml(_) | Channel::Mail(_) => Err(self.cannot_be_asked()),
        }
    }

    /// Reminds it of a request.
    ///
    /// # Errors
    /// As [`Self::send_request`]; [`Kind::Gone`] where it has no such request.
    pub async fn chase(&self, chase: &Chase) -> Result<Text, Fault> {
        match &self.channel {
            Channel::Partner(partner) => partner.chase(chase).await,
            Channel::Cxml(_) => Err(self.no_word("reminded of a request")),
            Channel::Mail(mail) => mail.chase(chase).await,
        }
    }

    /// Withdraws a request. One that is withdrawn already stays so.
    ///
    /// # Errors
    /// As [`Self::send_request`]; [`Kind::Gone`] where it has no such request; [`Kind::Rejected`] with its words where it
    /// does not let us.
    pub async fn withdraw(&self, number: &Text) -> Result<Text, Fault> {
        match &self.channel {
            Channel::Partner(partner) => partner.withdraw(number).await,
            Channel::Cxml(_) => Err(self.no_word("told that a request is withdrawn")),
            Channel::Mail(mail) => mail.withdraw(number).await,
        }
    }

    /// Our purchase order in its list; `None` where it is not there.
    ///
    /// # Errors
    /// As [`Self::find_request`]; [`Kind::Conflict`] where another order has its number.
    pub async fn find_order(&self, order: &PurchaseOrder) -> Result<Option<Listed>, Fault> {
        match &self.channel {
            Channel::Partner(partner) => partner.find_order(order).await,
            Channel::Cxml(_) | Channel::Mail(_) => Err(self.cannot_be_asked()),
        }
    }

    /// Sends a purchase order and gives the receipt.
    ///
    /// # Errors
    /// As [`Self::send_request`].
    pub async fn send_order(&self, order: &PurchaseOrder) -> Result<Text, Fault> {
        match &self.channel {
            Channel::Partner(partner) => partner.send_order(order).await,
            Channel::Cxml(cxml) => cxml.send_order(order).await,
            Channel::Mail(mail) => mail.send_order(order).await,
        }
    }

    /// Cancels a purchase order. One that is cancelled already stays so.
    ///
    /// # Errors
    /// As [`Self::withdraw`]: *already shipped* is [`Kind::Rejected`] with the seller's words.
    pub async fn cancel_order(&self, order: &PurchaseOrder, reason: &Text) -> Result<Text, Fault> {
        match &self.channel {
            Channel::Partner(partner) => partner.cancel_order(order, reason).await,
            Channel::Cxml(cxml) => cxml.cancel_order(order).await,
            Channel::Mail(mail) => mail.cancel_order(&order.number, reason).await,
        }
    }

    /// What it has to say on these numbers of ours; from an inbox, whatever lies there.
    ///
    /// # Errors
    /// As [`Self::find_request`].
    pub async fn papers(&self, open: &[Open]) -> Result<Received, Fault> {
        match &self.channel {
            Channel::Partner(partner) => partner.papers(open).await,
            Channel::Cxml(_) => Ok(Received::default()),
            Channel::Mail(mail) => mail.inbox().await,
        }
    }

    /// Puts a paper that is journaled away, so that it is not read again. A list keeps its own.
    ///
    /// # Errors
    /// [`Kind::Rejected`] where the file can't be moved.
    pub async fn put_away(&self, source: &Source) -> Result<(), Fault> {
        match (&self.channel, source) {
            (Channel::Mail(mail), Source::File(file)) => mail.put_away(file).await,
            _ => Ok(()),
        }
    }

    fn cannot_be_asked(&self) -> Fault {
        fault(self.id, Kind::Rejected, "it can't be asked what it has of ours")
            .advise("Ask the vendor by phone, then say here whether it has it.")
    }

    fn no_word(&self, what: &str) -> Fault {
        fault(self.id, Kind::Rejected, format!("it can't be {what} over cXML"))
            .advise("Tell the vendor by phone or mail, then skip this step with what it said.")
    }
}

/// What went wrong once a document has left: an answer too big or out of protocol says nothing of what was done with it.
pub(crate) fn sent(fault: Fault) -> Fault {
    let kind = if fault.kind == Kind::Malformed { Kind::Unknown } else { fault.kind };
    Fault { kind, ..fault }
}

/// A fault of this seller. Its name comes first, since the system is only told as *vendor*.
pub(crate) fn fault(seller: SellerId, kind: Kind, what: impl fmt::Display) -> Fault {
    Fault::new(System::Vendor, kind, format!("{seller}: {what}"))
}
