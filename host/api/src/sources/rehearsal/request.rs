//! Checks the described request of a rehearsal and turns it into the request that a sender would send.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header::CONTENT_ENCODING};
use inlet_core::{json::Kind, time};
use inlet_engine::{ingest::rehearse::Sent, snapshot::Endpoint};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    body::{Given, JsonBody},
    error::ApiError,
};

/// A request as a sender would send it: `payload`, or `body` in its place.
#[derive(ToSchema)]
#[schema(as = SourceRehearseRequest)]
#[expect(dead_code, reason = "it describes; bodies are read member by member")]
pub struct RehearseSource {
    /// The body, if it is a JSON object. It is taken as the text that it is, with every digit.
    #[schema(value_type = Option<Object>)]
    payload: Option<Value>,
    /// The body as text: for arrays, for several lines, and for what is no JSON.
    body: Option<String>,
    /// POST if absent.
    method: Option<String>,
    /// What follows the endpoint's token, for example `/v1/batch`; nothing if absent.
    path: Option<String>,
    /// By name a value, or a list of values.
    #[schema(value_type = Option<Object>)]
    query: Option<BTreeMap<String, Value>>,
    /// By name a value, or a list of values. Only those that the plugin or `keep_headers` names go further than the door.
    #[schema(value_type = Option<Object>)]
    headers: Option<BTreeMap<String, Value>>,
    /// Sign the request with the source's signing secret in this environment, as the sender would. False if absent.
    sign: Option<bool>,
    /// When it arrives, for example `2026-01-02T03:04:05.678Z`; now if absent.
    #[schema(format = DateTime)]
    received_at: Option<String>,
}

/// Returns the request to rehearse, signed if that is requested.
pub fn read(body: &JsonBody, endpoint: &Endpoint) -> Result<Sent, ApiError> {
    let (mut sent, sign) = read_unsigned(body)?;
    if sign {
        sent.sign(endpoint).map_err(|error| ApiError::invalid("sign", error.to_string()))?;
    }
    Ok(sent)
}

/// Returns the unsigned request, and true if it is to be signed.
fn read_unsigned(body: &JsonBody) -> Result<(Sent, bool), ApiError> {
    let mut members = body.given().object()?;
    let payload = members.take_some("payload");
    let text = members.take_some("body");
    let text = match (payload, text) {
        (Some(payload), None) => read_payload(&payload)?,
        (None, Some(text)) => text.string()?,
        (Some(_), Some(text)) => return Err(text.refuse("it stands beside payload; send one of the two")),
        (None, None) => {
            let message = "it is missing; expected an object, or any other body as text in the member \"body\"";
            return Err(ApiError::invalid("payload", message));
        }
    };
    let method = members.take_some("method").map(|given| read_method(&given)).transpose()?;
    let path = members.take_some("path").map(|given| read_path(&given)).transpose()?;
    let query = members.take_some("query").map(|given| read_query(&given)).transpose()?;
    let headers = members.take_some("headers").map(|given| read_headers(&given)).transpose()?;
    let sign = members.take_some("sign").map(|given| given.bool()).transpose()?;
    let received_at_ms = members.take_some("received_at").map(|given| read_time_ms(&given)).transpose()?;
    members.finish()?;
    let sent = Sent {
        method: method.unwrap_or_else(|| "POST".to_owned()),
        path: path.unwrap_or_default(),
        query: query.unwrap_or_default(),
        headers: headers.unwrap_or_default(),
        body: text,
        received_at_ms,
    };
    Ok((sent, sign.unwrap_or_default()))
}

fn read_payload(given: &Given<'_>) -> Result<String, ApiError> {
    match Kind::of(given.text) {
        Kind::Object => Ok(given.text.to_owned()),
        other => Err(given.refuse(format!(
            "found {}, expected an object; send any other body as text in the member \"body\"",
            other.with_article()
        ))),
    }
}

fn read_method(given: &Given<'_>) -> Result<String, ApiError> {
    let method = given.string()?.to_ascii_uppercase();
    match !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase()) {
        true => Ok(method),
        false => Err(given.refuse("it is no HTTP method; expected for example POST")),
    }
}

fn read_path(given: &Given<'_>) -> Result<String, ApiError> {
    let path = given.string()?;
    let is_path = path.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#".contains(&byte));
    match is_path && (path.is_empty() || path.starts_with('/')) {
        true => Ok(path),
        false => Err(given.refuse("it is no path; expected what follows the endpoint's token, for example /v1/batch")),
    }
}

/// Returns the query string, percent-encoded, because receiving decodes it again.
fn read_query(given: &Given<'_>) -> Result<String, ApiError> {
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let pairs = read_pairs(given)?;
    let pairs: Vec<String> =
        pairs.iter().map(|(name, value, _)| format!("{}={}", encode(name), encode(value))).collect();
    Ok(pairs.join("&"))
}

fn read_headers(given: &Given<'_>) -> Result<HeaderMap, ApiError> {
    let mut headers = HeaderMap::new();
    for (name, value, place) in read_pairs(given)? {
        let name = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| ApiError::invalid(&place, "it is no header's name; expected for example x-signature"))?;
        if name == CONTENT_ENCODING && !value.trim().eq_ignore_ascii_case("identity") {
            return Err(ApiError::invalid(&place, "the body is given as it is after decoding; leave this header out"));
        }
        // A header may hold a credential, so errors do not repeat its value.
        let value = HeaderValue::from_bytes(value.as_bytes())
            .map_err(|_| ApiError::invalid(&place, "it holds control characters, which no header carries"))?;
        headers.append(name, value);
    }
    Ok(headers)
}

/// Returns pairs of name and value, each with its field path. A name with several values gives several pairs.
fn read_pairs(given: &Given<'_>) -> Result<Vec<(String, String, String)>, ApiError> {
    let mut pairs = Vec::new();
    for (name, value) in given.object()?.rest() {
        match Kind::of(value.text) {
            Kind::Array => {
                for item in value.items()? {
                    pairs.push((name.clone(), item.string()?, item.field));
                }
            }
            Kind::String => pairs.push((name, value.string()?, value.field)),
            other => {
                return Err(
                    value.refuse(format!("found {}, expected a string or a list of strings", other.with_article()))
                );
            }
        }
    }
    Ok(pairs)
}

fn read_time_ms(given: &Given<'_>) -> Result<i64, ApiError> {
    let text = given.string()?;
    time::parse(&text)
        .map(|us| us.div_euclid(1000))
        .ok_or_else(|| given.refuse("it is no time; expected for example 2026-01-02T03:04:05.678Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(text: &str) -> Sent {
        read_unsigned(&JsonBody::of(text)).unwrap().0
    }

    #[test]
    fn a_payload_is_the_text_that_it_is() {
        let payload = "{\"n\":9007199254740993, \"m\":1.10,\n\"n\":1e400}";
        assert_eq!(sent(&format!("{{\"payload\": {payload} }}")).body, payload);
        assert_eq!(sent(r#"{"body":"[1.10]\n{\"a\":1}"}"#).body, "[1.10]\n{\"a\":1}");
    }

    #[test]
    fn what_is_absent_is_what_senders_mostly_send() {
        let sent = sent(r#"{"payload":{},"method":null}"#);
        assert_eq!((sent.method.as_str(), sent.path.as_str(), sent.query.as_str()), ("POST", "", ""));
        assert!(sent.headers.is_empty() && sent.received_at_ms.is_none());
    }

    #[test]
    fn names_have_one_value_or_several() {
        let sent = sent(
            r#"{"payload":{},"method":"put","path":"/v1/track","query":{"a b":["1&2","é"],"c":""},
                "headers":{"X-One":"1","x-many":["a","b"]},"received_at":"2026-01-02T03:04:05.6789Z"}"#,
        );
        assert_eq!((sent.method.as_str(), sent.path.as_str()), ("PUT", "/v1/track"));
        assert_eq!(sent.query, "a%20b=1%262&a%20b=%C3%A9&c=");
        assert_eq!(sent.headers["x-one"], "1");
        let many: Vec<_> = sent.headers.get_all("x-many").iter().collect();
        assert_eq!(many, ["a", "b"]);
        assert_eq!(sent.received_at_ms, Some(1_767_323_045_678));
    }

    #[test]
    fn refusals_name_the_member_and_repeat_no_value() {
        let error = |text: &str| {
            let error = read_unsigned(&JsonBody::of(text)).map(|_| ()).unwrap_err();
            format!("{}: {error}", error.field().unwrap_or("-"))
        };
        insta::assert_snapshot!(error("{}"), @r#"payload: it is missing; expected an object, or any other body as text in the member "body""#);
        insta::assert_snapshot!(error("[]"), @"-: the body: found an array, expected an object");
        insta::assert_snapshot!(error(r#"{"payload":[{}]}"#), @r#"payload: found an array, expected an object; send any other body as text in the member "body""#);
        insta::assert_snapshot!(error(r#"{"payload":{},"body":""}"#), @"body: it stands beside payload; send one of the two");
        insta::assert_snapshot!(error(r#"{"body":{}}"#), @"body: found an object, expected a string");
        insta::assert_snapshot!(error(r#"{"payload":{},"method":"GO AWAY"}"#), @"method: it is no HTTP method; expected for example POST");
        insta::assert_snapshot!(error(r#"{"payload":{},"path":"v1"}"#), @"path: it is no path; expected what follows the endpoint's token, for example /v1/batch");
        insta::assert_snapshot!(error(r#"{"payload":{},"headers":{"a b":"secret"}}"#), @"headers.a b: it is no header's name; expected for example x-signature");
        insta::assert_snapshot!(error(r#"{"payload":{},"headers":{"x":["secret\n"]}}"#), @"headers.x[0]: it holds control characters, which no header carries");
        insta::assert_snapshot!(error(r#"{"payload":{},"headers":{"x":7}}"#), @"headers.x: found a number, expected a string or a list of strings");
        insta::assert_snapshot!(error(r#"{"payload":{},"headers":{"content-encoding":"gzip"}}"#), @"headers.content-encoding: the body is given as it is after decoding; leave this header out");
        insta::assert_snapshot!(error(r#"{"payload":{},"received_at":"soon"}"#), @"received_at: it is no time; expected for example 2026-01-02T03:04:05.678Z");
        insta::assert_snapshot!(error(r#"{"payload":{},"sign":"yes"}"#), @"sign: found a string, expected true or false");
        insta::assert_snapshot!(error(r#"{"payload":{},"dry_run":true}"#), @"dry_run: there is no such member; see /openapi.json for those there are");
    }
}
