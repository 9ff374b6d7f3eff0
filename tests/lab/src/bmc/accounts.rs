//! Accounts and roles: who may log in, and how each controller has them made, changed and taken away.

use std::collections::BTreeMap;

use hyper::StatusCode;
use serde_json::{Map, Value, json};

use super::tree::{Tree, filled, link, put};
use super::{Personality, Spec};

/// Where accounts are.
pub(super) const ACCOUNTS: &str = "/redfish/v1/AccountService/Accounts";
const SERVICE: &str = "/redfish/v1/AccountService";
const ROLES: &str = "/redfish/v1/AccountService/Roles";

/// iDRAC's slots. The first is of no use.
const SLOTS: u32 = 16;

/// iLO's shortest password.
const SHORTEST: usize = 8;

/// Roles with what they may.
const GRANTS: [(&str, &[&str]); 3] = [
    ("Administrator", &["Login", "ConfigureManager", "ConfigureUsers", "ConfigureSelf", "ConfigureComponents"]),
    ("Operator", &["Login", "ConfigureSelf", "ConfigureComponents"]),
    ("ReadOnly", &["Login", "ConfigureSelf"]),
];

/// Why not: status and message.
pub(super) type No = (StatusCode, &'static str);

/// One account.
#[derive(Clone, Debug)]
struct Account {
    user: String,
    password: String,
    role: String,
    enabled: bool,
}

/// What became of a change, with the properties there are none of.
pub(super) enum Changed {
    All,
    Some(Vec<String>),
    Nothing(Vec<String>),
}

/// Accounts by their id.
#[derive(Clone, Debug)]
pub(super) struct Accounts(BTreeMap<u32, Account>);

impl Accounts {
    /// The factory's own.
    pub(super) fn of(spec: &Spec) -> Self {
        let own = Account {
            user: spec.user.clone(),
            password: spec.password.clone(),
            role: GRANTS[0].0.to_owned(),
            enabled: true,
        };
        Self(BTreeMap::from([(if spec.personality.is_ilo() { 1 } else { 2 }, own)]))
    }

    /// The account these open.
    pub(super) fn admits(&self, user: &str, password: &str) -> Option<u32> {
        let fits = |a: &&Account| a.enabled && a.user == user && a.password == password;
        self.0.iter().find(|(_, a)| fits(a)).map(|(id, _)| *id)
    }

    /// What one logs in with.
    pub(super) fn user(&self, id: u32) -> &str {
        self.0.get(&id).map_or("", |a| a.user.as_str())
    }

    /// Whether this account may change more than itself.
    pub(super) fn may_change(&self, id: u32, path: &str) -> bool {
        let own = format!("{ACCOUNTS}/{id}");
        match self.0.get(&id).map(|a| a.role.as_str()) {
            Some("Administrator") => true,
            Some("Operator") => path == own || !path.starts_with(SERVICE),
            Some(_) => path == own || path.starts_with(super::bodies::SESSIONS),
            None => false,
        }
    }

    /// Makes one; its path.
    pub(super) fn create(&mut self, personality: Personality, asked: &Value) -> Result<String, No> {
        let no = |id| Err((StatusCode::BAD_REQUEST, id));
        let (Some(user), Some(password)) = (asked["UserName"].as_str(), asked["Password"].as_str()) else {
            return no("Base.1.18.PropertyMissing");
        };
        if self.0.values().any(|a| a.user == user) {
            return no("Base.1.18.ResourceAlreadyExists");
        }
        let role = asked["RoleId"].as_str().unwrap_or("ReadOnly").to_owned();
        let known = GRANTS.iter().any(|(name, _)| *name == role);
        if !known || user.is_empty() || (personality.is_ilo() && password.len() < SHORTEST) {
            return no("Base.1.18.PropertyValueFormatError");
        }
        let id = (3..=255).find(|id| !self.0.contains_key(id)).unwrap_or(256);
        self.0.insert(id, Account { user: user.to_owned(), password: password.to_owned(), role, enabled: true });
        Ok(format!("{ACCOUNTS}/{id}"))
    }

    /// Changes one; on iDRAC9 this also fills and clears slots. What cannot be changed is told property by property.
    pub(super) fn change(
        &mut self,
        personality: Personality,
        id: u32,
        asked: &Value,
        own: bool,
    ) -> Result<Changed, No> {
        let no = |status, id| Err((status, id));
        let slots = personality == Personality::Idrac9 && (2..=SLOTS).contains(&id);
        let empty = Account { user: String::new(), password: String::new(), role: "None".into(), enabled: false };
        let Some(mut account) = self.0.get(&id).cloned().or(slots.then_some(empty)) else {
            return no(StatusCode::NOT_FOUND, "Base.1.18.ResourceMissingAtURI");
        };
        let nothing = Map::new();
        let wanted: Vec<(&String, &Value)> =
            asked.as_object().unwrap_or(&nothing).iter().filter(|(key, _)| !key.contains('@')).collect();
        if wanted.is_empty() {
            return no(StatusCode::BAD_REQUEST, "Base.1.18.NoOperation");
        }
        let mut unknown = Vec::new();
        for (key, value) in &wanted {
            match (key.as_str(), value) {
                ("Password", Value::String(new)) if !personality.is_ilo() || new.len() >= SHORTEST => {
                    account.password.clone_from(new);
                }
                (_, _) if own && key.as_str() != "Password" => {
                    return no(StatusCode::FORBIDDEN, "Base.1.18.InsufficientPrivilege");
                }
                ("UserName", Value::String(new)) => account.user.clone_from(new),
                ("RoleId", Value::String(new)) if GRANTS.iter().any(|(name, _)| name == new) => {
                    account.role.clone_from(new);
                }
                ("Enabled", Value::Bool(on)) => account.enabled = *on,
                ("Password" | "UserName" | "RoleId" | "Enabled", _) => {
                    return no(StatusCode::BAD_REQUEST, "Base.1.18.PropertyValueFormatError");
                }
                _ => unknown.push((*key).clone()),
            }
        }
        if unknown.len() == wanted.len() {
            return Ok(Changed::Nothing(unknown));
        }
        if account.user.is_empty() {
            self.0.remove(&id);
        } else {
            self.0.insert(id, account);
        }
        Ok(if unknown.is_empty() { Changed::All } else { Changed::Some(unknown) })
    }

    /// Takes one away; `false` where there is none.
    pub(super) fn delete(&mut self, id: u32) -> bool {
        self.0.remove(&id).is_some()
    }

    /// Service, roles and accounts. iDRAC9 lists its sixteen slots; the others list accounts and nothing else.
    pub(super) fn serve(&self, tree: &mut Tree, spec: &Spec) {
        let ilo = spec.personality.is_ilo();
        let mut service = json!({ "@odata.type": "#AccountService.v1_5_0.AccountService", "Accounts": link(ACCOUNTS),
            "Roles": link(ROLES), "Name": "Account Service", "MinPasswordLength": if ilo { SHORTEST } else { 0 } });
        if !ilo {
            service["MaxPasswordLength"] = json!(127);
        }
        put(tree, SERVICE, service);
        let roles = GRANTS.iter().map(|(name, grants)| {
            let role = json!({ "@odata.type": "#Role.v1_2_1.Role", "Name": "User Role", "IsPredefined": true,
                "RoleId": name, "AssignedPrivileges": grants });
            ((*name).to_owned(), role)
        });
        filled(tree, ROLES, roles.collect());
        let free = Account { user: String::new(), password: String::new(), role: "None".into(), enabled: false };
        let slot = |id: u32| (id.to_string(), body(spec.personality, self.0.get(&id).unwrap_or(&free)));
        let members = match spec.personality {
            Personality::Idrac9 => (1..=SLOTS).map(slot).collect(),
            _ => self.0.keys().map(|id| slot(*id)).collect(),
        };
        filled(tree, ACCOUNTS, members);
    }
}

fn body(personality: Personality, account: &Account) -> Value {
    let mut body = json!({ "@odata.type": "#ManagerAccount.v1_3_0.ManagerAccount", "Name": "User Account",
        "Enabled": account.enabled, "Password": null, "RoleId": account.role, "UserName": account.user });
    if account.role != "None" {
        body["Links"] = json!({ "Role": link(&format!("{ROLES}/{}", account.role)) });
    }
    if personality.is_ilo() {
        // In spite of its name, this is what the web pages show.
        body["Oem"] = json!({ "Hpe": { "LoginName": "Operations" } });
    } else {
        body["Locked"] = json!(false);
    }
    body
}

/// The id in an account's path.
pub(super) fn account_of(path: &str) -> Option<u32> {
    path.strip_prefix(ACCOUNTS)?.strip_prefix('/')?.parse().ok()
}
