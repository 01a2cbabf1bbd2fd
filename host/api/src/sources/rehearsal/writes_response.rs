//! Converts the writes of a rehearsal: users, objects and workflow runs.

use inlet_api_types::rehearsals::{RehearsedRun, RehearsedRunRecipient, RehearsedUser, WouldWrite};
use inlet_core::{
    json::{self, Kind},
    run::{Run, RunRecipient},
    settle::Settlement,
};
use inlet_engine::ingest::rehearse::Trace;
use inlet_store::RehearsedRecipient;

use super::{
    relations_response::{Relations, canceled_runs, relations},
    response_budget::ResponseBudget,
};
use crate::stored_json::stored_json;

/// Returns the writes within the budget. `hides` masks stored properties.
pub fn would_write(trace: &Trace, hides: bool, budget: &mut ResponseBudget) -> WouldWrite {
    let mut recipients = |is_user: bool| -> Vec<RehearsedUser> {
        let all = trace.rehearsal.recipients.iter();
        all.filter(|recipient| recipient.key.shown_collection().is_none() == is_user)
            .filter_map(|recipient| rehearsed_user(recipient, hides, budget))
            .collect()
    };
    let (users, objects) = (recipients(true), recipients(false));
    let settlements = &trace.rehearsal.settlements;
    let Relations { subscriptions, members } = relations(settlements, budget);
    let runs = settlements.iter().flat_map(Settlement::runs);
    WouldWrite {
        // Nothing is logged for an item whose signed bytes were taken before.
        event_logs: trace.items.len() - trace.rehearsal.resent.iter().flatten().count(),
        refused_request: false,
        users,
        objects,
        subscriptions,
        members,
        runs: runs.filter_map(|run| rehearsed_run(run, budget)).collect(),
        canceled_runs: canceled_runs(settlements, budget),
        idempotency_record: trace.rehearsal.records > 0,
    }
}

/// Masks the properties after the change too, because they contain the stored ones.
fn rehearsed_user(recipient: &RehearsedRecipient, hides: bool, budget: &mut ResponseBudget) -> Option<RehearsedUser> {
    budget.row()?;
    let mut properties = |text: &str| match hides {
        true => budget.json(&json::mask(text)),
        false => budget.json(text),
    };
    Some(RehearsedUser {
        id: recipient.key.id.clone(),
        collection: recipient.key.shown_collection().map(str::to_owned),
        is_new: recipient.before.is_none(),
        before: recipient.before.as_deref().and_then(&mut properties),
        after: recipient.after.as_deref().and_then(&mut properties),
        is_deleted: recipient.after.is_none(),
    })
}

fn rehearsed_run(run: &Run, budget: &mut ResponseBudget) -> Option<RehearsedRun> {
    budget.row()?;
    Some(RehearsedRun {
        id: run.id.to_string(),
        source_event_id: run.source_event.to_string(),
        workflow: run.workflow.clone(),
        recipients: run.recipients.iter().map_while(|recipient| run_recipient(recipient, budget)).collect(),
        recipients_count: run.recipients.len(),
        actor: run.actor.as_deref().map(stored_json),
        tenant: run.tenant.as_deref().map(stored_json),
        // A mapping path that finds nothing resolves to null.
        data: budget.json(&run.data).filter(|_| Kind::of(&run.data) != Kind::Null),
        cancellation_key: run.cancellation_key.clone(),
    })
}

fn run_recipient(recipient: &RunRecipient, budget: &mut ResponseBudget) -> Option<RehearsedRunRecipient> {
    budget.row()?;
    Some(RehearsedRunRecipient {
        id: recipient.id.clone(),
        collection: recipient.collection.clone(),
        trigger_data: recipient.trigger_data.as_deref().and_then(|text| budget.json(text)),
    })
}
