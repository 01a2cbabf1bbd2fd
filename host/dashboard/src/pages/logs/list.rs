//! `GET /e/{environment}/logs` and `GET /e/{environment}/sources/{key}/logs`

use askama::Template;
use axum::{
    extract::Path,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use inlet_api::Scope;
use inlet_api_types::{
    logs::SourceLogList,
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
        icon, looked_at, outcome,
        pagination::pagination,
    },
    context::Page,
    error::{PageError, PageResult},
    html::{grouped, url_part},
    layout::Layout,
    pages::source_place::SourcePlace,
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
    ("starting_at", "From (UTC)", "2026-01-02T03:04:05Z"),
    ("ending_at", "Until (UTC)", "2026-01-02T03:04:05Z"),
];
/// The filters of the list that select the events to run again: the names of the list, and of the page that runs them.
const RUN_AGAIN: [(&str, &str); 5] = [
    ("outcome", "outcome"),
    ("code", "code"),
    ("event", "event_type"),
    ("starting_at", "starting_at"),
    ("ending_at", "ending_at"),
];

/// The button that leads to the page on which the events of the list are run again.
#[derive(Debug, PartialEq, Eq)]
enum RunAgain {
    /// The address of the page.
    Page(String),
    /// The reason why the filters cannot select the events.
    Impossible(String),
}

/// The requests of a source that its verification refused.
struct Refused {
    key: String,
    name: String,
    count: i64,
}

#[derive(Template)]
#[template(path = "pages/logs/list.html")]
struct ListPage<'a> {
    layout: Layout<'a>,
    /// The sources to choose from: the key and the name. Empty on the page of one source.
    source_choices: Vec<(String, String)>,
    /// The source; none for all of the environment.
    source: Option<String>,
    /// The sources of the list with refused requests.
    refused: Vec<Refused>,
    filters: Filters,
    /// The entries; those without the filter that the API refuses, if there is an error.
    list: SourceLogList,
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
        let texts = FIELDS.map(|filter| Field::of_filter(filter, self.value(filter.0)).error_of(self.error.as_ref()));
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

    /// The button that runs the events of the list again; none without a source, or a permission to do it.
    fn run_again(&self) -> Option<RunAgain> {
        self.source.as_deref().filter(|key| *key != API_LOG && self.layout.page.can(Scope::Operate))?;
        let jobs = self.jobs()?;
        let filters = self.filters.filters().filter(|(name, _)| ![SOURCE, ATTENTION].contains(name));
        Some(match run_again_query(filters) {
            Ok(query) => RunAgain::Page(format!("{jobs}/new?{query}")),
            Err(reason) => RunAgain::Impossible(reason),
        })
    }

    /// The list of the jobs that run events again.
    fn jobs(&self) -> Option<String> {
        let source = self.source.as_deref().filter(|key| *key != API_LOG)?;
        let environment = self.layout.environment()?;
        Some(format!("/e/{}/sources/{}/logs/replays", url_part(&environment.slug), url_part(source)))
    }

    /// The number of refused requests, in words.
    fn refused_count(&self) -> Option<String> {
        match self.refused.iter().map(|refused| refused.count).sum::<i64>() {
            0 => None,
            1 => Some("1 request was refused because its signature did not verify, and is not in this list".to_owned()),
            count => Some(format!(
                "{} requests were refused because their signatures did not verify, and are not in this list",
                grouped(count)
            )),
        }
    }

    /// The page of a source's refused requests.
    fn refused_page(&self, refused: &Refused) -> String {
        let slug = self.layout.environment().map_or("", |environment| environment.slug.as_str());
        format!("/e/{}/sources/{}/refused", url_part(slug), url_part(&refused.key))
    }

    fn searched(&self) -> Html {
        let searched = self.list.searched.as_ref().filter(|_| self.error.is_none());
        looked_at::searched(searched, &self.filters, &self.list.page_info)
    }

    fn empty(&self) -> Html {
        let all = self.filters.with(ATTENTION, "false");
        if self.is_default() && !self.refused.is_empty() {
            return empty_state(
                "No event needs you",
                "The refused requests above do: they are no events until their signatures verify.",
                Some(("Show all events", &all)),
            );
        }
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
        // The pages of a list without the refused filter would be refused again.
        if self.error.is_some() { Html::default() } else { pagination(&self.filters, &self.list.page_info) }
    }
}

/// Returns the query of the page that runs events again, or the sentence that says which filter it cannot have.
fn run_again_query<'a>(filters: impl Iterator<Item = (&'a str, &'a str)>) -> Result<String, String> {
    let (mut query, mut others) = (Vec::new(), Vec::new());
    for (name, value) in filters {
        match RUN_AGAIN.iter().find(|(of_list, _)| *of_list == name) {
            Some((_, of_job)) => query.push(format!("{of_job}={}", url_part(value))),
            None => others.push(label(name)),
        }
    }
    others.dedup();
    let others = match others.as_slice() {
        [] => return Ok(query.join("&")),
        [one] => format!("filter {one}"),
        more => format!("filters {}", more.join(", ")),
    };
    Err(format!("Run many again takes outcome, event, cause and times; remove the {others}."))
}

/// Lists the event logs of an environment, newest first, or those of the source that the query names.
pub async fn of_environment(page: Page, Path(environment): Path<String>) -> PageResult {
    let slug = url_part(&environment);
    let filters = Filters::of(&page.path, &page.query).keeping(SOURCE);
    let sources: SourceList = page.get(&format!("/v1/sources?environment={slug}&include=environment_status")).await?;
    let source = filters.get(SOURCE).map(str::to_owned);
    let is_listed = |listed: &&Source| source.as_ref().is_none_or(|key| *key == listed.key);
    let refused = sources.entries.iter().filter(is_listed).filter_map(|listed| {
        let status = listed.environment_status.as_ref()?.get(&environment)?;
        refused(&listed.key, &listed.name, &environment, &status.needs_attention)
    });
    let refused = refused.collect();
    let names = sources.entries.iter().map(|listed| (listed.key.clone(), listed.name.clone()));
    let every = [(String::new(), "All sources".to_owned())];
    let calls = [(API_LOG.to_owned(), "API calls".to_owned())];
    let choices = every.into_iter().chain(names).chain(calls).collect();
    let listed = Listed { environment: &environment, source, choices, refused };
    show(&page, Layout::new(&page, "Logs"), listed, filters).await
}

/// Lists the event logs of one source, newest first.
pub async fn of_source(page: Page, Path((environment, key)): Path<(String, String)>) -> PageResult {
    let filters = Filters::of(&page.path, &page.query).keeping(SOURCE);
    let place = SourcePlace::new(&environment, &key);
    let source: Source = page.get(&place.api("")).await?;
    let status: SourceStatus = page.get(&place.api("/status")).await?;
    let refused: Vec<_> = refused(&key, &source.name, &environment, &status.needs_attention).into_iter().collect();
    let count = refused.iter().map(|refused| refused.count).sum();
    let layout = Layout::new(&page, source.name).in_source(&key).with_refused(count);
    show(&page, layout, Listed { environment: &environment, source: Some(key), choices: Vec::new(), refused }, filters)
        .await
}

/// The entries that a page lists, before its filters.
struct Listed<'a> {
    environment: &'a str,
    /// The source; none for all of the environment.
    source: Option<String>,
    /// The sources to choose from.
    choices: Vec<(String, String)>,
    refused: Vec<Refused>,
}

async fn show(page: &Page, layout: Layout<'_>, listed: Listed<'_>, filters: Filters) -> PageResult {
    let Listed { environment, source, choices: source_choices, refused } = listed;
    let path = match &source {
        Some(key) => format!("/v1/sources/{}/logs", url_part(key)),
        None => "/v1/logs".to_owned(),
    };
    let is_newest = NOT_LIVE.iter().all(|name| filters.get(name).is_none());
    // Before the list, so that nothing is missed between the two.
    let newest = match is_newest {
        true => page.get::<SourceLogList>(&format!("{path}?environment={}&limit=1", url_part(environment))).await?,
        false => SourceLogList::default(),
    };
    let mut asked = or_attention(filters.clone());
    let mut error: Option<PageError> = None;
    let list = loop {
        let query = asked.to_query(&[("environment", environment)]);
        let failure = match page.get::<SourceLogList>(&format!("{path}?{query}")).await {
            Ok(list) => break list,
            Err(failure) => failure,
        };
        // A filter that the API refuses is told at its field, and the list stands without it.
        let field = failure.body.field.clone().filter(|field| asked.get(field).is_some());
        let Some(field) = field else { return Err(failure.into()) };
        asked = or_attention(asked.dropping(&[field.as_str()]));
        if error.is_none() {
            error = Some(failure.into());
        }
    };
    let live = (is_newest && error.is_none()).then(|| {
        let since = newest.entries.first().map(|entry| ("since", entry.id.as_str()));
        let source = source.as_deref().map(|key| (SOURCE, key));
        let more: Vec<(&str, &str)> = since.into_iter().chain(source).collect();
        format!("/e/{}/logs/live?{}", url_part(environment), asked.to_query(&more))
    });
    let view = ListPage { layout, source_choices, source, refused, filters, list, live, error };
    let status = view.error.as_ref().map_or(StatusCode::OK, |error: &PageError| error.status);
    let mut response: Response = respond::html(&view).into_response();
    *response.status_mut() = status;
    Ok(response)
}

/// Returns the filters, or the default if there are none.
fn or_attention(filters: Filters) -> Filters {
    if filters.is_empty() { filters.and(ATTENTION, "true") } else { filters }
}

/// Returns the refused requests of a source in an environment; none if there are none.
fn refused(key: &str, name: &str, environment: &str, needs_attention: &NeedsAttention) -> Option<Refused> {
    let causes = needs_attention.causes.iter();
    let causes = causes.filter(|cause| cause.environment == environment && cause.kind == "refused");
    let count = causes.map(|cause| cause.count).sum();
    (count > 0).then(|| Refused { key: key.to_owned(), name: name.to_owned(), count })
}

/// Returns the name of a filter for people.
fn label(name: &str) -> &str {
    match name {
        "action_status" => "Action",
        "date" => "Date",
        "search" => "Text",
        name => FIELDS.iter().find(|(field, ..)| *field == name).map_or(name, |(_, label, _)| *label),
    }
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
        name => format!("{}: {value}", label(name)),
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
        assert_eq!(chip("search", "a b"), "Text: a b");
    }

    #[test]
    fn what_cannot_be_run_again_says_which_filter_to_remove() {
        let query = |filters: &[(&'static str, &'static str)]| run_again_query(filters.iter().copied());
        assert_eq!(query(&[]), Ok(String::new()));
        let taken = query(&[("outcome", "failed"), ("event", "Order Completed")]);
        assert_eq!(taken.as_deref(), Ok("outcome=failed&event_type=Order%20Completed"));
        let refused = query(&[("outcome", "failed"), ("user_id", "u_1"), ("search", "x")]).unwrap_err();
        assert_eq!(refused, "Run many again takes outcome, event, cause and times; remove the filters User, Text.");
        assert!(query(&[("date", "2026-01-02")]).unwrap_err().ends_with("remove the filter Date."));
    }
}
