//! The summary of many rehearsed events.

use std::collections::BTreeMap;

use inlet_core::{
    Uuid, json,
    log::{ACTION_FAILED, Outcome, Status},
    settle::{Prepared, Settlement},
};
use inlet_store::StoredEvent;

use super::mapping_effect::MappingEffect;
use crate::ingest::compare::item_members::{ItemMembers, OUTCOME, members};

/// The most events that are listed.
const MAX_DIFFERENCES: usize = 20;
/// The most items of an event whose outcomes are listed.
const MAX_OUTCOMES: usize = 20;
/// The most distinct warnings, and the most distinct errors.
const MAX_MESSAGES: usize = 50;
/// The most bytes of a warning or an error.
const MAX_MESSAGE_BYTES: usize = 500;

/// The summary of the events that were rehearsed with both configurations.
#[derive(Default)]
pub struct RehearsedEvents {
    /// The number of events.
    pub rehearsed: usize,
    /// The number of events with which both configurations do the same.
    pub same: usize,
    /// The number of other events.
    pub different: usize,
    /// The number of log entries without a kept body.
    pub not_kept: usize,
    /// True if the rehearsal ended at one of its limits, before it reached the number that was asked for.
    pub stopped_early: bool,
    /// True if there are older events than those that were asked for.
    pub has_more: bool,
    /// The time of receipt of the oldest event, in milliseconds since 1970.
    pub oldest_received_at_ms: Option<i64>,
    /// The newest events, with their items as the proposed configuration settles them.
    pub listed: Vec<ListedEvent>,
    /// The effects of the mappings of the proposed configuration that applied to an event.
    pub by_mapping: BTreeMap<Uuid, MappingEffect>,
    /// The results with the present configuration.
    pub present: Totals,
    /// The results with the proposed configuration.
    pub proposed: Totals,
    /// The first events that differ.
    pub differences: Vec<EventDifference>,
}

/// The results with one configuration.
#[derive(Default)]
pub struct Totals {
    /// The number of items, by outcome.
    pub outcomes: BTreeMap<&'static str, usize>,
    /// The number of actions, by type and status.
    pub actions: BTreeMap<(&'static str, &'static str), usize>,
    /// The warnings of items and actions.
    pub warnings: MessageCounts,
    /// The errors of actions, and of items that failed or were rejected.
    pub errors: MessageCounts,
}

/// Distinct messages with their numbers.
#[derive(Default)]
pub struct MessageCounts {
    /// The number of each message.
    pub counts: BTreeMap<Message, usize>,
    /// The number of messages beyond the first distinct ones.
    pub left_out: usize,
}

/// A warning or an error.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Message {
    /// True if it is about an action, false if it is about the item.
    pub is_of_action: bool,
    /// The machine-readable reason.
    pub code: Option<String>,
    /// The sentence.
    pub text: String,
}

/// An event whose items are returned whole.
pub struct ListedEvent {
    /// The id of its log entry.
    pub id: Uuid,
    /// The event type in its log entry.
    pub event_type: String,
    /// The time of receipt, in milliseconds since 1970.
    pub received_at_ms: i64,
    /// The items, settled.
    pub items: Vec<(Prepared, Settlement)>,
}

/// An event with which the configurations do something else.
pub struct EventDifference {
    /// The id of its log entry.
    pub id: Uuid,
    /// The event type in its log entry.
    pub event_type: String,
    /// The outcomes of its first items with the present configuration.
    pub present: Vec<&'static str>,
    /// The outcomes of its first items with the proposed configuration.
    pub proposed: Vec<&'static str>,
    /// The members of items that differ.
    pub members: Vec<&'static str>,
}

type Settled = [(Prepared, Settlement)];

impl ListedEvent {
    pub(super) fn of(event: &StoredEvent, items: Vec<(Prepared, Settlement)>) -> Self {
        Self { id: event.id, event_type: event.event_type.clone(), received_at_ms: event.received_at_ms, items }
    }
}

impl RehearsedEvents {
    /// Adds an event by its items with both configurations.
    pub(super) fn add(&mut self, event: &StoredEvent, present: &Settled, proposed: &Settled) {
        self.rehearsed += 1;
        self.oldest_received_at_ms = Some(event.received_at_ms);
        // A duplicate was answered by its first execution, so no mapping would have applied to it.
        if event.replay_of.is_none() {
            proposed.iter().for_each(|(_, settlement)| MappingEffect::add(&mut self.by_mapping, settlement));
        }
        self.present.add(present);
        self.proposed.add(proposed);
        let members = differing(present, proposed);
        if members.is_empty() {
            self.same += 1;
            return;
        }
        self.different += 1;
        if self.differences.len() < MAX_DIFFERENCES {
            let (id, event_type) = (event.id, event.event_type.clone());
            let (present, proposed) = (outcomes(present), outcomes(proposed));
            self.differences.push(EventDifference { id, event_type, present, proposed, members });
        }
    }

    /// Marks the summary as one of some of the events that there are.
    pub(super) fn with_more(self) -> Self {
        Self { has_more: true, ..self }
    }

    /// Marks the summary as one of fewer events than there are.
    pub(super) fn stopped_early(self) -> Self {
        Self { stopped_early: true, has_more: true, ..self }
    }
}

impl Totals {
    /// Adds the settled items of an event.
    pub(crate) fn add(&mut self, items: &Settled) {
        for (item, settlement) in items {
            *self.outcomes.entry(settlement.outcome.as_str()).or_default() += 1;
            for warning in item.log.warnings.iter().chain(&settlement.warnings) {
                self.warnings.add(false, None, warning);
            }
            let failed = matches!(settlement.outcome, Outcome::Failed | Outcome::Rejected);
            let action_failed = settlement.actions.iter().any(|action| action.status == Status::Error);
            if failed && !action_failed {
                let reason = settlement.reason.as_deref().unwrap_or_default();
                self.errors.add(false, item.log.code.clone(), reason);
            }
            for action in &settlement.actions {
                let key = (action.action_type.as_str(), action.status.as_str());
                *self.actions.entry(key).or_default() += 1;
                for warning in &action.warnings {
                    self.warnings.add(true, None, warning);
                }
                if action.status == Status::Error {
                    let reason = action.reason.as_deref().unwrap_or_default();
                    self.errors.add(true, Some(ACTION_FAILED.to_owned()), reason);
                }
            }
        }
    }
}

impl MessageCounts {
    fn add(&mut self, is_of_action: bool, code: Option<String>, text: &str) {
        let mut shown = text[..text.floor_char_boundary(MAX_MESSAGE_BYTES)].to_owned();
        if shown.len() < text.len() {
            shown.push('…');
        }
        let message = Message { is_of_action, code, text: shown };
        let is_full = self.counts.len() >= MAX_MESSAGES;
        match self.counts.get_mut(&message) {
            Some(count) => *count += 1,
            None if is_full => self.left_out += 1,
            None => {
                self.counts.insert(message, 1);
            }
        }
    }
}

fn outcomes(items: &Settled) -> Vec<&'static str> {
    items.iter().take(MAX_OUTCOMES).map(|(_, settlement)| settlement.outcome.as_str()).collect()
}

/// Returns the names of the members in which the items of an event differ, sorted.
fn differing(present: &Settled, proposed: &Settled) -> Vec<&'static str> {
    let mut names: Vec<&'static str> = Vec::new();
    if present.len() != proposed.len() {
        names.push("items");
    }
    for (present, proposed) in present.iter().zip(proposed) {
        let (present, proposed) = (settled_members(present), settled_members(proposed));
        let all = present.keys().chain(proposed.keys()).copied();
        names.extend(all.filter(|name| present.get(name) != proposed.get(name)));
    }
    names.sort_unstable();
    names.dedup();
    names
}

/// Returns the members of a planned item, with the results of its actions. Ids are left out: proposed mappings get new ones.
fn settled_members((item, settlement): &(Prepared, Settlement)) -> ItemMembers {
    let mut members = members(item);
    if item.plan.is_some() {
        members.insert(OUTCOME, settlement.outcome.as_str().to_owned());
    }
    let results = settlement.actions.iter().map(|action| {
        let status = json::quote(action.status.as_str());
        let reason = action.reason.as_deref().map(json::quote);
        let warnings = json::array(action.warnings.iter().map(|warning| json::quote(warning)));
        json::object(
            [("status", status.as_str()), ("warnings", &warnings)]
                .into_iter()
                .chain(reason.iter().map(|reason| ("reason", reason.as_str()))),
        )
    });
    members.insert("results", json::array(results));
    members
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_counted_up_to_a_number_of_distinct_ones() {
        let mut counts = MessageCounts::default();
        for number in 0..MAX_MESSAGES + 2 {
            counts.add(false, None, &format!("message {number}"));
        }
        counts.add(false, None, "message 0");
        assert_eq!((counts.counts.len(), counts.left_out), (MAX_MESSAGES, 2));
        assert_eq!(counts.counts.values().sum::<usize>(), MAX_MESSAGES + 1);

        let mut counts = MessageCounts::default();
        counts.add(true, None, &"é".repeat(MAX_MESSAGE_BYTES));
        assert!(counts.counts.keys().all(|message| message.text.len() <= MAX_MESSAGE_BYTES + '…'.len_utf8()));
    }
}
