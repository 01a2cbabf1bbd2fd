//! `GET /e/{environment}/issues`

use askama::Template;
use axum::extract::Path;
use inlet_api_types::issues::{Issue, IssueList};

use super::{address, parts};
use crate::{
    components::{
        Html,
        empty_state::empty_state,
        filter::{Choice, Filters},
        outcome, time,
    },
    context::Page,
    error::PageResult,
    html::{self, url_part},
    layout::Layout,
    respond,
};

/// The state that is shown if the address names none.
const DEFAULT_STATE: &str = "open";

/// The most issues on a page.
const MOST: usize = 200;

#[derive(Template)]
#[template(path = "pages/issues/list.html")]
struct ListPage<'a> {
    layout: Layout<'a>,
    environment: &'a str,
    filters: Filters,
    state: &'a str,
    /// All issues of the environment.
    all: &'a [Issue],
    shown: Vec<&'a Issue>,
}

impl ListPage<'_> {
    fn states(&self) -> Vec<Choice> {
        let states = ["open", "acknowledged", "muted", "resolved"];
        let choices = states.map(|state| Choice {
            label: format!("{} {}", outcome::issue(state).label, self.count(state)),
            href: self.filters.with("state", state),
            is_chosen: state == self.state,
        });
        choices.to_vec()
    }

    fn count(&self, state: &str) -> usize {
        self.all.iter().filter(|issue| issue.state == state && self.is_of_source(issue)).count()
    }

    fn is_of_source(&self, issue: &Issue) -> bool {
        self.filters.get("source").is_none_or(|source| issue.source.as_deref() == Some(source))
    }

    fn left_out(&self) -> usize {
        self.count(self.state).saturating_sub(self.shown.len())
    }

    fn chips(&self) -> Html {
        self.filters.chips(|name, value| match name {
            "source" => format!("Source: {value}"),
            name => format!("{name}: {value}"),
        })
    }

    fn href(&self, issue: &Issue) -> String {
        address(&issue.environment, &issue.id)
    }

    fn empty(&self) -> Html {
        let logs = format!("/e/{}/logs", url_part(self.environment));
        match (self.state, self.all.is_empty()) {
            (_, true) => empty_state(
                "No issues",
                "What fails, is refused or cannot be read is grouped here by its cause. Nothing has.",
                Some(("Logs", &logs)),
            ),
            (DEFAULT_STATE, _) => empty_state(
                "No open issues",
                "Everything that failed is known or resolved. A new failure opens its issue again.",
                Some(("Logs", &logs)),
            ),
            _ => empty_state(
                "None here",
                "No issue of this environment is in this state.",
                Some(("Show open", &self.filters.with("state", DEFAULT_STATE))),
            ),
        }
    }
}

/// Lists the issues of an environment.
pub async fn list(page: Page, Path(environment): Path<String>) -> PageResult {
    let filters = Filters::of(&page.path, &page.query).keeping("state");
    let list: IssueList = page.get(&format!("/v1/issues?environment={}", url_part(&environment))).await?;
    let state = filters.get("state").unwrap_or(DEFAULT_STATE).to_owned();
    let mut view = ListPage {
        layout: Layout::new(&page, "Issues"),
        environment: &environment,
        filters,
        state: &state,
        all: &list.entries,
        shown: Vec::new(),
    };
    let shown = list.entries.iter().filter(|issue| issue.state == state && view.is_of_source(issue));
    view.shown = shown.take(MOST).collect();
    Ok(respond::html(&view))
}
