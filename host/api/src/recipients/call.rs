//! Carrying out the operations of one call.

use std::sync::Arc;

use bytestring::ByteString;
use inlet_core::{actions::BadMapping, log::Status};
use inlet_engine::{
    Engine,
    recipients::{self, Operation, OperationType},
    snapshot::Endpoint,
};
use inlet_store::{CommitExtras, Environment, NewChange, ReadMemory as _, Settled};

use crate::{
    answer_memory::AnswerMemory,
    auth::EnvironmentKey,
    error::{ApiError, Kind},
};

/// The copies of a body that exist at one time while it is planned and written: its text, the data and the payload of the
/// log, and the properties before and after a merge.
const BODY_COPIES: u64 = 2;

/// One call that changes something, with the memory that it holds.
pub struct Call {
    engine: Engine,
    /// The entry for the log of changes; none if the environment's own code calls.
    change: Option<NewChange>,
    log: Arc<Endpoint>,
    memory: AnswerMemory,
}

impl Call {
    /// Reserves the memory for a call with a body of so many bytes.
    pub fn begin(engine: &Engine, key: &EnvironmentKey, body_bytes: usize) -> Result<Self, ApiError> {
        let deleted =
            || ApiError::new(Kind::Unauthorized, "the environment of this key was deleted; use a key of another one");
        Self::begin_in(engine, key.environment_id, body_bytes)?.ok_or_else(deleted)
    }

    /// Reserves the memory for a call that an operator makes in place of the environment's own code. `change` goes into the
    /// log of changes with it.
    pub fn begin_for_operator(
        engine: &Engine,
        environment: &Environment,
        body_bytes: usize,
        change: NewChange,
    ) -> Result<Self, ApiError> {
        let call = Self::begin_in(engine, environment.id, body_bytes)?;
        let deleted = || ApiError::not_found(format!("the environment {:?} was deleted", environment.slug));
        Ok(Self { change: Some(change), ..call.ok_or_else(deleted)? })
    }

    /// Reserves the memory; returns none if the environment is gone.
    fn begin_in(engine: &Engine, environment_id: i64, body_bytes: usize) -> Result<Option<Self>, ApiError> {
        let Some(log) = engine.snapshot().api_log(environment_id).cloned() else { return Ok(None) };
        let memory = AnswerMemory::new(engine);
        match memory.reserve(BODY_COPIES * body_bytes as u64) {
            true => Ok(Some(Self { engine: engine.clone(), change: None, log, memory })),
            false => Err(ApiError::new(
                Kind::Unavailable,
                "too many large bodies and answers are held at once; try again, and send smaller bodies",
            )),
        }
    }

    /// Returns the source environment in whose log the call is kept.
    pub fn log_id(&self) -> i64 {
        self.log.id
    }

    /// Carries out one operation. An operation that ends in an error is answered 422 with its reason.
    pub async fn carry_out(self, operation: Operation) -> Result<Settled, ApiError> {
        let settled = self.carry_out_all(vec![operation]).await?;
        settled.into_iter().next().ok_or_else(|| {
            tracing::error!("an operation was committed without a result; please report it");
            ApiError::new(Kind::Internal, "the server does not know how the operation ended; its log says more")
        })
    }

    /// Carries out several operations in one transaction. If one ends in an error, the answer is 422 with its reason; it
    /// does not undo the others.
    pub async fn carry_out_all(self, operations: Vec<Operation>) -> Result<Vec<Settled>, ApiError> {
        if let Some(error) = operations.iter().find_map(Operation::error) {
            return Err(invalid(&error.to_string()));
        }
        let settled = self.carry_out_each(operations).await?;
        let is_error = |settled: &&Settled| settled.actions.iter().any(|(_, status)| *status == Status::Error);
        match settled.iter().find(is_error) {
            Some(failed) => Err(ApiError::new(Kind::Invalid, failed.reason.clone().unwrap_or_default())),
            None => Ok(settled),
        }
    }

    /// Carries out several operations in one transaction, each with an end of its own, which may be an error.
    pub async fn carry_out_each(self, operations: Vec<Operation>) -> Result<Vec<Settled>, ApiError> {
        let Self { engine, change, log, memory } = self;
        let extras = CommitExtras { change, ..CommitExtras::default() };
        Ok(recipients::carry_out(&engine, &log, operations, extras, Arc::new(memory)).await?)
    }
}

/// Plans an operation with the parameters of its action, a JSON object.
pub fn plan(operation: OperationType, body: ByteString, parameters: &str) -> Result<Operation, ApiError> {
    Operation::plan(operation, body, parameters).map_err(|BadMapping { field, message }| {
        ApiError::invalid(field.strip_prefix("action_parameters.").unwrap_or(&field), message)
    })
}

/// An error whose sentence begins with the name of the member that is wrong.
fn invalid(sentence: &str) -> ApiError {
    match sentence.split_once([',', ' ', ':']) {
        Some((field, _))
            if matches!(field, "recipients" | "actor" | "tenant" | "data" | "properties" | "cancellation_key") =>
        {
            ApiError::invalid(field, sentence)
        }
        _ => ApiError::new(Kind::Invalid, sentence),
    }
}
