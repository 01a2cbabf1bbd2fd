//! `POST /v1/sources/{key}/refused/{id}/verify`

use axum::{Json, extract::State};
use inlet_engine::{
    Engine,
    replay::refused::{Verified, verify_again},
};
use inlet_store::Settled;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    auth::Operator,
    completion::to_completion,
    error::{ApiError, Kind},
    path::TwoNames,
    query::Params,
    sources::lookup::{parse_path_id, queried_endpoint},
};

/// The most events that a response lists.
const MAX_SHOWN: usize = 100;

/// What came of verifying a refused request again.
#[derive(Serialize, ToSchema)]
pub struct VerifiedRequest {
    /// Whether it was let in.
    verified: bool,
    /// Why it was not; null when it was.
    #[schema(required)]
    cause: Option<String>,
    /// How many items it holds; 0 when it was not let in.
    count: usize,
    /// What became of its items, the first 100.
    events: Vec<LetIn>,
}

/// An item of a request that was let in.
#[derive(Serialize, ToSchema)]
#[schema(as = VerifiedEvent)]
pub struct LetIn {
    /// Its log entry.
    #[schema(format = Uuid)]
    id: String,
    /// What mappings match on; empty when the item has none.
    event_type: String,
    /// `executed`, `replayed`, `logged`, `failed`, `rejected` or `ignored`.
    #[schema(value_type = String)]
    outcome: &'static str,
    /// Why, for people.
    #[schema(required)]
    reason: Option<String>,
}

impl LetIn {
    fn of(item: Settled) -> Self {
        Self {
            id: item.id.to_string(),
            event_type: item.event_type,
            outcome: item.outcome.as_str(),
            reason: item.reason,
        }
    }
}

/// Verifies a refused request again with the present signing secret.
///
/// If it verifies, it is accepted as if it had just been received, and is no longer listed as refused.
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
    let verified =
        to_completion(async move { Ok(verify_again(&engine, &endpoint, id, operator.author()).await?) }).await?;
    Ok(Json(match verified {
        Verified::Taken(settled) => VerifiedRequest {
            verified: true,
            cause: None,
            count: settled.len(),
            events: settled.into_iter().take(MAX_SHOWN).map(LetIn::of).collect(),
        },
        Verified::Stays(cause) => VerifiedRequest { verified: false, cause: Some(cause), count: 0, events: Vec::new() },
        Verified::NotKept => {
            return Err(ApiError::new(
                Kind::Conflict,
                "its body left the ring, which keeps the newest 64 MiB; let the sender send it again",
            ));
        }
    }))
}
