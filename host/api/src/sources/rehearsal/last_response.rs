//! Converts the summary of many rehearsed events to its response.

use std::{cmp::Reverse, collections::BTreeMap};

use inlet_api_types::rehearsals::{
    RehearsalDifference, RehearsalMessage, RehearsalTotals, RehearsedActionCount, RehearsedLastEvents,
};
use inlet_engine::ingest::rehearse_last::{EventDifference, Message, MessageCounts, RehearsedEvents, Totals};

use crate::sources::logs::personal_data::{HIDDEN, hide_quoted};

/// Returns the response for a summary. `hide` masks what was received.
pub fn last_events(found: RehearsedEvents, hide: bool) -> RehearsedLastEvents {
    RehearsedLastEvents {
        rehearsed: found.rehearsed,
        same: found.same,
        different: found.different,
        not_kept: found.not_kept,
        stopped_early: found.stopped_early,
        present: totals(found.present, hide),
        proposed: totals(found.proposed, hide),
        differences: found.differences.into_iter().map(difference).collect(),
    }
}

/// Returns the results with one configuration. `hide` masks what was received.
pub fn totals(found: Totals, hide: bool) -> RehearsalTotals {
    let action_count = |((action_type, status), count): ((&str, &str), usize)| RehearsedActionCount {
        action_type: action_type.to_owned(),
        status: status.to_owned(),
        count,
    };
    RehearsalTotals {
        outcomes: found.outcomes.into_iter().map(|(outcome, count)| (outcome.to_owned(), count)).collect(),
        actions: found.actions.into_iter().map(action_count).collect(),
        warnings_left_out: found.warnings.left_out,
        warnings: messages(found.warnings, hide),
        errors_left_out: found.errors.left_out,
        errors: messages(found.errors, hide),
    }
}

/// Returns the messages, the most frequent first. Messages that differ only in what is hidden are one.
fn messages(found: MessageCounts, hide: bool) -> Vec<RehearsalMessage> {
    let mut counts: BTreeMap<(Option<String>, String), usize> = BTreeMap::new();
    for (message, count) in found.counts {
        let text = if hide { hidden(&message) } else { message.text };
        *counts.entry((message.code, text)).or_default() += count;
    }
    let mut messages: Vec<_> =
        counts.into_iter().map(|((code, message), count)| RehearsalMessage { code, message, count }).collect();
    messages.sort_by_key(|message| Reverse(message.count));
    messages
}

/// Hides what was received as the event log does: a message about an item may repeat it anywhere.
fn hidden(message: &Message) -> String {
    match message.is_of_action {
        true => hide_quoted(&message.text),
        false => HIDDEN.to_owned(),
    }
}

fn difference(found: EventDifference) -> RehearsalDifference {
    let owned = |texts: Vec<&str>| texts.into_iter().map(str::to_owned).collect();
    RehearsalDifference {
        id: found.id.to_string(),
        event_type: found.event_type,
        present: owned(found.present),
        proposed: owned(found.proposed),
        members: owned(found.members),
    }
}
