//! `GET /settings/environments`

use askama::Template;
use axum::{http::StatusCode, response::Response};
use inlet_api::Scope;

use super::create::CreateForm;
use crate::{
    components::{
        Html,
        confirm::confirm,
        form::{Field, Kind, error_elsewhere},
        time,
    },
    context::Page,
    error::{PageError, PageResult},
    html,
    layout::{self, Layout},
    respond,
};

#[derive(Template)]
#[template(path = "pages/environments/list.html")]
struct EnvironmentsPage<'a> {
    layout: Layout<'a>,
    form: &'a CreateForm,
    error: Option<&'a PageError>,
}

impl EnvironmentsPage<'_> {
    fn may_change(&self) -> bool {
        self.layout.page.can(Scope::Admin) && self.layout.page.operator().environment_ids().is_none()
    }

    fn fields(&self) -> [Html; 3] {
        let fields = [
            Field::new(Kind::Text, "name", "Name", &self.form.name).required().placeholder("Staging"),
            Field::new(Kind::Text, "slug", "Identifier", &self.form.slug)
                .required()
                .code()
                .placeholder("staging")
                .hint("Stands in addresses and cannot be changed: a-z, 0-9, _ and -."),
            Field::new(Kind::Number, "retention_days", "Days that logs are kept", &self.form.retention_days)
                .placeholder("30"),
        ];
        fields.map(|field| field.error_of(self.error).html())
    }

    fn error_elsewhere(&self) -> Option<&str> {
        error_elsewhere(self.error, &["name", "slug", "retention_days"])
    }

    fn delete(&self, slug: &str) -> Html {
        let warning = "Its sources' endpoints, users, runs, logs and keys are deleted for good.";
        let action = format!("/settings/environments/{}/delete", html::url_part(slug));
        confirm(&self.layout, "Delete", warning, slug, &action)
    }
}

/// Lists the environments.
pub async fn list(page: Page) -> PageResult {
    Ok(show(&page, &CreateForm::default(), None))
}

/// Shows the page with a form as it was sent, and its error.
pub fn show(page: &Page, form: &CreateForm, error: Option<&PageError>) -> Response {
    let mut response =
        respond::html(&EnvironmentsPage { layout: Layout::new(page, "Environments").in_settings(), form, error });
    *response.status_mut() = error.map_or(StatusCode::OK, |error| error.status);
    response
}
