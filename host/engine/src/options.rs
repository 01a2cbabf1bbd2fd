//! The process settings that the engine reads.

use std::{path::PathBuf, time::Duration};

/// The engine's settings, fixed for the life of the process. The server reads them from its configuration file.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// The URL before `/integrations/receive/…` under which senders reach this server, without a slash at its end.
    pub base_url: String,
    /// The directory of further plugins, if there is one. It is watched.
    pub plugins_dir: Option<PathBuf>,
    /// The most body bytes held at once over all requests; a request beyond it is answered 503.
    pub max_in_flight_bytes: usize,
    /// The longest pause within a body.
    pub body_timeout: Duration,
    /// The number of sandboxes that run at once.
    pub max_sandboxes: u32,
    /// The memory of one sandbox, in bytes.
    pub max_sandbox_memory: usize,
    /// The delay before each retry of a request on which its plugin failed, in seconds. Empty: no retries.
    pub retry_delays_seconds: Vec<f64>,
}
