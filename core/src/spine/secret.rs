//! Secrets: a type that cannot be printed, compared, serialised or logged.

use std::fmt;

use super::text::Text;

/// A password or token. `Debug` shows nothing of it, there is no `Display` and no `Serialize`.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Takes the secret in.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// Gives the secret out, at the one place where it goes onto the wire.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// The account of a BMC as it was given for one server. `Debug` shows the user name only.
#[derive(Clone, Debug)]
pub struct Account {
    /// The user name; `None` is the one its maker gives.
    pub user: Option<Text>,
    /// The password.
    pub password: Secret,
}

impl Account {
    /// Characters of a password at the most; BMCs take 20 to 40.
    pub const MOST: usize = 128;

    /// An account with this password; `None` where no BMC could have it: empty, too long, or with control characters.
    pub fn new(user: Option<Text>, password: &str) -> Option<Self> {
        let fits = (1..=Self::MOST).contains(&password.chars().count()) && !password.chars().any(char::is_control);
        fits.then(|| Self { user: user.filter(|u| !u.is_empty()), password: Secret::new(password) })
    }
}

/// Whether the same was given again.
impl PartialEq for Account {
    fn eq(&self, other: &Self) -> bool {
        self.user == other.user && self.password.reveal() == other.password.reveal()
    }
}

impl Eq for Account {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        // Without `unsafe` this cannot be promised; filling before the free takes it out of reused heap at least.
        let mut bytes = std::mem::take(&mut self.0).into_bytes();
        bytes.fill(0);
        std::hint::black_box(&bytes);
    }
}
