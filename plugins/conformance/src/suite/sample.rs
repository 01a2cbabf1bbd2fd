//! Samples: the requests on which laws are checked. They are the manifest's examples and the plugin's own cases.

use bytestring::ByteString;
use inlet_core::{
    contract::{Body, Item, Request, TranslatedEvent, Translation},
    json::{self, Kind},
};
use inlet_sandbox::Manifest;
use serde_json::Value;

use super::cases::LevelledCase;
use crate::case_run::as_received;

/// A request that the plugin is known to handle.
#[derive(Debug, Clone)]
pub(super) struct Sample {
    /// Name in findings, for example `example 1` or `case page`.
    pub(super) name: String,
    pub(super) request: Request,
    /// The declared event type, for an example.
    pub(super) event_type: Option<String>,
    /// Headers of an example that were removed from the request because the manifest does not list them.
    pub(super) left_out: Vec<String>,
}

impl Sample {
    /// An empty request, for a plugin without samples.
    pub(super) fn nothing() -> Self {
        let request = Request {
            method: "POST".to_owned(),
            path: String::new(),
            query: Vec::new(),
            headers: Vec::new(),
            body: Body::Text(ByteString::new()),
            received_at_ms: 0,
            options: "{}".to_owned(),
            facts: Vec::new(),
        };
        Self { name: "an empty request".to_owned(), request, event_type: None, left_out: Vec::new() }
    }

    pub(super) fn text(&self) -> &str {
        self.request.body.as_text().map_or("", |text| text)
    }

    /// Returns the request with another body.
    pub(super) fn with_body(&self, body: &str) -> Request {
        Request { body: Body::Text(ByteString::from(body)), ..self.request.clone() }
    }

    /// Returns the request with members added to the object that is its body.
    pub(super) fn with_members(&self, members: &str) -> Option<Request> {
        Some(self.with_body(&with_members(self.text(), 0, members)?))
    }

    /// Returns the offsets of nested objects that a reader may walk into: the body, or the first element of an array,
    /// and then the first object inside each.
    pub(super) fn objects(&self) -> Vec<usize> {
        let body = self.text();
        let first = json::items(body).and_then(|items| items.into_iter().next());
        let mut objects = Vec::new();
        let mut object = first.or(Some(body)).filter(|value| Kind::of(value) == Kind::Object);
        while let Some(outer) = object.filter(|_| objects.len() < MAX_OBJECTS) {
            objects.extend(offset(body, outer));
            object = inner_object(outer);
        }
        objects
    }
}

/// Maximum number of nested objects.
const MAX_OBJECTS: usize = 4;

/// Returns the first object inside an object.
pub(super) fn inner_object(object: &str) -> Option<&str> {
    json::all_members(object)?.into_iter().map(|(_, value)| value).find(|value| Kind::of(value) == Kind::Object)
}

/// Returns the offset of `part`, a slice of `body`.
pub(super) fn offset(body: &str, part: &str) -> Option<usize> {
    let offset = (part.as_ptr() as usize).checked_sub(body.as_ptr() as usize)?;
    (body.get(offset..)?.starts_with(part)).then_some(offset)
}

/// Returns the text with `members` inserted at the start of the object at the offset `at`.
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
        // A request that the manifest does not allow fails as a case; it is no sample.
        let request = as_received(manifest, &levelled.case.request).ok()?;
        Some(Sample { name: format!("case {}", levelled.case.name), request, event_type: None, left_out: Vec::new() })
    }));
    samples
}

fn examples(manifest: &Manifest) -> Vec<Sample> {
    let options = manifest.check_options(&Value::Null).unwrap_or_else(|_| Value::Object(serde_json::Map::new()));
    let examples = manifest.examples.iter().enumerate();
    examples
        .map(|(index, example)| {
            let (request, left_out) = (example.request(manifest, &options), example.unlisted_headers(manifest));
            let name = format!("example {}", index + 1);
            Sample { name, request, event_type: Some(example.event_type.clone()), left_out }
        })
        .collect()
}

/// Iterates over the events among a translation's items.
pub(super) fn events(translation: &Translation) -> impl Iterator<Item = &TranslatedEvent> {
    translation.items.iter().filter_map(|item| match item {
        Item::Event(event) => Some(event),
        Item::Ignored(_) | Item::Rejected(_) => None,
    })
}
