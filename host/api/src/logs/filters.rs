//! The filters of lists and streams of event logs.

use inlet_core::{
    log::{Outcome, Status},
    mapping::matched_by,
    time,
};
use inlet_store::{EventQuery, RecipientFilter};

use crate::{error::ApiError, page::PageRequest, query::Params, sources::logs::time_bounds::TimeBounds};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

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
        needs_attention: params.flag("needs_attention")?,
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

/// Reads the status of an action.
pub fn read_status(params: &Params) -> Result<Option<Status>, ApiError> {
    let read = |name: &str| {
        Status::parse(name).ok_or_else(|| {
            let names = Status::ALL.map(Status::as_str).join(", ");
            ApiError::invalid("action_status", format!("found {name:?}, expected one of {names}"))
        })
    };
    params.get("action_status").map(read).transpose()
}

/// Reads a user's id, or the collection and the id of an object: no user's id has a slash.
pub fn read_recipient(text: &str) -> RecipientFilter {
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
