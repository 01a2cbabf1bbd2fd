//! The form of a new token.

use serde_json::{Map, Value};

use crate::{
    components::{
        Html,
        checkboxes::{Checkbox, checkboxes, is_about},
        form::{Field, Kind, error_elsewhere, number},
    },
    context::Page,
    error::PageError,
};

/// Scopes, with what they permit.
const SCOPES: [(&str, &str); 4] = [
    ("read", "See sources, logs, users, settings and this list."),
    ("operate", "Change sources, mappings, targets and variables; run events again. Includes reading."),
    ("plugins", "Add and remove plugins. Includes reading."),
    ("admin", "Everything, also environments, keys and tokens."),
];
/// Lifetimes in days, with their names; empty for a token without an end.
const LIFETIMES: [(&str, &str); 5] =
    [("7", "in 7 days"), ("30", "in 30 days"), ("90", "in 90 days"), ("365", "in a year"), ("", "never")];

/// The form, as it was sent.
#[derive(Debug)]
pub struct TokenForm {
    name: String,
    scopes: Vec<String>,
    environments: Vec<String>,
    expires_in_days: String,
}

impl Default for TokenForm {
    fn default() -> Self {
        let (expires_in_days, _) = LIFETIMES[2];
        Self {
            name: String::new(),
            scopes: vec!["read".to_owned()],
            environments: Vec::new(),
            expires_in_days: expires_in_days.to_owned(),
        }
    }
}

impl TokenForm {
    /// Reads the fields of the form.
    pub fn of(pairs: Vec<(String, String)>) -> Self {
        let mut form =
            Self { name: String::new(), scopes: Vec::new(), environments: Vec::new(), expires_in_days: String::new() };
        for (name, value) in pairs {
            match name.as_str() {
                "name" => form.name = value.trim().to_owned(),
                "scopes" => form.scopes.push(value),
                "environments" => form.environments.push(value),
                "expires_in_days" => form.expires_in_days = value,
                _ => {}
            }
        }
        form
    }

    /// The body for the API. A lifetime that is no number goes as it is, so that the API says what is wrong with it.
    pub fn body(&self) -> Map<String, Value> {
        let mut body = Map::new();
        body.insert("name".to_owned(), self.name.clone().into());
        body.insert("scopes".to_owned(), self.scopes.clone().into());
        if !self.environments.is_empty() {
            body.insert("environments".to_owned(), self.environments.clone().into());
        }
        body.extend(number("expires_in_days", &self.expires_in_days));
        body
    }

    /// The fields, with the API's error at the one that it is about.
    pub fn fields(&self, page: &Page, error: Option<&PageError>) -> [Html; 4] {
        let boxes = |chosen: &[String], all: Vec<(String, String, String)>| -> Vec<Checkbox> {
            let all = all.into_iter().map(|(value, label, hint)| {
                let is_checked = chosen.contains(&value);
                Checkbox { value, label, hint, is_checked }
            });
            all.collect()
        };
        let scopes = SCOPES.map(|(scope, hint)| (scope.to_owned(), scope.to_owned(), hint.to_owned()));
        let environments = page
            .environments
            .iter()
            .map(|environment| (environment.slug.clone(), environment.name.clone(), String::new()));
        let lifetimes = LIFETIMES.map(|(days, label)| (days.to_owned(), label.to_owned()));
        [
            Field::new(Kind::Text, "name", "Name", &self.name)
                .required()
                .placeholder("Ana, or the deployment pipeline")
                .hint("Who uses it. The audit log names its changes by it.")
                .error_of(error)
                .html(),
            checkboxes("scopes", "May", "", &boxes(&self.scopes, scopes.into()), error),
            checkboxes(
                "environments",
                "Only in",
                "Without a mark: in all environments, also in those to come.",
                &boxes(&self.environments, environments.collect()),
                error,
            ),
            Field::new(Kind::Text, "expires_in_days", "Ends", &self.expires_in_days)
                .required()
                .choices(lifetimes)
                .error_of(error)
                .html(),
        ]
    }

    /// The error that stands at no field.
    pub fn error_elsewhere(error: Option<&PageError>) -> Option<&str> {
        let error = error.filter(|error| !is_about(error, "scopes") && !is_about(error, "environments"));
        error_elsewhere(error, &["name", "expires_in_days"])
    }
}
