//! Making and deleting API keys.

use axum::{Form, extract::Path, http::Method};
use inlet_api_types::environments::{ApiKeyList, NewApiKey};
use serde::Deserialize;

use super::{
    super::environment_choice::{self, EnvironmentQuery},
    list,
};
use crate::{
    components::{confirm, shown_once::shown_once},
    context::Page,
    error::{PageError, PageResult},
    html::url_part,
    respond,
};

/// The form of a deletion.
#[derive(Deserialize)]
pub struct DeleteForm {
    confirm_name: String,
}

/// Creates a key, and shows it this once.
pub async fn create(page: Page, Form(form): Form<EnvironmentQuery>) -> PageResult {
    let environment = environment_choice::find(&page, &form.environment)?;
    let path = format!("/v1/environments/{}/api_keys", url_part(&environment.slug));
    let answer = page.call(Method::POST, &path, &[], None).await?;
    let NewApiKey { key, .. } = answer.read()?;
    let title = format!("The API key to {}", environment.name);
    let text = "Copy it now: the server keeps its hash only, and cannot show it again.";
    list::show(&page, environment, Some(shown_once(&title, text, &key))).await
}

/// Deletes a key, once its last characters were typed.
pub async fn delete(
    page: Page,
    Path((environment, id)): Path<(String, String)>,
    Form(form): Form<DeleteForm>,
) -> PageResult {
    let environment = environment_choice::find(&page, &environment)?;
    let path = format!("/v1/environments/{}/api_keys", url_part(&environment.slug));
    let ApiKeyList { entries, .. } = page.get(&path).await?;
    let gone = || PageError::not_found("this key is gone already");
    let key = entries.into_iter().find(|key| key.id == id).ok_or_else(gone)?;
    confirm::check(&form.confirm_name, &key.hint)?;
    page.call(Method::DELETE, &format!("{path}/{}", url_part(&id)), &[], None).await?;
    Ok(respond::go_to(&page, &environment_choice::address("keys", environment)))
}
