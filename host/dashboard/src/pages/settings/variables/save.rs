//! `POST /settings/variables`

use axum::{
    Form,
    http::{Method, StatusCode},
};
use inlet_api_types::variables::Variable;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{super::environment_choice, list};
use crate::{
    context::Page,
    error::{PageError, PageResult},
    html::url_part,
    respond,
};

/// The form, as the API names its members.
#[derive(Debug, Default, Deserialize)]
pub struct VariableForm {
    #[serde(default)]
    environment: String,
    /// The name.
    #[serde(default)]
    pub key: String,
    /// `public` or `secret`.
    #[serde(default, rename = "type")]
    pub variable_type: String,
    /// The value; empty where a secret stays as it is.
    #[serde(default)]
    pub value: String,
    /// Human-readable description.
    #[serde(default)]
    pub description: String,
    /// The `ETag` that the change is made from; empty for a new variable.
    #[serde(default)]
    pub version: String,
}

impl VariableForm {
    /// The form of a variable that is there. A secret value is not.
    pub fn of(variable: Variable, version: String) -> Self {
        Self {
            environment: String::new(),
            key: variable.key,
            variable_type: variable.variable_type,
            value: variable.value.unwrap_or_default(),
            description: variable.description.unwrap_or_default(),
            version,
        }
    }

    fn body(&self) -> Value {
        let mut variable = Map::new();
        if self.version.is_empty() {
            variable.insert("type".to_owned(), self.variable_type.clone().into());
        }
        let keeps_secret = !self.version.is_empty() && self.variable_type == "secret" && self.value.is_empty();
        if !keeps_secret {
            variable.insert("value".to_owned(), self.value.clone().into());
        }
        let description = Some(self.description.trim()).filter(|text| !text.is_empty());
        variable.insert("description".to_owned(), description.into());
        json!({"variable": variable})
    }
}

/// Creates a variable, or changes it if nobody else has changed it since.
pub async fn save(page: Page, Form(form): Form<VariableForm>) -> PageResult {
    let environment = environment_choice::find(&page, &form.environment)?;
    let path = format!("/v1/variables/{}?environment={}", url_part(form.key.trim()), url_part(&environment.slug));
    // A new variable does not silently become a change of another one.
    if form.version.is_empty() && page.call(Method::GET, &path, &[], None).await.is_ok() {
        let message = format!("there is a variable {:?} in {:?} already; edit that one", form.key, environment.slug);
        let field = Some("key".to_owned());
        let error = PageError { field, ..PageError::new(StatusCode::CONFLICT, message) };
        return list::show(&page, environment, &form, Some(&error)).await;
    }
    let body = serde_json::to_vec(&form.body()).unwrap_or_default();
    let version = [("if-match", form.version.as_str())];
    let headers = if form.version.is_empty() { &[][..] } else { &version };
    match page.call(Method::PUT, &path, headers, Some(body.into())).await {
        Ok(_) => Ok(respond::go_to(&page, &environment_choice::address("variables", environment))),
        Err(failure) => list::show(&page, environment, &form, Some(&failure.into())).await,
    }
}
