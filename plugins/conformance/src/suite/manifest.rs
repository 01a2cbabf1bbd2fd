//! Laws about what the manifest promises.

use inlet_core::{
    contract::{TranslatedEvent, Value},
    json,
    path::Path,
};

use super::{
    Found, Run,
    sample::{Sample, events},
    values::resolved,
};

pub(super) fn vectors(run: &Run<'_>, found: &mut Found) {
    if let Some(Err(error)) = run.plugin.manifest().verification.as_ref().map(|template| template.check_vectors()) {
        found.add(error.to_string());
    }
}

pub(super) fn header_names(run: &Run<'_>, found: &mut Found) {
    for name in &run.plugin.manifest().headers {
        if name.chars().any(|character| character.is_ascii_uppercase()) {
            found.add(format!("the manifest names header {name:?}; expected lower case, which is how it arrives"));
        }
    }
}

pub(super) async fn shows(run: &Run<'_>, found: &mut Found) {
    for sample in &run.samples {
        if run.translation(&sample.request).await.is_some_and(|translation| events(&translation).next().is_some()) {
            return;
        }
    }
    let sentence = "expected an example or a case that becomes an event, found none; add examples to the manifest";
    found.add(sentence.to_owned());
}

pub(super) async fn examples(run: &Run<'_>, found: &mut Found) {
    for sample in run.examples() {
        found.extend(sample.left_out.iter().map(|name| {
            format!(
                "{}: it sends header {name:?}, which the manifest does not list; it would never arrive; add it to headers",
                sample.name
            )
        }));
        let declared = sample.event_type.as_deref().unwrap_or_default();
        match run.answer(&sample.request).await {
            Err(fault) => found.add(format!("{}: expected {declared:?}, found a fault: {fault}", sample.name)),
            Ok(Err(notice)) => found.add(format!(
                "{}: expected {declared:?}, found the request rejected as {:?}: {}",
                sample.name, notice.code, notice.message
            )),
            Ok(Ok(translation)) => {
                let types: Vec<&str> = events(&translation).map(|event| event.event_type.as_str()).collect();
                if !types.contains(&declared) {
                    found.add(format!("{}: expected {declared:?}, found {types:?}", sample.name));
                }
            }
        }
    }
}

pub(super) async fn mappings(run: &Run<'_>, found: &mut Found) {
    for mapping in &run.plugin.manifest().defaults.mappings {
        let matching = run.examples().filter(|sample| sample.event_type.as_deref() == Some(&mapping.event_type));
        for sample in matching {
            let Some(translation) = run.translation(&sample.request).await else { continue };
            let event = events(&translation).find(|event| event.event_type == mapping.event_type);
            let Some(event) = event else { continue };
            for (field, parameter) in &mapping.action_parameters {
                // Constants, by the rules of mappings.
                if matches!(field.as_str(), "key" | "collection") {
                    continue;
                }
                let Some(path) = parameter.as_str() else { continue };
                if !leads_somewhere(path, sample, event) {
                    found.add(format!(
                        "{}: expected the path {path:?} of the {} mapping's {field} to lead somewhere, found nothing",
                        sample.name, mapping.event_type
                    ));
                }
            }
        }
    }
}

/// Whether a path finds something in the common event, or else in the item as it came.
fn leads_somewhere(path: &str, sample: &Sample, event: &TranslatedEvent) -> bool {
    let Ok(path) = Path::parse(path) else { return false };
    let body = sample.text();
    let original = resolved(body, event.original.as_deref().unwrap_or_default()).unwrap_or("null");
    let text = |value: &Option<Value>| value.as_ref().and_then(|value| written(body, value));
    let (user, data) = (text(&event.user_id), text(&event.data));
    let mut members = vec![("event", original), ("body", original)];
    members.extend(user.as_deref().map(|user| ("user_id", user)));
    members.extend(data.as_deref().map(|data| ("data", data)));
    path.find(&json::object(members)).or_else(|| path.find(original)).is_some()
}

/// The text of a value.
fn written(body: &str, value: &Value) -> Option<String> {
    match value {
        Value::At(at) => resolved(body, at).map(str::to_owned),
        Value::Assembled(members) => {
            Some(json::object(members.iter().filter_map(|(name, at)| Some((name.as_str(), resolved(body, at)?)))))
        }
        Value::Made(text) => Some(text.clone()),
    }
}
