//! `POST /e/{environment}/sources/{key}/settings/secret`: sets, replaces or removes the secret, on the settings and in the set-up.

use axum::{Form, extract::Path, http::Method};
use inlet_api_types::sources::{SourceEnvironmentSettings, UpsertedSource};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    fields,
    show::{self, SECRET, Unsaved},
};
use crate::{
    components::confirm,
    context::Page,
    error::{PageError, PageResult},
    pages::{
        cures,
        source_place::SourcePlace,
        sources::set_up::{self, UnsavedSecret},
    },
    respond,
    session::sign_in::own_path,
};

/// The form.
#[derive(Deserialize)]
pub struct SecretForm {
    /// The new secret.
    #[serde(default)]
    signing_secret: String,
    /// `signing_secret`, or `write_key` for platforms whose SDKs send a key in place of a signature.
    #[serde(default)]
    kind: String,
    /// The time for which the replaced one stays valid.
    #[serde(default)]
    overlap_seconds: Option<u64>,
    /// The page to go back to; the settings if empty.
    #[serde(default)]
    back: String,
    /// True if the refused requests are verified with the new secret.
    #[serde(default)]
    verify_refused: bool,
    /// The name of the source, typed to remove the secret.
    #[serde(default)]
    confirm_name: Option<String>,
}

/// Sets or replaces the secret, or removes it once the source's name was typed.
pub async fn change(
    page: Page,
    Path((environment, key)): Path<(String, String)>,
    Form(form): Form<SecretForm>,
) -> PageResult {
    let place = SourcePlace::new(environment, key);
    let (_, own) = place.read(&page).await?;
    let mut settings = Map::new();
    match &form.confirm_name {
        Some(typed) => {
            confirm::check(typed, &place.key)?;
            for (name, is_set) in
                [("signing_secret", own.settings.signing_secret_set), ("write_key", own.settings.write_key_set)]
            {
                if is_set {
                    settings.insert(name.to_owned(), Value::Null);
                }
            }
            settings.insert("enforce_verification".to_owned(), Value::Bool(false));
        }
        None => {
            let is_key = form.kind == "write_key";
            let name = if is_key { "write_key" } else { "signing_secret" };
            let had = if is_key { own.settings.write_key_set } else { own.settings.signing_secret_set };
            settings.insert(name.to_owned(), form.signing_secret.clone().into());
            if let Some(seconds) = form.overlap_seconds.filter(|_| had) {
                settings.insert(format!("{name}_overlap_seconds"), seconds.into());
            }
        }
    }
    if let Err(error) = put(&page, &place, settings).await {
        return shown_again(&page, &place, &form, &own, error).await;
    }
    if form.verify_refused && place.read(&page).await?.1.settings.enforce_verification {
        cures::verify_refused(&page, &place).await?;
    }
    match form.back.as_str() {
        "" => Ok(respond::go_to(&page, &show::address(&place))),
        back => Ok(respond::go_to(&page, own_path(back))),
    }
}

/// Shows the form again with its error, on the page that it stands on.
async fn shown_again(
    page: &Page,
    place: &SourcePlace,
    form: &SecretForm,
    own: &SourceEnvironmentSettings,
    mut error: PageError,
) -> PageResult {
    if error.field.as_deref().is_some_and(|field| field.rsplit('.').next() == Some("write_key")) {
        error.field = Some(SECRET.to_owned());
    }
    let kind = form.kind.clone();
    if form.back == set_up::address(place) {
        return set_up::shown(page, place, Some(UnsavedSecret { kind, error })).await;
    }
    let mut texts = fields::texts(&own.settings);
    texts.insert("kind".to_owned(), kind);
    show::shown(page, place, Some(Unsaved { texts, conflicts: Vec::new(), error })).await
}

/// Changes settings of a source environment.
pub async fn put(page: &Page, place: &SourcePlace, settings: Map<String, Value>) -> Result<UpsertedSource, PageError> {
    let change = json!({"settings": settings});
    let body = json!({"source": {"environment_settings": {&place.environment: change}}});
    Ok(page.send(Method::PUT, &place.api(""), &body).await?)
}
