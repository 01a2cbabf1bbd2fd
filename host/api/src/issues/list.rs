//! `GET /v1/issues`

use axum::{Json, extract::State};
use inlet_api_types::{PageInfo, issues::IssueList};
use inlet_core::{issues::IssueState, nearest::nearest};
use inlet_engine::Engine;

use super::response::Names;
use crate::{auth::Operator, error::ApiError, query::Params};

/// Lists issues, the last seen first: failures grouped by source, stage, code and what is to blame.
///
/// Refused requests, items that failed or were rejected, and deliveries that fail belong to them. An environment has at most a
/// thousand causes of their own, and one stage of a source fifty; further ones are one issue with the code `other`.
#[utoipa::path(
    get,
    path = "/v1/issues",
    operation_id = "listIssues",
    tag = "repair",
    params(
        ("environment" = Option<String>, Query, description = "The environment; if absent, all that the token is good for"),
        ("state" = Option<String>, Query, description = "`open`, `acknowledged`, `muted` or `resolved`; if absent, any"),
        ("source" = Option<String>, Query, description = "Of this source"),
    ),
    responses((status = 200, description = "The issues", body = IssueList)),
)]
pub async fn list_issues(
    operator: Operator,
    State(engine): State<Engine>,
    params: Params,
) -> Result<Json<IssueList>, ApiError> {
    let snapshot = engine.snapshot();
    let environment = params.environment(&snapshot)?;
    let state = params.get("state").map(read_state).transpose()?;
    let source = params.get("source");
    let wanted = snapshot.environments.iter().map(|environment| environment.id);
    let wanted = wanted.filter(|id| operator.sees(*id) && environment.is_none_or(|environment| environment.id == *id));
    let found = engine.store.issues(&wanted.collect::<Vec<i64>>()).await?;
    let names = Names::of(&snapshot);
    let entries: Vec<_> = found.into_iter().filter_map(|issue| names.issue(issue)).collect();
    let entries: Vec<_> = entries
        .into_iter()
        .filter(|issue| state.is_none_or(|state| state == issue.state))
        .filter(|issue| source.is_none_or(|source| issue.source.as_deref() == Some(source)))
        .collect();
    let page_info = PageInfo::whole(entries.len());
    Ok(Json(IssueList { entries, page_info }))
}

fn read_state(name: &str) -> Result<&'static str, ApiError> {
    IssueState::NAMES.into_iter().find(|known| *known == name).ok_or_else(|| {
        let hint = match nearest(name, IssueState::NAMES) {
            Some(near) => format!("the nearest is {near:?}"),
            None => format!("expected one of {}", IssueState::NAMES.join(", ")),
        };
        ApiError::invalid("state", format!("there is no state {name:?}; {hint}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_state_names_the_nearest() {
        assert_eq!(read_state("muted"), Ok("muted"));
        insta::assert_snapshot!(read_state("resolve").unwrap_err(), @r#"there is no state "resolve"; the nearest is "resolved""#);
        insta::assert_snapshot!(read_state("zzz").unwrap_err(), @r#"there is no state "zzz"; expected one of open, acknowledged, muted, resolved"#);
    }
}
