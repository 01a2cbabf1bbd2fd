//! Converts a rehearsal to its response: the trace of a request, within a size limit.

use inlet_api_types::RawJson;
use inlet_core::{
    json::{self, Kind},
    log::{ActionLog, Outcome, Status},
    run::{Run, RunRecipient},
    settle::{Prepared, Settlement},
    verification::{Covers, Verdict},
};
use inlet_engine::{
    ingest::rehearse::{Answer, Rehearsed, Trace, Verification},
    snapshot::Endpoint,
};
use inlet_store::RehearsedRecipient;
use serde::Serialize;
use utoipa::ToSchema;

use super::{item_response::RehearsedItem, response_budget::ResponseBudget};
use crate::{providers::response::ShownPlugin, stored_json::stored_json};

/// The most items that are listed.
const MAX_ITEMS: usize = 100;
/// The most errors that are listed.
const MAX_ERRORS: usize = 100;

/// What would become of a request. Ids of items and runs are made for the trace; nothing is found under them.
#[derive(Serialize, ToSchema)]
#[schema(as = SourceRehearseResponse)]
pub struct ShownRehearsal {
    /// Always null: nothing is logged.
    #[schema(required, value_type = Option<String>)]
    log_id: (),
    /// `ok`, or `error` when the sender would not hear 200, or an item or an action would fail or be rejected.
    #[schema(value_type = String)]
    status: &'static str,
    /// Actions that would be looked at.
    action_logs_count: usize,
    /// Those of them that would be carried out.
    successful_action_logs_count: usize,
    /// Those of them that would end in an error; what is left has nothing to do.
    failed_action_logs_count: usize,
    /// What would go wrong: the first 100.
    errors: Vec<RehearsalError>,
    /// What verification finds; null when the request does not come as far as that.
    #[schema(required)]
    verification: Option<ShownVerification>,
    /// What the sender would hear.
    answer: ShownAnswer,
    /// What translates the request; null if this server does not have it.
    #[schema(required)]
    plugin: Option<ShownPlugin>,
    /// What the plugin logs about the request.
    #[schema(value_type = Vec<Object>)]
    logs: RawJson,
    /// What the request holds, in its order: the first 100.
    items: Vec<RehearsedItem>,
    /// How many items it holds.
    items_count: usize,
    /// What would be written; nothing of the items when the request would be refused.
    would_write: WouldWrite,
}

/// Something that would go wrong.
#[derive(Serialize, ToSchema)]
pub struct RehearsalError {
    /// The member of the request or of this answer that it is about, for example `items[0].actions[1]`.
    field: String,
    /// What was found, what was expected.
    message: String,
}

/// What verification finds.
#[derive(Serialize, ToSchema)]
#[schema(as = RehearsedVerification)]
pub struct ShownVerification {
    /// `verified`, `failed`, `missing` or `not_configured`.
    #[schema(value_type = String)]
    status: &'static str,
    /// What a valid signature speaks for: `all` or the `first` item of a batch; null without one.
    #[schema(required, value_type = Option<String>)]
    covers: Option<&'static str>,
    /// Whether what is not verified is refused.
    enforced: bool,
    /// `accepted`, or `refused` with 401. Items are traced all the same, as if the request were let in.
    #[schema(value_type = String)]
    would_be: &'static str,
    /// Why it would be refused: `missing`, `not_configured`, `failed`, `doubled`, `malformed`, `stale`, `partly_signed`, or
    /// `replayed` when the same signed request was taken already. Senders are never told.
    #[schema(required, value_type = Option<String>)]
    cause: Option<&'static str>,
}

/// What the sender would hear.
#[derive(Serialize, ToSchema)]
#[schema(as = RehearsedAnswer)]
pub struct ShownAnswer {
    /// The status code.
    status: u16,
    /// The content type.
    content_type: String,
    /// The body.
    body: String,
}

/// What would be written.
#[derive(Serialize, ToSchema)]
pub struct WouldWrite {
    /// Event logs.
    event_logs: usize,
    /// Whether the request would be kept among those that verification refused.
    refused_request: bool,
    /// Users that would be written or deleted, by id.
    users: Vec<RehearsedUser>,
    /// Objects and tenants that would be written, by collection and id.
    objects: Vec<RehearsedUser>,
    /// Workflow runs that would be created.
    runs: Vec<RehearsedRun>,
    /// Whether an idempotency key would be remembered.
    idempotency_record: bool,
}

/// A user, object or tenant that would be written or deleted.
#[derive(Serialize, ToSchema)]
pub struct RehearsedUser {
    /// Its id.
    id: String,
    /// Its collection; absent for a user.
    #[serde(skip_serializing_if = "Option::is_none")]
    collection: Option<String>,
    /// Whether it is not known yet.
    is_new: bool,
    /// Its properties now, their values hidden where the environment hides personal data; null when it is new, or when there
    /// is no room to show them.
    #[schema(required, value_type = Option<Object>)]
    before: Option<RawJson>,
    /// Its properties afterwards, hidden likewise; null when it would be deleted, or when there is no room to show them.
    #[schema(required, value_type = Option<Object>)]
    after: Option<RawJson>,
    /// True if it would be deleted; absent otherwise.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    is_deleted: bool,
}

/// A workflow run that would be created.
#[derive(Serialize, ToSchema)]
pub struct RehearsedRun {
    /// The id in its action's result.
    #[schema(format = Uuid)]
    id: String,
    /// The item that would cause it.
    #[schema(format = Uuid)]
    source_event_id: String,
    /// The workflow's key.
    workflow: String,
    /// Whom it would be for.
    recipients: Vec<RehearsedRunRecipient>,
    /// How many recipients there are in all.
    recipients_count: usize,
    /// Who did it: a user id, or an object reference.
    #[schema(required, value_type = Value)]
    actor: Option<RawJson>,
    /// In which tenant.
    #[schema(required, value_type = Option<String>)]
    tenant: Option<RawJson>,
    /// The trigger's data; null when there is no room to show them.
    #[schema(required, value_type = Option<Object>)]
    data: Option<RawJson>,
    /// By which the run could be cancelled.
    #[schema(required)]
    cancellation_key: Option<String>,
}

/// One recipient of a run.
#[derive(Serialize, ToSchema)]
pub struct RehearsedRunRecipient {
    /// The user's or object's id.
    id: String,
    /// The object's collection; absent for a user.
    #[serde(skip_serializing_if = "Option::is_none")]
    collection: Option<String>,
    /// What is merged over the run's data for this recipient; absent if there is nothing, or no room to show it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    trigger_data: Option<RawJson>,
}

impl ShownRehearsal {
    /// Shows a rehearsal.
    pub fn of(rehearsed: Rehearsed, endpoint: &Endpoint) -> Self {
        let Rehearsed { verification, refusal, trace, answer } = rehearsed;
        let mut budget = ResponseBudget::new();
        let mut errors = Vec::new();
        if let Some(refusal) = &refusal {
            let message = match verification.as_ref().and_then(|found| found.refused_for) {
                Some(cause) => unverified(cause).to_owned(),
                None => refusal.message(),
            };
            errors.push(RehearsalError { field: refusal.cause().to_owned(), message });
        }
        let is_refused = verification.as_ref().is_some_and(|found| found.refused_for.is_some());
        let traced = trace.iter().flat_map(Trace::settled_items);
        errors.extend(traced.enumerate().flat_map(|(at, (item, settlement))| errors_of(at, item, settlement)));
        let is_ok = errors.is_empty() && answer.status == 200;
        errors.truncate(MAX_ERRORS);
        let actions = || trace.iter().flat_map(|trace| &trace.rehearsal.settlements).flat_map(|item| &item.actions);
        let count = |status| actions().filter(|action| action.status == status).count();
        Self {
            log_id: (),
            status: if is_ok { "ok" } else { "error" },
            action_logs_count: actions().count(),
            successful_action_logs_count: count(Status::Success),
            failed_action_logs_count: count(Status::Error),
            errors,
            verification: verification
                .as_ref()
                .map(|found| ShownVerification::of(found, endpoint.settings.enforce_verification)),
            answer: ShownAnswer::of(answer),
            plugin: endpoint.plugin.as_ref().map(ShownPlugin::of),
            logs: stored_json(trace.as_ref().and_then(|trace| trace.logs.as_deref()).unwrap_or("[]")),
            items_count: trace.as_ref().map_or(0, |trace| trace.items.len()),
            items: trace
                .iter()
                .flat_map(Trace::settled_items)
                .take(MAX_ITEMS)
                .map(|(item, settlement)| RehearsedItem::of(item, settlement, endpoint, &mut budget))
                .collect(),
            would_write: match trace.filter(|_| !is_refused) {
                Some(trace) => WouldWrite::of(&trace, endpoint.hides_personal_data, &mut budget),
                None => WouldWrite::nothing(is_refused),
            },
        }
    }
}

/// Returns the cause of a refusal in words for the operator. The sender never learns it.
fn unverified(cause: &str) -> &'static str {
    match cause {
        "missing" => "the request carries no credential, and verification is enforced; give its headers, or sign: true",
        "failed" => {
            "the credential is not what the signing secret gives for this body; check the secret, or sign: true"
        }
        "replayed" => {
            "this very signed request was taken already, and is taken once; have it signed anew, or sign: true"
        }
        "stale" => "the signature is right, and its time is too far from now; check the clocks, or give received_at",
        "doubled" => "the credential's header is there twice; give it once",
        "malformed" => "the credential's headers cannot be read; give them as the platform sends them, or sign: true",
        "partly_signed" => {
            "only the first item of the batch is signed; set trust_unsigned_batch_items to accept the others too"
        }
        _ => "verification is enforced and there is nothing to verify with; set signing_secret",
    }
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

impl ShownVerification {
    fn of(found: &Verification, enforced: bool) -> Self {
        Self {
            status: found.verdict.as_str(),
            covers: match found.verdict {
                Verdict::Verified(Covers::All) => Some("all"),
                Verdict::Verified(Covers::First) => Some("first"),
                _ => None,
            },
            enforced,
            would_be: if found.refused_for.is_none() { "accepted" } else { "refused" },
            cause: found.refused_for,
        }
    }
}

impl ShownAnswer {
    fn of(answer: Answer) -> Self {
        let Answer { status, content_type, body } = answer;
        Self { status, content_type, body }
    }
}

impl WouldWrite {
    fn nothing(refused_request: bool) -> Self {
        Self {
            event_logs: 0,
            refused_request,
            users: Vec::new(),
            objects: Vec::new(),
            runs: Vec::new(),
            idempotency_record: false,
        }
    }

    fn of(trace: &Trace, hides: bool, budget: &mut ResponseBudget) -> Self {
        let mut shown = |is_user: bool| -> Vec<RehearsedUser> {
            let wanted =
                trace.rehearsal.recipients.iter().filter(|one| one.key.shown_collection().is_none() == is_user);
            wanted.filter_map(|recipient| RehearsedUser::of(recipient, hides, budget)).collect()
        };
        let (users, objects) = (shown(true), shown(false));
        let runs = trace.rehearsal.settlements.iter().flat_map(Settlement::runs);
        Self {
            event_logs: trace.items.len(),
            refused_request: false,
            users,
            objects,
            runs: runs.filter_map(|run| RehearsedRun::of(run, budget)).collect(),
            idempotency_record: trace.rehearsal.records > 0,
        }
    }
}

impl RehearsedUser {
    /// What the operator gave in the request is no secret from the operator; what is stored may be.
    fn of(recipient: &RehearsedRecipient, hides: bool, budget: &mut ResponseBudget) -> Option<Self> {
        budget.row()?;
        let mut properties = |text: &str| match hides {
            true => budget.json(&json::mask(text)),
            false => budget.json(text),
        };
        Some(Self {
            id: recipient.key.id.clone(),
            collection: recipient.key.shown_collection().map(str::to_owned),
            is_new: recipient.before.is_none(),
            before: recipient.before.as_deref().and_then(&mut properties),
            after: recipient.after.as_deref().and_then(&mut properties),
            is_deleted: recipient.after.is_none(),
        })
    }
}

impl RehearsedRun {
    fn of(run: &Run, budget: &mut ResponseBudget) -> Option<Self> {
        budget.row()?;
        Some(Self {
            id: run.id.to_string(),
            source_event_id: run.source_event.to_string(),
            workflow: run.workflow.clone(),
            recipients: run.recipients.iter().map_while(|one| RehearsedRunRecipient::of(one, budget)).collect(),
            recipients_count: run.recipients.len(),
            actor: run.actor.as_deref().map(stored_json),
            tenant: run.tenant.as_deref().map(stored_json),
            // A mapping path that finds nothing resolves to null.
            data: budget.json(&run.data).filter(|_| Kind::of(&run.data) != Kind::Null),
            cancellation_key: run.cancellation_key.clone(),
        })
    }
}

impl RehearsedRunRecipient {
    fn of(recipient: &RunRecipient, budget: &mut ResponseBudget) -> Option<Self> {
        budget.row()?;
        Some(Self {
            id: recipient.id.clone(),
            collection: recipient.collection.clone(),
            trigger_data: recipient.trigger_data.as_deref().and_then(|text| budget.json(text)),
        })
    }
}
