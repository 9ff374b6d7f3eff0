//! How each controller words success and refusal.

use hyper::StatusCode;
use serde_json::{Value, json};

use super::Personality;
use crate::host::Reply;

/// An `error` object with these message ids. iLO sends ids without text, and a code of its own.
pub(super) fn extended(personality: Personality, ids: &[&str]) -> Value {
    if personality.is_ilo() {
        let infos: Vec<Value> = ids.iter().map(|id| json!({ "MessageId": id })).collect();
        return json!({ "error": {
            "code": "iLO.0.10.ExtendedInfo",
            "message": "See @Message.ExtendedInfo for more information.",
            "@Message.ExtendedInfo": infos,
        }});
    }
    let infos: Vec<Value> = ids
        .iter()
        .map(|id| json!({ "MessageId": id, "Message": sentence(id), "MessageArgs": "[]", "Severity": "Warning" }))
        .collect();
    json!({ "error": {
        "code": "Base.1.18.GeneralError",
        "message": "A general error has occurred. See ExtendedInfo for more information",
        "@Message.ExtendedInfo": infos,
    }})
}

/// Messages with this id, one for each of these properties.
pub(super) fn about(personality: Personality, id: &str, properties: &[String]) -> Vec<Value> {
    let one = |property: &String| {
        let mut info =
            json!({ "MessageId": id, "MessageArgs": [property], "RelatedProperties": [format!("/{property}")] });
        if !personality.is_ilo() {
            info["Message"] = json!(sentence(id));
        }
        info
    };
    properties.iter().map(one).collect()
}

/// A refusal because of these properties.
pub(super) fn refused_about(personality: Personality, id: &str, properties: &[String]) -> Reply {
    let mut body = extended(personality, &[id]);
    body["error"]["@Message.ExtendedInfo"] = Value::from(about(personality, id, properties));
    Reply::json(StatusCode::BAD_REQUEST, &body)
}

fn sentence(id: &str) -> &'static str {
    match id.rsplit('.').next() {
        Some("RAC0218") => "No session is free.",
        Some("PSU501") => "The server is on.",
        Some("PSU502") => "The server is off.",
        _ => "Refused.",
    }
}

/// A refusal.
pub(super) fn refused(personality: Personality, status: StatusCode, ids: &[&str]) -> Reply {
    Reply::json(status, &extended(personality, ids))
}

/// A change that was taken: iLO answers with an `error` object that says `Success`, iDRAC with extended info.
pub(super) fn taken(personality: Personality) -> Reply {
    if personality.is_ilo() {
        return Reply::json(StatusCode::OK, &extended(personality, &["Base.1.18.Success"]));
    }
    Reply::json(
        StatusCode::OK,
        &json!({ "@Message.ExtendedInfo": [
            { "MessageId": "Base.1.18.Success", "Message": "Done.", "MessageArgs": [] },
            { "MessageId": "IDRAC.2.9.SYS413", "Message": "Done.", "MessageArgs": [] },
        ]}),
    )
}

/// A wrong login, or none.
pub(super) fn unauthorised(personality: Personality, login: bool) -> Reply {
    let id = match (personality.is_ilo(), login) {
        (true, true) => "iLO.2.31.UnauthorizedLoginAttempt",
        (true, false) => "Base.1.18.NoValidSession",
        (false, true) => "IDRAC.2.9.RAC0212",
        (false, false) => "Base.1.18.NoValidSession",
    };
    refused(personality, StatusCode::UNAUTHORIZED, &[id])
}
