//! The environment that a page of the settings is about: that of its query, else the one looked at last.

use askama::Template;
use inlet_api_types::environments::Environment;
use serde::Deserialize;

use crate::{
    components::{Html, filter::Choice},
    context::Page,
    error::PageError,
    html::url_part,
};

/// The query of such a page.
#[derive(Debug, Default, Deserialize)]
pub struct EnvironmentQuery {
    /// The slug.
    #[serde(default)]
    pub environment: String,
}

#[derive(Template)]
#[template(path = "pages/settings/environment_choice.html")]
struct Choices {
    choices: Vec<Choice>,
}

/// Returns the environment with a slug, or the one looked at last if it is empty.
pub fn find<'a>(page: &'a Page, slug: &str) -> Result<&'a Environment, PageError> {
    let found = match slug {
        "" => page.environment.as_ref(),
        slug => page.environments.iter().find(|environment| environment.slug == slug),
    };
    found.ok_or_else(|| match slug {
        "" => PageError::not_found("this token gives access to no environment"),
        slug => PageError::not_found(format!("there is no environment {slug:?} for this token")),
    })
}

/// The way to the same page of another environment.
pub fn choices(page: &Page, place: &str, here: &Environment) -> Html {
    let choices = page.environments.iter().map(|environment| Choice {
        label: environment.name.clone(),
        href: address(place, environment),
        is_chosen: environment.slug == here.slug,
    });
    Html::of(&Choices { choices: choices.collect() })
}

/// Returns the address of a page of the settings about an environment.
pub fn address(place: &str, environment: &Environment) -> String {
    format!("/settings/{place}?environment={}", url_part(&environment.slug))
}
