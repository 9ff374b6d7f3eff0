//! Secrets that controllers give out in plain readings, taken out of a body before anything else sees it.
//!
//! iDRAC's attribute resources tell password hashes, salts and keys of every user
//! (`DellAttributes/iDRAC.Embedded.1`: `Users.N.SHA256Password`, ...); iLO's licence resource tells the whole key.

use serde_json::Value;

/// What is left in their place.
pub const REDACTED: &str = "(redacted)";

/// Last parts of names whose values are secrets, lower case.
const NAMES: [&str; 16] = [
    "password",
    "passphrase",
    "sha256password",
    "sha256passwordsalt",
    "ipmikey",
    "md5v3key",
    "sha1v3key",
    "licensekey",
    "encryptionkey",
    "authenticationkey",
    "communityname",
    "communitystring",
    "agentcommunity",
    "trapcommunity",
    "proxypassword",
    "alertmailsmtpauthpw",
];

/// Whether the value under this name is a secret: its last part, behind dots, is one of the names, or ends in one of
/// `Password`, `PasswordSalt` or `Passphrase`.
fn is_secret(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name).to_ascii_lowercase();
    NAMES.contains(&last.as_str())
        || ["password", "passwordsalt", "passphrase", "v3key"].iter().any(|end| last.ends_with(end))
}

/// Puts [`REDACTED`] in the place of every secret text. The body's nesting is bounded by then.
pub fn redact(body: &mut Value) {
    match body {
        Value::Object(object) => {
            for (name, value) in object.iter_mut() {
                match value {
                    Value::String(secret) if !secret.is_empty() && is_secret(name) => REDACTED.clone_into(secret),
                    _ => redact(value),
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(redact),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn hashes_salts_keys_and_passwords_go_and_everything_else_stays() {
        let mut body = json!({
            "Attributes": {
                "Users.2.SHA256Password": "aa", "Users.2.SHA256PasswordSalt": "bb", "Users.2.IPMIKey": "cc",
                "Users.2.MD5v3Key": "dd", "Users.2.SHA1v3Key": "ee", "Users.2.UserName": "root",
                "Users.3.SHA256Password": "", "IPMILan.1.EncryptionKey": "00", "Security.1.PasswordRequireNumbers": "Disabled",
            },
            "Password": null, "License": [{ "LicenseKey": "12345" }],
        });
        redact(&mut body);
        let text = body.to_string();
        for gone in ["\"aa\"", "\"bb\"", "\"cc\"", "\"dd\"", "\"ee\"", "\"00\"", "12345"] {
            assert!(!text.contains(gone), "{gone} in {text}");
        }
        assert_eq!(body["Attributes"]["Users.2.UserName"], "root");
        assert_eq!(body["Attributes"]["Users.3.SHA256Password"], "");
        assert_eq!(body["Attributes"]["Security.1.PasswordRequireNumbers"], "Disabled");
        assert_eq!(body["Password"], Value::Null);
    }
}
