//! `GET /e/{environment}/logs/live`: the stream of the API, its entries as rows of the list.

use axum::{
    body::{Body, Bytes},
    extract::Path,
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use futures_util::{StreamExt as _, stream};
use inlet_api_types::logs::SourceLog;
use serde::Deserialize;

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
};

const LAST_EVENT_ID: &str = "last-event-id";

/// The data of `missed` and `end`.
#[derive(Deserialize)]
struct Notice {
    message: String,
    #[serde(default)]
    may_continue: bool,
}

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
    let body = match page.open(&format!("{path}?{query}"), &last).await {
        Ok(answer) => {
            let events = Events::new(answer);
            let chunks = events.map(move |read| {
                let text: String = read?.iter().filter_map(|event| rendered(event, columns)).collect();
                Ok::<_, axum::Error>(Bytes::from(text))
            });
            Body::from_stream(chunks)
        }
        // The list stays, and says why it is not live.
        Err(failure) => {
            let gone = Event { id: String::new(), name: "gone".to_owned(), data: failure.body.message };
            Body::from_stream(stream::iter([Ok::<_, axum::Error>(Bytes::from(gone.write()))]))
        }
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        // Without it nginx would collect the events.
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    let response: Response = (headers, body).into_response();
    Ok(response)
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
            let notice: Notice = serde_json::from_str(&event.data).ok()?;
            let name = match (event.name.as_str(), notice.may_continue) {
                ("missed", _) => "missed",
                (_, true) => "ended",
                (_, false) => "gone",
            };
            named(name, notice.message)
        }
        _ => None,
    }
}
