//! `GET` and `POST /sources/new`: creates a source in all environments.

use askama::Template;
use axum::{
    Form,
    http::{Method, StatusCode},
    response::Response,
};
use inlet_api::{Scope, in_process::ApiFailure};
use inlet_api_types::{
    providers::{ListedProvider, SourceProviderList},
    sources::SourceList,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    components::{
        Html,
        form::{Field, Kind, error_elsewhere},
        icon,
    },
    context::Page,
    error::{PageError, PageResult},
    html::url_part,
    layout::Layout,
    respond,
};

/// The form, as the API names its members.
#[derive(Debug, Default, Deserialize)]
pub struct CreateForm {
    /// The plugin.
    #[serde(default)]
    pub preconfigured_provider: String,
    /// Human-readable name.
    #[serde(default)]
    pub name: String,
    /// Identifier in URLs.
    #[serde(default)]
    pub key: String,
}

#[derive(Template)]
#[template(path = "pages/sources/create.html")]
struct CreatePage<'a> {
    layout: Layout<'a>,
    providers: Vec<ListedProvider>,
    form: &'a CreateForm,
    error: Option<&'a PageError>,
}

impl CreatePage<'_> {
    fn may_create(&self) -> bool {
        self.layout.page.can(Scope::Operate)
    }

    fn fields(&self) -> [Html; 3] {
        let choices = self
            .providers
            .iter()
            .map(|listed| (listed.key.clone(), format!("{} ({})", listed.provider.name, listed.key)));
        let fields = [
            Field::new(Kind::Text, "preconfigured_provider", "Platform", &self.form.preconfigured_provider)
                .required()
                .choices(choices)
                .hint("What sends. The command inlet plugin add brings further ones."),
            Field::new(Kind::Text, "name", "Name", &self.form.name).required().placeholder("Shop"),
            Field::new(Kind::Text, "key", "Identifier", &self.form.key)
                .required()
                .code()
                .placeholder("shop")
                .hint("Stands in addresses and cannot be changed: a-z, 0-9, _ and -."),
        ];
        fields.map(|field| field.error_of(self.error).html())
    }

    fn error_elsewhere(&self) -> Option<&str> {
        error_elsewhere(self.error, &["preconfigured_provider", "name", "key"])
    }
}

/// Shows the empty form.
pub async fn form(page: Page) -> PageResult {
    Ok(shown(&page, &CreateForm::default(), None).await?)
}

/// Creates a source, and leads to its endpoints.
pub async fn create(page: Page, Form(form): Form<CreateForm>) -> PageResult {
    let key = form.key.trim();
    if let Some(error) = refusal(&page, key).await {
        return Ok(shown(&page, &form, Some(&error)).await?);
    }
    let environment = page.environment.as_ref().map(|environment| url_part(&environment.slug)).unwrap_or_default();
    let path = format!("/v1/sources/{}?environment={environment}", url_part(key));
    let source = json!({"name": form.name.trim(), "preconfigured_provider": form.preconfigured_provider});
    match page.send::<Value>(Method::PUT, &path, &json!({"source": source})).await {
        Ok(_) => Ok(respond::go_to(&page, &format!("/sources/{}", url_part(key)))),
        Err(failure) => Ok(shown(&page, &form, Some(&failure.into())).await?),
    }
}

/// Refuses an identifier that is missing or taken: the API would change the source that has it.
async fn refusal(page: &Page, key: &str) -> Option<PageError> {
    let of_key =
        |status, message: String| PageError { field: Some("key".to_owned()), ..PageError::new(status, message) };
    if key.is_empty() {
        return Some(of_key(StatusCode::UNPROCESSABLE_ENTITY, "an identifier is needed, such as shop".to_owned()));
    }
    match page.get::<SourceList>("/v1/sources").await {
        Ok(list) if list.entries.iter().any(|source| source.key == key) => {
            Some(of_key(StatusCode::CONFLICT, format!("there is a source {key:?} already; choose another one")))
        }
        Ok(_) => None,
        Err(failure) => Some(failure.into()),
    }
}

async fn shown(page: &Page, form: &CreateForm, error: Option<&PageError>) -> Result<Response, ApiFailure> {
    let SourceProviderList { entries: providers, .. } = page.get("/v1/source_providers").await?;
    let layout = Layout::new(page, "Create source").under("Sources", "/sources");
    let mut response = respond::html(&CreatePage { layout, providers, form, error });
    *response.status_mut() = error.map_or(StatusCode::OK, |error| error.status);
    Ok(response)
}
