//! Forms as JSON objects, for plugins whose manifest says `forms`.
//!
//! A plugin points into the JSON; the bytes that were sent stay beside it, for the signature and for the log.

use std::collections::HashMap;

use bytes::Bytes;
use futures_util::{FutureExt as _, stream};
use inlet_core::{
    ByteString,
    contract::{Body, MAX_FORM_FIELDS, Request},
    json,
};
use multer::Multipart;

use crate::Manifest;

/// The header that says what a body is.
pub const CONTENT_TYPE: &str = "content-type";

impl Manifest {
    /// Returns the body that the plugin gets in place of the body that was sent: the fields of a form as a JSON object. `None`
    /// if it gets the body as it is.
    ///
    /// `headers` are those that the plugin gets, with the content type among them.
    pub fn form_body(&self, headers: &[inlet_core::contract::Field], body: &Body) -> Option<Body> {
        let content_type = headers.iter().find(|header| header.name == CONTENT_TYPE).filter(|_| self.forms)?;
        form_as_json(&content_type.value, body.as_bytes()).map(|json| Body::Text(ByteString::from(json)))
    }

    /// Returns a request as the plugin gets it, with a form as a JSON object.
    pub fn with_form_body(&self, request: Request) -> Request {
        match self.form_body(&request.headers, &request.body) {
            Some(body) => Request { body, ..request },
            None => request,
        }
    }
}

/// Returns the fields of a form as a JSON object of strings, in the order of their first appearance. A name that is there
/// several times is an array. A file is an object with `filename`, `content_type` and `size`. Bytes that are not UTF-8 become
/// U+FFFD. `None` if the body is no form: another content type, a multipart form that cannot be read, more than 1,000 fields, or a body that begins
/// as JSON does, which `curl --data` sends under the content type of a form.
pub fn form_as_json(content_type: &str, body: &[u8]) -> Option<String> {
    let fields = match FormKind::of(content_type, body)? {
        FormKind::UrlEncoded => {
            let body = body.trim_ascii();
            if body.iter().filter(|byte| **byte == b'&').count() >= MAX_FORM_FIELDS {
                return None;
            }
            form_urlencoded::parse(body).map(|(name, value)| (name.into_owned(), json::quote(&value))).collect()
        }
        FormKind::Multipart => multipart_fields(content_type, body)?,
    };
    Some(object(fields))
}

/// True if [`form_as_json`] would try to read the body as a form.
pub fn is_form(content_type: &str, body: &[u8]) -> bool {
    FormKind::of(content_type, body).is_some()
}

enum FormKind {
    UrlEncoded,
    Multipart,
}

impl FormKind {
    fn of(content_type: &str, body: &[u8]) -> Option<Self> {
        if matches!(body.trim_ascii_start().first(), Some(b'{' | b'[')) {
            return None;
        }
        let media_type = content_type.split(';').next().unwrap_or_default().trim();
        if media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Some(Self::UrlEncoded);
        }
        media_type.eq_ignore_ascii_case("multipart/form-data").then_some(Self::Multipart)
    }
}

/// Returns a size that the JSON of a form, and the copy that reading it takes, never exceed, in bytes. It reads the body once
/// and makes nothing.
pub fn max_json_size(body: &[u8]) -> usize {
    let cost = |byte: &u8| match byte {
        // Each separates two fields, and costs the quotes, the colon and brackets of another one.
        b'&' | b'\n' => 16,
        b'%' => 4,
        0..0x20 | b'"' | b'\\' | 0x7f.. => 6,
        _ => 1,
    };
    32 + body.len() + body.iter().map(cost).sum::<usize>()
}

/// Returns the parts of a multipart form as names and JSON texts.
fn multipart_fields(content_type: &str, body: &[u8]) -> Option<Vec<(String, String)>> {
    let boundary = multer::parse_boundary(content_type).ok()?;
    let whole = stream::iter([Ok::<_, std::convert::Infallible>(Bytes::copy_from_slice(body))]);
    let mut form = Multipart::new(whole, boundary);
    let read = async {
        let mut fields = Vec::new();
        while let Some(part) = form.next_field().await.ok()? {
            let name = part.name()?.to_owned();
            let file = part.file_name().map(|name| {
                let content_type = part.content_type().map_or("", |content_type| content_type.as_ref());
                (json::quote(name), json::quote(content_type))
            });
            let content = part.bytes().await.ok()?;
            let value = match file {
                None => json::quote(&String::from_utf8_lossy(&content)),
                Some((name, content_type)) => {
                    let size = content.len().to_string();
                    json::object([("filename", name.as_str()), ("content_type", &content_type), ("size", &size)])
                }
            };
            fields.push((name, value));
            if fields.len() > MAX_FORM_FIELDS {
                return None;
            }
        }
        Some(fields)
    };
    // The whole form is there, so nothing is waited for.
    read.now_or_never().flatten()
}

fn object(fields: Vec<(String, String)>) -> String {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut members: Vec<(String, Vec<String>)> = Vec::new();
    for (name, value) in fields {
        match places.get(&name) {
            Some(place) => members[*place].1.push(value),
            None => {
                places.insert(name.clone(), members.len());
                members.push((name, vec![value]));
            }
        }
    }
    let members: Vec<(String, String)> = members
        .into_iter()
        .map(|(name, mut values)| {
            let value = if values.len() == 1 { values.remove(0) } else { json::array(values) };
            (name, value)
        })
        .collect();
    json::object(members.iter().map(|(name, value)| (name, value.as_str())))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const URL_ENCODED: &str = "application/x-www-form-urlencoded; charset=UTF-8";

    fn url_encoded(body: &str) -> Option<String> {
        form_as_json(URL_ENCODED, body.as_bytes())
    }

    #[test]
    fn the_fields_of_a_form_are_strings_in_their_order() {
        let twilio = "MessageSid=SM1&From=%2B351900000000&Body=Ol%C3%A1+%22you%22&NumMedia=0&Body2=\n";
        insta::assert_snapshot!(url_encoded(twilio).unwrap(), @r#"{"MessageSid":"SM1","From":"+351900000000","Body":"Olá \"you\"","NumMedia":"0","Body2":""}"#);
        insta::assert_snapshot!(url_encoded("b=1&a=2&b=3&b&=x").unwrap(), @r#"{"b":["1","3",""],"a":"2","":"x"}"#);
        assert_eq!(url_encoded("").unwrap(), "{}");
    }

    #[test]
    fn json_under_the_content_type_of_a_form_stays() {
        assert_eq!(url_encoded(r#" {"a":1}"#), None);
        assert_eq!(url_encoded("[1]"), None);
        assert_eq!(form_as_json("application/json", b"a=1"), None);
    }

    #[test]
    fn a_multipart_form_has_its_fields_and_says_which_files_it_holds() {
        let body = "--b\r\nContent-Disposition: form-data; name=\"to\"\r\n\r\nana@example.com\r\n\
                    --b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a \\\"b\\\".txt\"\r\nContent-Type: text/plain\r\n\r\nhello\r\n\
                    --b\r\nContent-Disposition: form-data; name=\"to\"\r\n\r\nbo@example.com\r\n--b--\r\n";
        insta::assert_snapshot!(form_as_json("multipart/form-data; boundary=b", body.as_bytes()).unwrap(), @r#"{"to":["ana@example.com","bo@example.com"],"file":{"filename":"a \"b\".txt","content_type":"text/plain","size":5}}"#);
        assert_eq!(form_as_json("multipart/form-data", body.as_bytes()), None, "no boundary");
        assert_eq!(form_as_json("multipart/form-data; boundary=b", &body.as_bytes()[..60]), None, "cut off");
    }

    #[test]
    fn more_fields_than_a_form_may_have_are_no_form() {
        let fields = |count: usize| url_encoded(&vec!["a"; count].join("&"));
        assert!(fields(MAX_FORM_FIELDS).is_some());
        assert!(fields(MAX_FORM_FIELDS + 1).is_none());
        let part = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n";
        let form = |parts: usize| format!("{}--b--\r\n", part.repeat(parts));
        let read = |parts| form_as_json("multipart/form-data; boundary=b", form(parts).as_bytes());
        assert!(read(MAX_FORM_FIELDS).is_some());
        assert!(read(MAX_FORM_FIELDS + 1).is_none());
    }

    proptest! {
        #[test]
        fn a_form_comes_back_as_it_was(fields in prop::collection::vec(("[^{\\[\\s][^\u{0}]{0,8}", ".{0,12}"), 1..8)) {
            let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
            let json = url_encoded(&body).unwrap();
            prop_assert!(json.len() <= max_json_size(body.as_bytes()), "{} for {}", json.len(), body);
            let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&json).unwrap();
            for (name, value) in &fields {
                let found = &object[name];
                prop_assert!(found == value || found.as_array().is_some_and(|found| found.iter().any(|one| one == value)));
            }
        }

        #[test]
        fn any_bytes_are_json_within_the_size_or_no_form(body in prop::collection::vec(any::<u8>(), 0..300)) {
            if let Some(json) = form_as_json(URL_ENCODED, &body) {
                prop_assert!(json.len() <= max_json_size(&body), "{json}");
                serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&json).unwrap();
            }
        }
    }
}
