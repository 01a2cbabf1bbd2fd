//! `GET /e/{environment}/logs`

use askama::Template;
use axum::{
    extract::Path,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use inlet_api_types::{
    logs::{SourceLog, SourceLogList},
    sources::{NeedsAttention, SourceList, SourceStatus},
};

use super::API_LOG;
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
    html::url_part,
    layout::Layout,
    respond,
};

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
    environment: &'a str,
    sources: SourceList,
    source: String,
    attention: NeedsAttention,
    filters: Filters,
    list: Option<SourceLogList>,
    error: Option<PageError>,
}

impl ListPage<'_> {
    fn tabs(&self) -> Vec<Choice> {
        let sources = self.sources.entries.iter().map(|source| (source.key.as_str(), source.name.as_str()));
        let all = sources.chain([(API_LOG, "API calls")]);
        all.map(|(key, name)| Choice {
            label: name.to_owned(),
            href: self.filters.with("source", key),
            is_chosen: key == self.source,
        })
        .collect()
    }

    fn outcomes(&self) -> Vec<Choice> {
        let labels = outcome::EVENT_OUTCOMES.map(|name| (name, outcome::event(name).label));
        let values: Vec<(&str, &str)> = labels.iter().map(|(name, label)| (*name, label.as_str())).collect();
        self.filters.choices("outcome", "All", &values)
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

    fn error_elsewhere(&self) -> Option<&str> {
        let names = FIELDS.map(|(name, ..)| name);
        error_elsewhere(self.error.as_ref(), &[&names[..], &["action_status"]].concat())
    }

    fn chips(&self) -> Html {
        self.filters.chips(chip)
    }

    /// The number of failed and unreadable entries that need attention, and the list of all of them.
    fn needs_attention(&self) -> Option<(String, String)> {
        let count = self.count(|kind| kind != "refused");
        (count > 0).then(|| (outcome::attention(count), self.filters.with("outcome", "failed,rejected")))
    }

    fn refused(&self) -> Option<String> {
        match self.count(|kind| kind == "refused") {
            0 => None,
            1 => Some("1 request of this source was refused by its signature, and is not in this list.".to_owned()),
            count => Some(format!(
                "{} requests of this source were refused by their signatures, and are not in this list.",
                crate::html::grouped(count)
            )),
        }
    }

    fn count(&self, is_wanted: impl Fn(&str) -> bool) -> i64 {
        let causes = self.attention.causes.iter().filter(|cause| cause.environment == self.environment);
        causes.filter(|cause| is_wanted(&cause.kind)).map(|cause| cause.count).sum()
    }

    fn href(&self, entry: &SourceLog) -> String {
        format!("/e/{}/logs/{}/{}", url_part(self.environment), url_part(&self.source), url_part(&entry.id))
    }

    fn why(&self, entry: &SourceLog) -> Option<String> {
        why(entry)
    }

    fn empty(&self) -> Html {
        match self.filters.is_empty() {
            true => empty_state(
                "No events yet",
                "What this source sends to its endpoint in this environment appears here, newest first, whatever came of it.",
                None,
            ),
            false => empty_state(
                "Nothing matches",
                "No entry that is still kept has all of these filters.",
                Some(("Show all", &self.filters.none())),
            ),
        }
    }

    fn pages(&self) -> Html {
        self.list.as_ref().map(|list| pagination(&self.filters, &list.page_info)).unwrap_or_default()
    }
}

/// Lists the event logs of one source, newest first.
pub async fn list(page: Page, Path(environment): Path<String>) -> PageResult {
    let slug = url_part(&environment);
    let filters = Filters::of(&page.path, &page.query).keeping("source");
    let sources: SourceList = page.get(&format!("/v1/sources?environment={slug}")).await?;
    let (source, attention) = choose(&page, &slug, &sources, filters.get("source")).await?;
    let query = filters.to_query(&[("environment", &environment)]);
    let answer = page.get::<SourceLogList>(&format!("/v1/sources/{}/logs?{query}", url_part(&source))).await;
    let (list, error) = match answer {
        Ok(list) => (Some(list), None),
        // A filter that the API refuses is told at its field.
        Err(failure) if failure.body.field.is_some() => (None, Some(failure.into())),
        Err(failure) => return Err(failure.into()),
    };
    let layout = Layout::new(&page, "Logs");
    let environment = environment.as_str();
    let view = ListPage { layout, environment, sources, source, attention, filters, list, error };
    let status = view.error.as_ref().map_or(StatusCode::OK, |error: &PageError| error.status);
    let mut response: Response = respond::html(&view).into_response();
    *response.status_mut() = status;
    Ok(response)
}

/// Returns the source whose log is shown, and what needs attention there: the one that the address names, else the first one
/// with events.
async fn choose(
    page: &Page,
    slug: &str,
    sources: &SourceList,
    asked: Option<&str>,
) -> Result<(String, NeedsAttention), PageError> {
    let status = async |key: &str| {
        page.get::<SourceStatus>(&format!("/v1/sources/{}/status?environment={slug}", url_part(key))).await
    };
    match asked {
        Some(API_LOG) => return Ok((API_LOG.to_owned(), NeedsAttention::default())),
        Some(key) => return Ok((key.to_owned(), status(key).await?.needs_attention)),
        None => {}
    }
    for source in &sources.entries {
        let status = status(&source.key).await?;
        if status.last_event_received.is_some() {
            return Ok((source.key.clone(), status.needs_attention));
        }
    }
    let first = sources.entries.first().map_or(API_LOG, |source| &source.key);
    Ok((first.to_owned(), NeedsAttention::default()))
}

/// Why nothing was carried out for an entry; none if something was, and no reason is stored.
pub fn why(entry: &SourceLog) -> Option<String> {
    match (&entry.reason, &entry.code) {
        (Some(reason), Some(code)) => Some(format!("{code}: {reason}")),
        (Some(text), None) | (None, Some(text)) => Some(text.clone()),
        (None, None) => None,
    }
}

fn chip(name: &str, value: &str) -> String {
    let outcomes = || value.split(',').map(|name| outcome::event(name.trim()).label).collect::<Vec<_>>().join(" or ");
    match name {
        "outcome" => outcomes(),
        "action_status" => format!("Action: {}", outcome::action(value).label),
        "date" => format!("On: {value}"),
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
        assert_eq!(chip("date", "2026-01-02"), "On: 2026-01-02");
    }
}
