//! `POST /v1/sources/{key}/attention/dismiss`

use axum::{Json, extract::State};
use inlet_core::log::Outcome;
use inlet_engine::{Engine, change_log};
use inlet_store::Dismissal;
use serde::Serialize;
use utoipa::ToSchema;

use super::{lookup::queried_endpoint, replays::request};
use crate::{auth::Operator, body::JsonBody, completion::to_completion, error::ApiError, path::Name, query::Params};

/// Which log entries need no attention any more: named ones, or all of a cause.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what `read` reads")]
pub struct NewDismissal {
    /// These log entries, at most 1000.
    ids: Option<Vec<String>>,
    /// All of this outcome: `failed` or `rejected`.
    outcome: Option<String>,
    /// All of this code.
    code: Option<String>,
    /// The same as `code`.
    cause: Option<String>,
}

/// What was dismissed.
#[derive(Serialize, ToSchema)]
pub struct Dismissed {
    /// How many entries needed attention and no longer do.
    dismissed: u64,
}

/// Removes entries from the list of those that need attention.
///
/// They stay in the log and can be replayed. The server does not retry them by itself.
#[utoipa::path(
    post,
    path = "/v1/sources/{key}/attention/dismiss",
    operation_id = "dismissAttention",
    tag = "repair",
    params(
        ("key" = String, Path, description = "The source"),
        ("environment" = String, Query, description = "The environment"),
    ),
    request_body = NewDismissal,
    responses((status = 200, description = "How many were dismissed", body = Dismissed)),
)]
pub async fn dismiss_attention(
    operator: Operator,
    State(engine): State<Engine>,
    Name(key): Name,
    params: Params,
    body: JsonBody,
) -> Result<Json<Dismissed>, ApiError> {
    let endpoint = queried_endpoint(&engine, &key, &params)?;
    let dismissal = read(&body)?;
    // The request was checked above and holds no secret, so it is logged as it is.
    let asked = Some(body.given().text.to_owned());
    let log = change_log::repaired(operator.author(), &endpoint, "dismissAttention", "attention", asked);
    let dismissed = to_completion(async move {
        let dismissed = engine.store.dismiss(endpoint.id, dismissal, log).await?;
        tracing::info!(
            source = endpoint.source,
            environment = endpoint.environment,
            dismissed,
            "entries were dismissed"
        );
        Ok(dismissed)
    })
    .await?;
    Ok(Json(Dismissed { dismissed }))
}

fn read(body: &JsonBody) -> Result<Dismissal, ApiError> {
    let mut top = body.given().object()?;
    let (ids, outcome) = (top.take_some("ids"), top.take_some("outcome"));
    let code = match (top.take_some("code"), top.take_some("cause")) {
        (Some(_), Some(cause)) => {
            return Err(cause.refuse("code is given too; they mean the same, give one of them"));
        }
        (code, cause) => code.or(cause),
    };
    top.finish()?;
    match (ids, outcome, code) {
        (Some(ids), None, None) => Ok(Dismissal::Events(request::read_ids(&ids)?)),
        (Some(ids), _, _) => Err(ids.refuse("a cause is given too; give one of them")),
        (None, None, None) => Err(body.given().refuse("nothing is named; give ids, outcome or code")),
        (None, outcome, code) => {
            let read = |given: crate::body::Given<'_>| match request::read_outcome(&given)? {
                outcome @ (Outcome::Failed | Outcome::Rejected) => Ok(outcome),
                _ => Err(given.refuse("expected failed or rejected; nothing else needs attention")),
            };
            Ok(Dismissal::Cause {
                outcome: outcome.map(read).transpose()?,
                code: code.map(|given| given.string()).transpose()?,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dismissed_is_named() {
        let error = |text: &str| read(&JsonBody::of(text)).unwrap_err().to_string();
        insta::assert_snapshot!(error("{}"), @"the body: nothing is named; give ids, outcome or code");
        insta::assert_snapshot!(error(r#"{"outcome":"executed"}"#), @"expected failed or rejected; nothing else needs attention");
        insta::assert_snapshot!(error(r#"{"ids":["019b7c9b-7eae-7000-8000-000000000000"],"code":"x"}"#), @"a cause is given too; give one of them");
        let cause = Dismissal::Cause { outcome: Some(Outcome::Failed), code: Some("time".to_owned()) };
        assert_eq!(read(&JsonBody::of(r#"{"outcome":"failed","cause":"time"}"#)), Ok(cause));
    }
}
