//! Events over time, for charts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{deliveries::DeliveryCounts, targets::Target};

/// Events over time, by source and outcome, and the times of the stages of requests. Counts are written every 5 seconds; a
/// server that is killed loses those since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Statistics {
    /// The begin of the first step.
    #[schema(format = DateTime)]
    pub from: String,
    /// The end of the last step.
    #[schema(format = DateTime)]
    pub to: String,
    /// The length of a step, in seconds.
    pub step_seconds: i64,
    /// The sources with events in this time, by key; `$api` stands for calls of the environment's own code.
    pub entries: Vec<SourceStatistics>,
    /// The times of the stages of requests, in their order; the last one, `total`, is the whole request.
    pub stages: Vec<StageStatistics>,
}

/// The events of a source over time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SourceStatistics {
    /// The source.
    pub source: String,
    /// For each outcome that occurred, the number of events in each step. `refused` counts requests that verification
    /// refused.
    pub outcomes: BTreeMap<String, Vec<u64>>,
}

/// The times of a stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StageStatistics {
    /// `receive`, `verify`, `translate`, `plan`, `commit` or `total`.
    pub stage: String,
    /// The number of requests.
    pub count: u64,
    /// The time that half of the requests took at most, in microseconds, to about a quarter.
    pub p50_us: u64,
    /// The time that 95 of 100 requests took at most.
    pub p95_us: u64,
    /// The time that 99 of 100 requests took at most.
    pub p99_us: u64,
}

/// The deliveries of a time, by target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DeliveryStatistics {
    /// The begin of the time, which ends now.
    #[schema(format = DateTime)]
    pub from: String,
    /// All targets, by environment and key.
    pub entries: Vec<TargetStatistics>,
    /// True if there are older deliveries in this time, which were not counted.
    pub has_more: bool,
}

/// A target with its deliveries of a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TargetStatistics {
    /// The target's environment.
    pub environment: String,
    /// The target.
    pub target: Target,
    /// Its deliveries that were made in this time, by status.
    pub deliveries: DeliveryCounts,
}
