//! `POST /settings/environments`

use axum::{Form, http::Method};
use inlet_api_types::environments::Environment;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::list;
use crate::{components::form::number, context::Page, error::PageResult, respond};

/// The form, as the API names its members.
#[derive(Debug, Default, Deserialize)]
pub struct CreateForm {
    /// Human-readable name.
    #[serde(default)]
    pub name: String,
    /// Identifier in URLs.
    #[serde(default)]
    pub slug: String,
    /// Retention of logs, in days; empty for the default.
    #[serde(default)]
    pub retention_days: String,
}

impl CreateForm {
    /// The body for the API.
    fn body(&self) -> Map<String, Value> {
        let mut body = Map::new();
        body.insert("name".to_owned(), self.name.trim().into());
        body.insert("slug".to_owned(), self.slug.trim().into());
        body.extend(number("retention_days", &self.retention_days));
        body
    }
}

/// Creates an environment.
pub async fn create(page: Page, Form(form): Form<CreateForm>) -> PageResult {
    match page.send::<Environment>(Method::POST, "/v1/environments", &form.body()).await {
        Ok(_) => Ok(respond::go_to(&page, "/settings/environments")),
        Err(failure) => Ok(list::show(&page, &form, Some(&failure.into()))),
    }
}
