//! One event as a request to a local server.

use std::{
    collections::BTreeMap,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::Context as _;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use inlet_api_types::{RawJson, logs::SourceLog, providers::ExamplePayload, sources::SourceSettings};
use serde::Deserialize;
use ureq::http::{HeaderMap, HeaderName, HeaderValue, Request, header};

use crate::{client::post_webhook, plugin::Unsigned};

/// The answer of the local server.
pub(super) struct Forwarded {
    /// The status.
    pub(super) status: u16,
}

/// Returns true if the stream left the item out because it is long.
pub(super) fn is_cut(event: &SourceLog) -> bool {
    let is_there = event.original.is_some() || event.original_text.is_some() || event.original_base64.is_some();
    !is_there && !event.body_removed && event.original_size > 0
}

/// Posts an event.
pub(super) fn forward(
    event: &SourceLog,
    url: &str,
    signing: Option<&(SourceSettings, String)>,
) -> anyhow::Result<Forwarded> {
    let (body, headers) = (body(event)?, headers(event));
    let mut request = match signing {
        Some((settings, secret)) => signed(url, settings, secret, &body, headers)?,
        None => {
            let mut request = Request::post(url).body(body).context("the URL cannot be used")?;
            *request.headers_mut() = header_map(headers)?;
            request
        }
    };
    request.headers_mut().entry(header::CONTENT_TYPE).or_insert_with(|| HeaderValue::from_static("application/json"));
    let own = [
        ("inlet-event-id", &event.id),
        ("inlet-event-type", &event.event_type),
        ("inlet-source", &event.source),
        ("inlet-environment", &event.environment),
    ];
    for (name, value) in own {
        // A type with other characters than a header may have is in the log.
        if let Ok(value) = HeaderValue::from_str(value) {
            request.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    let (status, _) = post_webhook(request)?;
    Ok(Forwarded { status })
}

/// Returns the item's bytes as they came.
fn body(event: &SourceLog) -> anyhow::Result<Vec<u8>> {
    match (&event.original, &event.original_text, &event.original_base64) {
        (Some(json), _, _) => Ok(json.as_text().as_bytes().to_vec()),
        (None, Some(text), _) => Ok(text.clone().into_bytes()),
        (None, None, Some(text)) => STANDARD.decode(text).context("the item cannot be decoded"),
        (None, None, None) => anyhow::bail!("the item is no longer kept"),
    }
}

/// A kept header: one value, or several.
#[derive(Deserialize)]
#[serde(untagged)]
enum Values {
    One(String),
    Several(Vec<String>),
}

fn headers(event: &SourceLog) -> Vec<(String, String)> {
    let read = |json: &RawJson| serde_json::from_str::<BTreeMap<String, Values>>(json.as_text()).ok();
    let kept = event.headers.as_ref().and_then(read).unwrap_or_default();
    kept.into_iter()
        .flat_map(|(name, values)| match values {
            Values::One(value) => vec![(name, value)],
            Values::Several(values) => values.into_iter().map(|value| (name.clone(), value)).collect(),
        })
        // They belong to the connection that the request came by.
        .filter(|(name, _)| {
            !matches!(
                name.as_str(),
                "host" | "content-length" | "content-encoding" | "transfer-encoding" | "connection"
            )
        })
        .collect()
}

fn header_map(headers: Vec<(String, String)>) -> anyhow::Result<HeaderMap> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let parsed: HeaderName = name.parse().with_context(|| format!("{name:?} is no header's name"))?;
        map.append(parsed, value.parse().with_context(|| format!("no header {name} can hold its value"))?);
    }
    Ok(map)
}

fn signed(
    url: &str,
    settings: &SourceSettings,
    secret: &str,
    body: &[u8],
    headers: Vec<(String, String)>,
) -> anyhow::Result<Request<Vec<u8>>> {
    let raw_body = String::from_utf8(body.to_vec()).context("only text can be signed")?;
    let settings = SourceSettings { endpoint: Some(url.to_owned()), ..settings.clone() };
    let example = ExamplePayload {
        body: None,
        method: "POST".to_owned(),
        path: String::new(),
        query: BTreeMap::new(),
        headers: headers.into_iter().collect(),
        raw_body,
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    Unsigned::new(&settings, &example, Some(secret))?.sign(i64::try_from(now).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_headers_are_those_of_the_request_and_not_of_its_connection() {
        let read: BTreeMap<String, Values> =
            serde_json::from_str(r#"{"content-type":"text/plain","x-tag":["a","b"]}"#).unwrap();
        assert!(matches!(read["content-type"], Values::One(_)) && matches!(read["x-tag"], Values::Several(_)));
        let map = header_map(vec![("x-tag".to_owned(), "a".to_owned()), ("x-tag".to_owned(), "b".to_owned())]).unwrap();
        assert_eq!(map.get_all("x-tag").iter().count(), 2);
        assert!(header_map(vec![("x tag".to_owned(), "a".to_owned())]).is_err());
    }
}
