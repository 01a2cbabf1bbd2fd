//! `GET /settings/retention`

use askama::Template;
use axum::{extract::Query, http::StatusCode, response::Response};
use inlet_api::Scope;
use inlet_api_types::environments::Environment;

use super::{
    super::environment_choice::{self, EnvironmentQuery},
    save::RetentionForm,
};
use crate::{
    components::{
        Html, confirm,
        form::{Field, Kind, error_elsewhere},
    },
    context::Page,
    error::{PageError, PageResult},
    layout::Layout,
    respond,
};

#[derive(Template)]
#[template(path = "pages/settings/retention.html")]
struct RetentionPage<'a> {
    layout: Layout<'a>,
    environment: &'a Environment,
    form: &'a RetentionForm,
    error: Option<&'a PageError>,
    /// The parts of what is kept now that the form deletes, to be confirmed; empty if nothing is to be confirmed.
    deleted: &'a [String],
}

impl RetentionPage<'_> {
    fn choices(&self) -> Html {
        environment_choice::choices(self.layout.page, "retention", self.environment)
    }

    fn may_change(&self) -> bool {
        self.layout.page.can(Scope::Admin)
    }

    fn fields(&self) -> [Html; 3] {
        let kept = [("all", "Of all events"), ("failures", "Of failed and unreadable events only")];
        let fields = [
            Field::new(Kind::Number, "retention_days", "Days that logs are kept", &self.form.retention_days)
                .required()
                .hint("Events with their actions, runs, deliveries that ended, and counts."),
            Field::new(Kind::Number, "body_retention_days", "Days that bodies are kept", &self.form.body_retention_days)
                .placeholder(&self.form.retention_days)
                .hint("Payloads, headers and refused requests. Empty: as long as logs. What has no body is neither run again nor compared."),
            Field::new(Kind::Text, "keep_bodies", "Bodies are kept", &self.form.keep_bodies)
                .required()
                .choices(kept.map(|(value, label)| (value.to_owned(), label.to_owned())))
                .hint("Others lose theirs within two minutes."),
        ];
        fields.map(|field| field.error_of(self.error).html())
    }

    /// The form that saves what was entered, once the environment's identifier is typed.
    fn confirm(&self) -> Html {
        let RetentionForm { retention_days, body_retention_days, keep_bodies, .. } = self.form;
        let slug = self.environment.slug.as_str();
        let fields: [(&str, &str); 4] = [
            ("environment", slug),
            ("retention_days", retention_days),
            ("body_retention_days", body_retention_days),
            ("keep_bodies", keep_bodies),
        ];
        let warning = "They are deleted at once, and cannot be restored.";
        confirm::confirm_with(&self.layout, "Save and delete", warning, slug, "/settings/retention", &fields)
    }

    fn back(&self) -> String {
        environment_choice::address("retention", self.environment)
    }

    fn error_elsewhere(&self) -> Option<&str> {
        error_elsewhere(self.error, &["retention_days", "body_retention_days", "keep_bodies"])
    }
}

/// Shows what an environment keeps.
pub async fn show(page: Page, Query(query): Query<EnvironmentQuery>) -> PageResult {
    let environment = environment_choice::find(&page, &query.environment)?;
    Ok(render(&page, environment, &RetentionForm::of(environment), None))
}

/// Shows the page with a form as it was sent, and its error.
pub fn render(page: &Page, environment: &Environment, form: &RetentionForm, error: Option<&PageError>) -> Response {
    let layout = Layout::new(page, "Retention").in_settings();
    let mut response = respond::html(&RetentionPage { layout, environment, form, error, deleted: &[] });
    *response.status_mut() = error.map_or(StatusCode::OK, |error| error.status);
    response
}

/// Says what a form deletes, and asks for the environment's identifier.
pub fn ask(page: &Page, environment: &Environment, form: &RetentionForm, deleted: &[String]) -> Response {
    let layout = Layout::new(page, "Retention").in_settings();
    respond::html(&RetentionPage { layout, environment, form, error: None, deleted })
}
