//! `POST /v1/issues/{id}/acknowledge`, `…/mute`, `…/resolve` and `…/reopen`

use axum::{Json, extract::State};
use inlet_api_types::issues::{Issue, MuteIssue};
use inlet_core::{
    issues::{IssueChange, NotPossible},
    json, time,
};
use inlet_engine::{Engine, change_log, clock::now_ms};

use super::{get::get_issue, response::state_name};
use crate::{
    auth::Operator,
    body::Body,
    completion::to_completion,
    error::{ApiError, Kind},
    path::Name,
    query::Params,
};

/// Acknowledges an issue: its failures need no attention any more, nor do those that still come.
#[utoipa::path(
    post,
    path = "/v1/issues/{id}/acknowledge",
    operation_id = "acknowledgeIssue",
    tag = "repair",
    params(
        ("id" = String, Path, description = "The issue"),
        ("environment" = String, Query, description = "The environment"),
    ),
    responses((status = 200, description = "The issue, acknowledged", body = Issue)),
)]
pub async fn acknowledge_issue(
    operator: Operator,
    State(engine): State<Engine>,
    Name(id): Name,
    params: Params,
) -> Result<Json<Issue>, ApiError> {
    change(operator, engine, id, &params, "acknowledgeIssue", IssueChange::Acknowledge).await
}

/// Mutes an issue, until a time, for a time, or for good. Its failures are only counted.
#[utoipa::path(
    post,
    path = "/v1/issues/{id}/mute",
    operation_id = "muteIssue",
    tag = "repair",
    params(
        ("id" = String, Path, description = "The issue"),
        ("environment" = String, Query, description = "The environment"),
    ),
    request_body = MuteIssue,
    responses((status = 200, description = "The issue, muted", body = Issue)),
)]
pub async fn mute_issue(
    operator: Operator,
    State(engine): State<Engine>,
    Name(id): Name,
    params: Params,
    Body(request): Body<MuteIssue>,
) -> Result<Json<Issue>, ApiError> {
    let until_ms = read_until(&request, now_ms())?;
    change(operator, engine, id, &params, "muteIssue", IssueChange::Mute(until_ms)).await
}

/// Resolves an issue. Another failure with its cause opens it again.
#[utoipa::path(
    post,
    path = "/v1/issues/{id}/resolve",
    operation_id = "resolveIssue",
    tag = "repair",
    params(
        ("id" = String, Path, description = "The issue"),
        ("environment" = String, Query, description = "The environment"),
    ),
    responses((status = 200, description = "The issue, resolved", body = Issue)),
)]
pub async fn resolve_issue(
    operator: Operator,
    State(engine): State<Engine>,
    Name(id): Name,
    params: Params,
) -> Result<Json<Issue>, ApiError> {
    change(operator, engine, id, &params, "resolveIssue", IssueChange::Resolve).await
}

/// Opens an issue again. Its earlier log entries stay out of what needs attention.
#[utoipa::path(
    post,
    path = "/v1/issues/{id}/reopen",
    operation_id = "reopenIssue",
    tag = "repair",
    params(
        ("id" = String, Path, description = "The issue"),
        ("environment" = String, Query, description = "The environment"),
    ),
    responses((status = 200, description = "The issue, open", body = Issue)),
)]
pub async fn reopen_issue(
    operator: Operator,
    State(engine): State<Engine>,
    Name(id): Name,
    params: Params,
) -> Result<Json<Issue>, ApiError> {
    change(operator, engine, id, &params, "reopenIssue", IssueChange::Reopen).await
}

async fn change(
    operator: Operator,
    engine: Engine,
    id: String,
    params: &Params,
    operation: &'static str,
    change: IssueChange,
) -> Result<Json<Issue>, ApiError> {
    let environment_id = params.required_environment(&engine.snapshot())?.id;
    let issue = super::find(&operator, &engine, &id).await?;
    if issue.environment_id != environment_id {
        return Err(super::missing(&id));
    }
    let before = format!(r#"{{"state":{}}}"#, json::quote(state_name(&issue, now_ms())));
    let after = match change {
        IssueChange::Acknowledge => r#"{"state":"acknowledged"}"#.to_owned(),
        IssueChange::Mute(None) => r#"{"state":"muted"}"#.to_owned(),
        IssueChange::Mute(Some(until_ms)) => {
            format!(r#"{{"state":"muted","muted_until":{}}}"#, json::quote(&time::write_ms(until_ms)))
        }
        IssueChange::Resolve => r#"{"state":"resolved"}"#.to_owned(),
        IssueChange::Reopen => r#"{"state":"open"}"#.to_owned(),
    };
    let log = change_log::issue_changed(operator.author(), operation, issue.environment_id, issue.id, before, after);
    let store = engine.clone();
    let issue_id = issue.id;
    let changed = to_completion(async move { Ok(store.store.issue_change(issue_id, change, log).await?) }).await?;
    match changed {
        Ok(()) => get_issue(operator, State(engine), Name(id)).await,
        Err(NotPossible::Past) => Err(ApiError::invalid("until", NotPossible::Past.to_string())),
        Err(refused @ NotPossible::Resolved) => Err(ApiError::new(Kind::Conflict, refused.to_string())),
    }
}

/// Returns the end of a mute; none for good.
fn read_until(request: &MuteIssue, now_ms: i64) -> Result<Option<i64>, ApiError> {
    match (&request.until, request.seconds) {
        (Some(_), Some(_)) => Err(ApiError::invalid("until", "seconds are given too; expected one of the two")),
        (Some(until), None) => time::parse(until).map(|us| Some(us.div_euclid(1000))).ok_or_else(|| {
            ApiError::invalid("until", format!("found {until:?}, expected a time such as 2026-01-02T03:04:05Z"))
        }),
        (None, Some(seconds)) => Ok(Some(now_ms + i64::from(seconds) * 1000)),
        (None, None) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::JsonBody;

    #[test]
    fn a_mute_has_one_end_or_none() {
        let read = |text: &str| read_until(&JsonBody::of(text).read()?, 1000);
        assert_eq!(read("{}"), Ok(None));
        assert_eq!(read(r#"{"seconds":60}"#), Ok(Some(61_000)));
        assert_eq!(read(r#"{"until":"1970-01-01T00:01:00Z"}"#), Ok(Some(60_000)));
        insta::assert_snapshot!(read(r#"{"until":"soon"}"#).unwrap_err(), @r#"found "soon", expected a time such as 2026-01-02T03:04:05Z"#);
        insta::assert_snapshot!(read(r#"{"until":"x","seconds":1}"#).unwrap_err(), @"seconds are given too; expected one of the two");
        insta::assert_snapshot!(read(r#"{"seconds":0}"#).unwrap_err(), @"expected a whole number from 1 to 31536000, which is a year");
    }
}
