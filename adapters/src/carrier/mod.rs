//! Carriers' tracking: UPS, FedEx and DHL, each by its own API, read into the same words.
//!
//! A question changes nothing, so a lost answer is [`Kind::Transient`]. What is asked again is asked by the caller; the
//! one exception is a token that is refused: it is fetched once more. Status is read from codes, never from words, and a
//! code that is not known is [`Transit::Unknown`].

mod dhl;
mod fedex;
mod number;
mod oauth;
mod pace;
mod ups;
mod when;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyper::StatusCode;
use hyper::header::{HeaderValue, RETRY_AFTER};
use rackhand_core::fault::{Fault, Kind, System};
use rackhand_core::purchase::paper::{Carrier, Tracked, Transit};
use rackhand_core::secret::Secret;
use rackhand_core::text::Text;
use serde_json::Value;

use crate::http::{Answer, Call, Client, Limits};
use crate::port::clock::Clock;
use crate::port::dial::{Dial, Target};
pub use number::number;
use pace::Memory;

/// Thirty parcels with all their scans are some 300 KiB.
const LIMITS: Limits =
    Limits { answer: Duration::from_secs(30), body: 4 << 20, depth: 32, values: 200_000, ..Limits::STANDARD };

/// Numbers in one question to FedEx at most (Track API v1).
const FEDEX_BATCH: usize = 30;

/// Where each carrier is and how we log in; `None` for one we have no account with.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// UPS: production is `https://onlinetools.ups.com`, the test host `https://wwwcie.ups.com`.
    pub ups: Option<Account>,
    /// FedEx: production is `https://apis.fedex.com`, the sandbox `https://apis-sandbox.fedex.com`.
    pub fedex: Option<Account>,
    /// DHL: `https://api-eu.dhl.com`.
    pub dhl: Option<Key>,
}

/// An account with OAuth 2.0 client credentials (RFC 6749, 4.4).
#[derive(Clone, Debug)]
pub struct Account {
    /// Host, port and trust.
    pub target: Target,
    /// What stands before the paths of its API; usually nothing.
    pub base: String,
    /// Our name with it.
    pub client_id: String,
    /// The secret that goes with the name.
    pub secret: Secret,
}

/// An account with a key.
#[derive(Clone, Debug)]
pub struct Key {
    /// Host, port and trust.
    pub target: Target,
    /// What stands before the paths of its API; usually nothing.
    pub base: String,
    /// The key.
    pub key: Secret,
    /// Questions in any 24 h at most; DHL begins with 250. They are counted from the daemon's start on.
    pub daily: u32,
}

/// The carriers' tracking. Clones share tokens, budget and waits.
#[derive(Clone)]
pub struct Carriers {
    client: Client,
    settings: Arc<Settings>,
    memory: Arc<Mutex<Memory>>,
}

/// What came of a question: an answer for each number, where the carrier answered at all.
type Answers = BTreeMap<String, Result<Tracked, Fault>>;

impl Carriers {
    /// Carriers at the places the settings name. Nothing is sent yet.
    pub fn new(dial: Arc<dyn Dial>, clock: Clock, settings: Settings) -> Self {
        let client = Client { dial, clock, limits: LIMITS, system: System::Carrier };
        Self { client, settings: Arc::new(settings), memory: Arc::default() }
    }

    /// Asks for each of these numbers, and gives an answer for each, in their order. FedEx is asked for 30 at once, UPS
    /// and DHL for one at a time, DHL with 5 s between two (its rule), so that `n` numbers of DHL take 5 `n` s. A number
    /// that is there twice is asked for once.
    ///
    /// A number that the carrier has no record of is [`Transit::Unknown`]. Where the carrier itself does not answer as
    /// it should, the numbers that are left get the same fault and are not asked for.
    ///
    /// # Errors
    /// [`Kind::Rejected`] for a number that is not of the carrier's form, which is not sent, for one that the carrier
    /// takes for wrong, for a carrier without account, and for a redirection; [`Kind::Unauthorised`] for a secret or key
    /// it does not take; [`Kind::Transient`] while it asks to wait, while a day's budget is used up, and for what may
    /// pass; [`Kind::Malformed`] for an answer of another shape.
    pub async fn track(&self, carrier: Carrier, numbers: &[Text]) -> Vec<Result<Tracked, Fault>> {
        let formed: Vec<Result<String, Fault>> = numbers.iter().map(|n| self.formed(carrier, n)).collect();
        let distinct: BTreeSet<String> = formed.iter().flatten().cloned().collect();
        let known = self.ask_all(carrier, distinct.into_iter().collect()).await;
        let answer = |number: Result<String, Fault>| {
            let number = number?;
            let missing = || Err(self.fault(Kind::Malformed, format!("{carrier}: the answer leaves {number} out")));
            known.get(&number).cloned().unwrap_or_else(missing)
        };
        formed.into_iter().map(answer).collect()
    }

    /// Logs in with UPS or FedEx, and asks for no parcel. DHL has no login.
    ///
    /// # Errors
    /// As [`Self::track`].
    pub async fn log_in(&self, carrier: Carrier) -> Result<(), Fault> {
        let account = match carrier {
            Carrier::Ups => &self.settings.ups,
            Carrier::Fedex => &self.settings.fedex,
            Carrier::Dhl => &None,
        };
        match account {
            Some(account) => self.token(carrier, account).await.map(drop),
            None => Err(self.fault(Kind::Rejected, format!("there is no login with {carrier}"))),
        }
    }

    fn formed(&self, carrier: Carrier, raw: &Text) -> Result<String, Fault> {
        number(carrier, raw).ok_or_else(|| {
            let raw: String = raw.chars().take(40).collect();
            let what = format!("`{raw}` is no number of {carrier}: those are {}", number::form(carrier));
            self.fault(Kind::Rejected, what).advise("correct the shipment's carrier or number")
        })
    }

    async fn ask_all(&self, carrier: Carrier, numbers: Vec<String>) -> Answers {
        let size = if carrier == Carrier::Fedex { FEDEX_BATCH } else { 1 };
        let mut known = Answers::new();
        let mut down: Option<Fault> = None;
        for batch in numbers.chunks(size) {
            let asked = match &down {
                Some(fault) => Err(fault.clone()),
                None => self.ask(carrier, batch).await,
            };
            match asked {
                Ok(answers) => known.extend(answers),
                Err(fault) => {
                    known.extend(batch.iter().map(|n| (n.clone(), Err(fault.clone()))));
                    down = Some(fault);
                }
            }
        }
        known
    }

    /// One question. The error is the carrier's, not one number's.
    async fn ask(&self, carrier: Carrier, numbers: &[String]) -> Result<Answers, Fault> {
        let missing = || {
            let what = format!("{carrier}: there is no account to ask with");
            let section = carrier.to_string().to_lowercase();
            self.fault(Kind::Rejected, what).advise(format!("give one under [carriers.{section}]"))
        };
        match carrier {
            Carrier::Ups => self.ask_ups(self.settings.ups.as_ref().ok_or_else(missing)?, numbers).await,
            Carrier::Fedex => self.ask_fedex(self.settings.fedex.as_ref().ok_or_else(missing)?, numbers).await,
            Carrier::Dhl => self.ask_dhl(self.settings.dhl.as_ref().ok_or_else(missing)?, numbers).await,
        }
    }

    /// Sends one call over a connection of its own: questions are hours apart.
    async fn send(&self, target: &Target, call: Call<'_>) -> Result<Answer, Fault> {
        let sent = async { self.client.connect(target).await?.send(call).await }.await;
        // Nothing was to be changed, so nothing is to be looked for.
        sent.map_err(|f| if f.kind == Kind::Unknown { Fault { kind: Kind::Transient, ..f } } else { f })
    }

    /// An answer's JSON where its status is 200. Another status is a fault of the carrier; `said` are the words of its
    /// error body.
    fn accepted(&self, carrier: Carrier, answer: &Answer) -> Result<Value, Fault> {
        let status = answer.status;
        let code = status.as_u16();
        let said = self.said(answer);
        let fault = |kind| self.fault(kind, format!("{carrier}: {code}{said}"));
        match status {
            StatusCode::OK => {
                let json = answer.json_within(&LIMITS);
                json.map_err(|what| self.fault(Kind::Malformed, format!("{carrier}: {what}")))
            }
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                let section = carrier.to_string().to_lowercase();
                let advice = format!("renew the secret under [carriers.{section}], and see that the account may track");
                Err(fault(Kind::Unauthorised).advise(advice))
            }
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                let asked = answer.headers.get(RETRY_AFTER).and_then(|v| v.to_str().ok());
                Err(self.rest(carrier, code, asked))
            }
            _ if status.is_redirection() => {
                let what = format!("{carrier}: {code}: it redirects, and our secret is for nobody else");
                Err(self.fault(Kind::Rejected, what).advise("give the address it leads to as base"))
            }
            _ if status.is_server_error() => Err(fault(Kind::Transient)),
            _ => Err(fault(Kind::Rejected)),
        }
    }

    /// The code and message of an error body, where it has the shape of one, as ` CODE message`. Nothing else of it is
    /// told: what a peer sends back may have our secret in it.
    fn said(&self, answer: &Answer) -> String {
        let Ok(json) = answer.json_within(&LIMITS) else { return String::new() };
        let lists = [&json["response"]["errors"], &json["errors"]];
        let first = lists.into_iter().find_map(|list| list.get(0)).unwrap_or(&json);
        let words = ["code", "title", "message", "detail"].into_iter().filter_map(|key| first[key].as_str());
        let said = words.collect::<Vec<_>>().join(" ");
        let said = self.redacted(&said);
        if said.is_empty() { said } else { format!(": {}", said.chars().take(200).collect::<String>()) }
    }

    /// A peer's text without our secrets in it.
    fn redacted(&self, text: &str) -> String {
        let accounts = [&self.settings.ups, &self.settings.fedex].into_iter().flatten();
        let mut secrets: Vec<String> = accounts.flat_map(oauth::faces).collect();
        secrets.extend(self.settings.dhl.as_ref().map(|dhl| dhl.key.reveal().to_owned()));
        secrets.extend(self.memory().tokens());
        let known = secrets.iter().filter(|s| !s.is_empty());
        known.fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), "***"))
    }

    fn fault(&self, kind: Kind, what: impl Into<Text>) -> Fault {
        self.client.fault(kind, what)
    }

    /// Never held over an await.
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A header value that is never printed.
fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// A number that the carrier has no record of.
fn unrecorded(carrier: Carrier) -> Tracked {
    let last = Text::from(format!("{carrier} has no record of it"));
    Tracked { status: Transit::Unknown, eta: None, delivered: None, last }
}

/// What happened, and where: `Departed, MEMPHIS US`.
fn sentence(what: Option<&str>, city: Option<&str>, country: Option<&str>) -> Text {
    let given = |text: Option<&str>| text.map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned);
    let what = given(what).unwrap_or_else(|| "no word".to_owned());
    let place = [given(city), given(country)].into_iter().flatten().collect::<Vec<_>>().join(" ");
    if place.is_empty() { what.into() } else { format!("{what}, {place}").into() }
}

/// A list; what is not there is an empty one.
///
/// # Errors
/// Where it is something else.
fn list<'a>(value: &'a Value, name: &'static str) -> Result<&'a [Value], String> {
    match value {
        Value::Null => Ok(&[]),
        Value::Array(list) => Ok(list),
        _ => Err(format!("{name}: not a list")),
    }
}
