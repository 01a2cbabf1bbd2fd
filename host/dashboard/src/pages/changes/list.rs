//! `GET /changes`

use askama::Template;
use axum::{http::StatusCode, response::IntoResponse as _};
use inlet_api_types::{
    RawJson,
    changes::{Change, ChangeList},
};

use super::resource;
use crate::{
    components::{
        Html,
        empty_state::empty_state,
        filter::Filters,
        form::{Field, Kind, error_elsewhere},
        icon,
        json_tree::JsonTree,
        looked_at::looked_at,
        pagination::pagination,
        time,
    },
    context::Page,
    error::{PageError, PageResult},
    layout::Layout,
    respond,
};

/// The filters, as the API names them, with a label and an example.
const FIELDS: [(&str, &str, &str); 3] =
    [("who", "Who", "bootstrap"), (OPERATION, "Operation", ""), ("resource", "Resource", "sources/shop")];
/// The filter that is chosen from a list.
const OPERATION: &str = "operation";

#[derive(Template)]
#[template(path = "pages/changes/list.html")]
struct ListPage<'a> {
    layout: Layout<'a>,
    filters: Filters,
    list: Option<ChangeList>,
    error: Option<PageError>,
}

impl ListPage<'_> {
    fn kept_by_form(&self) -> Vec<(&str, &str)> {
        self.filters.beside(&FIELDS).collect()
    }

    fn fields(&self) -> Vec<Html> {
        let value = |name| self.filters.get(name).unwrap_or_default();
        let environments = self.layout.page.environments.iter();
        let environments = environments.map(|environment| (environment.slug.clone(), environment.name.clone()));
        let choices = [(String::new(), "any".to_owned())].into_iter().chain(environments);
        let environment = Field::new(Kind::Text, "environment", "Environment", value("environment")).choices(choices);
        let texts = FIELDS.map(|(name, label, example)| {
            let field = Field::new(Kind::Text, name, label, value(name)).placeholder(example);
            if name == OPERATION { field.choices(operations(value(OPERATION))) } else { field }
        });
        let fields = texts.into_iter().chain([environment]);
        fields.map(|field| field.error_of(self.error.as_ref()).html()).collect()
    }

    fn error_elsewhere(&self) -> Option<&str> {
        error_elsewhere(self.error.as_ref(), &["who", "operation", "resource", "environment"])
    }

    fn chips(&self) -> Html {
        self.filters.chips(|name, value| {
            let label = FIELDS.iter().find(|(known, ..)| *known == name).map_or("Environment", |(_, label, _)| label);
            let value = if name == OPERATION { resource::words(value) } else { value.to_owned() };
            format!("{label}: {value}")
        })
    }

    fn looked_at(&self, list: &ChangeList) -> Html {
        looked_at(list.looked_at, "changes", &list.page_info)
    }

    fn pages(&self, list: &ChangeList) -> Html {
        pagination(&self.filters, &list.page_info)
    }

    fn empty(&self) -> Html {
        match self.filters.is_empty() {
            true => empty_state(
                "No changes yet",
                "Every change by this dashboard, the command line and the API stands here, with who made it.",
                Some(("Sources", "/sources")),
            ),
            false => empty_state(
                "No such change",
                "No change that was looked at has these filters.",
                Some(("Show all", "/changes")),
            ),
        }
    }

    fn words(&self, change: &Change) -> String {
        resource::words(&change.operation)
    }

    fn page_of(&self, change: &Change) -> Option<String> {
        resource::page_of(&change.resource, change.environment.as_deref())
    }

    fn tree(&self, json: &RawJson, label: &str) -> Html {
        JsonTree::new(json.as_text(), label).html()
    }
}

/// The operations to choose from, by their words. One of the address that is none of them is offered too.
fn operations(chosen: &str) -> Vec<(String, String)> {
    let choice = |operation: &str| (operation.to_owned(), resource::words(operation));
    let mut choices: Vec<(String, String)> = resource::OPERATIONS.iter().map(|operation| choice(operation)).collect();
    if !chosen.is_empty() && !resource::OPERATIONS.contains(&chosen) {
        choices.push(choice(chosen));
    }
    choices.sort_by(|(_, a), (_, b)| a.cmp(b));
    [(String::new(), "any".to_owned())].into_iter().chain(choices).collect()
}

/// Lists the changes, the newest first.
pub async fn list(page: Page) -> PageResult {
    let filters = Filters::of(&page.path, &page.query);
    let (list, error) = match page.get(&format!("/v1/changes?{}", filters.to_query(&[]))).await {
        Ok(list) => (Some(list), None),
        Err(failure) => (None, Some(PageError::from(failure))),
    };
    let status = error.as_ref().map_or(StatusCode::OK, |error| error.status);
    let view = ListPage { layout: Layout::new(&page, "Audit log"), filters, list, error };
    Ok((status, respond::html(&view)).into_response())
}
