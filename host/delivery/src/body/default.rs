//! The default body of a webhook.

use inlet_core::{delivery::DeliveryCall, json, time};
use inlet_store::{DeliveryInputs, DeliveryRecipient};

use super::recipient::{reference, with_properties};
use crate::delivery_head::DeliveryHead;

/// The parts that the forms of a webhook's body are made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BodyParts {
    /// `workflow_run.created` or `workflow_run.canceled`.
    pub kind: &'static str,
    /// The time of the run, RFC 3339.
    pub timestamp: String,
    /// A JSON object.
    pub data: String,
}

impl BodyParts {
    /// Makes the parts for some of the recipients of a delivery.
    pub fn new(head: &DeliveryHead, inputs: &DeliveryInputs, recipients: &[DeliveryRecipient]) -> Self {
        let (kind, recipients) = match head.call {
            DeliveryCall::Trigger => (
                "workflow_run.created",
                json::array(recipients.iter().map(|recipient| with_properties(recipient, "trigger_data"))),
            ),
            DeliveryCall::Cancel => ("workflow_run.canceled", json::array(recipients.iter().map(reference))),
        };
        let quoted = |text: Option<&str>| text.map_or_else(|| "null".to_owned(), json::quote);
        let (run, workflow) = (json::quote(&inputs.run.to_string()), json::quote(&inputs.workflow));
        let (cancellation_key, event) =
            (quoted(inputs.cancellation_key.as_deref()), json::quote(&inputs.source_event.to_string()));
        let mut members = vec![("workflow_run_id", run.as_str()), ("workflow", &workflow), ("recipients", &recipients)];
        if head.call == DeliveryCall::Trigger {
            members.extend([
                ("actor", inputs.actor.as_deref().unwrap_or("null")),
                ("tenant", inputs.tenant.as_deref().unwrap_or("null")),
                ("data", &inputs.data),
            ]);
        }
        members.extend([("cancellation_key", cancellation_key.as_str()), ("source_event_id", &event)]);
        let data = json::object(members);
        Self { kind, timestamp: time::write_ms(head.created_at_ms), data }
    }
}

/// Writes the default body: `{"type", "timestamp", "data"}`.
pub fn default_body(parts: &BodyParts) -> String {
    let (kind, timestamp) = (json::quote(parts.kind), json::quote(&parts.timestamp));
    json::object([("type", kind.as_str()), ("timestamp", &timestamp), ("data", &parts.data)])
}
