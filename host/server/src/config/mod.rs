//! The configuration of a server. Later sources override earlier ones: defaults, `inlet.toml`, `INLET_…` variables, flags.

mod dashboard;
mod delivery;
mod error;
mod flags;
mod limits;
mod listen_address;
mod log_format;
mod operational_events;
mod unknown_variables;

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use figment::{
    Figment,
    providers::{Env, Format, Serialized, Toml},
};
use inlet_delivery::pace::RetrySchedule;
use inlet_engine::EngineOptions;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

pub use self::{
    error::ConfigError, flags::Flags, listen_address::ListenAddress, log_format::LogFormat,
    unknown_variables::UnknownVariable,
};

/// The file that is read, if it exists, unless `--config` names another.
const DEFAULT_FILE: &str = "inlet.toml";

/// The configuration of a server.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The address of the public listener, which receives webhooks.
    pub listen: ListenAddress,
    /// The address of the admin listener, which serves everything else. Without it, the public listener serves both.
    pub admin_listen: Option<ListenAddress>,
    /// The data directory: the store, keys, tokens and compiled plugins.
    pub data_dir: PathBuf,
    /// The URL of a PostgreSQL database that keeps everything but what belongs to this machine. Without it, a file in the data
    /// directory does.
    pub database_url: Option<String>,
    /// The name of this server among those that share the database; that of its machine if absent.
    pub node_name: Option<String>,
    /// The time, in milliseconds, between two looks at a PostgreSQL database for what other servers did.
    pub database_poll_ms: u64,
    /// A directory of further plugins, `*.wasm`.
    pub plugins_dir: Option<PathBuf>,
    /// The URL by which senders reach this server. It begins the endpoint URLs that the API shows.
    pub public_url: Option<String>,
    /// Set by `--demo`: create two example sources at the first start.
    pub demo: bool,
    /// The bearer token of the management API. Without it, one is generated into the data directory.
    pub management_token: Option<String>,
    /// The file of the key that secrets are sealed with; `master-key` in the data directory if absent. It is generated while
    /// nothing is sealed yet, and must be readable by its owner only. The variable `INLET_MASTER_KEY` may hold the key
    /// itself instead; it is not part of this configuration.
    pub master_key_file: Option<PathBuf>,
    /// Further names by which the management API is answered, beside addresses, `localhost` and the host of `public_url`.
    pub allowed_hosts: Vec<String>,
    /// True if `/metrics` needs no token, wherever it is served.
    pub open_metrics: bool,
    /// The most bytes held at once over all requests. A request beyond it, or beyond its share of it, is answered 503.
    pub max_in_flight_bytes: usize,
    /// The time limit, in seconds, for a request's head.
    pub header_timeout_seconds: u64,
    /// The time, in seconds, for which a connection stays open between two requests: longer than a load balancer in front keeps it.
    pub idle_timeout_seconds: u64,
    /// The longest pause within a request's body, in seconds.
    pub body_timeout_seconds: u64,
    /// The least pace of a request's body, in bytes per second as they arrive. 0 limits only its pauses.
    pub min_body_bytes_per_second: u64,
    /// The proxies whose `X-Forwarded-For` is believed: addresses, and networks such as `10.0.0.0/8`.
    pub trusted_proxies: Vec<String>,
    /// The header in which a trusted proxy names the person that it has signed in to the dashboard.
    pub dashboard_user_header: Option<String>,
    /// The management token whose rights such a person has.
    pub dashboard_user_token: Option<String>,
    /// The bytes of refused requests, bodies and heads, that a source environment keeps whole in a minute.
    pub refused_bytes_per_minute: u64,
    /// The refused requests of one address at one source environment, in the last one to two minutes, after which further ones
    /// are answered 429 and not kept.
    pub refused_requests_per_address: u32,
    /// The time that a stop waits for accepted requests, in seconds.
    pub stop_timeout_seconds: u64,
    /// The most open connections of a listener. Further ones wait to be accepted.
    pub max_connections: usize,
    /// The most sandboxes that run at once.
    pub max_sandboxes: u32,
    /// The memory limit of one sandbox, in bytes.
    pub max_sandbox_memory: usize,
    /// The largest `max_items` that a source environment may have.
    pub max_items_limit: usize,
    /// The most requests that wait for the store's writer. A source environment has at most half of it to itself. A request
    /// beyond it is answered 503.
    pub writer_queue: usize,
    /// The delays, in seconds, of the retries of a request that a plugin failed on. Without any, nothing is retried.
    pub retry_delays_seconds: Vec<f64>,
    /// The delays, in seconds, between the attempts of a delivery. Without any, a failed delivery is given up at once.
    pub delivery_retry_seconds: Vec<f64>,
    /// The addresses and networks that deliveries may reach although they are not globally reachable.
    pub delivery_allowed_addresses: Vec<String>,
    /// The HTTP proxy that deliveries go through, `http://[user:password@]host:port`.
    pub delivery_proxy: Option<String>,
    /// The URL of the webhook for operational events. Without it, they are only listed.
    pub operational_events_url: Option<String>,
    /// The secret that signs operational events, `whsec_…`.
    pub operational_events_secret: Option<String>,
    /// The free bytes of the data directory's disk below which an operational event is raised.
    pub disk_low_bytes: u64,
    /// The format of the server's log: `text` or `json`.
    pub log_format: LogFormat,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: ListenAddress::Socket(SocketAddr::from(([127, 0, 0, 1], 8080))),
            admin_listen: None,
            data_dir: PathBuf::from(inlet_cli::DEFAULT_DATA_DIR),
            database_url: None,
            node_name: None,
            database_poll_ms: 300,
            plugins_dir: None,
            public_url: None,
            demo: false,
            management_token: None,
            master_key_file: None,
            allowed_hosts: Vec::new(),
            open_metrics: false,
            max_in_flight_bytes: 256 * 1024 * 1024,
            header_timeout_seconds: 30,
            idle_timeout_seconds: 75,
            body_timeout_seconds: 15,
            min_body_bytes_per_second: 1024,
            trusted_proxies: Vec::new(),
            dashboard_user_header: None,
            dashboard_user_token: None,
            refused_bytes_per_minute: 64 << 20,
            refused_requests_per_address: 300,
            stop_timeout_seconds: 30,
            max_connections: 10_000,
            max_sandboxes: 64,
            max_sandbox_memory: 256 * 1024 * 1024,
            max_items_limit: 50_000,
            writer_queue: 8192,
            retry_delays_seconds: vec![10.0, 60.0, 600.0],
            delivery_retry_seconds: RetrySchedule::DEFAULT_SECONDS.to_vec(),
            delivery_allowed_addresses: Vec::new(),
            delivery_proxy: None,
            operational_events_url: None,
            operational_events_secret: None,
            disk_low_bytes: 1 << 30,
            log_format: LogFormat::Text,
        }
    }
}

impl Config {
    /// Reads and checks the configuration.
    pub fn load(file: Option<&PathBuf>, flags: &Flags) -> Result<Config, ConfigError> {
        if let Some(file) = file.filter(|file| !file.is_file()) {
            return Err(ConfigError::NoFile(file.clone()));
        }
        let file = file.cloned().unwrap_or_else(|| PathBuf::from(DEFAULT_FILE));
        // Variables that name no key are ignored: INLET_ variables of other programs must not keep a server from starting.
        let keys = keys()?;
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
        limits::check(&config)?;
        delivery::check(&config)?;
        operational_events::check(&config)?;
        let is_postgres = |url: &String| url.starts_with("postgres://") || url.starts_with("postgresql://");
        // What it is may hold a password, and is not shown.
        if config.database_url.as_ref().is_some_and(|url| !is_postgres(url)) {
            return Err(ConfigError::DatabaseUrl);
        }
        if let Some(name) = config.allowed_hosts.iter().find(|name| !is_host_name(name)) {
            return Err(ConfigError::AllowedHost(name.clone()));
        }
        const WEEK: f64 = 604_800.0;
        if let Some(bad) = config.retry_delays_seconds.iter().find(|delay| !(0.0..=WEEK).contains(*delay)) {
            return Err(ConfigError::RetryDelay(*bad));
        }
        if let Some(bad) = config.trusted_proxies.iter().find(|text| network(text).is_none()) {
            return Err(ConfigError::TrustedProxy(bad.clone()));
        }
        dashboard::check(&config)?;
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

    /// Returns the settings of the engine.
    pub fn engine_options(&self) -> EngineOptions {
        EngineOptions {
            node_name: self.node_name.clone().unwrap_or_else(machine_name),
            database_poll: Duration::from_millis(self.database_poll_ms),
            base_url: self.base_url(),
            public_url: self.public_url.clone(),
            plugins_dir: self.plugins_dir.clone(),
            max_in_flight_bytes: self.max_in_flight_bytes,
            body_timeout: Duration::from_secs(self.body_timeout_seconds),
            min_body_bytes_per_second: self.min_body_bytes_per_second,
            // They were checked when the configuration was loaded.
            trusted_proxies: self.trusted_proxies.iter().filter_map(|text| network(text)).collect(),
            refused_bytes_per_minute: self.refused_bytes_per_minute,
            refused_requests_per_address: self.refused_requests_per_address,
            max_sandboxes: self.max_sandboxes,
            max_sandbox_memory: self.max_sandbox_memory,
            max_items_limit: self.max_items_limit,
            retry_delays_seconds: self.retry_delays_seconds.clone(),
            has_operational_webhook: self.operational_events_url.is_some(),
            disk_low_bytes: self.disk_low_bytes,
        }
    }

    /// Returns the URL before `/integrations/receive/…`, as senders see it.
    pub fn base_url(&self) -> String {
        self.public_url.clone().unwrap_or_else(|| format!("http://{}", reachable(&self.listen)))
    }

    /// Returns the address of the listener with the management API.
    pub fn management_address(&self) -> &ListenAddress {
        self.admin_listen.as_ref().unwrap_or(&self.listen)
    }

    /// Returns the URL before `/v1/…`, as seen from this machine.
    pub fn admin_url(&self) -> String {
        format!("http://{}", reachable(self.management_address()))
    }
}

/// Returns the name of this machine.
fn machine_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Returns true for a name as a request's host has it, and for `*`.
fn is_host_name(name: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    name == "*" || (!name.is_empty() && !name.ends_with('.') && name.bytes().all(is_allowed))
}

/// Parses an address or a network.
fn network(text: &str) -> Option<IpNet> {
    text.parse::<IpAddr>().map(IpNet::from).or_else(|_| text.parse()).ok()
}

/// Joins all errors into one line.
fn invalid(error: figment::Error) -> ConfigError {
    ConfigError::Invalid(error.into_iter().map(|error| error.to_string()).collect::<Vec<_>>().join("; "))
}

/// Replaces an unspecified address such as 0.0.0.0 by the loopback address, which clients on this machine can connect to.
fn reachable(address: &ListenAddress) -> ListenAddress {
    match address {
        ListenAddress::Socket(address) if address.ip().is_unspecified() => {
            ListenAddress::Socket(SocketAddr::new(std::net::Ipv4Addr::LOCALHOST.into(), address.port()))
        }
        address => address.clone(),
    }
}

/// Returns the names of all settings.
fn keys() -> Result<Vec<String>, ConfigError> {
    Figment::from(Serialized::defaults(Config::default()))
        .extract::<std::collections::BTreeMap<String, figment::value::Value>>()
        .map(|keys| keys.into_keys().collect())
        .map_err(invalid)
}

/// Returns the variables of this process that begin with `INLET_` and mean nothing to it.
pub fn unknown_variables() -> Vec<UnknownVariable> {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    // Nothing is wrong with the names of the settings themselves.
    let keys = keys().unwrap_or_default();
    unknown_variables::find(names, &keys.iter().map(String::as_str).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_allowed_host_is_a_name_without_scheme_and_port() {
        for name in ["inlet", "inlet.internal", "my_inlet-1", "*"] {
            assert!(is_host_name(name), "{name}");
        }
        for name in ["", "inlet:8081", "https://inlet", "inlet.internal.", "a b", "user@inlet"] {
            assert!(!is_host_name(name), "{name}");
        }
        insta::assert_snapshot!(ConfigError::AllowedHost("inlet:8081".to_owned()), @r#"allowed_hosts holds "inlet:8081"; expected a host name without scheme and port, for example inlet.internal"#);
    }
}
