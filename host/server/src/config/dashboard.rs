//! The settings of the dashboard.

use axum::http::HeaderName;
use inlet_dashboard::PersonHeader;

use super::{Config, ConfigError};

impl Config {
    /// Returns the host of a `public_url` with https, with its port if it names one.
    pub fn https_host(&self) -> Option<String> {
        let rest = self.public_url.as_deref()?.strip_prefix("https://")?;
        Some(rest.split('/').next().unwrap_or(rest).to_owned())
    }

    /// Returns the header in which a trusted proxy names people, and their rights.
    pub fn dashboard_person(&self) -> Option<PersonHeader> {
        let name = self.dashboard_user_header.as_ref()?.parse().ok()?;
        Some(PersonHeader { name, token: self.dashboard_user_token.as_ref()?.trim().to_owned() })
    }
}

/// Checks that a header comes with the token and the proxies without which it would sign nobody in, or everybody.
pub fn check(config: &Config) -> Result<(), ConfigError> {
    let Some(name) = &config.dashboard_user_header else {
        return match config.dashboard_user_token {
            Some(_) => Err(ConfigError::DashboardUser("dashboard_user_token is set without dashboard_user_header")),
            None => Ok(()),
        };
    };
    if name.parse::<HeaderName>().is_err() {
        return Err(ConfigError::DashboardUser("dashboard_user_header is no name of a header"));
    }
    match (&config.dashboard_user_token, config.trusted_proxies.is_empty()) {
        (None, _) => Err(ConfigError::DashboardUser("dashboard_user_header is set without dashboard_user_token")),
        (_, true) => Err(ConfigError::DashboardUser("dashboard_user_header is set without trusted_proxies")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_public_url_with_https_has_a_host_for_cookies() {
        let host = |url: &str| Config { public_url: Some(url.to_owned()), ..Config::default() }.https_host();
        assert_eq!(host("https://hooks.example.com:8443/base").as_deref(), Some("hooks.example.com:8443"));
        assert_eq!(host("http://hooks.example.com"), None);
        assert_eq!(Config::default().https_host(), None);
    }

    #[test]
    fn a_header_needs_a_token_and_proxies() {
        let config = |header: Option<&str>, token: Option<&str>, proxies: &[&str]| Config {
            dashboard_user_header: header.map(str::to_owned),
            dashboard_user_token: token.map(str::to_owned),
            trusted_proxies: proxies.iter().map(|proxy| (*proxy).to_owned()).collect(),
            ..Config::default()
        };
        assert!(check(&config(None, None, &[])).is_ok());
        let whole = config(Some("X-Forwarded-User"), Some("im_1"), &["127.0.0.1"]);
        assert!(check(&whole).is_ok() && whole.dashboard_person().is_some());
        for wrong in [
            config(Some("X-Forwarded-User"), None, &["127.0.0.1"]),
            config(Some("X-Forwarded-User"), Some("im_1"), &[]),
            config(Some("a header"), Some("im_1"), &["127.0.0.1"]),
            config(None, Some("im_1"), &["127.0.0.1"]),
        ] {
            assert!(check(&wrong).is_err());
        }
    }
}
