//! `POST /e/{environment}/sources/{key}/try`

use axum::{Form, extract::Path, http::Method};
use inlet_api_types::{rehearsals::Rehearsal, sources::SentToSource};

use super::{
    form::TryForm,
    show::{Result, shown},
};
use crate::{
    components::rehearsal::rehearsal,
    context::Page,
    error::{PageError, PageResult},
    pages::source_place::SourcePlace,
};

/// Rehearses the request of the form, or sends it for real.
pub async fn run(
    page: Page,
    Path((environment, key)): Path<(String, String)>,
    Form(form): Form<TryForm>,
) -> PageResult {
    let place = SourcePlace::new(environment, key);
    let configuration = place.configuration(&page).await?;
    let is_unconfirmed = place.is_production(&page) && form.confirmed != "true";
    let result = match form.what.as_str() {
        "send" if is_unconfirmed => form.request().map(|_| Result::Unconfirmed),
        "send" => send(&page, &place, &form).await,
        "rehearse" => rehearse(&page, &place, &form).await,
        // Another example.
        _ => {
            let form = TryForm { body: String::new(), headers: String::new(), ..form };
            return Ok(shown(&page, &place, &configuration, form, None, Result::None).await);
        }
    };
    let (error, result) = match result {
        Ok(result) => (None, result),
        Err(error) if error.field.is_none() => return Err(error),
        Err(error) => (Some(error), Result::None),
    };
    Ok(shown(&page, &place, &configuration, form, error.as_ref(), result).await)
}

async fn rehearse(page: &Page, place: &SourcePlace, form: &TryForm) -> std::result::Result<Result, PageError> {
    let found: Rehearsal = page.send(Method::POST, &place.api("/rehearse"), &form.rehearsal()?).await?;
    Ok(Result::Rehearsed(rehearsal(&found, &|id| place.entry(id))))
}

async fn send(page: &Page, place: &SourcePlace, form: &TryForm) -> std::result::Result<Result, PageError> {
    let sent: SentToSource = page.send(Method::POST, &place.api("/send"), &form.request()?).await?;
    Ok(Result::Sent(sent))
}
