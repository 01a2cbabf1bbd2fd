//! `POST …/mappings/save`

use axum::{Form, extract::Path, http::StatusCode, response::Response};
use inlet_api::in_process::ApiFailure;
use inlet_api_types::sources::{MappingRequest, SourceMapping, UpsertedSource};

use super::{
    conflict, edit,
    form::MappingForm,
    saved::{Change, List},
};
use crate::{
    context::Page,
    error::{PageError, PageResult},
    html::url_part,
    pages::source_place::SourcePlace,
    respond,
};

/// The number of times that a save is tried again when something else of the source was changed in the meantime.
const TRIES: usize = 3;

/// Saves the mapping of a form, and leads to it. If somebody else changed it in the meantime, both are shown.
pub async fn save(
    page: Page,
    Path((environment, key)): Path<(String, String)>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> PageResult {
    let place = SourcePlace::new(environment, key);
    let form = MappingForm::read(&pairs);
    let request = match form.request() {
        Ok(request) => request,
        Err(error) => return again(&page, &place, form, error).await,
    };
    let mut version = form.version;
    for _ in 0..TRIES {
        let configuration = place.configuration(&page).await?;
        let saved = &configuration.mappings;
        let list = List::with(saved, Change::Put(request.clone()));
        let failure = match list.write(&page, &place, Some(version), false).await {
            Ok(written) => return Ok(saved_page(&page, &place, &form, saved, &written)),
            Err(failure) => failure,
        };
        if failure.status != StatusCode::PRECONDITION_FAILED {
            return again(&page, &place, form, named(&list, failure)).await;
        }
        let theirs = form.id.as_deref().map(|id| saved.iter().find(|mapping| mapping.id == id));
        let is_untouched = match theirs {
            // A new mapping is nobody else's.
            None => true,
            Some(theirs) => theirs.is_some_and(|theirs| theirs.updated_at == form.base),
        };
        if !is_untouched {
            let mine = conflict::Mine { request: &request, pairs: &pairs };
            return Ok(conflict::show(&page, &place, &configuration, mine, theirs.flatten()));
        }
        // Something else of the source was changed.
        version = configuration.version;
    }
    let message = "the source is being changed by others again and again; save once more";
    again(&page, &place, form, PageError::new(StatusCode::CONFLICT, message)).await
}

fn named(list: &List, failure: ApiFailure) -> PageError {
    let error = PageError::from(failure);
    match error.field.as_deref().and_then(|field| list.member(field)) {
        Some(member) => PageError { field: Some(member.to_owned()), ..error },
        None => error,
    }
}

/// Shows the form again, with its error.
async fn again(page: &Page, place: &SourcePlace, form: MappingForm, error: PageError) -> PageResult {
    let around = edit::Around::read(page, place).await?;
    Ok(edit::shown(page, place, &around, form, Some(&error)).await)
}

/// Leads to the saved mapping: a new one to its switch.
fn saved_page(
    page: &Page,
    place: &SourcePlace,
    form: &MappingForm,
    before: &[SourceMapping],
    written: &UpsertedSource,
) -> Response {
    let settings = written.source.as_ref().and_then(|source| source.environment_settings.as_ref());
    let mappings = settings.and_then(|settings| settings.get(&place.environment)).map(|own| own.mappings.as_slice());
    let is_new = |mapping: &&SourceMapping| !before.iter().any(|known| known.id == mapping.id);
    let new = mappings.unwrap_or_default().iter().rev().find(is_new);
    let path = match (new, &form.id) {
        (Some(new), _) if !new.active && !form.next.is_empty() => {
            format!("mappings/{}/switch?next={}", url_part(&new.id), url_part(&form.next))
        }
        (Some(new), _) if !new.active => format!("mappings/{}/switch", url_part(&new.id)),
        (Some(new), _) => format!("mappings/{}?saved=1", url_part(&new.id)),
        (None, Some(id)) => format!("mappings/{}?saved=1", url_part(id)),
        (None, None) => "mappings".to_owned(),
    };
    respond::go_to(page, &place.page(&path))
}

/// The result of a change of a saved mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// The list is written.
    Written,
    /// Nothing is written: the mapping is no longer the one that was shown.
    Meanwhile,
}

/// Changes one member of a saved mapping, such as whether it is on, and writes the list. `base` is the time of the
/// mapping's last change when it was shown.
pub async fn change(
    page: &Page,
    place: &SourcePlace,
    (id, base): (&str, &str),
    change: impl Fn(MappingRequest) -> Change,
) -> Result<Changed, PageError> {
    let missing = || PageError::not_found("there is no such mapping here; it may have been deleted");
    for _ in 0..TRIES {
        let configuration = place.configuration(page).await?;
        let mapping = configuration.mappings.iter().find(|mapping| mapping.id == id).ok_or_else(missing)?;
        if mapping.updated_at != base {
            return Ok(Changed::Meanwhile);
        }
        let list = List::with(&configuration.mappings, change(super::saved::request_of(mapping)));
        match list.write(page, place, Some(configuration.version), false).await {
            Ok(_) => return Ok(Changed::Written),
            Err(failure) if failure.status == StatusCode::PRECONDITION_FAILED => {}
            Err(failure) => return Err(failure.into()),
        }
    }
    Err(PageError::new(StatusCode::CONFLICT, "the source is being changed by others again and again; try once more"))
}
