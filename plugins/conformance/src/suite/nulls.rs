//! The law about nulls: a member of an event's data that is null stays. An upsert overwrites with null, so a member that
//! is left out keeps the old value.

use inlet_core::{
    contract::{TranslatedEvent, Value},
    json,
};

use super::{
    Findings, Subject,
    json_equality::{each_value, equal},
    pointers::{resolved, text_of},
    sample::{Sample, events, offset},
};

/// Maximum number of members of one event that are replaced.
const MAX_MEMBERS: usize = 32;

pub(super) async fn nulls(subject: &Subject<'_>, findings: &mut Findings) {
    for sample in subject.examples() {
        let Some(translation) = subject.translation(&sample.request).await else { continue };
        for (index, event) in events(&translation).enumerate().take(MAX_MEMBERS) {
            for (name, sent) in members_sent(sample.text(), event) {
                check_member(subject, findings, sample, index, event, (&name, sent)).await;
            }
        }
    }
}

/// Returns the members of an event's data with the values of the body that they come from.
fn members_sent<'a>(body: &'a str, event: &TranslatedEvent) -> Vec<(String, &'a str)> {
    let mut members: Vec<(String, &str)> = match &event.data {
        Some(Value::At(at)) => {
            let members = resolved(body, at).and_then(json::members).unwrap_or_default();
            members.into_iter().map(|(name, value)| (name.into_owned(), value)).collect()
        }
        Some(Value::Assembled(members)) => {
            members.iter().filter_map(|(name, at)| Some((name.clone(), resolved(body, at)?))).collect()
        }
        Some(Value::Made(text)) => {
            let members = json::members(text).unwrap_or_default();
            let copied = members.iter().filter_map(|(name, value)| Some((name.to_string(), only_copy(body, value)?)));
            copied.collect()
        }
        None => Vec::new(),
    };
    members.truncate(MAX_MEMBERS);
    members
}

/// Returns the value of the body that equals a written one, or `None` if there is none or there are several.
fn only_copy<'a>(body: &'a str, written: &str) -> Option<&'a str> {
    let mut copies = Vec::new();
    each_value(body, &mut |value| {
        if equal(value, written) {
            copies.push(value);
        }
    });
    match copies.as_slice() {
        [one] => Some(one),
        _ => None,
    }
}

async fn check_member(
    subject: &Subject<'_>,
    findings: &mut Findings,
    sample: &Sample,
    index: usize,
    event: &TranslatedEvent,
    (name, sent): (&str, &str),
) {
    let body = sample.text();
    let Some(at) = offset(body, sent) else { return };
    let changed = [&body[..at], "null", &body[at + sent.len()..]].concat();
    let Some(translation) = subject.translation(&sample.with_body(&changed)).await else { return };
    // The member may be what the event's type is read from.
    let again = events(&translation).nth(index).filter(|again| again.event_type == event.event_type);
    let Some(again) = again else { return };
    let data = again.data.as_ref().and_then(|data| text_of(&changed, data));
    let found = data.as_deref().and_then(|data| json::member(data, name)).map(str::trim);
    if found != Some("null") {
        findings.add(format!(
            "{} with null for {name:?} of its data: expected data to hold that null, found {}",
            sample.name,
            found.map_or_else(|| "the member left out".to_owned(), |found| format!("{found:.100}"))
        ));
    }
}
