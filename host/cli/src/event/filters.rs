//! The filters of event logs, which are the API's own. The tools of `inlet mcp` have them too, in the same words.

use std::fmt::Write as _;

use crate::{
    client::encoded,
    exit_code::Usage,
    filter::{Filter, query},
    plugin::reference::SourceRef,
};

/// The event type.
pub const EVENT: Filter = Filter::new("event", "Only events of this type; `Paid` also finds `track/Paid`");
/// The user.
pub const USER_ID: Filter = Filter::new("user_id", "Only events about this user");
/// The idempotency key.
pub const IDEMPOTENCY_KEY: Filter =
    Filter::new("idempotency_key", "Only events with this idempotency key, such as a message id");
/// The outcomes.
pub const OUTCOME: Filter = Filter::new("outcome", "Only events of this outcome, or of these: failed,rejected");
/// The code.
pub const CODE: Filter = Filter::new("code", "Only events with this code, for example action_failed");
/// The status of an action.
pub const ACTION_STATUS: Filter =
    Filter::new("action_status", "Only events with an action of this status: success, skipped or error");
/// The recipient of a trigger.
pub const RECIPIENT: Filter = Filter::new(
    "recipient",
    "Only events with a trigger that reached or skipped this recipient: a user's id, or COLLECTION/ID",
);
/// The need for attention.
pub const NEEDS_ATTENTION: Filter = Filter::new("needs_attention", "Only events that need attention");
/// The begin of the time.
pub const STARTING_AT: Filter =
    Filter::new("starting_at", "Only events logged at this time or later, for example 2026-01-02T03:04:05Z");
/// The end of the time.
pub const ENDING_AT: Filter = Filter::new("ending_at", "Only events logged before this time");

/// Which events.
#[derive(Debug, Default, clap::Args)]
pub struct Filters {
    #[arg(long, value_name = "TYPE", help = EVENT.description)]
    event: Option<String>,
    #[arg(long, value_name = "ID", help = USER_ID.description)]
    user_id: Option<String>,
    #[arg(long, value_name = "KEY", help = IDEMPOTENCY_KEY.description)]
    idempotency_key: Option<String>,
    #[arg(long, value_name = "OUTCOME", help = OUTCOME.description)]
    outcome: Option<String>,
    #[arg(long, value_name = "CODE", help = CODE.description)]
    code: Option<String>,
    #[arg(long, value_name = "STATUS", help = ACTION_STATUS.description)]
    action_status: Option<String>,
    #[arg(long, value_name = "RECIPIENT", help = RECIPIENT.description)]
    recipient: Option<String>,
    #[arg(long, help = NEEDS_ATTENTION.description)]
    needs_attention: bool,
    /// Further filters as the API has them: name=value, for example outcome=failed
    #[arg(long, value_name = "NAME=VALUE")]
    filter: Vec<String>,
}

/// The time in which events were logged.
#[derive(Debug, Default, clap::Args)]
pub struct TimeRange {
    #[arg(long, value_name = "TIME", help = STARTING_AT.description)]
    after: Option<String>,
    #[arg(long, value_name = "TIME", help = ENDING_AT.description)]
    before: Option<String>,
}

impl Filters {
    /// Returns the query parameters, each with an ampersand before it.
    pub fn query(&self) -> anyhow::Result<String> {
        let mut text = query(&[
            (EVENT, &self.event),
            (USER_ID, &self.user_id),
            (IDEMPOTENCY_KEY, &self.idempotency_key),
            (OUTCOME, &self.outcome),
            (CODE, &self.code),
            (ACTION_STATUS, &self.action_status),
            (RECIPIENT, &self.recipient),
        ]);
        if self.needs_attention {
            text.push_str("&needs_attention=true");
        }
        for filter in &self.filter {
            let Some((name, value)) = filter.split_once('=') else {
                return Err(
                    Usage(format!("--filter is {filter:?}; expected name=value, such as outcome=failed")).into()
                );
            };
            // Writing to a string cannot fail.
            _ = write!(text, "&{}={}", encoded(name), encoded(value));
        }
        Ok(text)
    }
}

impl TimeRange {
    /// Returns the query parameters, each with an ampersand before it.
    pub fn query(&self) -> String {
        query(&[(STARTING_AT, &self.after), (ENDING_AT, &self.before)])
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
        let range = TimeRange { after: Some("2026".to_owned()), before: None };
        assert_eq!(range.query(), "&starting_at=2026");
    }
}
