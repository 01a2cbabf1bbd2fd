//! Checks mappings against events that were received, or against the examples of the plugin, before they meet new ones.
//!
//! Nothing is written. A path is reported if no event of the mapping's type has a value there: one that some events have
//! is optional. A condition is reported if it holds for none of them. Events that were received count more than examples,
//! which a platform's customers never send.

use std::collections::HashMap;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use inlet_core::{Uuid, mapping::Mapping, plan::Scope, settle::Prepared};
use inlet_sandbox::manifest::Example;
use inlet_store::{EventQuery, EventTypeCount, ReadError};

use crate::{
    Engine,
    ingest::rehearse::{self, SampleRequest},
    replay::event_replayer::EventReplayer,
    snapshot::Endpoint,
};

/// The events of one type that are looked at.
const EVENTS: usize = 5;
/// The mappings that are checked in one call.
const MAX_MAPPINGS: usize = 50;
/// The time around the last receipt of a type in which its last events lie, in milliseconds. Ids hold the time of planning.
const AROUND_MS: i64 = 5_000;

/// A fault of a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingWarning {
    /// The mapping's id.
    pub mapping: Uuid,
    /// The problem, in a sentence.
    pub message: String,
}

/// Returns what is wrong with these mappings of a source environment, which are in force already.
pub async fn check(
    engine: &Engine,
    endpoint: &std::sync::Arc<Endpoint>,
    mappings: &[Uuid],
) -> Result<Vec<MappingWarning>, ReadError> {
    let is_checked = |mapping: &&Mapping| mapping.active && mappings.contains(&mapping.id);
    let checked: Vec<&Mapping> = endpoint.mappings.iter().filter(is_checked).take(MAX_MAPPINGS).collect();
    if checked.is_empty() {
        return Ok(Vec::new());
    }
    let counts = engine.store.event_types(endpoint.id).await?;
    let mut samples = Samples { engine, endpoint, by_type: HashMap::new() };
    let mut warnings = Vec::new();
    for mapping in checked {
        let received = counts.iter().filter(|count| mapping.matches(&count.event_type));
        let mut of_mapping = Vec::new();
        for count in received.take(2) {
            of_mapping.extend(samples.received(count).await?.iter().map(|item| problems_of(endpoint, item, mapping)));
        }
        if of_mapping.is_empty() {
            let examples = endpoint.plugin.iter().flat_map(|plugin| &plugin.manifest().examples);
            for example in examples.filter(|example| mapping.matches(&example.event_type)).take(EVENTS) {
                of_mapping
                    .extend(samples.example(example).await.iter().map(|item| problems_of(endpoint, item, mapping)));
            }
        }
        warnings.extend(summary(of_mapping).into_iter().map(|message| MappingWarning { mapping: mapping.id, message }));
    }
    Ok(warnings)
}

/// The planned items of events, by event type.
struct Samples<'a> {
    engine: &'a Engine,
    endpoint: &'a std::sync::Arc<Endpoint>,
    by_type: HashMap<String, Vec<Prepared>>,
}

impl Samples<'_> {
    /// Plans the last events of a type with the mappings of now, the newest first.
    async fn received(&mut self, count: &EventTypeCount) -> Result<&[Prepared], ReadError> {
        if !self.by_type.contains_key(&count.event_type) {
            let query = EventQuery {
                event_types: vec![count.event_type.clone()],
                starting_at_ms: Some(count.last_received_at_ms.saturating_sub(AROUND_MS)),
                ending_at_ms: Some(count.last_received_at_ms.saturating_add(AROUND_MS)),
                ..EventQuery::newest(vec![self.endpoint.id], EVENTS)
            };
            let events = self.engine.store.events(&query).await?.items;
            let mut replayer = EventReplayer::new(self.engine.clone(), self.endpoint.clone());
            let mut items = Vec::new();
            for event in events {
                // One that cannot be replayed, past the retention of bodies for example, says nothing about a mapping.
                if let Ok(replay) = replayer.prepare(event.fields.id, false).await {
                    items.extend(replay.items);
                }
            }
            self.by_type.insert(count.event_type.clone(), items);
        }
        Ok(self.by_type.get(&count.event_type).map_or(&[], Vec::as_slice))
    }

    /// Plans the items of an example.
    async fn example(&self, example: &Example) -> Vec<Prepared> {
        let body = example.body.as_str().map_or_else(|| example.body.to_string(), str::to_owned);
        let header = |(name, value): (&String, &String)| -> Option<(HeaderName, HeaderValue)> {
            Some((name.parse().ok()?, HeaderValue::from_str(value).ok()?))
        };
        let sample = SampleRequest {
            method: self.endpoint.methods().first().map_or("POST", |method| method).to_owned(),
            path: String::new(),
            query: String::new(),
            headers: example.headers.iter().filter_map(header).collect::<HeaderMap>(),
            body,
            received_at_ms: None,
        };
        let rehearsed = rehearse::rehearse(self.engine, self.endpoint, sample).await;
        rehearsed.ok().and_then(|rehearsed| rehearsed.trace).map_or_else(Vec::new, |trace| trace.items)
    }
}

/// The problems of a mapping with one event.
enum Problems {
    /// The event is not of the mapping's type.
    OtherType,
    /// The mapping's condition does not hold, for this reason.
    Unmet(String),
    /// The problems of the action.
    OfAction(Vec<String>),
}

/// Returns the problems of a mapping with one event.
fn problems_of(endpoint: &Endpoint, item: &Prepared, mapping: &Mapping) -> Problems {
    let Some(plan) = item.plan.as_ref().filter(|_| mapping.matches(&item.log.event_type)) else {
        return Problems::OtherType;
    };
    if let Some(failure) = mapping
        .when
        .as_ref()
        .and_then(|when| when.failure(Scope::of_log(&item.log).with_vars(endpoint.variables.public())))
    {
        return Problems::Unmet(failure);
    }
    let Some(action) = plan.actions.iter().find(|action| action.mapping == Some(mapping.id)) else {
        return Problems::OtherType;
    };
    let error = action.intent.as_ref().err().map(|error| format!("the action would end in an error: {error}"));
    Problems::OfAction(error.into_iter().chain(action.warnings.iter().cloned()).collect())
}

/// Returns the problems that all events share. If the condition holds for some events, only those count.
fn summary(events: Vec<Problems>) -> Vec<String> {
    let (mut actions, mut unmet) = (Vec::new(), Vec::new());
    for problems in events {
        match problems {
            Problems::OtherType => {}
            Problems::Unmet(failure) => unmet.push(vec![failure]),
            Problems::OfAction(problems) => actions.push(problems),
        }
    }
    if !actions.is_empty() || unmet.is_empty() {
        return in_all(actions).collect();
    }
    let (count, shared) = (unmet.len(), in_all(unmet).next());
    let reason = shared.map(|reason| format!(": {reason}")).unwrap_or_default();
    let events = if count == 1 {
        "the one event of its type that was looked at".to_owned()
    } else {
        format!("any of the {count} events of its type that were looked at")
    };
    vec![format!("its condition does not hold for {events}{reason}")]
}

/// Returns the problems of the first event that all others have too.
fn in_all(events: Vec<Vec<String>>) -> impl Iterator<Item = String> {
    let mut events = events.into_iter();
    let first = events.next().unwrap_or_default();
    let others: Vec<Vec<String>> = events.collect();
    // What stands before the semicolon names the parameter and its path, what follows is the event's own.
    let subject = |problem: &str| problem.split(';').next().unwrap_or_default().to_owned();
    first.into_iter().filter(move |problem| {
        let wanted = subject(problem);
        others.iter().all(|problems| problems.iter().any(|other| subject(other) == wanted))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_action(problems: &[&str]) -> Problems {
        Problems::OfAction(problems.iter().map(|problem| (*problem).to_owned()).collect())
    }

    fn unmet(failure: &str) -> Problems {
        Problems::Unmet(failure.to_owned())
    }

    #[test]
    fn what_some_events_have_is_optional() {
        assert_eq!(summary(vec![of_action(&["a; x", "b"]), of_action(&["a; y"])]), ["a; x"]);
        assert_eq!(summary(vec![of_action(&["a"]), of_action(&[])]), [""; 0]);
        let others = vec![Problems::OtherType, of_action(&["a"]), Problems::OtherType];
        assert_eq!(summary(others), ["a"], "other items of a batch say nothing");
        assert_eq!(summary(Vec::new()), [""; 0]);
    }

    #[test]
    fn a_condition_that_holds_for_no_event_is_reported() {
        assert_eq!(summary(vec![unmet("a; x"), of_action(&["b"]), unmet("a; x")]), ["b"]);
        insta::assert_snapshot!(summary(vec![unmet("a; x"), unmet("a; y")]).join("|"), @"its condition does not hold for any of the 2 events of its type that were looked at: a; x");
        insta::assert_snapshot!(summary(vec![unmet("a"), unmet("b")]).join("|"), @"its condition does not hold for any of the 2 events of its type that were looked at");
        insta::assert_snapshot!(summary(vec![unmet("a")]).join("|"), @"its condition does not hold for the one event of its type that was looked at: a");
    }
}
