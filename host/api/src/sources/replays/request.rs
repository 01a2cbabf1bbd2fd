//! Checks a request for a replay, and the lists of ids and outcomes that dismissals share.

use inlet_core::{Uuid, log::Outcome, time};
use inlet_store::ReplayFilter;
use utoipa::ToSchema;

use crate::{
    body::{Given, JsonBody},
    error::ApiError,
};

/// Events per second, if the request sets no rate.
const DEFAULT_RATE: u32 = 50;
/// The most events per second.
const MAX_RATE: u32 = 1000;
/// The most ids in one request.
const MAX_IDS: usize = 1000;

/// Which events to carry out again.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what `Asked::read` reads")]
pub struct NewReplay {
    /// Of these outcomes; `["failed", "rejected"]` if absent. Of those two only what still needs attention.
    outcome: Option<Vec<String>>,
    /// Of this code, for example `time` or `action_failed`.
    code: Option<String>,
    /// The same as `code`.
    cause: Option<String>,
    /// Of this event type.
    event_type: Option<String>,
    /// Logged at this time or later.
    #[schema(format = DateTime)]
    starting_at: Option<String>,
    /// Logged before this time.
    #[schema(format = DateTime)]
    ending_at: Option<String>,
    /// These log entries and no others, at most 1000; then no other filter is given.
    ids: Option<Vec<String>>,
    /// Bypass idempotency; only with `ids`.
    force: Option<bool>,
    /// At most so many events a second; 50 if absent.
    #[schema(minimum = 1, maximum = 1000)]
    rate_per_second: Option<u32>,
}

/// A replay as it is asked for.
#[derive(Debug, PartialEq, Eq)]
pub struct Asked {
    /// What.
    pub filter: ReplayFilter,
    /// How fast.
    pub rate_per_second: u32,
}

impl Asked {
    /// Reads a body.
    pub fn read(body: &JsonBody) -> Result<Asked, ApiError> {
        let mut top = body.given().object()?;
        let outcomes = top.take_some("outcome");
        let (code, cause) = (top.take_some("code"), top.take_some("cause"));
        let (event_type, starting_at) = (top.take_some("event_type"), top.take_some("starting_at"));
        let (ending_at, ids) = (top.take_some("ending_at"), top.take_some("ids"));
        let (force, rate) = (top.take_some("force"), top.take_some("rate_per_second"));
        top.finish()?;
        if let (Some(_), Some(cause)) = (&code, &cause) {
            return Err(cause.refuse("code is given too; they mean the same, give one of them"));
        }
        let others = [&outcomes, &code, &cause, &event_type, &starting_at, &ending_at];
        let other = others.into_iter().flatten().next();
        if let (Some(other), Some(_)) = (other, &ids) {
            return Err(other.refuse("ids are given too, and say what is replayed; give one of them"));
        }
        let force = force.as_ref().map(|given| Ok::<_, ApiError>((given, given.bool()?))).transpose()?;
        if let (Some((given, true)), None) = (&force, &ids) {
            return Err(given.refuse("idempotency is bypassed for named entries only; give their ids"));
        }
        let filter = ReplayFilter {
            outcomes: match outcomes {
                Some(given) => read_outcomes(&given)?,
                None => vec![Outcome::Failed, Outcome::Rejected],
            },
            code: code.or(cause).map(|given| given.string()).transpose()?,
            event_type: event_type.map(|given| given.string()).transpose()?,
            starting_at_ms: starting_at.as_ref().map(read_time).transpose()?,
            ending_at_ms: ending_at.as_ref().map(read_time).transpose()?,
            ids: ids.as_ref().map(read_ids).transpose()?.unwrap_or_default(),
            force: force.is_some_and(|(_, force)| force),
        };
        Ok(Asked { filter, rate_per_second: rate.map_or(Ok(DEFAULT_RATE), |given| read_rate(&given))? })
    }
}

/// Parses ids of log entries, and returns each once, sorted.
pub fn read_ids(given: &Given<'_>) -> Result<Vec<Uuid>, ApiError> {
    let items = given.items()?;
    if items.is_empty() || items.len() > MAX_IDS {
        return Err(given.refuse(format!("found {} ids, expected 1 to {MAX_IDS}", items.len())));
    }
    let read = |item: &Given<'_>| {
        Uuid::try_parse(&item.string()?).map_err(|_| item.refuse("it is not an id as this API gives them (a UUID)"))
    };
    let mut ids: Vec<Uuid> = items.iter().map(read).collect::<Result<_, _>>()?;
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

fn read_outcomes(given: &Given<'_>) -> Result<Vec<Outcome>, ApiError> {
    let items = given.items()?;
    if items.is_empty() {
        return Err(given.refuse("it is empty; name an outcome, or leave it out"));
    }
    items.iter().map(read_outcome).collect()
}

/// Parses an outcome.
pub fn read_outcome(given: &Given<'_>) -> Result<Outcome, ApiError> {
    let name = given.string()?;
    let names: Vec<&str> = Outcome::ALL.into_iter().map(Outcome::as_str).collect();
    Outcome::parse(&name)
        .ok_or_else(|| given.refuse(format!("there is no outcome {name:?}; expected one of {}", names.join(", "))))
}

fn read_time(given: &Given<'_>) -> Result<i64, ApiError> {
    let text = given.string()?;
    time::parse(&text)
        .map(|us| -(-us).div_euclid(1000))
        .ok_or_else(|| given.refuse(format!("found {text:?}, expected a time such as 2026-01-02T03:04:05Z")))
}

fn read_rate(given: &Given<'_>) -> Result<u32, ApiError> {
    let rate = given.text.trim().parse().ok().filter(|rate| (1..=MAX_RATE).contains(rate));
    rate.ok_or_else(|| given.refuse(format!("expected a whole number from 1 to {MAX_RATE}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Asked, String> {
        Asked::read(&JsonBody::of(text)).map_err(|error| format!("{}: {error}", error.field().unwrap_or_default()))
    }

    #[test]
    fn without_a_filter_what_failed_or_was_rejected_is_meant() {
        let asked = read("{}").unwrap();
        let expected = ReplayFilter { outcomes: vec![Outcome::Failed, Outcome::Rejected], ..ReplayFilter::default() };
        assert_eq!(asked, Asked { filter: expected, rate_per_second: 50 });
    }

    #[test]
    fn what_is_no_filter_says_why() {
        let error = |text: &str| read(text).unwrap_err();
        insta::assert_snapshot!(error(r#"{"outcome":["lost"]}"#), @r#"outcome[0]: there is no outcome "lost"; expected one of executed, replayed, logged, failed, rejected, ignored"#);
        insta::assert_snapshot!(error(r#"{"outcome":[]}"#), @"outcome: it is empty; name an outcome, or leave it out");
        insta::assert_snapshot!(error(r#"{"code":"time","cause":"time"}"#), @"cause: code is given too; they mean the same, give one of them");
        insta::assert_snapshot!(error(r#"{"force":true}"#), @"force: idempotency is bypassed for named entries only; give their ids");
        insta::assert_snapshot!(error(r#"{"ids":[],"force":true}"#), @"ids: found 0 ids, expected 1 to 1000");
        insta::assert_snapshot!(error(r#"{"ids":["x"]}"#), @"ids[0]: it is not an id as this API gives them (a UUID)");
        insta::assert_snapshot!(error(r#"{"ids":["019b7c9b-7eae-7000-8000-000000000000"],"code":"time"}"#), @"code: ids are given too, and say what is replayed; give one of them");
        insta::assert_snapshot!(error(r#"{"starting_at":"soon"}"#), @r#"starting_at: found "soon", expected a time such as 2026-01-02T03:04:05Z"#);
        insta::assert_snapshot!(error(r#"{"rate_per_second":0}"#), @"rate_per_second: expected a whole number from 1 to 1000");
        insta::assert_snapshot!(error(r#"{"rate":1}"#), @"rate: there is no such member; see /openapi.json for those there are");
    }
}
