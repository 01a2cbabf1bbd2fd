//! `POST /settings/retention`

use axum::{Form, http::Method};
use inlet_api_types::environments::Environment;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{super::environment_choice, show};
use crate::{components::form::number, context::Page, error::PageResult, html::url_part, respond};

/// The form, as the API names its members.
#[derive(Debug, Deserialize)]
pub struct RetentionForm {
    #[serde(default)]
    environment: String,
    /// Retention of logs, in days.
    #[serde(default)]
    pub retention_days: String,
    /// Retention of bodies, in days; empty for that of logs.
    #[serde(default)]
    pub body_retention_days: String,
    /// `all` or `failures`.
    #[serde(default)]
    pub keep_bodies: String,
}

impl RetentionForm {
    /// The form of what an environment keeps now.
    pub fn of(environment: &Environment) -> Self {
        Self {
            environment: environment.slug.clone(),
            retention_days: environment.retention_days.to_string(),
            body_retention_days: environment.body_retention_days.map(|days| days.to_string()).unwrap_or_default(),
            keep_bodies: environment.keep_bodies.clone(),
        }
    }

    fn body(&self) -> Map<String, Value> {
        let mut body = Map::new();
        body.extend(number("retention_days", &self.retention_days));
        body.insert("body_retention_days".to_owned(), Value::Null);
        body.extend(number("body_retention_days", &self.body_retention_days));
        body.insert("keep_bodies".to_owned(), self.keep_bodies.clone().into());
        body
    }
}

/// Changes what an environment keeps.
pub async fn save(page: Page, Form(form): Form<RetentionForm>) -> PageResult {
    let environment = environment_choice::find(&page, &form.environment)?;
    let path = format!("/v1/environments/{}", url_part(&environment.slug));
    match page.send::<Environment>(Method::PATCH, &path, &form.body()).await {
        Ok(_) => Ok(respond::go_to(&page, &environment_choice::address("retention", environment))),
        Err(failure) => Ok(show::render(&page, environment, &form, Some(&failure.into()))),
    }
}
