//! Conditions: what lasts, such as a target that is disabled. Each is raised once when it begins.

use std::collections::HashMap;

use super::{OperationalEvent, OperationalEventType};

/// The identity of a condition: its type, its environment's id and its subject.
type Key<'a> = (OperationalEventType, Option<i64>, &'a str);

/// A condition that is known as open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenCondition {
    /// The type of the event that it raised.
    pub event_type: OperationalEventType,
    /// The environment's id; none if it is about the whole server.
    pub environment_id: Option<i64>,
    /// The subject.
    pub subject: String,
    /// The time since when it is open, in milliseconds since 1970.
    pub since_ms: i64,
}

/// An observation of a condition now. A condition that is not observed at all has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observation {
    /// It holds.
    Holds {
        /// The event that tells it.
        event: OperationalEvent,
        /// The time at which it began or became worse, in milliseconds since 1970, where that is known: a condition that was
        /// told before is told again.
        began_ms: Option<i64>,
    },
    /// Nothing is known of it, as after a restart: an open one stays open.
    Unknown {
        /// The type.
        event_type: OperationalEventType,
        /// The environment's id.
        environment_id: Option<i64>,
        /// The subject.
        subject: String,
    },
}

impl Observation {
    fn key(&self) -> Key<'_> {
        match self {
            Self::Holds { event, .. } => {
                (event.event_type, event.environment.as_ref().map(|environment| environment.id), &event.subject)
            }
            Self::Unknown { event_type, environment_id, subject } => (*event_type, *environment_id, subject),
        }
    }
}

/// The consequences of observations.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConditionChanges {
    /// Events to raise, each of which opens its condition.
    pub raise: Vec<OperationalEvent>,
    /// Conditions that have ended.
    pub close: Vec<OpenCondition>,
}

/// Compares what is seen with what is known as open.
pub fn changes(open: &[OpenCondition], observed: Vec<Observation>) -> ConditionChanges {
    let key = |condition: &OpenCondition| (condition.event_type, condition.environment_id, condition.subject.clone());
    let mut known: HashMap<_, &OpenCondition> = open.iter().map(|condition| (key(condition), condition)).collect();
    let mut changes = ConditionChanges::default();
    for observation in observed {
        let (event_type, environment_id, subject) = observation.key();
        let open = known.remove(&(event_type, environment_id, subject.to_owned()));
        let Observation::Holds { event, began_ms } = observation else { continue };
        if open.is_none_or(|open| began_ms.is_some_and(|began_ms| began_ms > open.since_ms)) {
            changes.raise.push(event);
        }
    }
    changes.close = open.iter().filter(|condition| known.contains_key(&key(condition))).cloned().collect();
    changes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::operational::EventEnvironment;

    fn event(subject: u8) -> OperationalEvent {
        let environment = Some(EventEnvironment { id: i64::from(subject % 2), slug: "e".to_owned() });
        OperationalEvent::new(OperationalEventType::TargetDisabled, environment, format!("target/{subject}"), "because")
    }

    fn open(event: &OperationalEvent) -> OpenCondition {
        OpenCondition {
            event_type: event.event_type,
            environment_id: event.environment.as_ref().map(|environment| environment.id),
            subject: event.subject.clone(),
            since_ms: 0,
        }
    }

    fn holds(subject: u8) -> Observation {
        Observation::Holds { event: event(subject), began_ms: None }
    }

    fn unknown(subject: u8) -> Observation {
        let OpenCondition { event_type, environment_id, subject, .. } = open(&event(subject));
        Observation::Unknown { event_type, environment_id, subject }
    }

    #[test]
    fn a_condition_is_raised_when_it_begins_and_closed_when_it_ends() {
        let begins = changes(&[], vec![holds(1)]);
        assert_eq!((begins.raise, begins.close), (vec![event(1)], vec![]));
        let lasts = changes(&[open(&event(1))], vec![holds(1)]);
        assert_eq!(lasts, ConditionChanges::default());
        let ends = changes(&[open(&event(1))], vec![]);
        assert_eq!((ends.raise, ends.close), (vec![], vec![open(&event(1))]));
    }

    #[test]
    fn what_began_again_or_became_worse_is_told_again() {
        let known = [OpenCondition { since_ms: 1000, ..open(&event(1)) }];
        let at = |began_ms| vec![Observation::Holds { event: event(1), began_ms: Some(began_ms) }];
        assert_eq!(changes(&known, at(1000)), ConditionChanges::default());
        assert_eq!(changes(&known, at(1001)).raise, vec![event(1)]);
    }

    #[test]
    fn what_is_not_known_changes_nothing() {
        assert_eq!(changes(&[open(&event(1))], vec![unknown(1)]), ConditionChanges::default());
        assert_eq!(changes(&[], vec![unknown(1)]), ConditionChanges::default());
    }

    proptest! {
        /// Applied again and again, each stretch of observations of a subject raises one event.
        #[test]
        fn every_stretch_raises_once(rounds in prop::collection::vec(prop::collection::btree_set(0_u8..6, 0..6), 0..40)) {
            let mut known: Vec<OpenCondition> = Vec::new();
            let mut before = std::collections::BTreeSet::new();
            for seen in rounds {
                let observed = seen.iter().map(|subject| holds(*subject)).collect();
                let ConditionChanges { raise, close } = changes(&known, observed);
                let begun: Vec<_> = seen.difference(&before).map(|subject| event(*subject)).collect();
                prop_assert_eq!(&raise, &begun);
                known.retain(|condition| !close.contains(condition));
                known.extend(raise.iter().map(open));
                prop_assert_eq!(known.len(), seen.len());
                before = seen;
            }
        }
    }
}
