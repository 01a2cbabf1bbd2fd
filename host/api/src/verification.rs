//! Verification schemes in responses.

use inlet_core::verification::Template;
use serde_json::Value;

/// Returns a scheme without its test vectors.
pub fn shown(scheme: &Template) -> Value {
    let mut shown = serde_json::to_value(scheme).unwrap_or_default();
    if let Some(members) = shown.as_object_mut() {
        members.remove("vectors");
    }
    shown
}
