//! Deliveries: the calls by which runs reach their targets.

pub mod discard;
mod filter;
pub mod get;
pub mod list;
pub mod personal_data;
pub mod redrive;
pub mod redrive_all;
pub mod response;

use inlet_core::Uuid;
use inlet_engine::Engine;
use inlet_store::{Cursor, DeliveryFilter, DeliveryQuery, Environment, ListedDelivery, StoredAttempt};

use crate::{answer_memory::AnswerMemory, error::ApiError};

/// The most deliveries that are shown with a run or an event.
const MAX_SHOWN: usize = 100;
/// The deliveries that one transaction of a redrive or a discard changes, so that events are not kept waiting.
const SLICE: u32 = 1000;

/// Selects the deliveries that are shown with a run or an event, the newest first.
pub fn shown_with(environment_id: i64, run: Option<Uuid>, source_event: Option<Uuid>) -> DeliveryQuery {
    DeliveryQuery {
        environment_id,
        cursor: Cursor::Start,
        limit: MAX_SHOWN,
        filter: DeliveryFilter::default(),
        run,
        source_event,
    }
}

/// Reads deliveries that are shown with a run or an event, each with its last attempts.
pub async fn read_shown(
    engine: &Engine,
    query: &DeliveryQuery,
    memory: &AnswerMemory,
) -> Result<Vec<(ListedDelivery, Vec<StoredAttempt>)>, ApiError> {
    engine.store.deliveries_with_attempts(query, memory).await?.ok_or_else(AnswerMemory::exhausted)
}

/// Reads a delivery of an environment with its attempts.
async fn read(
    engine: &Engine,
    environment: &Environment,
    id: &str,
) -> Result<(ListedDelivery, Vec<StoredAttempt>), ApiError> {
    let missing = || ApiError::not_found(format!("there is no delivery {id:?} in {:?}", environment.slug));
    let parsed = Uuid::try_parse(id).map_err(|_| missing())?;
    engine.store.delivery(environment.id, parsed).await?.ok_or_else(missing)
}
