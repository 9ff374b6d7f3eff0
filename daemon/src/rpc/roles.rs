//! Who is who: Unix users and their roles.

use std::collections::BTreeMap;

use rackhand_core::id::Role;
use rackhand_core::text::Text;

/// Which Unix user has which role.
#[derive(Clone, Debug, Default)]
pub struct Roles {
    /// By user name.
    pub users: BTreeMap<String, Role>,
    /// The role of the user the daemon runs as, so that a fresh installation can be used at all.
    pub own: Option<Role>,
}

impl Roles {
    /// Name and role of a Unix user.
    pub fn of(&self, uid: u32) -> (Text, Option<Role>) {
        let name = user_name(uid);
        let listed = self.users.get(name.as_str()).copied();
        let own = (uid == rustix::process::geteuid().as_raw()).then_some(self.own).flatten();
        (name, listed.or(own))
    }
}

/// The user's name from the local passwd file, else the number. Names from a directory service are configured by number.
pub fn user_name(uid: u32) -> Text {
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let found = passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then_some(name)
    });
    found.map_or_else(|| Text::from(uid.to_string()), Text::new)
}

/// The number of a group, from the local group file; a number stands for itself.
pub fn group_number(name: &str) -> Option<u32> {
    let groups = std::fs::read_to_string("/etc/group").unwrap_or_default();
    let mut lines = groups.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let listed = lines.find(|fields| fields.first() == Some(&name)).and_then(|fields| fields.get(2)?.parse().ok());
    listed.or_else(|| name.parse().ok())
}
