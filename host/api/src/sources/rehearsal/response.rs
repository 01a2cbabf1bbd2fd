//! Converts a rehearsal to its response: the trace of a request, within a size limit.

use inlet_api_types::rehearsals::{Rehearsal, RehearsalError, RehearsedAnswer, RehearsedVerification, WouldWrite};
use inlet_core::{
    log::{ActionLog, Outcome, Status},
    settle::{Prepared, Settlement},
    verification::{Covers, RefusalCause, Verdict},
};
use inlet_engine::{
    ingest::rehearse::{Rehearsed, RehearsedVerdict, Trace},
    snapshot::Endpoint,
};

use super::{item_response::rehearsed_item, response_budget::ResponseBudget, writes_response::would_write};
use crate::{providers::response, stored_json::stored_json};

/// The most items that are listed.
const MAX_ITEMS: usize = 100;
/// The most errors that are listed.
const MAX_ERRORS: usize = 100;

/// Returns the response for a rehearsed request.
pub fn rehearsal(rehearsed: Rehearsed, endpoint: &Endpoint) -> Rehearsal {
    let Rehearsed { verification, error, trace, answer } = rehearsed;
    let mut budget = ResponseBudget::new();
    let mut errors = Vec::new();
    if let Some(error) = &error {
        let message = match verification.as_ref().and_then(|found| found.refused_for) {
            Some(cause) => unverified(cause),
            None => error.to_string(),
        };
        errors.push(RehearsalError { field: error.cause().to_owned(), message });
    }
    let is_refused = verification.as_ref().is_some_and(|found| found.refused_for.is_some());
    let traced = trace.iter().flat_map(Trace::settled_items);
    errors.extend(traced.enumerate().flat_map(|(at, (item, settlement))| errors_of(at, item, settlement)));
    let is_ok = errors.is_empty() && answer.status == 200;
    errors.truncate(MAX_ERRORS);
    let actions = || trace.iter().flat_map(|trace| &trace.rehearsal.settlements).flat_map(|item| &item.actions);
    let count = |status| actions().filter(|action| action.status == status).count();
    Rehearsal {
        log_id: (),
        status: if is_ok { "ok" } else { "error" }.to_owned(),
        action_logs_count: actions().count(),
        successful_action_logs_count: count(Status::Success),
        failed_action_logs_count: count(Status::Error),
        errors,
        verification: verification
            .as_ref()
            .map(|found| verification_response(found, endpoint.settings.enforce_verification)),
        answer: RehearsedAnswer { status: answer.status, content_type: answer.content_type, body: answer.body },
        plugin: endpoint.plugin.as_ref().map(response::plugin),
        logs: stored_json(trace.as_ref().and_then(|trace| trace.logs.as_deref()).unwrap_or("[]")),
        items_count: trace.as_ref().map_or(0, |trace| trace.items.len()),
        items: trace
            .iter()
            .flat_map(Trace::settled_items)
            .take(MAX_ITEMS)
            .map(|(item, settlement)| rehearsed_item(item, settlement, endpoint, &mut budget))
            .collect(),
        would_write: match trace.filter(|_| !is_refused) {
            Some(trace) => would_write(&trace, endpoint.hides_personal_data, &mut budget),
            None => WouldWrite { refused_request: is_refused, ..WouldWrite::default() },
        },
    }
}

/// Returns the cause of a refusal in words for the operator. The sender never learns it.
fn unverified(cause: &str) -> String {
    let found = RefusalCause::named(cause).map_or("the request could not be verified", |cause| cause.meaning);
    let cure = RefusalCause::what_to_do_about(cause);
    format!("{found}; to rehearse it all the same, give its headers and received_at, or sign: true. What to do: {cure}")
}

/// Returns the errors of an item: of its actions, else of the item itself.
fn errors_of(at: usize, item: &Prepared, settlement: &Settlement) -> Vec<RehearsalError> {
    let is_error = |(_, action): &(usize, &ActionLog)| action.status == Status::Error;
    let mut errors: Vec<_> = settlement
        .actions
        .iter()
        .enumerate()
        .filter(is_error)
        .map(|(action_at, action)| RehearsalError {
            field: format!("items[{at}].actions[{action_at}]"),
            message: action.reason.clone().unwrap_or_default(),
        })
        .collect();
    if errors.is_empty() && matches!(settlement.outcome, Outcome::Failed | Outcome::Rejected) {
        let reason = settlement.reason.clone().or_else(|| item.log.code.clone());
        errors.push(RehearsalError { field: format!("items[{at}]"), message: reason.unwrap_or_default() });
    }
    errors
}

fn verification_response(found: &RehearsedVerdict, enforced: bool) -> RehearsedVerification {
    let covers = match found.verdict {
        Verdict::Verified(Covers::All) => Some("all"),
        Verdict::Verified(Covers::First) => Some("first"),
        _ => None,
    };
    RehearsedVerification {
        status: found.verdict.as_str().to_owned(),
        covers: covers.map(str::to_owned),
        enforced,
        would_be: if found.refused_for.is_none() { "accepted" } else { "refused" }.to_owned(),
        cause: found.refused_for.map(str::to_owned),
    }
}
