//! Scenarios: a source, the requests sent to it, and the expected outcome.

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};

use crate::{
    actions::Action,
    large_user, recipients,
    template::{self, Template},
};

/// Secret from which credentials are made.
const SECRET: &str = "a secret of the benchmark";

/// A source, the requests sent to it, and the expected outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scenario {
    /// One event per request, stored and nothing else.
    Logged,
    /// One event per request with all effects: its key is recorded, a user identified, and a run created for that user.
    Executed,
    /// A hundred events per request, stored and nothing else.
    Batch,
    /// `Logged` with this number of mappings, all for other event types.
    Mappings(usize),
    /// `Logged`, with identical requests that carry a credential.
    Credential {
        /// The verification scheme.
        scheme: Scheme,
        /// True if the server verifies the credential and refuses others.
        enforced: bool,
    },
    /// One event per request that carries out an action.
    Action(Action),
    /// One event per request, with this number of mappings for its type. The condition of one of them holds.
    Conditions(usize),
    /// One event per request that triggers a workflow for a thousand recipients with properties.
    Recipients(recipients::Kind),
    /// One `identify` per request that changes a member of a user with many properties.
    LargeUser,
}

/// A verification scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Segment's scheme: a hexadecimal HMAC-SHA1 of the body.
    Signature,
    /// The HTTP plugin's scheme: the secret itself.
    SharedSecret,
}

impl Scheme {
    /// Returns the key of the plugin with this scheme.
    fn provider(self) -> &'static str {
        match self {
            Scheme::Signature => "segment",
            Scheme::SharedSecret => "http",
        }
    }

    /// Returns the header line with the credential for a body.
    fn header(self, body: &str) -> String {
        match self {
            Scheme::Signature => {
                // HMAC accepts keys of any length.
                let mac = Hmac::<sha1::Sha1>::new_from_slice(SECRET.as_bytes()).map(|mac| mac.chain_update(body));
                let mac = mac.map(|mac| hex::encode(mac.finalize().into_bytes())).unwrap_or_default();
                format!("x-signature: {mac}\r\n")
            }
            Scheme::SharedSecret => format!("x-webhook-secret: {SECRET}\r\n"),
        }
    }
}

impl Scenario {
    /// Returns the key of the source.
    pub fn key(self) -> &'static str {
        match self {
            Scenario::Logged => "logged",
            Scenario::Executed => "executed",
            Scenario::Batch => "batch",
            Scenario::Mappings(_) => "mappings",
            Scenario::Credential { scheme, .. } => scheme.provider(),
            Scenario::Action(action) => action.name(),
            Scenario::Conditions(_) => "conditions",
            Scenario::Recipients(kind) => kind.name(),
            Scenario::LargeUser => "large-user",
        }
    }

    /// Returns the number of events in one request.
    pub fn events(self) -> usize {
        match self {
            Scenario::Batch => 100,
            _ => 1,
        }
    }

    /// Returns the outcome that every event must have.
    pub fn outcome(self) -> &'static str {
        match self {
            Scenario::Logged | Scenario::Batch | Scenario::Mappings(_) | Scenario::Credential { .. } => "logged",
            _ => "executed",
        }
    }

    /// Returns the request.
    pub fn template(self, path: &str) -> Template {
        match self {
            Scenario::Credential { scheme, .. } => {
                let event = template::one_event();
                Template::same(path, &scheme.header(&event), &event)
            }
            Scenario::Recipients(kind) => kind.template(path),
            Scenario::LargeUser => large_user::template(path),
            _ => Template::new(path, self.events()),
        }
    }

    /// Returns the body that creates the source.
    pub fn source(self) -> Value {
        let settings = match self {
            Scenario::Credential { enforced: true, .. } => {
                json!({"enforce_verification": true, "signing_secret": SECRET})
            }
            _ => json!({
                "enforce_idempotency": self == Scenario::Executed,
                "handle_identifies": self == Scenario::LargeUser,
            }),
        };
        let provider = match self {
            Scenario::Credential { scheme, .. } => scheme.provider(),
            _ => "segment",
        };
        source(self.key(), provider, settings, self.mappings())
    }

    fn mappings(self) -> Vec<Value> {
        match self {
            // Every event has a user of its own, so every event writes all rows.
            Scenario::Executed => {
                vec![trigger("Order Completed", json!({"id": "user_id", "email": "context.traits.email"}))]
            }
            Scenario::Mappings(count) => (0..count).map(|n| trigger(&format!("Event {n}"), json!("user_id"))).collect(),
            Scenario::Action(action) => action.mappings(),
            Scenario::Conditions(count) => conditions(count),
            Scenario::Recipients(_) => vec![trigger("Order Completed", json!("data.recipients"))],
            _ => Vec::new(),
        }
    }
}

/// Returns mappings of one event type. Each wants another total; the last one wants that of the event.
fn conditions(count: usize) -> Vec<Value> {
    let wanted = |n: usize| if n + 1 == count { json!(39.5) } else { json!(1000 + n) };
    let mapping = |n: usize| {
        let mut mapping = trigger("Order Completed", json!({"id": "user_id"}));
        mapping["when"] = json!({"data.total": {"$eq": wanted(n)}, "data.currency": {"$in": ["EUR", "USD"]}});
        mapping
    };
    (0..count).map(mapping).collect()
}

/// Returns the body of a `PUT` that creates a source in `development`.
pub fn source(key: &str, provider: &str, settings: Value, mappings: Vec<Value>) -> Value {
    source_in("development", key, provider, settings, mappings)
}

/// Returns the body of a `PUT` that creates a source in an environment.
pub fn source_in(environment: &str, key: &str, provider: &str, settings: Value, mappings: Vec<Value>) -> Value {
    json!({"source": {
        "name": key,
        "preconfigured_provider": provider,
        "environment_settings": {environment: {"settings": settings, "mappings": mappings}},
    }})
}

fn trigger(event_type: &str, recipients: Value) -> Value {
    json!({
        "event_type": event_type,
        "action_type": "workflows_trigger",
        "action_parameters": {"key": "order-confirmation", "recipients": recipients},
    })
}
