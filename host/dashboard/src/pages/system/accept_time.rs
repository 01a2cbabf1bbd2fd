//! `POST /system/clock/accept`

use axum::{Form, http::Method};
use serde::Deserialize;

use crate::{components::confirm, context::Page, error::PageResult, respond};

/// The word that is typed, because retention then deletes what is too old by the system's clock.
pub const WORD: &str = "accept";

/// The form.
#[derive(Deserialize)]
pub struct AcceptForm {
    confirm_name: String,
}

/// Lets the store's time go on at the time of the system's clock, once the word was typed.
pub async fn accept(page: Page, Form(form): Form<AcceptForm>) -> PageResult {
    confirm::check(&form.confirm_name, WORD)?;
    page.call(Method::POST, "/v1/clock/accept", &[], None).await?;
    Ok(respond::go_to(&page, "/system"))
}
