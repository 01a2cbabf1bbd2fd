//! The choices of a browser, kept in its cookies.

use axum::{
    Form,
    response::{IntoResponse as _, Redirect, Response},
};
use serde::Deserialize;

use crate::{
    context::{Page, Theme},
    session::{cookie, sign_in::own_path},
};

const YEAR_SECONDS: i64 = 31_536_000;

/// The form of the colours.
#[derive(Deserialize)]
pub struct ChooseTheme {
    theme: String,
    next: String,
}

/// `POST /preferences/theme`
pub async fn set_theme(page: Page, Form(chosen): Form<ChooseTheme>) -> Response {
    let mut response = Redirect::to(own_path(&chosen.next)).into_response();
    let (value, seconds) = match Theme::parse(Some(&chosen.theme)) {
        Theme::System => ("", 0),
        theme => (theme.as_str(), YEAR_SECONDS),
    };
    cookie::set(response.headers_mut(), page.is_https, cookie::THEME, value, seconds);
    response
}
