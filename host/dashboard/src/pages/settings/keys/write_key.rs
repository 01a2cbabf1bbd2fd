//! Making and removing the write key of a source.

use axum::{
    Form,
    extract::Path,
    http::{Method, StatusCode},
};
use inlet_api_types::environments::Environment;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{super::environment_choice, list};
use crate::{
    components::{confirm, shown_once::shown_once},
    context::Page,
    error::{PageError, PageResult},
    html::url_part,
    respond,
};

/// The random bytes of a key.
const KEY_BYTES: usize = 16;

/// The form of a removal.
#[derive(Deserialize)]
pub struct DeleteForm {
    confirm_name: String,
}

async fn set(page: &Page, environment: &Environment, source: &str, key: Value) -> Result<(), PageError> {
    let mut settings = serde_json::Map::new();
    settings.insert(environment.slug.clone(), json!({"settings": {"write_key": key}}));
    let body = json!({"source": {"environment_settings": settings}});
    let slug = url_part(&environment.slug);
    let path = format!("/v1/sources/{}?environment={slug}", url_part(source));
    page.send::<Value>(Method::PUT, &path, &body).await?;
    Ok(())
}

/// Makes a new key, and shows it this once. The one before stays good for a day.
pub async fn make(page: Page, Path((environment, source)): Path<(String, String)>) -> PageResult {
    let environment = environment_choice::find(&page, &environment)?;
    let mut bytes = [0; KEY_BYTES];
    getrandom::fill(&mut bytes).map_err(|_| {
        PageError::new(StatusCode::SERVICE_UNAVAILABLE, "the system gives no random numbers now; try again")
    })?;
    let key = hex::encode(bytes);
    set(&page, environment, &source, key.clone().into()).await?;
    let title = format!("The write key of {source} in {}", environment.name);
    let text =
        "Give it to the SDK. Copy it now: it is not shown again. A key that it replaces is good for another day.";
    list::show(&page, environment, Some(shown_once(&title, text, &key))).await
}

/// Removes the key, once the source's identifier was typed.
pub async fn delete(
    page: Page,
    Path((environment, source)): Path<(String, String)>,
    Form(form): Form<DeleteForm>,
) -> PageResult {
    let environment = environment_choice::find(&page, &environment)?;
    confirm::check(&form.confirm_name, &source)?;
    set(&page, environment, &source, Value::Null).await?;
    Ok(respond::go_to(&page, &environment_choice::address("keys", environment)))
}
