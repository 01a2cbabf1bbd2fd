//! `GET /v1/sources/{key}/events/fields`

use axum::{Json, extract::State};
use inlet_api_types::sources::{SourceEventField, SourceEventFields};
use inlet_core::{
    fields_seen::{FieldSeen, FieldsSeen},
    log::Original,
    time,
};
use inlet_engine::Engine;
use inlet_store::{Cursor, EventQuery};

use super::lookup::queried_endpoint;
use crate::{
    answer_memory::AnswerMemory, auth::Operator, error::ApiError, path::Name, query::Params, stored_json::stored_json,
};

/// The number of events that are examined if none is given.
const DEFAULT_EVENTS: usize = 200;
/// The most events that are examined.
const MAX_EVENTS: usize = 1_000;
/// Log entries that are read at once.
const PAGE: usize = 100;

/// Describes an event type by its newest stored events: the fields that they have, the types of the values, and how often.
///
/// Events whose bodies are no longer stored, or are over 16 KiB, are passed over.
#[utoipa::path(
    get,
    path = "/v1/sources/{key}/events/fields",
    operation_id = "describeSourceEvent",
    tag = "sources",
    params(
        ("key" = String, Path, description = "The source"),
        ("environment" = String, Query, description = "The environment"),
        ("event" = String, Query, description = "The event type, whole"),
        ("last" = Option<u64>, Query, description = "The number of newest events to examine, 1 to 1000; 200 if absent"),
    ),
    responses((status = 200, description = "The fields", body = SourceEventFields)),
)]
pub async fn describe_source_event(
    _: Operator,
    State(engine): State<Engine>,
    Name(key): Name,
    params: Params,
) -> Result<Json<SourceEventFields>, ApiError> {
    let endpoint = queried_endpoint(&engine, &key, &params)?;
    let missing = || ApiError::invalid("event", "it is missing; GET …/events lists the event types that there are");
    let event = params.get("event").ok_or_else(missing)?;
    let last = read_last(&params)?;
    let (mut data, mut body) = (FieldsSeen::default(), FieldsSeen::default());
    let (mut looked_at, mut examined, mut oldest_ms, mut has_more) = (0, 0, None, false);
    let mut cursor = Cursor::Start;
    while looked_at < last {
        let memory = AnswerMemory::new(&engine);
        let query = EventQuery {
            event_types: vec![event.to_owned()],
            cursor,
            ..EventQuery::newest(vec![endpoint.id], PAGE.min(last - looked_at))
        };
        let page = engine.store.events_within(&query, &memory).await?.ok_or_else(AnswerMemory::exhausted)?;
        let Some(oldest) = page.items.last() else { break };
        (oldest_ms, has_more, cursor) = (Some(oldest.received_at_ms), page.has_after, Cursor::After(oldest.id));
        looked_at += page.items.len();
        for event in page.items {
            let found = event.data.as_ref().and_then(|data| data.content.as_deref());
            let Some(Original::Json(item)) = &event.original.content else { continue };
            examined += 1;
            body.add("body", item);
            data.add("data", found.unwrap_or("{}"));
        }
        if !has_more {
            break;
        }
    }
    let hides = endpoint.hides_personal_data;
    let fields = |seen: &FieldsSeen| seen.iter().map(|(path, field)| field_response(path, field, hides)).collect();
    Ok(Json(SourceEventFields {
        event: event.to_owned(),
        examined,
        left_out: looked_at - examined,
        has_more,
        oldest_received_at: oldest_ms.map(time::write_ms),
        data: fields(&data),
        body: fields(&body),
        is_cut: data.is_cut || body.is_cut,
        personal_data_hidden: hides,
    }))
}

fn field_response(path: &str, field: &FieldSeen, hides: bool) -> SourceEventField {
    let examples = field.examples.iter().filter(|_| !hides).map(stored_json).collect();
    let types = field.kinds.iter().map(|(kind, count)| (kind.as_str().to_owned(), *count)).collect();
    SourceEventField { path: path.to_owned(), count: field.texts, types, examples }
}

fn read_last(params: &Params) -> Result<usize, ApiError> {
    let Some(text) = params.get("last") else { return Ok(DEFAULT_EVENTS) };
    let refused =
        || ApiError::invalid("last", format!("found {text:?}, expected a whole number from 1 to {MAX_EVENTS}"));
    text.parse().ok().filter(|last| (1..=MAX_EVENTS).contains(last)).ok_or_else(refused)
}
