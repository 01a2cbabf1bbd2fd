//! The range of time of a request, cut into steps that the store can count in.

use inlet_core::time;
use inlet_store::{COARSE_STEP_S, FINE_KEPT_S, FINE_STEP_S, StatisticsRange};

use crate::{error::ApiError, query::Params};

/// The range without `from`, in seconds.
const DEFAULT_S: i64 = 86_400;
/// The steps that a range is cut into unless `step` says otherwise, at most.
const DEFAULT_STEPS: i64 = 96;
/// The most steps of an answer.
const MAX_STEPS: i64 = 1500;
/// The steps to choose from, in seconds.
const STEPS: [i64; 9] = [60, 300, 900, 1800, 3600, 10_800, 21_600, 43_200, 86_400];

/// Reads `from`, `to` and `step`.
pub fn read(params: &Params, now_ms: i64) -> Result<StatisticsRange, ApiError> {
    let now_s = now_ms / 1000;
    let to_s = params.time_ms("to")?.map_or(now_s + 1, |ms| ms.div_euclid(1000));
    let from_s = params.time_ms("from")?.map_or(to_s - DEFAULT_S, |ms| ms.div_euclid(1000));
    if from_s >= to_s {
        let found = time::write_ms(from_s * 1000);
        return Err(ApiError::invalid("from", format!("found {found}, expected a time before the end of the range")));
    }
    // Minutes are kept for two days.
    let least = if from_s < now_s - FINE_KEPT_S { COARSE_STEP_S } else { FINE_STEP_S };
    let step_s = match params.get("step") {
        Some(text) => {
            let found = text.parse().ok().filter(|step| *step >= least && step % least == 0 && *step <= 86_400);
            found.ok_or_else(|| {
                let message = format!("found {text:?}, expected a multiple of {least} seconds up to a day");
                ApiError::invalid("step", message)
            })?
        }
        None => {
            let fits = |step: &&i64| **step >= least && (to_s - from_s) / **step <= DEFAULT_STEPS;
            STEPS.iter().find(fits).copied().unwrap_or(86_400)
        }
    };
    let range = StatisticsRange {
        from_s: from_s.div_euclid(step_s) * step_s,
        to_s: (to_s + step_s - 1).div_euclid(step_s) * step_s,
        step_s,
    };
    match (range.to_s - range.from_s) / step_s {
        0..=MAX_STEPS => Ok(range),
        steps => {
            let message = format!("found a range of {steps} steps, expected at most {MAX_STEPS}; choose a longer step");
            Err(ApiError::invalid("step", message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_767_323_045_000;

    fn of(query: &str) -> Result<(i64, i64), String> {
        let range = read(&Params::parse(query), NOW_MS).map_err(|error| error.to_sentence())?;
        assert!(range.from_s % range.step_s == 0 && range.to_s % range.step_s == 0);
        Ok((range.step_s, (range.to_s - range.from_s) / range.step_s))
    }

    #[test]
    fn a_range_is_cut_into_steps() {
        assert_eq!(of(""), Ok((900, 97)));
        assert_eq!(of("from=2026-01-02T02:04:05Z"), Ok((60, 61)));
        assert_eq!(of("from=2026-01-02T02:04:05Z&step=300"), Ok((300, 13)));
        assert_eq!(of("from=2025-12-26T03:04:05Z"), Ok((10_800, 57)));
    }

    #[test]
    fn what_cannot_be_counted_is_refused() {
        insta::assert_snapshot!(of("step=90").unwrap_err(), @r#"step: found "90", expected a multiple of 60 seconds up to a day"#);
        insta::assert_snapshot!(of("from=2025-12-01T00:00:00Z&step=60").unwrap_err(), @r#"step: found "60", expected a multiple of 3600 seconds up to a day"#);
        insta::assert_snapshot!(of("from=2027-01-01T00:00:00Z").unwrap_err(), @"from: found 2027-01-01T00:00:00.000Z, expected a time before the end of the range");
        insta::assert_snapshot!(of("from=2000-01-01T00:00:00Z&step=3600").unwrap_err(), @"step: found a range of 227956 steps, expected at most 1500; choose a longer step");
    }
}
