//! `POST …/mappings/{id}/delete`

use axum::{Form, extract::Path};
use serde::Deserialize;

use super::{save, saved::Change};
use crate::{
    components::confirm,
    context::Page,
    error::{PageError, PageResult},
    pages::source_place::SourcePlace,
    respond,
};

/// The form.
#[derive(Deserialize)]
pub struct DeleteForm {
    confirm_name: String,
}

/// Deletes a mapping, once its event type was typed.
pub async fn delete(
    page: Page,
    Path((environment, key, id)): Path<(String, String, String)>,
    Form(form): Form<DeleteForm>,
) -> PageResult {
    let place = SourcePlace::new(environment, key);
    let mappings = place.configuration(&page).await?.mappings;
    let missing = || PageError::not_found("there is no such mapping here; it may have been deleted");
    let mapping = mappings.iter().find(|mapping| mapping.id == id).ok_or_else(missing)?;
    confirm::check(&form.confirm_name, &mapping.event_type)?;
    save::change(&page, &place, &id, |_| Change::Delete(id.clone())).await?;
    Ok(respond::go_to(&page, &place.page("mappings")))
}
