//! The state of the server.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::Clock;

/// The state of the server that answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct System {
    /// The version of the server.
    pub version: String,
    /// The build: processor, operating system, and `release` or `debug`.
    pub build: String,
    /// The version of the database's schema.
    pub schema: i64,
    /// The time of the start.
    #[schema(format = DateTime)]
    pub started_at: String,
    /// The seconds since the start.
    pub uptime_seconds: u64,
    /// The data directory.
    pub storage: Storage,
    /// Requests under way.
    pub load: Load,
    /// Deliveries that wait.
    pub deliveries: WaitingDeliveries,
    /// The clocks.
    pub clock: Clock,
    /// Background jobs of this server since its start, by name.
    pub jobs: Vec<Job>,
    /// The work that background jobs have left, by kind.
    pub work: Vec<Work>,
    /// Replays of many events that are under way.
    pub replays: Vec<RunningReplay>,
    /// True if operational events are sent to a webhook.
    pub has_operational_webhook: bool,
}

/// The data directory and its disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Storage {
    /// The path.
    pub data_dir: String,
    /// The size of the database, in bytes.
    pub database_bytes: u64,
    /// The size of its write-ahead log, in bytes.
    pub log_bytes: u64,
    /// The time at which a checkpoint last wrote the log into the database; null if the file does not tell.
    #[schema(required, format = DateTime)]
    pub last_checkpoint_at: Option<String>,
    /// The free bytes of the disk; null if the file system does not tell.
    #[schema(required)]
    pub free_bytes: Option<u64>,
    /// The free bytes below which the operational event `disk.low` is raised; 0 if never.
    pub low_bytes: u64,
}

/// Requests under way, and what they take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Load {
    /// The memory of the process, in bytes; null if the system does not tell.
    #[schema(required)]
    pub resident_bytes: Option<u64>,
    /// The bytes that requests hold.
    pub in_flight_bytes: u64,
    /// The most bytes that requests may hold.
    pub in_flight_limit_bytes: u64,
    /// Requests whose body was read and that are not answered yet.
    pub in_flight_requests: u64,
    /// Requests that wait for the store's writer.
    pub writer_queue: u64,
    /// Sandboxes that nobody uses.
    pub sandboxes_free: u64,
    /// All sandboxes.
    pub sandboxes: u64,
    /// Open streams of events.
    pub streams: u64,
    /// The most streams at once.
    pub streams_limit: u64,
}

/// Deliveries that are not sent yet or are tried again, of all environments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WaitingDeliveries {
    /// Their number.
    pub count: u64,
    /// The time since which the oldest waits; null if none waits.
    #[schema(required, format = DateTime)]
    pub oldest_at: Option<String>,
}

/// A background job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Job {
    /// The name, for example `retention`.
    pub name: String,
    /// The number of its runs.
    pub runs: u64,
    /// The outcome of the last run: `succeeded`, `failed`, `panicked`, `held_elsewhere` (another node runs it) or `lease_lost`.
    pub outcome: String,
    /// The time at which the last run ended.
    #[schema(format = DateTime)]
    pub last_run_at: String,
    /// The time that the last run took, in microseconds.
    pub last_run_us: u64,
    /// The end of the last run that succeeded; null if none did.
    #[schema(required, format = DateTime)]
    pub last_success_at: Option<String>,
}

/// The work of a kind that background jobs have left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Work {
    /// `forget_requests`, `bulk_operations`, `expansions` (runs whose objects become subscribers) or `cancellations`.
    pub kind: String,
    /// The number that is left.
    pub left: u64,
    /// The time at which the oldest was asked for; null if none is left, or it is not known.
    #[schema(required, format = DateTime)]
    pub oldest_at: Option<String>,
}

/// A replay of many events that is under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunningReplay {
    /// The id.
    #[schema(format = Uuid)]
    pub id: String,
    /// The source.
    pub source: String,
    /// The environment.
    pub environment: String,
    /// The events that were carried out again.
    pub done: i64,
    /// All events; null while they are counted.
    #[schema(required)]
    pub total: Option<i64>,
    /// The time of the start.
    #[schema(format = DateTime)]
    pub started_at: String,
}
