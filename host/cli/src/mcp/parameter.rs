//! The parameters of tools: one table makes the schema that agents see and checks what they give.

use serde_json::{Value, json};

use crate::filter::Filter;

/// A parameter of a tool.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    /// The name.
    pub name: &'static str,
    /// The kind of its values.
    pub kind: Kind,
    /// True if a call must have it.
    pub required: bool,
    /// The description for the agent.
    pub description: &'static str,
    /// The query parameter of the API, for a filter.
    pub query: Option<&'static str>,
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
    Parameter { name, kind, required: false, description, query: None }
}

/// Returns an optional parameter for a filter of the API, under the API's name.
pub const fn filter(filter: Filter, kind: Kind) -> Parameter {
    filter_as(filter.name, filter, kind)
}

/// Returns an optional parameter for a filter of the API, under a name of its own.
pub const fn filter_as(name: &'static str, filter: Filter, kind: Kind) -> Parameter {
    Parameter { name, kind, required: false, description: filter.description, query: Some(filter.name) }
}

/// Returns a required parameter.
pub const fn required(name: &'static str, kind: Kind, description: &'static str) -> Parameter {
    Parameter { name, kind, required: true, description, query: None }
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
