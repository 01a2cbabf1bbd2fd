//! `POST /v1/sources/{key}/refused/{id}/verify`

use axum::{Json, extract::State};
use inlet_api_types::refused_requests::{VerifiedEvent, VerifiedRequest};
use inlet_engine::{
    Engine,
    replay::refused_requests::{VerifiedAgain, verify_again},
};
use inlet_store::Settled;

use crate::{
    answer_memory::AnswerMemory,
    auth::Operator,
    completion::to_completion,
    error::{ApiError, Kind},
    path::TwoNames,
    query::Params,
    sources::lookup::{parse_path_id, queried_endpoint},
};

/// The most events that a response lists.
const MAX_SHOWN: usize = 100;

/// Verifies a refused request again with the present signing secret and settings.
///
/// If it verifies, or if verification is no longer enforced, it is accepted as if it had just been received, and is no longer listed as refused.
#[utoipa::path(
    post,
    path = "/v1/sources/{key}/refused/{id}/verify",
    operation_id = "verifyRefusedRequest",
    tag = "repair",
    params(
        ("key" = String, Path, description = "The source"),
        ("id" = String, Path, description = "The refused request"),
        ("environment" = String, Query, description = "The environment"),
    ),
    responses((status = 200, description = "What came of it", body = VerifiedRequest)),
)]
pub async fn verify_refused(
    operator: Operator,
    State(engine): State<Engine>,
    TwoNames(key, id): TwoNames,
    params: Params,
) -> Result<Json<VerifiedRequest>, ApiError> {
    let endpoint = queried_endpoint(&engine, &key, &params)?;
    let id = parse_path_id("refused request", &id)?;
    let enforced = endpoint.settings.enforce_verification;
    let verified = to_completion(async move {
        let memory = AnswerMemory::new(&engine);
        Ok(verify_again(&engine, &endpoint, id, operator.author(), &memory).await?)
    })
    .await?;
    Ok(Json(match verified {
        VerifiedAgain::LetIn(settled) => VerifiedRequest {
            verified: true,
            enforced,
            cause: None,
            count: settled.len(),
            events: settled.into_iter().take(MAX_SHOWN).map(verified_event).collect(),
        },
        VerifiedAgain::StillRefused(cause) => {
            VerifiedRequest { verified: false, enforced, cause: Some(cause), count: 0, events: Vec::new() }
        }
        VerifiedAgain::NotKept => {
            return Err(ApiError::new(
                Kind::Conflict,
                "its body is not kept whole: the ring keeps the newest 64 MiB, and of a flood the first 64 KiB of each; let the \
                 sender send it again",
            ));
        }
    }))
}

fn verified_event(item: Settled) -> VerifiedEvent {
    VerifiedEvent {
        id: item.id.to_string(),
        event_type: item.event_type,
        outcome: item.outcome.as_str().to_owned(),
        reason: item.reason,
    }
}
