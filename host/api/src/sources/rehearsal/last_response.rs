//! Converts the summary of many rehearsed events to its response.

use std::{cmp::Reverse, collections::BTreeMap};

use inlet_api_types::rehearsals::{
    RehearsalDifference, RehearsalMessage, RehearsalTotals, RehearsedActionCount, RehearsedLastEvent,
    RehearsedLastEvents, RehearsedLastItem, RehearsedMappingEffect,
};
use inlet_core::{
    Uuid,
    log::ActionLog,
    settle::{Prepared, Settlement},
    time,
};
use inlet_engine::{
    ingest::rehearse_last::{
        EventDifference, ListedEvent, MappingEffect, Message, MessageCounts, RehearsedEvents, Totals,
    },
    snapshot::Endpoint,
};

use super::{item_response::rehearsed_action, mapping_matches::mapping_matches, response_budget::ResponseBudget};
use crate::sources::logs::personal_data::{HIDDEN, hide_action_log, hide_quoted};

/// Returns the response for a summary.
pub fn last_events(found: RehearsedEvents, present: &Endpoint, proposed: &Endpoint) -> RehearsedLastEvents {
    let hide = present.hides_personal_data;
    let mut budget = ResponseBudget::new();
    RehearsedLastEvents {
        rehearsed: found.rehearsed,
        same: found.same,
        different: found.different,
        not_kept: found.not_kept,
        stopped_early: found.stopped_early,
        has_more: found.has_more,
        oldest_received_at: found.oldest_received_at_ms.map(time::write_ms),
        present: totals(found.present, hide),
        proposed: totals(found.proposed, hide),
        differences: found.differences.into_iter().map(difference).collect(),
        by_mapping: found.by_mapping.iter().filter_map(|(id, found)| effect(*id, found, present, proposed)).collect(),
        events: found.listed.iter().map(|event| listed_event(event, proposed, &mut budget)).collect(),
    }
}

fn effect(id: Uuid, found: &MappingEffect, present: &Endpoint, proposed: &Endpoint) -> Option<RehearsedMappingEffect> {
    let mapping = proposed.mappings.iter().find(|mapping| mapping.id == id)?;
    Some(RehearsedMappingEffect {
        mapping: id.to_string(),
        is_new: !present.mappings.iter().any(|mapping| mapping.id == id),
        event_type: mapping.event_type.clone(),
        action_type: mapping.action.action_type().as_str().to_owned(),
        items: found.items,
        successful: found.successful,
        skipped: found.skipped,
        failed: found.failed,
        runs: found.runs,
        recipients: found.recipients(),
        has_more_recipients: found.has_more_recipients,
    })
}

fn listed_event(event: &ListedEvent, proposed: &Endpoint, budget: &mut ResponseBudget) -> RehearsedLastEvent {
    RehearsedLastEvent {
        id: event.id.to_string(),
        event_type: event.event_type.clone(),
        received_at: time::write_ms(event.received_at_ms),
        items: event.items.iter().map(|(item, settlement)| listed_item(item, settlement, proposed, budget)).collect(),
    }
}

fn listed_item(
    item: &Prepared,
    settlement: &Settlement,
    proposed: &Endpoint,
    budget: &mut ResponseBudget,
) -> RehearsedLastItem {
    let hide = proposed.hides_personal_data;
    let (mappings, mappings_left_out) = mapping_matches(proposed, item.plan.as_ref().map(|_| &item.log), budget);
    let shown = |action: &ActionLog| if hide { hide_action_log(action) } else { action.clone() };
    RehearsedLastItem {
        event_type: item.log.event_type.clone(),
        outcome: settlement.outcome.as_str().to_owned(),
        reason: match hide {
            true => settlement.reason.as_ref().map(|_| HIDDEN.to_owned()),
            false => settlement.reason.clone(),
        },
        mappings,
        mappings_left_out,
        actions: settlement.actions.iter().map(|action| rehearsed_action(&shown(action), budget)).collect(),
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
