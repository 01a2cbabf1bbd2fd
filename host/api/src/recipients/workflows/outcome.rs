//! Finding in the log what a trigger ended with.

use inlet_core::{Uuid, actions::workflows_trigger::skipped_in, json};
use inlet_engine::Engine;
use inlet_store::{EventQuery, Settled};

use crate::{
    answer_memory::AnswerMemory,
    error::{ApiError, Kind},
};

/// The most recipients that an error names.
const MAX_NAMED: usize = 20;

/// Returns the run that the execution of an idempotency key created.
pub async fn replayed_run(engine: &Engine, log_id: i64, settled: &Settled) -> Result<Uuid, ApiError> {
    if settled.replay_differs {
        let message = "a call with this key had another body or another workflow; use a new key for each trigger, and the \
                       same body with the same key";
        return Err(ApiError::invalid("Idempotency-Key", message));
    }
    let result = match settled.replay_of {
        Some(execution) => result_of(engine, log_id, execution).await?,
        None => None,
    };
    let run = result.as_deref().and_then(|result| json::member(result, "workflow_run_id")).and_then(json::string);
    run.and_then(|run| Uuid::try_parse(&run).ok()).ok_or_else(|| {
        let message = "a call with this key created a run that the log no longer names; use a new key";
        ApiError::new(Kind::Conflict, message)
    })
}

/// The error for a call without a recipient that is identified. `consequence` says what was not done.
pub async fn nobody_identified(
    engine: &Engine,
    log_id: i64,
    event: Uuid,
    consequence: &str,
) -> Result<ApiError, ApiError> {
    let result = result_of(engine, log_id, event).await?.unwrap_or_default();
    let skipped = skipped_in(&result);
    let named: Vec<String> = skipped.iter().take(MAX_NAMED).map(|recipient| format!("{recipient:?}")).collect();
    let more = match skipped.len().saturating_sub(MAX_NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let message = format!(
        "no recipient is identified, so {consequence}: {}{more}; identify them first, or send them with properties",
        named.join(", ")
    );
    Ok(ApiError::invalid("recipients", message))
}

/// Returns the result of the action of a call; none if its log is gone.
async fn result_of(engine: &Engine, log_id: i64, event: Uuid) -> Result<Option<String>, ApiError> {
    let memory = AnswerMemory::new(engine);
    let query = EventQuery { cut: true, ..EventQuery::one(vec![log_id], event) };
    let page = engine.store.events_within(&query, &memory).await?.ok_or_else(AnswerMemory::exhausted)?;
    let actions = page.items.into_iter().next().map(|event| event.actions).unwrap_or_default();
    Ok(actions.into_iter().find_map(|action| action.result))
}
