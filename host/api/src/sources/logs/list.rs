//! `GET /v1/sources/{key}/logs`

use axum::{extract::State, response::Response};
use inlet_api_types::{
    PageParams,
    logs::{SourceLog, SourceLogList},
};
use inlet_core::{
    log::{Outcome, Status},
    mapping::matched_by,
    time,
};
use inlet_engine::Engine;
use inlet_store::{API_LOG, EventQuery, RecipientFilter};

use super::{late_values::LateValues, response, time_bounds::TimeBounds};
use crate::{
    answer_memory::AnswerMemory,
    auth::Operator,
    deliveries::{self, read_shown, shown_with},
    error::ApiError,
    page::{PageRequest, page_info},
    path::Name,
    query::Params,
    sources::lookup::{find_log, find_source},
};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Lists event logs, newest first. `data`, `original` and payloads over 16 KiB are null, except with `id`.
///
/// Filters may be combined. `after` and `before` take a cursor of the list, or a time such as `2026-01-02T03:04:05Z`; each
/// may be given once in both forms. Values are compared as they were received, also where personal data is hidden.
#[utoipa::path(
    get,
    path = "/v1/sources/{key}/logs",
    operation_id = "listSourceLogs",
    tag = "sources",
    params(
        ("key" = String, Path, description = "The source; `$api` for the calls of the recipients API"),
        ("environment" = String, Query, description = "The environment"),
        ("date" = Option<String>, Query, description = "Logged on this day, `YYYY-MM-DD`, in UTC"),
        ("starting_at" = Option<String>, Query, description = "Logged at this time or later"),
        ("ending_at" = Option<String>, Query, description = "Logged before this time"),
        ("event" = Option<String>, Query, description = "Of this event type; `Paid` also finds `track/Paid`, as in a mapping"),
        ("user_id" = Option<String>, Query, description = "About this user"),
        ("idempotency_key" = Option<String>, Query, description = "With this idempotency key"),
        ("recipient" = Option<String>, Query, description = "With a trigger that reached or skipped this recipient: the id of a user, or `collection/id`"),
        ("action_status" = Option<String>, Query, description = "With an action that ended so: `success`, `skipped` or `error`"),
        ("outcome" = Option<String>, Query, description = "Of this outcome, or of these: `failed,rejected`"),
        ("code" = Option<String>, Query, description = "Of this code, for example `action_failed`"),
        ("id" = Option<String>, Query, description = "This one only, whole and with its actions"),
        ("include" = Option<Vec<String>>, Query, description = "`actions`: what was done about each event"),
        PageParams,
    ),
    responses((status = 200, description = "The event logs", body = SourceLogList)),
)]
pub async fn list_source_logs(
    _: Operator,
    State(engine): State<Engine>,
    Name(key): Name,
    params: Params,
) -> Result<Response, ApiError> {
    let snapshot = engine.snapshot();
    // A source that does not exist is told before an environment that is missing.
    if key != API_LOG {
        find_source(&snapshot, &key)?;
    }
    let endpoint = find_log(&snapshot, &key, params.required_environment(&snapshot)?)?;
    let query = read_query(&params, vec![endpoint.id])?;
    let memory = AnswerMemory::new(&engine);
    let page = engine.store.events_within(&query, &memory).await?.ok_or_else(AnswerMemory::exhausted)?;
    let page_info = page_info(&page, query.limit, |event| event.id);
    // One event is shown whole, however long its values are.
    let late = query.id.and(page.items.first());
    let late = late.map(|event| LateValues::of(&engine, event, endpoint.hides_personal_data));
    let entries = page.items.into_iter().map(|event| response::log(event, endpoint, query.include_actions));
    let mut entries: Vec<SourceLog> = entries.collect();
    if let (Some(id), Some(entry)) = (query.id, entries.first_mut()) {
        let query = shown_with(endpoint.environment_id, None, Some(id));
        let listed = read_shown(&engine, &query, &memory).await?;
        let hides = endpoint.hides_personal_data;
        let shown = |(listed, attempts)| deliveries::response::whole_delivery(listed, attempts, hides);
        entry.deliveries = Some(listed.into_iter().map(shown).collect());
    }
    let list = SourceLogList { entries, page_info };
    match late {
        Some(late) => late.answer(memory, list).await,
        None => memory.answer(list),
    }
}

/// Reads the filters and the page of a list of event logs of these source environments.
pub fn read_query(params: &Params, source_environment_ids: Vec<i64>) -> Result<EventQuery, ApiError> {
    let (params, period) = &TimeBounds::split(params)?;
    let PageRequest { cursor, limit } = PageRequest::read(params)?;
    let (starting_at_ms, ending_at_ms) = read_period(params, period)?;
    let id = params.id("id")?;
    Ok(EventQuery {
        id,
        event_types: params.get("event").map(matched_by).unwrap_or_default(),
        outcomes: read_outcomes(params)?,
        code: params.get("code").map(str::to_owned),
        user_id: params.get("user_id").map(str::to_owned),
        idempotency_key: params.get("idempotency_key").map(str::to_owned),
        action_status: read_status(params)?,
        recipient: params.get("recipient").map(read_recipient),
        starting_at_ms,
        ending_at_ms,
        cursor,
        include_actions: id.is_some() || params.includes("actions"),
        ..EventQuery::newest(source_environment_ids, limit)
    })
}

fn read_outcomes(params: &Params) -> Result<Vec<Outcome>, ApiError> {
    let read = |name: &str| {
        let names: Vec<&str> = Outcome::ALL.into_iter().map(Outcome::as_str).collect();
        Outcome::parse(name.trim()).ok_or_else(|| {
            ApiError::invalid("outcome", format!("found {name:?}, expected one of {}", names.join(", ")))
        })
    };
    params.get("outcome").into_iter().flat_map(|names| names.split(',')).map(read).collect()
}

fn read_status(params: &Params) -> Result<Option<Status>, ApiError> {
    let read = |name: &str| {
        Status::parse(name).ok_or_else(|| {
            let names = Status::ALL.map(Status::as_str).join(", ");
            ApiError::invalid("action_status", format!("found {name:?}, expected one of {names}"))
        })
    };
    params.get("action_status").map(read).transpose()
}

/// Reads a user's id, or the collection and the id of an object: no user's id has a slash.
fn read_recipient(text: &str) -> RecipientFilter {
    match text.split_once('/') {
        Some((collection, id)) => RecipientFilter { collection: Some(collection.to_owned()), id: id.to_owned() },
        None => RecipientFilter { collection: None, id: text.to_owned() },
    }
}

/// Returns the intersection of `date`, `starting_at`, `ending_at` and the times in `after` and `before`: start (inclusive)
/// and end (exclusive).
fn read_period(params: &Params, bounds: &TimeBounds) -> Result<(Option<i64>, Option<i64>), ApiError> {
    let (mut start, mut end) = (params.time_ms("starting_at")?, params.time_ms("ending_at")?);
    start = start.max(bounds.after_ms);
    end = match (end, bounds.before_ms) {
        (Some(end), Some(before)) => Some(end.min(before)),
        (end, before) => end.or(before),
    };
    if let Some(date) = params.get("date") {
        // A date without a time parses as midnight in UTC.
        let midnight = time::parse(date)
            .filter(|_| date.len() == "YYYY-MM-DD".len())
            .ok_or_else(|| ApiError::invalid("date", format!("found {date:?}, expected a day such as 2026-01-02")))?;
        let midnight_ms = midnight / 1000;
        start = start.max(Some(midnight_ms));
        end = Some(end.map_or(midnight_ms + DAY_MS, |end| end.min(midnight_ms + DAY_MS)));
    }
    Ok((start, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(query: &str) -> Result<(Option<i64>, Option<i64>), String> {
        read_period(&Params::parse(query), &TimeBounds::default()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_period_is_what_all_filters_have_in_common() {
        let midnight = 1_767_312_000_000;
        assert_eq!(period(""), Ok((None, None)));
        assert_eq!(period("date=2026-01-02"), Ok((Some(midnight), Some(midnight + DAY_MS))));
        let narrowed = period("date=2026-01-02&starting_at=2026-01-02T01:00:00Z&ending_at=2026-01-09T00:00:00Z");
        assert_eq!(narrowed, Ok((Some(midnight + 3_600_000), Some(midnight + DAY_MS))));
        let earlier = period("date=2026-01-02&starting_at=2025-01-02T01:00:00Z&ending_at=2026-01-02T01:00:00Z");
        assert_eq!(earlier, Ok((Some(midnight), Some(midnight + 3_600_000))));
        for date in ["2026-01-32", "today", "2026-01-02T00:00:00Z", "20260102"] {
            assert_eq!(
                period(&format!("date={date}")),
                Err(format!("found {date:?}, expected a day such as 2026-01-02"))
            );
        }
    }

    #[test]
    fn one_event_is_shown_whole() {
        let query = |text: &str| read_query(&Params::parse(text), vec![7]).unwrap();
        assert!(!query("").include_actions);
        assert!(query("include=actions").include_actions);
        let one = query("id=019b7c9b-7eae-7000-8000-000000000000");
        assert!(one.include_actions);
        assert_eq!(one.source_environment_ids, [7]);
    }
}
