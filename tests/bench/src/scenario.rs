//! What the server is measured doing.

use serde_json::{Value, json};

/// What the server is measured doing: a source, what is sent to it, and what must become of that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scenario {
    /// One event a request, stored and nothing else.
    Logged,
    /// One event a request, with everything: its key recorded, a user identified, a run for that user.
    Executed,
    /// A hundred events a request, stored and nothing else.
    Batch,
}

impl Scenario {
    /// The key of its source.
    pub fn key(self) -> &'static str {
        match self {
            Scenario::Logged => "logged",
            Scenario::Executed => "executed",
            Scenario::Batch => "batch",
        }
    }

    /// Events in one request.
    pub fn events(self) -> usize {
        match self {
            Scenario::Logged | Scenario::Executed => 1,
            Scenario::Batch => 100,
        }
    }

    /// What must become of every event.
    pub fn outcome(self) -> &'static str {
        match self {
            Scenario::Logged | Scenario::Batch => "logged",
            Scenario::Executed => "executed",
        }
    }

    /// What its source is made from.
    pub fn source(self) -> Value {
        let executes = self == Scenario::Executed;
        // Every event has a user of its own, so that all rows are written every time.
        let trigger = json!({
            "event_type": "Order Completed",
            "action_type": "workflows_trigger",
            "action_parameters": {
                "key": "order-confirmation",
                "recipients": {"id": "user_id", "email": "context.traits.email"},
            },
        });
        json!({"source": {
            "name": self.key(),
            "preconfigured_provider": "segment",
            "environment_settings": {"development": {
                "settings": {"enforce_idempotency": executes, "handle_identifies": false},
                "mappings": if executes { vec![trigger] } else { Vec::new() },
            }},
        }})
    }
}
