//! Times in the parameters `after` and `before`, which take cursors in every list.

use inlet_core::time;

use crate::{error::ApiError, query::Params};

/// The times that `after` and `before` give, in milliseconds since 1970, rounded up.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct TimeBounds {
    /// Logged at this time or later.
    pub after_ms: Option<i64>,
    /// Logged before this time.
    pub before_ms: Option<i64>,
}

impl TimeBounds {
    /// Takes the times out of the parameters. A value that is no time is left, as a cursor.
    pub fn split(params: &Params) -> Result<(Params, Self), ApiError> {
        let mut bounds = Self::default();
        let mut rest = Params::default();
        for (name, value) in params.pairs() {
            let bound = match name {
                "after" => &mut bounds.after_ms,
                "before" => &mut bounds.before_ms,
                _ => {
                    rest.push(name, value);
                    continue;
                }
            };
            // A cursor has no separators.
            match time::parse(value).filter(|_| value.contains(['-', ':'])) {
                Some(us) if bound.is_none() => *bound = Some(-(-us).div_euclid(1000)),
                Some(_) => return Err(ApiError::invalid(name, "found two times; give one of them")),
                None => rest.push(name, value),
            }
        }
        Ok((rest, bounds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_and_a_cursor_may_share_a_name() {
        let cursor = "019b7c9b7eae70008000000000000000";
        let params = Params::parse(&format!("after=2026-01-02T03:04:05Z&after={cursor}&before=2026-01-03&limit=5"));
        let (rest, bounds) = TimeBounds::split(&params).unwrap();
        assert_eq!((rest.get("after"), rest.get("before"), rest.get("limit")), (Some(cursor), None, Some("5")));
        let expected = TimeBounds { after_ms: Some(1_767_323_045_000), before_ms: Some(1_767_398_400_000) };
        assert_eq!(bounds, expected);
        let twice = TimeBounds::split(&Params::parse("after=2026-01-02&after=2026-01-03"));
        insta::assert_snapshot!(twice.unwrap_err(), @"found two times; give one of them");
    }
}
