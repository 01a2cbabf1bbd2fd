//! Settling: carrying out the plan of an event, given who is identified and which executions count.
//!
//! Pure: the store loads what the plans of a transaction need into a [`World`], each event is settled in order and sees
//! the effects of the ones before it, and the store writes the effects. Source of the rules: semantics.md §4 and §5.

mod carry_out;
mod job;
mod settlement;
mod transaction_time;

use uuid::Uuid;

use self::{
    carry_out::{CarryingOut, as_of},
    settlement::differs,
};
use crate::{
    actions::{NewId, Status},
    effect::Effect,
    idempotency::{BUILT_IN_IDENTIFY, Execution, Precedent},
    log::Outcome,
    plan::PlannedAction,
    world::World,
};

pub use job::{Job, Prepared};
pub use settlement::Settlement;
pub use transaction_time::TransactionTime;

/// Settles one item and applies its effects to the world.
pub fn settle(
    world: &mut World,
    environment: i64,
    item: &Prepared,
    time: TransactionTime,
    new_id: NewId<'_>,
) -> Settlement {
    let Some(plan) = &item.plan else {
        return Settlement::nothing(item.log.outcome, item.log.reason.clone());
    };
    let forced = plan.replay.is_some_and(|replay| replay.force);
    let counting = plan.key.as_ref().filter(|_| !forced);
    let (to_run, resumes, warning) = match counting.map(|key| world.precedent(key, time.store_ms)) {
        None | Some(Precedent::None) => (plan.actions.iter().collect(), None, None),
        Some(Precedent::Replays { event, same }) => return Settlement::replay(event, same),
        Some(Precedent::Resumes { event, same, succeeded }) => {
            let rest: Vec<_> = plan.actions.iter().filter(|action| !succeeded.contains(&recorded_id(action))).collect();
            if rest.is_empty() {
                return Settlement::replay(event, same);
            }
            (rest, Some(event), differs(same))
        }
    };
    if to_run.is_empty() {
        return Settlement::nothing(Outcome::Logged, plan.reason.clone());
    }
    let mut carrying_out = CarryingOut {
        world,
        environment,
        event: item.log.id,
        as_of: as_of(plan.replay, time.system_ms),
        store_ms: time.store_ms,
        new_id,
        actions: Vec::new(),
        effects: Vec::new(),
        skipped_recipients: 0,
    };
    carrying_out.all(&to_run);
    let CarryingOut { actions, effects, skipped_recipients, .. } = carrying_out;
    let succeeded: Vec<Uuid> = actions
        .iter()
        .filter(|action| action.status == Status::Success)
        .map(|action| action.mapping.unwrap_or(BUILT_IN_IDENTIFY))
        .collect();
    let succeeded_any = !succeeded.is_empty();
    let failed = actions.iter().find(|action| action.status == Status::Error);
    if let Some(key) = plan.key.as_ref().filter(|_| !succeeded.is_empty()) {
        let execution = Execution {
            event: item.log.id,
            at_ms: time.store_ms,
            complete: failed.is_none(),
            fingerprint: key.fingerprint,
            mappings: succeeded,
        };
        world.remember(key, execution);
    }
    let bypassed = (forced && plan.key.is_some())
        .then(|| "idempotency was bypassed: executions with the same key did not count".to_owned());
    let fills_gaps = |effect: &Effect| matches!(effect, Effect::UpsertRecipient(upsert) if upsert.fills_gaps);
    let filled = effects
        .iter()
        .any(fills_gaps)
        .then(|| "it is older than what is known of a user: only gaps were filled".to_owned());
    let outcome = match (failed, succeeded_any) {
        (Some(_), _) => Outcome::Failed,
        (None, true) => Outcome::Executed,
        (None, false) => Outcome::Skipped,
    };
    let decisive = failed.or_else(|| actions.first().filter(|_| outcome == Outcome::Skipped));
    Settlement {
        outcome,
        reason: decisive.and_then(|action| action.reason.clone()),
        skipped_recipients,
        replay_of: None,
        replay_differs: false,
        resumes,
        warnings: warning.into_iter().chain(bypassed).chain(filled).collect(),
        actions,
        effects,
    }
}

/// Returns the id under which the success of an action is recorded.
fn recorded_id(action: &PlannedAction) -> Uuid {
    action.mapping.unwrap_or(BUILT_IN_IDENTIFY)
}
