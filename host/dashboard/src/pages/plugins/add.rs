//! `/plugins/add`: adding a version of a plugin by uploading its component.

use askama::Template;
use axum::{
    body::Bytes,
    http::{HeaderMap, Method, StatusCode},
    response::Response,
};
use inlet_api::Scope;
use inlet_api_types::providers::SourceProvider;
use sha2::{Digest as _, Sha256};

use crate::{
    components::{
        Html,
        form::{Field, Kind},
        icon,
    },
    context::Page,
    error::{PageError, PageResult},
    html::url_part,
    layout::Layout,
    respond,
    upload::FileForm,
};

#[derive(Template)]
#[template(path = "pages/plugins/add.html")]
struct AddPage<'a> {
    layout: Layout<'a>,
    replaces: bool,
    replaces_key: bool,
    error: Option<&'a PageError>,
}

impl AddPage<'_> {
    fn may_add(&self) -> bool {
        may_add(self.layout.page)
    }

    fn switches(&self) -> Vec<Html> {
        let switch =
            |name, label, is_on: bool, hint| Field::new(Kind::Switch, name, label, is_on.to_string()).hint(hint).html();
        let hint = "Only for a plugin with the key of one that the server comes with, such as segment.";
        let replace = switch("replace", "Take the place of a bundled plugin", self.replaces, hint);
        let hint = "Only if the publisher has told you that they sign with another key from now on.";
        let key = switch("replace_key", "Accept another publisher's key", self.replaces_key, hint);
        let may_replace_key = self.layout.page.can(Scope::Admin);
        [replace].into_iter().chain(may_replace_key.then_some(key)).collect()
    }
}

/// Returns true if the session's token may add plugins.
pub fn may_add(page: &Page) -> bool {
    page.can(Scope::Plugins) && page.operator().environment_ids().is_none()
}

fn show(page: &Page, form: &FileForm, error: Option<&PageError>) -> Response {
    let (replaces, replaces_key) = (form.is_on("replace"), form.is_on("replace_key"));
    let layout = Layout::new(page, "Add a plugin").under("Plugins", "/plugins");
    let mut response = respond::html(&AddPage { layout, replaces, replaces_key, error });
    *response.status_mut() = error.map_or(StatusCode::OK, |error| error.status);
    response
}

/// Shows the form.
pub async fn form(page: Page) -> PageResult {
    Ok(show(&page, &FileForm::default(), None))
}

/// Adds the component, and shows its plugin, or what is wrong with it.
pub async fn add(page: Page, headers: HeaderMap, body: Bytes) -> PageResult {
    let form = FileForm::read(&headers, body).await?;
    match upload(&page, &form).await {
        Ok(provider) => Ok(respond::go_to(&page, &format!("/plugins/{}", url_part(&provider.key)))),
        Err(error) => Ok(show(&page, &form, Some(&error))),
    }
}

async fn upload(page: &Page, form: &FileForm) -> Result<SourceProvider, PageError> {
    let missing =
        || PageError::new(StatusCode::UNPROCESSABLE_ENTITY, "there is no file; choose the plugin's .wasm file");
    let component = form.file().ok_or_else(missing)?;
    let digest = hex::encode(Sha256::digest(component));
    let mut path = format!("/v1/source_providers?digest=sha256:{digest}");
    for name in ["replace", "replace_key"].into_iter().filter(|name| form.is_on(name)) {
        path.push_str(&format!("&{name}=true"));
    }
    let answer =
        page.call(Method::POST, &path, &[("content-type", "application/wasm")], Some(component.clone())).await?;
    Ok(answer.read()?)
}
