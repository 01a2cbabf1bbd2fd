//! `/e/{environment}/sources/{key}/logs/replays`: running many events of a source again.

mod list;
mod new;
mod show;

use axum::{
    Router,
    routing::{get, post},
};
use inlet_api_types::replays::ReplayFilter;

use crate::{components::outcome, context::Page, html::url_part, layout::Layout, state::Dashboard};

/// The name of the list of the jobs.
const JOBS: &str = "Run-again jobs";

/// The routes of these pages.
pub fn routes() -> Router<Dashboard> {
    Router::new()
        .route("/e/{environment}/sources/{key}/logs/replays", get(list::list))
        .route("/e/{environment}/sources/{key}/logs/replays/new", get(new::show).post(new::create))
        .route("/e/{environment}/sources/{key}/logs/replays/{id}", get(show::show))
        .route("/e/{environment}/sources/{key}/logs/replays/{id}/cancel", post(show::cancel))
}

/// A source in an environment, as the paths of its pages name it.
pub struct Place {
    /// The environment's identifier.
    pub environment: String,
    /// The source's key.
    pub source: String,
}

impl Place {
    /// The logs of the source.
    pub fn logs(&self) -> String {
        format!("/e/{}/sources/{}/logs", url_part(&self.environment), url_part(&self.source))
    }

    /// The list of the jobs.
    pub fn list(&self) -> String {
        format!("{}/replays", self.logs())
    }

    /// The page of a job.
    pub fn of(&self, id: &str) -> String {
        format!("{}/{}", self.list(), url_part(id))
    }

    /// The path of the API below the jobs: `""`, `/preview` or `/{id}`.
    pub fn api(&self, below: &str) -> String {
        let [source, environment] = [&self.source, &self.environment].map(|part| url_part(part));
        format!("/v1/sources/{source}/replays{below}?environment={environment}")
    }

    /// The layout of a page of the jobs.
    pub fn layout<'p>(&self, page: &'p Page, title: &str) -> Layout<'p> {
        Layout::new(page, title).in_source(&self.source).under("Logs", self.logs())
    }
}

/// Returns the events of a job, in words.
fn subject(filter: &ReplayFilter) -> String {
    if let Some(ids) = &filter.ids {
        return if ids.len() == 1 { "1 chosen event".to_owned() } else { format!("{} chosen events", ids.len()) };
    }
    let outcomes = filter.outcome.iter().flatten().map(|name| outcome::event(name).label).collect::<Vec<_>>();
    let others = [&filter.code, &filter.event_type].into_iter().flatten().cloned();
    [outcomes.join(" or ")].into_iter().chain(others).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_named_by_its_events() {
        let filter = |outcomes: Option<&[&str]>, ids: Option<&[&str]>| {
            let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
            ReplayFilter {
                outcome: outcomes.map(texts),
                code: None,
                event_type: ids.is_none().then(|| "Paid".to_owned()),
                starting_at: None,
                ending_at: None,
                ids: ids.map(texts),
                force: false,
            }
        };
        assert_eq!(subject(&filter(Some(&["failed", "rejected"]), None)), "Failed or Unreadable, Paid");
        assert_eq!(subject(&filter(None, Some(&["a", "b"]))), "2 chosen events");
    }
}
