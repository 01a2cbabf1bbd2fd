//! Checks a request for a replay, and the lists of ids and outcomes that dismissals share.

use inlet_api_types::replays::CreateReplay;
use inlet_core::{Uuid, log::Outcome, mapping::matched_by, time};
use inlet_store::ReplayFilter;

use crate::error::ApiError;

/// The most ids in one request.
const MAX_IDS: usize = 1000;

/// Returns the filter of a replay. `now_ms` is the time of the ids of events.
pub fn filter(request: CreateReplay, now_ms: i64) -> Result<ReplayFilter, ApiError> {
    if request.code.is_some() && request.cause.is_some() {
        return Err(ApiError::invalid("cause", "code is given too; they mean the same, give one of them"));
    }
    if let (Some(other), Some(_)) = (other_filter(&request), &request.ids) {
        return Err(ApiError::invalid(other, "ids are given too, and say what is replayed; give one of them"));
    }
    let force = request.force.unwrap_or_default();
    if force && request.ids.is_none() {
        return Err(ApiError::invalid("force", "idempotency is bypassed for named entries only; give their ids"));
    }
    let mut types = request.event_type.as_deref().map(matched_by).unwrap_or_default().into_iter();
    let (event_type, track_event_type) = (types.next(), types.next());
    Ok(ReplayFilter {
        outcomes: match &request.outcome {
            Some(names) => parse_outcomes(names)?,
            None => vec![Outcome::Failed, Outcome::Rejected],
        },
        code: request.code.or(request.cause),
        event_type,
        track_event_type,
        starting_at_ms: match request.max_age_seconds {
            Some(age) => Some(oldest(age, request.starting_at.is_some(), now_ms)?),
            None => request.starting_at.map(|text| parse_time("starting_at", &text)).transpose()?,
        },
        ending_at_ms: request.ending_at.map(|text| parse_time("ending_at", &text)).transpose()?,
        ids: request.ids.as_deref().map(parse_ids).transpose()?.unwrap_or_default(),
        force,
    })
}

/// Returns the first filter beside `ids`.
fn other_filter(request: &CreateReplay) -> Option<&'static str> {
    let filters = [
        ("outcome", request.outcome.is_some()),
        ("code", request.code.is_some()),
        ("cause", request.cause.is_some()),
        ("event_type", request.event_type.is_some()),
        ("starting_at", request.starting_at.is_some()),
        ("ending_at", request.ending_at.is_some()),
        ("max_age_seconds", request.max_age_seconds.is_some()),
    ];
    filters.into_iter().find(|(_, is_given)| *is_given).map(|(name, _)| name)
}

/// Parses the member `ids`: ids of log entries. Returns each once, sorted.
pub fn parse_ids(texts: &[String]) -> Result<Vec<Uuid>, ApiError> {
    if texts.is_empty() || texts.len() > MAX_IDS {
        return Err(ApiError::invalid("ids", format!("found {} ids, expected 1 to {MAX_IDS}", texts.len())));
    }
    let parse = |(index, text): (usize, &String)| {
        let message = "it is not an id as this API gives them (a UUID)";
        Uuid::try_parse(text).map_err(|_| ApiError::invalid(format!("ids[{index}]"), message))
    };
    let mut ids: Vec<Uuid> = texts.iter().enumerate().map(parse).collect::<Result<_, _>>()?;
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

fn parse_outcomes(names: &[String]) -> Result<Vec<Outcome>, ApiError> {
    if names.is_empty() {
        return Err(ApiError::invalid("outcome", "it is empty; name an outcome, or leave it out"));
    }
    let parse = |(index, name): (usize, &String)| parse_outcome(&format!("outcome[{index}]"), name);
    names.iter().enumerate().map(parse).collect()
}

/// Parses the outcome in a member.
pub fn parse_outcome(field: &str, name: &str) -> Result<Outcome, ApiError> {
    Outcome::parse(name).ok_or_else(|| {
        let names: Vec<&str> = Outcome::ALL.into_iter().map(Outcome::as_str).collect();
        ApiError::invalid(field, format!("there is no outcome {name:?}; expected one of {}", names.join(", ")))
    })
}

/// Returns the time before which nothing is as young as `max_age_seconds` says, in milliseconds since 1970.
pub fn oldest(max_age_seconds: u32, has_start: bool, now_ms: i64) -> Result<i64, ApiError> {
    match has_start {
        true => Err(ApiError::invalid(
            "max_age_seconds",
            "starting_at is given too; both say where to begin, give one of them",
        )),
        false => Ok(now_ms - i64::from(max_age_seconds) * 1000),
    }
}

/// Returns milliseconds since 1970, rounded up.
fn parse_time(field: &str, text: &str) -> Result<i64, ApiError> {
    let refused = || ApiError::invalid(field, format!("found {text:?}, expected a time such as 2026-01-02T03:04:05Z"));
    time::parse(text).map(|us| -(-us).div_euclid(1000)).ok_or_else(refused)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::JsonBody;

    fn read(text: &str) -> Result<(ReplayFilter, u32), String> {
        let request = JsonBody::of(text).read::<CreateReplay>();
        let read = request.and_then(|request| {
            Ok((request.rate_per_second(), request)).and_then(|(rate, request)| Ok((filter(request, 100_000)?, rate)))
        });
        read.map_err(|error| format!("{}: {error}", error.field().unwrap_or_default()))
    }

    #[test]
    fn without_a_filter_what_failed_or_was_rejected_is_meant() {
        let read = read("{}").unwrap();
        let expected = ReplayFilter { outcomes: vec![Outcome::Failed, Outcome::Rejected], ..ReplayFilter::default() };
        assert_eq!(read, (expected, 50));
    }

    #[test]
    fn an_age_is_a_time_to_begin_at() {
        assert_eq!(read(r#"{"max_age_seconds":60}"#).unwrap().0.starting_at_ms, Some(40_000));
    }

    #[test]
    fn a_plain_name_selects_the_track_event_too() {
        let types = |text: &str| read(text).map(|(filter, _)| (filter.event_type, filter.track_event_type)).unwrap();
        let name = |name: &str| Some(name.to_owned());
        assert_eq!(types(r#"{"event_type":"Paid"}"#), (name("Paid"), name("track/Paid")));
        assert_eq!(types(r#"{"event_type":"track/Paid"}"#), (name("track/Paid"), None));
        assert_eq!(types(r#"{"event_type":"identify"}"#), (name("identify"), None));
        assert_eq!(types("{}"), (None, None));
    }

    #[test]
    fn what_is_no_filter_says_why() {
        let error = |text: &str| read(text).unwrap_err();
        insta::assert_snapshot!(error(r#"{"outcome":["lost"]}"#), @r#"outcome[0]: there is no outcome "lost"; expected one of executed, skipped, replayed, logged, failed, rejected, ignored"#);
        insta::assert_snapshot!(error(r#"{"outcome":[]}"#), @"outcome: it is empty; name an outcome, or leave it out");
        insta::assert_snapshot!(error(r#"{"code":"time","cause":"time"}"#), @"cause: code is given too; they mean the same, give one of them");
        insta::assert_snapshot!(error(r#"{"force":true}"#), @"force: idempotency is bypassed for named entries only; give their ids");
        insta::assert_snapshot!(error(r#"{"ids":[],"force":true}"#), @"ids: found 0 ids, expected 1 to 1000");
        insta::assert_snapshot!(error(r#"{"ids":["x"]}"#), @"ids[0]: it is not an id as this API gives them (a UUID)");
        insta::assert_snapshot!(error(r#"{"ids":["019b7c9b-7eae-7000-8000-000000000000"],"code":"time"}"#), @"code: ids are given too, and say what is replayed; give one of them");
        insta::assert_snapshot!(error(r#"{"starting_at":"soon"}"#), @r#"starting_at: found "soon", expected a time such as 2026-01-02T03:04:05Z"#);
        insta::assert_snapshot!(error(r#"{"rate_per_second":0}"#), @"rate_per_second: expected a whole number from 1 to 1000");
        insta::assert_snapshot!(error(r#"{"starting_at":"2026-01-02T03:04:05Z","max_age_seconds":60}"#), @"max_age_seconds: starting_at is given too; both say where to begin, give one of them");
        insta::assert_snapshot!(error(r#"{"max_age_seconds":0}"#), @"max_age_seconds: expected a whole number from 1 to 315360000");
        insta::assert_snapshot!(error(r#"{"rate":1}"#), @r#"rate: there is no such member; the nearest is "rate_per_second""#);
    }
}
