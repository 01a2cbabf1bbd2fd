//! The request that the form describes.

use axum::http::StatusCode;
use indexmap::IndexMap;
use inlet_api_types::{RawJson, rehearsals::RehearseSource, sources::SendToSource};
use inlet_core::json;
use percent_encoding::percent_decode_str;
use serde::Deserialize;

use crate::{error::PageError, html::url_part};

/// The form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct TryForm {
    /// The example that filled the form; empty for a payload of one's own.
    pub example: String,
    /// The method.
    pub method: String,
    /// The path after the endpoint's token, with a query.
    pub path: String,
    /// The headers, one on each line.
    pub headers: String,
    /// The body.
    pub body: String,
    /// `true` if the server signs the request.
    pub sign: String,
    /// `rehearse` or `send`.
    #[serde(rename = "do")]
    pub what: String,
    /// `true` once it was said that real people are reached.
    pub confirmed: String,
}

impl TryForm {
    /// Returns true if the form was sent to be rehearsed or sent for real.
    pub fn is_run(&self) -> bool {
        matches!(self.what.as_str(), "rehearse" | "send")
    }

    /// Returns the request to rehearse.
    pub fn rehearsal(&self) -> Result<RehearseSource, PageError> {
        let SendToSource { body, method, path, query, headers, sign, .. } = self.request()?;
        Ok(RehearseSource { body, method, path, query, headers, sign, ..RehearseSource::default() })
    }

    /// Returns the request to send.
    pub fn request(&self) -> Result<SendToSource, PageError> {
        let text = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let (path, query) = self.path.split_once('?').unwrap_or((&self.path, ""));
        Ok(SendToSource {
            body: Some(self.body.clone()),
            method: text(&self.method),
            path: text(path),
            query: Some(read_query(query)),
            headers: Some(read_headers(&self.headers)?),
            sign: Some(self.sign == "true"),
            ..SendToSource::default()
        })
    }
}

/// Reads query parameters, percent-encoded as in a URL. A name may stand there several times.
fn read_query(text: &str) -> IndexMap<String, RawJson> {
    let decoded = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let mut values: IndexMap<String, Vec<String>> = IndexMap::new();
    for parameter in text.trim().split('&').filter(|parameter| !parameter.is_empty()) {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        values.entry(decoded(name)).or_default().push(json::quote(&decoded(value)));
    }
    lists(values)
}

/// Writes a path and its query parameters.
pub fn write_path<'a>(path: &str, query: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let query: Vec<String> =
        query.into_iter().map(|(name, value)| format!("{}={}", url_part(name), url_part(value))).collect();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) }
}

fn lists(values: IndexMap<String, Vec<String>>) -> IndexMap<String, RawJson> {
    let raw = |text: String| RawJson::parse(text).unwrap_or_else(|_| RawJson::null());
    values.into_iter().map(|(name, values)| (name, raw(json::array(values)))).collect()
}

/// Reads headers, one on each line. A name may stand on several lines.
fn read_headers(text: &str) -> Result<IndexMap<String, RawJson>, PageError> {
    let mut values: IndexMap<String, Vec<String>> = IndexMap::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let Some((name, value)) = line.split_once(':') else {
            let message =
                format!("line {} has no colon; expected a header on each line, such as x-event: paid", index + 1);
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            return Err(PageError { status, message, field: Some("headers".to_owned()) });
        };
        values.entry(name.trim().to_owned()).or_default().push(json::quote(value.trim()));
    }
    Ok(lists(values))
}

/// Writes headers, one on each line.
pub fn write_headers<'a>(headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    headers.into_iter().map(|(name, value)| format!("{name}: {value}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_stands_after_the_path() {
        let path = write_path("/v1/batch", [("type", "a b"), ("x&y", "=")]);
        assert_eq!(path, "/v1/batch?type=a%20b&x%26y=%3D");
        let form = TryForm { path: format!("{path}&type=c+d"), ..TryForm::default() };
        let request = form.request().unwrap();
        let query: Vec<String> =
            request.query.unwrap().iter().map(|(name, value)| format!("{name}={}", value.as_text())).collect();
        assert_eq!(
            (request.path.as_deref(), query.join(" ")),
            (Some("/v1/batch"), r#"type=["a b","c d"] x&y=["="]"#.to_owned())
        );
        assert_eq!(write_path("", []), "");
    }

    #[test]
    fn headers_stand_one_on_each_line() {
        let headers = read_headers("X-Event: a: b \n\nx-many:1\nx-many: \"2\"").unwrap();
        let written: Vec<String> = headers.iter().map(|(name, value)| format!("{name}={}", value.as_text())).collect();
        assert_eq!(written, [r#"X-Event=["a: b"]"#, r#"x-many=["1","\"2\""]"#]);
        let error = read_headers("x: 1\nno colon").unwrap_err();
        assert_eq!((error.field.as_deref(), error.message.starts_with("line 2 ")), (Some("headers"), true));
        assert_eq!(write_headers([("a", "b"), ("c", "d: e")]), "a: b\nc: d: e\n");
    }
}
