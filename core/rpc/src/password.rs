//! An account with its password on the wire between console and daemon: in a request only, never in an answer.

use rackhand_core::secret::Account;
use rackhand_core::text::Text;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An account for one server's BMC. `Debug` shows the user name only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given(pub Account);

#[derive(Serialize, Deserialize)]
struct Wire<'a> {
    user: Option<Text>,
    password: std::borrow::Cow<'a, str>,
}

impl Serialize for Given {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        Wire { user: self.0.user.clone(), password: self.0.password.reveal().into() }.serialize(to)
    }
}

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let Wire { user, password } = Wire::deserialize(from)?;
        Account::new(user, &password).map(Self).ok_or_else(|| D::Error::custom("not a password"))
    }
}
