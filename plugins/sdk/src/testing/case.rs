//! Reads one case from its folder.

use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value as Json;

use crate::{Body, Field, Request};

/// A request and its expected translation.
pub(super) struct Case {
    pub(super) request: Request,
    pub(super) expected: Json,
}

/// `request.json`. Every member has a default.
#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct Parts {
    method: Option<String>,
    path: String,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    options: serde_json::Map<String, Json>,
    facts: Vec<(String, String)>,
    received_at_ms: u64,
}

impl Case {
    /// Reads the case in `directory`. An error is a sentence about the case.
    pub(super) fn read(directory: &Path) -> Result<Self, String> {
        let parts: Parts = match fs::read(directory.join("request.json")) {
            Ok(text) => serde_json::from_slice(&text).map_err(|error| format!("request.json: {error}"))?,
            Err(_) => Parts::default(),
        };
        let expected = fs::read(directory.join("expected.json")).map_err(|error| format!("expected.json: {error}"))?;
        let expected = serde_json::from_slice(&expected).map_err(|error| format!("expected.json: {error}"))?;
        let body = match String::from_utf8(body(directory)?) {
            Ok(text) => Body::Text(text),
            Err(error) => Body::Bytes(error.into_bytes()),
        };
        let request = Request {
            method: parts.method.unwrap_or_else(|| "POST".to_owned()),
            path: parts.path,
            query: fields(parts.query),
            // In lower case, as the server passes them.
            headers: fields(
                parts.headers.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect(),
            ),
            body,
            received_at_ms: parts.received_at_ms,
            options: Json::Object(parts.options).to_string(),
            facts: fields(parts.facts),
        };
        Ok(Self { request, expected })
    }
}

/// Returns the content of the file `body` with any extension; nothing if there is none.
fn body(directory: &Path) -> Result<Vec<u8>, String> {
    for entry in fs::read_dir(directory).map_err(|error| error.to_string())? {
        let path = entry.map_err(|error| error.to_string())?.path();
        if path.file_stem().is_some_and(|stem| stem == "body") {
            return fs::read(&path).map_err(|error| format!("{}: {error}", path.display()));
        }
    }
    Ok(Vec::new())
}

fn fields(pairs: Vec<(String, String)>) -> Vec<Field> {
    pairs.into_iter().map(|(name, value)| Field::new(name, value)).collect()
}
