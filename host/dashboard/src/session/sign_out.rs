//! `POST /sign-out`

use axum::{
    extract::State,
    response::{IntoResponse as _, Redirect, Response},
};

use super::cookie;
use crate::{
    context::Page,
    error::{PageError, PageResult},
    state::Dashboard,
};

/// Ends the session.
pub async fn sign_out(State(dashboard): State<Dashboard>, page: Page) -> PageResult {
    let Some(id) = page.session.id else {
        return Err(PageError::forbidden("the proxy in front has signed you in; sign out there"));
    };
    dashboard.engine.store.session_end(id).await.map_err(|error| {
        tracing::error!(%error, "a session was not ended");
        PageError::new(axum::http::StatusCode::SERVICE_UNAVAILABLE, "the session could not be ended; try again")
    })?;
    let mut response: Response = Redirect::to("/sign-in").into_response();
    cookie::set(response.headers_mut(), page.is_https, cookie::SESSION, "", 0);
    Ok(response)
}
