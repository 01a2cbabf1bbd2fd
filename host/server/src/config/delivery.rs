//! The settings of deliveries.

use std::time::Duration;

use inlet_delivery::{
    dispatcher::DispatcherOptions,
    pace::RetrySchedule,
    way_out::{AddressRules, ClientOptions, HttpProxy},
};

use super::{Config, ConfigError, network};

/// The longest delay between two attempts.
const MONTH: f64 = 30.0 * 24.0 * 3600.0;

/// Refuses settings of deliveries that cannot be meant.
pub(super) fn check(config: &Config) -> Result<(), ConfigError> {
    if let Some(bad) = config.delivery_retry_seconds.iter().find(|delay| !(0.0..=MONTH).contains(*delay)) {
        return Err(ConfigError::DeliveryRetry(*bad));
    }
    if let Some(bad) = config.delivery_allowed_addresses.iter().find(|text| network(text).is_none()) {
        return Err(ConfigError::AllowedAddress(bad.clone()));
    }
    if config.delivery_proxy.as_deref().is_some_and(|proxy| HttpProxy::parse(proxy).is_none()) {
        return Err(ConfigError::DeliveryProxy);
    }
    Ok(())
}

impl Config {
    /// Returns the settings of the client that deliveries go out through.
    pub fn delivery_client(&self) -> ClientOptions {
        // They were checked when the configuration was loaded.
        let allowed = self.delivery_allowed_addresses.iter().filter_map(|text| network(text)).collect();
        ClientOptions {
            rules: AddressRules::new(allowed),
            proxy: self.delivery_proxy.as_deref().and_then(HttpProxy::parse),
            ..ClientOptions::default()
        }
    }

    /// Returns the settings of the dispatcher.
    pub fn dispatcher(&self) -> DispatcherOptions {
        let delays = self.delivery_retry_seconds.iter().map(|seconds| Duration::from_secs_f64(*seconds)).collect();
        DispatcherOptions { schedule: RetrySchedule::new(delays), ..DispatcherOptions::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_cannot_be_meant_are_refused() {
        check(&Config::default()).unwrap();
        assert_eq!(Config::default().dispatcher().schedule, RetrySchedule::default());
        let bad = Config { delivery_retry_seconds: vec![5.0, -1.0], ..Config::default() };
        insta::assert_snapshot!(check(&bad).unwrap_err(), @"delivery_retry_seconds holds -1; expected seconds from 0 to 2592000, for example [5, 300, 3600]");
        let bad = Config { delivery_allowed_addresses: vec!["localhost".to_owned()], ..Config::default() };
        insta::assert_snapshot!(check(&bad).unwrap_err(), @r#"delivery_allowed_addresses holds "localhost"; expected IP addresses or networks, for example ["10.0.0.0/8", "::1"]"#);
        let bad = Config { delivery_proxy: Some("https://user:hunter2@proxy".to_owned()), ..Config::default() };
        insta::assert_snapshot!(check(&bad).unwrap_err(), @"delivery_proxy is no http:// URL; expected http://host:port or http://user:password@host:port");
    }
}
