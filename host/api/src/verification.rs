//! Verification schemes in responses.

use inlet_core::verification::Template;
use serde_json::Value;

/// Returns a scheme without its test vectors.
pub fn shown(scheme: &Template) -> Value {
    serde_json::to_value(scheme.without_vectors()).unwrap_or_default()
}
