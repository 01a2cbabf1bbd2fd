//! `POST /sources/new`: creates a source in all environments, with the ticked mappings in one.

use askama::Template;
use axum::{
    Form,
    http::{Method, StatusCode},
    response::Response,
};
use inlet_api_types::{
    providers::{SourceProvider, SourceProviderMapping},
    sources::SourceList,
};
use serde_json::{Map, Value, json};

use crate::{
    components::{
        Html,
        form::{Field, Kind, error_elsewhere},
        icon,
        provider_mark::provider_mark,
    },
    context::Page,
    error::{PageError, PageResult},
    html::url_part,
    layout::Layout,
    pages::{free_key, source_place::SourcePlace, sources::may_create},
    respond,
};

/// The form, as the API names its members.
#[derive(Debug, Default)]
pub struct CreateForm {
    platform: String,
    name: String,
    key: String,
    environment: String,
    /// True if the source identifies users from `identify` events; none before the form was sent, when it does.
    identifies: Option<bool>,
    /// The indices of the ticked mappings; none before the form was sent, when all are ticked.
    mappings: Option<Vec<usize>>,
}

impl CreateForm {
    fn of(pairs: Vec<(String, String)>) -> Self {
        let mut form = Self { identifies: Some(false), mappings: Some(Vec::new()), ..Self::default() };
        for (name, value) in pairs {
            match name.as_str() {
                "platform" => form.platform = value,
                "name" => form.name = value.trim().to_owned(),
                "key" => form.key = value.trim().to_owned(),
                "environment" => form.environment = value,
                "handle_identifies" => form.identifies = Some(value == "true"),
                "mapping" => form.mappings.get_or_insert_default().extend(value.parse::<usize>()),
                _ => {}
            }
        }
        form
    }

    fn is_ticked(&self, index: usize) -> bool {
        self.mappings.as_ref().is_none_or(|ticked| ticked.contains(&index))
    }
}

#[derive(Template)]
#[template(path = "pages/sources/create.html")]
struct CreatePage<'a> {
    layout: Layout<'a>,
    provider: &'a SourceProvider,
    form: &'a CreateForm,
    error: Option<&'a PageError>,
}

impl CreatePage<'_> {
    fn may_create(&self) -> bool {
        may_create(self.layout.page)
    }

    fn mark(&self) -> Html {
        provider_mark(&self.provider.key, &self.provider.provider)
    }

    fn fields(&self) -> [Html; 3] {
        let environments = self.layout.page.environments.iter();
        let environments = environments.map(|found| (found.slug.clone(), found.name.clone()));
        let fields = [
            Field::new(Kind::Text, "name", "Name", &self.form.name).required(),
            Field::new(Kind::Text, "key", "Identifier", &self.form.key)
                .required()
                .code()
                .hint("Stands in addresses and cannot be changed: a-z, 0-9, _ and -."),
            Field::new(Kind::Text, "environment", "Set up first in", &self.form.environment)
                .required()
                .choices(environments)
                .hint("It gets an endpoint in every environment. You carry over to the others what works here."),
        ];
        fields.map(|field| field.error_of(self.error).html())
    }

    fn mappings(&self) -> Vec<(usize, &SourceProviderMapping, bool)> {
        let suggested = self.provider.default_action_mappings.iter().flatten().enumerate();
        suggested.map(|(index, mapping)| (index, mapping, self.form.is_ticked(index))).collect()
    }

    /// True if the platform sends `identify` events.
    fn has_identifies(&self) -> bool {
        self.provider.example_payloads.iter().flatten().any(|(event_type, _)| event_type == "identify")
    }

    fn identifies(&self) -> bool {
        self.form.identifies.unwrap_or(true)
    }

    fn error_elsewhere(&self) -> Option<&str> {
        error_elsewhere(self.error, &["name", "key", "environment"])
    }
}

/// Shows the form of a platform, with a free identifier.
pub async fn show(page: &Page, platform: &str) -> PageResult {
    let provider = provider(page, platform).await?;
    let sources: SourceList = page.get("/v1/sources").await?;
    let environment = page.environment.as_ref().map(|environment| environment.slug.clone()).unwrap_or_default();
    let form = CreateForm {
        platform: provider.key.clone(),
        name: provider.provider.name.clone(),
        key: free_key(&provider.key, |key| sources.entries.iter().any(|source| source.key == key)),
        environment,
        identifies: None,
        mappings: None,
    };
    Ok(shown(page, &provider, &form, None))
}

/// Creates a source, and leads to its set-up.
pub async fn create(page: Page, Form(pairs): Form<Vec<(String, String)>>) -> PageResult {
    let form = CreateForm::of(pairs);
    let provider = provider(&page, &form.platform).await?;
    if let Some(error) = refusal(&page, &form.key).await {
        return Ok(shown(&page, &provider, &form, Some(&error)));
    }
    let suggested = provider.default_action_mappings.iter().flatten().enumerate();
    let mappings: Vec<Value> =
        suggested.filter(|(index, _)| form.is_ticked(*index)).map(|(_, mapping)| json!(mapping)).collect();
    let mut environments = Map::new();
    let mut own = json!({"mappings": mappings});
    if form.identifies == Some(true) {
        own["settings"] = json!({"handle_identifies": true});
    }
    environments.insert(form.environment.clone(), own);
    let source = json!({
        "name": form.name, "preconfigured_provider": form.platform, "environment_settings": environments,
    });
    let place = SourcePlace::new(&form.environment, &form.key);
    match page.send::<Value>(Method::PUT, &place.api(""), &json!({"source": source})).await {
        Ok(_) => Ok(respond::go_to(&page, &place.page("set-up"))),
        Err(failure) => Ok(shown(&page, &provider, &form, Some(&failure.into()))),
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

async fn provider(page: &Page, platform: &str) -> Result<SourceProvider, PageError> {
    let path =
        format!("/v1/source_providers/{}?include=default_action_mappings&include=example_payloads", url_part(platform));
    Ok(page.get(&path).await?)
}

fn shown(page: &Page, provider: &SourceProvider, form: &CreateForm, error: Option<&PageError>) -> Response {
    let layout = Layout::new(page, format!("New {} source", provider.provider.name))
        .under("Sources", "/sources")
        .under("Create source", "/sources/new");
    let mut response = respond::html(&CreatePage { layout, provider, form, error });
    *response.status_mut() = error.map_or(StatusCode::OK, |error| error.status);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mappings_are_ticked_until_the_form_says_otherwise() {
        assert!(CreateForm::default().is_ticked(3));
        let form = CreateForm::of(vec![("mapping".to_owned(), "1".to_owned()), ("mapping".to_owned(), "x".to_owned())]);
        assert!(form.is_ticked(1) && !form.is_ticked(0));
    }
}
