//! Redaction of flat content: data that a plugin wrote itself, parameters of a query, and URL-encoded forms.
//!
//! A plugin may flatten a call into parameters. There a path's own names are part of a parameter's name
//! (`address.city`, `items[0].id`), or of the JSON in its value, and the names of the content (`data`, `properties`) are
//! left out.

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::{
    json::{self, Kind},
    path::{self, Path, Segment},
};

/// The value that stands for a blanked one.
pub(super) const BLANK: &str = "[redacted]";

/// The members of a request or an event that hold its content.
const CONTENTS: [&str; 6] = ["data", "body", "event", "query", "properties", "traits"];

/// The members of an event whose value as a whole is its data.
const WHOLES: [&str; 4] = ["data", "query", "properties", "traits"];

/// Blanks the values at a path in an object that a plugin wrote; `None` if nothing is there.
pub(super) fn blank_object(object: &str, path: &Path) -> Option<String> {
    if is_whole(path) {
        return json::all_members(object).filter(|members| !members.is_empty()).map(|_| "{}".to_owned());
    }
    let mut text: Option<String> = None;
    for segments in readings(path) {
        if let Some(blanked) = blank_members(text.as_deref().unwrap_or(object), segments) {
            text = Some(blanked);
        }
    }
    text
}

/// Blanks what a path names in the value of one parameter; `None` if that is nothing.
pub(super) fn blank_parameter(name: &str, value: &str, path: &Path) -> Option<String> {
    if is_whole(path) && !value.is_empty() {
        return Some(BLANK.to_owned());
    }
    let mut new: Option<String> = None;
    for segments in readings(path) {
        let old = new.as_deref().unwrap_or(value);
        // The parameter may be named by the path, or hold the whole content, as GitHub's `payload` does.
        let parameter = json::quote(old);
        let named = blank_member(name, &parameter, segments).and_then(|value| json::string(&value));
        if let Some(blanked) = named.or_else(|| path::blank(old, segments)) {
            new = Some(blanked);
        }
    }
    new
}

/// Blanks values of a form: those for which `blank` returns another one, of a name and a value. `None` if there are none.
pub(super) fn blank_form(form: &str, mut blank: impl FnMut(&str, &str) -> Option<String>) -> Option<String> {
    let mut has_hit = false;
    let pairs: Vec<String> = form
        .split('&')
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match blank(&decoded(name), &decoded(value)) {
                Some(blanked) => {
                    has_hit = true;
                    format!("{name}={}", utf8_percent_encode(&blanked, NON_ALPHANUMERIC))
                }
                None => pair.to_owned(),
            }
        })
        .collect();
    has_hit.then(|| pairs.join("&"))
}

/// Returns true for a URL-encoded form.
pub(crate) fn is_form(text: &str) -> bool {
    let text = text.trim();
    text.contains('=') && !text.starts_with(['{', '[', '"', '<']) && !text.contains(char::is_whitespace)
}

fn decoded(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

/// Returns the path as written, and without the names of the content that it begins with.
fn readings(path: &Path) -> Vec<&[Segment]> {
    let mut segments = path.segments();
    let mut readings = vec![segments];
    while let [first, rest @ ..] = segments {
        let is_context = text_of(first) == "context" && rest.first().is_some_and(|next| text_of(next) == "traits");
        if rest.is_empty() || !(is_context || CONTENTS.contains(&text_of(first).as_str())) {
            break;
        }
        segments = rest;
        if !is_context {
            readings.push(segments);
        }
    }
    readings
}

/// Returns true for a path that names an event's data as a whole.
fn is_whole(path: &Path) -> bool {
    match path.segments() {
        [only] => WHOLES.contains(&text_of(only).as_str()),
        [context, traits] => text_of(context) == "context" && text_of(traits) == "traits",
        _ => false,
    }
}

fn blank_members(object: &str, segments: &[Segment]) -> Option<String> {
    let members = json::all_members(object)?;
    let blanked: Vec<Option<String>> =
        members.iter().map(|(name, value)| blank_member(name, value, segments)).collect();
    blanked.iter().any(Option::is_some).then(|| {
        let values = members.iter().zip(&blanked);
        json::object(values.map(|((name, value), blanked)| (name, blanked.as_deref().unwrap_or(value))))
    })
}

/// Blanks what a path names in a member's value. The name may spell several steps of the path, or be longer than it.
fn blank_member(name: &str, value: &str, segments: &[Segment]) -> Option<String> {
    let is_named = segments.first().is_some_and(|first| text_of(first) == name);
    let steps = match is_named {
        true => 1,
        false => {
            let spelled = name.replace(']', "").replace('[', ".");
            let parts: Vec<&str> = spelled.split('.').collect();
            let is_prefix = segments.iter().zip(&parts).all(|(segment, part)| text_of(segment) == *part);
            is_prefix.then_some(parts.len())?
        }
    };
    let rest = segments.get(steps..).unwrap_or_default();
    if rest.is_empty() || Kind::of(value) != Kind::String {
        return path::blank(value, rest);
    }
    // The JSON of a nested value.
    path::blank(&json::string(value)?, rest).map(|inner| json::quote(&inner))
}

fn text_of(segment: &Segment) -> String {
    match segment {
        Segment::Name(name) | Segment::Quoted(name) => name.clone(),
        Segment::Index(index) => index.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Path {
        Path::parse(text).unwrap()
    }

    #[test]
    fn a_path_reaches_flat_names_and_the_json_in_a_value() {
        let object =
            r#"{"email":"x","address.city":"x","items[0].id":"x","properties":"{\"email\":\"x\",\"n\":1}","n":1}"#;
        for (text, expected) in [
            ("data.email", r#""email":"[redacted]""#),
            ("body.properties.email", r#""email":"[redacted]""#),
            ("properties.email", r#""{\"email\":\"[redacted]\",\"n\":1}""#),
            ("context.traits.address", r#""address.city":"[redacted]""#),
            (r#"["address.city"]"#, r#""address.city":"[redacted]""#),
            ("query.address.city", r#""address.city":"[redacted]""#),
            ("data.items.0.id", r#""items[0].id":"[redacted]""#),
        ] {
            let blanked = blank_object(object, &path(text)).unwrap();
            assert!(blanked.contains(expected), "{text}: {blanked}");
            assert!(blanked.ends_with(r#""n":1}"#), "{text}: {blanked}");
        }
        assert_eq!(blank_object(object, &path("data.other")), None);
        assert_eq!(blank_object(object, &path("data.email.deeper")), None);
        assert_eq!(blank_object(r#"{"a":1}"#, &path("properties")).as_deref(), Some("{}"));
    }

    #[test]
    fn of_a_form_only_the_named_values_change() {
        let blanked =
            |form: &str, text: &str| blank_form(form, |name, value| blank_parameter(name, value, &path(text)));
        assert_eq!(blanked("a=1&e%6dail=x%40y&b=+", "data.email").as_deref(), Some("a=1&e%6dail=%5Bredacted%5D&b=+"));
        let form = "payload=%7B%22sender%22%3A%7B%22email%22%3A%22x%22%7D%7D";
        let new = blanked(form, "data.sender.email").unwrap();
        assert_eq!(decoded(&new), r#"payload={"sender":{"email":"[redacted]"}}"#);
        assert_eq!(blanked(form, "sender.name"), None);
        assert_eq!(blanked("a=1&b=", "data").as_deref(), Some("a=%5Bredacted%5D&b="));
    }
}
