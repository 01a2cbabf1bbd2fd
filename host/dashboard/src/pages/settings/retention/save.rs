//! `POST /settings/retention`

use axum::{Form, http::Method};
use inlet_api_types::{environments::Environment, retention::Retention};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{super::environment_choice, show};
use crate::{
    components::{confirm, form::number},
    context::Page,
    error::PageResult,
    html::url_part,
    respond,
};

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
    /// The environment's identifier, typed to confirm that something is deleted; none before it is asked for.
    confirm_name: Option<String>,
}

impl RetentionForm {
    /// The form of what an environment keeps now.
    pub fn of(environment: &Environment) -> Self {
        Self {
            environment: environment.slug.clone(),
            retention_days: environment.retention_days.to_string(),
            body_retention_days: environment.body_retention_days.map(|days| days.to_string()).unwrap_or_default(),
            keep_bodies: environment.keep_bodies.clone(),
            confirm_name: None,
        }
    }

    /// The parts of what is kept now that this form deletes, in words; empty if it keeps everything.
    pub fn deletes(&self, environment: &Environment) -> Vec<String> {
        // What is no number is for the API to refuse.
        self.retention().map(|after| environment.retention().deleted_by(&after)).unwrap_or_default()
    }

    fn retention(&self) -> Option<Retention> {
        let days = |text: &str| text.trim().parse().ok();
        let body_days = match self.body_retention_days.trim() {
            "" => None,
            text => Some(days(text)?),
        };
        let only_failures = self.keep_bodies == "failures";
        Some(Retention { days: days(&self.retention_days)?, body_days, only_failures })
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

/// Changes what an environment keeps. If something is deleted by it, the environment's identifier must be typed first.
pub async fn save(page: Page, Form(form): Form<RetentionForm>) -> PageResult {
    let environment = environment_choice::find(&page, &form.environment)?;
    let deleted = form.deletes(environment);
    match &form.confirm_name {
        None if !deleted.is_empty() => return Ok(show::ask(&page, environment, &form, &deleted)),
        Some(typed) => confirm::check(typed, &environment.slug)?,
        None => {}
    }
    let path = format!("/v1/environments/{}", url_part(&environment.slug));
    match page.send::<Environment>(Method::PATCH, &path, &form.body()).await {
        Ok(_) => Ok(respond::go_to(&page, &environment_choice::address("retention", environment))),
        Err(failure) => Ok(show::render(&page, environment, &form, Some(&failure.into()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_says_what_it_deletes() {
        let environment = Environment {
            slug: "production".to_owned(),
            name: "Production".to_owned(),
            retention_days: 30,
            body_retention_days: Some(14),
            keep_bodies: "all".to_owned(),
            hide_personal_data: false,
            created_at: String::new(),
        };
        let deleted = |logs: &str, bodies: &str, kept: &str| {
            let form = RetentionForm {
                retention_days: logs.to_owned(),
                body_retention_days: bodies.to_owned(),
                keep_bodies: kept.to_owned(),
                ..RetentionForm::of(&environment)
            };
            form.deletes(&environment).len()
        };
        assert_eq!(deleted("30", " 14 ", "all"), 0);
        assert_eq!(deleted("7", "", "failures"), 3);
        assert_eq!(deleted("many", "few", "all"), 0, "the API refuses it");
    }
}
