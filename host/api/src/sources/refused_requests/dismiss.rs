//! `POST /v1/sources/{key}/refused/dismiss`

use axum::{Json, extract::State};
use inlet_api_types::{attention::Dismissed, refused_requests::DismissRefusedRequests};
use inlet_core::verification::{REFUSAL_CAUSES, RefusalCause};
use inlet_engine::{Engine, change_log};
use inlet_store::RefusedDismissal;

use crate::{
    auth::Operator,
    body::Body,
    completion::to_completion,
    error::{ApiError, Kind},
    path::Name,
    query::Params,
    sources::{lookup::queried_endpoint, replays::request::parse_ids},
};

/// Deletes refused requests, named ones or all with a cause.
///
/// Unlike dismissed log entries they are gone: nothing of a refused request is in the log.
#[utoipa::path(
    post,
    path = "/v1/sources/{key}/refused/dismiss",
    operation_id = "dismissRefusedRequests",
    tag = "repair",
    params(
        ("key" = String, Path, description = "The source"),
        ("environment" = String, Query, description = "The environment"),
    ),
    request_body = DismissRefusedRequests,
    responses((status = 200, description = "How many were dismissed", body = Dismissed)),
)]
pub async fn dismiss_refused(
    operator: Operator,
    State(engine): State<Engine>,
    Name(key): Name,
    params: Params,
    Body(request): Body<DismissRefusedRequests>,
) -> Result<Json<Dismissed>, ApiError> {
    let endpoint = queried_endpoint(&engine, &key, &params)?;
    let dismissal = dismissal(&request)?;
    // The request holds no secret, so it is logged as it is.
    let request = serde_json::to_string(&request).ok();
    let log = change_log::repaired(operator.author(), &endpoint, "dismissRefusedRequests", "refused", request);
    let dismissed = to_completion(async move {
        let dismissed = engine.store.dismiss_refused(endpoint.id, dismissal, log).await?;
        tracing::info!(
            source = endpoint.source,
            environment = endpoint.environment,
            dismissed,
            "refused requests were dismissed"
        );
        Ok(dismissed)
    })
    .await?;
    Ok(Json(Dismissed { dismissed }))
}

fn dismissal(request: &DismissRefusedRequests) -> Result<RefusedDismissal, ApiError> {
    match (&request.ids, &request.cause) {
        (Some(ids), None) => Ok(RefusedDismissal::Requests(parse_ids(ids)?)),
        (None, Some(cause)) => Ok(RefusedDismissal::Cause(parse_cause(cause)?)),
        (Some(_), Some(_)) => Err(ApiError::invalid("ids", "a cause is given too; give one of them")),
        (None, None) => Err(ApiError::new(Kind::Invalid, "the body: nothing is named; give ids or a cause")),
    }
}

/// Checks the name of a cause.
pub(super) fn parse_cause(name: &str) -> Result<String, ApiError> {
    match RefusalCause::named(name) {
        Some(_) => Ok(name.to_owned()),
        None => {
            let names: Vec<&str> = REFUSAL_CAUSES.iter().map(|cause| cause.name).collect();
            let message = format!("there is no cause {name:?}; expected one of {}", names.join(", "));
            Err(ApiError::invalid("cause", message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::JsonBody;

    fn read(text: &str) -> Result<RefusedDismissal, ApiError> {
        dismissal(&JsonBody::of(text).read()?)
    }

    #[test]
    fn what_is_dismissed_is_named() {
        let error = |text: &str| read(text).unwrap_err().to_string();
        insta::assert_snapshot!(error("{}"), @"the body: nothing is named; give ids or a cause");
        insta::assert_snapshot!(error(r#"{"cause":"old"}"#), @r#"there is no cause "old"; expected one of failed, missing, not_configured, doubled, malformed, stale, no_public_url, wrong_verify_token, reused, partly_signed, wrong_write_key, missing_write_key, unreadable_write_key, not_gzip"#);
        insta::assert_snapshot!(error(r#"{"ids":["019b7c9b-7eae-7000-8000-000000000000"],"cause":"stale"}"#), @"a cause is given too; give one of them");
        assert_eq!(read(r#"{"cause":"stale"}"#), Ok(RefusedDismissal::Cause("stale".to_owned())));
    }
}
