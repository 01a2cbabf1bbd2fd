//! `GET /e/{environment}/targets/~new` and `GET` and `POST /e/{environment}/targets/~new/{kind}`

use askama::Template;
use axum::{
    Form,
    extract::Path,
    http::{Method, StatusCode},
    response::Response,
};
use inlet_api::Scope;
use inlet_api_types::targets::Target;

use super::{
    api_path,
    form::{Fields, TargetForm, error_at_top},
    kinds::{KINDS, TargetKind},
    new_target_address, target_address,
};
use crate::{
    components::icon,
    context::Page,
    error::{PageError, PageResult},
    html::url_part,
    layout::Layout,
    respond,
};

#[derive(Template)]
#[template(path = "pages/targets/choose.html")]
struct ChoosePage<'a> {
    layout: Layout<'a>,
    environment: &'a str,
}

impl ChoosePage<'_> {
    fn kinds(&self) -> &'static [TargetKind] {
        KINDS
    }

    fn may_add(&self) -> bool {
        self.layout.page.can(Scope::Operate)
    }

    fn href(&self, kind: &TargetKind) -> String {
        format!("{}/{}", new_target_address(self.environment), kind.name)
    }
}

#[derive(Template)]
#[template(path = "pages/targets/form.html")]
struct FormPage<'a> {
    layout: Layout<'a>,
    action: String,
    back: String,
    intro: &'a str,
    button: &'a str,
    version: Option<String>,
    fields: Fields,
    error: Option<&'a str>,
}

/// Shows the form of a target: `fields` and the error at its top. `version` is the one that is changed.
pub fn shown(
    layout: Layout<'_>,
    (action, back): (String, String),
    (intro, button): (&str, &str),
    version: Option<String>,
    (fields, error): (Fields, Option<&PageError>),
    kind: &TargetKind,
) -> Response {
    let status = error.map_or(StatusCode::OK, |error| error.status);
    let error = error_at_top(kind, error);
    let mut response = respond::html(&FormPage { layout, action, back, intro, button, version, fields, error });
    *response.status_mut() = status;
    response
}

/// Offers the kinds of targets.
pub async fn choose(page: Page, Path(environment): Path<String>) -> PageResult {
    let layout = Layout::new(&page, "Add target").under("Targets", list(&environment));
    Ok(respond::html(&ChoosePage { layout, environment: &environment }))
}

/// Shows the empty form of a kind.
pub async fn form(page: Page, Path((environment, kind)): Path<(String, String)>) -> PageResult {
    empty_or_sent(&page, &environment, find(&kind)?, &TargetForm::default(), None)
}

/// Creates a target.
pub async fn create(
    page: Page,
    Path((environment, kind)): Path<(String, String)>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> PageResult {
    let (kind, form) = (find(&kind)?, TargetForm::sent(pairs));
    match put(&page, &environment, kind, &form).await {
        Ok(key) => Ok(respond::go_to(&page, &target_address(&environment, &key))),
        Err(error) => empty_or_sent(&page, &environment, kind, &form, Some(&error)),
    }
}

async fn put(page: &Page, environment: &str, kind: &TargetKind, form: &TargetForm) -> Result<String, PageError> {
    let of_key =
        |status, message: String| PageError { field: Some("key".to_owned()), ..PageError::new(status, message) };
    let key = form.get("key");
    if key.is_empty() {
        return Err(of_key(StatusCode::UNPROCESSABLE_ENTITY, "an identifier is needed, such as crm".to_owned()));
    }
    let path = api_path(environment, key, "");
    // The API would change the target that has the key.
    match page.get::<Target>(&path).await {
        Ok(_) => {
            return Err(of_key(StatusCode::CONFLICT, format!("there is a target {key:?} already; choose another one")));
        }
        Err(failure) if failure.status == StatusCode::NOT_FOUND => {}
        Err(failure) => return Err(failure.into()),
    }
    let target: Target = page.send(Method::PUT, &path, &form.request(kind, true)?).await?;
    Ok(target.key)
}

fn empty_or_sent(
    page: &Page,
    environment: &str,
    kind: &TargetKind,
    form: &TargetForm,
    error: Option<&PageError>,
) -> PageResult {
    let back = new_target_address(environment);
    let layout = Layout::new(page, format!("Add target: {}", kind.label))
        .under("Targets", list(environment))
        .under("Add target", back.clone());
    let action = format!("{back}/{}", kind.name);
    let fields = form.fields(kind, None, error);
    Ok(shown(layout, (action, back), (kind.description, "Add target"), None, (fields, error), kind))
}

fn find(kind: &str) -> Result<&'static TargetKind, PageError> {
    TargetKind::find(kind).ok_or_else(|| PageError::not_found(format!("there is no kind of targets {kind:?}")))
}

fn list(environment: &str) -> String {
    format!("/e/{}/targets", url_part(environment))
}
