//! The secrets that a document names.

use std::collections::BTreeMap;

use inlet_api_types::{Patch, RawJson, configuration::SecretState, targets::TargetRequest};
use inlet_core::{json, nearest::nearest};
use inlet_store::TargetSecrets;

use crate::{error::ApiError, stored_json::stored_json};

/// The begin of the names of secret headers.
const HEADER: &str = "secret_headers.";

/// Refuses a secret that there is not.
pub fn check_name(name: &str, known: &[&str], place: &str) -> Result<(), ApiError> {
    if known.contains(&name) || known.contains(&HEADER.trim_end_matches('.')) && name.starts_with(HEADER) {
        return Ok(());
    }
    let hint = match nearest(name, known.iter().copied()) {
        Some(near) => format!("the nearest is {near:?}"),
        None if known.is_empty() => "it has none".to_owned(),
        None => format!("expected {}", known.join(", ")),
    };
    Err(ApiError::invalid(format!("{place}.secrets.{name}"), format!("there is no such secret; {hint}")))
}

/// Returns the state of a secret from its present and its given text.
pub fn state(present: Option<&str>, given: Option<&str>) -> SecretState {
    match (present, given) {
        (Some(_), None) => SecretState::Kept,
        (Some(present), Some(given)) if json::canonical(present) == json::canonical(given) => SecretState::Kept,
        (Some(_), Some(_)) => SecretState::Changed,
        (None, Some(_)) => SecretState::Set,
        (None, None) => SecretState::Missing,
    }
}

/// Returns the text of a target's secret by its name in a document.
pub fn present<'s>(secrets: Option<&'s TargetSecrets>, name: &str) -> Option<&'s str> {
    let text = secrets?.0.as_str();
    match name.strip_prefix(HEADER) {
        Some(header) => json::member(json::member(text, "secret_headers")?, header),
        None => json::member(text, name),
    }
}

/// Writes the given secrets of a target into a request. Headers that are not given stay.
pub fn fill(request: &mut TargetRequest, given: &BTreeMap<String, Option<RawJson>>, present: Option<&TargetSecrets>) {
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in given {
        let Some(value) = value else { continue };
        let set = Patch::Set(value.clone());
        match name.as_str() {
            "signing_secret" => request.signing_secret = set,
            "api_key" => request.api_key = set,
            "write_key" => request.write_key = set,
            "token" => request.token = set,
            "password" => request.password = set,
            name => {
                let header = name.strip_prefix(HEADER).unwrap_or(name);
                headers.insert(header.to_owned(), value.as_text().to_owned());
            }
        }
    }
    if headers.is_empty() {
        return;
    }
    let stored = present.and_then(|secrets| json::member(&secrets.0, "secret_headers")).unwrap_or("{}");
    for (name, value) in json::members(stored).unwrap_or_default() {
        headers.entry(name.into_owned()).or_insert_with(|| value.to_owned());
    }
    let text = json::object(headers.iter().map(|(name, value)| (name, value.as_str())));
    request.secret_headers = Patch::Set(stored_json(text));
}
