//! `GET /e/{environment}/actions`

use askama::Template;
use axum::{
    extract::Path,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use inlet_api_types::actions::{ActionList, ListedAction};
use inlet_core::actions::ActionType;

use crate::{
    components::{
        Html,
        empty_state::empty_state,
        filter::{Choice, Filters},
        form::{Field, error_elsewhere},
        icon, looked_at, outcome,
        pagination::pagination,
        time,
    },
    context::Page,
    error::{PageError, PageResult},
    html::url_part,
    layout::Layout,
    respond,
};

/// The filters of the form, as the API names them, with a label and an example.
const FIELDS: [(&str, &str, &str); 9] = [
    ("workflow", "Workflow", "receipt"),
    ("recipient", "Recipient", "u_42 or projects/p_7"),
    ("mapping_id", "Mapping", ""),
    ("source", "Source", "segment"),
    ("event", "Event", "Order Completed"),
    ("user_id", "User", "u_42"),
    ("action_type", "Type", ""),
    ("starting_at", "From (UTC)", "2026-01-02T03:04:05Z"),
    ("ending_at", "Until (UTC)", "2026-01-02T03:04:05Z"),
];
/// The statuses, in the order in which they are offered.
const STATUSES: [&str; 3] = ["success", "skipped", "error"];

#[derive(Template)]
#[template(path = "pages/actions/list.html")]
struct ListPage<'a> {
    layout: Layout<'a>,
    filters: Filters,
    list: Option<ActionList>,
    error: Option<PageError>,
}

impl ListPage<'_> {
    fn statuses(&self) -> Vec<Choice> {
        let labels = STATUSES.map(|status| (status, outcome::action(status).label));
        let values = labels.each_ref().map(|(status, label)| (*status, label.as_str()));
        self.filters.choices("action_status", "All", &values)
    }

    fn fields(&self) -> Vec<Html> {
        let types = ActionType::ALL.into_iter().map(|action| (action.as_str().to_owned(), action.as_str().to_owned()));
        let types: Vec<(String, String)> = [(String::new(), "any".to_owned())].into_iter().chain(types).collect();
        let field = |filter: (&str, &str, &str)| {
            let field = Field::of_filter(filter, self.filters.get(filter.0).unwrap_or_default());
            let field = if filter.0 == "action_type" { field.choices(types.clone()) } else { field };
            field.error_of(self.error.as_ref()).html()
        };
        FIELDS.map(field).into()
    }

    fn kept_by_form(&self) -> Vec<(&str, &str)> {
        self.filters.beside(&FIELDS).collect()
    }

    fn error_elsewhere(&self) -> Option<&str> {
        error_elsewhere(self.error.as_ref(), &FIELDS.map(|(name, ..)| name))
    }

    fn chips(&self) -> Html {
        self.filters.chips(chip)
    }

    fn href(&self, action: &ListedAction) -> String {
        let [environment, source, event] =
            [&action.environment, &action.source, &action.event_id].map(|part| url_part(part));
        format!("/e/{environment}/logs/{source}/{event}")
    }

    /// The reach of an action, in words.
    fn reach(&self, action: &ListedAction) -> Option<String> {
        let people = |count: usize| if count == 1 { "1 recipient".to_owned() } else { format!("{count} recipients") };
        match (action.recipients_count, action.skipped_recipients_count) {
            (0, 0) => None,
            (reached, 0) => Some(people(reached)),
            (reached, skipped) => Some(format!("{}, {skipped} left out", people(reached))),
        }
    }

    fn searched(&self) -> Html {
        let list = self.list.as_ref();
        let html = |list: &ActionList| looked_at::searched(list.searched.as_ref(), &self.filters, &list.page_info);
        list.map(html).unwrap_or_default()
    }

    fn empty(&self) -> Html {
        match self.filters.is_empty() {
            true => empty_state(
                "No actions yet",
                "When an event matches a mapping, what was done about it appears here.",
                Some(("Go to the sources", "/sources")),
            ),
            false => empty_state(
                "Nothing matches",
                "No action of an event that is still kept has all of these filters.",
                Some(("Show all", &self.filters.none())),
            ),
        }
    }

    fn pages(&self) -> Html {
        self.list.as_ref().map(|list| pagination(&self.filters, &list.page_info)).unwrap_or_default()
    }
}

/// Lists the actions of an environment, those of the newest event first.
pub async fn list(page: Page, Path(environment): Path<String>) -> PageResult {
    let filters = Filters::of(&page.path, &page.query);
    let query = filters.to_query(&[("environment", &environment)]);
    let (list, error) = match page.get::<ActionList>(&format!("/v1/actions?{query}")).await {
        Ok(list) => (Some(list), None),
        // A filter that the API refuses is told at its field.
        Err(failure) if failure.body.field.is_some() => (None, Some(failure.into())),
        Err(failure) => return Err(failure.into()),
    };
    let view = ListPage { layout: Layout::new(&page, "Actions"), filters, list, error };
    let status = view.error.as_ref().map_or(StatusCode::OK, |error: &PageError| error.status);
    let mut response: Response = respond::html(&view).into_response();
    *response.status_mut() = status;
    Ok(response)
}

fn chip(name: &str, value: &str) -> String {
    match name {
        "action_status" => outcome::action(value).label,
        name => {
            let label = FIELDS.iter().find(|(field, ..)| *field == name).map_or(name, |(_, label, _)| label);
            format!("{label}: {value}")
        }
    }
}
