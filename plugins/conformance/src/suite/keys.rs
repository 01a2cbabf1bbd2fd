//! The law about idempotency keys: they tell events apart. Two events of one type with one key are one event to the
//! host, which carries out only the first.

use inlet_core::{
    contract::{Field, Request, Translation, Value},
    json::{self, Kind},
};

use super::{
    Findings, Subject,
    json_equality::{canonical, each_value},
    pointers::{resolved, text_of},
    sample::{Sample, events, offset},
};

/// Maximum number of values of an example that are changed.
const MAX_CHANGES: usize = 200;

pub(super) async fn keys(subject: &Subject<'_>, findings: &mut Findings) {
    let mut seen: Vec<Keyed> = Vec::new();
    for sample in subject.examples() {
        let Some(translation) = subject.translation(&sample.request).await else { continue };
        for keyed in keyed_events(sample, &translation) {
            let is_shared = |other: &&Keyed| {
                (&other.event_type, &other.key) == (&keyed.event_type, &keyed.key) && other.content != keyed.content
            };
            if let Some(other) = seen.iter().find(is_shared) {
                findings.add(format!(
                    "{} and {}: expected two events that differ to have different idempotency keys, found {} for both; take \
                     the key from what the platform sends for one event alone, and give the examples ids of their own",
                    other.example, keyed.example, keyed.key
                ));
            }
            seen.push(keyed);
        }
        check_written_key(subject, findings, sample, &translation).await;
    }
}

/// An event of an example that has a key.
struct Keyed {
    example: String,
    event_type: String,
    key: String,
    /// The item as it was sent and the headers: what makes two events different.
    content: (String, Vec<Field>),
}

fn keyed_events(sample: &Sample, translation: &Translation) -> Vec<Keyed> {
    let body = sample.text();
    let keyed = events(translation).filter_map(|event| {
        let key = canonical(&text_of(body, event.idempotency_key.as_ref()?)?);
        // Null and the empty string are no key.
        if matches!(key.as_str(), "null" | "\"\"") {
            return None;
        }
        let item = resolved(body, event.original.as_deref().unwrap_or_default()).unwrap_or(body);
        Some(Keyed {
            example: sample.name.clone(),
            event_type: event.event_type.clone(),
            key,
            content: (canonical(item), sample.request.headers.clone()),
        })
    });
    keyed.collect()
}

/// Checks that a key which the plugin writes itself follows some value of the request.
async fn check_written_key(subject: &Subject<'_>, findings: &mut Findings, sample: &Sample, translation: &Translation) {
    let Some(Value::Made(key)) = events(translation).next().and_then(|event| event.idempotency_key.as_ref()) else {
        return;
    };
    for request in changed_requests(sample) {
        // A request that is no event any more has no key to compare.
        let Some(changed) = subject.translation(&request).await else { continue };
        let Some(event) = events(&changed).next() else { continue };
        if event.idempotency_key.as_ref() != Some(&Value::Made(key.clone())) {
            return;
        }
    }
    findings.add(format!(
        "{}: expected its idempotency key to follow what was sent, found {key} whatever value of the request changes",
        sample.name
    ));
}

/// Returns the request with one value changed, for each header and each text and number of its body.
fn changed_requests(sample: &Sample) -> Vec<Request> {
    let mut requests = Vec::new();
    for index in 0..sample.request.headers.len() {
        let mut request = sample.request.clone();
        request.headers[index].value.push_str("-changed");
        requests.push(request);
    }
    let body = sample.text();
    each_value(body, &mut |value| {
        let changed = match Kind::of(value) {
            Kind::String => json::string(value).map(|text| json::quote(&format!("{text}-changed"))),
            Kind::Number => Some("9007199254740993".to_owned()),
            _ => None,
        };
        if let (Some(changed), Some(at)) = (changed, offset(body, value)) {
            requests.push(sample.with_body(&[&body[..at], &changed, &body[at + value.len()..]].concat()));
        }
    });
    requests.truncate(MAX_CHANGES);
    requests
}
