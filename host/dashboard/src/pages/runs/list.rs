//! `GET /e/{environment}/runs`

use askama::Template;
use axum::{extract::Path, http::StatusCode};
use inlet_api::Scope;
use inlet_api_types::runs::{WorkflowRun, WorkflowRunList, WorkflowRunStatus};

use super::{badge, recipient_name, run_address};
use crate::{
    components::{
        Html,
        empty_state::empty_state,
        filter::Filters,
        form::{Field, Kind, error_elsewhere},
        icon,
        looked_at::looked_at,
        outcome,
        pagination::pagination,
        time,
    },
    context::Page,
    error::{PageError, PageResult},
    html::grouped,
    layout::Layout,
    pages::targets::new_target_address,
    respond,
};

/// The filters, with a label and an example.
const FIELDS: [(&str, &str, &str); 2] =
    [("workflow", "Workflow", "order-confirmation"), ("source_event_id", "Event", "")];
/// The recipients that a row names.
const NAMED: usize = 2;

#[derive(Template)]
#[template(path = "pages/runs/list.html")]
struct ListPage<'a> {
    layout: Layout<'a>,
    environment: String,
    filters: Filters,
    list: Option<WorkflowRunList>,
    error: Option<PageError>,
}

impl ListPage<'_> {
    fn kept_by_form(&self) -> Vec<(&str, &str)> {
        self.filters.beside(&FIELDS).collect()
    }

    fn fields(&self) -> Vec<Html> {
        let field = |(name, label, example): (&'static str, &'static str, &'static str)| {
            let value = self.filters.get(name).unwrap_or_default();
            Field::new(Kind::Text, name, label, value).placeholder(example).error_of(self.error.as_ref()).html()
        };
        FIELDS.map(field).to_vec()
    }

    fn error_elsewhere(&self) -> Option<&str> {
        error_elsewhere(self.error.as_ref(), &FIELDS.map(|(name, ..)| name))
    }

    fn chips(&self) -> Html {
        self.filters.chips(|name, value| {
            let label = FIELDS.iter().find(|(field, ..)| *field == name).map_or(name, |(_, label, _)| label);
            format!("{label}: {value}")
        })
    }

    fn href(&self, run: &WorkflowRun) -> String {
        run_address(&self.environment, &run.id)
    }

    fn badge(&self, run: &WorkflowRun) -> outcome::Badge {
        badge(run)
    }

    fn recipients(&self, run: &WorkflowRun) -> String {
        let named: Vec<String> = run.recipients.iter().take(NAMED).map(recipient_name).collect();
        match run.recipients_count.saturating_sub(named.len() as i64) {
            0 => named.join(", "),
            more => format!("{} and {} more", named.join(", "), grouped(more)),
        }
    }

    /// The page that adds a target, for a run that none got.
    fn add_target(&self, run: &WorkflowRun) -> Option<String> {
        let is_missing = run.status == WorkflowRunStatus::Recorded && self.layout.page.can(Scope::Operate);
        is_missing.then(|| new_target_address(&self.environment))
    }

    fn empty(&self) -> Html {
        match self.filters.is_empty() {
            true => empty_state(
                "No runs yet",
                "A run is made when an event matches a mapping that triggers a workflow, or when your own code triggers one.",
                Some(("Sources", "/sources")),
            ),
            false => empty_state(
                "Nothing matches",
                "No run that is still kept, and was looked at, has all of these filters.",
                Some(("Show all", &self.filters.none())),
            ),
        }
    }

    fn looked_at(&self) -> Html {
        self.list.as_ref().map(|list| looked_at(list.looked_at, "runs", &list.page_info)).unwrap_or_default()
    }

    fn pages(&self) -> Html {
        self.list.as_ref().map(|list| pagination(&self.filters, &list.page_info)).unwrap_or_default()
    }
}

/// Lists runs, newest first.
pub async fn list(page: Page, Path(environment): Path<String>) -> PageResult {
    let filters = Filters::of(&page.path, &page.query);
    let path = format!("/v1/workflow_runs?{}", filters.to_query(&[("environment", &environment)]));
    let (list, error) = match page.get::<WorkflowRunList>(&path).await {
        Ok(list) => (Some(list), None),
        // A filter that the API refuses is told at its field.
        Err(failure) if failure.body.field.is_some() => (None, Some(PageError::from(failure))),
        Err(failure) => return Err(failure.into()),
    };
    let status = error.as_ref().map_or(StatusCode::OK, |error| error.status);
    let mut response =
        respond::html(&ListPage { layout: Layout::new(&page, "Runs"), environment, filters, list, error });
    *response.status_mut() = status;
    Ok(response)
}
