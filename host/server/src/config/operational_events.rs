//! The settings of the webhook for operational events.

use inlet_delivery::{
    operational_webhook::{self, OperationalWebhook},
    way_out::WayOut,
};

use super::{Config, ConfigError};

const URL: &str = "operational_events_url";
const SECRET: &str = "operational_events_secret";

/// Refuses settings that cannot be meant.
pub(super) fn check(config: &Config) -> Result<(), ConfigError> {
    match (&config.operational_events_url, &config.operational_events_secret) {
        (None, None) => Ok(()),
        (Some(_), None) => Err(ConfigError::OperationalEventsHalf { given: URL, missing: SECRET }),
        (None, Some(_)) => Err(ConfigError::OperationalEventsHalf { given: SECRET, missing: URL }),
        (Some(url), Some(secret)) => {
            operational_webhook::check(url, secret).map_err(|error| ConfigError::OperationalEvents(error.to_string()))
        }
    }
}

impl Config {
    /// Returns the webhook for operational events; none if none is configured.
    pub fn operational_webhook(&self, way_out: &WayOut) -> Option<OperationalWebhook> {
        let url = self.operational_events_url.as_deref()?;
        let secret = self.operational_events_secret.as_deref()?;
        // They were checked when the configuration was loaded.
        OperationalWebhook::new(url, secret, way_out.clone(), self.dispatcher().schedule).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(url: Option<&str>, secret: Option<&str>) -> Config {
        Config {
            operational_events_url: url.map(str::to_owned),
            operational_events_secret: secret.map(str::to_owned),
            ..Config::default()
        }
    }

    #[test]
    fn a_webhook_needs_a_url_and_a_secret() {
        const SECRET: Option<&str> = Some("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        const URL: Option<&str> = Some("https://ops.example.com/inlet");
        check(&config(None, None)).unwrap();
        check(&config(URL, SECRET)).unwrap();
        insta::assert_snapshot!(check(&config(URL, None)).unwrap_err(), @"operational_events_url is set and operational_events_secret is not; set both for a webhook that is signed, or none. A new secret: echo whsec_$(openssl rand -base64 32)");
        insta::assert_snapshot!(check(&config(None, SECRET)).unwrap_err(), @"operational_events_secret is set and operational_events_url is not; set both for a webhook that is signed, or none. A new secret: echo whsec_$(openssl rand -base64 32)");
        insta::assert_snapshot!(check(&config(Some("ops"), SECRET)).unwrap_err(), @"operational_events_url or operational_events_secret does not work: /url: it is no such URL; expected a URL that starts with https:// or http://");
        let error = check(&config(URL, Some("hunter2"))).unwrap_err().to_string();
        assert!(!error.contains("hunter2"));
        insta::assert_snapshot!(error, @"operational_events_url or operational_events_secret does not work: /signing_secret: expected whsec_ and base64 of 24 to 64 bytes, or a list of these with the newest first");
    }
}
