//! The parameters of tools: one table makes the schema that agents see and checks what they give.

use serde_json::{Value, json};

/// A parameter of a tool.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    /// The name; for a filter that of the API.
    pub name: &'static str,
    /// The kind of its values.
    pub kind: Kind,
    /// True if a call must have it.
    pub required: bool,
    /// The description for the agent.
    pub description: &'static str,
}

/// The kind of a parameter's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A text.
    Text,
    /// A whole number from 1 to this one.
    UpTo(u64),
    /// True or false.
    Flag,
    /// A JSON object or array.
    Json,
}

/// Returns an optional parameter.
pub const fn optional(name: &'static str, kind: Kind, description: &'static str) -> Parameter {
    Parameter { name, kind, required: false, description }
}

/// Returns a required parameter.
pub const fn required(name: &'static str, kind: Kind, description: &'static str) -> Parameter {
    Parameter { name, kind, required: true, description }
}

impl Parameter {
    /// Returns its JSON Schema.
    pub fn schema(&self) -> Value {
        match self.kind {
            Kind::Text => json!({"type": "string", "description": self.description}),
            Kind::UpTo(most) => {
                json!({"type": "integer", "minimum": 1, "maximum": most, "description": self.description})
            }
            Kind::Flag => json!({"type": "boolean", "description": self.description}),
            Kind::Json => json!({"type": ["object", "array"], "description": self.description}),
        }
    }
}
