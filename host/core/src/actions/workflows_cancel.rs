//! `workflows_cancel`: stops the runs of a workflow that were created with a cancellation key.
//!
//! Parameters: `key` (a constant, required), `cancellation_key` (required) and `recipients` (default: all recipients).
//! Source of the rules: semantics.md §6 and §8.
//!
//! - Runs that have not ended are canceled, those that no target wants included. Within one event a cancel goes before a
//!   trigger, so it never stops a run of its own event.
//! - With `recipients`, only these recipients of a run are canceled; a run whose recipients are all canceled is canceled.
//!   They need not be identified: a run may outlive its user. More than 1000 are an error of this action alone.
//! - Triggers with the key that wait for recipients who are not identified stop waiting: for all, or for these recipients.
//! - A transaction cancels at most 1000 runs and looks recipients up at most 10,000 times. A background job does the rest,
//!   and the result says so.

use uuid::Uuid;

use super::{
    ActionError, ActionIntent, ActionParameters, BadMapping, Decision, Parameter, ParameterReader, Resolver, View,
    parties,
};
use crate::{
    effect::Effect,
    json,
    recipient::Party,
    run::{CanceledRun, RunCancellation, RunRange},
    user::TooLarge,
    world::{EnvironmentNeeds, OpenRun, OpenRuns},
};

/// The parameters of a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameters {
    key: String,
    cancellation_key: Parameter,
    recipients: Option<Parameter>,
}

/// Runs to cancel.
#[derive(Debug, Clone)]
pub struct Intent {
    /// The workflow's key.
    pub workflow: String,
    /// The key that the runs were created with.
    pub cancellation_key: String,
    /// The recipients to cancel; none for all.
    pub recipients: Option<Vec<Party>>,
}

impl ActionParameters for Parameters {
    type Intent = Intent;

    fn parse(reader: &mut ParameterReader<'_>) -> Result<Self, BadMapping> {
        Ok(Self {
            key: reader.take_constant("key")?,
            cancellation_key: reader.take_required("cancellation_key")?,
            recipients: reader.take_party("recipients")?,
        })
    }

    fn resolve<'a>(&'a self, resolver: &mut Resolver<'a>) -> Result<Intent, ActionError> {
        resolver.constant("key", &self.key);
        let cancellation_key = resolver.parameter("cancellation_key", &self.cancellation_key);
        let recipients = resolver.optional("recipients", self.recipients.as_ref());
        let mut intent = Intent {
            workflow: self.key.clone(),
            cancellation_key: cancellation_key.checked_cancellation_key()?.required_string()?,
            // A path that finds nothing must not cancel everybody.
            recipients: recipients.map(|recipients| recipients.parties()).transpose()?,
        };
        parties::warn(intent.recipients.as_deref_mut().unwrap_or_default(), resolver);
        Ok(intent)
    }
}

/// The runs that a cancellation finds.
#[derive(Default)]
struct Found {
    canceled: Vec<CanceledRun>,
    /// The last run before the first one that is left to the job.
    rest_after: Option<Uuid>,
}

impl Intent {
    fn find(&self, open: &OpenRuns) -> Found {
        let mut found = Found { canceled: Vec::new(), rest_after: open.cut_after };
        let mut previous = Uuid::nil();
        for run in &open.runs {
            match self.cancel(run) {
                Ok(canceled) => found.canceled.extend(canceled),
                Err(Unread) => {
                    let earliest = found.rest_after.map_or(previous, |after| after.min(previous));
                    found.rest_after = Some(earliest);
                }
            }
            previous = run.id;
        }
        found
    }

    /// Returns what is canceled of a run; none if it has none of the recipients.
    fn cancel(&self, run: &OpenRun) -> Result<Option<CanceledRun>, Unread> {
        let Some(recipients) = &self.recipients else {
            return Ok(Some(CanceledRun { id: run.id, recipients: None }));
        };
        let known = run.recipients.as_ref().ok_or(Unread)?;
        let mut positions: Vec<i64> = recipients.iter().filter_map(|party| known.get(&party.key).copied()).collect();
        positions.sort_unstable();
        positions.dedup();
        let is_whole = positions.len() as i64 == run.recipients_count;
        Ok((!positions.is_empty()).then(|| CanceledRun { id: run.id, recipients: (!is_whole).then_some(positions) }))
    }
}

/// The recipients of a run were not read, because there are more than a transaction takes.
struct Unread;

impl ActionIntent for Intent {
    fn needs<'a>(&'a self, needs: &mut EnvironmentNeeds<'_, 'a>) {
        let recipients = self.recipients.as_deref().unwrap_or_default();
        parties::needs(recipients.iter().filter(|party| party.inline.is_some()), needs);
        needs.open_runs(&self.workflow, &self.cancellation_key, recipients.iter().map(|party| &party.key));
    }

    fn listed_recipients(&self) -> usize {
        self.recipients.as_ref().map_or(0, Vec::len)
    }

    fn upsert_inline(&self, view: &View<'_>, effects: &mut Vec<Effect>) -> Result<(), TooLarge> {
        parties::upsert_inline(self.recipients.as_deref().unwrap_or_default(), view, effects)
    }

    fn decide(&self, view: &mut View<'_>, effects: &mut Vec<Effect>) -> Decision {
        let open = view.open_runs(&self.workflow, &self.cancellation_key);
        let Found { canceled: runs, rest_after } = open.map(|open| self.find(open)).unwrap_or_default();
        let is_waited = open.is_some_and(|open| open.is_waited || open.runs.iter().any(|run| run.may_grow));
        let result = result(&runs, rest_after.is_some(), is_waited);
        let rest = rest_after.map(|after| RunRange { after, before: view.new_id() });
        if runs.is_empty() && rest.is_none() && !is_waited {
            let reason = "no run with this cancellation key has not ended; there is nothing to cancel";
            return Decision::skipped(result, reason);
        }
        effects.push(Effect::CancelRuns(RunCancellation {
            workflow: self.workflow.clone(),
            cancellation_key: self.cancellation_key.clone(),
            recipients: self
                .recipients
                .as_ref()
                .map(|recipients| recipients.iter().map(|party| party.key.clone()).collect()),
            event: view.event(),
            runs,
            rest,
        }));
        Decision::success(result)
    }
}

/// Returns the result that the action log shows.
fn result(runs: &[CanceledRun], has_rest: bool, is_waited: bool) -> String {
    let quote = |id: Uuid| json::quote(&id.to_string());
    let wholly = json::array(runs.iter().filter(|run| run.recipients.is_none()).map(|run| quote(run.id)));
    let partly = json::array(runs.iter().filter_map(|run| {
        let count = run.recipients.as_ref()?.len().to_string();
        Some(json::object([("workflow_run_id", quote(run.id).as_str()), ("canceled_recipients", &count)]))
    }));
    let rest = has_rest.then_some("there are more runs than one transaction cancels; a job cancels the rest");
    let waits = is_waited
        .then_some("recipients for whom a trigger with this key waits, or who are being added to a run, get none");
    let notes: Vec<String> = rest.into_iter().chain(waits).map(json::quote).collect();
    let notes_text = json::array(&notes);
    let mut members = vec![("canceled_runs", wholly.as_str()), ("partly_canceled_runs", partly.as_str())];
    if !notes.is_empty() {
        members.push(("notes", &notes_text));
    }
    json::object(members)
}
