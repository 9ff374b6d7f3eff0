//! The users under [roles]: whether this machine knows them. Names are looked up in the local files only, as the daemon
//! does.

use std::collections::BTreeMap;

use rackhand_core::id::Role;
use rackhand_rpc::doctor::Check;

use crate::rpc::group_number;

/// Users with a role, and the socket's group.
pub(super) fn check(users: &BTreeMap<String, Role>, group: Option<&str>) -> Vec<Check> {
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let groups = std::fs::read_to_string("/etc/group").unwrap_or_default();
    let mut checks = vec![known(users, &passwd)];
    if let Some(group) = group
        && let Some(number) = group_number(group)
    {
        checks.push(members(users, group, number, &passwd, &groups));
    }
    checks
}

fn known(users: &BTreeMap<String, Role>, passwd: &str) -> Check {
    let name = "users with a role";
    let is_known = |user: &&String| user.parse::<u32>().is_ok() || passwd.lines().any(|l| first(l) == user.as_str());
    let strange: Vec<&str> = users.keys().filter(|u| !is_known(u)).map(String::as_str).collect();
    match (strange.as_slice(), users.len()) {
        ([], 0) => Check::ok(name, "none; only the daemon's own user has one"),
        ([], n) => Check::ok(name, format!("all {n} are known here")),
        (strange, _) => {
            let found = format!("not in /etc/passwd: {}", strange.join(", "));
            Check::warning(name, found, "correct the name, or give the user's number where a directory service has it")
        }
    }
}

/// Who has a role and is not in the group has a role for nothing.
fn members(users: &BTreeMap<String, Role>, group: &str, number: u32, passwd: &str, groups: &str) -> Check {
    let name = "members of the socket's group";
    let listed = groups.lines().find(|l| field(l, 2).parse() == Ok(number)).map(|l| field(l, 3)).unwrap_or_default();
    let is_in = |user: &str| {
        let own = passwd.lines().find(|l| first(l) == user).map(|l| field(l, 3));
        user == "root" || listed.split(',').any(|m| m == user) || own.and_then(|g| g.parse().ok()) == Some(number)
    };
    let by_name = || users.keys().filter(|u| u.parse::<u32>().is_err());
    let outside: Vec<&str> =
        by_name().map(String::as_str).filter(|u| passwd.lines().any(|l| first(l) == *u) && !is_in(u)).collect();
    if outside.is_empty() {
        return Check::ok(name, format!("whoever has a role is in {group}, as far as the local files tell"));
    }
    let found = format!("with a role, but not in {group}: {}", outside.join(", "));
    Check::warning(name, found, format!("usermod --append --groups {group} USER; it holds from the next login on"))
}

fn first(line: &str) -> &str {
    field(line, 0)
}

fn field(line: &str, n: usize) -> &str {
    line.split(':').nth(n).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use rackhand_rpc::doctor::State;

    use super::*;

    const PASSWD: &str = "root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/:/bin/sh\nbob:x:1001:50::/:/bin/sh\n";
    const GROUPS: &str = "rackhand:x:50:carol\nalice:x:1000:\n";

    fn users(names: &[&str]) -> BTreeMap<String, Role> {
        names.iter().map(|n| ((*n).to_owned(), Role::Operator)).collect()
    }

    #[test]
    fn a_user_nobody_knows_is_told_by_name() {
        assert_eq!(known(&users(&["alice", "1007"]), PASSWD).state, State::Ok);
        let told = known(&users(&["alice", "alcie"]), PASSWD);
        assert_eq!((told.state, told.found.as_str()), (State::Warning, "not in /etc/passwd: alcie"));
    }

    #[test]
    fn a_role_without_the_sockets_group_is_told() {
        let told = |names: &[&str]| members(&users(names), "rackhand", 50, PASSWD, GROUPS);
        assert_eq!(told(&["bob", "carol", "root", "1007"]).state, State::Ok, "by first group, by list, root, unknown");
        assert_eq!(told(&["alice", "bob"]).found.as_str(), "with a role, but not in rackhand: alice");
    }
}
