//! What two vendors behind one API do each in its own way: numbers, pages, optional fields, where a word stands.

use hyper::StatusCode;
use rackhand_core::mac::Mac;
use rackhand_core::time::Timestamp;
use serde_json::{Value, json};

use super::{Made, Taken};
use crate::host::Reply;

/// Which vendor it plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum House {
    /// An HPE-like one: secret in the form, an order's word in `verdict`, moments with their time, fields of its own, no
    /// field where there is nothing to tell.
    Hpe,
    /// A Dell-like one: secret by HTTP Basic, an order's word in its lines as far as that goes, days, null where there is
    /// nothing to tell, short pages, answers without a body, everything in lower case.
    Dell,
}

impl House {
    /// Its number for a request.
    pub(super) fn request(self, id: u32) -> String {
        match self {
            Self::Hpe => format!("QR-{id:06}"),
            Self::Dell => format!("rfq/{id}"),
        }
    }

    /// Its number for an offer.
    pub(super) fn quote(self, id: u32, revision: u32) -> String {
        match self {
            Self::Hpe => format!("NQ-{id:08}-{revision:02}"),
            Self::Dell => format!("{}.{revision}", 3_000_000_000 + u64::from(id)),
        }
    }

    /// Its number for an order.
    pub(super) fn order(self, id: u32) -> String {
        match self {
            Self::Hpe => format!("HO{id:08}"),
            Self::Dell => (400_000_000 + id).to_string(),
        }
    }

    /// Its number for a message.
    pub(super) fn message(self, id: u32) -> String {
        match self {
            Self::Hpe => format!("M-{id}"),
            Self::Dell => format!("note{id}"),
        }
    }

    /// Rows of a page at most, whatever is asked for.
    pub(super) fn page(self) -> usize {
        match self {
            Self::Hpe => 100,
            Self::Dell => 20,
        }
    }

    /// A time as it writes it.
    pub(super) fn date(self, at: Timestamp) -> String {
        match self {
            Self::Hpe => at.to_string(),
            Self::Dell => at.to_string()[..10].to_owned(),
        }
    }

    /// What it calls a server.
    pub(super) fn part(self, line: u16) -> (String, &'static str) {
        match self {
            Self::Hpe => (format!("P52562-{line:03}"), "HPE ProLiant DL380 Gen11"),
            Self::Dell => (format!("PE-R760-{line:03}"), "Dell PowerEdge R760"),
        }
    }

    /// A server as its ship notices name it.
    pub(super) fn unit(self, made: &Made) -> Value {
        match self {
            Self::Hpe => json!({ "serial": made.serial, "bmc_mac": made.bmc_mac, "product_id": "P52562-B21" }),
            Self::Dell => {
                json!({ "serial": made.serial.to_lowercase(), "bmc_mac": made.bmc_mac.to_string().to_lowercase() })
            }
        }
    }

    /// A row with its own touch: fields we do not know, or `note` spelled out where it says nothing.
    pub(super) fn touched(self, mut row: Value) -> Value {
        match self {
            Self::Hpe => {
                row["sales_contact"] = json!({ "name": "Account desk", "phone": "+49 69 0000000" });
                if let Some(fields) = row.as_object_mut() {
                    fields.retain(|_, value| !value.is_null());
                }
            }
            Self::Dell => {}
        }
        row
    }

    /// What it says of an order: `verdict` of all, and `status` of each line.
    pub(super) fn word(self, verdict: &'static str) -> (Option<&'static str>, Option<&'static str>) {
        match (self, verdict) {
            (Self::Dell, "yes") => (None, Some("ordered")),
            (Self::Dell, "cancelled") => (None, Some("cancelled")),
            _ => (Some(verdict), None),
        }
    }

    /// The answer to something new.
    pub(super) fn taken(self, taken: Taken, number: impl Fn(u32) -> String) -> Reply {
        match (taken, self) {
            (Taken::New(id), _) => Reply::json(StatusCode::CREATED, &json!({ "ref": number(id) })),
            (Taken::Later(_), Self::Hpe) => Reply::json(StatusCode::ACCEPTED, &json!({ "queued": true })),
            (Taken::Later(_), Self::Dell) => Reply::status(StatusCode::ACCEPTED),
            (Taken::There(id), _) => {
                self.problem(StatusCode::CONFLICT, "duplicate", &format!("It is here as {}.", number(id)))
            }
        }
    }

    /// The answer to something that was ended.
    pub(super) fn done(self) -> Reply {
        match self {
            Self::Hpe => Reply::json(StatusCode::OK, &json!({ "done": true })),
            Self::Dell => Reply::status(StatusCode::NO_CONTENT),
        }
    }

    /// A refusal.
    pub(super) fn problem(self, status: StatusCode, code: &str, words: &str) -> Reply {
        let told = match self {
            Self::Hpe => json!({ "type": "about:blank", "title": "Not done", "detail": words, "code": code }),
            Self::Dell => json!({ "title": words, "code": code }),
        };
        let mut reply = Reply::json(status, &told);
        let kind = hyper::header::HeaderValue::from_static("application/problem+json");
        reply.headers.insert(hyper::header::CONTENT_TYPE, kind);
        reply
    }

    /// How its carrier's numbers begin.
    pub(super) fn tracking(self) -> &'static str {
        match self {
            Self::Hpe => "1ZH1",
            Self::Dell => "1ZD1",
        }
    }

    /// The server it makes after so many.
    pub(super) fn invent(self, made: u32) -> Made {
        let (high, low) = ((made >> 8) as u8, made as u8);
        match self {
            Self::Hpe => Made {
                serial: format!("CZ26{made:06}"),
                bmc_mac: Mac([0x94, 0x40, 0xC9, 0x26, high, low]),
                model: "ProLiant DL380 Gen11".to_owned(),
            },
            Self::Dell => Made {
                serial: format!("{:07}", 6_000_000 + made).replace('0', "K"),
                bmc_mac: Mac([0xD0, 0x8E, 0x79, 0x26, high, low]),
                model: "PowerEdge R760".to_owned(),
            },
        }
    }
}
