//! Checks the described request of a rehearsal and turns it into the request that a sender would send.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header::CONTENT_ENCODING};
use indexmap::IndexMap;
use inlet_api_types::{RawJson, rehearsals::RehearseSource};
use inlet_core::{
    json::{self, Kind as JsonKind},
    log::Original,
    time,
};
use inlet_engine::{Engine, ingest::rehearse::SampleRequest, snapshot::Endpoint};
use inlet_store::StoredEvent;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::error::ApiError;

/// Returns the request to rehearse, signed if that is requested. `logged` is the log entry that the request names.
pub fn sent(
    mut request: RehearseSource,
    logged: Option<StoredEvent>,
    engine: &Engine,
    endpoint: &Endpoint,
) -> Result<SampleRequest, ApiError> {
    let sign = request.sign.unwrap_or_default();
    if let Some(event) = logged {
        send_again(&mut request, event, endpoint)?;
    }
    let mut sent = unsigned(request)?;
    if sign {
        sent.sign(engine, endpoint).map_err(|error| ApiError::invalid("sign", error.to_string()))?;
    }
    Ok(sent)
}

/// Puts the item and the headers of a log entry into a request.
fn send_again(request: &mut RehearseSource, event: StoredEvent, endpoint: &Endpoint) -> Result<(), ApiError> {
    let refused = |message: &str| Err(ApiError::invalid("log_id", message));
    if request.payload.is_some() || request.body.is_some() {
        return refused("it stands beside payload or body; send one of them");
    }
    if endpoint.hides_personal_data {
        return refused("the environment hides personal data, which a rehearsal would show; send a payload instead");
    }
    request.body = match event.original.content {
        Some(Original::Json(text) | Original::Text(text)) => Some(text.to_string()),
        Some(Original::Bytes(_)) => return refused("the item of this entry is not text; it cannot be rehearsed"),
        None => return refused("the item of this entry is no longer stored; send a payload instead"),
    };
    if request.headers.is_none() {
        request.headers = event.fields.headers.as_deref().and_then(|headers| serde_json::from_str(headers).ok());
    }
    Ok(())
}

fn unsigned(request: RehearseSource) -> Result<SampleRequest, ApiError> {
    let RehearseSource { payload, body, method, path, query, headers, received_at, .. } = request;
    Ok(SampleRequest {
        body: body_text(payload, body)?,
        method: method.map_or_else(|| Ok("POST".to_owned()), |method| check_method(&method))?,
        path: path.map_or_else(|| Ok(String::new()), check_path)?,
        query: query.map_or_else(|| Ok(String::new()), |query| query_string(&query))?,
        headers: headers.map_or_else(|| Ok(HeaderMap::new()), |headers| header_map(&headers))?,
        received_at_ms: received_at.map(|text| parse_time_ms(&text)).transpose()?,
    })
}

fn body_text(payload: Option<RawJson>, body: Option<String>) -> Result<String, ApiError> {
    match (payload, body) {
        (Some(payload), None) => match JsonKind::of(payload.as_text()) {
            JsonKind::Object | JsonKind::Array => Ok(payload.as_text().to_owned()),
            other => {
                let found = other.with_article();
                let message = format!(
                    "found {found}, expected an object or an array; send any other body as text in the member \"body\""
                );
                Err(ApiError::invalid("payload", message))
            }
        },
        (None, Some(body)) => Ok(body),
        (Some(_), Some(_)) => Err(ApiError::invalid("body", "it stands beside payload; send one of the two")),
        (None, None) => {
            let message = "it is missing; expected an object or an array, any other body as text in the member \"body\", \
                           or a log_id";
            Err(ApiError::invalid("payload", message))
        }
    }
}

fn check_method(method: &str) -> Result<String, ApiError> {
    let method = method.to_ascii_uppercase();
    match !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase()) {
        true => Ok(method),
        false => Err(ApiError::invalid("method", "it is no HTTP method; expected for example POST")),
    }
}

fn check_path(path: String) -> Result<String, ApiError> {
    let is_path = path.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#".contains(&byte));
    match is_path && (path.is_empty() || path.starts_with('/')) {
        true => Ok(path),
        false => {
            let message = "it is no path; expected what follows the endpoint's token, for example /v1/batch";
            Err(ApiError::invalid("path", message))
        }
    }
}

/// Returns the query string, percent-encoded, because receiving decodes it again.
fn query_string(query: &IndexMap<String, RawJson>) -> Result<String, ApiError> {
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let pairs = named_values("query", query)?;
    let pairs: Vec<String> =
        pairs.iter().map(|pair| format!("{}={}", encode(pair.name), encode(&pair.value))).collect();
    Ok(pairs.join("&"))
}

fn header_map(headers: &IndexMap<String, RawJson>) -> Result<HeaderMap, ApiError> {
    let mut map = HeaderMap::new();
    for NamedValue { name, value, field } in named_values("headers", headers)? {
        let refused = |message: &str| ApiError::invalid(&field, message);
        let name = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| refused("it is no header's name; expected for example x-signature"))?;
        if name == CONTENT_ENCODING && !value.trim().eq_ignore_ascii_case("identity") {
            return Err(refused("the body is given as it is after decoding; leave this header out"));
        }
        // A header may hold a credential, so errors do not repeat its value.
        let value = HeaderValue::from_bytes(value.as_bytes())
            .map_err(|_| refused("it holds control characters, which no header carries"))?;
        map.append(name, value);
    }
    Ok(map)
}

/// One value of a header or a query parameter.
struct NamedValue<'a> {
    name: &'a str,
    value: String,
    /// The path of the value in the request.
    field: String,
}

/// Returns all values of a member that holds one value or a list of values by name.
fn named_values<'a>(member: &str, values: &'a IndexMap<String, RawJson>) -> Result<Vec<NamedValue<'a>>, ApiError> {
    let mut pairs = Vec::new();
    for (name, value) in values {
        let field = format!("{member}.{name}");
        let found = JsonKind::of(value.as_text());
        match (json::string(value.as_text()), json::items(value.as_text())) {
            (Some(value), _) => pairs.push(NamedValue { name, value, field }),
            (None, Some(items)) => {
                for (index, item) in items.into_iter().enumerate() {
                    pairs.push(NamedValue { name, ..list_item(item, format!("{field}[{index}]"))? });
                }
            }
            (None, None) => {
                let message = format!("found {}, expected a string or a list of strings", found.with_article());
                return Err(ApiError::invalid(field, message));
            }
        }
    }
    Ok(pairs)
}

fn list_item(text: &str, field: String) -> Result<NamedValue<'static>, ApiError> {
    match json::string(text) {
        Some(value) => Ok(NamedValue { name: "", value, field }),
        None => {
            let message = format!("found {}, expected a string", JsonKind::of(text).with_article());
            Err(ApiError::invalid(field, message))
        }
    }
}

fn parse_time_ms(text: &str) -> Result<i64, ApiError> {
    let refused = || ApiError::invalid("received_at", "it is no time; expected for example 2026-01-02T03:04:05.678Z");
    time::parse(text).map(|us| us.div_euclid(1000)).ok_or_else(refused)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::JsonBody;

    fn sent(text: &str) -> SampleRequest {
        unsigned(JsonBody::of(text).read().unwrap()).unwrap()
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
            let error = JsonBody::of(text).read().and_then(|request| unsigned(request).map(|_| ())).unwrap_err();
            format!("{}: {error}", error.field().unwrap_or("-"))
        };
        insta::assert_snapshot!(error("{}"), @r#"payload: it is missing; expected an object or an array, any other body as text in the member "body", or a log_id"#);
        insta::assert_snapshot!(error("[]"), @"-: the body: found an array, expected an object");
        assert_eq!(sent(r#"{"payload":[{"n":1.10}]}"#).body, r#"[{"n":1.10}]"#, "as the endpoint takes it");
        insta::assert_snapshot!(error(r#"{"payload":7}"#), @r#"payload: found a number, expected an object or an array; send any other body as text in the member "body""#);
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
