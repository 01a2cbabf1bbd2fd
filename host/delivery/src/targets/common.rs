//! Options that targets of all kinds have.

use inlet_core::delivery::DeliveryOrder;

use super::{TargetFacts, error::TargetError, fields::Fields};
use crate::request::HeaderCase;

/// The most requests of a target under way at once, unless an option says otherwise.
const CONCURRENCY: u32 = 16;
const MAX_CONCURRENCY: u32 = 256;
const MAX_RATE: u32 = 100_000;

/// Options that targets of all kinds have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommonOptions {
    /// The most recipients of one request.
    pub chunk: u32,
    /// The most requests per second; none for no limit.
    pub rate_per_second: Option<u32>,
    /// The most requests under way at once.
    pub concurrency: u32,
    /// The key by which deliveries are ordered.
    pub order: Option<DeliveryOrder>,
    /// The spelling of the headers' names.
    pub header_case: HeaderCase,
}

impl CommonOptions {
    /// Reads the options.
    pub(super) fn read(options: &mut Fields<'_>, facts: &TargetFacts) -> Result<Self, TargetError> {
        let order = options.word("order", &["user", "cancellation_key"])?.map(|word| match word {
            "user" => DeliveryOrder::User,
            _ => DeliveryOrder::CancellationKey,
        });
        let header_case = match options.word("header_case", &["lower", "title"])? {
            Some("title") => HeaderCase::Title,
            _ => HeaderCase::Lower,
        };
        Ok(Self {
            chunk: options.integer("chunk", 1, facts.chunk.max(1))?.unwrap_or(facts.chunk),
            rate_per_second: options.integer("rate_per_second", 1, MAX_RATE)?.or(facts.rates.first().copied()),
            concurrency: options.integer("concurrency", 1, MAX_CONCURRENCY)?.unwrap_or(CONCURRENCY),
            order,
            header_case,
        })
    }
}
