//! Signing in: with a management token, or by a link that is good once.

use std::net::IpAddr;

use askama::Template;
use axum::{
    Extension, Form,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Redirect, Response},
};
use inlet_api::{Operator, TokenRef, sign_in_links};
use inlet_engine::clock::now_ms;
use serde::Deserialize;

use super::{LONGEST_MS, begin, cookie, https};
use crate::{
    assets,
    context::{Peer, Theme},
    csrf, headers, respond,
    state::Dashboard,
};

/// The longest token that is looked at, in bytes.
const MAX_TOKEN: usize = 1024;

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage<'a> {
    theme: Theme,
    next: &'a str,
    problem: Option<String>,
}

/// The page to lead to afterwards.
#[derive(Deserialize)]
pub struct Next {
    #[serde(default)]
    next: String,
}

/// The form.
#[derive(Deserialize)]
pub struct SignIn {
    token: String,
    #[serde(default)]
    next: String,
}

/// Returns a path of this server as it is, and `/` for anything else.
pub fn own_path(path: &str) -> &str {
    // `//host` and `/\host` are addresses of others.
    let is_own = path.starts_with('/') && !path[1..].starts_with(['/', '\\']) && !path.contains(char::is_control);
    if is_own { path } else { "/" }
}

fn page(headers: &HeaderMap, status: StatusCode, next: &str, problem: Option<String>) -> Response {
    let theme = Theme::parse(cookie::read(headers, cookie::THEME));
    let mut response = respond::html(&SignInPage { theme, next: own_path(next), problem });
    *response.status_mut() = status;
    headers::protect(response.headers_mut(), None);
    response
}

/// `GET /sign-in`
pub async fn show(headers: HeaderMap, Query(Next { next }): Query<Next>) -> Response {
    page(&headers, StatusCode::OK, &next, None)
}

/// `POST /sign-in`
pub async fn sign_in(
    State(dashboard): State<Dashboard>,
    Extension(Peer(peer)): Extension<Peer>,
    headers: HeaderMap,
    Form(SignIn { token, next }): Form<SignIn>,
) -> Response {
    let refused = |status, problem: &str| page(&headers, status, &next, Some(problem.to_owned()));
    if !csrf::is_same_origin(&headers) {
        return refused(StatusCode::FORBIDDEN, "The form was sent by another site. Sign in on this page.");
    }
    if !dashboard.attempts.may_try(peer, now_ms()) {
        let problem = "There were too many failed tries. Wait a minute, then try again.";
        return refused(StatusCode::TOO_MANY_REQUESTS, problem);
    }
    let token = token.trim();
    if token.is_empty() {
        return refused(StatusCode::UNPROCESSABLE_ENTITY, "Enter a management token.");
    }
    let found = match token.len() <= MAX_TOKEN {
        true => Operator::of_token(&dashboard.engine, token).map_err(|error| sentence(&error.to_string())),
        false => Err("This is too long to be a management token.".to_owned()),
    };
    match found {
        Ok((_, token)) => started(&dashboard, peer, &headers, &token, &next).await,
        Err(problem) => {
            dashboard.attempts.failed(peer, now_ms());
            tracing::warn!(%peer, "a try to sign in to the dashboard failed");
            refused(StatusCode::UNAUTHORIZED, &problem)
        }
    }
}

/// `GET /sign-in/{code}`
pub async fn by_link(
    State(dashboard): State<Dashboard>,
    Extension(Peer(peer)): Extension<Peer>,
    headers: HeaderMap,
    Path(code): Path<String>,
    Query(Next { next }): Query<Next>,
) -> Response {
    let refused = |status, problem: &str| page(&headers, status, &next, Some(problem.to_owned()));
    if !dashboard.attempts.may_try(peer, now_ms()) {
        let problem = "There were too many failed tries. Wait a minute, then try again.";
        return refused(StatusCode::TOO_MANY_REQUESTS, problem);
    }
    match sign_in_links::redeem(&dashboard.engine, &code).await {
        Ok(Some(token)) => started(&dashboard, peer, &headers, &token, &next).await,
        Ok(None) => {
            dashboard.attempts.failed(peer, now_ms());
            let problem = "This link was used already, or is older than ten minutes. Sign in with a management token.";
            refused(StatusCode::UNAUTHORIZED, problem)
        }
        Err(error) => {
            tracing::error!(%error, "a link to sign in could not be used");
            refused(StatusCode::SERVICE_UNAVAILABLE, "The storage cannot be written now. Try again.")
        }
    }
}

async fn started(dashboard: &Dashboard, peer: IpAddr, headers: &HeaderMap, token: &TokenRef, next: &str) -> Response {
    match begin(&dashboard.engine, token).await {
        Ok(value) => {
            let mut response = Redirect::to(own_path(next)).into_response();
            let (is_https, seconds) = (https::of_request(dashboard, Some(peer), headers), LONGEST_MS / 1000);
            cookie::set(response.headers_mut(), is_https, cookie::SESSION, &value, seconds);
            response
        }
        Err(error) => {
            tracing::error!(%error, "a session was not begun");
            let problem = "The storage cannot be written now, so there is no session. Try again.".to_owned();
            page(headers, StatusCode::SERVICE_UNAVAILABLE, next, Some(problem))
        }
    }
}

/// Makes a sentence of an error: a capital and a full stop.
fn sentence(error: &str) -> String {
    let mut characters = error.chars();
    let first = characters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", characters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_path_of_this_server_is_followed() {
        for (path, expected) in [
            ("/e/development/logs?status=failed", "/e/development/logs?status=failed"),
            ("/", "/"),
            ("", "/"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example", "/"),
            ("/a\r\nb", "/"),
        ] {
            assert_eq!(own_path(path), expected, "{path:?}");
        }
    }
}
