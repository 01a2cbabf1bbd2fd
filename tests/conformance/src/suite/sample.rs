//! The requests that the laws start from: the manifest's examples and the plugin's own cases.

use bytestring::ByteString;
use inlet_core::{
    contract::{Body, Field, Item, Request, TranslatedEvent, Translation},
    json,
};
use inlet_sandbox::Manifest;
use serde_json::Value;

use super::cases::LevelledCase;
use crate::run::arriving;

/// A request that a plugin knows.
#[derive(Debug, Clone)]
pub(super) struct Sample {
    /// What failures call it: `example 1`, `case page`.
    pub(super) name: String,
    pub(super) request: Request,
    /// What an example declares.
    pub(super) event_type: Option<String>,
}

impl Sample {
    pub(super) fn text(&self) -> &str {
        self.request.body.as_text().map_or("", |text| text)
    }

    /// The same request with another body.
    pub(super) fn with_body(&self, body: &str) -> Request {
        Request { body: Body::Text(ByteString::from(body)), ..self.request.clone() }
    }

    /// The same request, its body an object with more members.
    pub(super) fn with_members(&self, members: &str) -> Option<Request> {
        Some(self.with_body(&with_members(self.text(), 0, members)?))
    }
}

/// A text whose object at a byte offset holds these members first.
pub(super) fn with_members(text: &str, at: usize, members: &str) -> Option<String> {
    let (before, object) = text.split_at_checked(at)?;
    json::members(object.trim()).or_else(|| json::members(text))?;
    let inside = object.trim_start().strip_prefix('{')?;
    let comma = if inside.trim_start().starts_with('}') { "" } else { "," };
    Some(format!("{before}{{{members}{comma}{inside}"))
}

pub(super) fn all(manifest: &Manifest, cases: &[LevelledCase]) -> Vec<Sample> {
    let mut samples = examples(manifest);
    samples.extend(cases.iter().filter_map(|levelled| {
        // A request that would never arrive is the case's own failure.
        let request = arriving(manifest, &levelled.case.request).ok()?;
        Some(Sample { name: format!("case {}", levelled.case.name), request, event_type: None })
    }));
    samples
}

fn examples(manifest: &Manifest) -> Vec<Sample> {
    let options = manifest.check_options(&Value::Null).unwrap_or_else(|_| Value::Object(serde_json::Map::new()));
    let examples = manifest.examples.iter().enumerate();
    examples
        .map(|(index, example)| {
            let body = match &example.body {
                Value::String(text) => text.clone(),
                value => value.to_string(),
            };
            let request = Request {
                method: manifest.methods.first().cloned().unwrap_or_else(|| "POST".to_owned()),
                path: String::new(),
                query: Vec::new(),
                headers: example
                    .headers
                    .iter()
                    .map(|(name, value)| Field::new(name.as_str(), value.as_str()))
                    .collect(),
                body: Body::Text(ByteString::from(body)),
                received_at_ms: 0,
                options: options.to_string(),
                facts: Vec::new(),
            };
            Sample { name: format!("example {}", index + 1), request, event_type: Some(example.event_type.clone()) }
        })
        .collect()
}

/// The events among a translation's items.
pub(super) fn events(translation: &Translation) -> impl Iterator<Item = &TranslatedEvent> {
    translation.items.iter().filter_map(|item| match item {
        Item::Event(event) => Some(event),
        Item::Ignored(_) | Item::Rejected(_) => None,
    })
}
