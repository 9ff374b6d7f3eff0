//! The BMC's requests, one by one.

use std::time::Duration;

use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, ETAG, HeaderValue, IF_MATCH};
use hyper::{Method, StatusCode};
use rackhand_core::time::Timestamp;
use serde_json::{Value, json};

use super::accounts::{ACCOUNTS, Changed, account_of};
use super::answers::{about, refused, refused_about, taken, unauthorised};
use super::bodies::{Present, SESSIONS, SYSTEMS, listing};
use super::power::{Action, Phase};
use super::sessions::{Login, Sessions};
use super::tree::Tree;
use super::{LabBmc, LocatorWay, Personality, State, environment, logs, service, tree};
use crate::faults::lock;
use crate::host::{Door, Fate, Host, Reply, Request};

/// Posting to a collection's members is posting to the collection.
const MEMBERS_OF_SESSIONS: &str = "/redfish/v1/SessionService/Sessions/Members";
const MEMBERS_OF_ACCOUNTS: &str = "/redfish/v1/AccountService/Accounts/Members";

/// From taking its restart to answering again: 60 to 120 s are recorded of iLO.
const RESTART: Duration = Duration::from_secs(90);

impl Host for LabBmc {
    fn answer(&self, request: &Request, now: Timestamp) -> Reply {
        let mut state = lock(&self.state);
        state.advance(now);
        state.counters.requests += 1;
        if state.up.is_some_and(|up| now < up) {
            return Reply { fate: Fate::Lost, ..Reply::status(StatusCode::OK) };
        }
        if state.behaviour.hang {
            return Reply { fate: Fate::Hang, ..Reply::status(StatusCode::OK) };
        }
        let reply = self.route(&mut state, request, now);
        // Made anew once something was changed; a fleet that nobody is logged in to holds none.
        let reads = matches!(request.method, Method::GET | Method::HEAD);
        if !reads || state.sessions.count() == 0 {
            state.kept.take();
        }
        let reply = service::dressed(self.spec.personality, &state.bodies.paths, request, reply);
        reply.after(self.spec.pace.answer + state.behaviour.slow)
    }

    fn door(&self, now: Timestamp) -> Door {
        let late = self.spec.late;
        let up = *lock(&self.state).up.get_or_insert(now + late.by);
        match (now < up, late.silent) {
            (false, _) => Door::Open,
            (true, true) => Door::Silent,
            (true, false) => Door::Refused,
        }
    }
}

impl LabBmc {
    fn route(&self, state: &mut State, request: &Request, now: Timestamp) -> Reply {
        let personality = self.spec.personality;
        let path = request.path.trim_end_matches('/');
        let reads = matches!(request.method, Method::GET | Method::HEAD);
        if let Some(refusal) = service::not_understood(personality, request) {
            return refusal;
        }
        if reads && let Some(document) = service::document(path, &state.bodies.root, || self.tree(state)) {
            return document;
        }
        match (&request.method, path) {
            _ if reads && path == "/redfish/v1" => return tagged(personality, path, ready(&state.bodies.root)),
            // The alias older clients use.
            (_, "/redfish/v1/Sessions") if personality.is_ilo() => {
                return Reply::status(StatusCode::PERMANENT_REDIRECT).header("location", SESSIONS);
            }
            (&Method::POST, SESSIONS | MEMBERS_OF_SESSIONS) => return self.log_in(state, request, now),
            _ => {}
        }
        let Some(account) = self.asker(state, request, now) else { return unauthorised(personality, false) };
        if reads {
            return self.get(state, request, path, now);
        }
        if !state.accounts.may_change(account, path) {
            return refused(personality, StatusCode::FORBIDDEN, &["Base.1.18.InsufficientPrivilege"]);
        }
        if request.method == Method::PATCH
            && let Some(refusal) = self.precondition(state, request, path, now)
        {
            state.counters.override_refused += u32::from(path == state.bodies.paths.system);
            return refusal;
        }
        self.change(state, request, path, account, now)
    }

    /// Everything below the root that is the same at any time.
    fn tree(&self, state: &State) -> Tree {
        let (spec, paths) = (&self.spec, &state.bodies.paths);
        let serial = state.behaviour.wrong_serial.as_deref().unwrap_or(&spec.serial);
        let mut tree = tree::tree(spec, &state.accounts, serial, paths);
        if !spec.personality.is_ilo() {
            let sensors = format!("{}/Sensors", paths.chassis);
            tree::collection(&mut tree, &sensors, vec![format!("{sensors}/SystemBoardCPUUsage")]);
        }
        tree
    }

    /// The account that asks: of a session, or by name and password.
    fn asker(&self, state: &mut State, request: &Request, now: Timestamp) -> Option<u32> {
        if let Some(token) = request.header("x-auth-token") {
            return state.sessions.admits(token, now);
        }
        let (user, password) = service::basic(request)?;
        let account = state.accounts.admits(&user, &password).filter(|_| !state.behaviour.bad_credentials);
        let proven = state.sessions.proves(account, self.spec.lockout, now);
        state.counters.logins_bad += u32::from(proven.is_none());
        proven
    }

    /// A request that changes something, by who may.
    fn change(&self, state: &mut State, request: &Request, path: &str, asker: u32, now: Timestamp) -> Reply {
        let personality = self.spec.personality;
        let paths = &state.bodies.paths;
        let slots = personality == Personality::Idrac9;
        let account = account_of(path);
        let session = path.strip_prefix(SESSIONS).and_then(|rest| session_number(rest.strip_prefix('/')?));
        match (&request.method, account, session) {
            (&Method::PATCH, Some(id), _) => return self.change_account(state, request, id, asker, now),
            (&Method::DELETE, Some(id), _) if !slots => {
                return if state.accounts.delete(id) { taken(personality) } else { missing(personality) };
            }
            (&Method::DELETE, _, Some(id)) if state.sessions.close(id) => {
                state.counters.sessions_closed += 1;
                return taken(personality);
            }
            (&Method::DELETE, ..) if path.starts_with(SESSIONS) && path != SESSIONS => return missing(personality),
            _ => {}
        }
        match request.method {
            Method::POST if path == paths.reset => self.reset(state, request, now),
            Method::POST if path == tree::manager_reset(paths) => self.restart(state, request, now),
            Method::POST if (path == ACCOUNTS || path == MEMBERS_OF_ACCOUNTS) && !slots => {
                match state.accounts.create(personality, &request.json()) {
                    Ok(made) => {
                        state.kept.take();
                        let body = self.read(state, &made, now).body;
                        json_reply(StatusCode::CREATED, body).header("location", &made)
                    }
                    Err((status, id)) => refused(personality, status, &[id]),
                }
            }
            Method::PATCH if path == paths.system => self.patch(state, request, personality != Personality::Idrac10),
            Method::PATCH if path == paths.settings && !personality.is_ilo() => {
                self.patch(state, request, personality == Personality::Idrac10)
            }
            Method::PATCH if path == paths.chassis => self.switch_locator(state, request),
            Method::PATCH if *path == format!("{}/Power", paths.chassis) => self.limit_power(state, request),
            _ => refused(personality, StatusCode::METHOD_NOT_ALLOWED, &["Base.1.18.OperationNotAllowed"]),
        }
    }

    fn change_account(&self, state: &mut State, request: &Request, id: u32, asker: u32, now: Timestamp) -> Reply {
        let personality = self.spec.personality;
        let restricted = !state.accounts.may_change(asker, ACCOUNTS);
        let path = request.path.trim_end_matches('/');
        match state.accounts.change(personality, id, &request.json(), restricted) {
            Ok(Changed::All) => taken(personality),
            Ok(Changed::Some(unknown)) => {
                state.kept.take();
                let whole = self.read(state, path, now);
                let mut body: Value = serde_json::from_slice(&whole.body).unwrap_or_default();
                body["@Message.ExtendedInfo"] = Value::from(about(personality, "Base.1.18.PropertyUnknown", &unknown));
                Reply::json(StatusCode::OK, &body)
            }
            Ok(Changed::Nothing(unknown)) => refused_about(personality, "Base.1.18.PropertyUnknown", &unknown),
            Err((status, id)) => refused(personality, status, &[id]),
        }
    }

    fn log_in(&self, state: &mut State, request: &Request, now: Timestamp) -> Reply {
        let personality = self.spec.personality;
        let body = request.json();
        let told = (body["UserName"].as_str().unwrap_or_default(), body["Password"].as_str().unwrap_or_default());
        let account = state.accounts.admits(told.0, told.1).filter(|_| !state.behaviour.bad_credentials);
        match state.sessions.log_in(account, personality.session_cap(), self.spec.lockout, self.seed, now) {
            Login::Opened(id, token) => {
                state.counters.logins_ok += 1;
                let path = format!("{SESSIONS}/{}", session_name(personality, told.0, id));
                let reply = json_reply(StatusCode::CREATED, Bytes::from(session(&path, told.0).to_string()));
                reply.header("x-auth-token", &token).header("location", &path)
            }
            Login::Refused => {
                state.counters.logins_bad += 1;
                unauthorised(personality, true)
            }
            Login::Full => refused(personality, StatusCode::SERVICE_UNAVAILABLE, &["IDRAC.2.9.RAC0218"]),
        }
    }

    /// Sessions that are open, or one of them.
    fn sessions(&self, state: &State, path: &str) -> Option<Value> {
        let rest = path.strip_prefix(SESSIONS)?;
        let open = state.sessions.all().map(|(id, account)| {
            let user = state.accounts.user(account);
            (format!("{SESSIONS}/{}", session_name(self.spec.personality, user, id)), user)
        });
        if rest.is_empty() {
            let links: Vec<Value> = open.map(|(path, _)| tree::link(&path)).collect();
            return Some(listing(SESSIONS, &links));
        }
        open.into_iter().find(|(one, _)| one == path).map(|(path, user)| session(&path, user))
    }

    /// A resource; a collection with its members filled in, where that is asked for.
    fn get(&self, state: &State, request: &Request, path: &str, now: Timestamp) -> Reply {
        let personality = self.spec.personality;
        if let Some(page) = logs::lifecycle(personality, &state.bodies.paths.manager, request) {
            return page;
        }
        if !request.query.contains("$expand") {
            return self.read(state, path, now);
        }
        if state.behaviour.no_expand {
            return refused(personality, StatusCode::BAD_REQUEST, &["Base.1.18.QueryNotSupportedOnResource"]);
        }
        if state.behaviour.expand_gone.iter().any(|end| path.ends_with(end.as_str())) {
            return missing(personality);
        }
        let reply = self.read(state, path, now);
        let Ok(mut body) = serde_json::from_slice::<Value>(&reply.body) else { return reply };
        for member in body["Members"].as_array_mut().into_iter().flatten() {
            let target = member["@odata.id"].as_str().unwrap_or_default().to_owned();
            if let Ok(whole) = serde_json::from_slice(&self.read(state, &target, now).body) {
                *member = whole;
            }
        }
        if let Some(all) = body.as_object_mut() {
            all.remove("@odata.etag");
        }
        tagged(personality, path, Reply::json(reply.status, &body))
    }

    /// Why a change is not taken: it was made for another state than the present one, or for none.
    fn precondition(&self, state: &State, request: &Request, path: &str, now: Timestamp) -> Option<Reply> {
        let present = self.read(state, path, now);
        let present = present.headers.get(ETAG)?;
        let personality = self.spec.personality;
        match request.headers.get(IF_MATCH) {
            Some(given) if given == present || given == "*" => None,
            Some(_) => Some(refused(personality, StatusCode::PRECONDITION_FAILED, &["Base.1.18.PreconditionFailed"])),
            None if state.behaviour.wants_if_match => {
                Some(refused(personality, StatusCode::PRECONDITION_REQUIRED, &["Base.1.18.PreconditionRequired"]))
            }
            None => None,
        }
    }

    /// What is not kept ready: measured at this instant, or the same for all servers of a kind.
    fn rare(&self, state: &State, path: &str, now: Timestamp) -> Option<Value> {
        let (spec, paths) = (&self.spec, &state.bodies.paths);
        let part = path.strip_prefix(&paths.chassis);
        match part {
            Some("") => {
                return Some(environment::chassis(spec, paths, state.switched, state.behaviour.locator));
            }
            Some("/Power") => return Some(environment::power(spec, paths, state.phase, state.switched)),
            Some("/Thermal") => return Some(environment::thermal(spec, paths, state.phase)),
            Some("/Sensors/SystemBoardCPUUsage") if !spec.personality.is_ilo() => {
                return Some(environment::cpu_sensor(path, state.phase));
            }
            _ => {}
        }
        if path == super::jobs::PATH {
            return state.job?.body(now);
        }
        if path.starts_with(SESSIONS) {
            return self.sessions(state, path);
        }
        let same = state.kept.get_or_init(|| self.tree(state));
        same.get(path).cloned()
    }

    /// The locator LED. It is the chassis's on both; iDRAC's system does not take it.
    fn switch_locator(&self, state: &mut State, request: &Request) -> Reply {
        let body = request.json();
        let words = environment::locator_words(self.spec.personality);
        let on = match (state.behaviour.locator, body["IndicatorLED"].as_str()) {
            (LocatorWay::Missing, _) => None,
            (LocatorWay::Words, Some(word)) => [words.1, words.0].iter().position(|w| *w == word).map(|n| n == 1),
            (LocatorWay::Words, None) => None,
            (LocatorWay::Active | LocatorWay::Broken, _) => body["LocationIndicatorActive"].as_bool(),
        };
        match on {
            Some(on) => {
                state.switched.locator = on && state.behaviour.locator != LocatorWay::Broken;
                taken(self.spec.personality)
            }
            None => refused(self.spec.personality, StatusCode::BAD_REQUEST, &["Base.1.18.PropertyNotWritable"]),
        }
    }

    fn limit_power(&self, state: &mut State, request: &Request) -> Reply {
        match request.json().pointer("/PowerControl/0/PowerLimit/LimitInWatts") {
            Some(Value::Null) => state.switched.cap = None,
            Some(watts) if watts.is_u64() => state.switched.cap = watts.as_u64(),
            _ => return refused(self.spec.personality, StatusCode::BAD_REQUEST, &["Base.1.18.PropertyUnknown"]),
        }
        taken(self.spec.personality)
    }

    /// A resource with its tag.
    fn read(&self, state: &State, path: &str, now: Timestamp) -> Reply {
        tagged(self.spec.personality, path, self.untagged(state, path, now))
    }

    fn untagged(&self, state: &State, path: &str, now: Timestamp) -> Reply {
        let bodies = &state.bodies;
        match path {
            SYSTEMS => ready(&bodies.systems),
            "/redfish/v1/SessionService" => ready(&bodies.session_service),
            _ if path == bodies.paths.system => {
                // On iDRAC10 what is pending shows on the settings resource alone.
                let shown = self.spec.personality != Personality::Idrac10;
                let present = Present {
                    power: state.phase.word(now),
                    in_post: state.phase.in_post(),
                    off: state.phase == Phase::Off,
                    target: if shown { state.target } else { "None" },
                    enabled: if shown { state.enabled } else { "Disabled" },
                };
                ready(&bodies.system(&self.spec, &present))
            }
            _ if path == bodies.paths.settings && !self.spec.personality.is_ilo() && !self.spec.is_old_idrac() => {
                Reply::json(StatusCode::OK, &bodies.settings(&self.spec, state.target, state.enabled))
            }
            // iLO knows the NICs' MACs only once POST has run.
            _ if path == bodies.paths.interfaces && self.spec.personality.is_ilo() && !state.posted => {
                ready(&bodies.no_interfaces)
            }
            _ if path == bodies.paths.interfaces => ready(&bodies.interfaces),
            _ => match bodies.nics.iter().find(|(p, _)| p == path) {
                Some((_, body)) => ready(body),
                None => match self.rare(state, path, now) {
                    Some(body) => Reply::json(StatusCode::OK, &body),
                    None => missing(self.spec.personality),
                },
            },
        }
    }

    fn reset(&self, state: &mut State, request: &Request, now: Timestamp) -> Reply {
        let personality = self.spec.personality;
        let body = request.json();
        let word = body["ResetType"].as_str().unwrap_or_default();
        let off = matches!(state.phase, Phase::Off | Phase::Stopping { .. });
        let Some(action) = Action::of(word, state.phase).filter(|_| word != "PowerCycle" || !personality.is_ilo())
        else {
            state.counters.resets_refused += 1;
            return refused(personality, StatusCode::BAD_REQUEST, &["Base.1.18.ActionParameterNotSupported"]);
        };
        let senseless = match action {
            Action::On => !off,
            Action::Off | Action::Restart | Action::Nothing => off,
        };
        let ilo_in_post = personality.is_ilo() && state.phase.in_post() && action != Action::Off;
        if senseless || ilo_in_post {
            state.counters.resets_refused += 1;
            return match (personality.is_ilo(), off) {
                (true, _) => {
                    refused(personality, StatusCode::BAD_REQUEST, &["iLO.2.31.InvalidOperationForSystemState"])
                }
                (false, true) => refused(personality, StatusCode::CONFLICT, &["IDRAC.2.9.PSU502"]),
                (false, false) => refused(personality, StatusCode::CONFLICT, &["IDRAC.2.9.PSU501"]),
            };
        }
        *state.counters.resets.entry(word.to_owned()).or_default() += 1;
        if state.behaviour.never_boots > 0 {
            state.behaviour.never_boots -= 1;
        } else {
            self.act(state, action, now);
        }
        if personality.is_ilo() { taken(personality) } else { Reply::status(StatusCode::NO_CONTENT) }
    }

    /// The controller's own restart: it answers, and is gone; the server goes on.
    fn restart(&self, state: &mut State, request: &Request, now: Timestamp) -> Reply {
        let personality = self.spec.personality;
        let body = request.json();
        let word = body["ResetType"].as_str().unwrap_or_default();
        if !tree::manager_resets(personality).contains(&word) {
            return refused(personality, StatusCode::BAD_REQUEST, &["Base.1.18.ActionParameterNotSupported"]);
        }
        if state.behaviour.keeps_running {
            return taken(personality);
        }
        state.counters.restarts += 1;
        state.up = Some(now + RESTART);
        state.sessions = Sessions::default();
        if personality.is_ilo() { taken(personality) } else { Reply::status(StatusCode::NO_CONTENT) }
    }

    /// The boot override. `here` is whether this resource is the place for it.
    fn patch(&self, state: &mut State, request: &Request, here: bool) -> Reply {
        let personality = self.spec.personality;
        let body = request.json();
        let boot = &body["Boot"];
        let ilo = personality.is_ilo();
        let no = |state: &mut State, status, id: &str| {
            state.counters.override_refused += 1;
            refused(personality, status, &[id])
        };
        if !here || !boot["BootSourceOverrideMode"].is_null() {
            return no(state, StatusCode::BAD_REQUEST, "Base.1.18.PropertyNotWritable");
        }
        if ilo && state.phase.in_post() {
            return no(state, StatusCode::BAD_REQUEST, "iLO.2.31.UnableToModifyDuringSystemPOST");
        }
        let target = match boot["BootSourceOverrideTarget"].as_str() {
            None => state.target,
            Some("None") => "None",
            Some("Pxe") => "Pxe",
            Some("UefiHttp") => "UefiHttp",
            Some("Hdd") => "Hdd",
            Some(_) => return no(state, StatusCode::BAD_REQUEST, "Base.1.18.PropertyValueNotInList"),
        };
        match boot["BootSourceOverrideEnabled"].as_str() {
            Some("Once") if target != "None" => {
                (state.target, state.enabled) = (target, "Once");
                state.counters.armed += u32::from(state.armed());
            }
            Some("Disabled") => {
                (state.target, state.enabled) = ("None", "Disabled");
                state.counters.disarmed += 1;
            }
            _ => return no(state, StatusCode::BAD_REQUEST, "Base.1.18.PropertyValueNotInList"),
        }
        taken(personality)
    }
}

/// The same with its tag, in the body and in the header: iLO tags whatever it serves by what it says now, storage by
/// strong tags; iDRAC tags accounts.
fn tagged(personality: Personality, path: &str, reply: Reply) -> Reply {
    let has = if personality.is_ilo() { path != "/redfish/v1/odata" } else { is_account(path) };
    let Some(rest) = reply.body.strip_prefix(b"{").filter(|_| has && reply.status == StatusCode::OK) else {
        return reply;
    };
    let sum = rest.iter().fold(0x811C_9DC5_u32, |h, b| (h ^ u32::from(*b)).wrapping_mul(0x0100_0193));
    let strong = ["/Storage", "/Drives"].iter().any(|part| path.contains(part));
    let tag = if strong { format!("\"{sum:08x}\"") } else { format!("W/\"{sum:08X}\"") };
    let mut body = format!("{{\"@odata.etag\":{},", Value::from(tag.as_str())).into_bytes();
    body.extend_from_slice(rest);
    Reply { body: body.into(), ..reply }.header("etag", &tag)
}

/// An account, or the service of accounts.
fn is_account(path: &str) -> bool {
    let rest = path.strip_prefix("/redfish/v1/AccountService");
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("/Accounts/"))
}

fn ready(body: &Bytes) -> Reply {
    json_reply(StatusCode::OK, body.clone())
}

fn json_reply(status: StatusCode, body: Bytes) -> Reply {
    let mut reply = Reply::status(status);
    reply.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    reply.body = body;
    reply
}

fn missing(personality: Personality) -> Reply {
    refused(personality, StatusCode::NOT_FOUND, &["Base.1.18.ResourceMissingAtURI"])
}

/// iLO names a session by its user and a number, iDRAC by the number.
fn session_name(personality: Personality, user: &str, id: u64) -> String {
    if personality.is_ilo() { format!("{}{id:016x}", user.to_lowercase()) } else { id.to_string() }
}

/// A session.
fn session(path: &str, user: &str) -> Value {
    json!({ "@odata.id": path, "@odata.type": "#Session.v1_0_0.Session", "Id": path.rsplit('/').next(),
        "Name": "User Session", "UserName": user })
}

fn session_number(name: &str) -> Option<u64> {
    match name.len().checked_sub(16) {
        Some(at) if at > 0 => u64::from_str_radix(name.get(at..)?, 16).ok(),
        _ => name.parse().ok(),
    }
}
