//! The request that the form describes.

use axum::http::StatusCode;
use indexmap::IndexMap;
use inlet_api_types::{RawJson, rehearsals::RehearseSource, sources::SendToSource};
use inlet_core::json;
use serde::Deserialize;

use crate::error::PageError;

/// The form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct TryForm {
    /// The example that filled the form; empty for a payload of one's own.
    pub example: String,
    /// The method.
    pub method: String,
    /// The path after the endpoint's token.
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
        let SendToSource { body, method, path, headers, sign, .. } = self.request()?;
        Ok(RehearseSource { body, method, path, headers, sign, ..RehearseSource::default() })
    }

    /// Returns the request to send.
    pub fn request(&self) -> Result<SendToSource, PageError> {
        let text = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        Ok(SendToSource {
            body: Some(self.body.clone()),
            method: text(&self.method),
            path: text(&self.path),
            headers: Some(read_headers(&self.headers)?),
            sign: Some(self.sign == "true"),
            ..SendToSource::default()
        })
    }
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
    let raw = |text: String| RawJson::parse(text).unwrap_or_else(|_| RawJson::null());
    Ok(values.into_iter().map(|(name, values)| (name, raw(json::array(values)))).collect())
}

/// Writes headers, one on each line.
pub fn write_headers<'a>(headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    headers.into_iter().map(|(name, value)| format!("{name}: {value}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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
