//! How a server is set up: defaults, then `inlet.toml`, then `INLET_…` variables, then the command line.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use figment::{
    Figment,
    providers::{Env, Format, Serialized, Toml},
};
use inlet_engine::EngineOptions;
use serde::{Deserialize, Serialize};

/// The file read when none is named, if it is there.
pub const DEFAULT_FILE: &str = "inlet.toml";

/// A server's configuration.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where webhooks are received.
    pub listen: SocketAddr,
    /// Where everything else is served; none: where webhooks are received.
    pub admin_listen: Option<SocketAddr>,
    /// Where everything is kept.
    pub data_dir: PathBuf,
    /// Further plugins, `*.wasm`.
    pub plugins_dir: Option<PathBuf>,
    /// How senders reach this server, for the endpoints shown.
    pub public_url: Option<String>,
    /// Create two example sources at the first start.
    pub demo: bool,
    /// The bearer token of the management API; none: one is generated into the data directory.
    pub management_token: Option<String>,
    /// The file of the key that secrets are sealed with; none: `master-key` in the data directory. It is generated when
    /// nothing is sealed yet, and must be readable by its owner only. `INLET_MASTER_KEY` holds the key itself, in place
    /// of a file; it is not part of this configuration.
    pub master_key_file: Option<PathBuf>,
    /// Body bytes held at once, over all requests; beyond it 503.
    pub max_in_flight_bytes: usize,
    /// How long a connection may take to send a request's headers, and may stay idle between requests.
    pub header_timeout_seconds: u64,
    /// How long a body may pause.
    pub body_timeout_seconds: u64,
    /// How long a stop waits for requests that were accepted.
    pub stop_timeout_seconds: u64,
    /// Open connections; beyond it new ones wait.
    pub max_connections: usize,
    /// Sandboxes that run at once.
    pub max_sandboxes: u32,
    /// Memory of one sandbox, in bytes.
    pub max_sandbox_memory: usize,
    /// Requests that wait for the writer; beyond it 503.
    pub writer_queue: usize,
    /// After how many seconds the server tries again what a plugin failed on, once for each; none: it does not.
    pub retry_delays_seconds: Vec<f64>,
    /// How events are logged: `text` or `json`.
    pub log_format: LogFormat,
}

/// How the server writes its own log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            admin_listen: None,
            data_dir: PathBuf::from(inlet_cli::DEFAULT_DATA_DIR),
            plugins_dir: None,
            public_url: None,
            demo: false,
            management_token: None,
            master_key_file: None,
            max_in_flight_bytes: 256 * 1024 * 1024,
            header_timeout_seconds: 30,
            body_timeout_seconds: 15,
            stop_timeout_seconds: 30,
            max_connections: 10_000,
            max_sandboxes: 64,
            max_sandbox_memory: 256 * 1024 * 1024,
            writer_queue: 1024,
            retry_delays_seconds: vec![10.0, 60.0, 600.0],
            log_format: LogFormat::Text,
        }
    }
}

/// What the command line may say; each the same as an `INLET_…` variable and a key of `inlet.toml`.
#[derive(Debug, Default, Serialize, clap::Args)]
pub struct Flags {
    /// Where webhooks are received [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<SocketAddr>,
    /// Where everything but webhooks and /healthz is served [default: the same as --listen]
    #[arg(long, value_name = "ADDR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin_listen: Option<SocketAddr>,
    /// Where everything is kept [default: inlet-data]
    #[arg(long, value_name = "DIR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_dir: Option<PathBuf>,
    /// Further plugins: every .wasm file of this directory is loaded at start
    #[arg(long, value_name = "DIR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plugins_dir: Option<PathBuf>,
    /// How senders reach this server, for example https://hooks.example.com
    #[arg(long, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_url: Option<String>,
    /// The file of the key that secrets are sealed with, unless INLET_MASTER_KEY holds it [default: <data-dir>/master-key]
    #[arg(long, value_name = "FILE")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub master_key_file: Option<PathBuf>,
    /// Create two example sources in `development` and print how to use them
    #[arg(long)]
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub demo: bool,
    /// How the server's own log is written [default: text]
    #[arg(long, value_name = "FORMAT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_format: Option<LogFormat>,
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A value is missing, of a wrong type or unknown.
    #[error("the configuration is not valid: {0}")]
    Invalid(String),
    /// The file that was named is not there.
    #[error("there is no configuration file {0:?}; correct --config or leave it out")]
    NoFile(PathBuf),
    /// `public_url` is not one.
    #[error("public_url is {0:?}; expected a URL that starts with http:// or https://, without a query")]
    PublicUrl(String),
    /// A delay that is none.
    #[error("retry_delays_seconds holds {0}; expected seconds from 0 to 604800, for example [10, 60, 600]")]
    RetryDelay(f64),
}

impl Config {
    /// Reads the configuration.
    pub fn load(file: Option<&PathBuf>, flags: &Flags) -> Result<Config, ConfigError> {
        if let Some(file) = file.filter(|file| !file.is_file()) {
            return Err(ConfigError::NoFile(file.clone()));
        }
        let file = file.cloned().unwrap_or_else(|| PathBuf::from(DEFAULT_FILE));
        // Only keys that exist: an INLET_ variable of something else must not stop a server.
        let keys: Vec<String> = Figment::from(Serialized::defaults(Config::default()))
            .extract::<std::collections::BTreeMap<String, figment::value::Value>>()
            .map(|keys| keys.into_keys().collect())
            .map_err(invalid)?;
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let mut figment = Figment::from(Serialized::defaults(Config::default()));
        if file.is_file() {
            figment = figment.merge(Toml::file_exact(file));
        }
        let mut config: Config = figment
            .merge(Env::prefixed("INLET_").only(&keys))
            .merge(Serialized::defaults(flags))
            .extract()
            .map_err(invalid)?;
        const WEEK: f64 = 604_800.0;
        if let Some(bad) = config.retry_delays_seconds.iter().find(|delay| !(0.0..=WEEK).contains(*delay)) {
            return Err(ConfigError::RetryDelay(*bad));
        }
        if let Some(url) = config.public_url.take() {
            let plain = url.trim_end_matches('/');
            let rest = plain.strip_prefix("https://").or_else(|| plain.strip_prefix("http://"));
            if !rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(['?', '#', ' '])) {
                return Err(ConfigError::PublicUrl(url));
            }
            config.public_url = Some(plain.to_owned());
        }
        Ok(config)
    }

    /// The settings of the engine.
    pub fn engine_options(&self) -> EngineOptions {
        EngineOptions {
            base_url: self.base_url(),
            plugins_dir: self.plugins_dir.clone(),
            max_in_flight_bytes: self.max_in_flight_bytes,
            body_timeout: Duration::from_secs(self.body_timeout_seconds),
            max_sandboxes: self.max_sandboxes,
            max_sandbox_memory: self.max_sandbox_memory,
            retry_delays_seconds: self.retry_delays_seconds.clone(),
        }
    }

    /// The URL before `/integrations/receive/…`.
    pub fn base_url(&self) -> String {
        self.public_url.clone().unwrap_or_else(|| format!("http://{}", reachable(self.listen)))
    }

    /// The URL before `/v1/…`, as seen from this machine.
    pub fn admin_url(&self) -> String {
        format!("http://{}", reachable(self.admin_listen.unwrap_or(self.listen)))
    }
}

/// All that is wrong, in one line.
fn invalid(error: figment::Error) -> ConfigError {
    ConfigError::Invalid(error.into_iter().map(|error| error.to_string()).collect::<Vec<_>>().join("; "))
}

/// An address that a client on this machine can use.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address.ip().is_unspecified() {
        true => SocketAddr::new(std::net::Ipv4Addr::LOCALHOST.into(), address.port()),
        false => address,
    }
}
