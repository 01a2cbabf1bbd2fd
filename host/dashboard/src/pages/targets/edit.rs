//! `GET` and `POST /e/{environment}/targets/{key}/edit`

use axum::{
    Form,
    extract::Path,
    http::{Method, StatusCode},
};
use inlet_api_types::targets::Target;

use super::{
    api_path,
    create::shown,
    form::{CONFIRM_REMOVAL, TargetForm},
    kinds::TargetKind,
    list::preset,
    target_address,
};
use crate::{
    context::Page,
    error::{PageError, PageResult},
    html::url_part,
    layout::Layout,
    respond,
};

/// Shows the form of a target.
pub async fn form(page: Page, Path((environment, key)): Path<(String, String)>) -> PageResult {
    let (target, version) = read(&page, &environment, &key).await?;
    let form = TargetForm::of_target(&target, kind(&target)?);
    form_of(&page, &environment, &target, version, &form, None)
}

/// Changes a target, unless somebody else has changed it since the form was read.
pub async fn save(
    page: Page,
    Path((environment, key)): Path<(String, String)>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> PageResult {
    let (target, version) = read(&page, &environment, &key).await?;
    let form = TargetForm::sent(pairs);
    match put(&page, &environment, &target, &form).await {
        Ok(()) => Ok(respond::go_to(&page, &target_address(&environment, &key))),
        Err(error) => form_of(&page, &environment, &target, version, &form, Some(&error)),
    }
}

async fn put(page: &Page, environment: &str, target: &Target, form: &TargetForm) -> Result<(), PageError> {
    let kind = kind(target)?;
    if form.removes(kind, target) && form.get(CONFIRM_REMOVAL) != target.key {
        let message = format!("type {:?} to remove the secret; nothing was changed", target.key);
        let error = PageError::new(StatusCode::UNPROCESSABLE_ENTITY, message);
        return Err(PageError { field: Some(CONFIRM_REMOVAL.to_owned()), ..error });
    }
    let body = form.request(kind, false)?.to_string();
    let version = form.get("version");
    let headers: &[(&str, &str)] = if version.is_empty() { &[] } else { &[("if-match", version)] };
    page.call(Method::PUT, &api_path(environment, &target.key, ""), headers, Some(body.into())).await?;
    Ok(())
}

/// Reads a target, with the version of its settings.
async fn read(page: &Page, environment: &str, key: &str) -> Result<(Target, Option<String>), PageError> {
    let answer = page.call(Method::GET, &api_path(environment, key, ""), &[], None).await?;
    Ok((answer.read()?, answer.header("etag").map(str::to_owned)))
}

fn kind(target: &Target) -> Result<&'static TargetKind, PageError> {
    let unknown = || PageError::not_found(format!("this page does not know the kind {:?}", target.kind));
    TargetKind::of(&target.kind, preset(target).as_deref()).ok_or_else(unknown)
}

fn form_of(
    page: &Page,
    environment: &str,
    target: &Target,
    version: Option<String>,
    form: &TargetForm,
    error: Option<&PageError>,
) -> PageResult {
    let (kind, own) = (kind(target)?, target_address(environment, &target.key));
    let layout = Layout::new(page, format!("Edit {}", target.key))
        .under("Targets", format!("/e/{}/targets", url_part(environment)))
        .under(target.key.clone(), own.clone());
    let intro = "Deliveries that wait are sent with the new settings. A body that was built already stays as it is.";
    let fields = form.fields(kind, Some(target), error);
    Ok(shown(layout, (format!("{own}/edit"), own), (intro, "Save"), (version, ""), (fields, error), kind))
}
