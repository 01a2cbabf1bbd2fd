//! The law about values: what was sent is what the event holds, in the very text.
//!
//! Pointed at, the host cuts it and nothing can be lost; the law finds plugins that write out what they read.

use inlet_core::{
    contract::{TranslatedEvent, Translation, Value},
    json::{self, Kind},
};

use super::{
    Found, Run,
    sample::{Sample, events, with_members},
    values::resolved,
};

/// Members that a reader of JSON may spoil.
const ODD: &str = concat!(
    r#""inlet_n":9007199254740993,"inlet_p":1.10,"inlet_e":-1E400,"inlet_u":"\u2603 ☃ \"\\\/","#,
    r#""$serde_json::private::Number":"1","$serde_json::private::RawValue":"2","inlet_d":1,"inlet_d":2"#
);

/// Those of them that a plugin which writes numbers out has to write as they came.
const NUMBERS: [(&str, &str); 3] = [("inlet_n", "9007199254740993"), ("inlet_p", "1.10"), ("inlet_e", "-1E400")];

/// An identifier that a reader of JSON may spoil, of the kind of the one that it takes the place of.
fn odd_id(sent: &str) -> Option<&'static str> {
    match Kind::of(sent) {
        Kind::String => Some(r#""\u2603 ☃ \"\\\/ 007""#),
        Kind::Number => Some("9007199254740993"),
        _ => None,
    }
}

pub(super) async fn survive(run: &Run<'_>, found: &mut Found) {
    for sample in run.examples() {
        let Some(translation) = run.translation(&sample.request).await else { continue };
        for (index, event) in events(&translation).enumerate() {
            content(run, found, sample, index, event).await;
            for (field, of) in FIELDS {
                if let Some(value) = of(event) {
                    identifier(run, found, sample, index, (field, of), value).await;
                }
            }
        }
    }
}

/// One value of an event.
type Of = fn(&TranslatedEvent) -> Option<&Value>;

const FIELDS: [(&str, Of); 3] = [
    ("user_id", |event| event.user_id.as_ref()),
    ("idempotency_key", |event| event.idempotency_key.as_ref()),
    ("data", |event| event.data.as_ref()),
];

/// Odd members in the objects that the content is made of, and in the first object inside each.
async fn content(run: &Run<'_>, found: &mut Found, sample: &Sample, index: usize, event: &TranslatedEvent) {
    let body = sample.text();
    let whole = [String::new()];
    let places: Vec<&str> = match &event.data {
        Some(Value::At(at)) => vec![at],
        Some(Value::Assembled(members)) => members.iter().map(|(_, at)| at.as_str()).collect(),
        // It may be made of anything.
        Some(Value::Made(_)) => vec![&whole[0]],
        None => return,
    };
    let objects =
        places.iter().filter_map(|at| resolved(body, at)).flat_map(|value| [Some(value), inner_object(value)]);
    for object in objects.flatten().filter(|value| Kind::of(value) == Kind::Object) {
        let Some(offset) = offset(body, object) else { continue };
        let Some(odd) = with_members(body, offset, ODD) else { continue };
        let again = nth(run.translation(&sample.with_body(&odd)).await, index);
        let kept = match again.as_ref().and_then(|event| event.data.as_ref()) {
            Some(Value::At(at)) => resolved(&odd, at).is_some_and(|text| text.contains(ODD)),
            Some(Value::Assembled(members)) => {
                members.iter().any(|(_, at)| resolved(&odd, at).is_some_and(|text| text.contains(ODD)))
            }
            Some(Value::Made(text)) => NUMBERS.iter().all(|(name, number)| written_as(text, name, number)),
            None => false,
        };
        if !kept {
            found.add(format!(
                "{} with odd members in its content: expected data to hold the very text that was sent, found something else",
                sample.name
            ));
        }
    }
}

/// Whether a text that has a member has it with this number, digit by digit.
fn written_as(text: &str, name: &str, number: &str) -> bool {
    let quoted = format!("\"{name}\"");
    text.match_indices(&quoted).all(|(at, _)| {
        let after = text[at + quoted.len()..].trim_start_matches([' ', '\t', '\r', '\n', ':']);
        after.strip_prefix(number).is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_alphanumeric()))
    })
}

/// An odd identifier in the place of each that was pointed at.
async fn identifier(
    run: &Run<'_>,
    found: &mut Found,
    sample: &Sample,
    index: usize,
    (field, of): (&str, Of),
    value: &Value,
) {
    let body = sample.text();
    let members: Vec<(Option<&str>, &str)> = match value {
        Value::At(at) => vec![(None, at)],
        Value::Assembled(members) => members.iter().map(|(name, at)| (Some(name.as_str()), at.as_str())).collect(),
        // A header's, or one made of several: not the body's text.
        Value::Made(_) => return,
    };
    for (member, at) in members {
        let Some(sent) = resolved(body, at) else { continue };
        let (Some(odd), Some(offset)) = (odd_id(sent), offset(body, sent)) else { continue };
        let changed = [&body[..offset], odd, &body[offset + sent.len()..]].concat();
        let again = nth(run.translation(&sample.with_body(&changed)).await, index);
        let kept = match (again.as_ref().and_then(of), member) {
            (Some(Value::At(at)), None) => resolved(&changed, at) == Some(odd),
            (Some(Value::Assembled(members)), Some(member)) => {
                members.iter().any(|(name, at)| name == member && resolved(&changed, at) == Some(odd))
            }
            _ => false,
        };
        if !kept {
            let member = member.map_or_else(String::new, |member| format!(".{member}"));
            found.add(format!(
                "{} with {odd} at {at:?}: expected {field}{member} to be that very text, found something else",
                sample.name
            ));
        }
    }
}

fn nth(translation: Option<Translation>, index: usize) -> Option<TranslatedEvent> {
    events(&translation?).nth(index).cloned()
}

/// The first object inside an object.
fn inner_object(object: &str) -> Option<&str> {
    json::all_members(object)?.into_iter().map(|(_, value)| value).find(|value| Kind::of(value) == Kind::Object)
}

/// Where in a body a part of it starts.
fn offset(body: &str, part: &str) -> Option<usize> {
    let offset = (part.as_ptr() as usize).checked_sub(body.as_ptr() as usize)?;
    (body.get(offset..)?.starts_with(part)).then_some(offset)
}
