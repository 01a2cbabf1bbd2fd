//! What the server is measured doing.

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};

use crate::template::{self, Template};

/// What credentials are made with.
const SECRET: &str = "a secret of the benchmark";

/// What the server is measured doing: a source, what is sent to it, and what must become of that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scenario {
    /// One event a request, stored and nothing else.
    Logged,
    /// One event a request, with everything: its key recorded, a user identified, a run for that user.
    Executed,
    /// A hundred events a request, stored and nothing else.
    Batch,
    /// `Logged` with so many mappings, all of other events.
    Mappings(usize),
    /// `Logged`, every request the same and with its credential.
    Credential {
        /// Which.
        scheme: Scheme,
        /// Whether the server looks at it, and would refuse another.
        enforced: bool,
    },
}

/// How a sender proves itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Segment's: a hexadecimal HMAC-SHA1 of the body.
    Signature,
    /// The HTTP plugin's: the secret itself.
    SharedSecret,
}

impl Scheme {
    /// The plugin that has it.
    fn provider(self) -> &'static str {
        match self {
            Scheme::Signature => "segment",
            Scheme::SharedSecret => "http",
        }
    }

    /// The header that proves a body, as a line of the request.
    fn header(self, body: &str) -> String {
        match self {
            Scheme::Signature => {
                // HMAC takes keys of any length.
                let mac = Hmac::<sha1::Sha1>::new_from_slice(SECRET.as_bytes()).map(|mac| mac.chain_update(body));
                let mac = mac.map(|mac| hex::encode(mac.finalize().into_bytes())).unwrap_or_default();
                format!("x-signature: {mac}\r\n")
            }
            Scheme::SharedSecret => format!("x-webhook-secret: {SECRET}\r\n"),
        }
    }
}

impl Scenario {
    /// The key of its source.
    pub fn key(self) -> &'static str {
        match self {
            Scenario::Logged => "logged",
            Scenario::Executed => "executed",
            Scenario::Batch => "batch",
            Scenario::Mappings(_) => "mappings",
            Scenario::Credential { scheme, .. } => scheme.provider(),
        }
    }

    /// Events in one request.
    pub fn events(self) -> usize {
        match self {
            Scenario::Batch => 100,
            _ => 1,
        }
    }

    /// What must become of every event.
    pub fn outcome(self) -> &'static str {
        match self {
            Scenario::Executed => "executed",
            _ => "logged",
        }
    }

    /// What is sent there.
    pub fn template(self, path: &str) -> Template {
        match self {
            Scenario::Credential { scheme, .. } => {
                let event = template::one_event();
                Template::same(path, &scheme.header(&event), &event)
            }
            _ => Template::new(path, self.events()),
        }
    }

    /// What its source is made from.
    pub fn source(self) -> Value {
        let settings = match self {
            Scenario::Credential { enforced: true, .. } => {
                json!({"enforce_verification": true, "signing_secret": SECRET})
            }
            _ => json!({"enforce_idempotency": self == Scenario::Executed, "handle_identifies": false}),
        };
        let provider = match self {
            Scenario::Credential { scheme, .. } => scheme.provider(),
            _ => "segment",
        };
        source(self.key(), provider, settings, self.mappings())
    }

    fn mappings(self) -> Vec<Value> {
        match self {
            // Every event has a user of its own, so that all rows are written every time.
            Scenario::Executed => {
                vec![trigger("Order Completed", json!({"id": "user_id", "email": "context.traits.email"}))]
            }
            Scenario::Mappings(count) => (0..count).map(|n| trigger(&format!("Event {n}"), json!("user_id"))).collect(),
            _ => Vec::new(),
        }
    }
}

/// The body of a `PUT` that makes a source.
pub fn source(key: &str, provider: &str, settings: Value, mappings: Vec<Value>) -> Value {
    json!({"source": {
        "name": key,
        "preconfigured_provider": provider,
        "environment_settings": {"development": {"settings": settings, "mappings": mappings}},
    }})
}

fn trigger(event_type: &str, recipients: Value) -> Value {
    json!({
        "event_type": event_type,
        "action_type": "workflows_trigger",
        "action_parameters": {"key": "order-confirmation", "recipients": recipients},
    })
}
