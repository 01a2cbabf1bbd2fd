//! `POST /settings/tokens/{id}/delete`

use axum::{Form, extract::Path, http::Method};
use inlet_api_types::management_tokens::ManagementTokenList;
use serde::Deserialize;

use crate::{
    components::confirm,
    context::Page,
    error::{PageError, PageResult},
    html::url_part,
    respond,
};

/// The form.
#[derive(Deserialize)]
pub struct DeleteForm {
    confirm_name: String,
}

/// Deletes a token, once its name was typed.
pub async fn delete(page: Page, Path(id): Path<String>, Form(form): Form<DeleteForm>) -> PageResult {
    let ManagementTokenList { entries, .. } = page.get("/v1/management_tokens").await?;
    let gone = || PageError::not_found("this token is gone already");
    let token = entries.into_iter().find(|token| token.id == id).ok_or_else(gone)?;
    confirm::check(&form.confirm_name, &token.name)?;
    page.call(Method::DELETE, &format!("/v1/management_tokens/{}", url_part(&id)), &[], None).await?;
    Ok(respond::go_to(&page, "/settings/tokens"))
}
