//! Reading the body of a request to the API.
//!
//! It holds memory in the same ledger as webhooks, as a part of its environment's share, and must keep the same pace: many
//! large bodies or slow ones cost their own environment. Calls of operators have a ledger of their own, so that the server
//! can be managed while senders fill the other one.

use std::{sync::Arc, time::Instant};

use axum::{body::Body, http::HeaderMap};
use inlet_core::contract;

use super::{
    body::{self, NotRead},
    error::IngestError,
    reserve::REQUEST_BYTES,
};
use crate::{
    Engine,
    admission::{Reservation, ledger::Party},
};

/// The body of an API request, with the memory that it holds.
pub struct ApiBody {
    /// The body, without a byte order mark.
    pub body: contract::Body,
    /// Kept as long as the body is.
    pub memory: BodyMemory,
}

/// The memory that a body holds, until it is dropped.
#[derive(Clone)]
pub struct BodyMemory {
    _reservation: Arc<Reservation>,
}

/// Reads a body that is not compressed. `owner` is the log of the environment whose key was used; `None` for an operator.
pub async fn read(
    engine: &Engine,
    owner: Option<i64>,
    limit: usize,
    headers: &HeaderMap,
    body: Body,
) -> Result<ApiBody, IngestError> {
    // No source environment has the id 0.
    let party = Party { source: owner.unwrap_or_default(), peer: None, is_suspect: false };
    let ledger = if owner.is_some() { &engine.ledger } else { &engine.operator_ledger };
    let reservation = ledger.open(party, REQUEST_BYTES, Instant::now())?;
    match body::read(engine, limit, headers, body, &reservation).await {
        Ok(read) => Ok(ApiBody { body: read.body, memory: BodyMemory { _reservation: reservation } }),
        Err(NotRead::NotAccepted(refused)) => Err(refused.error),
        Err(NotRead::Uninflated(_)) => Err(IngestError::NotGzip { found: "not inflated" }),
    }
}
