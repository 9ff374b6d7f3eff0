//! NetBox over its REST API, releases 4.2 to 4.7: what we read of a device or of a whole site, and the few things we
//! write. Whole sites are read by GraphQL where the release answers our queries. The release is learned from the
//! `API-Version` of each answer.
//!
//! Every write looks first and may be called twice. A lost answer is [`Kind::Unknown`]: the caller looks again.
//! Nothing that NetBox ignores in silence is trusted: each answer is compared with what was asked for, since an
//! unknown filter returns everything, a bulk write skips ids that do not exist (4.7 refuses it), GraphQL cuts lists, and
//! `mac_address` on an interface is not stored before 4.7. `If-Match` on a bulk write (4.6) takes a list in which each
//! object's ETag has to be.
//!
//! [`Kind::Unknown`]: rackhand_core::fault::Kind::Unknown

mod address;
mod bulk;
mod cabling;
mod check;
mod client;
mod device;
mod graphql;
mod inventory;
mod macs;
mod manifest;
mod notes;
mod pages;
pub mod permissions;
mod place;
mod racks;
mod reading;
mod refusal;
mod release;
mod room;
mod setup;
mod wire;

pub use cabling::{CableEnd, InterfaceReading};
pub use check::{Readiness, unreachable};
pub use client::NetBox;
pub use device::{StatusReading, StatusWrite, TenantWrite};
pub use notes::{Note, NoteKind};
pub use reading::read_any;
pub use release::Release;

use rackhand_core::secret::Secret;

use crate::port::dial::Target;

/// Where NetBox is and how we log in.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Host, port and trust.
    pub target: Target,
    /// What stands before `/api` in its paths; usually empty.
    pub base: String,
    /// Our token.
    pub token: Token,
}

/// An API token.
#[derive(Clone, Debug)]
pub enum Token {
    /// 40 characters; sent as `Token x`. NetBox 5.0 will not take it.
    V1(Secret),
    /// `nbt_key.secret`, since 4.5; sent as `Bearer nbt_key.secret`.
    V2(Secret),
}
