//! Calls flattened into parameters: into the query of a GET or DELETE, which have no body, or into the form of an HTTP
//! Webhook destination.
//!
//! In a query RudderStack sends the properties (an identify's traits) and nothing else, not even the type and the name.
//! The operator can put those behind the endpoint's address (`…/track/Order%20Completed`, `…/identify`) or, with an event
//! type path, into a header. A form holds what its user mapped, perhaps a type, a name and ids.

use std::collections::BTreeMap;

use inlet_plugin::segment::CALL_TYPES;
use inlet_plugin::{Body, Event, Field, Notice, Request, Value, jsonrpc::quote};

/// Returns true if the request is such a call.
pub(crate) fn is_flattened_call(request: &Request) -> bool {
    let no_body = matches!(&request.body, Body::Text(text) if text.trim_ascii().is_empty());
    no_body && matches!(request.method.as_str(), "GET" | "DELETE")
}

/// Returns the event of the call.
pub(crate) fn event(request: &Request) -> Result<Event, Notice> {
    event_of(request, &request.query, &format!("A {}", request.method))
}

/// Returns the parameters of a form; `None` if the body is none.
pub(crate) fn form(body: &str) -> Option<Vec<Field>> {
    let body = body.trim_ascii();
    let is_form = body.contains('=') && !body.starts_with(['{', '[', '"', '<']) && !body.contains(char::is_whitespace);
    is_form.then(|| {
        let pairs = body.split('&').filter(|pair| !pair.is_empty());
        let decoded = |text: &str| percent_decoded(&text.replace('+', " "));
        pairs
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(name, value)| Field::new(decoded(name), decoded(value)))
            .collect()
    })
}

/// Returns the event of a form.
pub(crate) fn event_of_form(request: &Request, form: &[Field]) -> Result<Event, Notice> {
    event_of(request, form, "The form")
}

/// Returns the event of parameters. `carrier` names for people what carries them.
fn event_of(request: &Request, parameters: &[Field], carrier: &str) -> Result<Event, Notice> {
    let mut event = Event::new(event_type(request, parameters, carrier)?);
    let parameter = |names: [&str; 2]| {
        let value = names.into_iter().filter_map(|name| named(parameters, name)).find(|value| !value.is_empty());
        value.map(|value| Value::Made(quote(value)))
    };
    event.user_id = parameter(["userId", "user_id"]);
    event.idempotency_key = parameter(["messageId", "message_id"]);
    event.data = Some(Value::Made(object(parameters)));
    Ok(event)
}

/// Returns the first parameter of a name.
fn named<'a>(parameters: &'a [Field], name: &str) -> Option<&'a str> {
    parameters.iter().find(|parameter| parameter.name == name).map(|parameter| parameter.value.as_str())
}

fn event_type(request: &Request, parameters: &[Field], carrier: &str) -> Result<String, Notice> {
    if let Some(found) = event_type_of_path(&request.path).or_else(|| event_type_of_parameters(parameters)) {
        return Ok(found);
    }
    if request.fact("event_type_path").is_some() {
        return Ok(String::new());
    }
    Err(Notice::new(
        "missing_field",
        format!(
            "{carrier} carries an event's properties and not its type. Put the type behind the endpoint's address, for \
             example /track/Order%20Completed or /identify, send it as JSON with POST, or set an event type path to a \
             header."
        ),
    ))
}

/// Returns the event type in a path such as `/track/Order%20Completed` or `/v1/identify`: the first segment that is a
/// call type, and the rest.
fn event_type_of_path(path: &str) -> Option<String> {
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let (at, call_type) = segments.iter().enumerate().find_map(|(at, segment)| Some((at, call_type(segment)?)))?;
    let name = percent_decoded(&segments.get(at + 1..).unwrap_or_default().join("/"));
    Some(typed(call_type, &name))
}

/// Returns the event type that parameters contain. A property may have any name, so only a known call type counts, and
/// `event` alone only if there is no type.
fn event_type_of_parameters(parameters: &[Field]) -> Option<String> {
    let name = |name| named(parameters, name).unwrap_or_default();
    match named(parameters, "type") {
        Some(kind) => {
            let call_type = call_type(kind)?;
            Some(typed(call_type, if call_type == "track" { name("event") } else { name("name") }))
        }
        None => Some(name("event")).filter(|event| !event.is_empty()).map(|event| typed("track", event)),
    }
}

fn typed(call_type: &str, name: &str) -> String {
    match call_type {
        "track" | "page" | "screen" if !name.is_empty() => format!("{call_type}/{name}"),
        _ => call_type.to_owned(),
    }
}

fn call_type(text: &str) -> Option<&'static str> {
    CALL_TYPES.into_iter().find(|call_type| call_type.eq_ignore_ascii_case(text))
}

/// Returns the parameters as an object of strings. A repeated name becomes an array of its values. A dotted name stays
/// as it is, because the dot may be the customer's own.
fn object(parameters: &[Field]) -> String {
    let mut members: Vec<(&str, Vec<String>)> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for field in parameters {
        let place = *places.entry(&field.name).or_insert(members.len());
        if place == members.len() {
            members.push((&field.name, Vec::new()));
        }
        members[place].1.push(quote(&field.value));
    }
    let members: Vec<String> = members
        .into_iter()
        .map(|(name, values)| match values.as_slice() {
            [value] => format!("{}:{value}", quote(name)),
            values => format!("{}:[{}]", quote(name), values.join(",")),
        })
        .collect();
    format!("{{{}}}", members.join(","))
}

/// Decodes the `%` escapes of a path. Invalid UTF-8 becomes U+FFFD.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, behind)) = rest.split_first() {
        let escaped = behind.get(..2).filter(|_| byte == b'%').and_then(hexadecimal);
        bytes.push(escaped.unwrap_or(byte));
        rest = if escaped.is_some() { behind.get(2..).unwrap_or_default() } else { behind };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hexadecimal(digits: &[u8]) -> Option<u8> {
    let digits =
        std::str::from_utf8(digits).ok().filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    u8::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::{event_type_of_path, form, percent_decoded};

    #[test]
    fn a_form_is_told_from_json_xml_and_text() {
        let pairs = |body| {
            form(body).map(|fields| fields.into_iter().map(|field| (field.name, field.value)).collect::<Vec<_>>())
        };
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(pairs("a=1&b=x+y%3D&&c\n"), Some(vec![pair("a", "1"), pair("b", "x y="), pair("c", "")]));
        for other in [r#"{"a":"b=c"}"#, r#"["a=b"]"#, r#""a=b""#, "<a b='c'/>", "a = b", "hello", ""] {
            assert_eq!(pairs(other), None, "{other}");
        }
    }

    #[test]
    fn escapes_are_taken_back_and_broken_ones_stay() {
        assert_eq!(percent_decoded("Order%20Completed"), "Order Completed");
        assert_eq!(percent_decoded("%E2%98%83%2f%"), "\u{2603}/%");
        assert_eq!(percent_decoded("%+1%zz%F"), "%+1%zz%F");
        assert_eq!(percent_decoded("%FF"), "\u{FFFD}");
    }

    #[test]
    fn the_path_names_the_call_and_then_the_event() {
        assert_eq!(event_type_of_path("/track/Order%20Completed").as_deref(), Some("track/Order Completed"));
        assert_eq!(event_type_of_path("/v1/Track/a/b/").as_deref(), Some("track/a/b"));
        assert_eq!(event_type_of_path("/identify/ignored").as_deref(), Some("identify"));
        assert_eq!(event_type_of_path("/page").as_deref(), Some("page"));
        assert_eq!(event_type_of_path("/orders/42"), None);
    }
}
