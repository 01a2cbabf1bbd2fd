//! Laws about the manifest.

use inlet_core::{
    contract::{TranslatedEvent, Value},
    json,
    path::Path,
};

use super::{
    Findings, Subject,
    pointers::{resolved, text_of},
    sample::{Sample, events},
};

pub(super) fn vectors(subject: &Subject<'_>, findings: &mut Findings) {
    if let Some(Err(error)) = subject.plugin.manifest().verification.as_ref().map(|template| template.check_vectors()) {
        findings.add(error.to_string());
    }
}

pub(super) fn header_names(subject: &Subject<'_>, findings: &mut Findings) {
    for name in &subject.plugin.manifest().headers {
        if name.chars().any(|character| character.is_ascii_uppercase()) {
            findings.add(format!("the manifest names header {name:?}; expected lower case, which is how it arrives"));
        }
    }
}

pub(super) async fn shows_an_event(subject: &Subject<'_>, findings: &mut Findings) {
    if !subject.shows_an_event().await {
        let sentence = "expected an example or a case that becomes an event, found none; add examples to the manifest";
        findings.add(sentence.to_owned());
    }
}

impl Subject<'_> {
    /// Returns true if a sample becomes an event.
    pub(super) async fn shows_an_event(&self) -> bool {
        for sample in &self.samples {
            if self.translation(&sample.request).await.is_some_and(|found| events(&found).next().is_some()) {
                return true;
            }
        }
        false
    }
}

pub(super) async fn examples(subject: &Subject<'_>, findings: &mut Findings) {
    let manifest = subject.plugin.manifest();
    for (index, example) in manifest.examples.iter().enumerate() {
        findings.extend(example.unlisted_query_parameters(manifest).into_iter().map(|name| {
            format!(
                "example {}: it sends the query parameter {name:?}, which the manifest does not list; it would never arrive; add \
                 it to query",
                index + 1
            )
        }));
        let method = example.method(manifest);
        if !manifest.methods.iter().any(|listed| listed == method) {
            findings.add(format!(
                "example {}: its method is {method}, which the manifest does not list; it would be answered 405; add it to methods",
                index + 1
            ));
        }
    }
    for sample in subject.examples() {
        findings.extend(sample.left_out.iter().map(|name| {
            format!(
                "{}: it sends header {name:?}, which the manifest does not list; it would never arrive; add it to headers",
                sample.name
            )
        }));
        let declared = sample.event_type.as_deref().unwrap_or_default();
        match subject.answer(&sample.request).await {
            Err(fault) => findings.add(format!("{}: expected {declared:?}, found a fault: {fault}", sample.name)),
            Ok(Err(notice)) => findings.add(format!(
                "{}: expected {declared:?}, found the request rejected as {:?}: {}",
                sample.name, notice.code, notice.message
            )),
            Ok(Ok(translation)) => {
                let types: Vec<&str> = events(&translation).map(|event| event.event_type.as_str()).collect();
                if !types.contains(&declared) {
                    findings.add(format!("{}: expected {declared:?}, found {types:?}", sample.name));
                }
            }
        }
    }
}

pub(super) async fn mappings(subject: &Subject<'_>, findings: &mut Findings) {
    for mapping in &subject.plugin.manifest().defaults.mappings {
        let matching = subject.examples().filter(|sample| sample.event_type.as_deref() == Some(&mapping.event_type));
        for sample in matching {
            let Some(translation) = subject.translation(&sample.request).await else { continue };
            let event = events(&translation).find(|event| event.event_type == mapping.event_type);
            let Some(event) = event else { continue };
            for (field, parameter) in &mapping.action_parameters {
                // These parameters of a mapping are constants, not paths.
                if matches!(field.as_str(), "key" | "collection") {
                    continue;
                }
                let Some(path) = parameter.as_str() else { continue };
                if !leads_somewhere(path, sample, event) {
                    findings.add(format!(
                        "{}: expected the path {path:?} of the {} mapping's {field} to lead somewhere, found nothing",
                        sample.name, mapping.event_type
                    ));
                }
            }
        }
    }
}

/// Returns true if a path finds something in the common event, or else in the item as it was sent.
fn leads_somewhere(path: &str, sample: &Sample, event: &TranslatedEvent) -> bool {
    let Ok(path) = Path::parse(path) else { return false };
    let body = sample.text();
    let original = resolved(body, event.original.as_deref().unwrap_or_default()).unwrap_or("null");
    let text = |value: &Option<Value>| value.as_ref().and_then(|value| text_of(body, value));
    let (user, data) = (text(&event.user_id), text(&event.data));
    let mut members = vec![("event", original), ("body", original)];
    members.extend(user.as_deref().map(|user| ("user_id", user)));
    members.extend(data.as_deref().map(|data| ("data", data)));
    path.find(&json::object(members)).or_else(|| path.find(original)).is_some()
}
