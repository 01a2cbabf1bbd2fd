//! Errors of the configuration.

use std::path::PathBuf;

/// An invalid configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A value of the wrong type, or an unknown key.
    #[error("the configuration is not valid: {0}")]
    Invalid(String),
    /// The file named by `--config` does not exist.
    #[error("there is no configuration file {0:?}; correct --config or leave it out")]
    NoFile(PathBuf),
    /// `database_url` is no URL of a PostgreSQL database.
    #[error("database_url is no URL of a PostgreSQL database; expected one such as postgres://user@host:5432/inlet")]
    DatabaseUrl,
    /// `public_url` is not an http or https URL.
    #[error("public_url is {0:?}; expected a URL that starts with http:// or https://, without a query")]
    PublicUrl(String),
    /// A name in `allowed_hosts` that no request can carry.
    #[error("allowed_hosts holds {0:?}; expected a host name without scheme and port, for example inlet.internal")]
    AllowedHost(String),
    /// A number out of its range.
    #[error("{name} is {found}; expected a number from {least} to {most}")]
    OutOfRange {
        /// The setting.
        name: &'static str,
        /// Its value.
        found: u64,
        /// The smallest value.
        least: u64,
        /// The largest value.
        most: u64,
    },
    /// A retry delay out of range.
    #[error("retry_delays_seconds holds {0}; expected seconds from 0 to 604800, for example [10, 60, 600]")]
    RetryDelay(f64),
    /// A trusted proxy that is neither an address nor a network.
    #[error(
        "trusted_proxies holds {0:?}; expected IP addresses or networks, for example [\"10.0.0.0/8\", \"2001:db8::1\"]"
    )]
    TrustedProxy(String),
    /// Settings of the dashboard that do not fit together.
    #[error(
        "{0}; people whom a proxy has signed in need all three: dashboard_user_header, for example \"X-Forwarded-User\", \
         dashboard_user_token, a management token whose rights they have, and trusted_proxies, which name the proxy"
    )]
    DashboardUser(&'static str),
    /// A delay between two attempts of a delivery out of range.
    #[error("delivery_retry_seconds holds {0}; expected seconds from 0 to 2592000, for example [5, 300, 3600]")]
    DeliveryRetry(f64),
    /// An address that deliveries may reach, which is neither an address nor a network.
    #[error(
        "delivery_allowed_addresses holds {0:?}; expected IP addresses or networks, for example [\"10.0.0.0/8\", \"::1\"]"
    )]
    AllowedAddress(String),
    /// A webhook for operational events without a secret, or a secret without a webhook.
    #[error(
        "{given} is set and {missing} is not; set both for a webhook that is signed, or none. A new secret: \
         echo whsec_$(openssl rand -base64 32)"
    )]
    OperationalEventsHalf {
        /// The setting that is there.
        given: &'static str,
        /// The setting that is missing.
        missing: &'static str,
    },
    /// A webhook for operational events that cannot work. The sentence names the member and holds no secret.
    #[error("operational_events_url or operational_events_secret does not work: {0}")]
    OperationalEvents(String),
    /// A proxy that is no URL of a plain HTTP proxy. It may hold a password, so it is not shown.
    #[error("delivery_proxy is no http:// URL; expected http://host:port or http://user:password@host:port")]
    DeliveryProxy,
}
