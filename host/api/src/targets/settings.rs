//! Checks the settings of a target, with its kind.

use inlet_api_types::{Patch, RawJson, targets::TargetRequest};
use inlet_core::{delivery::TargetRouting, json};
use inlet_delivery::targets::{self, TargetError};
use inlet_store::{NewTarget, TargetRecord, TargetSecrets, TargetState};

use super::secrets::{self, ChangedSecrets};
use crate::error::ApiError;

/// The most workflows that a target names.
const MAX_WORKFLOWS: usize = 1000;

/// The most bytes of the settings, and of the secrets.
const MAX_BYTES: usize = 64 << 10;

/// Returns the target after a change; none of its secrets if they stay.
pub fn change(
    environment_id: i64,
    key: &str,
    request: &TargetRequest,
    present: Option<&TargetRecord>,
    present_secrets: Option<&TargetSecrets>,
) -> Result<NewTarget, ApiError> {
    let kind = kind(request, present)?;
    let known = targets::secret_members(kind).unwrap_or_default();
    let ChangedSecrets { text: secrets, is_changed } = secrets::change(request, kind, known, present_secrets)?;
    let settings = settings(request, present.map_or("{}", |present| present.settings.as_str()))?;
    check_size("target.options", "settings", settings.len())?;
    check_size("target", "secrets", secrets.len())?;
    let workflows = workflows(request, present.and_then(|present| present.routing.workflows.clone()))?;
    let routing = TargetRouting { workflows, ..check(kind, &settings, &secrets)? };
    Ok(NewTarget {
        environment_id,
        key: key.to_owned(),
        kind: kind.to_owned(),
        settings,
        routing,
        secrets: is_changed.then_some(secrets),
        state: state(request.active, present.map(|present| present.state)),
    })
}

fn kind<'a>(request: &'a TargetRequest, present: Option<&'a TargetRecord>) -> Result<&'a str, ApiError> {
    const FIELD: &str = "target.kind";
    let names = || targets::kinds().collect::<Vec<_>>().join(", ");
    match (request.kind.as_deref(), present) {
        (Some(kind), Some(present)) if kind != present.kind => Err(ApiError::invalid(
            FIELD,
            format!(
                "found {kind:?}, but the target is {:?} and stays so; delete it and create it again, or use another key",
                present.kind
            ),
        )),
        (_, Some(present)) => Ok(&present.kind),
        (Some(kind), None) => match targets::secret_members(kind) {
            Some(_) => Ok(kind),
            None => Err(ApiError::invalid(FIELD, format!("found {kind:?}, expected one of {}", names()))),
        },
        (None, None) => Err(ApiError::invalid(FIELD, format!("it is missing; expected one of {}", names()))),
    }
}

/// Returns the settings without secrets, a JSON object with `url` and `options` where they are set.
fn settings(request: &TargetRequest, present: &str) -> Result<String, ApiError> {
    let member = |name: &'static str, patch: &Patch<RawJson>| match patch {
        Patch::Keep => json::member(present, name).map(str::to_owned),
        Patch::Clear => None,
        // As the response shows options that are not set.
        Patch::Set(value) if json::members(value.as_text()).is_some_and(|members| members.is_empty()) => None,
        Patch::Set(value) => Some(json::compact(value.as_text()).into_owned()),
    };
    let members = [("url", member("url", &request.url)), ("options", member("options", &request.options))];
    Ok(json::object(members.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?)))))
}

/// The dispatcher keeps the settings in memory.
fn check_size(field: &str, what: &str, found: usize) -> Result<(), ApiError> {
    match found > MAX_BYTES {
        true => Err(ApiError::invalid(field, format!("the {what} have {found} bytes; at most {MAX_BYTES} are kept"))),
        false => Ok(()),
    }
}

/// Returns the keys of the workflows whose runs the target gets; none for all.
fn workflows(request: &TargetRequest, present: Option<Vec<Box<str>>>) -> Result<Option<Vec<Box<str>>>, ApiError> {
    const FIELD: &str = "target.workflows";
    let Some(keys) = request.workflows.clone().map(|keys| keys.into_iter().map(Box::from).collect()).apply(present)
    else {
        return Ok(None);
    };
    match keys.len() {
        0 => {
            let message = "it is empty, so that no run would reach the target; name a workflow, send null for all, or pause \
                           the target";
            Err(ApiError::invalid(FIELD, message))
        }
        1..=MAX_WORKFLOWS => match keys.iter().position(|key| key.is_empty()) {
            Some(index) => {
                Err(ApiError::invalid(format!("{FIELD}[{index}]"), "it is empty; expected a workflow's key"))
            }
            None => Ok(Some(keys)),
        },
        found => Err(ApiError::invalid(FIELD, format!("found {found} workflows; at most {MAX_WORKFLOWS} are kept"))),
    }
}

/// Checks everything with the kind's own rules; returns how the target takes runs.
fn check(kind: &str, settings: &str, secrets: &str) -> Result<TargetRouting, ApiError> {
    let read = |text: &str| {
        serde_json::from_str(text).map_err(|error| ApiError::invalid("target", format!("it is no JSON: {error}")))
    };
    let target = targets::parse(kind, &read(settings)?, &read(secrets)?)
        .map_err(|TargetError { pointer, sentence }| ApiError::invalid(field(&pointer), sentence))?;
    Ok(target.routing())
}

/// Returns the path of a member in the request, from a JSON Pointer.
fn field(pointer: &str) -> String {
    let mut field = "target".to_owned();
    for token in pointer.split('/').skip(1) {
        let token = token.replace("~1", "/").replace("~0", "~");
        match !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_digit()) {
            true => field.push_str(&format!("[{token}]")),
            false => field.push_str(&format!(".{token}")),
        }
    }
    field
}

/// Returns the state that a request asks for; none if it stays. A target that the server disabled stays so if the request
/// repeats what the response said.
fn state(active: Option<bool>, present: Option<TargetState>) -> Option<TargetState> {
    match (active?, present) {
        (true, Some(TargetState::Running)) | (false, Some(TargetState::Paused | TargetState::Disabled)) => None,
        (true, _) => Some(TargetState::Running),
        (false, _) => Some(TargetState::Paused),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::JsonBody;

    fn error(request: &str) -> String {
        let request: TargetRequest = JsonBody::of(request).read().unwrap();
        let error = change(1, "crm", &request, None, None).unwrap_err();
        format!("{}: {error}", error.field().unwrap_or_default())
    }

    #[test]
    fn a_wrong_setting_is_named_as_it_was_sent() {
        insta::assert_snapshot!(error("{}"), @"target.kind: it is missing; expected one of webhook, temporal, events, knock, novu, nats, log");
        insta::assert_snapshot!(error(r#"{"kind":"fax"}"#), @r#"target.kind: found "fax", expected one of webhook, temporal, events, knock, novu, nats, log"#);
        insta::assert_snapshot!(error(r#"{"kind":"webhook"}"#), @"target.url: it is missing; expected a URL that starts with https:// or http://");
        insta::assert_snapshot!(error(r#"{"kind":"webhook","url":"https://a.example/","options":{"ordre":"user"}}"#), @"target.options.ordre: there is no such member; is `order` meant?");
        insta::assert_snapshot!(error(r#"{"kind":"webhook","url":"https://a.example/","signing_secret":"x"}"#), @"target.signing_secret: expected whsec_ and base64 of 24 to 64 bytes, or a list of these with the newest first");
    }

    #[test]
    fn pointers_become_paths() {
        assert_eq!(field(""), "target");
        assert_eq!(field("/options/headers/0/x~1y"), "target.options.headers[0].x/y");
    }

    #[test]
    fn members_are_kept_and_options_are_replaced() {
        let present = r#"{"url":"https://a.example/","options":{"order":"user","chunk":7}}"#;
        let change = |request: &str| {
            let request: TargetRequest = JsonBody::of(request).read().unwrap();
            settings(&request, present).unwrap()
        };
        assert_eq!(change("{}"), present);
        assert_eq!(change(r#"{"options":{"chunk":8}}"#), r#"{"url":"https://a.example/","options":{"chunk":8}}"#);
        assert_eq!(change(r#"{"options":null}"#), r#"{"url":"https://a.example/"}"#);
        assert_eq!(change(r#"{"options": { }}"#), r#"{"url":"https://a.example/"}"#);
    }

    #[test]
    fn a_response_that_is_sent_back_changes_no_state() {
        use TargetState::{Disabled, Paused, Running};
        for (active, present, expected) in [
            (None, None, None),
            (Some(true), None, Some(Running)),
            (Some(false), None, Some(Paused)),
            (Some(true), Some(Running), None),
            (Some(false), Some(Disabled), None),
            (Some(true), Some(Disabled), Some(Running)),
            (Some(false), Some(Running), Some(Paused)),
        ] {
            assert_eq!(state(active, present), expected, "{active:?} {present:?}");
        }
    }
}
