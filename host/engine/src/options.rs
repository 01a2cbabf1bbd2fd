//! The process settings that the engine reads.

use std::{path::PathBuf, time::Duration};

use ipnet::IpNet;

/// The engine's settings, fixed for the life of the process. The server reads them from its configuration file.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// The name of this server among those of the database.
    pub node_name: String,
    /// The time between two looks at the database for what other servers changed and were not heard of, and for their events.
    pub database_poll: Duration,
    /// The URL before `/integrations/receive/…` under which senders reach this server, without a slash at its end.
    pub base_url: String,
    /// The same URL if the operator set it, for platforms that sign the URL that they call. `None`: they are not verified.
    pub public_url: Option<String>,
    /// The directory of further plugins, if there is one. It is watched.
    pub plugins_dir: Option<PathBuf>,
    /// The most bytes held at once over all requests; a request beyond it, or beyond its share of it, is answered 503.
    pub max_in_flight_bytes: usize,
    /// The longest pause within a body.
    pub body_timeout: Duration,
    /// The least pace of a body, in bytes per second as they arrive; 0 limits only the pauses.
    pub min_body_bytes_per_second: u64,
    /// The proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// The bytes of refused requests, bodies and heads, that a source environment keeps whole in a minute.
    pub refused_bytes_per_minute: u64,
    /// The refused requests of one address at one source environment, in the last one to two minutes, after which further ones
    /// are answered 429 and not kept.
    pub refused_requests_per_address: u32,
    /// The number of sandboxes that run at once.
    pub max_sandboxes: u32,
    /// The memory of one sandbox, in bytes.
    pub max_sandbox_memory: usize,
    /// The largest `max_items` that a source environment may have.
    pub max_items_limit: usize,
    /// The delay before each retry of a request on which its plugin failed, in seconds. Empty: no retries.
    pub retry_delays_seconds: Vec<f64>,
    /// True if operational events are sent to a webhook.
    pub has_operational_webhook: bool,
    /// The free bytes of the data directory's disk below which an operator is told.
    pub disk_low_bytes: u64,
}
