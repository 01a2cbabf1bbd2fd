//! `POST /v1/sources/{key}/attention/dismiss`

use axum::{Json, extract::State};
use inlet_api_types::attention::{DismissAttention, Dismissed};
use inlet_core::log::Outcome;
use inlet_engine::{Engine, change_log};
use inlet_store::Dismissal;

use super::{
    lookup::queried_endpoint,
    replays::request::{parse_ids, parse_outcome},
};
use crate::{
    auth::Operator,
    body::Body,
    completion::to_completion,
    error::{ApiError, Kind},
    path::Name,
    query::Params,
};

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
    request_body = DismissAttention,
    responses((status = 200, description = "How many were dismissed", body = Dismissed)),
)]
pub async fn dismiss_attention(
    operator: Operator,
    State(engine): State<Engine>,
    Name(key): Name,
    params: Params,
    Body(request): Body<DismissAttention>,
) -> Result<Json<Dismissed>, ApiError> {
    let endpoint = queried_endpoint(&engine, &key, &params)?;
    let dismissal = dismissal(&request)?;
    // The request holds no secret, so it is logged as it is.
    let request = serde_json::to_string(&request).ok();
    let log = change_log::repaired(operator.author(), &endpoint, "dismissAttention", "attention", request);
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

fn dismissal(request: &DismissAttention) -> Result<Dismissal, ApiError> {
    if request.code.is_some() && request.cause.is_some() {
        return Err(ApiError::invalid("cause", "code is given too; they mean the same, give one of them"));
    }
    let code = request.code.as_ref().or(request.cause.as_ref());
    match (&request.ids, &request.outcome, code) {
        (Some(ids), None, None) => Ok(Dismissal::Events(parse_ids(ids)?)),
        (Some(_), _, _) => Err(ApiError::invalid("ids", "a cause is given too; give one of them")),
        (None, None, None) => {
            Err(ApiError::new(Kind::Invalid, "the body: nothing is named; give ids, outcome or code"))
        }
        (None, outcome, code) => {
            let outcome = outcome.as_deref().map(dismissed_outcome).transpose()?;
            Ok(Dismissal::Cause { outcome, code: code.cloned() })
        }
    }
}

fn dismissed_outcome(name: &str) -> Result<Outcome, ApiError> {
    match parse_outcome("outcome", name)? {
        outcome @ (Outcome::Failed | Outcome::Rejected) => Ok(outcome),
        _ => Err(ApiError::invalid("outcome", "expected failed or rejected; nothing else needs attention")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::JsonBody;

    fn read(text: &str) -> Result<Dismissal, ApiError> {
        dismissal(&JsonBody::of(text).read()?)
    }

    #[test]
    fn what_is_dismissed_is_named() {
        let error = |text: &str| read(text).unwrap_err().to_string();
        insta::assert_snapshot!(error("{}"), @"the body: nothing is named; give ids, outcome or code");
        insta::assert_snapshot!(error(r#"{"outcome":"executed"}"#), @"expected failed or rejected; nothing else needs attention");
        insta::assert_snapshot!(error(r#"{"ids":["019b7c9b-7eae-7000-8000-000000000000"],"code":"x"}"#), @"a cause is given too; give one of them");
        let cause = Dismissal::Cause { outcome: Some(Outcome::Failed), code: Some("time".to_owned()) };
        assert_eq!(read(r#"{"outcome":"failed","cause":"time"}"#), Ok(cause));
    }
}
