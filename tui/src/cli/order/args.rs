//! What can be said of orders on a command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use rackhand_core::id::{OrderId, SellerId, SiteId};
use rackhand_core::mac::Mac;
use rackhand_core::order::{OrderState, Wish};
use rackhand_core::purchase::money::Currency;
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;

use super::line::{QuotedLine, quoted, wish};
use crate::cli::args::{Sure, Typed};
use crate::cli::values::{from_day, rows, site, slug, span, to_day};

/// About orders. ORDER is its number.
#[derive(Debug, Subcommand)]
pub enum OrderVerb {
    /// Order servers for a tenant: the pool serves first, the rest is asked of vendors
    Place(Place),
    /// Orders, those first that a person must act on
    List(List),
    /// One order: its lines and servers, its offers, what it waits for, what you may do
    Show {
        /// Which
        order: OrderId,
    },
    /// The offers of an order side by side
    Compare {
        /// Which
        order: OrderId,
    },
    /// Approve an offer: who ordered never does, and large sums take two
    Approve(Approve),
    /// Say no to all offers; the order ends
    Reject(Ended),
    /// End an order; what was done for it is undone in reverse
    Cancel(Ended),
    /// Take a vendor's confirmation that is not what was ordered
    Accept(Accept),
    /// Give the tenant what is reserved for its order
    Assign {
        /// Which
        order: OrderId,
        /// That it is meant.
        #[command(flatten)]
        typed: Typed,
    },
    /// Keep a server of the pool for a line of an order, in place of one to be bought; again, for longer
    Reserve {
        /// For which
        order: OrderId,
        /// For which of its lines
        #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
        line: u16,
        /// Serial or unit id
        label: String,
        /// That it is meant.
        #[command(flatten)]
        sure: Sure,
        /// That it is meant, where the server is not what the line asks for.
        #[command(flatten)]
        typed: Typed,
    },
    /// Give a reserved server back to the pool
    Release {
        /// Serial or unit id
        label: String,
        /// Why; goes into the journal
        #[arg(long)]
        reason: String,
        /// That it is meant.
        #[command(flatten)]
        sure: Sure,
    },
    /// Say that a serial is one of the servers of an order
    Bind(Bind),
    /// What of a specification is in the ready pool: exact, better, near, each with its differences
    Stock {
        /// Such as "2x Xeon Gold 6530, 512GB DDR5, 4x 3.84TB NVMe, 2x 100GbE"
        spec: String,
        /// Only this site's; default, or any: all sites'
        #[arg(long, value_name = "SITE", value_parser = site)]
        site: Option<SiteId>,
    },
    /// Enter a vendor's paper from a file, or its offer by hand
    Quote(Quote),
    /// The purchase order as text, or as PDF
    Purchase(Purchase),
    /// Wait until an order is in a state, or further: for scripts; exit code 5 where the time is over before
    Wait(Wait),
}

/// What is ordered.
#[derive(Debug, Args)]
pub struct Place {
    /// For whom: the tenant's slug in NetBox
    #[arg(long, value_name = "SLUG", value_parser = slug, required_unless_present = "file")]
    pub tenant: Option<Text>,
    /// Where to, or any: then it goes where stock, free units, power and time serve it best. Default: the daemon's site
    #[arg(long, value_name = "SITE", value_parser = site)]
    pub site: Option<SiteId>,
    /// How many of what, such as "4: 2x Xeon Gold 6530, 512GB DDR5, 4x 3.84TB NVMe, 2x 100GbE"; again for more lines
    #[arg(long = "line", value_name = "N: SPEC", value_parser = wish, required_unless_present = "file")]
    pub lines: Vec<Wish>,
    /// The model that all lines must be: NetBox's device type by its slug
    #[arg(long, value_name = "SLUG", value_parser = slug, conflicts_with = "file")]
    pub model: Option<Text>,
    /// By when: a day, or a time in RFC 3339
    #[arg(long, value_name = "DAY", value_parser = from_day, conflicts_with = "file")]
    pub needed_by: Option<Timestamp>,
    /// Your own number or words
    #[arg(long, conflicts_with = "file")]
    pub note: Option<String>,
    /// Only this vendor is asked, by its short name; may be given more than once. Default: all that are configured
    #[arg(long = "vendor", value_name = "VENDOR", conflicts_with = "file")]
    pub vendors: Vec<SellerId>,
    /// Leave the pool alone and buy all
    #[arg(long, conflicts_with = "file")]
    pub all_new: bool,
    /// Order what was understood, where not all was
    #[arg(long)]
    pub as_understood: bool,
    /// Only say what is understood and what of it is in stock; nothing is changed
    #[arg(long)]
    pub dry_run: bool,
    /// Orders from a file: TOML, JSON or CSV by its name; `rackhand explain orders` tells what is in it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["tenant", "lines"])]
    pub file: Option<PathBuf>,
}

/// Which orders.
#[derive(Debug, Args)]
pub struct List {
    /// Words that must all be in the row; state:WORD, tenant:WORD and site:WORD look at one field
    pub filter: Vec<String>,
    /// Also those that nothing is left to be done for
    #[arg(long)]
    pub all: bool,
    /// Rows
    #[arg(long, default_value_t = 50, value_parser = rows(512))]
    pub limit: usize,
    /// First row
    #[arg(long, default_value_t = 0)]
    pub offset: usize,
}

/// An order, and why it ends.
#[derive(Debug, Args)]
pub struct Ended {
    /// Which
    pub order: OrderId,
    /// Why; goes into the journal
    #[arg(long)]
    pub reason: String,
    /// That it is meant.
    #[command(flatten)]
    pub typed: Typed,
}

/// Which offer, and what it costs.
#[derive(Debug, Args)]
pub struct Approve {
    /// Which order
    pub order: OrderId,
    /// Whose offer, by the vendor's short name
    #[arg(long)]
    pub vendor: SellerId,
    /// What it costs in all, such as 227038.00; another sum approves nothing
    #[arg(long)]
    pub amount: String,
    /// The revision that you saw. Without it, the one that stands, if it costs that amount
    #[arg(long)]
    pub revision: Option<u32>,
}

/// Which confirmation, and what it costs now.
#[derive(Debug, Args)]
pub struct Accept {
    /// Which order
    pub order: OrderId,
    /// Whose, by the vendor's short name; default: who was ordered from
    #[arg(long)]
    pub vendor: Option<SellerId>,
    /// What it costs now in all, where the confirmation says so
    #[arg(long, default_value = "")]
    pub amount: String,
    /// Why; goes into the journal
    #[arg(long)]
    pub reason: String,
    /// That it is meant, where the confirmation has no total.
    #[command(flatten)]
    pub typed: Typed,
}

/// A serial that belongs to an order.
#[derive(Debug, Args)]
pub struct Bind {
    /// Which order
    pub order: OrderId,
    /// The serial
    pub serial: String,
    /// Its BMC's MAC
    #[arg(long)]
    pub mac: Option<Mac>,
    /// Its model
    #[arg(long)]
    pub model: Option<String>,
}

/// A vendor's paper: a file, or an offer as it is typed.
#[derive(Debug, Args)]
pub struct Quote {
    /// For which order
    pub order: OrderId,
    /// Whose, by the vendor's short name; one that is not configured is taken too
    pub vendor: SellerId,
    /// The paper: JSON, CSV, cXML or X12, told apart by what is in it; an offer, a confirmation or a ship notice
    #[arg(conflicts_with_all = ["number", "lines"])]
    pub file: Option<PathBuf>,
    /// For CSV: our field and the vendor's header, such as part=SKU,unit_price="Net price"
    #[arg(long, value_name = "FIELD=HEADER", value_delimiter = ',', value_parser = column, requires = "file")]
    pub columns: Vec<(String, Text)>,
    /// The vendor's number of the quote
    #[arg(long, required_unless_present = "file")]
    pub number: Option<String>,
    /// The currency of its prices, such as EUR
    #[arg(long, required_unless_present = "file")]
    pub currency: Option<Currency>,
    /// What is offered; again for more lines. N is the line of the order that it answers, where that is not plain
    #[arg(long = "line", value_name = "[N=]PART:QTY:PRICE[:LEAD_DAYS[:WARRANTY_MONTHS[:SPEC]]]")]
    #[arg(value_parser = quoted, required_unless_present = "file")]
    pub lines: Vec<QuotedLine>,
    /// The last day on which it holds, or a time in RFC 3339
    #[arg(long, value_name = "DAY", value_parser = to_day, conflicts_with = "file")]
    pub valid_until: Option<Timestamp>,
    /// Freight, in that currency
    #[arg(long, value_name = "AMOUNT", conflicts_with = "file")]
    pub freight: Option<String>,
    /// The total as the paper states it
    #[arg(long, value_name = "AMOUNT", conflicts_with = "file")]
    pub total: Option<String>,
    /// What else it says
    #[arg(long, conflicts_with = "file")]
    pub note: Option<String>,
}

fn column(pair: &str) -> Result<(String, Text), &'static str> {
    let (field, header) = pair.split_once('=').ok_or("give FIELD=HEADER, such as part=SKU")?;
    Ok((field.trim().to_owned(), header.trim().into()))
}

/// Which purchase order.
#[derive(Debug, Args)]
pub struct Purchase {
    /// Of which order
    pub order: OrderId,
    /// Write it as PDF into this file, which must not be there yet
    #[arg(long, value_name = "FILE")]
    pub pdf: Option<PathBuf>,
}

/// What is waited for.
#[derive(Debug, Args)]
pub struct Wait {
    /// Which order
    pub order: OrderId,
    /// The state: quoting, deciding, buying, shipping, delivered in this order; or reserved, assigned, cancelled, rejected
    #[arg(value_parser = state)]
    pub state: OrderState,
    /// Also until so many vendors have made an offer
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub offers: usize,
    /// How long at the most: 60s, 5m, 2h
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = span)]
    pub timeout: Duration,
}

fn state(word: &str) -> Result<OrderState, String> {
    let found = OrderState::ALL.into_iter().find(|s| s.word() == word);
    found.ok_or_else(|| format!("one of {}", OrderState::ALL.map(OrderState::word).join(", ")))
}
