//! `POST /settings/tokens`

use axum::{Form, http::Method};
use inlet_api_types::management_tokens::NewManagementToken;

use super::{list, token_form::TokenForm};
use crate::{context::Page, error::PageResult};

/// Creates a token, and shows it this once.
pub async fn create(page: Page, Form(pairs): Form<Vec<(String, String)>>) -> PageResult {
    let form = TokenForm::of(pairs);
    match page.send::<NewManagementToken>(Method::POST, "/v1/management_tokens", &form.body()).await {
        Ok(NewManagementToken { token, management_token }) => {
            list::show(&page, &TokenForm::default(), None, Some((&management_token.name, &token))).await
        }
        Err(failure) => list::show(&page, &form, Some(&failure.into()), None).await,
    }
}
