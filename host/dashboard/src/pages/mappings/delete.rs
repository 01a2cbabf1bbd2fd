//! `POST …/mappings/{id}/delete`

use axum::{Form, extract::Path, http::StatusCode};
use serde::Deserialize;

use super::{
    edit,
    form::MappingForm,
    save::{self, Changed},
    saved::Change,
};
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
    /// The time of the mapping's last change when it was shown.
    #[serde(default)]
    base: String,
}

/// Deletes a mapping, once its event type was typed. One that was changed since it was shown is shown again instead.
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
    match save::change(&page, &place, (&id, &form.base), |_| Change::Delete(id.clone())).await? {
        Changed::Written => Ok(respond::go_to(&page, &place.page("mappings"))),
        Changed::Meanwhile => {
            let around = edit::Around::read(&page, &place).await?;
            let mapping = around.mapping(&id).ok_or_else(missing)?;
            let message = "somebody else changed this mapping since it was shown, so it is not deleted; this is the \
                           saved one";
            let error = PageError::new(StatusCode::PRECONDITION_FAILED, message);
            let form = MappingForm::of(mapping, around.configuration.version);
            Ok(edit::shown(&page, &place, &around, form, Some(&error)).await)
        }
    }
}
