//! Setting what requests are verified with, and verifying the refused ones with it.

use axum::{Form, extract::Path, http::Method};
use inlet_api_types::sources::UpsertedSource;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{CureForm, Place, refused::verify_all};
use crate::{context::Page, error::PageResult, respond, session::sign_in::own_path};

/// The form of a signing secret.
#[derive(Deserialize)]
pub struct SecretForm {
    #[serde(default)]
    back: String,
    signing_secret: String,
}

/// The form of a write key.
#[derive(Deserialize)]
pub struct WriteKeyForm {
    #[serde(default)]
    back: String,
    write_key: String,
}

/// Sets the signing secret.
pub async fn set_signing_secret(page: Page, Path(place): Path<Place>, Form(form): Form<SecretForm>) -> PageResult {
    set(&page, &place, json!({"signing_secret": form.signing_secret}), &form.back).await
}

/// Sets the write key.
pub async fn set_write_key(page: Page, Path(place): Path<Place>, Form(form): Form<WriteKeyForm>) -> PageResult {
    set(&page, &place, json!({"write_key": form.write_key}), &form.back).await
}

/// Accepts the items of a batch that the signature does not cover.
pub async fn trust_batches(page: Page, Path(place): Path<Place>, Form(form): Form<CureForm>) -> PageResult {
    set(&page, &place, json!({"trust_unsigned_batch_items": true}), &form.back).await
}

/// Changes settings, and verifies all refused requests with them.
async fn set(page: &Page, place: &Place, settings: Value, back: &str) -> PageResult {
    let environment = json!({(&place.environment): {"settings": settings}});
    let body = json!({"source": {"environment_settings": environment}});
    let _: UpsertedSource = page.send(Method::PUT, &place.api(""), &body).await?;
    verify_all(page, place, None).await?;
    Ok(respond::go_to(page, own_path(back)))
}
