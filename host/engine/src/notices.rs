//! Log lines that stand for many: the first of a kind at once, and the number of the others once a minute.
//!
//! A flood of requests must not become a flood of log lines, and a single one must not stay unseen.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher as _},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::Engine;

/// The time between two lines of a kind.
const PERIOD: Duration = Duration::from_secs(60);
/// The most kinds at once. Others are only counted by the metrics.
const MAX_KINDS: usize = 4096;
/// The most kinds of one source environment at once, so that it leaves room for the others.
const MAX_KINDS_EACH: usize = 128;

/// An event of a request, or of an item of one, that is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Happening {
    /// A webhook was not accepted.
    Refused,
    /// A plugin rejected an item.
    Rejected,
    /// An item failed.
    Failed,
    /// A request came to an endpoint that does not exist.
    UnknownEndpoint,
    /// A request came for a path that leads nowhere.
    Unrouted,
    /// A client sent bytes that are not HTTP.
    NotHttp,
    /// A webhook could not be stored.
    NotStored,
}

/// The kind of a happening. Lines of a kind are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Notice<'a> {
    /// The kind of the notice.
    pub happening: Happening,
    /// The key of the source, or empty.
    pub source: &'a str,
    /// The slug of the environment, or empty.
    pub environment: &'a str,
    /// The cause, one word.
    pub cause: &'a str,
}

/// The kinds that were logged in the last minute.
#[derive(Default)]
pub(crate) struct Notices(Mutex<Kinds>);

#[derive(Default)]
struct Kinds {
    /// By the hash of the notice.
    by_notice: HashMap<u64, Kind>,
    /// The number of kinds by the hash of the source environment.
    of_source: HashMap<u64, usize>,
}

struct Kind {
    happening: Happening,
    source: String,
    environment: String,
    cause: String,
    since: Instant,
    /// Happenings since the last line.
    more: u64,
    /// The periods in a row in which there were further happenings.
    periods: u32,
}

/// A kind of refusals that goes on for minutes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LastingRefusal {
    /// The key of the source.
    pub(crate) source: String,
    /// The slug of the environment.
    pub(crate) environment: String,
    /// The cause, one word.
    pub(crate) cause: String,
    /// The minutes for which it has gone on.
    pub(crate) minutes: u32,
}

impl Notices {
    /// Counts a happening. Returns true if it is the first of its kind, which is to be logged at once.
    fn count(&self, notice: Notice<'_>, now: Instant) -> bool {
        let Notice { happening, source, environment, cause } = notice;
        let key = hash(&notice);
        let mut kinds = self.kinds();
        let Kinds { by_notice, of_source } = &mut *kinds;
        if let Some(kind) = by_notice.get_mut(&key) {
            kind.more += 1;
            return false;
        }
        if by_notice.len() >= MAX_KINDS {
            return false;
        }
        let of_this_source = of_source.entry(hash(&(source, environment))).or_default();
        if *of_this_source >= MAX_KINDS_EACH {
            return false;
        }
        *of_this_source += 1;
        let (source, environment, cause) = (source.to_owned(), environment.to_owned(), cause.to_owned());
        by_notice.insert(key, Kind { happening, source, environment, cause, since: now, more: 0, periods: 0 });
        true
    }

    /// Passes on the kinds whose minute is over and that were counted in it, and forgets those that were not.
    fn take_due(&self, now: Instant, mut due: impl FnMut(Notice<'_>, u64)) {
        let mut kinds = self.kinds();
        let Kinds { by_notice, of_source } = &mut *kinds;
        by_notice.retain(|_, kind| {
            if now.saturating_duration_since(kind.since) < PERIOD {
                return true;
            }
            let Kind { happening, source, environment, cause, since, more, periods } = kind;
            let count = std::mem::take(more);
            *since = now;
            if count > 0 {
                *periods = periods.saturating_add(1);
                due(Notice { happening: *happening, source, environment, cause }, count);
            }
            if count == 0
                && let Some(kinds) = of_source.get_mut(&hash(&(source.as_str(), environment.as_str())))
            {
                *kinds = kinds.saturating_sub(1);
            }
            count > 0
        });
        of_source.retain(|_, kinds| *kinds > 0);
    }

    /// Returns the refusals that have gone on for at least so many minutes.
    pub(crate) fn lasting_refusals(&self, minutes: u32) -> Vec<LastingRefusal> {
        let kinds = self.kinds();
        let lasting = kinds.by_notice.values();
        let lasting = lasting.filter(|kind| kind.happening == Happening::Refused && kind.periods >= minutes);
        lasting
            .map(|Kind { source, environment, cause, periods, .. }| LastingRefusal {
                source: source.clone(),
                environment: environment.clone(),
                cause: cause.clone(),
                minutes: *periods,
            })
            .collect()
    }

    fn kinds(&self) -> MutexGuard<'_, Kinds> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

impl Engine {
    /// Logs a happening, or counts it if one of its kind was logged within a minute.
    pub fn notice(&self, notice: Notice<'_>) {
        if self.notices.count(notice, Instant::now()) {
            log(notice, 1);
        }
    }

    /// Counts a request for a path that leads nowhere, and notices it.
    /// `message` is the answer.
    pub fn unrouted(&self, cause: &'static str, message: &'static str) {
        self.unrouted.count(cause, message);
        metrics::counter!("inlet_unrouted_total", "cause" => cause).increment(1);
        self.notice(Notice { happening: Happening::Unrouted, source: "", environment: "", cause });
    }

    /// Counts what a client sent and is not HTTP that can be read, and notices it.
    pub fn not_http(&self, status: u16) {
        let cause = status.to_string();
        metrics::counter!("inlet_unreadable_requests_total", "status" => cause.clone()).increment(1);
        self.notice(Notice { happening: Happening::NotHttp, source: "", environment: "", cause: &cause });
    }

    /// Logs the numbers of what was counted for a minute. Call it every few seconds.
    pub(crate) fn log_due_notices(&self) {
        self.notices.take_due(Instant::now(), log);
    }
}

fn log(notice: Notice<'_>, count: u64) {
    let Notice { happening, source, environment, cause } = notice;
    match happening {
        Happening::Refused => {
            tracing::warn!(
                source,
                environment,
                cause,
                count,
                "webhooks were refused; the source's status and refused requests say more"
            );
        }
        Happening::Rejected => {
            tracing::warn!(
                source,
                environment,
                cause,
                count,
                "items of webhooks were rejected; the source's log says why"
            );
        }
        Happening::Failed => {
            tracing::warn!(source, environment, cause, count, "items of webhooks failed; the source's log says why");
        }
        Happening::UnknownEndpoint => {
            tracing::warn!(count, "requests came to endpoints that do not exist, or no longer")
        }
        Happening::Unrouted => tracing::warn!(cause, count, "requests came for paths that lead nowhere"),
        Happening::NotHttp => tracing::warn!(status = cause, count, "requests could not be read as HTTP"),
        Happening::NotStored => {
            tracing::error!(source, environment, cause, count, "webhooks could not be stored and were answered 503");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(cause: &str) -> Notice<'_> {
        Notice { happening: Happening::Refused, source: "shop", environment: "production", cause }
    }

    #[test]
    fn the_first_is_logged_and_the_others_are_counted_for_a_minute() {
        let (notices, start) = (Notices::default(), Instant::now());
        assert!(notices.count(refused("missing"), start));
        assert!(!notices.count(refused("missing"), start));
        assert!(!notices.count(refused("missing"), start));
        assert!(notices.count(refused("stale"), start), "another cause is another kind");
        let due = |now| {
            let mut due = Vec::new();
            notices.take_due(now, |notice, count| due.push((notice.cause.to_owned(), count)));
            due
        };
        assert_eq!(due(start + PERIOD / 2), []);
        assert_eq!(due(start + PERIOD), [("missing".to_owned(), 2)]);
        assert_eq!(due(start + PERIOD * 3 / 2), []);
        assert!(!notices.count(refused("missing"), start + PERIOD * 3 / 2), "it goes on");
        assert!(notices.count(refused("stale"), start + PERIOD * 3 / 2), "it was over");
        assert_eq!(due(start + PERIOD * 2), [("missing".to_owned(), 1)]);
    }

    #[test]
    fn refusals_that_go_on_for_minutes_are_lasting_until_a_minute_without() {
        let (notices, start) = (Notices::default(), Instant::now());
        let lasting =
            |minutes| notices.lasting_refusals(minutes).into_iter().map(|found| found.minutes).collect::<Vec<_>>();
        for minute in 0..5 {
            notices.count(refused("source_share_full"), start + PERIOD * minute);
            notices.count(refused("source_share_full"), start + PERIOD * minute);
            assert!(lasting(5).is_empty());
            notices.take_due(start + PERIOD * (minute + 1), |_, _| {});
        }
        assert_eq!(lasting(5), [5]);
        assert!(lasting(6).is_empty());
        notices.take_due(start + PERIOD * 6, |_, _| {});
        assert!(lasting(1).is_empty());
    }

    #[test]
    fn kinds_are_bounded_for_each_source_environment_and_in_all() {
        let (notices, start) = (Notices::default(), Instant::now());
        let causes: Vec<String> = (0..MAX_KINDS_EACH + 10).map(|number| number.to_string()).collect();
        let flood = |source, now| {
            let of_source = |cause| Notice { source, ..refused(cause) };
            causes.iter().filter(|cause| notices.count(of_source(cause), now)).count()
        };
        assert_eq!(flood("shop", start), MAX_KINDS_EACH);
        assert_eq!(flood("forum", start), MAX_KINDS_EACH, "one leaves room for another");
        let sources: Vec<String> = (2..MAX_KINDS / MAX_KINDS_EACH + 10).map(|number| number.to_string()).collect();
        let logged: usize = sources.iter().map(|source| flood(source, start)).sum();
        assert_eq!(logged + 2 * MAX_KINDS_EACH, MAX_KINDS);
        // The first period ends with the further happenings that were counted in it, the second without any.
        notices.take_due(start + PERIOD, |_, _| {});
        notices.take_due(start + PERIOD * 2, |_, _| {});
        assert_eq!(flood("shop", start + PERIOD * 2), MAX_KINDS_EACH);
    }
}
