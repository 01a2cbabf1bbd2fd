//! `GET /e/{environment}/logs` and `GET /e/{environment}/sources/{key}/logs`

use askama::Template;
use axum::{
    extract::Path,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use inlet_api::{Scope, in_process::ApiFailure};
use inlet_api_types::{
    logs::{SearchedLogs, SourceLogList},
    sources::{NeedsAttention, Source, SourceList, SourceStatus},
};

use super::{
    API_LOG,
    row::{self, Columns},
};
use crate::{
    components::{
        Html,
        empty_state::empty_state,
        filter::{Choice, Filters},
        form::{Field, Kind, error_elsewhere},
        icon, outcome,
        pagination::pagination,
        time,
    },
    context::Page,
    error::{PageError, PageResult},
    html::{grouped, url_part},
    layout::Layout,
    respond,
};

/// The parameter that names the source of a list.
pub const SOURCE: &str = "source";
/// The filter that holds unless another one is given.
const ATTENTION: &str = "needs_attention";
/// The parameters with which a list does not go on with what comes.
const NOT_LIVE: [&str; 5] = ["after", "before", "date", "ending_at", "search"];

/// The filters that the form offers, as the API names them, with a label and an example.
const FIELDS: [(&str, &str, &str); 7] = [
    ("event", "Event", "Order Completed"),
    ("user_id", "User", "u_42"),
    ("recipient", "Recipient", "u_42 or projects/p_7"),
    ("code", "Cause", "action_failed"),
    ("idempotency_key", "Idempotency key", ""),
    ("starting_at", "From", "2026-01-02T03:04:05Z"),
    ("ending_at", "Until", "2026-01-02T03:04:05Z"),
];

#[derive(Template)]
#[template(path = "pages/logs/list.html")]
struct ListPage<'a> {
    layout: Layout<'a>,
    /// The sources to choose from: the key and the name. Empty on the page of one source.
    source_choices: Vec<(String, String)>,
    /// The source; none for all of the environment.
    source: Option<String>,
    refused: i64,
    filters: Filters,
    list: Option<SourceLogList>,
    /// The address of the stream of what comes; none if the list is not the newest.
    live: Option<String>,
    error: Option<PageError>,
}

impl ListPage<'_> {
    /// True if only what needs attention is shown, because nothing else is asked for.
    fn is_default(&self) -> bool {
        self.filters.is_empty()
    }

    fn outcomes(&self) -> Vec<Choice> {
        let others = self.filters.dropping(&[ATTENTION, "outcome"]);
        let (attention, chosen) = (self.filters.get(ATTENTION), self.filters.get("outcome"));
        let choice = |label: String, href, is_chosen| Choice { label, href, is_chosen };
        let needs = match others.is_empty() {
            true => others.none(),
            false => others.with(ATTENTION, "true"),
        };
        let is_needed = self.is_default() || attention == Some("true");
        let first = choice("Needs attention".to_owned(), needs, is_needed && chosen.is_none());
        let all = choice("All".to_owned(), others.with(ATTENTION, "false"), !is_needed && chosen.is_none());
        let each = outcome::EVENT_OUTCOMES
            .map(|name| choice(outcome::event(name).label, others.with("outcome", name), chosen == Some(name)));
        [first, all].into_iter().chain(each).collect()
    }

    fn fields(&self) -> Vec<Html> {
        let status = Field::new(Kind::Text, "action_status", "Action", self.value("action_status"));
        let choices = [("", "any"), ("success", ""), ("skipped", ""), ("error", "")].map(|(name, label)| {
            let label = if label.is_empty() { outcome::action(name).label } else { label.to_owned() };
            (name.to_owned(), label)
        });
        let texts = FIELDS.map(|(name, label, example)| {
            Field::new(Kind::Text, name, label, self.value(name)).placeholder(example).error_of(self.error.as_ref())
        });
        texts
            .into_iter()
            .chain([status.choices(choices).error_of(self.error.as_ref())])
            .map(|field| field.html())
            .collect()
    }

    fn value(&self, name: &str) -> &str {
        self.filters.get(name).unwrap_or_default()
    }

    /// The parameters that the form of filters keeps.
    fn kept_by_form(&self) -> Vec<(&str, &str)> {
        self.filters.filters().filter(|(name, _)| !is_of_form(name)).collect()
    }

    /// The parameters that the search keeps.
    fn kept_by_search(&self) -> Vec<(&str, &str)> {
        let is_chosen_there = |name: &str| name == SOURCE && !self.source_choices.is_empty();
        self.filters.filters().filter(|(name, _)| *name != "search" && !is_chosen_there(name)).collect()
    }

    fn search_error(&self) -> Option<&str> {
        let error = self.error.as_ref().filter(|error| error.field.as_deref() == Some("search"));
        error.map(|error| error.message.as_str())
    }

    /// True if an error is about a field of the form.
    fn form_error(&self) -> bool {
        self.error.as_ref().and_then(|error| error.field.as_deref()).is_some_and(is_of_form)
    }

    fn error_elsewhere(&self) -> Option<&str> {
        let names = FIELDS.map(|(name, ..)| name);
        error_elsewhere(self.error.as_ref(), &[&names[..], &["action_status", "search"]].concat())
    }

    fn chips(&self) -> Html {
        self.filters.chips(chip)
    }

    fn columns(&self) -> Columns {
        let is_all_open = self.is_default() || self.filters.get(ATTENTION) == Some("true");
        Columns { source: self.source.is_none(), attention: !is_all_open }
    }

    /// The page on which the events that the list shows are run again; none where that cannot select them.
    fn run_again(&self) -> Option<String> {
        let source = self.source.as_deref().filter(|key| *key != API_LOG && self.layout.page.can(Scope::Operate))?;
        let names = [
            ("outcome", "outcome"),
            ("code", "code"),
            ("event", "event_type"),
            ("starting_at", "starting_at"),
            ("ending_at", "ending_at"),
        ];
        let mut query = String::new();
        for (name, value) in self.filters.filters().filter(|(name, _)| ![SOURCE, ATTENTION].contains(name)) {
            let (_, of_job) = names.iter().find(|(of_list, _)| *of_list == name)?;
            query.push_str(&format!("&{of_job}={}", url_part(value)));
        }
        let environment = self.layout.environment()?;
        let jobs = format!("/e/{}/sources/{}/logs/replays", url_part(&environment.slug), url_part(source));
        Some(format!("{jobs}/new?{}", query.trim_start_matches('&')))
    }

    /// The list of what was run again.
    fn jobs(&self) -> Option<String> {
        let source = self.source.as_deref().filter(|key| *key != API_LOG)?;
        let environment = self.layout.environment()?;
        Some(format!("/e/{}/sources/{}/logs/replays", url_part(&environment.slug), url_part(source)))
    }

    fn refused(&self) -> Option<String> {
        match self.refused {
            0 => None,
            1 => Some("1 request of this source was refused by its signature, and is not in this list.".to_owned()),
            count => Some(format!(
                "{} requests of this source were refused by their signatures, and are not in this list.",
                grouped(count)
            )),
        }
    }

    fn looked_at(&self, searched: &SearchedLogs) -> String {
        let entries = i64::try_from(searched.entries).unwrap_or(i64::MAX);
        match searched.is_complete {
            true => format!("Looked at all {} entries that are left", grouped(entries)),
            false => format!("Looked at {} entries", grouped(entries)),
        }
    }

    /// The page on which a search goes on.
    fn further(&self) -> Option<String> {
        let list = self.list.as_ref()?;
        list.searched.as_ref().filter(|searched| !searched.is_complete)?;
        Some(self.filters.page("after", list.page_info.after.as_deref()?))
    }

    fn empty(&self) -> Html {
        let all = self.filters.with(ATTENTION, "false");
        if self.is_default() {
            return empty_state(
                "Nothing needs you",
                "What fails, cannot be read or is given up appears here. Everything else is in the list of all events.",
                Some(("Show all events", &all)),
            );
        }
        let is_all =
            self.filters.filters().all(|(name, value)| name == SOURCE || (name, value) == (ATTENTION, "false"));
        match is_all {
            true => empty_state(
                "No events yet",
                "What a source sends to its endpoint in this environment appears here, newest first, whatever came of it.",
                Some(("Go to the sources", "/sources")),
            ),
            false => empty_state(
                "Nothing matches",
                "No entry that is still kept, and was looked at, has all of these filters.",
                Some(("Show all events", &self.filters.only(ATTENTION, "false"))),
            ),
        }
    }

    fn pages(&self) -> Html {
        self.list.as_ref().map(|list| pagination(&self.filters, &list.page_info)).unwrap_or_default()
    }
}

/// Lists the event logs of an environment, newest first, or those of the source that the query names.
pub async fn of_environment(page: Page, Path(environment): Path<String>) -> PageResult {
    let slug = url_part(&environment);
    let filters = Filters::of(&page.path, &page.query).keeping(SOURCE);
    let sources: SourceList = page.get(&format!("/v1/sources?environment={slug}")).await?;
    let names = sources.entries.into_iter().map(|source| (source.key, source.name));
    let every = [(String::new(), "All sources".to_owned())];
    let calls = [(API_LOG.to_owned(), "API calls".to_owned())];
    let choices = every.into_iter().chain(names).chain(calls).collect();
    let source = filters.get(SOURCE).map(str::to_owned);
    show(&page, Layout::new(&page, "Logs"), &environment, source, choices, filters).await
}

/// Lists the event logs of one source, newest first.
pub async fn of_source(page: Page, Path((environment, key)): Path<(String, String)>) -> PageResult {
    let filters = Filters::of(&page.path, &page.query).keeping(SOURCE);
    let path = format!("/v1/sources/{}?environment={}", url_part(&key), url_part(&environment));
    let source: Source = page.get(&path).await?;
    let layout = Layout::new(&page, source.name).in_source(&key);
    show(&page, layout, &environment, Some(key), Vec::new(), filters).await
}

async fn show(
    page: &Page,
    layout: Layout<'_>,
    environment: &str,
    source: Option<String>,
    source_choices: Vec<(String, String)>,
    filters: Filters,
) -> PageResult {
    let path = match &source {
        Some(key) => format!("/v1/sources/{}/logs", url_part(key)),
        None => "/v1/logs".to_owned(),
    };
    let asked = if filters.is_empty() { filters.and(ATTENTION, "true") } else { filters.clone() };
    let is_newest = NOT_LIVE.iter().all(|name| filters.get(name).is_none());
    // Before the list, so that nothing is missed between the two.
    let newest = match is_newest {
        true => page.get::<SourceLogList>(&format!("{path}?environment={}&limit=1", url_part(environment))).await?,
        false => SourceLogList::default(),
    };
    let answer =
        page.get::<SourceLogList>(&format!("{path}?{}", asked.to_query(&[("environment", environment)]))).await;
    let (list, error) = match answer {
        Ok(list) => (Some(list), None),
        // A filter that the API refuses is told at its field.
        Err(failure) if failure.body.field.is_some() => (None, Some(failure.into())),
        Err(failure) => return Err(failure.into()),
    };
    let live = (is_newest && list.is_some()).then(|| {
        let since = newest.entries.first().map(|entry| ("since", entry.id.as_str()));
        let source = source.as_deref().map(|key| (SOURCE, key));
        let more: Vec<(&str, &str)> = since.into_iter().chain(source).collect();
        format!("/e/{}/logs/live?{}", url_part(environment), asked.to_query(&more))
    });
    let refused = refused(page, environment, source.as_deref()).await?;
    let view = ListPage { layout, source_choices, source, refused, filters, list, live, error };
    let status = view.error.as_ref().map_or(StatusCode::OK, |error: &PageError| error.status);
    let mut response: Response = respond::html(&view).into_response();
    *response.status_mut() = status;
    Ok(response)
}

/// Returns the number of requests of a source that its verification refused.
async fn refused(page: &Page, environment: &str, source: Option<&str>) -> Result<i64, ApiFailure> {
    let Some(key) = source.filter(|key| *key != API_LOG) else { return Ok(0) };
    let path = format!("/v1/sources/{}/status?environment={}", url_part(key), url_part(environment));
    let SourceStatus { needs_attention: NeedsAttention { causes, .. }, .. } = page.get(&path).await?;
    let refused = causes.iter().filter(|cause| cause.environment == environment && cause.kind == "refused");
    Ok(refused.map(|cause| cause.count).sum())
}

fn is_of_form(name: &str) -> bool {
    name == "action_status" || FIELDS.iter().any(|(field, ..)| *field == name)
}

fn chip(name: &str, value: &str) -> String {
    let outcomes = || value.split(',').map(|name| outcome::event(name.trim()).label).collect::<Vec<_>>().join(" or ");
    match name {
        "outcome" => outcomes(),
        "action_status" => format!("Action: {}", outcome::action(value).label),
        "date" => format!("On: {value}"),
        ATTENTION if value == "true" => "Needs attention".to_owned(),
        // It is what the list would be without the default.
        ATTENTION => String::new(),
        "search" => format!("Text: {value}"),
        name => {
            let label = FIELDS.iter().find(|(field, ..)| *field == name).map_or(name, |(_, label, _)| label);
            format!("{label}: {value}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chip_speaks_as_the_badges_do() {
        assert_eq!(chip("outcome", "failed,rejected"), "Failed or Unreadable");
        assert_eq!(chip("user_id", "u_1"), "User: u_1");
        assert_eq!(chip("action_status", "error"), "Action: Failed");
        assert_eq!(chip(ATTENTION, "false"), "");
        assert_eq!(chip("date", "2026-01-02"), "On: 2026-01-02");
    }
}
