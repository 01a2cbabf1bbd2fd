//! Secrets of targets: a JSON object, stored sealed. A request changes its members one by one.

use std::collections::BTreeMap;

use inlet_api_types::{
    Patch,
    targets::{TargetRequest, TargetSecret},
};
use inlet_core::json;
use inlet_store::TargetSecrets;

use crate::error::ApiError;

/// The characters of a secret that are shown.
const HINT_CHARS: usize = 4;
/// The fewest characters of a secret of which some are shown.
const MIN_HINTED_CHARS: usize = 16;

/// The secrets of a target after a change.
pub struct ChangedSecrets {
    /// All of them, a JSON object.
    pub text: String,
    /// True if they differ from the present ones.
    pub is_changed: bool,
}

/// Applies a request to the present secrets. `known` are the members that the kind has.
pub fn change(
    request: &TargetRequest,
    kind: &str,
    known: &[&str],
    present: Option<&TargetSecrets>,
) -> Result<ChangedSecrets, ApiError> {
    let present = present.map_or("{}", |present| present.0.as_str());
    let mut members: BTreeMap<String, String> = json::all_members(present)
        .unwrap_or_default()
        .into_iter()
        .map(|(name, value)| (name.into_owned(), value.to_owned()))
        .collect();
    let before = members.clone();
    for (name, patch) in request.secrets() {
        match patch {
            Patch::Keep => {}
            Patch::Clear => {
                members.remove(name);
            }
            Patch::Set(value) if known.contains(&name) => {
                members.insert(name.to_owned(), value.as_text().to_owned());
            }
            Patch::Set(_) => {
                let message = match known.is_empty() {
                    true => format!("a target of the kind {kind:?} has no secrets; leave it out"),
                    false => format!("a target of the kind {kind:?} has no such secret; it has {}", known.join(", ")),
                };
                return Err(ApiError::invalid(format!("target.{name}"), message));
            }
        }
    }
    let text = json::object(members.iter().map(|(name, value)| (name, value.as_str())));
    Ok(ChangedSecrets { text, is_changed: members != before })
}

/// Returns the names of secrets, and the ends of their values.
pub fn shown(secrets: &TargetSecrets) -> Vec<TargetSecret> {
    let mut shown = Vec::new();
    for (name, value) in json::all_members(&secrets.0).unwrap_or_default() {
        match json::Kind::of(value) {
            json::Kind::Array => {
                let items = json::items(value).unwrap_or_default();
                shown.extend(items.into_iter().map(|item| secret(name.to_string(), item)));
            }
            json::Kind::Object => {
                let members = json::all_members(value).unwrap_or_default();
                shown.extend(members.into_iter().map(|(member, item)| secret(format!("{name}.{member}"), item)));
            }
            _ => shown.push(secret(name.to_string(), value)),
        }
    }
    shown
}

fn secret(name: String, value: &str) -> TargetSecret {
    let text = json::string(value).filter(|text| text.chars().count() >= MIN_HINTED_CHARS);
    let hint = text.map(|text| {
        let from = text.chars().count() - HINT_CHARS;
        text.chars().skip(from).collect()
    });
    TargetSecret { name, hint }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::JsonBody;

    const WEBHOOK: [&str; 2] = ["signing_secret", "secret_headers"];

    fn changed(request: &str, present: Option<&str>) -> Result<String, String> {
        let request: TargetRequest = JsonBody::of(request).read().unwrap();
        let present = present.map(|text| TargetSecrets(text.to_owned()));
        let changed = change(&request, "webhook", &WEBHOOK, present.as_ref());
        changed
            .map(|changed| format!("{} {}", changed.is_changed, changed.text))
            .map_err(|error| format!("{}: {error}", error.field().unwrap_or_default()))
    }

    #[test]
    fn each_secret_is_kept_cleared_or_set_for_itself() {
        let stored = r#"{"secret_headers":{"a":"b"},"signing_secret":"old"}"#;
        let present = Some(stored);
        assert_eq!(changed("{}", present).unwrap(), format!("false {stored}"));
        assert_eq!(changed(r#"{"signing_secret":null}"#, present).unwrap(), r#"true {"secret_headers":{"a":"b"}}"#);
        assert_eq!(changed(r#"{"signing_secret":"new"}"#, None).unwrap(), r#"true {"signing_secret":"new"}"#);
        assert_eq!(changed(r#"{"api_key":null}"#, None).unwrap(), "false {}");
        insta::assert_snapshot!(changed(r#"{"api_key":"k"}"#, None).unwrap_err(), @r#"target.api_key: a target of the kind "webhook" has no such secret; it has signing_secret, secret_headers"#);
    }

    #[test]
    fn of_a_secret_only_its_end_is_shown() {
        let secrets = TargetSecrets(
            r#"{"signing_secret":["whsec_0123456789abcdef","short"],"secret_headers":{"authorization":"Bearer 0123456789"}}"#
                .to_owned(),
        );
        let shown: Vec<String> =
            shown(&secrets).into_iter().map(|secret| format!("{} {:?}", secret.name, secret.hint)).collect();
        assert_eq!(
            shown,
            [r#"signing_secret Some("cdef")"#, "signing_secret None", r#"secret_headers.authorization Some("6789")"#]
        );
    }
}
