//! `GET /e/{environment}/targets/~new` and `GET` and `POST /e/{environment}/targets/~new/{kind}`

use askama::Template;
use axum::{
    Form,
    extract::{Path, Query},
    http::{Method, StatusCode},
    response::Response,
};
use inlet_api::Scope;
use inlet_api_types::targets::{Target, TargetList};
use serde::Deserialize;

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
    pages::free_key,
    respond,
    session::sign_in::own_path,
};

#[derive(Template)]
#[template(path = "pages/targets/choose.html")]
struct ChoosePage<'a> {
    layout: Layout<'a>,
    environment: &'a str,
    next: &'a str,
}

/// The page to lead to after a target was added; empty for the target's own.
#[derive(Debug, Default, Deserialize)]
pub struct Next {
    #[serde(default)]
    next: String,
}

impl ChoosePage<'_> {
    fn kinds(&self) -> &'static [TargetKind] {
        KINDS
    }

    fn may_add(&self) -> bool {
        self.layout.page.can(Scope::Operate)
    }

    fn href(&self, kind: &TargetKind) -> String {
        let address = format!("{}/{}", new_target_address(self.environment), kind.name);
        match self.next {
            "" => address,
            next => format!("{address}?next={}", url_part(next)),
        }
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
    next: &'a str,
    fields: Fields,
    error: Option<&'a str>,
}

/// Shows the form of a target: `fields` and the error at its top. `version` is the one that is changed,
/// `next` the page to lead to after a new one was added.
pub fn shown(
    layout: Layout<'_>,
    (action, back): (String, String),
    (intro, button): (&str, &str),
    (version, next): (Option<String>, &str),
    (fields, error): (Fields, Option<&PageError>),
    kind: &TargetKind,
) -> Response {
    let status = error.map_or(StatusCode::OK, |error| error.status);
    let error = error_at_top(kind, error);
    let mut response = respond::html(&FormPage { layout, action, back, intro, button, version, next, fields, error });
    *response.status_mut() = status;
    response
}

/// Offers the kinds of targets.
pub async fn choose(page: Page, Path(environment): Path<String>, Query(Next { next }): Query<Next>) -> PageResult {
    let layout = Layout::new(&page, "Add target").under("Targets", list(&environment));
    Ok(respond::html(&ChoosePage { layout, environment: &environment, next: &next }))
}

/// Shows the form of a kind, with a free identifier.
pub async fn form(
    page: Page,
    Path((environment, kind)): Path<(String, String)>,
    Query(Next { next }): Query<Next>,
) -> PageResult {
    let kind = find(&kind)?;
    let targets: TargetList = page.get(&format!("/v1/targets?environment={}", url_part(&environment))).await?;
    let key = free_key(kind.name, |key| targets.entries.iter().any(|target| target.key == key));
    let form = TargetForm::sent(vec![("key".to_owned(), key), ("next".to_owned(), next)]);
    empty_or_sent(&page, &environment, kind, &form, None)
}

/// Creates a target.
pub async fn create(
    page: Page,
    Path((environment, kind)): Path<(String, String)>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> PageResult {
    let (kind, form) = (find(&kind)?, TargetForm::sent(pairs));
    match put(&page, &environment, kind, &form).await {
        Ok(key) => match form.get("next") {
            "" => Ok(respond::go_to(&page, &target_address(&environment, &key))),
            next => Ok(respond::go_to(&page, own_path(next))),
        },
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
    Ok(shown(layout, (action, back), (kind.description, "Add target"), (None, form.get("next")), (fields, error), kind))
}

fn find(kind: &str) -> Result<&'static TargetKind, PageError> {
    TargetKind::find(kind).ok_or_else(|| PageError::not_found(format!("there is no kind of targets {kind:?}")))
}

fn list(environment: &str) -> String {
    format!("/e/{}/targets", url_part(environment))
}
