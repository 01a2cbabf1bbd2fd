//! CloudEvents 1.0 in structured mode.

use inlet_core::json;

use super::default::BodyParts;
use crate::delivery_head::DeliveryHead;

/// Writes a CloudEvent. Its id is the delivery's key, so a receiver recognizes what it gets twice.
pub fn cloud_event(head: &DeliveryHead, parts: &BodyParts) -> String {
    let (id, subject) = (json::quote(&head.key.to_string()), json::quote(&head.workflow));
    let (kind, timestamp) = (json::quote(&format!("inlet.{}", parts.kind)), json::quote(&parts.timestamp));
    json::object([
        ("specversion", r#""1.0""#),
        ("id", &id),
        ("source", r#""/inlet""#),
        ("type", &kind),
        ("subject", &subject),
        ("time", &timestamp),
        ("datacontenttype", r#""application/json""#),
        ("data", &parts.data),
    ])
}
