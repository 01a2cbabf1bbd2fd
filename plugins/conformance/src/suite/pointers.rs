//! Laws about the pointers of events.

use inlet_core::{
    contract::{TranslatedEvent, Value},
    json,
};

use super::{Findings, Subject, sample::events};

pub(super) async fn originals(subject: &Subject<'_>, findings: &mut Findings) {
    for sample in &subject.samples {
        let Some(translation) = subject.translation(&sample.request).await else { continue };
        for at in events(&translation).filter_map(|event| event.original.as_deref()).filter(|at| !at.is_empty()) {
            if resolved(sample.text(), at).is_none() {
                findings.add(format!("{}: expected the original at {at:?}, found nothing there", sample.name));
            }
        }
    }
}

pub(super) async fn pointers(subject: &Subject<'_>, findings: &mut Findings) {
    for sample in &subject.samples {
        let Some(translation) = subject.translation(&sample.request).await else { continue };
        for event in events(&translation) {
            for (field, at) in pointers_of(event) {
                if !leads_somewhere(sample.text(), at) {
                    findings.add(format!(
                        "{}: expected {field} to point at what is there, or at a member that an object there lacks; found {at:?}, \
                         which is beside everything",
                        sample.name
                    ));
                }
            }
        }
    }
}

/// Returns true if the pointer leads to a value, or names a missing member of an existing object.
fn leads_somewhere(body: &str, at: &str) -> bool {
    let parent = || at.rsplit_once('/').and_then(|(parent, _)| json::members(resolved(body, parent)?)).is_some();
    resolved(body, at).is_some() || parent()
}

/// Iterates over the values of an event, with their names in the contract.
pub(super) fn values_of(event: &TranslatedEvent) -> impl Iterator<Item = (&'static str, &Value)> {
    let values = [
        ("user_id", &event.user_id),
        ("data", &event.data),
        ("idempotency_key", &event.idempotency_key),
        ("occurred_at", &event.occurred_at),
    ];
    values.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?)))
}

fn pointers_of(event: &TranslatedEvent) -> impl Iterator<Item = (&'static str, &str)> {
    values_of(event).flat_map(|(name, value)| {
        let pointers: Vec<&str> = match value {
            Value::At(at) => vec![at],
            Value::Assembled(members) => members.iter().map(|(_, at)| at.as_str()).collect(),
            Value::Made(_) => Vec::new(),
        };
        pointers.into_iter().map(move |at| (name, at))
    })
}

/// Resolves a pointer in a body, which is one JSON text or NDJSON.
pub(super) fn resolved<'a>(body: &'a str, at: &str) -> Option<&'a str> {
    let mut cut = json::Cut::new();
    let slot = cut.add(at);
    cut.resolve(body).get(slot)
}

/// Returns the text of a value, or `None` if it points at nothing.
pub(super) fn text_of(body: &str, value: &Value) -> Option<String> {
    match value {
        Value::At(at) => resolved(body, at).map(str::to_owned),
        Value::Assembled(members) => {
            Some(json::object(members.iter().filter_map(|(name, at)| Some((name.as_str(), resolved(body, at)?)))))
        }
        Value::Made(text) => Some(text.clone()),
    }
}
