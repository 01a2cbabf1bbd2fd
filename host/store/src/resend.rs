//! Resends: requests with the same signed bytes as one that was taken before.
//!
//! A resend gets the ids of the first time's events, and nothing runs. Items that failed the first time, and were not
//! carried out since, run again like new ones. Source of the rule: semantics.md §3.2, "The same bytes again".

use inlet_core::{
    log::Outcome,
    settle::{Job, Prepared},
};
use uuid::Uuid;

use crate::records::{CommitExtras, Origin, ReplayedItem, Settled};

/// The relation of a request to the signed requests that were taken before.
#[derive(Debug)]
pub(crate) enum Recognized {
    /// It was not taken before.
    New,
    /// It was taken before, as these events.
    Again(Vec<FirstEvent>),
    /// Its signed bytes were taken before, and the answer of the first time is unknown or does not fit the rest of it.
    Reused,
    /// Nobody remembers whether it was taken before: the clock went back. Holds the time up to which requests were
    /// forgotten.
    Forgotten(i64),
}

/// An event of the first time.
#[derive(Debug, Clone)]
pub(crate) struct FirstEvent {
    pub(crate) id: Uuid,
    /// `None` if it was pruned.
    pub(crate) logged: Option<LoggedEvent>,
}

/// The log of an event of the first time.
#[derive(Debug, Clone)]
pub(crate) struct LoggedEvent {
    pub(crate) event_type: String,
    pub(crate) outcome: Outcome,
    pub(crate) reason: Option<String>,
    /// Present if it failed and was not carried out since: those entries of it that still need attention.
    pub(crate) failed: Option<Vec<Uuid>>,
}

/// Returns for each item of a resend with so many items whether it runs.
///
/// Another version of the plugin may find other items in the same bytes. Without partners none of them runs, unless all
/// of the first time failed.
pub(crate) fn runs(first: &[FirstEvent], items: usize) -> Vec<bool> {
    if first.iter().all(FirstEvent::has_failed) {
        return vec![true; items];
    }
    match first.len() == items {
        true => first.iter().map(FirstEvent::has_failed).collect(),
        false => vec![false; items],
    }
}

impl FirstEvent {
    fn has_failed(&self) -> bool {
        self.logged.as_ref().is_some_and(|logged| logged.failed.is_some())
    }

    /// Returns the result that a resend of the event gets if nothing runs. A rejected event stays rejected. `item` finds the
    /// item of the resend, which is needed only if the event was pruned.
    pub(crate) fn settled<'a>(self, item: impl FnOnce() -> Option<&'a Prepared>) -> Settled {
        let (Self { id, logged }, actions) = (self, Vec::new());
        match logged {
            Some(LoggedEvent { event_type, outcome: Outcome::Rejected, reason, .. }) => Settled {
                id,
                event_type,
                outcome: Outcome::Rejected,
                reason,
                actions,
                run: None,
                replay_of: None,
                replay_differs: false,
            },
            Some(LoggedEvent { event_type, reason, failed: Some(_), .. }) => Settled {
                id,
                event_type,
                outcome: Outcome::Failed,
                reason,
                actions,
                run: None,
                replay_of: None,
                replay_differs: false,
            },
            Some(LoggedEvent { event_type, .. }) => Settled {
                id,
                event_type,
                outcome: Outcome::Replayed,
                reason: None,
                actions,
                run: None,
                replay_of: None,
                replay_differs: false,
            },
            None => {
                let event_type = item().map(|item| item.log.event_type.clone()).unwrap_or_default();
                Settled {
                    id,
                    event_type,
                    outcome: Outcome::Replayed,
                    reason: None,
                    actions,
                    run: None,
                    replay_of: None,
                    replay_differs: false,
                }
            }
        }
    }
}

/// A request that was taken before, beside its job, which keeps only the items that run.
#[derive(Debug)]
pub(crate) struct Resend {
    /// The first event of the first time, which counts the resends.
    pub(crate) first: Uuid,
    /// The answer, in the request's order; `None` for an item that runs.
    answers: Vec<Option<Settled>>,
    /// The items that do not run, with their positions in the request, in order.
    aside: Vec<(usize, Prepared)>,
}

impl Resend {
    /// Sets aside the items of a job that do not run, and lets those that run repair what failed the first time.
    pub(crate) fn apply(first: Vec<FirstEvent>, job: &mut Job, extras: &mut Option<Box<CommitExtras>>) -> Self {
        let first_id = first.first().map(|event| event.id).unwrap_or_default();
        let all_failed = first.iter().all(FirstEvent::has_failed);
        let fits = first.len() == job.items.len();
        let origin = |at: usize| first.get(at).or(first.first()).map_or(first_id, |event| event.id);
        let count = job.items.len();
        let request_id = extras.as_ref().and_then(|extras| Some(extras.keep.as_ref()?.id));
        let (mut aside, mut items, mut replayed) = (Vec::new(), Vec::new(), Vec::new());
        let runs = runs(&first, count);
        for ((at, item), runs) in std::mem::take(&mut job.items).into_iter().enumerate().zip(runs) {
            if runs {
                let position = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
                let origin_of_item = Origin { request_id, item: position(at), items: position(count) };
                replayed.push(ReplayedItem { of: origin(at), origin: origin_of_item });
                items.push(item);
            } else {
                aside.push((at, item));
            }
        }
        job.items = items;
        if !job.items.is_empty() {
            let repairs = first.iter().filter_map(|event| event.logged.as_ref()?.failed.as_ref()).flatten();
            let extras = extras.get_or_insert_default();
            extras.repairs = repairs.copied().collect();
            extras.replayed = replayed;
        }
        let answers = match all_failed {
            true => (0..count).map(|_| None).collect(),
            false => {
                let item = |at: usize| aside.binary_search_by_key(&at, |(of, _)| *of).ok().map(|found| &aside[found].1);
                let answer = |(at, event): (usize, FirstEvent)| match fits && event.has_failed() {
                    true => None,
                    false => Some(event.settled(|| item(at))),
                };
                first.into_iter().enumerate().map(answer).collect()
            }
        };
        Self { first: first_id, answers, aside }
    }

    /// Gives a job back the items that were set aside, so that it can be recognized again.
    pub(crate) fn undo(self, job: &mut Job, extras: &mut Option<Box<CommitExtras>>) {
        let mut items = Vec::with_capacity(job.items.len() + self.aside.len());
        let mut ran = std::mem::take(&mut job.items).into_iter();
        for (at, item) in self.aside {
            items.extend(ran.by_ref().take(at - items.len()));
            items.push(item);
        }
        items.extend(ran);
        job.items = items;
        if let Some(extras) = extras {
            extras.repairs.clear();
            extras.replayed.clear();
        }
    }

    /// Returns true if an item runs.
    pub(crate) fn runs(&self) -> bool {
        self.answers.iter().any(Option::is_none)
    }

    /// Returns the ids of the whole request's events; `ran` are those of the items that run.
    pub(crate) fn event_ids(&self, mut ran: impl Iterator<Item = Uuid>) -> Vec<Uuid> {
        self.answers
            .iter()
            .filter_map(|answer| answer.as_ref().map(|settled| settled.id).or_else(|| ran.next()))
            .collect()
    }

    /// Returns the results of the whole request.
    pub(crate) fn answer(self, ran: Vec<Settled>) -> Vec<Settled> {
        let mut ran = ran.into_iter();
        self.answers.into_iter().filter_map(|answer| answer.or_else(|| ran.next())).collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::sync::Arc;

    use inlet_core::log::{EventFields, EventLog, Original, PluginRef};

    use super::*;

    /// The default limit of items in a request.
    const ITEMS: usize = 20_000;

    fn job(items: usize) -> Job {
        let plugin = Arc::new(PluginRef { key: String::new(), version: String::new(), digest: String::new() });
        let item = |at: usize| {
            let id = Uuid::from_u128(at as u128);
            let fields = EventFields { event_type: format!("new {at}"), ..EventFields::new(id, 0, plugin.clone()) };
            Prepared { log: EventLog { fields, data: None, original: Original::Json("{}".into()) }, plan: None }
        };
        Job { environment: 1, source_environment: 1, items: (0..items).map(item).collect(), nonce: None }
    }

    fn first_id(at: usize) -> Uuid {
        Uuid::from_u128((1 << 64) + at as u128)
    }

    /// Returns an event of the first time: every third one failed, and every third one was pruned.
    fn first_event(at: usize) -> FirstEvent {
        let logged =
            |outcome, failed| Some(LoggedEvent { event_type: format!("first {at}"), outcome, reason: None, failed });
        let logged = match at % 3 {
            0 => logged(Outcome::Failed, Some(vec![first_id(at)])),
            1 => logged(Outcome::Executed, None),
            _ => None,
        };
        FirstEvent { id: first_id(at), logged }
    }

    fn ids(job: &Job) -> Vec<usize> {
        job.items.iter().map(|item| usize::try_from(item.log.id.as_u128()).unwrap()).collect()
    }

    #[test]
    fn what_failed_in_a_large_batch_runs_and_the_rest_is_answered() {
        let (mut job, mut extras) = (job(ITEMS), None);
        let resend = Resend::apply((0..ITEMS).map(first_event).collect(), &mut job, &mut extras);
        let failed: Vec<usize> = (0..ITEMS).step_by(3).collect();
        assert_eq!(ids(&job), failed);
        let extras = extras.unwrap();
        let first_ids: Vec<Uuid> = failed.iter().map(|at| first_id(*at)).collect();
        assert_eq!(extras.repairs, first_ids);
        assert_eq!(extras.replayed.iter().map(|replayed| replayed.of).collect::<Vec<_>>(), first_ids);
        assert_eq!(extras.replayed[1].origin, Origin { request_id: None, item: 3, items: 20_000 });

        let ran = job.items.iter().map(|item| Settled {
            id: item.log.id,
            event_type: "ran".to_owned(),
            outcome: Outcome::Logged,
            reason: None,
            actions: Vec::new(),
            run: None,
            replay_of: None,
            replay_differs: false,
        });
        let answer = resend.answer(ran.collect());
        assert_eq!(answer.len(), ITEMS);
        for (at, settled) in answer.into_iter().enumerate() {
            let expected = match at % 3 {
                0 => (Uuid::from_u128(at as u128), "ran".to_owned(), Outcome::Logged),
                1 => (first_id(at), format!("first {at}"), Outcome::Replayed),
                _ => (first_id(at), format!("new {at}"), Outcome::Replayed),
            };
            assert_eq!((settled.id, settled.event_type, settled.outcome), expected);
        }
    }

    #[test]
    fn a_large_batch_gets_its_items_back_in_order() {
        // Every third event failed, all of them did, or the numbers of items differ.
        for (first, step) in [(ITEMS, 1), (ITEMS, 3), (ITEMS / 2, 1), (1, 1)] {
            let (mut job, mut extras) = (job(ITEMS), None);
            let first = (0..first).map(|at| first_event(at * step)).collect();
            Resend::apply(first, &mut job, &mut extras).undo(&mut job, &mut extras);
            assert!(ids(&job).into_iter().eq(0..ITEMS));
            assert!(extras.is_none_or(|extras| extras.repairs.is_empty() && extras.replayed.is_empty()));
        }
    }

    #[test]
    fn other_items_run_only_if_all_of_the_first_time_failed() {
        let first = |positions: &[usize]| positions.iter().map(|at| first_event(*at)).collect::<Vec<_>>();
        assert_eq!(runs(&first(&[0, 1, 3]), 3), [true, false, true]);
        assert_eq!(runs(&first(&[0, 1, 3]), 2), [false, false]);
        assert_eq!(runs(&first(&[0, 3]), 3), [true, true, true]);
    }
}
