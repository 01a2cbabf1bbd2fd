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
#[derive(Debug)]
pub(crate) struct FirstEvent {
    pub(crate) id: Uuid,
    /// `None` if it was pruned.
    pub(crate) logged: Option<LoggedEvent>,
}

/// The log of an event of the first time.
#[derive(Debug)]
pub(crate) struct LoggedEvent {
    pub(crate) event_type: String,
    pub(crate) outcome: Outcome,
    pub(crate) reason: Option<String>,
    /// Present if it failed and was not carried out since: those entries of it that still need attention.
    pub(crate) failed: Option<Vec<Uuid>>,
}

/// Returns true if the item at this position of a resend with so many items runs.
///
/// Another version of the plugin may find other items in the same bytes. Without partners none of them runs, unless all
/// of the first time failed.
pub(crate) fn runs(first: &[FirstEvent], items: usize, at: usize) -> bool {
    let fits = first.len() == items;
    first.iter().all(FirstEvent::has_failed) || fits && first.get(at).is_some_and(FirstEvent::has_failed)
}

impl FirstEvent {
    fn has_failed(&self) -> bool {
        self.logged.as_ref().is_some_and(|logged| logged.failed.is_some())
    }

    /// Returns the result that a resend of the event gets if nothing runs. A rejected event stays rejected.
    pub(crate) fn settled(self, item: Option<&Prepared>) -> Settled {
        let (Self { id, logged }, actions) = (self, Vec::new());
        match logged {
            Some(LoggedEvent { event_type, outcome: Outcome::Rejected, reason, .. }) => {
                Settled { id, event_type, outcome: Outcome::Rejected, reason, actions }
            }
            Some(LoggedEvent { event_type, reason, failed: Some(_), .. }) => {
                Settled { id, event_type, outcome: Outcome::Failed, reason, actions }
            }
            Some(LoggedEvent { event_type, .. }) => {
                Settled { id, event_type, outcome: Outcome::Replayed, reason: None, actions }
            }
            None => {
                let event_type = item.map(|item| item.log.event_type.clone()).unwrap_or_default();
                Settled { id, event_type, outcome: Outcome::Replayed, reason: None, actions }
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
    /// The items that do not run, with their positions in the request.
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
        for (at, item) in std::mem::take(&mut job.items).into_iter().enumerate() {
            if runs(&first, count, at) {
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
                let item = |at: usize| aside.iter().find(|(of, _)| *of == at).map(|(_, item)| item);
                let answer = |(at, event): (usize, FirstEvent)| match fits && event.has_failed() {
                    true => None,
                    false => Some(event.settled(item(at))),
                };
                first.into_iter().enumerate().map(answer).collect()
            }
        };
        Self { first: first_id, answers, aside }
    }

    /// Gives a job back the items that were set aside, so that it can be recognized again.
    pub(crate) fn undo(self, job: &mut Job, extras: &mut Option<Box<CommitExtras>>) {
        for (at, item) in self.aside {
            job.items.insert(at.min(job.items.len()), item);
        }
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
