//! Message ids that matter to us, with what they mean. iLO sends ids without text, so the sentences are ours.

use rackhand_core::fault::Kind;
use rackhand_core::text::Text;
use serde_json::Value;

use super::wire::{list, text};

/// Messages read of one answer.
const MAX_MESSAGES: usize = 16;

/// One message of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Message {
    /// The last part of its id; what stands before it differs by firmware and says nothing.
    pub(super) id: String,
    /// The service's own sentence. iLO sends none.
    pub(super) said: Option<Text>,
    /// What the sentence is about.
    pub(super) args: Vec<Text>,
}

impl Message {
    /// The message in an object with a `MessageId`.
    pub(super) fn read(object: &Value) -> Option<Self> {
        let id = object.get("MessageId").or_else(|| object.get("MessageID"))?.as_str()?;
        Some(Self { id: last_part(id), said: text(object, &["Message"]), args: arguments(object) })
    }
}

/// `MessageArgs`: a list, or, in iDRAC's errors, the list as a string (`"[]"`).
fn arguments(object: &Value) -> Vec<Text> {
    let cleaned = |s: &str| Some(Text::new(s.trim().trim_matches('"'))).filter(|t| !t.is_empty());
    match object.get("MessageArgs") {
        Some(Value::String(one)) => {
            let inner = one.trim().trim_start_matches('[').trim_end_matches(']');
            inner.split(',').filter_map(cleaned).take(MAX_MESSAGES).collect()
        }
        _ => list(object, &["MessageArgs"]).iter().filter_map(|a| cleaned(a.as_str()?)).take(MAX_MESSAGES).collect(),
    }
}

/// Every message of an error or extended-info body.
pub(super) fn messages(body: &Value) -> Vec<Message> {
    let error = body.get("error").unwrap_or(body);
    let list = error.get("@Message.ExtendedInfo").or_else(|| body.get("@Message.ExtendedInfo"));
    // One message without a list around it is seen in the field.
    let infos = match list {
        Some(Value::Array(many)) => many.as_slice(),
        Some(one @ Value::Object(_)) => std::slice::from_ref(one),
        _ => &[],
    };
    let found: Vec<_> = infos.iter().take(MAX_MESSAGES).filter_map(Message::read).collect();
    if !found.is_empty() {
        return found;
    }
    let code = error.get("code").and_then(Value::as_str);
    code.map(|code| Message { id: last_part(code), said: text(error, &["message"]), args: Vec::new() })
        .into_iter()
        .collect()
}

fn last_part(id: &str) -> String {
    id.rsplit('.').next().unwrap_or(id).chars().filter(char::is_ascii_alphanumeric).take(64).collect()
}

/// What a message id tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// It worked.
    Done(Effect),
    /// It did not.
    Failed(Kind, &'static str),
}

/// When what was done takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// At once, or by itself.
    Now,
    /// When the controller or the server has been restarted.
    AfterRestart,
}

/// The meaning of the last part of a `MessageId` (registries Base, iLO, IDRAC).
pub(super) fn meaning(id: &str) -> Option<Meaning> {
    use Meaning::{Done, Failed};
    Some(match id {
        "Success"
        | "Created"
        | "NoOperation"
        | "ResetInProgress"
        | "OperationWillCompleteAfterSystemPOST"
        | "SYS413"
        | "SYS414"
        | "SYS430"
        | "RAC048" => Done(Effect::Now),
        "ResetRequired" | "SystemResetRequired" => Done(Effect::AfterRestart),
        "RAC0218" | "SessionLimitExceeded" | "MaximumSessionsReached" => {
            Failed(Kind::Transient, "sessions full; they end by their own timeout, up to 30 minutes")
        }
        "RAC0679" => Failed(Kind::Transient, "a job of its own is running"),
        "LC068" => Failed(Kind::Transient, "a configuration job is in progress"),
        "SYS446" | "InternalError" => Failed(Kind::Transient, "internal error"),
        "SYS518" => Failed(Kind::Transient, "its data sources are not available yet"),
        "ServiceTemporarilyUnavailable" | "ServiceShuttingDown" | "ServiceInUnknownState" => {
            Failed(Kind::Transient, "its service is not available now")
        }
        "PSU501" => Failed(Kind::Transient, "the server is on already"),
        "PSU502" => Failed(Kind::Transient, "the server is off already"),
        "InvalidOperationForSystemState" => Failed(Kind::Transient, "not possible in the server's present state"),
        "UnableToModifyDuringSystemPOST" | "OperationAvailableAfterSystemPOST" => {
            Failed(Kind::Transient, "not possible while the server runs its self-test")
        }
        "ResourceInUse" => Failed(Kind::Transient, "the resource is in use"),
        "PreconditionFailed" | "ETagMismatch" => Failed(Kind::Transient, "it changed meanwhile"),
        "NoValidSession" | "SessionTerminated" => Failed(Kind::Transient, "it ended our session"),
        "UnauthorizedLoginAttempt"
        | "UnauthenticatedLoginAttempt"
        | "ResourceAtUriUnauthorized"
        | "RAC0212"
        | "RAC0232" => Failed(Kind::Unauthorised, "user name or password is wrong"),
        "InsufficientPrivilege" | "RAC0506" => Failed(Kind::Unauthorised, "the account lacks a privilege"),
        "PasswordChangeRequired" => Failed(Kind::Unauthorised, "the password must be changed first"),
        "AccountLocked" | "LoginLocked" => Failed(Kind::Unauthorised, "the account is locked"),
        "SYS406" => Failed(Kind::Rejected, "system lockdown mode is enabled"),
        "PropertyValueNotInList"
        | "PropertyValueBadParam"
        | "ActionParameterNotSupported"
        | "ActionParameterValueNotInList"
        | "SYS429"
        | "SYS409" => Failed(Kind::Rejected, "it does not take that value"),
        "PropertyNotWritable" | "PropertyNotWriteable" | "PropertyNotWritableOrUnknown" | "PropertyUnknown" => {
            Failed(Kind::Rejected, "it does not let that property be written")
        }
        "ActionNotSupported" => Failed(Kind::Rejected, "it does not support the action"),
        "MalformedJSON" => Failed(Kind::Rejected, "it did not understand the request"),
        "QueryParameterOutOfRange"
        | "QueryNotSupported"
        | "QueryNotSupportedOnResource"
        | "QueryParameterValueTypeError" => Failed(Kind::Rejected, "it does not take that query"),
        "ResourceMissingAtURI" | "ResourceNotFound" | "SYS403" => Failed(Kind::Gone, "the resource is not there"),
        _ => return None,
    })
}

/// How long what these messages tell of may last, seconds, where that is known: sessions that nobody closed end by the
/// controller's own timeout (iDRAC: 30 minutes).
pub(super) fn lasts(messages: &[Message]) -> Option<u32> {
    let full = |m: &Message| matches!(m.id.as_str(), "RAC0218" | "SessionLimitExceeded" | "MaximumSessionsReached");
    messages.iter().any(full).then_some(1_800)
}

/// The first message that says why, as a kind (where the id is known) and a sentence.
pub(super) fn reason(messages: &[Message]) -> Option<(Option<Kind>, Text)> {
    let known = messages.iter().find_map(|m| match meaning(&m.id)? {
        Meaning::Failed(kind, what) => Some((Some(kind), Text::from(format!("{what} ({})", named(m))))),
        Meaning::Done(_) => None,
    });
    known.or_else(|| {
        let first = messages.first()?;
        let text = match &first.said {
            Some(said) => format!("{said} ({})", first.id),
            None => named(first),
        };
        Some((None, Text::from(text)))
    })
}

/// The id, with what it is about where the service gives no sentence.
fn named(message: &Message) -> String {
    if message.said.is_some() || message.args.is_empty() {
        return message.id.clone();
    }
    let args: Vec<&str> = message.args.iter().map(Text::as_str).collect();
    format!("{}: {}", message.id, args.join(", "))
}
