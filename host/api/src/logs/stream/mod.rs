//! `GET /v1/logs/stream` and `GET /v1/sources/{key}/logs/stream`: event logs as they are committed, as server-sent events.
//!
//! A stream copies nothing on the path of events: it waits for the notice of a commit, and reads the log from its position.
//! A client that reads slowly slows its own stream down, which holds one page of memory.

mod follower;
mod frames;

use std::convert::Infallible;

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use futures_util::stream;
use inlet_api_types::logs::{LogFilterParams, LogStreamParams};
use inlet_core::Uuid;
use inlet_engine::Engine;
use inlet_store::{API_LOG, EventQuery, FeedPosition};

use self::follower::{Followed, Follower, Missed};
use crate::{
    auth::Operator,
    error::{ApiError, Kind},
    logs::filters::read_query,
    page::CursorText as _,
    path::Name,
    query::Params,
    sources::lookup::find_log,
};

/// The entries that are read and sent at a time.
const PAGE: usize = 25;
/// The header that browsers continue with, by themselves.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Streams the event logs of all sources of an environment as they are committed.
///
/// Server-sent events with the `id` of a log entry each: `open`, `entry` (as in the list), `heartbeat` after ten seconds
/// of silence, `missed` with what was not sent, and `end` with a reason and `may_continue`. `since` or `Last-Event-ID` continues after an
/// entry; without them the stream begins now. It sends at most about 200 entries a second.
#[utoipa::path(
    get,
    path = "/v1/logs/stream",
    operation_id = "streamLogs",
    tag = "sources",
    params(
        ("environment" = String, Query, description = "The environment"),
        LogFilterParams,
        LogStreamParams,
        ("Last-Event-ID" = Option<String>, Header, description = "The same as `since`, which browsers send when they connect again"),
    ),
    responses((status = 200, description = "The events", content_type = "text/event-stream", body = String)),
)]
pub async fn stream_logs(
    operator: Operator,
    State(engine): State<Engine>,
    params: Params,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    open(operator, engine, None, &params, &headers).await
}

/// Streams the event logs of a source as they are committed.
///
/// See `GET /v1/logs/stream`.
#[utoipa::path(
    get,
    path = "/v1/sources/{key}/logs/stream",
    operation_id = "streamSourceLogs",
    tag = "sources",
    params(
        ("key" = String, Path, description = "The source; `$api` for the calls of the recipients API"),
        ("environment" = String, Query, description = "The environment"),
        LogFilterParams,
        LogStreamParams,
        ("Last-Event-ID" = Option<String>, Header, description = "The same as `since`, which browsers send when they connect again"),
    ),
    responses((status = 200, description = "The events", content_type = "text/event-stream", body = String)),
)]
pub async fn stream_source_logs(
    operator: Operator,
    State(engine): State<Engine>,
    Name(key): Name,
    params: Params,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    open(operator, engine, Some(key), &params, &headers).await
}

async fn open(
    operator: Operator,
    engine: Engine,
    source: Option<String>,
    params: &Params,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    let environment = {
        let snapshot = engine.snapshot();
        if let Some(key) = source.as_deref().filter(|key| *key != API_LOG) {
            crate::sources::lookup::find_source(&snapshot, key)?;
        }
        let environment = params.required_environment(&snapshot)?.clone();
        if let Some(key) = &source {
            find_log(&snapshot, key, &environment)?;
        }
        environment
    };
    operator.may_see(&environment)?;
    let query = EventQuery { limit: PAGE, ..read_query(params, Vec::new())? };
    let missed = match params.get("missed") {
        None | Some("send") => Missed::Send,
        Some("skip") => Missed::Skip,
        Some(other) => {
            return Err(ApiError::invalid("missed", format!("found {other:?}, expected send or skip")));
        }
    };
    let since = read_since(params, headers)?;
    let Ok(permit) = engine.streams.clone().try_acquire_owned() else {
        let message = "as many streams are open as the server keeps; close one, or try again later";
        return Err(ApiError::new(Kind::Unavailable, message));
    };
    let followed = Followed { operator, environment: environment.slug, source };
    let mut follower = Follower::new(engine, followed, query, missed, permit);
    let opened = follower.begin(since).await?;
    let body = stream::unfold((Some(opened), follower), |(opened, mut follower)| async {
        let frames = match opened {
            Some(opened) => Some(opened),
            None => follower.next().await,
        };
        frames.map(|frames| (Ok::<_, Infallible>(frames), (None, follower)))
    });
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        // Without it nginx would collect the events.
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    Ok((headers, Body::from_stream(body)).into_response())
}

/// Reads the entry after which the stream begins. A browser's header is newer than the address that it began with.
fn read_since(params: &Params, headers: &HeaderMap) -> Result<Option<Uuid>, ApiError> {
    let header = headers.get(LAST_EVENT_ID).and_then(|value| value.to_str().ok()).filter(|text| !text.is_empty());
    match header {
        Some(text) => Uuid::read(text).or_else(|| Uuid::try_parse(text).ok()).map(Some).ok_or_else(|| {
            ApiError::invalid("Last-Event-ID", "it is not the id of an event of this stream; leave it out to begin now")
        }),
        None => params.id("since"),
    }
}

/// A place in the log, and the entry that clients continue after.
#[derive(Debug, Clone, Copy)]
struct Place {
    position: FeedPosition,
    cursor: Uuid,
}
