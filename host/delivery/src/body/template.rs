//! Templates of bodies: JSON in which `{{path}}` stands for a value.
//!
//! A string that is one placeholder becomes the value itself, to the letter: `"{{data.total}}"` becomes `39.50`. Within other
//! text it becomes the value's text. A path that finds nothing gives null, or nothing within other text.
//!
//! Paths start at the members of the default body's `data` (`workflow`, `workflow_run_id`, `recipients`, `data`, …), and at
//! `key`, `type`, `timestamp`, `recipient` (the first one) and `run` (the whole of the default body's `data`).

use std::borrow::Cow;

use inlet_core::json::{self, Kind};
use serde_json::Value;

/// A parsed template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Node);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    /// JSON text.
    Constant(String),
    /// The value at a path.
    Value(Vec<String>),
    /// Text with values in it.
    Text(Vec<Piece>),
    Array(Vec<Node>),
    Object(Vec<(String, Node)>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Value(Vec<String>),
}

/// A template that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A placeholder without its end.
    #[error("{0:?} holds `{{{{` without `}}}}`; expected a placeholder such as {{{{data.order_id}}}}")]
    NotClosed(String),
    /// An empty path, or an empty part of one.
    #[error(
        "the placeholder {{{{{0}}}}} is no path; expected names with dots between them, such as {{{{data.order_id}}}}"
    )]
    NoPath(String),
    /// A path that starts at nothing that there is.
    #[error("the placeholder {{{{{path}}}}} starts at nothing that there is; expected one of {}", ROOTS.join(", "))]
    NoSuchRoot {
        /// The path.
        path: String,
    },
}

const ROOTS: [&str; 13] = [
    "key",
    "type",
    "timestamp",
    "run",
    "recipient",
    "recipients",
    "workflow",
    "workflow_run_id",
    "actor",
    "tenant",
    "data",
    "cancellation_key",
    "source_event_id",
];

impl Template {
    /// Parses a template.
    pub fn parse(value: &Value) -> Result<Self, TemplateError> {
        Node::parse(value).map(Self)
    }

    /// Fills the template in. `data` is the default body's `data`; `roots` are further values, JSON texts.
    pub fn render(&self, data: &str, roots: &[(&str, &str)]) -> String {
        let values = Values { data, roots };
        self.0.render(&values)
    }
}

struct Values<'a> {
    data: &'a str,
    roots: &'a [(&'a str, &'a str)],
}

impl<'a> Values<'a> {
    fn find(&self, path: &[String]) -> Option<&'a str> {
        let (root, rest) = path.split_first()?;
        let start = match self.roots.iter().find(|(name, _)| name == root) {
            Some((_, value)) => value,
            None if root == "run" => self.data,
            None if root == "recipient" => json::item(json::member(self.data, "recipients")?, 0)?,
            None => json::member(self.data, root)?,
        };
        rest.iter().try_fold(start, |value, name| match Kind::of(value) {
            Kind::Object => json::member(value, name),
            Kind::Array => json::item(value, name.parse().ok()?),
            _ => None,
        })
    }
}

impl Node {
    fn parse(value: &Value) -> Result<Self, TemplateError> {
        Ok(match value {
            Value::String(text) => Self::parse_text(text)?,
            Value::Array(items) => Self::Array(items.iter().map(Self::parse).collect::<Result<_, _>>()?),
            Value::Object(members) => Self::Object(
                members
                    .iter()
                    .map(|(name, value)| Ok((name.clone(), Self::parse(value)?)))
                    .collect::<Result<_, _>>()?,
            ),
            other => Self::Constant(other.to_string()),
        })
    }

    fn parse_text(text: &str) -> Result<Self, TemplateError> {
        let (mut pieces, mut rest) = (Vec::new(), text);
        while let Some((before, after)) = rest.split_once("{{") {
            let (path, after) = after.split_once("}}").ok_or_else(|| TemplateError::NotClosed(text.to_owned()))?;
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            pieces.push(Piece::Value(parse_path(path.trim())?));
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        Ok(match pieces.as_slice() {
            [Piece::Value(path)] => Self::Value(path.clone()),
            [] | [Piece::Text(_)] => Self::Constant(json::quote(text)),
            _ => Self::Text(pieces),
        })
    }

    fn render(&self, values: &Values<'_>) -> String {
        match self {
            Self::Constant(text) => text.clone(),
            Self::Value(path) => values.find(path).unwrap_or("null").to_owned(),
            Self::Text(pieces) => {
                let texts = pieces.iter().map(|piece| match piece {
                    Piece::Text(text) => Cow::Borrowed(text.as_str()),
                    Piece::Value(path) => values.find(path).map_or(Cow::Borrowed(""), as_text),
                });
                json::quote(&texts.collect::<String>())
            }
            Self::Array(items) => json::array(items.iter().map(|item| item.render(values))),
            Self::Object(members) => {
                let members: Vec<_> = members.iter().map(|(name, node)| (name, node.render(values))).collect();
                json::object(members.iter().map(|(name, value)| (name, value.as_str())))
            }
        }
    }
}

/// Returns a value as text within other text: a string without its quotes, null as nothing, all else as it is.
fn as_text(value: &str) -> Cow<'_, str> {
    match Kind::of(value) {
        Kind::String => json::string(value).map_or(Cow::Borrowed(value), Cow::Owned),
        Kind::Null => Cow::Borrowed(""),
        _ => Cow::Borrowed(value),
    }
}

fn parse_path(path: &str) -> Result<Vec<String>, TemplateError> {
    let names: Vec<String> = path.split('.').map(str::to_owned).collect();
    if names.iter().any(String::is_empty) {
        return Err(TemplateError::NoPath(path.to_owned()));
    }
    match names.first() {
        Some(root) if ROOTS.contains(&root.as_str()) => Ok(names),
        _ => Err(TemplateError::NoSuchRoot { path: path.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const DATA: &str = r#"{"workflow":"order","recipients":[{"id":"u_1","name":"A \"B\""}],"data":{"total":39.50,"big":9007199254740993,"list":[1.10,2]}}"#;

    fn render(template: Value) -> String {
        Template::parse(&template).unwrap().render(DATA, &[("key", r#""k-1""#)])
    }

    #[test]
    fn placeholders_become_values_to_the_letter() {
        let template = json!({
            "whole": "{{data}}", "total": "{{ data.total }}", "item": "{{data.list.0}}", "text": "{{data.total}} to {{recipient.name}} ({{workflow}})",
            "none": "{{data.none.deeper}}", "none_in_text": "[{{data.none}}]", "key": ["{{key}}"], "constant": {"a": true, "b": "x"}
        });
        insta::assert_snapshot!(render(template), @r#"{"constant":{"a":true,"b":"x"},"item":1.10,"key":["k-1"],"none":null,"none_in_text":"[]","text":"39.50 to A \"B\" (order)","total":39.50,"whole":{"total":39.50,"big":9007199254740993,"list":[1.10,2]}}"#);
        assert_eq!(render(json!("{{run}}")), DATA);
    }

    #[test]
    fn a_value_cannot_bring_placeholders_of_its_own() {
        let data = r#"{"data":{"name":"{{key}}"}}"#;
        let template = Template::parse(&json!(["{{data.name}}", "a {{data.name}}"])).unwrap();
        assert_eq!(template.render(data, &[("key", r#""k""#)]), r#"["{{key}}","a {{key}}"]"#);
    }

    #[test]
    fn what_is_no_template_is_refused() {
        let refused = |text: &str| Template::parse(&json!(text)).unwrap_err().to_string();
        insta::assert_snapshot!(refused("{{data"), @r#""{{data" holds `{{` without `}}`; expected a placeholder such as {{data.order_id}}"#);
        insta::assert_snapshot!(refused("{{}}"), @"the placeholder {{}} is no path; expected names with dots between them, such as {{data.order_id}}");
        insta::assert_snapshot!(refused("{{user.id}}"), @"the placeholder {{user.id}} starts at nothing that there is; expected one of key, type, timestamp, run, recipient, recipients, workflow, workflow_run_id, actor, tenant, data, cancellation_key, source_event_id");
    }
}
