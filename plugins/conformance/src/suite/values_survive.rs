//! The law about values: an event holds exactly the values that were sent.
//!
//! A value that the plugin points at must be the same text, because the host cuts it from the body. A value that the
//! plugin writes must be equal, digit by digit.

use inlet_core::{
    contract::{TranslatedEvent, Translation, Value},
    json::Kind,
};

use super::{
    Findings, Subject,
    json_equality::{each_value, equal, holds_all_or_none},
    pointers::resolved,
    sample::{Sample, events, inner_object, offset, with_members},
};

/// Members that JSON readers may corrupt. The marker of numbers comes first, where readers look for it.
const ODD: &str = concat!(
    r#""$serde_json::private::Number":"1","inlet_m":{"$serde_json::private::RawValue":"2"},"inlet_n":9007199254740993,"#,
    r#""inlet_p":1.10,"inlet_e":-1E400,"inlet_u":"\u2603 ☃ \"\\\/","inlet_d":1,"inlet_d":2"#
);

/// The same with the marker of raw texts first.
const ODD_FOR_RAW_TEXTS: &str =
    r#""$serde_json::private::RawValue":"2","inlet_m":{"$serde_json::private::Number":"1"},"inlet_d":1,"inlet_d":2"#;

/// Returns identifiers that readers may corrupt, of the same kind as the original: escapes and leading zeros; capitals,
/// spaces around and inside, and almost the 256 characters that a user id may have.
fn odd_ids(sent: &str) -> &'static [&'static str] {
    match Kind::of(sent) {
        Kind::String => &[
            r#""\u2603 ☃ \"\\\/ 007""#,
            r#""  Ada  LOVELACE\u0301+Test@Example.COM ""#,
            concat!(
                "\"Xy☃4567890123456789012345678901234567890123456789012345678901",
                "23456789012345678901234567890123456789012345678901234567890123",
                "45678901234567890123456789012345678901234567890123456789012345",
                "6789012345678901234567890123456789012345678901234567890Z\""
            ),
        ],
        Kind::Number => &["9007199254740993", "1.10"],
        _ => &[],
    }
}

pub(super) async fn values_survive(subject: &Subject<'_>, findings: &mut Findings) {
    for sample in subject.examples() {
        let Some(translation) = subject.translation(&sample.request).await else { continue };
        for (index, event) in events(&translation).enumerate() {
            check_content(subject, findings, sample, index, event).await;
            for field in FIELDS {
                if let Some(value) = (field.of)(event) {
                    check_identifier(subject, findings, sample, index, field, value).await;
                }
            }
        }
    }
}

/// A named value of an event.
#[derive(Clone, Copy)]
struct Field {
    name: &'static str,
    of: fn(&TranslatedEvent) -> Option<&Value>,
}

const FIELDS: [Field; 3] = [
    Field { name: "user_id", of: |event| event.user_id.as_ref() },
    Field { name: "idempotency_key", of: |event| event.idempotency_key.as_ref() },
    Field { name: "data", of: |event| event.data.as_ref() },
];

/// Inserts odd members into the objects that the data points at, and into the first object inside each.
async fn check_content(
    subject: &Subject<'_>,
    findings: &mut Findings,
    sample: &Sample,
    index: usize,
    event: &TranslatedEvent,
) {
    let body = sample.text();
    let whole = [String::new()];
    let places: Vec<&str> = match &event.data {
        Some(Value::At(at)) => vec![at],
        Some(Value::Assembled(members)) => members.iter().map(|(_, at)| at.as_str()).collect(),
        // It may depend on anything in the body.
        Some(Value::Made(_)) => vec![&whole[0]],
        None => return,
    };
    let objects =
        places.iter().filter_map(|at| resolved(body, at)).flat_map(|value| [Some(value), inner_object(value)]);
    for object in objects.flatten().filter(|value| Kind::of(value) == Kind::Object) {
        let Some(offset) = offset(body, object) else { continue };
        for members in [ODD, ODD_FOR_RAW_TEXTS] {
            let Some(odd) = with_members(body, offset, members) else { continue };
            let again = nth(subject.translation(&sample.with_body(&odd)).await, index);
            let holds = |at: &str| resolved(&odd, at).is_some_and(|text| text.contains(members));
            let kept = match again.as_ref().and_then(|event| event.data.as_ref()) {
                Some(Value::At(at)) => holds(at),
                Some(Value::Assembled(parts)) => parts.iter().any(|(_, at)| holds(at)),
                Some(Value::Made(text)) => holds_all_or_none(text, members),
                None => false,
            };
            if !kept {
                findings.add(format!(
                    "{} with odd members in its content: expected data to hold what was sent, found something else",
                    sample.name
                ));
            }
        }
    }
}

/// Replaces each identifier that an event points at or writes by an odd one.
async fn check_identifier(
    subject: &Subject<'_>,
    findings: &mut Findings,
    sample: &Sample,
    index: usize,
    field: Field,
    value: &Value,
) {
    let body = sample.text();
    match value {
        Value::At(at) => {
            let Some(sent) = resolved(body, at) else { return };
            let kept = |found: &Value, changed: &str, odd: &str| matches!(found, Value::At(at) if resolved(changed, at) == Some(odd));
            check_replacement(subject, findings, sample, index, (field, None), sent, kept).await;
        }
        Value::Assembled(members) => {
            for (name, at) in members {
                let Some(sent) = resolved(body, at) else { continue };
                let kept = |found: &Value, changed: &str, odd: &str| match found {
                    Value::Assembled(found) => {
                        found.iter().any(|(other, at)| other == name && resolved(changed, at) == Some(odd))
                    }
                    _ => false,
                };
                check_replacement(subject, findings, sample, index, (field, Some(name)), sent, kept).await;
            }
        }
        // The text comes from a header or from several values, or it copies one value of the body. A copy must change
        // with the value.
        Value::Made(text) => {
            let mut copied = Vec::new();
            each_value(body, &mut |value| {
                if equal(value, text) {
                    copied.push(value);
                }
            });
            for sent in copied {
                let kept = |found: &Value, _: &str, odd: &str| match found {
                    // Unchanged: it is not a copy of this value.
                    Value::Made(again) => again == text || equal(again, odd),
                    _ => true,
                };
                check_replacement(subject, findings, sample, index, (field, None), sent, kept).await;
            }
        }
    }
}

/// Replaces one identifier by odd ones, and checks each new translation with `kept`.
async fn check_replacement(
    subject: &Subject<'_>,
    findings: &mut Findings,
    sample: &Sample,
    index: usize,
    (field, member): (Field, Option<&str>),
    sent: &str,
    kept: impl Fn(&Value, &str, &str) -> bool,
) {
    let body = sample.text();
    let Some(offset) = offset(body, sent) else { return };
    for odd in odd_ids(sent) {
        let changed = [&body[..offset], odd, &body[offset + sent.len()..]].concat();
        let again = nth(subject.translation(&sample.with_body(&changed)).await, index);
        if again.as_ref().and_then(field.of).is_some_and(|value| kept(value, &changed, odd)) {
            continue;
        }
        let member = member.map_or_else(String::new, |member| format!(".{member}"));
        findings.add(format!(
            "{} with {odd:.60} in the place of {sent}: expected {}{member} to be that, found something else",
            sample.name, field.name
        ));
    }
}

fn nth(translation: Option<Translation>, index: usize) -> Option<TranslatedEvent> {
    events(&translation?).nth(index).cloned()
}
