//! `GET /settings/variables`

use askama::Template;
use axum::{
    extract::Query,
    http::{Method, StatusCode},
    response::Response,
};
use inlet_api::Scope;
use inlet_api_types::{
    environments::Environment,
    variables::{Variable, VariableList},
};
use serde::Deserialize;

use super::{super::environment_choice, save::VariableForm};
use crate::{
    components::{
        Html,
        confirm::confirm,
        form::{Field, Kind, error_elsewhere},
        time,
    },
    context::Page,
    error::{PageError, PageResult},
    html::{self, url_part},
    layout::Layout,
    respond,
};

/// The query: the environment, and the variable to change.
#[derive(Debug, Default, Deserialize)]
pub struct VariablesQuery {
    #[serde(default)]
    environment: String,
    #[serde(default)]
    edit: String,
}

#[derive(Template)]
#[template(path = "pages/settings/variables.html")]
struct VariablesPage<'a> {
    layout: Layout<'a>,
    environment: &'a Environment,
    variables: Vec<Variable>,
    form: &'a VariableForm,
    error: Option<&'a PageError>,
}

impl VariablesPage<'_> {
    fn choices(&self) -> Html {
        environment_choice::choices(self.layout.page, "variables", self.environment)
    }

    fn may_change(&self) -> bool {
        self.layout.page.can(Scope::Operate)
    }

    fn is_change(&self) -> bool {
        !self.form.version.is_empty()
    }

    fn edit(&self, variable: &Variable) -> String {
        let address = environment_choice::address("variables", self.environment);
        format!("{address}&edit={}#edit", url_part(&variable.key))
    }

    fn fields(&self) -> Vec<Html> {
        let VariableForm { key, variable_type, value, description, .. } = self.form;
        let is_secret = variable_type == "secret";
        let value_hint = match (self.is_change(), is_secret) {
            (true, true) => "A secret is never shown. Leave it empty to keep it.",
            _ => "",
        };
        let kinds = [("public", "Public: mappings read it as vars.KEY"), ("secret", "Secret: sealed, and never shown")];
        let kinds = kinds.map(|(value, label)| (value.to_owned(), label.to_owned()));
        let value_kind = if self.is_change() && is_secret { Kind::Secret } else { Kind::Text };
        let name = Field::new(Kind::Text, "key", "Name", key).required().code().placeholder("CURRENCY");
        let name = name.hint("A letter or _, then letters, digits and _.");
        let kind = Field::new(Kind::Text, "type", "Kind", variable_type).required().choices(kinds);
        let rest = [
            Field::new(value_kind, "value", "Value", value).code().placeholder("EUR").hint(value_hint),
            Field::new(Kind::Text, "description", "Description", description),
        ];
        let new = if self.is_change() { Vec::new() } else { vec![name, kind] };
        new.into_iter().chain(rest).map(|field| field.error_of(self.error).html()).collect()
    }

    fn error_elsewhere(&self) -> Option<&str> {
        let fields: &[&str] =
            if self.is_change() { &["value", "description"] } else { &["key", "type", "value", "description"] };
        error_elsewhere(self.error, fields)
    }

    fn delete(&self, variable: &Variable) -> Html {
        let (slug, key) = (url_part(&self.environment.slug), url_part(&variable.key));
        let warning = "A mapping that reads it keeps the server from deleting it.";
        confirm(&self.layout, "Delete", warning, &variable.key, &format!("/settings/variables/{slug}/{key}/delete"))
    }
}

/// Lists the variables of an environment, with the form of one of them or of a new one.
pub async fn list(page: Page, Query(query): Query<VariablesQuery>) -> PageResult {
    let environment = environment_choice::find(&page, &query.environment)?;
    let form = match query.edit.as_str() {
        "" => VariableForm::default(),
        key => {
            let path = format!("/v1/variables/{}?environment={}", url_part(key), url_part(&environment.slug));
            let answer = page.call(Method::GET, &path, &[], None).await?;
            let version = answer.header("etag").unwrap_or_default().to_owned();
            VariableForm::of(answer.read()?, version)
        }
    };
    show(&page, environment, &form, None).await
}

/// Shows the page with a form as it was sent, and its error.
pub async fn show(
    page: &Page,
    environment: &Environment,
    form: &VariableForm,
    error: Option<&PageError>,
) -> Result<Response, PageError> {
    let path = format!("/v1/variables?environment={}", url_part(&environment.slug));
    let VariableList { entries: variables, .. } = page.get(&path).await?;
    let layout = Layout::new(page, "Variables").in_settings();
    let mut response = respond::html(&VariablesPage { layout, environment, variables, form, error });
    *response.status_mut() = error.map_or(StatusCode::OK, |error| error.status);
    Ok(response)
}
