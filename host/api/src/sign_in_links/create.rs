//! `POST /v1/sign_in_links`

use axum::{Json, extract::State, http::StatusCode};
use inlet_api_types::{ErrorBody, sign_in_links::SignInLink};
use inlet_core::time;
use inlet_engine::{Engine, change_log};

use super::link;
use crate::{
    auth::Operator,
    completion::to_completion,
    error::{ApiError, Kind},
};

/// Creates a link that signs in to the dashboard once, with the rights of the token that asks for it.
///
/// It is good for 10 minutes, and for one use. A token has about ten links a minute; more are refused (429).
#[utoipa::path(
    post,
    path = "/v1/sign_in_links",
    operation_id = "createSignInLink",
    tag = "administration",
    responses(
        (status = 201, description = "The link, shown this once", body = SignInLink),
        (status = 429, description = "The token has had too many links of late", body = ErrorBody),
    ),
)]
pub async fn create_sign_in_link(
    operator: Operator,
    State(engine): State<Engine>,
) -> Result<(StatusCode, Json<SignInLink>), ApiError> {
    let token = operator.token_ref(&engine);
    if !engine.may_create_sign_in_link(token.id) {
        let message = "this token has had many links in the last minute; wait a minute, then ask for another";
        return Err(ApiError::new(Kind::TooManyRequests, message));
    }
    let author = operator.author();
    let created = to_completion(async move {
        Ok::<_, ApiError>(
            link::create(&engine, &token, |until_ms| Some(change_log::sign_in_link_created(author, until_ms))).await?,
        )
    })
    .await?;
    let expires_at = time::write_ms(created.expires_at_ms);
    Ok((StatusCode::CREATED, Json(SignInLink { path: created.path, expires_at })))
}
