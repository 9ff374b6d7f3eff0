//! Message ids that matter to us, with what they mean. iLO sends ids without text, so the sentences are ours.

use rackhand_core::fault::Kind;
use rackhand_core::text::Text;

/// What a message id tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// It worked; it may say what is needed for it to take effect.
    Done,
    /// It did not.
    Failed(Kind, &'static str),
}

/// The meaning of the last part of a `MessageId` (registries Base, iLO, IDRAC).
pub(super) fn meaning(id: &str) -> Option<Meaning> {
    use Meaning::{Done, Failed};
    Some(match id {
        "Success"
        | "Created"
        | "NoOperation"
        | "ResetRequired"
        | "SystemResetRequired"
        | "ResetInProgress"
        | "OperationWillCompleteAfterSystemPOST"
        | "SYS413"
        | "SYS414"
        | "SYS430"
        | "RAC048" => Done,
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
        "ResourceMissingAtURI" | "ResourceNotFound" | "SYS403" => Failed(Kind::Gone, "the resource is not there"),
        _ => return None,
    })
}

/// The first message that says why, as a kind (where the id is known) and a sentence.
pub(super) fn reason(messages: &[(String, Option<Text>)]) -> Option<(Option<Kind>, Text)> {
    let known = messages.iter().find_map(|(id, _)| match meaning(id)? {
        Meaning::Failed(kind, what) => Some((Some(kind), Text::from(format!("{what} ({id})")))),
        Meaning::Done => None,
    });
    known.or_else(|| {
        let (id, said) = messages.first()?;
        let text = said.as_ref().map_or_else(|| Text::new(id), |s| Text::from(format!("{s} ({id})")));
        Some((None, text))
    })
}
