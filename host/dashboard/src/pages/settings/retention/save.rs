//! `POST /settings/retention`

use axum::{Form, http::Method};
use inlet_api_types::environments::Environment;
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
        let days = |text: &str| text.trim().parse::<i64>().ok();
        // What is no number is for the API to refuse.
        let logs = days(&self.retention_days).unwrap_or(environment.retention_days);
        let bodies = match self.body_retention_days.trim() {
            "" => Some(logs),
            text => days(text).map(|bodies| bodies.min(logs)),
        };
        let logs_now = environment.retention_days;
        let bodies_now = environment.body_retention_days.map_or(logs_now, |bodies| bodies.min(logs_now));
        let mut parts = Vec::new();
        if logs < logs_now {
            parts.push(format!("events with their actions, runs and ended deliveries that are older than {logs} days"));
        }
        if let Some(bodies) = bodies.filter(|bodies| *bodies < bodies_now) {
            parts.push(format!("bodies, headers and refused requests that are older than {bodies} days"));
        }
        if self.keep_bodies == "failures" && environment.keep_bodies != "failures" {
            parts.push("the bodies of all events that are neither failed nor unreadable".to_owned());
        }
        parts
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
    fn what_is_kept_for_less_time_is_named() {
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
        assert_eq!(deleted("30", "14", "all"), 0);
        assert_eq!(deleted("60", "", "all"), 0);
        assert_eq!(deleted("20", "14", "all"), 1);
        assert_eq!(deleted("7", "", "all"), 2);
        assert_eq!(deleted("30", "13", "all"), 1);
        assert_eq!(deleted("30", "14", "failures"), 1);
        assert_eq!(deleted("many", "few", "all"), 0, "the API refuses it");
    }
}
