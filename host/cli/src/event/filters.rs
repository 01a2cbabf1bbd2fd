//! The filters of event logs, which are the API's own.

use std::fmt::Write as _;

use crate::{client::encoded, exit_code::Usage, plugin::reference::SourceRef};

/// Which events.
#[derive(Debug, Default, clap::Args)]
pub struct Filters {
    /// Only events of this type; `Paid` also finds `track/Paid`
    #[arg(long, value_name = "TYPE")]
    pub event: Option<String>,
    /// Only events about this user
    #[arg(long, value_name = "ID")]
    pub user_id: Option<String>,
    /// Only events with this idempotency key
    #[arg(long, value_name = "KEY")]
    pub idempotency_key: Option<String>,
    /// Only events of this outcome, or of these: failed,rejected
    #[arg(long, value_name = "OUTCOME")]
    pub outcome: Option<String>,
    /// Only events with this code, for example action_failed
    #[arg(long, value_name = "CODE")]
    pub code: Option<String>,
    /// Only events with an action that ended so: success, skipped or error
    #[arg(long, value_name = "STATUS")]
    pub action_status: Option<String>,
    /// Only events with a trigger that reached or skipped this recipient: a user's id, or COLLECTION/ID
    #[arg(long, value_name = "RECIPIENT")]
    pub recipient: Option<String>,
    /// Only events that need attention
    #[arg(long)]
    pub needs_attention: bool,
    /// Further filters as the API has them: name=value, for example outcome=failed
    #[arg(long, value_name = "NAME=VALUE")]
    pub filter: Vec<String>,
}

impl Filters {
    /// Returns the query parameters, each with an ampersand before it.
    pub fn query(&self) -> anyhow::Result<String> {
        let given = [
            ("event", &self.event),
            ("user_id", &self.user_id),
            ("idempotency_key", &self.idempotency_key),
            ("outcome", &self.outcome),
            ("code", &self.code),
            ("action_status", &self.action_status),
            ("recipient", &self.recipient),
        ];
        let mut query = String::new();
        for (name, value) in given {
            if let Some(value) = value {
                // Writing to a string cannot fail.
                _ = write!(query, "&{name}={}", encoded(value));
            }
        }
        if self.needs_attention {
            query.push_str("&needs_attention=true");
        }
        for filter in &self.filter {
            let Some((name, value)) = filter.split_once('=') else {
                return Err(
                    Usage(format!("--filter is {filter:?}; expected name=value, such as outcome=failed")).into()
                );
            };
            _ = write!(query, "&{}={}", encoded(name), encoded(value));
        }
        Ok(query)
    }
}

/// Returns the path of the event logs of one source, or of all sources of an environment, without a query.
pub fn logs_path(source: Option<&SourceRef>) -> String {
    match source {
        Some(SourceRef { source, .. }) => format!("/v1/sources/{}/logs", encoded(source)),
        None => "/v1/logs".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_become_the_query_of_the_api() {
        let filters = Filters {
            event: Some("Order Paid".to_owned()),
            needs_attention: true,
            filter: vec!["date=2026-01-02".to_owned()],
            ..Filters::default()
        };
        assert_eq!(filters.query().unwrap(), "&event=Order%20Paid&needs_attention=true&date=2026%2D01%2D02");
        let wrong = Filters { filter: vec!["failed".to_owned()], ..Filters::default() };
        insta::assert_snapshot!(wrong.query().unwrap_err(), @r#"--filter is "failed"; expected name=value, such as outcome=failed"#);
    }
}
