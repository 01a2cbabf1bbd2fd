//! `GET /e/{environment}/logs/live`: the stream of the API, its entries as rows of the list.

use axum::{body::Bytes, extract::Path, http::HeaderMap};
use futures_util::{StreamExt as _, stream};
use inlet_api_types::logs::SourceLog;

use super::{
    list::SOURCE,
    row::{Columns, row},
};
use crate::{
    components::filter::Filters,
    context::Page,
    error::PageResult,
    html::url_part,
    sse::{Event, Events},
    stream::{self as streams, Notice},
};

const LAST_EVENT_ID: &str = "last-event-id";

/// Streams the rows of new entries. `open`, `beat`, `missed`, `ended` and `gone` are events of their own; after `gone` nobody
/// connects again.
pub async fn live(page: Page, Path(environment): Path<String>, headers: HeaderMap) -> PageResult {
    let filters = Filters::of(&page.path, &page.query).keeping(SOURCE);
    let source = filters.get(SOURCE);
    let path = match source {
        Some(key) => format!("/v1/sources/{}/logs/stream", url_part(key)),
        None => "/v1/logs/stream".to_owned(),
    };
    let query = filters.to_query(&[("environment", &environment), ("missed", "skip")]);
    let last = headers.get(LAST_EVENT_ID).and_then(|value| value.to_str().ok());
    let last: Vec<(&str, &str)> = last.into_iter().map(|id| (LAST_EVENT_ID, id)).collect();
    let columns = Columns { source: source.is_none(), attention: filters.get("needs_attention") != Some("true") };
    let opened = page.open(&format!("{path}?{query}"), &last).await;
    match opened {
        Ok(answer) => {
            let chunks = Events::new(answer).map(move |read| {
                let text: String = read?.iter().filter_map(|event| rendered(event, columns)).collect();
                Ok::<_, axum::Error>(Bytes::from(text))
            });
            Ok(streams::answer(page, chunks))
        }
        // The list stays, and says why it is not live.
        Err(failure) => {
            let gone = Bytes::from(streams::gone(failure.body.message).write());
            Ok(streams::answer(page, stream::iter([Ok::<_, axum::Error>(gone)])))
        }
    }
}

/// Returns an event of the API as the page takes it: an entry without a name is a row, which htmx inserts.
fn rendered(event: &Event, columns: Columns) -> Option<String> {
    let named = |name: &str, data: String| Some(Event { id: event.id.clone(), name: name.to_owned(), data }.write());
    match event.name.as_str() {
        "entry" => {
            let entry: SourceLog = serde_json::from_str(&event.data).ok()?;
            named("", row(&entry, columns).as_str().to_owned())
        }
        "open" => named("open", "{}".to_owned()),
        "heartbeat" => named("beat", "{}".to_owned()),
        "missed" | "end" => {
            let Notice { message, may_continue } = serde_json::from_str(&event.data).ok()?;
            match (event.name.as_str(), may_continue) {
                ("missed", _) => named("missed", message),
                (_, true) => named("ended", message),
                (_, false) => Some(streams::gone(message).write()),
            }
        }
        _ => None,
    }
}
